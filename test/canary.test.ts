/**
 * Canaries: a thousand marked values go down every path that is no keep, and every place that a byte can go is
 * searched for them: outputs, dead letters, summaries, stderr; raw, in lower case, hex, base64 and URL-encoded.
 */
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { RECORD_CODES } from '../src/errors.ts'
import { transforms } from '../transforms/index.ts'
import { FAILURE_CODES } from '../transforms/transform.ts'
import { CODES_OF_CHANGES, CODES_OF_FORMS, CODES_OF_MESSAGES, CODES_OF_SCHEMAS } from './codes-of-messages.ts'
import { KEYS } from './src/cli/batch-inputs.ts'
import { type Ended, folder, lethe, warm } from './src/cli/lethe.ts'

/** Every marked value begins and ends with these; no code, name or token holds them. */
const FIRST = 'ZqCanaryXJ'
const LAST = 'ÉmarkedVKq'
let marks = 0

/** A marked value that no other is equal to, with characters that URL encoding changes. */
function mark(): string {
  marks++
  return `${FIRST}${marks}/é+ ${LAST}`
}

/** Every way in which `text` could be written. */
function spellings(text: string): string[] {
  const found = new Set<string>()
  for (const form of [text, text.toLowerCase(), text.toUpperCase()]) {
    const bytes = Buffer.from(form)
    const hex = bytes.toString('hex')
    for (const written of [form, encodeURIComponent(form), bytes.toString('latin1'), hex, hex.toUpperCase()])
      found.add(written)
    found.add([...form].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).join(''))
    // Base64 wherever the bytes stand in a longer text: without the characters that their neighbours change.
    for (const shift of [0, 1, 2]) {
      const encoded = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64')
      const middle = encoded.slice(Math.ceil((shift * 4) / 3), Math.floor(((shift + bytes.length) * 8) / 6))
      found.add(middle).add(middle.replaceAll('+', '-').replaceAll('/', '_'))
    }
  }
  return [...found]
}

/** Of an identity that nothing here has. */
const RECIPIENT = 'age12nnunjsq7ta5elcdesem55hrxkhkc70mnrv3gmpft4j8vknxw37qc7xlxe'
const SPELLINGS = [FIRST, LAST].flatMap(spellings)

const places = new Map<string, string>()
function search(where: string, text: string | Uint8Array): void {
  const content = typeof text === 'string' ? text : Buffer.from(text).toString('utf8')
  places.set(where, content)
}

/** Options where the first example's would show part of a value on purpose, or need a file. */
const OPTIONS: Readonly<Record<string, Record<string, unknown>>> = {
  'mask.pattern': { pattern: '(?s)Zq.*' },
  'generalize.hierarchy': { file: 'levels.csv', level: 1 },
  'mask.characters': { keepLast: 2 },
}
const ELSE = ['dead-letter', 'null', 'drop', { constant: 'failed' }] as const

/** Every transform with every `else:`, drops, a map with marked names, and a list of rules. */
function policy(unlisted: 'drop' | 'reject', isCsv: boolean): { text: string; fields: string[] } {
  const fields: string[] = []
  const lines: string[] = []
  for (const transform of transforms)
    ELSE.forEach((otherwise, i) => {
      const path = `${transform.name.replace(/[^a-z0-9]/g, '_')}_${i}`
      const options = OPTIONS[transform.name] ?? transform.examples[0]!.options
      const weak = transform.weaknesses(transform.options.parse(options)).length > 0
      const accept = weak ? { accept: 'the canaries have to pass here' } : {}
      fields.push(path)
      lines.push(
        `  ${path}: ${JSON.stringify({ use: transform.name, ...options, else: otherwise, ...accept })}`,
      )
    })
  fields.push('list')
  lines.push('  list: { use: mask.email, read: { trim: true, strip: { prefix: Zq }, split: "@" } }')
  fields.push('gone', 'whose', 'choice')
  lines.push('  gone: drop', '  whose: { use: hash.hmac, domain: whose }')
  lines.push(
    '  choice: [{ use: drop, when: { kind: a } }, { use: mask.null, when: { kind: b } }]',
    '  kind: keep',
  )
  if (!isCsv)
    lines.push(
      '  map.*: { use: hash.hmac, domain: m }',
      '  map.$names: { use: mask.replace, with: name }',
      '  deep.list[].x: mask.null',
      '  tree: drop',
    )
  const head = `policy: canary\nversion: 1\npurpose: train_ai_system\nunlisted: ${unlisted}\nsubject: whose\ntime: at\n`
  const retention =
    'retention:\n  steps:\n    - { after: 10d, fields: { whose: drop } }\n    - { after: 100d, then: suppress }\n'
  return { text: `${head}fields:\n${lines.join('\n')}\n${retention}`, fields }
}

