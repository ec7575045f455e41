/** Dates as exports write them, from a file to a file, and the formats that `lethe init` proposes for them. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { folder, warm } from './lethe.ts'

const HEAD = 'policy: dates\nversion: 1\npurpose: train_ai_system\n'

/** Values, by the rule that they stand under, and what is to leave. */
const COLUMNS: Readonly<
  Record<string, readonly [rule: string, pairs: readonly (readonly [string, string])[]]>
> = {
  auto: [
    '{ use: generalize.date, to: hour }',
    [
      ['2026-03-10T10:00:00.000+0000', '2026-03-10T10:00:00Z'],
      ['2026-03-10 10:00:00.123+00', '2026-03-10T10:00:00Z'],
      ['2026-03-10 10:00:00 UTC', '2026-03-10T10:00:00Z'],
      ['2026-03-10 10:00:00Z', '2026-03-10T10:00:00Z'],
      ['2026-03-10T10:00Z', '2026-03-10T10:00:00Z'],
      ['2026-03-10T10:00:00+01', '2026-03-10T09:00:00Z'],
      ['20260310T100000Z', '2026-03-10T10:00:00Z'],
      ['Tue, 10 Mar 2026 10:00:00 GMT', '2026-03-10T10:00:00Z'],
      ['2026-03-10T10:00:00+01:00[Europe/Warsaw]', '2026-03-10T09:00:00Z'],
      ['2026-03-10T24:00:00Z', '2026-03-11T00:00:00Z'],
      ['2026-03-10 10:00:00 -0500', '2026-03-10T15:00:00Z'],
      ['10/03/2026', ''],
      ['20260310', ''],
    ],
  ],
  shop: [
    '{ use: generalize.date, to: hour, format: yyyy-MM-dd HH:mm:ss XX }',
    [
      ['2026-03-10 10:00:00 -0500', '2026-03-10T15:00:00Z'],
      ['2026-03-10 10:00:00 -05:00', ''],
    ],
  ],
  local: [
    '{ use: generalize.date, to: hour, format: "dd/MM/yyyy HH:mm", zone: Europe/Warsaw }',
    [
      ['10/03/2026 10:00', '2026-03-10T10:00:00+01:00'],
      ['13/13/2026 10:00', ''],
    ],
  ],
  seconds: [
    '{ use: generalize.date, to: month, format: epoch-seconds }',
    [
      ['1773136800.123', '2026-03'],
      ['20522', ''],
      ['20260310', ''],
      ['1773136800123', ''],
    ],
  ],
  days: [
    '{ use: generalize.date, to: month, format: epoch-days }',
    [
      ['20522', '2026-03'],
      ['1990', ''],
    ],
  ],
  micros: [
    '{ use: generalize.date, to: month, format: epoch-microseconds }',
    [
      ['1773136800123456', '2026-03'],
      ['1773136800123', ''],
    ],
  ],
  born: [
    '{ use: generalize.birth-year, asOfYear: 2026, format: epoch-days, notBefore: 1900-01-01 }',
    [
      ['1990', '1975'],
      ['-7000', '1950'],
    ],
  ],
  born_pattern: ['{ use: generalize.birth-year, asOfYear: 2026, format: d.M.yyyy }', [['9.3.1985', '1985']]],
  ranged: [
    '{ use: generalize.date, to: day, notBefore: 2026-01-01, notAfter: 2026-12-31 }',
    [
      ['2026-12-31T23:59:59Z', '2026-12-31'],
      ['2027-01-01T00:00:00Z', ''],
    ],
  ],
  several: [
    '{ use: generalize.date, to: month, formats: [epoch-seconds, epoch-milliseconds, d MMM yyyy] }',
    [
      ['1773136800', '2026-03'],
      ['1773136800123', '2026-03'],
      ['9 Mar 2026', '2026-03'],
    ],
  ],
}

