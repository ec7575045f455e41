/** Stored results that are taken to a later step: of every registered transform that says it can. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { transforms } from '../../transforms/index.ts'
import { type CompileContext, Failure, type RecordContext } from '../../transforms/transform.ts'

const context: CompileContext = {
  path: 'a',
  key: () => ({ id: 'k1', bytes: new Uint8Array(32) }),
  readText: () => '',
  readTable: () => [],
  usesList: () => {},
  usesPlatform: () => {},
}
const record: RecordContext = {
  subject: undefined,
  eventTime: undefined,
  now: Date.parse('2026-03-10T12:00:00Z'),
}

const moments = fc
  .integer({ min: Date.parse('1900-01-01'), max: Date.parse('2100-01-01') })
  .map((time) => new Date(time).toISOString())

/** Options to pair with each other, and values for them. */
const WORLDS: Readonly<
  Record<string, { readonly options: readonly object[]; readonly values: fc.Arbitrary<string> }>
> = {
  'generalize.date': {
    options: ['UTC', 'Asia/Tokyo', 'America/New_York'].flatMap((zone) =>
      ['hour', 'day', 'week', 'month', 'quarter', 'year'].map((to) => ({ to, zone })),
    ),
    values: moments,
  },
  'generalize.prefix': {
    options: [1, 2, 3, 5].map((keep) => ({ keep })),
    values: fc.string({ unit: 'grapheme', maxLength: 9 }),
  },
  // Of a label whose bounds have more than 40 digits it fails, as the transform does of a number.
  'generalize.number': {
    options: [
      ...['0.5', 1, 5, 10, 20, 25, 100].map((width) => ({ width })),
      { width: 10, origin: 5 },
      { width: 20, origin: 5 },
      { width: 10, top: 90 },
      { edges: [1, 5] },
      { width: 10, as: 'midpoint' },
    ],
    values: fc.oneof(fc.integer().map(String), fc.double({ noNaN: true, min: -1e30, max: 1e30 }).map(String)),
  },
}

/** What a pair of options comes to for one value. */
function holds(name: string, previous: object, next: object, values: fc.Arbitrary<string>): boolean {
  const transform = transforms.find((one) => one.name === name)!
  const restep = transform.restep(previous, next)
  if (restep === undefined) return false
  const [fine, coarse] = [previous, next].map((options) =>
    transform.compile(transform.options.parse(options), context),
  )
  fc.assert(
    fc.property(values, (value) => {
      const stored = fine!.apply(value, record)
      const wanted = coarse!.apply(value, record)
      if (stored instanceof Failure || wanted instanceof Failure) return
      expect(restep(stored)).toBe(wanted)
      expect(restep(wanted)).toBe(wanted)
    }),
    { numRuns: 60 },
  )
  return true
}

describe('restep', () => {
  it('is said by no transform that this test has no values for', () => {
    const said = transforms.filter(({ name, examples, restep }) =>
      examples.some(({ options }) => name in WORLDS || restep(options, options) !== undefined),
    )
    expect(said.map(({ name }) => name)).toEqual(Object.keys(WORLDS).sort())
  })

  it.each(Object.entries(WORLDS))(
    'of %s gives what the next step would have made of the value',
    (name, world) => {
      let told = 0
      for (const previous of world.options)
        for (const next of world.options) if (holds(name, previous, next, world.values)) told++
      expect(told).toBeGreaterThan(world.options.length)
      expect(told).toBeLessThan(world.options.length ** 2)
    },
  )

  it('fails for a text that neither step wrote', () => {
    const of = (name: string, previous: object, next: object) =>
      transforms.find((one) => one.name === name)!.restep(previous, next)!
    const date = of('generalize.date', { to: 'day' }, { to: 'year' })
    for (const text of ['', 'x', '2026-02-30', '2026-3-1', '2026-03-10T10:00:00Z', '12026'])
      expect(date(text)).toBeInstanceOf(Failure)
    const prefix = of('generalize.prefix', { keep: 3 }, { keep: 2 })
    for (const text of ['', 'a', 'abcd']) expect(prefix(text)).toBeInstanceOf(Failure)
    const number = of('generalize.number', { width: 5 }, { width: 10 })
    for (const text of ['', '7', '[5,9)', 'under 5', '[5,)']) expect(number(text)).toBeInstanceOf(Failure)
  })
})
