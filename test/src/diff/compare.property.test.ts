/** Over the register, with options drawn at random: a verdict agrees with what the transforms reveal, and goes both ways. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { Change } from '../../../src/diff/change.ts'
import { comparePolicies } from '../../../src/diff/compare-policies.ts'
import type { Compared } from '../../../src/diff/side.ts'
import { transforms } from '../../../transforms/index.ts'
import { covers } from '../../../transforms/reveals/covers.ts'
import type { Transform } from '../../../transforms/transform.ts'
import { compiled, LISTS, policyOf } from './policies.ts'

type Options = Readonly<Record<string, unknown>>
interface Shape {
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly minimum?: number
  readonly maximum?: number
}

/** Values of one option by its schema; undefined where only those of the examples are drawn. */
function valuesOf({
  type,
  enum: listed,
  minimum = 0,
  maximum = 40,
}: Shape): fc.Arbitrary<unknown> | undefined {
  if (listed !== undefined) return fc.constantFrom(...listed)
  if (type === 'boolean') return fc.boolean()
  if (type !== 'integer' && type !== 'number') return undefined
  return fc.integer({ min: Math.ceil(minimum), max: Math.min(maximum, Math.ceil(minimum) + 40) })
}

/** The options of an example, some of them drawn anew. */
function optionsOf(transform: Transform): fc.Arbitrary<Options> {
  const { properties = {} } = z.toJSONSchema(transform.options, { io: 'input', unrepresentable: 'any' })
  const drawn = Object.entries(properties).flatMap(([name, shape]) => {
    const values = valuesOf(shape as Shape)
    return values === undefined ? [] : [[name, values] as const]
  })
  const examples = transform.examples.map(({ options }) => options)
  return fc
    .tuple(
      fc.constantFrom(...examples),
      fc.record(Object.fromEntries(drawn)),
      fc.subarray(
        drawn.map(([name]) => name),
        { maxLength: Math.min(2, drawn.length) },
      ),
    )
    .map(([example, values, names]) => ({
      ...example,
      ...Object.fromEntries(names.map((name) => [name, values[name]])),
    }))
}

/** A policy of the one rule, with a reason where it is weak; undefined where it cannot be one. */
function oneRule(transform: Transform, options: Options): Compared | undefined {
  const use = transform.name
  for (const more of [{}, { accept: 'the reason is written here' }]) {
    try {
      return compiled(policyOf({ use, ...options, ...more }), LISTS)
    } catch {
      // Most often a weakness that has to be accepted.
    }
  }
  return undefined
}

/** What is said of the rule itself, beside the reason that it needs. */
const verdicts = (changes: readonly Change[]): readonly Change['verdict'][] =>
  changes.filter(({ kind, field }) => field === 'x' && kind !== 'accept').map(({ verdict }) => verdict)

const ofField = transforms.filter(({ name }) => name !== 'generalize.hierarchy')

describe('a verdict', () => {
  it.each(ofField.map((transform) => [transform.name, transform] as const))(
    'agrees with what %s reveals, and goes both ways',
    (_name, transform) => {
      fc.assert(
        fc.property(optionsOf(transform), optionsOf(transform), (one, other) => {
          const [before, after] = [oneRule(transform, one), oneRule(transform, other)]
          fc.pre(before !== undefined && after !== undefined)
          expect(comparePolicies(before, before)).toEqual([])
          const there = verdicts(comparePolicies(before, after))
          const back = verdicts(comparePolicies(after, before))
          expect(there.includes('weaker')).toBe(back.includes('stronger'))
          expect(there.includes('stronger')).toBe(back.includes('weaker'))
          expect(there.includes('unranked')).toBe(back.includes('unranked'))
          const [was, is] = [before, after].map(({ policy }) =>
            transform.reveals(policy.fields[1]!.rules[0]!.options),
          )
          const [less, more] = [covers(was!, is!), covers(is!, was!)]
          if (more && !less) expect(there).toContain('weaker')
          if (less && !more) expect(there).toContain('stronger')
          if (more && less) expect(there.filter((verdict) => verdict !== 'different')).toEqual([])
        }),
        { numRuns: 5 },
      )
    },
  )

  it('that is stronger is given where keep becomes any transform, and weaker where one becomes keep', () => {
    const keep = compiled(policyOf({ use: 'keep' }))
    for (const transform of ofField) {
      const after = oneRule(transform, transform.examples[0]!.options)!
      expect(verdicts(comparePolicies(keep, after)), transform.name).toEqual(['stronger'])
      expect(verdicts(comparePolicies(after, keep)), transform.name).toEqual(['weaker'])
    }
  })
})
