/** `lethe batch` as a process: what goes in, what comes out, and the account of it. */
import { createHmac, hkdfSync } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import {
  batch,
  batchProcess,
  csvOf,
  ndjsonOf,
  POLICY,
  place,
  type Row,
  rows,
  secretBytes,
} from './batch-inputs.ts'
import { warm } from './lethe.ts'

const read = (...path: string[]): string => readFileSync(join(...path), 'utf8')

/** A token of the domain `id`, by node:crypto alone (config/vectors/README.md). */
function token(text: string): string {
  const key = hkdfSync('sha256', secretBytes(), '', 'lethe/v1/token/id', 32)
  const mac = createHmac('sha256', new Uint8Array(key)).update(text, 'utf8').digest()
  return `k1.${mac.subarray(0, 16).toString('base64url')}`
}

const published = ({ id, name, note }: Row) => ({ id: token(id), name: name === '' ? '' : '[name]', note })

const csvOut = (all: readonly Row[], lineBreak = '\n'): string =>
  [
    'id,name,note',
    ...all
      .map(published)
      .map(({ id, name, note }) => `${id},${name},${note.includes('\n') ? `"${note}"` : note}`),
  ]
    .map((line) => line + lineBreak)
    .join('')
const ndjsonOut = (all: readonly Row[]): string =>
  all.map((row) => `${JSON.stringify(published(row))}\n`).join('')

