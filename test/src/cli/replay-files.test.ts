/** `lethe replay` of files: what it adds to the output of the run is what that run would have had. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { KEYS } from './batch-inputs.ts'
import { type Ended, folder, warm } from './lethe.ts'

const MARK = 'ZqCanaryXJ'

const policy = (version: number, otherwise: string): string => `policy: p
version: ${version}
purpose: train_ai_system
fields:
  id: { use: hash.hmac, domain: customer }
  at: { use: generalize.date, to: day, else: ${otherwise} }
  note: { use: mask.replace, with: x }
`
const OLD = policy(1, 'dead-letter')
const MENDED = policy(2, "'null'")

const REPLAY = [
  '--dead-letter',
  'dead.ndjson',
  '--summary',
  'run.json',
  '-p',
  'policy.yaml',
  '--keys',
  'keys.json',
]

/** Runs a batch by the old policy, and mends it. */
async function batched(files: Readonly<Record<string, string>>, out = 'out.csv'): Promise<string> {
  const cwd = folder({ ...files, 'policy.yaml': OLD })
  writeFileSync(join(cwd, 'keys.json'), KEYS, { mode: 0o600 })
  if (out.endsWith('/')) mkdirSync(join(cwd, out))
  const { code, stderr } = await warm(
    [
      ...['batch', ...Object.keys(files), '-p', 'policy.yaml', '--keys', 'keys.json', '-o', out, '-q'],
      ...['--dead-letter', 'dead.ndjson', '--summary', 'run.json', '--max-dead-letters', '100%'],
    ],
    { cwd },
  )
  expect(code, stderr).toBe(3)
  writeFileSync(join(cwd, 'policy.yaml'), MENDED)
  return cwd
}

const replay = (cwd: string, ...args: readonly string[]): Promise<Ended> =>
  warm(['replay', ...args, ...REPLAY, '--new-dead-letter', 'dead2.ndjson', '--new-summary', 'run2.json'], {
    cwd,
  })

const read = (cwd: string, name: string): string => readFileSync(join(cwd, name), 'utf8')
const letters = (cwd: string, name: string) =>
  read(cwd, name)
    .split('\n')
    .flatMap((line) =>
      line === '' ? [] : [JSON.parse(line) as { input: number; line: number; code: string }],
    )

const GOOD = '2026-03-01T10:00:00Z'

