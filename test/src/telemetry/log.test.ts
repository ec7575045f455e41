/** The log: allow-listed fields and nothing else, whatever is thrown at it; nothing lost, and no flood. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { EXIT, LetheError } from '../../../src/errors.ts'
import type { EventKind, LogEvent } from '../../../src/telemetry/events.ts'
import { createLog, type Log, type LogOptions, logSettings } from '../../../src/telemetry/log.ts'

const FINGERPRINT = 'ab'.repeat(32)

/** One event of each kind. */
const events: { readonly [Kind in EventKind]: LogEvent & { readonly kind: Kind } } = {
  started: {
    kind: 'started',
    version: '0.1.0',
    pipeline: 'shop',
    driver: 'rdkafka',
    delivery: 'exactly-once',
    workers: 2,
  },
  listening: { kind: 'listening', host: '127.0.0.1', port: 9464 },
  'route-started': {
    kind: 'route-started',
    route: 'orders',
    policy: 'customer-events',
    policyVersion: 3,
    fingerprint: FINGERPRINT,
    topic: 'orders.clean',
    folder: '/srv/data',
  },
  'sketches-deleted': { kind: 'sketches-deleted', route: 'orders', count: 3 },
  'sketches-held': { kind: 'sketches-held', route: 'orders', count: 1 },
  'sketch-unwritten': { kind: 'sketch-unwritten', route: 'orders', code: 'file-unwritable' },
  'sketch-unread': { kind: 'sketch-unread', route: 'orders', code: 'sketch-damaged' },
  'file-published': {
    kind: 'file-published',
    route: 'orders',
    topic: 'shop.orders',
    partition: 3,
    offset: 500,
    next: 900,
    rows: 399,
  },
  'policy-loaded': {
    kind: 'policy-loaded',
    route: 'orders',
    policy: 'customer-events',
    policyVersion: 3,
    fingerprint: FINGERPRINT,
  },
  'schema-known': { kind: 'schema-known', route: 'orders', schema: 7 },
  'schema-refused': { kind: 'schema-refused', route: 'orders', schema: 7, code: 'schema-unknown' },
  'schema-held': { kind: 'schema-held', route: 'orders', schema: 7, code: 'tagged-without-rule' },
  'schema-waits': { kind: 'schema-waits', route: 'orders', schema: 7, code: 'registry-unreachable' },
  'key-loaded': { kind: 'key-loaded', key: 'k1', status: 'enabled', check: '5f914fda', primary: 'yes' },
  'configuration-changed': { kind: 'configuration-changed', what: 'policy', file: 'conf/politique é 1.yaml' },
  'mixed-fingerprints': {
    kind: 'mixed-fingerprints',
    route: 'orders',
    topic: 'orders.clean',
    partitions: 2,
    policy: 'customer-events',
    policyVersion: 2,
    fingerprint: FINGERPRINT,
  },
  'version-not-raised': {
    kind: 'version-not-raised',
    route: 'orders',
    topic: 'orders.clean',
    policy: 'customer-events',
    policyVersion: 3,
    fingerprint: FINGERPRINT,
  },
  'last-policy-unknown': {
    kind: 'last-policy-unknown',
    route: 'orders',
    topic: 'orders.clean',
    code: 'missing-right',
  },
  unchecked: { kind: 'unchecked', route: 'orders', topic: 'orders.clean', code: 'missing-right' },
  assigned: { kind: 'assigned', route: 'orders', partitions: 4 },
  revoked: { kind: 'revoked', route: 'orders', partitions: 4 },
  lost: { kind: 'lost', route: 'orders', partitions: 4 },
  progress: {
    kind: 'progress',
    route: 'orders',
    records: 9,
    published: 5,
    suppressed: 3,
    deadLetters: 1,
    lag: 7,
    milliseconds: 10_000,
  },
  'past-retention': { kind: 'past-retention', route: 'orders', topic: 'orders.clean', count: 2 },
  'suspect-values': { kind: 'suspect-values', route: 'orders', rule: 'remark keep', looksLike: 'email' },
  'dead-letters': { kind: 'dead-letters', route: 'orders', code: 'json-syntax', count: 3 },
  unkeyed: { kind: 'unkeyed', route: 'orders', count: 12 },
  'whole-keys': { kind: 'whole-keys', route: 'orders', count: 12 },
  'too-many-dead-letters': { kind: 'too-many-dead-letters', route: 'orders', count: 11, window: 1000 },
  unsettled: {
    kind: 'unsettled',
    route: 'orders',
    code: 'json-syntax',
    count: 3,
    first: 'orders.in/2/17 orders.in/3/4',
  },
  aborted: { kind: 'aborted', route: 'orders', code: 'rebalance-in-progress' },
  discarded: { kind: 'discarded', route: 'orders', code: 'rebalance' },
  retry: { kind: 'retry', route: 'orders', code: 'transport' },
  'client-lost': { kind: 'client-lost', route: 'orders', code: 'transaction-timeout' },
  'table-read': {
    kind: 'table-read',
    table: 'training',
    topic: 'shop.consent',
    partition: 0,
    offset: 42,
    count: 7,
    milliseconds: 61_000,
  },
  'table-behind': {
    kind: 'table-behind',
    table: 'training',
    topic: 'shop.consent',
    partition: 0,
    offset: 42,
    count: 7,
    milliseconds: 61_000,
  },
  'table-current': {
    kind: 'table-current',
    table: 'training',
    topic: 'shop.consent',
    partition: 0,
    offset: 42,
    count: 7,
    milliseconds: 61_000,
  },
  'snapshot-read': {
    kind: 'snapshot-read',
    table: 'training',
    topic: 'shop.consent',
    partition: 0,
    offset: 42,
    count: 7,
    milliseconds: 61_000,
  },
  'snapshot-written': {
    kind: 'snapshot-written',
    table: 'training',
    topic: 'shop.consent',
    partition: 0,
    offset: 42,
    count: 7,
    milliseconds: 0,
  },
  'snapshot-unused': {
    kind: 'snapshot-unused',
    table: 'training',
    topic: 'shop.consent',
    partition: 0,
    offset: 0,
    code: 'too-old',
  },
  'snapshot-unwritten': {
    kind: 'snapshot-unwritten',
    table: 'training',
    topic: 'shop.consent',
    partition: 0,
    offset: 42,
    code: 'enospc',
  },
  'table-record': {
    kind: 'table-record',
    table: 'training',
    topic: 'shop.consent',
    partition: 0,
    offset: 42,
  },
  'reached-end': { kind: 'reached-end', route: 'orders' },
  'worker-started': { kind: 'worker-started', worker: 1 },
  'worker-ended': { kind: 'worker-ended', worker: 1, exitCode: -1, restartMilliseconds: 500 },
  stopping: { kind: 'stopping', signal: 'SIGTERM', milliseconds: 30_000 },
  stopped: { kind: 'stopped', exitCode: 0, milliseconds: 100 },
  failed: { kind: 'failed', route: 'orders', code: 'fenced' },
  client: { kind: 'client', client: 'rdkafka', severity: 'error', code: 'all-brokers-down' },
}