describe('lethe batch', () => {
  const some = rows(40)

  it('de-identifies CSV: a file in, a file out', async () => {
    const cwd = place({ 'in.csv': csvOf(some) })
    const { code, stdout, stderr } = await batchProcess(cwd, ['in.csv', '-o', 'out.csv'])
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' })
    expect(stderr).toMatch(/records in +40\b/)
    expect(read(cwd, 'out.csv')).toBe(csvOut(some))
    expect(readdirSync(cwd).sort()).toEqual([
      'in.csv',
      'keys.json',
      'out.csv',
      'out.csv.lethe.json',
      'policy.yaml',
    ])
    expect(statSync(join(cwd, 'out.csv')).mode & 0o777).toBe(0o666 & ~process.umask())
  })

  it('de-identifies NDJSON from standard input to standard output', async () => {
    const cwd = place()
    const { code, stdout } = await batchProcess(cwd, ['-', '--format', 'ndjson', '-o', '-', '-q'], {
      input: ndjsonOf(some),
    })
    expect({ code, stdout }).toEqual({ code: 0, stdout: ndjsonOut(some) })
  })

  it('gives the same token for the same value, in CSV and in JSON', async () => {
    const values = ['42', 'true', '1.0', 'Zoë', 'a"b', 'x,y', 'two\nlines', ' ', '-0', '😀']
    const cwd = place({
      'a.csv': `id\n${values.map((value) => `"${value.replaceAll('"', '""')}"\n`).join('')}`,
      'b.ndjson': values
        .map((value) => `{"id":${/^(42|true|1\.0|-0)$/.test(value) ? value : JSON.stringify(value)}}\n`)
        .join(''),
    })
    mkdirSync(join(cwd, 'out'))
    const { code } = await batch(cwd, ['a.csv', 'b.ndjson', '-o', 'out'])
    expect(code).toBe(0)
    expect(read(cwd, 'out/a.csv')).toBe(`id\n${values.map((value) => `${token(value)}\n`).join('')}`)
    expect(read(cwd, 'out/b.ndjson')).toBe(values.map((value) => `{"id":"${token(value)}"}\n`).join(''))
  })

  it('takes many inputs into one output, and gz by name on both sides', async () => {
    const cwd = place({
      'a.csv': csvOf(some.slice(0, 10)),
      'b.csv.gz': gzipSync(csvOf(some.slice(10, 20))),
      'c.csv': csvOf(some.slice(20)),
    })
    const { code } = await batch(cwd, ['a.csv', 'b.csv.gz', 'c.csv', '-o', 'out.csv.gz'])
    expect(code).toBe(0)
    expect(gunzipSync(readFileSync(join(cwd, 'out.csv.gz'))).toString()).toBe(csvOut(some))
  })

  it('writes a folder, one output an input', async () => {
    const cwd = place({ 'x/a.csv': csvOf(some.slice(0, 3)), 'x/b.ndjson.gz': gzipSync(ndjsonOf(some)) })
    mkdirSync(join(cwd, 'out'))
    const { code } = await batch(cwd, ['x/a.csv', 'x/b.ndjson.gz', '-o', 'out/'])
    expect(code).toBe(0)
    expect(readdirSync(join(cwd, 'out')).sort()).toEqual([
      'a.csv',
      'a.csv.lethe.json',
      'b.ndjson.gz',
      'b.ndjson.gz.lethe.json',
    ])
    expect(read(cwd, 'out/a.csv')).toBe(csvOut(some.slice(0, 3)))
    expect(gunzipSync(readFileSync(join(cwd, 'out/b.ndjson.gz'))).toString()).toBe(ndjsonOut(some))
  })

  it('gives the same bytes whatever the workers and chunks', async () => {
    const many = rows(200)
    // Compressed, so that threads are used.
    const cwd = place({
      'in.csv.gz': gzipSync(`${csvOf(many)}ragged\n"never closes\n`),
      'in.ndjson.gz': gzipSync(`${ndjsonOf(many)}{"id":1\n\n{"id":{}}\n`),
    })
    const seen = new Set<string>()
    let first: string | undefined
    for (const [workers, chunk] of [
      [1, 1 << 20],
      [2, 17],
      [4, 1000],
      [1, 17],
      [2, 1 << 20],
    ]) {
      const out = `out-${workers}-${chunk}`
      mkdirSync(join(cwd, out))
      const { code, stderr } = await batch(cwd, [
        'in.csv.gz', 'in.ndjson.gz', '-o', out, '-q', '--workers', `${workers}`, '--chunk-bytes', `${chunk}`,
        '--dead-letter', 'dead.ndjson', '--summary', 'summary.json', '--as-of', '2026-01-01', '--max-dead-letters', '10',
      ]) // biome-ignore format: a command line
      expect({ code, stderr }).toEqual({ code: 3, stderr: '' })
      const parts = [`${out}/in.csv.gz`, `${out}/in.ndjson.gz`].map((name) =>
        gunzipSync(readFileSync(join(cwd, name))).toString(),
      )
      expect(parts).toEqual([csvOut(many), ndjsonOut(many)])
      const all = read(cwd, 'dead.ndjson') + read(cwd, 'summary.json')
      first ??= all
      seen.add(all)
    }
    expect([...seen]).toEqual([first])
  }, 120_000)

  it('keeps the newline style, and takes a byte order mark, mixed newlines and a last line without one', async () => {
    const cwd = place({
      'crlf.csv': `\ufeff${csvOf(some.slice(0, 3), '\r\n').trimEnd()}`,
      'mixed.csv': 'id,note\r\n1,a\n2,b\r\n',
      'bom.ndjson': `\ufeff${ndjsonOf(some.slice(0, 2)).trimEnd()}`,
    })
    mkdirSync(join(cwd, 'out'))
    const { code } = await batch(cwd, ['crlf.csv', 'mixed.csv', 'bom.ndjson', '-o', 'out'])
    expect(code).toBe(0)
    expect(read(cwd, 'out/crlf.csv')).toBe(csvOut(some.slice(0, 3), '\r\n'))
    expect(read(cwd, 'out/mixed.csv')).toBe(`id,note\r\n${token('1')},a\r\n${token('2')},b\r\n`)
    expect(read(cwd, 'out/bom.ndjson')).toBe(ndjsonOut(some.slice(0, 2)))
  })

  it('takes an empty file and a header without rows', async () => {
    const cwd = place({
      'empty.csv': '',
      'header.csv': 'note,x\n',
      'bare.csv': 'x,note',
      'empty.ndjson': '',
      'mark.csv': '\ufeff',
    })
    mkdirSync(join(cwd, 'out'))
    const { code } = await batch(cwd, [
      'empty.csv',
      'header.csv',
      'bare.csv',
      'empty.ndjson',
      'mark.csv',
      '-o',
      'out',
    ])
    expect(code).toBe(0)
    const out = (name: string) => read(cwd, 'out', name)
    expect([out('empty.csv'), out('header.csv'), out('bare.csv'), out('empty.ndjson'), out('mark.csv')]).toEqual([
      '', 'note\n', 'note\n', '', '',
    ]) // biome-ignore format: a row
  })

  it('skips blank lines and counts them', async () => {
    const cwd = place({
      'a.ndjson': '\n{"note":1}\n \t\r\n\n{"note":2}\n\n',
      'b.csv': 'id,note\n\n,1\n\r\n,2\n\n',
    })
    mkdirSync(join(cwd, 'out'))
    const { code } = await batch(cwd, ['a.ndjson', 'b.csv', '-o', 'out', '--summary', 's.json'])
    expect(code).toBe(0)
    expect(read(cwd, 'out/a.ndjson')).toBe('{"note":1}\n{"note":2}\n')
    expect(read(cwd, 'out/b.csv')).toBe('id,note\n,1\n,2\n')
    expect(JSON.parse(read(cwd, 's.json'))).toMatchObject({ records: { in: 4, published: 4, blank: 7 } })
  })

  it('keeps numbers and escapes as they are written', async () => {
    const cwd = place()
    const values = ['9007199254740993', '1e400', '-0', '1.0', '"\\u00e9\\/"', '""', 'null', 'true']
    const { stdout } = await batch(cwd, ['-', '--format', 'ndjson', '-o', '-', '-q'], {
      input: values.map((value) => `{ "\\u006eote" : ${value} , "__proto__": 1 }\n`).join(''),
    })
    expect(stdout).toBe(values.map((value) => `{"note":${value}}\n`).join(''))
  })

  it('reads any delimiter, and .tsv by name', async () => {
    const cwd = place({ 'a.tsv': 'id\tnote\n1\ta,b\n', 'b.csv': 'id.note\n1."a.b"\n' })
    mkdirSync(join(cwd, 'out'))
    expect((await batch(cwd, ['a.tsv', '-o', 'out/'])).code).toBe(0)
    expect((await batch(cwd, ['b.csv', '-o', 'out/', '--delimiter', '.'])).code).toBe(0)
    expect(read(cwd, 'out/a.tsv')).toBe(`id\tnote\n${token('1')}\ta,b\n`)
    expect(read(cwd, 'out/b.csv')).toBe(`id.note\n"${token('1')}"."a.b"\n`)
  })

  it('escapes formulas if told to', async () => {
    const cwd = place({ 'a.csv': 'id,note\n1,=1+1\n2,-5\n' })
    await batch(cwd, ['a.csv', '-o', 'plain.csv'])
    await batch(cwd, ['a.csv', '-o', 'safe.csv', '--escape-formulas'])
    expect(read(cwd, 'plain.csv')).toBe(`id,note\n${token('1')},=1+1\n${token('2')},-5\n`)
    expect(read(cwd, 'safe.csv')).toBe(`id,note\n${token('1')},'=1+1\n${token('2')},'-5\n`)
  })

  it('takes the keys that LETHE_KEYS_FILE names', async () => {
    const cwd = place({ 'a.csv': 'id\n1\n' })
    const { code, stdout } = await warm(['batch', 'a.csv', '-p', 'policy.yaml', '-o', '-', '-q'], {
      cwd,
      env: { LETHE_KEYS_FILE: join(cwd, 'keys.json') },
    })
    expect({ code, stdout }).toEqual({ code: 0, stdout: `id\n${token('1')}\n` })
  })

  it('does everything but write in a dry run', async () => {
    const cwd = place({ 'a.ndjson': '{"note":1}\n{"note":\n' })
    const before = readdirSync(cwd)
    const { code, stdout, stderr } = await batch(cwd, [
      'a.ndjson',
      '--dry-run',
      '--dead-letter',
      'd',
      '--summary',
      's',
    ])
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' })
    expect(stderr).toContain('dry run: nothing was written')
    expect(stderr).toMatch(/json-truncated +1\b/)
    expect(readdirSync(cwd)).toEqual(before)
  })
})