describe('lethe replay of files', () => {
  it('adds the records that died, and lists those that die again at their own lines', async () => {
    const rows = [
      `1,${GOOD},"${MARK} two\nlines"`,
      `2,${MARK},"a\nb"`,
      '',
      `3,${MARK}`,
      `4,${GOOD},c`,
      `5,${MARK},d`,
      `6,${MARK}"x,${MARK},e`,
    ]
    const cwd = await batched({ 'in.csv': `id,at,note\n${rows.join('\n')}\n` })
    expect(letters(cwd, 'dead.ndjson').map(({ line }) => line)).toEqual([4, 7, 9, 10])
    const ended = await replay(cwd, 'in.csv', '-o', 'more.csv')
    expect([ended.code, ended.stdout]).toEqual([3, ''])
    expect(letters(cwd, 'dead2.ndjson')).toMatchObject([
      { input: 1, line: 7, code: 'csv-ragged' },
      { input: 1, line: 10, code: 'csv-syntax' },
    ])
    const [header, ...more] = read(cwd, 'more.csv').trim().split('\n')
    const [sameHeader, ...before] = read(cwd, 'out.csv').trim().split('\n')
    expect([header, more.length, before.length]).toEqual([sameHeader, 2, 2])
    expect(JSON.parse(read(cwd, 'run2.json'))).toMatchObject({
      status: 'done',
      records: { in: 4, published: 2, blank: 0 },
    })
    const everything = [
      ended.stderr,
      ...['more.csv', 'dead2.ndjson', 'run2.json'].map((file) => read(cwd, file)),
    ]
    expect(everything.join('')).not.toContain(MARK)
    const verified = await warm(['verify', 'run2.json', 'more.csv', 'dead2.ndjson'], { cwd })
    expect(verified.code, verified.stderr).toBe(0)

    // What a replay wrote is the run of the next one.
    const third = await warm(
      [
        ...[
          'replay',
          'in.csv',
          '--dead-letter',
          'dead2.ndjson',
          '--summary',
          'run2.json',
          '-p',
          'policy.yaml',
        ],
        ...['--keys', 'keys.json', '-o', 'none.csv'],
      ],
      { cwd },
    )
    expect([third.code, read(cwd, 'none.csv')]).toEqual([3, `${header}\n`])
  })

  it('takes an array under any name, where --format says that it is one', async () => {
    const cwd = await batched({ 'in.json': `[{"id": 1, "at": "${MARK}", "note": "${MARK}"}]` }, 'out.json')
    renameSync(join(cwd, 'in.json'), join(cwd, 'in.txt'))
    const unsaid = await replay(cwd, 'in.txt', '-o', 'more.ndjson')
    expect([unsaid.code, unsaid.stderr]).toEqual([2, expect.stringContaining('say --format')])
    const ended = await replay(cwd, 'in.txt', '--format', 'json', '-o', 'more.ndjson')
    expect(ended.code, ended.stderr).toBe(0)
    expect(JSON.parse(read(cwd, 'more.ndjson'))).toMatchObject({ at: null })
  })

  it('goes by the ordinal of a record in JSON that is not one record a line', async () => {
    const record = (id: number, at: string) => `{"id": ${id},\n "at": "${at}", "note": "${MARK}"}`
    const array = `[${record(1, GOOD)}, ${record(2, MARK)},\n${record(3, MARK)}, 4, ${record(5, GOOD)} , ${record(6, MARK)}]`
    const cwd = await batched({ 'in.json': array, 'b.csv': `id,at,note\n7,x,y\n` }, 'out/')
    expect(letters(cwd, 'dead.ndjson')).toMatchObject([
      { input: 1, line: 2, record: 2, code: 'unparsable' },
      { input: 1, line: 4, record: 3, code: 'unparsable' },
      { input: 1, line: 5, record: 4, code: 'not-an-object' },
      { input: 1, line: 6, record: 6, code: 'unparsable' },
      { input: 2, line: 2, code: 'unparsable' },
    ])
    mkdirSync(join(cwd, 'more'))
    const ended = await replay(cwd, 'in.json', 'b.csv', '-o', 'more/')
    expect(ended.code, ended.stderr).toBe(3)
    // Under its own place in the file, the record that dies again can be replayed again.
    expect(letters(cwd, 'dead2.ndjson')).toMatchObject([
      { input: 1, line: 5, record: 4, code: 'not-an-object' },
    ])
    const before = JSON.parse(read(cwd, 'out/in.json')) as { id: string }[]
    const more = JSON.parse(read(cwd, 'more/in.json')) as { id: string; at: null }[]
    expect([before.length, more.map(({ at }) => at)]).toEqual([2, [null, null, null]])
    // What the mended policy makes of the whole is what stands in both files, each record once.
    const whole = await warm(
      [
        'batch',
        'in.json',
        '-p',
        'policy.yaml',
        '--keys',
        'keys.json',
        '-o',
        'whole.json',
        '-q',
        '--max-dead-letters',
        '9',
      ],
      { cwd },
    )
    expect(whole.code).toBe(3)
    const ids = (records: readonly { id: string }[]) => records.map(({ id }) => id).sort()
    expect(ids([...before, ...more])).toEqual(ids(JSON.parse(read(cwd, 'whole.json'))))
    expect(JSON.parse(read(cwd, 'run2.json'))).toMatchObject({ records: { in: 5, published: 4 } })
    expect([ended.stderr, read(cwd, 'dead2.ndjson'), read(cwd, 'run2.json')].join('')).not.toContain(MARK)
    const third = await warm(
      [
        ...['replay', 'in.json', '--dead-letter', 'dead2.ndjson', '--summary', 'run2.json'],
        ...['-p', 'policy.yaml', '--keys', 'keys.json', '-o', 'none.json'],
      ],
      { cwd },
    )
    expect([third.code, third.stderr]).toEqual([3, expect.stringContaining('not-an-object')])
  })

  it('refuses other files, another list and another way to read, by name', async () => {
    const cwd = await batched({ 'a.csv': `id,at,note\n1,x,y\n`, 'b.csv': `id,at,note\n2,${GOOD},y\n3,x,y\n` })
    const refusal = async (...args: readonly string[]) => {
      const { code, stderr } = await replay(cwd, ...args, '-o', 'more.csv')
      return [code, stderr]
    }
    expect(await refusal('a.csv')).toEqual([
      2,
      expect.stringContaining('input 2 of the run has dead letters'),
    ])
    // In any order.
    expect((await replay(cwd, 'b.csv', 'a.csv', '-o', 'more.csv')).code).toBe(0)
    expect(read(cwd, 'more.csv').trim().split('\n')).toHaveLength(3)
    writeFileSync(join(cwd, 'policy.yaml'), `${MENDED}input: { quote: none }\n`)
    expect(await refusal('a.csv', 'b.csv')).toEqual([2, expect.stringContaining('in another way')])
    writeFileSync(join(cwd, 'policy.yaml'), MENDED)
    writeFileSync(join(cwd, 'b.csv'), 'id,at,note\n2,2026-03-01T10:00:00Z,z\n3,x,y\n')
    expect(await refusal('a.csv', 'b.csv')).toEqual([
      2,
      expect.stringContaining('b.csv is no input of the run'),
    ])
    writeFileSync(join(cwd, 'dead.ndjson'), `${read(cwd, 'dead.ndjson')}\n`)
    expect(await refusal('a.csv')).toEqual([2, expect.stringContaining('dead.ndjson is not the list')])
    expect(await refusal('a.csv', '--route', 'r')).toEqual([
      2,
      expect.stringContaining('--route for the route'),
    ])
  })
})
