/** Values and options for the contract of byte kernels: arbitrary ones, and such as real records hold. */
import fc from 'fast-check'

type Options = Readonly<Record<string, unknown>>

const digits = (minLength: number, maxLength = minLength) =>
  fc.string({ unit: fc.constantFrom(...'0123456789'), minLength, maxLength })
const below = (most: number, width: number) => fc.nat(most).map((n) => String(n).padStart(width, '0'))

/** One character of a realistic value replaced, left out or put in: what is almost right. */
function almost(values: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const sign = fc.oneof(
    fc.constantFrom(...'0123456789 -+.:/@%\\TZtz,*aA_?#~é€\u{1f600}\r\n\t'),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  )
  return fc.tuple(values, fc.nat(), fc.nat(2), sign).map(([text, where, how, put]) => {
    const at = where % (text.length + 1)
    return text.slice(0, at) + (how === 0 ? '' : put) + text.slice(how === 1 ? at : at + 1)
  })
}

const date = fc
  .tuple(
    fc.oneof(below(9999, 4), fc.constantFrom('0001', '9999', '1900', '2000', '2024')),
    below(13, 2),
    below(32, 2),
  )
  .map((parts) => parts.join('-'))
const time = fc.tuple(below(24, 2), below(60, 2), below(60, 2)).map((parts) => parts.join(':'))
const fraction = fc.oneof(
  fc.constant(''),
  digits(0, 9).map((text) => `.${text}`),
)
const offset = fc.oneof(
  fc.constantFrom('Z', 'z', '', '+00:00', '-00:00', '+23:59', '-23:59'),
  fc.tuple(fc.constantFrom('+', '-'), below(24, 2), below(60, 2)).map(([sign, h, m]) => `${sign}${h}:${m}`),
)
const edges = fc.constantFrom(
  '0001-01-01T00:30:00+01:00',
  '9999-12-31T23:30:00-01:00',
  '2024-02-29T23:59:59.9-00:01',
  '2023-02-28T23:30:00-01:00',
  '2024-03-01T00:10:00+00:11',
  '2023-03-01T00:10:00+00:11',
  '2024-12-31T23:59:60Z',
  '2024-01-01T00:00:00+00:01',
)
const dates = fc.oneof(
  date,
  fc.tuple(date, fc.constantFrom('T', 't', ' '), time, fraction, offset).map((parts) => parts.join('')),
  fc.date({ noInvalidDate: true }).map((moment) => moment.toISOString()),
  edges,
)

/** Digits with a right check digit, in groups or not. */
const cards = fc
  .tuple(digits(10, 19), fc.constantFrom('', ' ', '-'), fc.boolean())
  .map(([body, separator, right]) => {
    let sum = 0
    for (let at = 0; at < body.length; at++) {
      const digit = Number(body.at(-1 - at))
      sum += at % 2 === 0 ? (digit > 4 ? digit * 2 - 9 : digit * 2) : digit
    }
    const number = body + String((10 - (sum % 10) + (right ? 0 : 1)) % 10)
    return number.match(/.{1,4}/g)!.join(separator)
  })

const phones = fc
  .tuple(fc.constantFrom('+34 ', '+1-', '0', '(030) '), digits(2, 4), digits(3, 7))
  .map(([country, area, rest]) => `${country}${area} ${rest}`)

const names = fc.oneof(
  fc.constantFrom(
    'Ada Lovelace',
    'Jürgen Müller',
    'Łukasz',
    '静子 佐藤',
    'O’Neil',
    'Иван',
    'a\u0301',
    'ab\r\nc',
  ),
  fc.constantFrom(
    'x\u0300yz\u02ff',
    '\u4fff\u5000\u9fff\ua000',
    'José',
    '👩‍👩‍👧bcd',
    'ﬁn',
    'a\u4dff\u4e00b\u3042',
    'ab\uaa00\uaa29\uaa29\uac00',
    '\u0c3f',
    '\u0bff\u0fff',
  ),
  fc.string({ unit: 'grapheme-composite', minLength: 1 }),
  fc.string({ unit: fc.constantFrom(...'aÀéĿſʯ˿ŀ大年鿿倀俿一 0'), minLength: 1 }),
)