let lines: string[] = []
const logs: Log[] = []

function log(options: Partial<LogOptions> = {}): Log {
  const made = createLog({ format: 'json', level: 'debug', write: (text) => lines.push(text), ...options })
  logs.push(made)
  return made
}

const parsed = (): Record<string, unknown>[] =>
  lines.map((line) => JSON.parse(line) as Record<string, unknown>)

beforeEach(() => {
  lines = []
})
afterEach(() => {
  for (const one of logs.splice(0)) one.close()
  vi.useRealTimers()
})

describe('a line', () => {
  it.each(Object.keys(events) as EventKind[])('of JSON has the fields of %s as they are', (kind) => {
    log().event(events[kind])
    const { level, time, message, ...fields } = parsed()[0]!
    expect(['error', 'warn', 'info', 'debug']).toContain(level)
    expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    expect(message).toMatch(/^[A-Za-z:;, ]+$/)
    expect(fields).toEqual(events[kind])
    expect(lines[0]).toMatch(/^[^\n]+\n$/)
  })

  it('of text is for people', () => {
    vi.useFakeTimers({ now: Date.UTC(2026, 0, 2, 3, 4, 5, 6) })
    log({ format: 'text', worker: 2 }).event(events['aborted'])
    expect(lines).toEqual([
      '2026-01-02T03:04:05.006Z warn  aborted worker=2 route=orders code=rebalance-in-progress: a transaction is aborted\n',
    ])
  })

  it('tells the worker process', () => {
    log({ worker: 3 }).event(events['reached-end'])
    expect(parsed()[0]).toMatchObject({ kind: 'reached-end', worker: 3 })
  })

  it('names no route where there is none', () => {
    log().event({ kind: 'failed', route: '', code: 'topic-missing' })
    expect(parsed()[0]).toMatchObject({ kind: 'failed', code: 'topic-missing' })
    expect(parsed()[0]).not.toHaveProperty('route')
  })

  it('of a client is as grave as the client says', () => {
    const { event } = log({ level: 'warn' })
    for (const severity of ['error', 'warn', 'info', 'debug'] as const)
      event({ kind: 'client', client: 'kafkajs', severity, code: 'kafkajs-response-error' })
    expect(parsed().map(({ level }) => level)).toEqual(['error', 'warn'])
  })

  it('below the level is not written', () => {
    log({ level: 'info' }).event({ ...events['client'], severity: 'debug' })
    expect(lines).toEqual([])
  })
})

