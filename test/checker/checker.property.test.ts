/** The checker passes every correct history, and none that was tampered with. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { drawOf } from '../integration/chaos/events.ts'
import { spellings } from '../integration/checker/canaries.ts'
import type { FindingKind, LogRecord } from '../integration/checker/records.ts'
import { type CheckOptions, check, describeReport } from '../integration/checker.ts'
import { CANARY } from './events.ts'
import { checkRun, history } from './history.ts'
import { ACTIONS } from './stream-model.ts'

const schedule = fc.array(fc.tuple(fc.constantFrom(...ACTIONS), fc.nat(2)), { maxLength: 250 })
const seed = fc.integer()

describe('a correct history', () => {
  it.each(['exactly-once', 'at-least-once'] as const)('passes whatever happens (%s)', (delivery) => {
    fc.assert(
      fc.property(seed, schedule, (seed, schedule) => {
        expect(describeReport(checkRun({ seed, delivery, schedule, records: 60 }))).toBe('clean')
      }),
    )
  })
})

type Draw = (below: number) => number
type Records = readonly LogRecord[]
/** The records changed, or undefined where there is nothing of the kind to change. */
type Tamper = (records: Records, draw: Draw) => Records | undefined

const pick = (draw: Draw, records: Records): LogRecord | undefined => records[draw(records.length)]
const changed =
  (
    change: (record: LogRecord, draw: Draw) => Partial<LogRecord>,
    fits: (record: LogRecord) => boolean = () => true,
  ): Tamper =>
  (records, draw) => {
    const record = pick(draw, records.filter(fits))
    return record && records.map((one) => (one === record ? { ...one, ...change(one, draw) } : one))
  }
const flipped = (bytes: Buffer, at: number): Buffer =>
  Buffer.from(bytes.map((byte, i) => (i === at ? byte ^ 1 : byte)))
const withHeader = ({ headers }: LogRecord, name: string, value: string): Partial<LogRecord> => ({
  headers: [...headers, { name, value: Buffer.from(value) }],
})
const withoutHeader = ({ headers }: LogRecord, gone: string): Partial<LogRecord> => ({
  headers: headers.filter(({ name }) => name !== gone),
})
const drop: Tamper = (records, draw) => {
  const record = pick(draw, records)
  return record && records.filter((one) => one !== record)
}
const copy: Tamper = (records, draw) => {
  const record = pick(draw, records)
  return record && [...records, { ...record, offset: 1_000_000 }]
}
const sourceOf = ({ headers }: LogRecord): string =>
  String(headers.find(({ name }) => name === 'lethe-source')?.value)
/** Two records of one key and one input partition change places. */
const swap: Tamper = (records, draw) => {
  const line = (one: LogRecord): string =>
    `${one.partition} ${one.key} ${sourceOf(one).split('/').slice(0, 2)}`
  const pairs = records.flatMap((a, i) =>
    records
      .slice(i + 1)
      .flatMap((b) => (line(a) === line(b) && sourceOf(a) !== sourceOf(b) ? [[a, b] as const] : [])),
  )
  const [a, b] = pairs[draw(pairs.length)] ?? []
  if (a === undefined || b === undefined) return undefined
  return records.map((one) =>
    one === a ? { ...a, offset: b.offset } : one === b ? { ...b, offset: a.offset } : one,
  )
}
const hasValue = ({ value }: LogRecord): boolean => value !== null
const leak =
  (where: (spelling: string) => Tamper): Tamper =>
  (records, draw) => {
    const all = [...spellings(CANARY).values()]
    return where(all[draw(all.length)]!)(records, draw)
  }
const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1')

