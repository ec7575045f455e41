/** The CSV policy as a fast-csv pipeline, as its documentation shows one: `node fast-csv.mjs IN OUT POLICY KEYS`. */
import { createReadStream, createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { format, parse } from 'fast-csv'
import { compileRules } from './rules.mjs'

const [input, output, policy, keys] = process.argv.slice(2)
const rules = compileRules(policy, keys)

await pipeline(
  createReadStream(input, { highWaterMark: 1 << 20 }),
  parse({ headers: true }),
  format({
    headers: true,
    includeEndRowDelimiter: true,
    transform: (row) => ({
      cust_id: rules['customer.id'](row.cust_id),
      'customer.name': rules['customer.name'](row['customer.name']),
      e_mail: rules['customer.email'](row.e_mail),
      'customer.phone': rules['customer.phone'](row['customer.phone']),
      'customer.birth_date': rules['customer.birth_date'](row['customer.birth_date']),
      'customer.postcode': rules['customer.postcode'](row['customer.postcode']),
      'customer.country': row['customer.country'],
      'payment.card': rules['payment.card'](row['payment.card']),
      'payment.iban': rules['payment.iban'](row['payment.iban']),
      'device.ip': rules['device.ip'](row['device.ip']),
      occurred_at: rules['occurred_at'](row.occurred_at),
      type: row.type,
      amount: row.amount,
    }),
  }),
  createWriteStream(output, { highWaterMark: 1 << 20 }),
)