const octet = fc.oneof(fc.nat(255).map(String), fc.nat(300).map(String), digits(1, 4))
const ips = fc.oneof(
  fc.ipV4(),
  fc.tuple(octet, octet, octet, octet).map((parts) => parts.join('.')),
  fc.tuple(octet, octet, octet, fc.constantFrom('', '.')).map(([a, b, c, end]) => `${a}.${b}.${c}${end}`),
  fc.ipV6(),
  fc.ipV4().map((address) => `::ffff:${address}`),
  fc.tuple(fc.ipV4(), fc.constantFrom(':80', ' ', ', 10.0.0.1', ',')).map((parts) => parts.join('')),
)

const numbers = fc.oneof(
  fc.integer().map(String),
  fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }).map(String),
  fc
    .tuple(fc.constantFrom('', '-', '+'), digits(0, 11), digits(0, 12))
    .map(([sign, a, b]) => `${sign}${a}.${b}`),
  fc.tuple(fc.constantFrom('', '-'), digits(1, 4), digits(1, 3)).map(([sign, a, b]) => `${sign}${a}.${b}`),
  fc.tuple(fc.constantFrom('', '-'), digits(1, 11)).map(([sign, a]) => `${sign}${a}`),
  fc.double({ noNaN: true }).map(String),
  fc.constantFrom(
    '0',
    '-0',
    '-0.0',
    '-0.1',
    '00',
    '1000000000',
    '-1000000000',
    '999999999',
    '100000000',
    '1e3',
  ),
  fc.constantFrom(
    '-1000000000.5',
    '99999999.9',
    '100000000.0',
    '90',
    '-90',
    '180',
    '-180',
    '-180.01',
    '.',
    '-',
  ),
)
const pairs = fc
  .tuple(numbers, fc.constantFrom(',', ', ', ',  ', ' ,'), numbers)
  .map((parts) => parts.join(''))

const word = fc.string({ unit: fc.constantFrom(...'abz09-'), minLength: 1, maxLength: 6 })
const host = fc.oneof(
  fc.array(word, { minLength: 1, maxLength: 4 }).map((labels) => `${labels.join('.')}.example`),
  fc.array(word, { minLength: 1, maxLength: 3 }).map((labels) => labels.join('.')),
  fc.domain(),
  fc.constantFrom(
    'xn--mnchen-3ya.example',
    'a.xn--p1ai',
    'xn--a.example',
    '1.2.3.4',
    'a.0x7f',
    'shop.example:80',
  ),
  fc.constantFrom(
    'anna@shop.example',
    'Shop.Example',
    'a..example',
    'a.example.',
    `${'a'.repeat(64)}.example`,
  ),
)
const segment = fc.oneof(
  fc.string({ unit: fc.constantFrom(...'aZ09-._~'), maxLength: 5 }),
  fc.constantFrom('.', '..', '%2e', '%2E.', '', 'ü', 'a b', "a'b", '|', '^', '{x}', ';p=1', 'a:b', '@', '\\'),
)
const urls = fc.oneof(
  fc
    .tuple(
      fc.constantFrom('https', 'http', 'ws', 'wss', 'ftp', 'HTTPS', 'httpss'),
      host,
      fc.array(segment, { maxLength: 5 }).map((parts) => parts.map((part) => `/${part}`).join('')),
      fc.constantFrom('', '?', '#', '?a=b&c=%20', '?\\', '#a?b', '?q=é', '? ', '?a\tb', '#\u0000'),
    )
    .map(([scheme, name, path, rest]) => `${scheme}://${name}${path}${rest}`),
  fc.webUrl({ withQueryParameters: true, withFragments: true }),
  fc
    .tuple(fc.constantFrom('', '//', '/'), host, segment)
    .map(([start, name, end]) => `${start}${name}/${end}`),
)

