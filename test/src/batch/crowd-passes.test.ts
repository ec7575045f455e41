/** What the second pass of a crowd wrote is held to the first one and to the policy, whatever went wrong between them. */
import { describe, expect, it } from 'vitest'
import { FirstPass, newCrowdKey } from '../../../src/batch/crowd-passes.ts'
import { newClassCount } from '../../../src/engine/class-pass.ts'
import type { Input } from '../../../src/files/input.ts'
import { KeySet } from '../../../src/groups/key-table.ts'
import { compilePolicy } from '../../../src/policy/compile.ts'
import { policyFileOf } from '../../../src/policy/policy-file.ts'
import type { BatchResult } from '../../../src/run/batch-run.ts'

const { plan } = compilePolicy(
  policyFileOf(
    'p.yaml',
    `policy: p
version: 1
purpose: train_ai_system
subject: s
fields: { s: drop, a: { use: keep, role: quasi-identifier } }
crowd: { k: 2, onFail: suppress, maxSuppressed: 50% }
`,
  ),
)

const word = (...words: number[]): Int32Array => Int32Array.from(words)
const INPUTS = [{ name: 'in.csv' }] as unknown as readonly Input[]

/** A pass that published records of these classes and subjects, and suppressed others. */
function passed(records: readonly (readonly [string, string])[], suppressed = 0, more: object = {}) {
  const classes = newClassCount(plan!, plan!.crowd!)
  for (const [own, subject] of records)
    classes.add({
      class: word(own.charCodeAt(0), 0, 0, 0),
      subject: word(subject.charCodeAt(0), 0),
      values: [],
    })
  const result = {
    account: { published: records.length, suppressed: suppressed === 0 ? {} : { crowd: suppressed } },
    inputs: [{ digest: { sha256: 'same', bytes: 1 } }],
    tooManyDeadLetters: false,
    ...more,
  } as unknown as BatchResult
  return { result, classes, sketch: undefined }
}

const FIRST = [
  ['x', 'p'],
  ['x', 'q'],
  ['x', 'q'],
  ['y', 'p'],
] as const
const LEFT = FIRST.slice(0, 3)
const first = () => new FirstPass(plan!, newCrowdKey(), passed(FIRST), 'judged', 'none left')
const checked = (second: ReturnType<typeof passed>) => () => first().check(second, INPUTS, 'none left')

describe('the second pass of a crowd', () => {
  it('is told the classes that are large enough', () => {
    const { setup, view } = first()
    const open = new KeySet(setup.open!)
    expect(open.has(word('x'.charCodeAt(0), 0, 0, 0), 0)).toBe(true)
    expect(open.has(word('y'.charCodeAt(0), 0, 0, 0), 0)).toBe(false)
    expect(view.classes).toEqual({ published: 1, suppressed: 1 })
  })

  it('passes where it wrote what the first one counted', () => {
    expect(checked(passed(LEFT, 1))).not.toThrow()
    // One could not be written, and is suppressed now.
    expect(checked(passed(LEFT, 2))).not.toThrow()
  })

  it.each([
    ['a record of a class that is too small', passed([...LEFT, ['y', 'p']], 0)],
    ['a class that lost its subjects', passed([['x', 'p']], 1)],
    ['fewer records than may leave', passed(LEFT.slice(0, 2), 1)],
    [
      'records that were not counted',
      passed(LEFT, 1, { account: { published: 4, suppressed: { crowd: 1 } } }),
    ],
    ['no counts', { ...passed(LEFT, 1), classes: undefined }],
  ])('is withheld with %s', (_, second) => {
    expect(checked(second as ReturnType<typeof passed>)).toThrow(
      expect.objectContaining({ code: 'crowd-broken' }),
    )
  })

  it('is withheld where it read other bytes, or not to their end', () => {
    for (const digest of [{ sha256: 'other', bytes: 1 }, undefined])
      expect(checked(passed(LEFT, 1, { inputs: [{ digest }] }))).toThrow(
        expect.objectContaining({ code: 'input-changed' }),
      )
  })

  it('lets nothing leave, and counts as too many, where the first one ended at the limit of dead letters', () => {
    const ended = {
      result: passed([], 0, { tooManyDeadLetters: true }).result,
      classes: undefined,
      sketch: undefined,
    }
    const none = new FirstPass(plan!, newCrowdKey(), ended, 'judged', 'none left')
    expect(new KeySet(none.setup.open!).has(word('x'.charCodeAt(0), 0, 0, 0), 0)).toBe(false)
    expect(none.resultOf(passed([], 4).result).tooManyDeadLetters).toBe(true)
  })
})