describe('the account of lethe batch', () => {
  const policy = `policy: kept
version: 2
purpose: train_ai_system
time: at
fields:
  at: { use: generalize.date, to: day }
  phone: { use: mask.characters, keepLast: 2 }
  note: keep
  never: keep
retention:
  steps:
    - { after: 30d, fields: { phone: drop } }
    - { after: 400d, then: suppress }
`
  const input = [
    '{"at":"2026-01-01T00:00:00Z","phone":"5551234567","note":1,"more":1}',
    '{"at":"2025-12-02T00:00:01Z","phone":"5551234567","note":null}',
    '{"at":"2025-12-02T00:00:00Z","phone":"5551234567","note":3}',
    '{"at":"2024-11-27T00:00:00Z","note":4}',
    '{"at":"2024-11-26T23:59:59Z","note":5}',
    '{"at":"2026-01-01T00:06:00Z","note":6}',
    '{"at":"1 May","note":7}',
    '{"note":8}',
    '{"at":"2026-01-01T00:00:00Z","note":{}}',
    '{"note":',
    '{"at":"2026-01-01T00:00:00Z","note":9}x',
    '',
  ].join('\n')

  it('judges retention at --as-of, adds up to the record, and lists dead letters without a value', async () => {
    const cwd = place({ 'in.ndjson': input, 'kept.yaml': policy })
    const { code, stderr } = await warm(
      [
        'batch',
        'in.ndjson',
        '-p',
        'kept.yaml',
        '-o',
        'out.ndjson',
        '--as-of',
        '2026-01-01T00:00:00Z',
        '--dead-letter',
        'd.ndjson',
        '--summary',
        's.json',
      ],
      { cwd },
    )
    expect(code).toBe(3)
    expect(read(cwd, 'out.ndjson')).toBe(
      [
        '{"at":"2026-01-01","phone":"********67","note":1}',
        '{"at":"2025-12-02","phone":"********67","note":null}',
        '{"at":"2025-12-02","note":3}',
        '',
      ].join('\n'),
    )
    const dead = read(cwd, 'd.ndjson')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(dead.map(({ input: ordinal, line, code: why, rule }) => [ordinal, line, why, rule])).toEqual([
      [1, 6, 'event-time-future', undefined],
      [1, 7, 'event-time-unparsable', undefined],
      [1, 8, 'event-time-missing', undefined],
      [1, 9, 'container-for-scalar', undefined],
      [1, 10, 'json-truncated', undefined],
      [1, 11, 'json-trailing', undefined],
    ])
    const summary = JSON.parse(read(cwd, 's.json'))
    for (const line of dead) {
      expect(Object.keys(line)).toEqual(['v', 'input', 'line', 'code', 'policy'])
      expect(line['policy']).toBe(`kept@2#${summary.policy.fingerprint}`)
    }
    expect(summary).toMatchObject({
      lethe: 'summary',
      v: 1,
      status: 'done',
      asOf: '2026-01-01T00:00:00.000Z',
      inputs: [{ input: 1, format: 'ndjson', bytes: Buffer.byteLength(input), records: 11 }],
      records: { in: 11, published: 3, blank: 0, suppressed: { 'retention suppress after 400d': 2 } },
      unlisted: 1,
    })
    const total = (counts: Record<string, number>) => Object.values(counts).reduce((a, b) => a + b, 0)
    const { records } = summary
    expect(records.in).toBe(records.published + total(records.suppressed) + total(records.deadLettered))
    const rule = (label: string) => summary.rules.find((r: { rule: string }) => r.rule === label)
    expect(rule('phone mask.characters')).toMatchObject({ applied: 2, absent: 0, null: 0, failed: 0 })
    expect(rule('phone drop after 30d')).toMatchObject({ applied: 1 })
    expect(rule('note keep')).toMatchObject({ applied: 2, null: 1 })
    expect(summary.warnings).toEqual([expect.stringContaining('never keep')])
    expect(stderr).toMatch(/suppressed +2\b/)
  })

  it('says once that no rule met a value, as under the policy of other data', async () => {
    const cwd = place({ 'a.ndjson': '{"other":1}\n'.repeat(3), 'b.ndjson': '{"id":"1"}\n' })
    const { code, stderr } = await batch(cwd, ['a.ndjson', '-o', 'out.ndjson'])
    expect(code).toBe(0)
    expect(stderr.match(/warning: .*/g)).toEqual([
      expect.stringContaining('no rule of the policy met a value'),
    ])
    const some = await batch(cwd, ['b.ndjson', '-o', 'out.ndjson'])
    expect(some.stderr.match(/never met a value/g)).toHaveLength(3)
  })

  it('names the rule that failed, by its label', async () => {
    const cwd = place({
      'p.yaml': POLICY.replace(
        'note: { use: keep, lineBreaks: allow }',
        'note: { use: generalize.number, width: 10 }',
      ),
      'in.csv': 'note\n5\nbroken\n"a\nb"\n7\n',
    })
    const { code } = await warm(
      ['batch', 'in.csv', '-p', 'p.yaml', '--keys', 'keys.json', '-o', 'o.csv', '--dead-letter', 'd'],
      { cwd },
    )
    expect(code).toBe(3)
    expect(read(cwd, 'o.csv')).toBe('note\n"[0,10)"\n"[0,10)"\n')
    expect(
      read(cwd, 'd')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toMatchObject([
      { line: 3, code: 'unparsable', rule: 'note generalize.number' },
      { line: 4, code: 'unparsable', rule: 'note generalize.number' },
    ])
  })

  it('counts every line behind a quote that never closes, and goes on with the next input', async () => {
    const cwd = place({ 'a.csv': 'id,note\n1,x\n2,"y\n3,z\n4,w\n', 'b.csv': 'id,note\n5,v\n' })
    const { code } = await batch(cwd, [
      'a.csv',
      'b.csv',
      '-o',
      'o.csv',
      '--dead-letter',
      'd',
      '--summary',
      's',
    ])
    expect(code).toBe(3)
    expect(read(cwd, 'o.csv')).toBe(`id,note\n${token('1')},x\n${token('5')},v\n`)
    expect(JSON.parse(read(cwd, 'd'))).toMatchObject({
      input: 1,
      line: 3,
      records: 3,
      code: 'csv-quote-unclosed',
    })
    expect(JSON.parse(read(cwd, 's'))).toMatchObject({
      records: { in: 5, published: 2, deadLettered: { 'csv-quote-unclosed': 3 } },
      inputs: [{ records: 4 }, { records: 1 }],
    })
  })
})

describe('--max-dead-letters', () => {
  /** `count` records of which those in `bad` are broken. */
  const records = (count: number, bad: readonly number[]): string =>
    Array.from({ length: count }, (_, i) => (bad.includes(i + 1) ? '{\n' : `{"note":${i}}\n`)).join('')

  const cases: [string, number, number[], string[], boolean][] = [
    ['a count that is reached', 50, [1, 2], ['2'], true],
    ['a count that is passed', 50, [1, 2, 50], ['2'], false],
    ['none at all', 50, [30], ['0'], false],
    ['1 % by default, few records', 999, Array.from({ length: 999 }, (_, i) => i + 1), [], true],
    ['1 % by default, reached', 1000, Array.from({ length: 10 }, (_, i) => i + 1), [], true],
    ['1 % by default, passed', 1000, Array.from({ length: 11 }, (_, i) => i + 1), [], false],
    ['1 % passed for a while only', 2000, Array.from({ length: 11 }, (_, i) => 990 + i), [], false],
    ['a share of its own', 1000, Array.from({ length: 30 }, (_, i) => i + 1), ['3%'], true],
  ]
  it.each(cases)('%s', async (_, count, bad, limit, fine) => {
    const cwd = place({ 'in.ndjson': records(count, bad) })
    const verdicts: boolean[] = []
    for (const chunk of ['40', '5000']) {
      const args = ['in.ndjson', '-o', `out-${chunk}`, '-q', '--chunk-bytes', chunk, '--summary', 's.json']
      if (chunk === '40') args.push('--dead-letter', 'dead.ndjson')
      const { code, stderr } = await batch(cwd, [
        ...args,
        ...limit.flatMap((text) => ['--max-dead-letters', text]),
      ])
      expect(code).toBe(3)
      expect(stderr.includes('too many dead letters')).toBe(!fine)
      const list = chunk === '40' ? 'dead.ndjson lists where' : '--dead-letter FILE lists where'
      expect(stderr.includes(list)).toBe(!fine || chunk === '5000')
      expect(JSON.parse(read(cwd, 's.json')).status).toBe(fine ? 'done' : 'too-many-dead-letters')
      verdicts.push(existsSync(join(cwd, `out-${chunk}`)))
    }
    expect(verdicts).toEqual([fine, fine])
  })
})
