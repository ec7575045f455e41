/** Texts and records that are built to cost much, of any length. */

const filled = (piece: string, n: number): string => piece.repeat(Math.ceil(n / piece.length)).slice(0, n)
const whole = (text: string): string => (text.isWellFormed() ? text : text.slice(0, -1))

/** Repeated; behind a bar, what goes before or behind the repetition. */
const PIECES: readonly string[] = [
  ...[
    '9',
    '0',
    '-',
    '+',
    '.',
    ',',
    ':',
    '/',
    '(',
    '[',
    '%',
    '@',
    '#',
    '?',
    '&',
    '"',
    '\\',
    "'",
    '*',
    '_',
    'e',
    'T',
  ],
  ...['a', 'A', ' ', '\t', '\0', '\r\n', '\n', '\u00a0', '\u200b', '\u3000', '\u00ad', '\ufeff', '\u2800'],
  ...[
    'a ',
    'a.',
    'a-',
    'a@',
    'a@a.',
    'a,',
    '..',
    '1,',
    '1.',
    '1:',
    '::',
    'f:',
    '0:',
    '1 ',
    '4111 ',
    '12-',
    '(1',
    'a\\',
  ],
  ...['%41', '%2e', '%', '../', '%2e%2e/', '/a', '?a=1&', 'a=b;', '&amp;', '&#', '//', 'xn--'],
  ...[
    '\u0301',
    '\u0301\u0316',
    '\u0316\u0301',
    'a\u0301\u0316',
    'e\u0301',
    '\u3099\u0301',
    '\uff9e',
    '\u0345\u0334',
  ],
  ...[
    '\u1100',
    '\u1100\u1161\u11a8',
    '\uac00',
    'क्',
    'क्\u200d',
    'ำ',
    '\u0e33',
    'ﷺ',
    'ﬁ',
    '½',
    '①',
    '\u1f82',
    'ǖ',
  ],
  ...[
    'Σ',
    "Σ'",
    'İ',
    'ß',
    'ı',
    'Я',
    '東',
    'か\uff9e',
    '\u05d0',
    '\u0627',
    '\u202e',
    '\u2067',
    '\u0600',
    '\u180e',
  ],
  ...[
    '😀',
    '👩\u200d',
    '👩‍👩‍👧',
    '🇩',
    '🇩🇪',
    '👍🏽',
    '\u{e0061}',
    '\ufe0f',
    '1\ufe0f\u20e3',
    '\u200d',
    '\u034f',
    '\u{1d165}',
  ],
  ...[
    '9|.9',
    '1e|',
    '0.|',
    '-0.|1',
    '|1',
    ' |x',
    '|@a.bc',
    'a@|.bc',
    'a@b.|',
    'https://|/',
    'https://a/|',
    'https://a@|',
  ],
  ...[
    'https://a:|',
    'https://[|]',
    '2024-01-01T|Z',
    '2024-01-01T00:00:00.|Z',
    '|Z',
    '1.2.3.|',
    '::|',
    '::ffff:|',
    '"|',
  ],
]

const fillings: readonly string[] = ['0', '9', 'a', 'a.', '../', '%2e/', ' ', '\u0301\u0316']

export interface Family {
  readonly name: string
  /** So many UTF-16 units, or one less; well-formed. */
  readonly make: (n: number) => string
}

const shown = (text: string): string =>
  JSON.stringify(text).replace(/[^ -~]/g, (c) => `\\u${c.charCodeAt(0).toString(16)}`)

export const TEXTS: readonly Family[] = PIECES.flatMap((piece): Family[] => {
  const bar = piece.indexOf('|')
  if (bar < 0) return [{ name: shown(piece), make: (n) => whole(filled(piece, n)) }]
  const [before, behind] = [piece.slice(0, bar), piece.slice(bar + 1)]
  return fillings.map((filling) => ({
    name: `${shown(before)} ${shown(filling)}… ${shown(behind)}`,
    make: (n) => before + whole(filled(filling, n - before.length - behind.length)) + behind,
  }))
})

const list = (n: number, item: (i: number) => string): string => {
  const items: string[] = []
  for (let length = 0, i = 0; length < n; i++) {
    const made = item(i)
    items.push(made)
    length += made.length + 1
  }
  return items.join()
}

/** Two names that a polynomial hash of 31 confuses, in `bits` places. */
const colliding = (i: number, bits: number): string =>
  Array.from({ length: bits }, (_, bit) => ((i >> bit) & 1 ? 'Aa' : 'BB')).join('')

