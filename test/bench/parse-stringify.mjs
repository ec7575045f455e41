/**
 * The NDJSON policy as the loop that one would write: JSON.parse, the same transforms, JSON.stringify. Reads and
 * writes in blocks of 1 MiB, so that it loses nothing on lines or streams. `node parse-stringify.mjs IN OUT POLICY KEYS`
 */
import { closeSync, openSync, readSync, writeSync } from 'node:fs'
import { StringDecoder } from 'node:string_decoder'
import { compileRules } from './rules.mjs'

const [input, output, policy, keys] = process.argv.slice(2)
const rules = compileRules(policy, keys)
const r = (path) => rules[path]
const id = r('customer.id')
const name = r('customer.name')
const email = r('customer.email')
const phone = r('customer.phone')
const birth = r('customer.birth_date')
const postcode = r('customer.postcode')
const card = r('payment.card')
const iban = r('payment.iban')
const amount = r('payment.amount')
const ip = r('device.ip')
const page = r('page')
const occurred = r('occurred_at')

function deidentify(line) {
  const e = JSON.parse(line)
  return JSON.stringify({
    type: e.type,
    occurred_at: occurred(e.occurred_at),
    customer: {
      id: id(e.customer.id),
      name: name(e.customer.name),
      email: email(e.customer.email),
      phone: phone(e.customer.phone),
      birth_date: birth(e.customer.birth_date),
      postcode: postcode(e.customer.postcode),
      country: e.customer.country,
    },
    items: e.items.map((item) => ({ sku: item.sku, quantity: item.quantity, price: item.price })),
    payment: {
      card: card(e.payment.card),
      iban: iban(e.payment.iban),
      amount: amount(String(e.payment.amount)),
    },
    device: { ip: ip(e.device.ip) },
    page: page(e.page),
  })
}

const from = openSync(input, 'r')
const to = openSync(output, 'w')
const block = Buffer.allocUnsafe(1 << 20)
const decoder = new StringDecoder('utf8')
let rest = ''
for (;;) {
  const got = readSync(from, block)
  const lines = (rest + (got > 0 ? decoder.write(block.subarray(0, got)) : decoder.end())).split('\n')
  rest = lines.pop()
  let out = ''
  for (const line of lines) out += `${deidentify(line)}\n`
  writeSync(to, out)
  if (got === 0) break
}
if (rest !== '') writeSync(to, `${deidentify(rest)}\n`)
closeSync(from)
closeSync(to)