const NOW = '2026-01-01T00:00:00Z'
const at = '"at":"2025-12-31T00:00:00Z"'

/** One record for each transform and `else:`, and one that tries everything at once. */
function jsonRecords(fields: readonly string[]): string[] {
  const q = () => JSON.stringify(mark())
  const values = () => [
    mark(),
    `${mark()}@example.com`,
    `https://example.com/${mark()}?q=${mark()}`,
    `${mark()} ${mark()}`,
  ]
  const each = fields.flatMap((field) =>
    values().map(
      (value) =>
        `{${at},"kind":"a","whose":${q()},${field === 'whose' ? '' : `"${field}":${JSON.stringify(value)},`}"more":1}`,
    ),
  )
  const bad = [
    `{${at},"whose":${q()}`,
    `{${at},"whose":${q()}}${q()}`,
    `{${at},"whose":${q()},"whose":${q()}}`,
    `{${at},"whose":${q()},${q()}:1 2}`,
    `{${at},"a\\u0000${mark()}":1}`,
    `{${at},"whose":"${mark()}\\ud800"}`,
    `{${at},"x":${'['.repeat(70)}${q()}${']'.repeat(70)}}`,
    `[${q()}]`,
    q(),
    `{${at},"gone":1,"whose":{${q()}:${q()}}}`,
    `{${at},"map":${q()}}`,
    `{${at},"deep":{"list":{"x":${q()}}}}`,
    `{${at},"map":{${q()}:${q()},${q()}:${q()}}}`,
    `{${at},"map":{${q()}:${q()}},"tree":{${q()}:[${q()}]},"deep":{"list":[{"x":${q()},${q()}:${q()}}]},${q()}:${q()}}`,
    `{${at},"kind":${q()},"choice":${q()}}`,
    `{${at},"kind":"b","choice":${q()}}`,
    `{"at":${q()},"whose":${q()}}`,
    `{"whose":${q()}}`,
    `{"at":"2027-01-01T00:00:00Z","whose":${q()}}`,
    `{"at":"2025-01-01T00:00:00Z","whose":${q()}}`,
    `{"at":"2025-12-01T00:00:00Z","whose":${q()}}`,
    `{${at},"mask_pattern_0":"nothing","gone":${q()}}`,
    `{${at},"shift_date_0":"2020-01-01","gone":${q()}}`,
    `{${at},"generalize_geo_0":"12345","gone":${q()}}`,
    `{${at},"gone":"${mark().repeat(2000)}"}`,
  ]
  return [...each, ...bad]
}

const NEEDED = `policy: needed
version: 1
purpose: train_ai_system
required: [id]
time: { path: at, format: epoch-seconds }
fields:
  id: { use: hash.hmac, domain: id }
  note: { use: mask.replace, with: note }
  n: { use: keep, type: integer }
retention: { steps: [{ after: 100d, then: suppress }] }
`