const TAMPERED: readonly (readonly [string, 'outputs' | 'deadLetters', Tamper, FindingKind])[] = [
  ['an output is gone', 'outputs', drop, 'lost'],
  ['an output is there twice', 'outputs', copy, 'duplicate'],
  ['two outputs changed places', 'outputs', swap, 'reordered'],
  [
    'a byte of a value',
    'outputs',
    changed(({ value }, draw) => ({ value: flipped(value!, draw(value!.length)) }), hasValue),
    'wrong',
  ],
  [
    'a byte of a key',
    'outputs',
    changed(({ key }, draw) => ({ key: flipped(key!, draw(key!.length)) })),
    'wrong',
  ],
  ['no key', 'outputs', changed(() => ({ key: null })), 'wrong'],
  [
    'a tombstone that is an empty value',
    'outputs',
    changed(
      () => ({ value: Buffer.alloc(0) }),
      (one) => !hasValue(one),
    ),
    'wrong',
  ],
  [
    'an output of another source',
    'outputs',
    changed((one) => ({
      ...withHeader({ ...one, ...withoutHeader(one, 'lethe-source') }, 'lethe-source', 'in/0/999999'),
    })),
    'unaccounted',
  ],
  ['no source', 'outputs', changed((one) => withoutHeader(one, 'lethe-source')), 'unaccounted'],
  ['two sources', 'outputs', changed((one) => withHeader(one, 'lethe-source', 'in/0/0')), 'unaccounted'],
  ['no policy', 'outputs', changed((one) => withoutHeader(one, 'lethe-policy')), 'wrong'],
  ['a header that is not listed', 'outputs', changed((one) => withHeader(one, 'trace', '1')), 'wrong'],
  ['a dead letter is gone', 'deadLetters', drop, 'lost'],
  ['a dead letter is there twice', 'deadLetters', copy, 'duplicate'],
  ['a dead letter with a key', 'deadLetters', changed(() => ({ key: Buffer.from('a') })), 'wrong'],
  [
    'another code',
    'deadLetters',
    changed(({ value }) => ({ value: Buffer.from(String(value).replace('json-invalid', 'other')) })),
    'wrong',
  ],
  [
    'another place',
    'deadLetters',
    changed(({ value }) => ({ value: Buffer.from(String(value).replace(/"offset":/, '"offset":99999')) })),
    'unaccounted',
  ],
  [
    'a member more',
    'deadLetters',
    changed(({ value }) => ({ value: Buffer.from(String(value).replace('{', '{"more":1,')) })),
    'wrong',
  ],
  [
    'a raw value in a header',
    'outputs',
    leak((text) =>
      changed((one) => ({ headers: [...one.headers, { name: 'a', value: latin1(`x${text}`) }] })),
    ),
    'raw',
  ],
  ['a raw value in the name of a header', 'outputs', changed((one) => withHeader(one, CANARY, '')), 'raw'],
  [
    'a raw value in a value',
    'outputs',
    leak((text) => changed(({ value }) => ({ value: Buffer.concat([value!, latin1(text)]) }), hasValue)),
    'raw',
  ],
  ['a raw value in a key', 'outputs', leak((text) => changed(() => ({ key: latin1(`${text}?`) }))), 'raw'],
  [
    'a raw value in a dead letter',
    'deadLetters',
    leak((text) => changed(() => ({ value: latin1(text) }))),
    'raw',
  ],
]

describe('a history that was tampered with', () => {
  it.each(TAMPERED)('fails: %s', (_, which, tamper, kind) => {
    let changes = 0
    fc.assert(
      fc.property(seed, schedule, fc.integer(), (seed, schedule, choice) => {
        const truth: CheckOptions = history({ seed, delivery: 'exactly-once', schedule, records: 60 })
        const records = tamper(truth[which], drawOf(choice))
        fc.pre(records !== undefined)
        changes++
        const report = check({ ...truth, [which]: records })
        expect(report.ok).toBe(false)
        expect(report.counts[kind] ?? 0).toBeGreaterThan(0)
      }),
      { numRuns: 15 },
    )
    expect(changes).toBeGreaterThanOrEqual(15)
  })

  it('tells no value', () => {
    const truth = history({ seed: 1, delivery: 'exactly-once', defect: 'raw key' })
    expect(JSON.stringify(check(truth))).not.toContain(CANARY)
  })
})
