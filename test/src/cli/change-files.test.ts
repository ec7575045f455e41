/** Change events in files: what `lethe batch`, `manifest`, `replay`, `explain`, `lint`, `init` and `retain` do with them. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createKeysetFile } from '../../../src/keys/file.ts'
import { createKeyset } from '../../../src/keys/keyset.ts'
import { type Ended, folder, warm } from './lethe.ts'

const POLICY = `policy: customers
version: 1
purpose: train_ai_system
subject: id
fields:
  id: { use: hash.hmac, domain: customer }
  email: { use: hash.hmac, domain: email }
  city: { use: generalize.prefix, keep: 2 }
  $change.op: keep
`
const P = '__debezium_unavailable_value'
const EVENTS = [
  { op: 'c', before: null, after: { id: 7, email: 'amara@x.example', city: 'Berlin' } },
  { op: 'u', before: { id: 7, email: 'amara@x.example' }, after: { id: 7, email: P, city: 'Bern' } },
  { op: 'd', before: { id: 7, email: null, city: null }, after: null },
]
const SCHEMA = { type: 'struct', fields: [{ field: 'email', default: 'CANARY' }] }
const wrapped = (event: unknown): string => JSON.stringify({ schema: SCHEMA, payload: event })
const LINES = [JSON.stringify(EVENTS[0]), wrapped(EVENTS[1]), wrapped(EVENTS[2]), 'null'].join('\n')

function place(files: Readonly<Record<string, string>> = {}): {
  readonly at: (name: string) => string
  readonly run: (...args: readonly string[]) => Promise<Ended>
  readonly read: (name: string) => string
} {
  const cwd = folder({ 'policy.yaml': POLICY, 'in.ndjson': `${LINES}\n`, ...files })
  createKeysetFile(join(cwd, 'keys.json'), createKeyset(new Date()))
  return {
    at: (name) => join(cwd, name),
    run: (...args) => warm(args, { cwd, env: { LETHE_KEYS_FILE: 'keys.json' } }),
    read: (name) => readFileSync(join(cwd, name), 'utf8'),
  }
}

const EVENT = ['--change', 'debezium', '--before-image', 'full'] as const
const BATCH = ['batch', 'in.ndjson', '-p', 'policy.yaml', ...EVENT] as const

describe('lethe batch --change debezium', () => {
  it('is named where events are read as rows', async () => {
    const { run } = place()
    const { stderr } = await run(
      'batch',
      'in.ndjson',
      '-p',
      'policy.yaml',
      '-o',
      'out.ndjson',
      '--max-dead-letters',
      '9',
    )
    expect(stderr).toMatch(/no rule of the policy met a value.*say --change debezium/)
  })

  it('gives both images the tokens that the row has in a file, with and without schema', async () => {
    const { run, read } = place({ 'row.ndjson': '{"id":7,"email":"amara@x.example","city":"Berlin"}\n' })
    expect((await run('batch', 'row.ndjson', '-p', 'policy.yaml', '-o', 'row-out.ndjson')).code).toBe(0)
    const row = JSON.parse(read('row-out.ndjson')) as { id: string; email: string; city: string }
    const { code } = await run(...BATCH, '-o', 'out.ndjson', '--summary', 'run.json')
    expect(code).toBe(0)
    const out = read('out.ndjson')
    expect(
      out
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([
      { op: 'c', before: null, after: row },
      { op: 'u', before: { id: row.id, email: row.email }, after: { ...row, email: P } },
      { op: 'd', before: { id: row.id, email: null, city: null }, after: null },
    ])
    expect(out).not.toContain('CANARY')
    expect(JSON.parse(read('run.json'))).toMatchObject({
      records: { in: 4, published: 3, suppressed: { 'change: tombstone': 1 } },
      rules: expect.arrayContaining([
        expect.objectContaining({ rule: '$change.op keep', applied: 3 }),
      ]) as unknown,
      inputForm: { change: { deletes: 'publish', before: 'full', placeholder: P } },
    })
    expect(JSON.parse(read('out.ndjson.lethe.json'))).toMatchObject({ change: 'debezium' })
  })

  it('leaves deletes out where it is told to, and takes another placeholder', async () => {
    const { run, read } = place({ 'in.ndjson': LINES.replace(P, 'n/a') })
    const more = [
      '--deletes',
      'suppress',
      '--placeholder',
      'n/a',
      '-o',
      'out.ndjson',
      '--summary',
      'run.json',
    ]
    expect((await run(...BATCH, ...more)).code).toBe(0)
    expect(read('out.ndjson')).toContain('"email":"n/a"')
    expect(JSON.parse(read('run.json'))).toMatchObject({
      records: { published: 2, suppressed: { 'change: delete': 1, 'change: tombstone': 1 } },
    })
    const alone = await run(
      'batch',
      'in.ndjson',
      '-p',
      'policy.yaml',
      '--deletes',
      'suppress',
      '-o',
      'no.ndjson',
    )
    expect([alone.code, alone.stderr]).toEqual([2, expect.stringContaining('--deletes is of change events')])
  })

  it('takes no row before for one unless it is said to be logged whole', async () => {
    const { run, read } = place()
    const more = ['--dead-letter', 'dead.ndjson', '--max-dead-letters', '100%', '--summary', 'run.json']
    const { code } = await run(
      'batch',
      'in.ndjson',
      '-p',
      'policy.yaml',
      '--change',
      'debezium',
      ...more,
      '-o',
      'out.ndjson',
    )
    expect(code).toBe(3)
    expect(read('out.ndjson')).toMatch(/^\{"op":"c"[^\n]+\n$/)
    expect(read('dead.ndjson')).toMatch(/^\{[^\n]*"line":2,"code":"change-before"[^\n]+\n$/)
    const { records } = JSON.parse(read('run.json')) as { records: object }
    expect(records).toMatchObject({
      suppressed: { 'change: delete without its row': 1, 'change: tombstone': 1 },
    })
  })

  it.each([
    [['rows.csv'], [], 2, 'is CSV, whose records are rows'],
    [['in.ndjson'], ['-o', 'out.parquet'], 2, 'rows of Parquet are values by themselves'],
    [['in.ndjson'], ['-o', 'out', '--partition-by', 'city'], 2, 'rows of a data set are values'],
    [['in.ndjson'], ['-o', 'out.ndjson', '-p', 'asks.yaml'], 2, 'a change event may hold two rows'],
  ])('refuses %s %s', async (inputs, more, code, says) => {
    const asks = POLICY.replace(
      '  $change.op',
      `  $key:
    - { use: hash.hmac, domain: customer, when: { id: ["1"] } }
    - { use: mask.null }
  $change.op`,
    )
    const { run, at } = place({ 'rows.csv': 'id,email,city\n7,a@x.example,B\n', 'asks.yaml': asks })
    const policy = more.includes('-p') ? [] : ['-p', 'policy.yaml']
    const output = more.includes('-o') ? [] : ['-o', 'out.ndjson']
    const ended = await run('batch', ...inputs, ...policy, ...more, ...output, '--change', 'debezium')
    expect([ended.code, ended.stderr]).toEqual([code, expect.stringContaining(says)])
    expect(['out', 'out.ndjson', 'out.parquet'].some((name) => existsSync(at(name)))).toBe(false)
  })

  it('is pinned by manifests and replays, and its outputs are left alone by what deletes', async () => {
    const { run, read, at } = place()
    expect((await run('manifest', 'in.ndjson', '-p', 'policy.yaml', ...EVENT, '-o', 'm.json')).code).toBe(0)
    expect(
      (await run('batch', '--manifest', 'm.json', '--shard', '0', '-p', 'policy.yaml', '-o', 'run')).code,
    ).toBe(0)
    expect((await run('account', 'merge', 'run', '-o', 'clean')).code).toBe(0)
    expect(await run(...BATCH, '-o', 'out.ndjson')).toMatchObject({ code: 0 })
    const merged = readdirSync(at('clean')).find((name) => name.endsWith('-in.ndjson'))
    expect(read(`clean/${merged}`)).toBe(read('out.ndjson'))

    const strict = POLICY.replace('  city: {', 'unlisted: reject\n  city: {').replace(
      'fields:\n',
      'unlisted: reject\nfields:\n',
    )
    writeFileSync(
      at('strict.yaml'),
      strict
        .replace('unlisted: reject\n  city', '  city')
        .replace('  city: { use: generalize.prefix, keep: 2 }\n', ''),
    )
    const whole = [
      ...['batch', 'in.ndjson', '-p', 'strict.yaml', ...EVENT, '-o', 'some.ndjson'],
      ...['--dead-letter', 'dead.ndjson', '--summary', 'run.json', '--max-dead-letters', '100%'],
    ]
    expect((await run(...whole)).code).toBe(3)
    expect(read('dead.ndjson')).toContain('unlisted-field')
    const replay = ['replay', 'in.ndjson', '--dead-letter', 'dead.ndjson', '--summary', 'run.json']
    const { code, stderr } = await run(...replay, '-p', 'policy.yaml', '-o', 'rest.ndjson')
    expect([code, stderr]).toEqual([0, expect.stringMatching(/published +3/)])
    expect(read('rest.ndjson')).toBe(read('out.ndjson'))

    const aged = `${POLICY.replace('subject: id', 'subject: id\ntime: at')}  at: { use: generalize.date, to: day }\nretention: { steps: [ { after: 30d, then: suppress } ] }\n`
    writeFileSync(at('policy.yaml'), aged)
    const old = { op: 'c', before: null, after: { id: 7, at: '2026-01-01T00:00:00Z' } }
    writeFileSync(at('in.ndjson'), JSON.stringify(old))
    expect((await run(...BATCH, '-o', 'out.ndjson', '--as-of', '2026-01-02')).code).toBe(0)
    const planned = await run(
      'retain',
      'plan',
      'out.ndjson',
      '-p',
      'policy.yaml',
      '--no-holds',
      '-o',
      'order.json',
    )
    expect(planned.stdout + planned.stderr).toContain('its records are change events')
  })
})

describe('change events elsewhere', () => {
  it('are explained with their schema around, and in a case', async () => {
    const { run, at } = place()
    writeFileSync(at('event.json'), wrapped(EVENTS[0]))
    const args = ['explain', '-p', 'policy.yaml', '--change', 'debezium', '--format', 'json', 'event.json']
    const { code, stdout } = await run(...args)
    expect(code).toBe(0)
    const { fields, outcome } = JSON.parse(stdout) as {
      outcome: string
      fields: { path: string; before: string[]; after: string[] }[]
    }
    expect(outcome).toBe('publish')
    expect(fields.find(({ path }) => path === 'city')).toMatchObject({
      before: ['"Berlin"'],
      after: ['"Be"'],
    })
    writeFileSync(
      at('policy.cases.yaml'),
      `cases:\n  - name: an event\n    change: debezium\n    input: { schema: {}, payload: { op: c, before: null, after: { city: Berlin } } }\n    expect: { op: c, before: null, after: { city: Be } }\n`,
    )
    const tested = await run('test', 'policy.yaml')
    expect([tested.code, tested.stdout]).toEqual([0, expect.stringContaining('an event')])
  })

  it('are looked at by lint', async () => {
    const { run, at } = place()
    expect((await run('lint', 'policy.yaml', '--change', 'debezium')).code).toBe(0)
    writeFileSync(
      at('asks.yaml'),
      `${POLICY}  $key:\n    - { use: hash.hmac, domain: customer, when: { id: ["1"] } }\n    - { use: mask.null }\n`,
    )
    expect((await run('lint', 'asks.yaml')).code).toBe(0)
    const { code, stdout } = await run('lint', 'asks.yaml', '--change', 'debezium')
    expect([code, stdout]).toEqual([1, expect.stringMatching(/^asks\.yaml:10:3 bad-change /)])
  })

  it('give a draft that speaks of the row, and are told apart from rows', async () => {
    const lines = Array.from({ length: 60 }, (_, n) => {
      const row = { id: n, email: `p${n}@x.example`, note: n % 2 === 0 ? P : 'a' }
      return wrapped({
        op: 'u',
        before: { ...row, note: null },
        after: row,
        source: { table: 'customers' },
        ts_ms: n,
      })
    })
    const { run, read } = place({ 'in.ndjson': lines.join('\n') })
    const { code, stderr } = await run(
      'init',
      '--from',
      'in.ndjson',
      '--change',
      'debezium',
      '-o',
      'draft.yaml',
    )
    expect([code, stderr]).toEqual([0, expect.stringContaining('120 rows in change events')])
    const draft = read('draft.yaml')
    expect(draft).toMatch(/^ {2}email: \{ use: hash\.hmac/m)
    expect(draft).toMatch(/^ {2}\$change\.op: keep$/m)
    expect(draft).toMatch(/^ {2}\$change\.source\.table: keep$/m)
    expect(draft).not.toMatch(/before|payload|unavailable/)
    expect((await run('init', '--from', 'in.ndjson')).stderr).toContain('look like change events of Debezium')
    const { code: none } = await run(
      'init',
      '--from',
      'policy.yaml',
      '--format',
      'csv',
      '--change',
      'debezium',
    )
    expect(none).toBe(2)
  })
})