const part = fc.string({ unit: fc.constantFrom(...'aAbB0.-+_*'), minLength: 1, maxLength: 8 })
const emails = fc.oneof(
  fc.emailAddress(),
  fc.tuple(part, host).map((sides) => sides.join('@')),
  fc.tuple(part, fc.array(part, { minLength: 1, maxLength: 3 })).map(([a, b]) => `${a}@${b.join('.')}`),
  fc.constantFrom(
    'jo.smith@smith.example',
    'a.b@xa.bc.com',
    '***@example.com',
    'a***@example.com',
    'x@X.example',
  ),
  fc.constantFrom(
    '"a@b"@c.example',
    'a@b@c.example',
    '@c.example',
    'мария@почта.example',
    'a@b-.c',
    'a@-b.c',
  ),
  fc.constantFrom(
    'Ab-Cd@ab-cd.net',
    'ann@joanne.example',
    'jo@jo.example',
    'jo@jox.example',
    'jo@xjo.jo',
    'jsmith@smith.name',
    'j.smi.th@x.sm-SMITHS.de',
    'jdoe@doe-online.example',
    'jdoe@x.do.oe.example',
    'abcd@bcda.abdc.example',
    'comcom@com.com',
    `${'a'.repeat(312)}@b.bb.cc`,
    `${'a'.repeat(313)}@b.bb.cc`,
  ),
)

const zips = fc.oneof(
  digits(5),
  digits(9),
  digits(4, 10),
  fc.tuple(digits(5), digits(4)).map((parts) => parts.join('-')),
)

const listed = fc.constantFrom(
  '\ufffd',
  'US',
  'CA',
  'us',
  'MD',
  'RN',
  'Köln',
  'Berlin',
  '東京',
  'Paris',
  'true',
  '7',
  'a,b',
)

const REALISTIC: Readonly<Record<string, fc.Arbitrary<string>>> = {
  'mask.characters': fc.oneof(phones, names),
  'mask.card': cards,
  'mask.email': emails,
  'generalize.date': dates,
  'generalize.prefix': fc.oneof(names, zips, phones),
  'generalize.ip': ips,
  'generalize.number': numbers,
  'generalize.zip3': zips,
  'generalize.url': urls,
  'generalize.category': listed,
  'generalize.hierarchy': listed,
  'generalize.geo': fc.oneof(numbers, pairs),
}

const realistic = fc.oneof(...Object.values(REALISTIC))

/** Well-formed text, not empty: mostly such as transform `name` is given, or almost. */
export function anyValue(name: string): fc.Arbitrary<string> {
  const own = REALISTIC[name] ?? realistic
  return fc
    .oneof(
      { arbitrary: own, weight: 4 },
      { arbitrary: almost(own), weight: 4 },
      { arbitrary: realistic, weight: 1 },
      { arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 400 }), weight: 1 },
      { arbitrary: fc.string({ unit: 'grapheme', minLength: 1 }), weight: 1 },
    )
    .filter((text) => text !== '' && text.isWellFormed())
}