describe('lethe batch', () => {
  it('reads dates as exports write them, in JSON and CSV, with kernels and without', async () => {
    const fields = Object.entries(COLUMNS).map(
      ([name, [rule]]) => `  ${name}: ${rule.replace(/ }$/, ', else: null }')}`,
    )
    const rows = Array.from({ length: 13 }, (_, at) =>
      Object.entries(COLUMNS).map(([name, [, pairs]]) => [name, ...(pairs[at] ?? ['', ''])] as const),
    )
    const names = Object.keys(COLUMNS)
    const cwd = folder({
      'policy.yaml': `${HEAD}fields:\n${fields.join('\n')}\n`,
      'in.ndjson': rows.map((row) => `${JSON.stringify(Object.fromEntries(row))}\n`).join(''),
      'in.csv': `${names.join()}\n${rows.map((row) => `${row.map(([, text]) => `"${text}"`).join()}\n`).join('')}`,
    })
    const run = async (input: string, output: string) => {
      const args = ['batch', input, '-p', 'policy.yaml', '-o', output, '--as-of', '2026-06-01', '--quiet']
      const { code, stderr } = await warm(args, { cwd })
      expect([code, stderr]).toEqual([0, ''])
      return readFileSync(join(cwd, output), 'utf8').trimEnd().split('\n')
    }
    const json = (await run('in.ndjson', 'out.ndjson')).map((line) => JSON.parse(line))
    const csv = (await run('in.csv', 'out.csv')).slice(1).map((line) => line.replaceAll('"', '').split(','))
    rows.forEach((row, at) => {
      for (const [name, text, expected] of row) {
        expect([name, text, json[at][name] ?? '']).toEqual([name, text, expected])
        expect([name, text, csv[at]![names.indexOf(name)]]).toEqual([name, text, expected])
      }
    })
  })

  it('judges the range of epoch numbers by --as-of, and says so of event times', async () => {
    const cwd = folder({
      'policy.yaml': `${HEAD}time: { path: at, format: epoch-seconds }\nfields: { v: { use: generalize.category, allow: [a] } }\nretention: { steps: [{ after: 30y, then: suppress }] }\n`,
      'in.ndjson': '{"at":1773136800,"v":"a"}\n{"at":20522,"v":"a"}\n{"at":1773136800123,"v":"a"}\n',
    })
    const run = async (asOf: string) => {
      const args = ['batch', 'in.ndjson', '-p', 'policy.yaml', '-o', `out-${asOf}`, '--as-of', asOf]
      const more = ['--max-dead-letters', '100%', '--dead-letter', `dead-${asOf}`, '--quiet']
      await warm([...args, ...more], { cwd })
      const dead = readFileSync(join(cwd, `dead-${asOf}`), 'utf8')
        .trimEnd()
        .split('\n')
      return dead.map((line) => JSON.parse(line).code as string)
    }
    const outside = 'event-time-out-of-domain'
    expect(await run('2026-06-01')).toEqual([outside, outside])
    expect(await run('2025-03-01')).toEqual([outside, outside, outside])
  })
})

describe('lethe lint', () => {
  it.each([
    ['format: epoch-second', 'no format is called so', 'epoch-seconds'],
    ['format: dd/MM/yy', 'which does not say its century', 'yyyy'],
    ['format: YYYY-MM-DD', 'has the letter Y', 'write y'],
    ['formats: [dd/MM/yyyy, MM/dd/yyyy]', 'another one of format 2', 'not guessed'],
    ['formats: [auto, epoch-hours]', 'format 2 of the list: no format is called so', 'epoch-days'],
    ['format: auto, formats: [auto, dd/MM/yyyy]', 'format and formats exclude each other', 'remove one'],
    ['notBefore: yesterday', 'neither a date', '1990-01-01'],
    ['notBefore: 2026-01-01, notAfter: 2025-01-01', 'lies before notBefore', 'later'],
  ])('names what is wrong with %s, in a rule and in time:', async (options, message, way) => {
    const cwd = folder({
      'rule.yaml': `${HEAD}fields:\n  at: { use: generalize.date, to: month, ${options} }\n`,
      'time.yaml': `${HEAD}time: { path: at, ${options} }\nfields:\n  v: drop\n`,
    })
    for (const [file, code] of [
      ['rule.yaml', 'bad-option'],
      ['time.yaml', 'bad-time'],
    ] as const) {
      const { code: exit, stdout, stderr } = await warm(['lint', file], { cwd })
      const told = (stdout + stderr).replace(/\s+/g, ' ')
      expect(exit).toBe(1)
      expect(told).toContain(code)
      expect(told).toContain(message)
      expect(told).toContain(way)
      expect(told).toMatch(new RegExp(`${file}:[45]:\\d+`))
    }
  })
})