describe('what must not come out', () => {
  const CANARY = 'canary Ada Lovelace <ada@example.org>'

  it('does not, whatever stands in whichever field', () => {
    const foreign = fc.constantFrom<unknown>(
      CANARY,
      new Error(CANARY),
      { message: CANARY, toString: () => CANARY, toJSON: () => CANARY },
      [CANARY],
      Object.assign(new Error(CANARY), { code: CANARY }),
      { toString: CANARY, valueOf: CANARY },
      Symbol(CANARY),
      () => CANARY,
      Buffer.from(CANARY),
      Number.NaN,
      Number.POSITIVE_INFINITY,
      null,
      undefined,
    )
    const anything = fc.oneof(foreign, fc.anything(), fc.string({ unit: 'binary' }))
    const kinds = fc.constantFrom(...(Object.keys(events) as EventKind[]))
    const extra = fc.constantFrom(
      'err',
      'error',
      'message',
      'msg',
      'level',
      'time',
      'value',
      'stack',
      'record',
    )
    const given = fc.record({
      kind: kinds,
      fields: fc.infiniteStream(anything),
      extra: fc.dictionary(extra, foreign, { noNullPrototype: true }),
    })
    fc.assert(
      fc.property(
        given,
        fc.constantFrom<'json' | 'text'>('json', 'text'),
        ({ kind, fields, extra }, format) => {
          lines = []
          const own = Object.keys(events[kind]).filter((name) => name !== 'kind')
          const event = {
            ...extra,
            ...Object.fromEntries(own.map((name) => [name, fields.next().value])),
            kind,
          }
          const made = createLog({ format, level: 'debug', write: (text) => lines.push(text) })
          made.event(event as never)
          made.close()
          expect(lines.join('')).not.toMatch(/canary|ada@example/)
          expect(lines.join('').split('\n').length).toBe(lines.length + 1)
          if (format === 'text') return
          for (const line of parsed()) {
            const allowed = [...own, 'kind', 'level', 'time', 'message']
            expect(Object.keys(line).filter((name) => !allowed.includes(name))).toEqual([])
            for (const value of Object.values(line)) expect(['string', 'number']).toContain(typeof value)
          }
        },
      ),
      { numRuns: 500 },
    )
  })

  it('is named other, or left out where it is not a number', () => {
    log().event({ kind: 'retry', route: `orders ${CANARY}`, code: CANARY })
    log().event({ kind: 'assigned', route: 'orders', partitions: CANARY as never })
    expect(parsed()).toMatchObject([{ route: 'other', code: 'other' }, { route: 'orders' }])
    expect(parsed()[1]).not.toHaveProperty('partitions')
  })

  it('is not an event at all', () => {
    for (const kind of [CANARY, 'constructor', '__proto__', 42]) log().event({ kind } as never)
    expect(lines).toEqual([])
  })
})