/** Options beside those of the examples. */
export const OPTION_SETS: Readonly<Record<string, readonly Options[]>> = {
  'mask.characters': [
    { keepFirst: 1 },
    { keepFirst: 2, keepLast: 3 },
    { keepLast: 64, with: '•' },
    { keepFirst: 64, keepLast: 64 },
    { with: 'e\u0301\u0302\u0303\u0304', keepLast: 2 },
    { with: '👩‍👩‍👧', length: 64 },
    { length: 1 },
  ],
  'mask.card': [
    { keepFirst: 6, keepLast: 4, luhn: 'ignore' },
    { keepFirst: 0, keepLast: 0, with: '•' },
    { with: '👩‍👩‍👧' },
  ],
  'mask.email': [
    { keepFirst: 1, domain: 'mask' },
    { with: '•' },
    { with: '*\u0301', keepFirst: 1 },
    { with: '.' },
  ],
  'mask.replace': [
    { with: 'ü'.repeat(160) },
    { with: 'ü'.repeat(161) },
    { with: 'x'.repeat(1000) },
    { with: '*' },
  ],
  'generalize.date': ['year', 'quarter', 'month', 'week', 'day', 'hour'].flatMap((to) => [
    { to },
    { to, format: 'rfc3339' },
    { to, format: 'date-time' },
    { to, format: 'date-time', zone: 'Asia/Tokyo' },
    { to, format: 'epoch-seconds' },
    { to, zone: 'America/New_York' },
    ...(to === 'hour' ? [] : [{ to, format: 'date' }]),
  ]),
  'generalize.prefix': [{ keep: 2 }, { keep: 4 }, { keep: 64 }],
  'generalize.ip': [
    ...Array.from({ length: 31 }, (_, at) => ({ v4: at + 1 })),
    { endpoint: 'allow' },
    { list: 'first' },
    { list: 'last', v4: 17 },
  ],
  'generalize.number': [
    { width: 5 },
    { width: '0.25' },
    { width: '0.00000001', as: 'midpoint' },
    { width: '0.000000001' },
    { width: 10, origin: -3, top: 97, bottom: -103 },
    { width: 7, as: 'midpoint', top: 70, bottom: -70 },
    { width: 1_000_000_000 },
    { width: 100_000_000, as: 'midpoint', origin: 100_000_000 },
    { width: 1_000_000_001 },
    { edges: ['-2.5', 0, '0.01', 18, 1_000_000_000] },
    { edges: [0, '0.5', 3], as: 'midpoint' },
    { edges: [7] },
    { edges: [0, '123456789012345678901234567890'] },
  ],
  'generalize.url': [
    { keepPath: 1 },
    { keepPath: 2 },
    { keepPath: 8 },
    { keepPath: 1, schemeless: 'allow', relative: 'allow' },
  ],
  'generalize.category': [
    { allow: ['US', 'CA', 'Köln', '東京', true, 7], map: { MD: 'physician', RN: 'ärztin' } },
    { allow: Array.from({ length: 300 }, (_, at) => `v${at}`), other: 'o'.repeat(300) },
    { allow: ['US', '\ud800', 'y\udfff'], other: 'z\ud800' },
    { map: { US: 'x'.repeat(400) } },
    { map: { US: 'ü'.repeat(160) } },
  ],
  'generalize.hierarchy': [
    { file: 'cities.csv', level: 1 },
    { file: 'cities.csv', level: 2 },
  ],
  'generalize.geo': ['latitude', 'longitude', 'both'].flatMap((axis) => [
    { axis },
    { axis, at: 'center' },
    { axis, cell: 5 },
    { axis, cell: '0.00001', at: 'center' },
    { axis, cell: '0.000001' },
    { axis, cell: '22.5', at: 'center' },
  ]),
}

const sign = fc.constantFrom('*', '•', 'x', '#', '█', '🙂')
const keeps = (first: number, last: number) => ({
  keepFirst: fc.nat(first),
  keepLast: fc.nat(last),
  with: sign,
})

/** Options at random, for transforms whose options work in every combination. */
export const optionsAtRandom: Readonly<Record<string, fc.Arbitrary<Options>>> = {
  'mask.characters': fc.record(
    { ...keeps(8, 8), length: fc.integer({ min: 1, max: 64 }) },
    { requiredKeys: [] },
  ),
  'mask.card': fc.record({ ...keeps(6, 4), luhn: fc.constantFrom('require', 'ignore') }).map((options) => ({
    ...options,
  })),
  'generalize.number': fc
    .record({
      width: fc.tuple(fc.integer({ min: 1, max: 99_999 }), fc.nat(6)),
      origin: fc.tuple(fc.integer({ min: -9999, max: 9999 }), fc.nat(4)),
      as: fc.constantFrom('label', 'midpoint'),
    })
    .map(({ width, origin, as }) => ({
      width: `${width[0]}e-${width[1]}`,
      origin: `${origin[0]}e-${origin[1]}`,
      as,
    })),
  'generalize.ip': fc.record({ v4: fc.integer({ min: 1, max: 31 }) }),
  'generalize.prefix': fc.record({ keep: fc.integer({ min: 1, max: 12 }) }),
  'generalize.url': fc.record({ keepPath: fc.nat(4) }),
}

interface Common {
  readonly options: Options
  readonly values: readonly string[]
}