describe('lethe init', () => {
  it('proposes the formats that it sees, leaves undecided what it cannot tell, and batch reads all', async () => {
    const rows = 120
    const pad = (n: number) => String(n).padStart(2, '0')
    const columns: Readonly<Record<string, (at: number) => string>> = {
      customer_id: (at) => `C-${at % 30}`,
      occurred_at: (at) => `${pad((at % 28) + 1)}/03/2026 10:${pad(at % 60)}`,
      updated_at: (at) => `3/${(at % 28) + 1}/2026 ${(at % 12) + 1}:05 PM`,
      paid_on: (at) => `2026-03-${pad((at % 28) + 1)} 10:00:00 -0500`,
      shipped_at: (at) => `2026-03-${pad((at % 28) + 1)} 10:00`,
      due_date: (at) => `${pad((at % 12) + 1)}/${pad(((at * 7) % 12) + 1)}/2026`,
      seen_ts: (at) => String(1_773_136_800_123_456 + at * 1_000_000),
      order_date: (at) => String(20_400 + at),
      month_day: (at) => `${(at % 28) + 1} Mar 2026`,
      birth_date: (at) => String(1990 + 97 * at),
    }
    const names = Object.keys(columns)
    const cwd = folder({
      'in.csv': `${names.join()}\n${Array.from({ length: rows }, (_, at) => names.map((name) => columns[name]!(at)).join()).join('\n')}\n`,
    })
    expect((await warm(['init', '--from', 'in.csv', '-o', 'draft.yaml'], { cwd })).code).toBe(0)
    const text = readFileSync(join(cwd, 'draft.yaml'), 'utf8')
    const draft = parse(text)
    expect(draft.time).toEqual({ path: 'occurred_at', format: 'dd/MM/yyyy HH:mm', zone: 'UTC' })
    const formats = Object.fromEntries(
      names
        .slice(1)
        .map((name) => [name, draft.fields[name].format ?? draft.fields[name].use ?? draft.fields[name]]),
    )
    expect(formats).toEqual({
      occurred_at: 'dd/MM/yyyy HH:mm',
      updated_at: 'M/d/yyyy h:mm a',
      paid_on: 'generalize.date',
      shipped_at: 'yyyy-MM-dd HH:mm',
      due_date: 'undecided',
      seen_ts: 'epoch-microseconds',
      order_date: 'epoch-days',
      month_day: 'd MMM yyyy',
      birth_date: 'epoch-days',
    })
    expect(text.replace(/\s+#\s+/g, ' ')).toMatch(/dd\/MM\/yyyy and MM\/dd\/yyyy alike/)
    expect(draft.fields.birth_date.notBefore).toBe('1900-01-01')
    const decided = text.replace(/due_date: undecided/, 'due_date: drop')
    const next = folder({ 'draft.yaml': decided, 'in.csv': readFileSync(join(cwd, 'in.csv'), 'utf8') })
    expect((await warm(['keys', 'create', 'keys.json'], { cwd: next })).code).toBe(0)
    const args = ['batch', 'in.csv', '-p', 'draft.yaml', '--keys', 'keys.json', '-o', 'out.csv', '--quiet']
    const { code, stderr } = await warm([...args, '--as-of', '2026-06-01'], { cwd: next })
    expect([code, stderr]).toEqual([0, ''])
  })
})