describe('a flood', () => {
  const retry = (code: string): LogEvent => ({ kind: 'retry', route: 'orders', code })

  beforeEach(() => {
    vi.useFakeTimers()
  })

  it('of one kind and code is one line a second, with the number of those left out', () => {
    const { event } = log()
    for (let time = 0; time < 3000; time += 100) {
      event(retry('transport'))
      vi.advanceTimersByTime(100)
    }
    vi.advanceTimersByTime(5000)
    // Three seconds of ten each: all thirty are told of.
    const told = parsed().map(({ omitted }) => 1 + Number(omitted ?? 0))
    expect(told.reduce((a, b) => a + b)).toBe(30)
    const times = parsed().map(({ time }) => Date.parse(String(time)))
    expect(times.length).toBeGreaterThanOrEqual(3)
    for (let i = 1; i < times.length; i++) expect(times[i]! - times[i - 1]!).toBeGreaterThanOrEqual(1000)
    expect(parsed()[0]).not.toHaveProperty('omitted')
  })

  it('leaves other codes, routes and kinds alone', () => {
    const { event } = log()
    for (let i = 0; i < 5; i++) {
      event(retry('transport'))
      event(retry('timed-out'))
      event({ kind: 'retry', route: 'clicks', code: 'transport' })
      event({ kind: 'aborted', route: 'orders', code: 'transport' })
      event({ kind: 'stopped', exitCode: 0, milliseconds: 1 })
    }
    expect(lines.length).toBe(4 + 5)
  })

  it('is written out at a flush, and the last of it is what is told', () => {
    const { event, flush } = log()
    for (let lag = 1; lag <= 4; lag++) event({ ...events['progress'], lag, milliseconds: 1 })
    flush()
    flush()
    // What the policy suppressed is another number than the lines left out.
    expect(parsed()).toMatchObject([{ lag: 1 }, { lag: 4, omitted: 2, suppressed: 3 }])
  })

  it('of made-up routes does not fill the memory', () => {
    const { event, flush } = log()
    for (let route = 0; route < 5000; route++) event({ kind: 'retry', route: `r${route}`, code: 'epipe' })
    flush()
    expect(lines.length).toBe(1002)
    expect(parsed().at(-1)).toMatchObject({ omitted: 3998 })
  })

  it('does not keep the process waiting', () => {
    const { event } = log()
    event(retry('transport'))
    event(retry('transport'))
    vi.advanceTimersByTime(60_000)
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('the settings', () => {
  it('are text on a terminal and JSON elsewhere, unless the environment says', () => {
    expect(logSettings({}, true)).toEqual({ format: 'text', level: 'info' })
    expect(logSettings({ LETHE_LOG: '', LETHE_LOG_LEVEL: '' }, false)).toEqual({
      format: 'json',
      level: 'info',
    })
    expect(logSettings({ LETHE_LOG: 'json', LETHE_LOG_LEVEL: 'debug' }, true)).toEqual({
      format: 'json',
      level: 'debug',
    })
  })

  it.each([
    ['LETHE_LOG', 'json, text'],
    ['LETHE_LOG_LEVEL', 'error, warn, info, debug'],
  ])('refuse another word in %s, and do not repeat it', (name, words) => {
    try {
      logSettings({ [name]: 'secret' }, true)
      expect.unreachable()
    } catch (error) {
      expect(error).toBeInstanceOf(LetheError)
      expect((error as LetheError).exitCode).toBe(EXIT.usage)
      expect((error as LetheError).message).not.toContain('secret')
      expect((error as LetheError).suggestion).toContain(words)
    }
  })
})

describe('stderr of a process', () => {
  const script = `
    const { createLog } = await import(${JSON.stringify(
      new URL('../../../dist/src/telemetry/log.js', import.meta.url).href,
    )})
    const log = createLog({ format: 'json', level: 'info' })
    await new Promise((resolve) => process.stdin.once('data', resolve))
    for (let i = 0; i < 3000; i++) log.event({ kind: 'worker-started', worker: i })
    for (let i = 0; i < 10; i++) log.event({ kind: 'retry', route: 'orders', code: 'epipe' })
    process.exit(7)
  `

  const run = (prepare: (stderr: NodeJS.ReadableStream & { destroy: () => void }) => void) =>
    new Promise<{ code: number | null; stderr: string }>((resolve, reject) => {
      const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
        cwd: fileURLToPath(new URL('../../..', import.meta.url)),
      })
      let stderr = ''
      child.stderr.on('data', (chunk) => {
        stderr += chunk
      })
      prepare(child.stderr)
      child.on('error', reject)
      child.on('close', (code) => resolve({ code, stderr }))
      child.stdin.on('error', () => {})
      child.stdin.end('go')
    })

  it('has every line, though the process exits at once', async () => {
    const { code, stderr } = await run(() => {})
    expect(code).toBe(7)
    const written = stderr.trim().split('\n')
    expect(written.length).toBe(3002)
    expect(JSON.parse(written[2999]!)).toMatchObject({ kind: 'worker-started', worker: 2999 })
    expect(JSON.parse(written[3001]!)).toMatchObject({ kind: 'retry', omitted: 8 })
  })

  it('may be closed: the process goes on', async () => {
    const { code } = await run((stderr) => stderr.destroy())
    expect(code).toBe(7)
  })
})