const MOMENTS = [
  '2026-05-10T09:21:01Z',
  '2026-05-10T09:21:01.123Z',
  '2026-05-10T09:21:01.123456+02:00',
  '2026-01-01 00:30:00-23:59',
  '2024-03-01T00:00:00+05:30',
]

/** Values that kernels must take themselves: else their speed would be gone and nobody would notice. */
export const COMMON: Readonly<Record<string, readonly Common[]>> = {
  'mask.characters': [
    { options: { keepLast: 4 }, values: ['+34 325 098286', '+49 30 2312 5012', '12', 'a'] },
    { options: { keepFirst: 1 }, values: ['Ada Lovelace', "Mary O'Neil", 'Jürgen Weiß', '静子 佐藤'] },
    { options: { keepFirst: 1, length: 5, with: '•' }, values: ['Łukasz', 'Ada'] },
  ],
  'mask.card': [
    { options: {}, values: ['4111111111111111', '4111 1111 1111 1111', '4111-1111-1111-1111'] },
    { options: { keepFirst: 6, luhn: 'ignore' }, values: ['378282246310006', '6304000000000000000'] },
  ],
  'mask.email': [
    { options: {}, values: ['ada.lovelace@mail.example.com', 'J.ONeil12@example-shop.org', 'x+y@a.bc'] },
    { options: { keepFirst: 1, domain: 'mask' }, values: ['ada@example.com', 'mary.smith@example.com'] },
  ],
  'mask.replace': [{ options: { with: '[name removed]' }, values: ['Ada', 'é', '"'] }],
  'generalize.date': [
    ...['year', 'quarter', 'month', 'day'].map((to) => ({
      options: { to },
      values: ['1960-07-02', '2024-02-29', '0001-01-01', '9999-12-31', ...MOMENTS],
    })),
    { options: { to: 'hour' }, values: MOMENTS },
    {
      options: { to: 'hour', format: 'date-time' },
      values: ['2026-05-10T09:21:01', '2026-05-10 09:21:01.5'],
    },
    { options: { to: 'year', format: 'date', zone: 'Asia/Tokyo' }, values: ['1960-07-02'] },
  ],
  'generalize.prefix': [
    { options: { keep: 3 }, values: ['94103', '東京都の', 'zażółć', 'DE8937040044', '🙂🙂🙂🙂'] },
  ],
  'generalize.ip': [
    { options: {}, values: ['203.0.113.77', '1.2.3.4', '255.255.255.255'] },
    { options: { v4: 12 }, values: ['172.31.9.1', '0.0.0.0'] },
    { options: { list: 'last' }, values: ['203.0.113.77'] },
  ],
  'generalize.number': [
    { options: { width: 10 }, values: ['193.69', '0', '-0.5', '7', '499', '123456789', '12.3456789012345'] },
    { options: { width: '0.5', as: 'midpoint' }, values: ['193.69', '-0.1'] },
    { options: { edges: [18, 30, 65] }, values: ['17', '64.99', '65'] },
  ],
  'generalize.zip3': [{ options: {}, values: ['94103', '02139-4307', '021394307', '03601'] }],
  'generalize.url': [
    {
      options: {},
      values: ['https://shop.example/p/1234?session=x1y2', 'http://a-b.shop.example', 'wss://a.bc#x y'],
    },
    { options: { keepPath: 1 }, values: ['https://shop.example/orders/1234?q=é', 'https://shop.example/'] },
  ],
  'generalize.category': [
    {
      options: { allow: ['US', 'CA'], map: { MD: 'physician' }, other: 'else' },
      values: ['US', 'MD', 'LI', 'Zürich'],
    },
  ],
  'generalize.hierarchy': [{ options: { file: 'cities.csv', level: 1 }, values: ['Berlin', 'Köln', '東京'] }],
  'generalize.geo': [
    { options: { axis: 'latitude' }, values: ['37.7749', '-0.05'] },
    { options: { axis: 'both', cell: '0.5' }, values: ['37.7749, -122.4194', '52.520008,13.404954'] },
  ],
}
