/**
 * The benchmark's two policies written in SQL for DuckDB, by somebody who wants it fast: typed columns (so that
 * dates are checked while they are read), no regular expression where string functions do, the two HMAC keys
 * prepared as blobs.
 */
import { hkdfSync } from 'node:crypto'

const BLOCK = 64

/** The field key of a token domain, as config/vectors/README.md writes it down: HKDF-SHA-256, 32 bytes. */
export function fieldKey(secret, domain) {
  return Buffer.from(hkdfSync('sha256', secret, Buffer.alloc(0), `lethe/v1/token/${domain}`, 32))
}

/** HMAC-SHA-256 (RFC 2104) out of DuckDB's sha256: a token under key `k1`, 128 bits, hex. */
function token(secret, domain, text) {
  const key = Buffer.concat([fieldKey(secret, domain), Buffer.alloc(BLOCK - 32)])
  const pad = (byte) =>
    `'${[...key].map((b) => `\\x${(b ^ byte).toString(16).padStart(2, '0')}`).join('')}'::BLOB`
  const inner = `unhex(sha256(${pad(0x36)} || encode(${text})))`
  return `'k1.' || left(sha256(${pad(0x5c)} || ${inner}), 32)`
}

const email = (column) => `lower(trim(${column}))`
const keepFirst = (column, n) => `left(${column}, ${n}) || repeat('*', length(${column}) - ${n})`
const keepLast = (column, n) => `repeat('*', length(${column}) - ${n}) || right(${column}, ${n})`
const network24 = (column) => `left(${column}, length(${column}) - instr(reverse(${column}), '.')) || '.0/24'`
const hour = (column) => `strftime(${column}, '%Y-%m-%dT%H:00:00Z')`
const tens = (column) => {
  const start = `CAST(floor(${column} / 10) AS INTEGER) * 10`
  return `'[' || (${start}) || ',' || (${start} + 10) || ')'`
}
const quoted = (file) => `'${file.replaceAll("'", "''")}'`

export function csvSql(input, output, secret) {
  return `COPY (
  SELECT
    ${token(secret, 'customer', 'cust_id')} AS cust_id,
    ${keepFirst('"customer.name"', 1)} AS "customer.name",
    ${token(secret, 'email', email('e_mail'))} AS e_mail,
    ${keepLast('"customer.phone"', 4)} AS "customer.phone",
    strftime("customer.birth_date", '%Y') AS "customer.birth_date",
    left("customer.postcode", 3) AS "customer.postcode",
    "customer.country",
    ${keepLast('"payment.card"', 4)} AS "payment.card",
    left("payment.iban", 4) AS "payment.iban",
    ${network24('"device.ip"')} AS "device.ip",
    ${hour('occurred_at')} AS occurred_at,
    type,
    amount
  FROM read_csv(${quoted(input)}, header = true, auto_detect = false, delim = ',', quote = '"', escape = '"', columns = {
    'cust_id': 'VARCHAR', 'customer.name': 'VARCHAR', 'e_mail': 'VARCHAR', 'customer.phone': 'VARCHAR',
    'customer.birth_date': 'DATE', 'customer.postcode': 'VARCHAR', 'customer.address': 'VARCHAR',
    'customer.country': 'VARCHAR', 'payment.card': 'VARCHAR', 'payment.iban': 'VARCHAR', 'device.ip': 'VARCHAR',
    'occurred_at': 'TIMESTAMP', 'type': 'VARCHAR', 'amount': 'VARCHAR' })
) TO ${quoted(output)} (FORMAT csv, HEADER)`
}

export function ndjsonSql(input, output, secret) {
  return `COPY (
  SELECT
    type,
    ${hour('occurred_at')} AS occurred_at,
    struct_pack(
      id := ${token(secret, 'customer', 'customer.id')},
      name := ${keepFirst('customer.name', 1)},
      email := ${token(secret, 'email', email('customer.email'))},
      phone := ${keepLast('customer.phone', 4)},
      birth_date := strftime(customer.birth_date, '%Y'),
      postcode := left(customer.postcode, 3),
      country := customer.country) AS customer,
    items,
    struct_pack(
      card := ${keepLast('payment.card', 4)},
      iban := left(payment.iban, 4),
      amount := ${tens('payment.amount')}) AS payment,
    struct_pack(ip := ${network24('device.ip')}) AS device,
    left(page, 8 + instr(page[9:], '/') - 1) AS page
  FROM read_json(${quoted(input)}, format = 'newline_delimited', columns = {
    'type': 'VARCHAR', 'occurred_at': 'TIMESTAMP',
    'customer': 'STRUCT(id VARCHAR, "name" VARCHAR, email VARCHAR, phone VARCHAR, birth_date DATE, postcode VARCHAR, country VARCHAR)',
    'items': 'STRUCT(sku VARCHAR, quantity BIGINT, price DOUBLE)[]',
    'payment': 'STRUCT(card VARCHAR, iban VARCHAR, amount DOUBLE)',
    'device': 'STRUCT(ip VARCHAR)', 'page': 'VARCHAR' })
) TO ${quoted(output)} (FORMAT json)`
}

/**
 * The CSV again, by somebody who knows that values repeat: tokens are made for the distinct values only and
 * joined. A join forgets the order of its rows, so they are put back into it.
 */
export function csvJoinedSql(input, output, secret) {
  const plain = csvSql(input, output, secret)
  const customer = token(secret, 'customer', 'cust_id')
  const mail = token(secret, 'email', email('e_mail'))
  const source = plain.slice(plain.indexOf('FROM read_csv') + 5, plain.lastIndexOf('\n) TO'))
  const select = plain
    .slice(plain.indexOf('SELECT'), plain.indexOf('FROM read_csv'))
    .replace(`${customer} AS`, () => 'customers.token AS')
    .replace(`${mail} AS`, () => 'mails.token AS')
  return `CREATE TEMP TABLE source AS SELECT * FROM ${source};
COPY (
  WITH customers AS MATERIALIZED (SELECT cust_id AS value, ${customer} AS token FROM (SELECT DISTINCT cust_id FROM source)),
    mails AS MATERIALIZED (SELECT e_mail AS value, ${mail} AS token FROM (SELECT DISTINCT e_mail FROM source))
  ${select} FROM source
  LEFT JOIN customers ON source.cust_id = customers.value
  LEFT JOIN mails ON source.e_mail = mails.value
  ORDER BY source.rowid
) TO ${quoted(output)} (FORMAT csv, HEADER)`
}