const LISTED = `policy: listed
version: 1
purpose: train_ai_system
fields:
  id: { use: hash.hmac, domain: id }
  note: { use: mask.replace, with: note }
suppression: [{ list: some, by: id, entries: raw, normalize: nfkc }]
`

const TIED = `policy: tied
version: 1
purpose: train_ai_system
fields:
  bill_*: { use: hash.hmac, domain: bill }
  "*_city": drop
  ship_*: drop
  "**.email": { use: hash.hmac, domain: email }
`

const TEXTS = `policy: texts
version: 1
purpose: train_ai_system
unlisted: reject
fields:
  id: { use: hash.hmac, domain: id }
  owner.a: { use: hash.hmac, domain: id }
  owner.b: { use: generalize.date, to: day }
  "list[].a": { use: mask.replace, with: a }
read: { owner: [trim, { strip: { prefix: "x:", missing: allow } }, json], list: json }
shape: { list: either }
`

/** JSON texts with marked values, of which most fail. */
function innerTexts(): string[] {
  const q = () => JSON.stringify(mark())
  return [
    `{"a":${q()}}`,
    ` x:{"a":${q()}}`,
    `{"a":${q()}`,
    `{"a":${q()}}${q()}`,
    `{"a":${q()},"a":${q()}}`,
    `{"a":"${mark()}\\ud800"}`,
    `{${q()}:${q()}}`,
    `{"a":{${q()}:${q()}}}`,
    `{"b":${q()}}`,
    `[${q()}]`,
    q(),
    mark(),
  ]
}

const LARGE = `policy: large
version: 1
purpose: train_ai_system
fields:
  "many[]": { use: mask.replace, with: '${'"'.repeat(1000)}' }
`

/** Everything is kept. */
const watched = (suspects: string): string =>
  `policy: watched
version: 1
purpose: train_ai_system
suspects: ${suspects}
fields:
  note: keep
  copy: { from: note, use: keep }
  "list[].x": keep
  map.*: keep
  map.$names: { use: keep, accept: the canaries have to be refused }
  tree: { use: keep.subtree, accept: the canaries have to be refused }
`

/** Records of which each holds one marked email address, in every place and spelling. */
function suspectRecords(): string[] {
  const address = () => `${FIRST}${++marks}@${LAST}.example`
  const escaped = () => `"${address().replace('@', '\\u0040')}"`
  const quoted = () => JSON.stringify(`so \\ "${address()}", she said`)
  return [() => `"${address()}"`, escaped, quoted].flatMap((text) => [
    `{"note":${text()}}`,
    `{"list":[{"x":1},{"x":${text()}}]}`,
    `{"map":{"a":${text()}}}`,
    `{"map":{${text()}:1}}`,
    `{"tree":{"a":[1,{"b":${text()}}]}}`,
    `{"tree":{${text()}:[]}}`,
  ])
}

async function run(cwd: string, name: string, code: number, args: readonly string[]): Promise<void> {
  const out = join(cwd, `${name}.out`)
  const files = ['--dead-letter', join(cwd, `${name}.dead`), '--summary', join(cwd, `${name}.sum`)]
  const common = [
    '--keys',
    'keys.json',
    '--as-of',
    NOW,
    '--max-dead-letters',
    '100%',
    '--max-record-bytes',
    '20000',
    '--verbose',
  ]
  // Two are processes: what Node itself says of a process would be seen there.
  const start = name === 'csv' || name === 'threads' ? lethe : warm
  const ended: Ended = await start(['batch', ...args, '-o', out, ...files, ...common], { cwd })
  search(`${name} stderr`, ended.stderr)
  search(`${name} stdout`, ended.stdout)
  expect(ended.code, ended.stderr).toBe(code)
}

