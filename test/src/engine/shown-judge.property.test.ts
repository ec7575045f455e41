/** In a stream a record leaves where enough data subjects have shown its class within the window, as a naive count over all that was shown says. */
import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Message } from '../../../src/engine/message.ts'
import { shownJudge } from '../../../src/engine/shown-judge.ts'
import { NO_DATA } from '../../../src/gates/gate-data.ts'
import { compilePolicy } from '../../../src/policy/compile.ts'
import { policyFileOf } from '../../../src/policy/policy-file.ts'
import { createMessageDeidentifier } from '../../../src/run/message-deidentifier.ts'

const DAY = 86_400_000
const START = Date.UTC(2026, 2, 1)

const policyOf = (k: number, l: number | undefined): string => `policy: p
version: 1
purpose: train_ai_system
subject: s
fields:
  a: { use: keep, role: quasi-identifier }
  $headers.h: { use: mask.characters, keepFirst: 1, length: 4, role: quasi-identifier }
  d: { use: keep, role: sensitive }
  born: { use: generalize.date, to: year, format: date }
consent: { from: ok, when: { is: true } }
crowd: { k: ${k}, ${l === undefined ? '' : `l: ${l}, `}onFail: suppress, window: 10d }
`

interface Shown {
  readonly s: string | number | null
  readonly a: string | null
  readonly h: string
  readonly d: string
  readonly born: string
  readonly ok: boolean
}
const mostly = <T>(common: T, other: T): fc.Arbitrary<T> =>
  fc.oneof({ weight: 9, arbitrary: fc.constant(common) }, fc.constant(other))
const anyShown: fc.Arbitrary<Shown> = fc.record({
  s: fc.constantFrom<Shown['s']>('p', 'q', 'r', 7, '7', null),
  a: fc.constantFrom('x', 'y', null),
  h: mostly('north', 'south'),
  d: fc.constantFrom('flu', 'cold', 'ache'),
  born: mostly('1985-03-10', 'no date'),
  ok: mostly(true, false),
})
const anyBatches = fc.array(
  fc.tuple(fc.integer({ min: 0, max: 6 }), fc.array(anyShown, { minLength: 1, maxLength: 8 })),
  { minLength: 1, maxLength: 20, size: 'max' },
)

const message = ({ h, ...value }: Shown): Message => ({
  key: null,
  value: Buffer.from(JSON.stringify(value)),
  headers: [{ name: 'h', value: Buffer.from(h) }],
  timestamp: START,
})

function stream(k: number, l: number | undefined, mostBytes?: number) {
  const source = policyFileOf('p.yaml', policyOf(k, l))
  const compiled = compilePolicy(source)
  expect(compiled.problems).toEqual([])
  let now = START
  const crowd = shownJudge(compiled.plan!, new Uint8Array(randomBytes(32)), mostBytes)
  const deidentifier = createMessageDeidentifier(source, compiled, {
    now: () => now,
    data: { ...NO_DATA, crowd },
  })
  return (at: number, shown: readonly Shown[]): string[] => {
    now = at
    return deidentifier.deidentify(shown.map(message)).map((outcome) => outcome.kind)
  }
}

/** What the records of batches become. */
function naive(batches: readonly (readonly [number, readonly Shown[]])[], k: number, l: number): string[][] {
  const history: { readonly at: number; readonly shown: Shown }[] = []
  const classOf = ({ a, h }: Shown): string => JSON.stringify([a, h])
  let at = START
  return batches.map(([days, all]) => {
    at += days * DAY
    return all.map((shown) => {
      // Gates judge before the rules: a record without consent is suppressed, and shows nothing.
      if (!shown.ok) return 'suppress'
      if (shown.born === 'no date') return 'dead-letter'
      history.push({ at, shown })
      const own = history.filter((one) => one.at + 10 * DAY > at && classOf(one.shown) === classOf(shown))
      const count = (of: (one: Shown) => string): number => new Set(own.map((one) => of(one.shown))).size
      return count(({ s }) => `${s}`) >= k && count(({ d }) => d) >= l ? 'publish' : 'suppress'
    })
  })
}

describe('a crowd in a stream', () => {
  it('lets a record leave where enough subjects have shown its values', () => {
    let left = 0
    fc.assert(
      fc.property(
        anyBatches,
        fc.integer({ min: 2, max: 4 }),
        fc.constantFrom(undefined, 2, 3),
        (batches, k, l) => {
          const run = stream(k, l)
          let at = START
          const became = batches.map(([days, shown]) => {
            at += days * DAY
            return run(at, shown)
          })
          expect(became).toEqual(naive(batches, k, l ?? 1))
          left += became.flat().filter((kind) => kind === 'publish').length
        },
      ),
      { numRuns: 30 },
    )
    expect(left).toBeGreaterThan(20)
  })

  it('is opened by no repetition: of a subject, or of a batch that is read again', () => {
    const run = stream(3, undefined)
    const of = (s: string): Shown => ({ s, a: 'x', h: 'n', d: 'flu', born: '1985-03-10', ok: true })
    for (let time = 0; time < 50; time++)
      expect(run(START + time, [of('p'), of('q'), of('p')])).not.toContain('publish')
    expect(run(START + 60, [of('r')])).toEqual(['publish'])
  })

  it('forgets what was shown later than now, where the clock is set back', () => {
    const run = stream(2, undefined)
    const of = (s: string): Shown => ({ s, a: 'x', h: 'n', d: 'flu', born: '1985-03-10', ok: true })
    expect(run(START + 400 * DAY, [of('p'), of('q')])).toEqual(['suppress', 'publish'])
    expect(run(START, [of('p')])).toEqual(['suppress'])
    expect(run(START, [of('q')])).toEqual(['publish'])
    // That of both is over.
    expect(run(START + 11 * DAY, [of('p')])).toEqual(['suppress'])
  })

  it('forgets classes where there are too many, and what it forgets is closed', () => {
    // Room for a few classes.
    const run = stream(2, undefined, 2000)
    const of = (s: string, a: string): Shown => ({ s, a, h: 'n', d: 'flu', born: '1985-03-10', ok: true })
    expect(run(START, [of('p', 'x'), of('q', 'x')])).toEqual(['suppress', 'publish'])
    for (let n = 0; n < 40; n++) run(START, [of('p', `other ${n}`)])
    expect(run(START, [of('q', 'x'), of('p', 'x')])).toEqual(['suppress', 'publish'])
  })
})