/** JSON records, for a policy with `a[]`, `o.x`, a map `m.*` with `m.$names`, `s` and `k`. */
export const RECORDS: readonly Family[] = [
  { name: 'numbers in an array', make: (n) => `{"a":[${list(n, () => '1')}]}` },
  { name: 'empty texts in an array', make: (n) => `{"a":[${list(n, () => '""')}]}` },
  { name: 'texts in an array', make: (n) => `{"a":[${list(n, () => '"x"')}]}` },
  { name: 'one text of escapes', make: (n) => `{"s":"${filled('\\u0041', n - (n % 6))}"}` },
  { name: 'one text of quotes', make: (n) => `{"s":"${'\\"'.repeat(n >> 1)}"}` },
  { name: 'escaped texts', make: (n) => `{"a":[${list(n, () => '"\\n"')}]}` },
  { name: 'unlisted members', make: (n) => `{${list(n, (i) => `"${i}":1`)}}` },
  { name: 'unlisted members in a container', make: (n) => `{"o":{${list(n, (i) => `"${i}":1`)}}}` },
  { name: 'unlisted members of escaped names', make: (n) => `{${list(n, (i) => `"\\u0061${i}":1`)}}` },
  { name: 'names with one hash', make: (n) => `{${list(n, (i) => `"${colliding(i, 16)}":1`)}}` },
  { name: 'one name twice, at the end', make: (n) => `{${list(n, (i) => `"${i}":1`)},"0":1}` },
  { name: 'long names', make: (n) => `{${list(n, (i) => `"${'x'.repeat(1000)}${i}":1`)}}` },
  { name: 'a long name', make: (n) => `{"${'x'.repeat(n)}":1}` },
  { name: 'a map', make: (n) => `{"m":{${list(n, (i) => `"${i}":1`)}}}` },
  { name: 'a map of colliding names', make: (n) => `{"m":{${list(n, (i) => `"${colliding(i, 16)}":1`)}}}` },
  { name: 'a map of escaped names', make: (n) => `{"m":{${list(n, (i) => `"\\u0062${i}":1`)}}}` },
  { name: 'objects in objects, side by side', make: (n) => `{${list(n, (i) => `"${i}":{"x":{"y":{}}}`)}}` },
  {
    name: 'objects with many names, one in another',
    make: (n) => `{"u":[${list(n, () => `{${list(900, (i) => `"n${i}":1`)}}`)}]}`,
  },
  { name: 'deep arrays', make: (n) => `{"u":[${list(n, () => '['.repeat(60) + ']'.repeat(60))}]}` },
  { name: 'too deep', make: (n) => `{"u":${'['.repeat(n)}` },
  { name: 'open objects', make: (n) => '{"u":'.repeat(n / 5) },
  { name: 'a number of digits', make: (n) => `{"s":${'9'.repeat(n)}}` },
  { name: 'a subtree', make: (n) => `{"k":[${list(n, () => '{"a":[]}')}]}` },
  { name: 'white space', make: (n) => `{${' '.repeat(n)}}` },
  { name: 'a text that never ends', make: (n) => `{"s":"${'x'.repeat(n)}` },
  {
    name: 'a long text that conditions ask for',
    make: (n) => `{"c":"${'x'.repeat(n >> 1)}","w":[${list(n >> 1, () => '1')}]}`,
  },
  {
    name: 'a long subject',
    make: (n) => `{"id":"${'x'.repeat(n >> 1)}","d":[${list(n >> 1, () => '"2024-07-15"')}]}`,
  },
  {
    name: 'a long subject, and numbers',
    make: (n) => `{"id":"${'é'.repeat(n >> 2)}","q":[${list(n >> 1, () => '7')}]}`,
  },
]

/** CSV of rows `a,b,c`. */
export const ROWS: readonly Family[] = [
  { name: 'rows', make: (n) => 'x,y,z\n'.repeat(n / 6) },
  { name: 'quotes in a cell', make: (n) => `"${'""'.repeat(n >> 1)}",y,z\n` },
  { name: 'a quote that never closes', make: (n) => `x,y,"${'z\n'.repeat(n >> 1)}` },
  { name: 'line breaks in a cell', make: (n) => `x,y,"${'\n'.repeat(n)}"\n` },
  { name: 'quotes everywhere', make: (n) => '"'.repeat(n) },
  { name: 'cells without end', make: (n) => `${','.repeat(n)}\n` },
  { name: 'blank lines', make: (n) => '\n'.repeat(n) },
  { name: 'carriage returns', make: (n) => '\r'.repeat(n) },
  { name: 'a long cell', make: (n) => `${'x'.repeat(n)},y,z\n` },
  { name: 'cells in quotes', make: (n) => '"x","y","z"\n'.repeat(n / 12) },
]
