/**
 * Events for the benchmark: fast, and the same bytes for the same parameters on every machine.
 * Run as a process: `node data.mjs csv|ndjson ROWS repeat|unique FILE`.
 */
import { closeSync, openSync, renameSync, writeSync } from 'node:fs'

/** Subjects per row where they repeat: 200,000 in 1,000,000. */
export const ROWS_PER_SUBJECT = 5

/** A 32-bit mix of a subject or row number and a salt (the finaliser of MurmurHash3), so no state is kept. */
function mix(number, salt) {
  let h = Math.imul(number ^ Math.imul(salt, 0x9e3779b1), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

// About a third of the people carry names that are not ASCII.
const PLACES = [
  [
    'US',
    '+1 ',
    ['Mary', 'James', 'Patricia', 'Robert'],
    ['Smith', 'Johnson', "O'Neil", 'Garcia'],
    ['Austin', 'Salem'],
    'Oak Street',
  ],
  [
    'GB',
    '+44 ',
    ['Olivia', 'George', 'Amelia', 'Harry'],
    ['Taylor', 'Evans', 'Walker', 'Hughes'],
    ['Leeds', 'York'],
    'Station Road',
  ],
  [
    'DE',
    '+49 ',
    ['Jürgen', 'Anna', 'Käthe', 'Lukas'],
    ['Müller', 'Schmidt', 'Weiß', 'Becker'],
    ['Köln', 'Bremen'],
    'Hauptstraße',
  ],
  [
    'FR',
    '+33 ',
    ['Élodie', 'Louis', 'Chloé', 'Hugo'],
    ['Lefèvre', 'Martin', 'Dubois', 'Moreau'],
    ['Lyon', 'Nîmes'],
    'rue Pasteur',
  ],
  [
    'PL',
    '+48 ',
    ['Zofia', 'Paweł', 'Maja', 'Jan'],
    ['Kowalska', 'Wiśniewski', 'Nowak', 'Wójcik'],
    ['Łódź', 'Radom'],
    'ulica Polna',
  ],
  [
    'BR',
    '+55 ',
    ['João', 'Ana', 'Pedro', 'Beatriz'],
    ['Silva', 'Souza', 'Conceição', 'Lima'],
    ['Recife', 'Belém'],
    'Rua das Flores',
  ],
  [
    'JP',
    '+81 ',
    ['静子', '健太', '美咲', '翔'],
    ['佐藤', '鈴木', '高橋', '田中'],
    ['横浜市', '札幌市'],
    '中央通り',
  ],
  [
    'IN',
    '+91 ',
    ['Aarav', 'Diya', 'Ishaan', 'Ananya'],
    ['Sharma', 'Patel', 'Reddy', 'Nair'],
    ['Pune', 'Jaipur'],
    'Gandhi Marg',
  ],
  [
    'NL',
    '+31 ',
    ['Sanne', 'Daan', 'Emma', 'Sem'],
    ['Jansen', 'Visser', 'Bakker', 'Smit'],
    ['Utrecht', 'Breda'],
    'Dorpsstraat',
  ],
  [
    'ES',
    '+34 ',
    ['Lucía', 'Hugo', 'Sofia', 'Mateo'],
    ['Torres', 'Ruiz', 'Iglesias', 'Ortega'],
    ['Vigo', 'Gijon'],
    'Calle Mayor',
  ],
]
const HOSTS = ['mail.example', 'example.org', 'example.com', 'example.net']
const TYPES = ['purchase', 'page_view', 'add_to_cart', 'login', 'search']
const AGENTS = ['Mozilla/5.0 (X11; Linux)', 'Mozilla/5.0 (iPhone)', 'Mozilla/5.0 (Windows NT 10.0)']

const two = (n) => (n < 10 ? `0${n}` : `${n}`)
const digits = (n, width) => String(n).padStart(width, '0')
const ascii = (text) => text.replace(/[^A-Za-z]/g, '') || 'user'

/** Everything that stays with a person. `n` is the person's number; the id, mail and phone are unique to it. */
function subject(n) {
  const place = PLACES[mix(n, 1) % PLACES.length]
  const h = mix(n, 2)
  const first = place[2][h & 3]
  const last = place[3][(h >>> 2) & 3]
  const mailbox = `${ascii(first)[0]}.${ascii(last)}${n}@${HOSTS[(h >>> 4) & 3]}`
  const number = digits((n * 7919 + 123456789) % 1e9, 9)
  const card = luhn(`4${digits(mix(n, 3) % 1e6, 6)}${digits(n % 1e8, 8)}`)
  return {
    id: `C${digits(n, 8)}`,
    name: `${first} ${last}`,
    // Some people type capitals: what `normalize: email` is for.
    email: (h >>> 8) % 10 === 0 ? mailbox : mailbox.toLowerCase(),
    phone: `${place[1]}${number.slice(0, 3)} ${number.slice(3)}`,
    birth: `${1940 + (mix(n, 4) % 66)}-${two(1 + (mix(n, 5) % 12))}-${two(1 + (mix(n, 6) % 28))}`,
    postcode: digits(mix(n, 7) % 100000, 5),
    street: `${1 + (mix(n, 8) % 200)} ${place[5]}`,
    city: place[4][(h >>> 12) & 1],
    country: place[0],
    card,
    iban: `DE${two(10 + (mix(n, 9) % 89))}${digits(mix(n, 10) % 1e8, 8)}${digits(n, 10)}`,
  }
}

/** Appends the check digit of ISO/IEC 7812-1 to 15 digits. */
function luhn(body) {
  let sum = 0
  for (let i = 0; i < body.length; i++) {
    const digit = body.charCodeAt(i) - 48
    sum += i % 2 === 0 ? (digit > 4 ? digit * 2 - 9 : digit * 2) : digit
  }
  return `${body}${(10 - (sum % 10)) % 10}`
}

function happening(row) {
  const h = mix(row, 11)
  const g = mix(row, 12)
  return {
    at: `2026-${two(1 + (h % 6))}-${two(1 + ((h >>> 4) % 28))}T${two((h >>> 10) % 24)}:${two((h >>> 16) % 60)}:${two(g % 60)}`,
    ms: digits((g >>> 8) % 1000, 3),
    ip: `${1 + (mix(row, 13) % 223)}.${(g >>> 6) & 255}.${(g >>> 14) & 255}.${(g >>> 22) & 255}`,
    type: TYPES[mix(row, 14) % TYPES.length],
    amount: `${mix(row, 15) % 500}.${two(mix(row, 16) % 100)}`,
    g,
  }
}

export const CSV_HEADER = [
  'cust_id',
  'customer.name',
  'e_mail',
  'customer.phone',
  'customer.birth_date',
  'customer.postcode',
  'customer.address',
  'customer.country',
  'payment.card',
  'payment.iban',
  'device.ip',
  'occurred_at',
  'type',
  'amount',
]

function csvRow(s, e) {
  return `${s.id},${s.name},${s.email},${s.phone},${s.birth},${s.postcode},"${s.street}, ${s.city}",${s.country},${s.card},${s.iban},${e.ip},${e.at}Z,${e.type},${e.amount}\n`
}

function item(row, k) {
  const h = mix(row, 20 + k)
  return `{"sku":"SKU-${digits(h % 100000, 5)}","quantity":${1 + (h % 4)},"price":${(h >>> 8) % 200}.${1 + ((h >>> 4) % 9)}}`
}

function jsonRow(s, e, row) {
  const items = e.g % 3 === 0 ? item(row, 0) : `${item(row, 0)},${item(row, 1)}`
  return `{"event_id":"${digits(row, 12)}","type":"${e.type}","occurred_at":"${e.at}.${e.ms}Z","customer":{"id":"${s.id}","name":"${s.name}","email":"${s.email}","phone":"${s.phone}","birth_date":"${s.birth}","postcode":"${s.postcode}","country":"${s.country}","address":{"street":"${s.street}","city":"${s.city}"}},"items":[${items}],"payment":{"card":"${s.card}","iban":"${s.iban}","amount":${e.amount}},"device":{"ip":"${e.ip}","user_agent":"${AGENTS[e.g % 3]}"},"page":"https://shop.example/p/${e.g % 9999}?session=${e.g.toString(36)}"}\n`
}

/** Writes `rows` events to `file`, under another name until it is whole. */
export function generate(kind, rows, mode, file) {
  const partial = `${file}.${process.pid}.part`
  const fd = openSync(partial, 'w')
  const subjects = Math.ceil(rows / ROWS_PER_SUBJECT)
  let chunk = kind === 'csv' ? `${CSV_HEADER.join(',')}\n` : ''
  for (let row = 0; row < rows; row++) {
    const s = subject(mode === 'repeat' ? mix(row, 17) % subjects : row)
    const e = happening(row)
    chunk += kind === 'csv' ? csvRow(s, e) : jsonRow(s, e, row)
    if (chunk.length > 1 << 20) {
      writeSync(fd, chunk)
      chunk = ''
    }
  }
  writeSync(fd, chunk)
  closeSync(fd)
  renameSync(partial, file)
}

if (process.argv[1] === import.meta.filename) {
  const [kind, rows, mode, file] = process.argv.slice(2)
  generate(kind, Number(rows), mode, file)
}