/** Reads the dead letters of a run again, by its policy: they die of the same. */
async function runAgain(cwd: string, name: string, input: string, policyFile: string): Promise<void> {
  const [out, dead, sum] = ['out', 'dead', 'sum'].map((kind) => join(cwd, `${name} again.${kind}`))
  const of = ['--dead-letter', join(cwd, `${name}.dead`), '--summary', join(cwd, `${name}.sum`)]
  const to = ['-o', out!, '--new-dead-letter', dead!, '--new-summary', sum!]
  const common = ['--keys', 'keys.json', '--as-of', NOW, '--max-record-bytes', '20000']
  const ended = await warm(['replay', input, '-p', policyFile, ...of, ...to, ...common], { cwd })
  search(`${name} again stderr`, ended.stderr)
  search(`${name} again stdout`, ended.stdout)
  expect(ended.code, ended.stderr).toBe(3)
  expect(readFileSync(dead!, 'utf8')).toBe(readFileSync(join(cwd, `${name}.dead`), 'utf8'))
}

describe('a thousand marked values', () => {
  const codes = new Set<string>()

  it('leave no trace in any output, dead letter, summary or message', async () => {
    const here = folder({ 'levels.csv': 'x;y\n' })
    writeFileSync(join(here, 'keys.json'), KEYS, { mode: 0o600 })
    chmodSync(join(here, 'keys.json'), 0o600)
    const json = policy('drop', false)
    writeFileSync(join(here, 'json.yaml'), json.text)
    writeFileSync(join(here, 'reject.yaml'), policy('reject', false).text)
    const records = jsonRecords(json.fields)
    const bytes = Buffer.concat([
      Buffer.from(records.join('\n')),
      Buffer.from(`\n{${at},"whose":"${mark()}`),
      Buffer.from([0xff]),
      Buffer.from('"}\n'),
    ])
    writeFileSync(join(here, 'in.ndjson'), bytes)
    writeFileSync(join(here, 'in2.ndjson.gz'), gzipSync(bytes))
    writeFileSync(join(here, 'recipients.txt'), RECIPIENT)
    const sealed = ['--seal', join(here, 'recipients.txt')]
    await run(here, 'inline', 3, ['in.ndjson', '-p', 'json.yaml'])
    // In threads, and with columns that nobody names.
    await run(here, 'threads', 3, [
      'in2.ndjson.gz',
      '-p',
      'json.yaml',
      '--workers',
      '2',
      '--chunk-bytes',
      '900',
    ])
    // The records stand in these dead letters too, encrypted.
    await run(here, 'reject', 3, ['in.ndjson', '-p', 'reject.yaml', ...sealed])
    await runAgain(here, 'inline', 'in.ndjson', 'json.yaml')

    // Kept, but what they look like may not leave; and where it may, nothing else tells of it.
    const suspects = suspectRecords()
    writeFileSync(join(here, 'suspects.ndjson'), suspects.join('\n'))
    writeFileSync(join(here, 'refused.yaml'), watched('dead-letter'))
    await run(here, 'suspects', 3, ['suspects.ndjson', '-p', 'refused.yaml'])
    expect(places.get('suspects stderr')).toContain(`suspect-value  ${suspects.length} `)
    writeFileSync(join(here, 'warned.yaml'), watched('warn'))
    await run(here, 'warned', 0, ['suspects.ndjson', '-p', 'warned.yaml'])
    expect(places.get('warned stderr')).toContain('looked at in `note` look like an email address')

    // JSON in texts, of strings and of cells.
    writeFileSync(join(here, 'texts.yaml'), TEXTS)
    const inner = innerTexts().flatMap((text) => [
      { id: mark(), owner: text },
      { id: mark(), list: text },
      { id: mark(), owner: null, list: text },
    ])
    writeFileSync(join(here, 'texts.ndjson'), inner.map((one) => JSON.stringify(one)).join('\n'))
    await run(here, 'texts', 3, ['texts.ndjson', '-p', 'texts.yaml'])
    await runAgain(here, 'texts', 'texts.ndjson', 'texts.yaml')
    const quotedCell = (text: string): string => `"${text.replaceAll('"', '""')}"`
    const cells = inner.map((one) => [one.id, one.owner ?? '', one.list ?? ''].map(quotedCell).join(','))
    writeFileSync(join(here, 'texts.csv'), ['id,owner,list', ...cells].join('\n'))
    await run(here, 'text cells', 3, ['texts.csv', '-p', 'texts.yaml'])

    // What the rules make of a short record is too much.
    const ones = Array.from({ length: 9000 }, () => 1)
    writeFileSync(join(here, 'large.ndjson'), `{"many":[${JSON.stringify(mark())},${ones.join()}]}\n`)
    writeFileSync(join(here, 'large.yaml'), LARGE)
    await run(here, 'large', 3, ['large.ndjson', '-p', 'large.yaml'])

    // Who is on a list, or may be: neither the list nor the record tells.
    const [onList, odd] = [mark(), mark()]
    writeFileSync(join(here, 'listed.yaml'), LISTED)
    writeFileSync(join(here, 'list'), `${onList}\n${mark()}\n`, { mode: 0o600 })
    const listed = [onList, `${odd}${'\u0301'.repeat(40)}`].map((id) => JSON.stringify({ id, note: mark() }))
    writeFileSync(join(here, 'listed.ndjson'), listed.join('\n'))
    await run(here, 'listed', 3, ['listed.ndjson', '-p', 'listed.yaml', '--list', 'some=list'])
    expect(places.get('listed stderr')).toContain('suppression list some')

    writeFileSync(join(here, 'needed.yaml'), NEEDED)
    const needed = [
      `{"at":1767200000,"note":${JSON.stringify(mark())}}`,
      `{"at":1767200000,"id":1,"n":${JSON.stringify(mark())}}`,
      `{"at":20522,"id":1,"note":${JSON.stringify(mark())}}`,
      `[{"at":1767200000,"id":1,"note":${JSON.stringify(mark())}},${JSON.stringify(mark())}]`,
    ]
    writeFileSync(join(here, 'needed.ndjson'), needed.join('\n'))
    await run(here, 'needed', 3, ['needed.ndjson', '-p', 'needed.yaml'])
    writeFileSync(join(here, 'encoded.ndjson'), `{"at":1767200000,"id":1,"note":"${mark()}\xff"}`, 'latin1')
    await run(here, 'encoded', 3, ['encoded.ndjson', '-p', 'needed.yaml', '--encoding', 'shift_jis'])

    const table = policy('drop', true)
    writeFileSync(join(here, 'csv.yaml'), table.text)
    const columns = ['at', 'kind', ...table.fields, mark()]
    const line = (cells: Record<string, string>) =>
      columns.map((name) => `"${(cells[name] ?? '').replaceAll('"', '""')}"`).join(',')
    const when = '2025-12-31T00:00:00Z'
    const rows = [
      columns.map((name) => `"${name}"`).join(','),
      ...table.fields.flatMap((field) =>
        [mark(), `${mark()}@example.com`].map((value) =>
          line({ at: when, kind: 'a', whose: mark(), [field]: value }),
        ),
      ),
      line({ at: when, kind: mark(), choice: mark() }),
      line({ at: when, kind: `${mark()}\n${mark()}` }),
      line({ at: mark() }),
      `${when},${mark()}`,
      `${when},${mark()}"${mark()}`,
      `"${when}"${mark()},${mark()}`,
      `${when},"${mark()}`,
      mark(),
    ]
    writeFileSync(join(here, 'in.csv'), rows.join('\r\n'))
    await run(here, 'csv', 3, ['in.csv', '-p', 'csv.yaml'])
    await runAgain(here, 'csv', 'in.csv', 'csv.yaml')
    await run(here, 'formulas', 3, ['in.csv', '-p', 'csv.yaml', '--escape-formulas', ...sealed])

    // Names that patterns match leave; those of records that fail do not, and no name stands in an error.
    writeFileSync(join(here, 'tied.yaml'), TIED)
    const tied = [
      { bill_a_city: mark() },
      { [`bill_${mark()}_city`]: mark() },
      { a: { [mark()]: { email: mark() } } },
      { a: { email: { [mark()]: mark() } } },
    ]
    writeFileSync(join(here, 'tied.ndjson'), tied.map((one) => JSON.stringify(one)).join('\n'))
    await run(here, 'tied', 3, ['tied.ndjson', '-p', 'tied.yaml'])
    writeFileSync(join(here, 'tied.csv'), `bill_${mark()}_city,email\n1,2\n`)
    await run(here, 'tied-csv', 2, ['tied.csv', '-p', 'tied.yaml'])
    writeFileSync(
      join(here, 'alike.csv'),
      `${['', ''].map(() => `ship_${marks}${FIRST}`).join()},email\n1,2,3\n`,
    )
    await run(here, 'alike-csv', 2, ['alike.csv', '-p', 'tied.yaml'])

    // What is refused as a whole.
    const header = (name: string, text: string) => writeFileSync(join(here, name), text)
    const twice = mark()
    header('twice.csv', `${twice},whose,${twice}\n1,2,3\n`)
    header('stray.csv', `${mark()}"x,whose\n1,2\n`)
    header('none.csv', `${mark()},${mark()}\n1,2\n`)
    for (const name of ['twice.csv', 'stray.csv', 'none.csv'])
      await run(here, name, 2, [name, '-p', 'csv.yaml'])
    writeFileSync(join(here, 'strict.yaml'), policy('reject', true).text)
    await run(here, 'strict', 2, ['in.csv', '-p', 'strict.yaml'])

    for (const name of readdirSync(here))
      if (/\.(out|dead|sum)$/.test(name) && name !== 'warned.out')
        search(name, readFileSync(join(here, name)))
    for (const name of [
      'suspects',
      'inline',
      'threads',
      'reject',
      'large',
      'listed',
      'needed',
      'encoded',
      'tied',
      'texts',
      'csv',
    ].map((run) => `${run}.dead`))
      for (const [, code] of places.get(name)!.matchAll(/"code":"([^"]+)"/g)) codes.add(code!)

    expect(marks).toBeGreaterThanOrEqual(1000)
    expect(places.size).toBeGreaterThan(25)
    const found = [...places].flatMap(([where, content]) =>
      SPELLINGS.filter((spelling) => content.includes(spelling)).map((spelling) => `${spelling} in ${where}`),
    )
    expect(found).toEqual([])
  }, 240_000)

  afterAll(() => {
    // Every way of failing was walked, but for those that a file cannot reach; canary-stream.test.ts walks those of
    // messages.
    const unreachable = [
      'transform-error',
      'not-well-formed',
      'not-a-number',
      ...CODES_OF_MESSAGES,
      ...CODES_OF_FORMS,
      // change-stream.test.ts walks those of change events.
      ...CODES_OF_CHANGES,
      // test/src/record/avro walks those of schemas.
      ...CODES_OF_SCHEMAS,
    ]
    const all = [...Object.keys(RECORD_CODES), ...Object.keys(FAILURE_CODES)]
    expect(all.filter((code) => !codes.has(code) && !unreachable.includes(code))).toEqual([])
  })

  it('would be found: the search knows every spelling', () => {
    const text = mark()
    const bytes = Buffer.from(text)
    const hidden = [
      text.toLowerCase(),
      bytes.toString('hex'),
      Buffer.from(`x${text}yz`).toString('base64'),
      Buffer.from(`xy${text}z`).toString('base64url'),
      encodeURIComponent(text),
      JSON.stringify({ a: text }),
    ]
    for (const place of hidden)
      expect(
        SPELLINGS.some((spelling) => place.includes(spelling)),
        place,
      ).toBe(true)
  })
})
