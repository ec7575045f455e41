/** What transforms offer beside their options: coarser ones, each of which follows from the one before it. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { transforms } from '../../transforms/index.ts'
import { covers } from '../../transforms/reveals/covers.ts'
import { type CompileContext, Failure } from '../../transforms/transform.ts'

const CITIES = [
  ['Berlin', 'Germany', 'Europe', '*'],
  ['Hamburg', 'Germany', 'Europe', '*'],
  ['Paris', 'France', 'Europe', '*'],
  ['Kyoto', 'Japan', 'Asia', '*'],
]
const context = {
  path: 'x',
  readTable: () => CITIES,
  usesPlatform: () => {},
} as unknown as CompileContext

const number = fc.oneof(
  fc.integer({ min: -300, max: 300 }).map(String),
  fc.double({ min: -9, max: 99 }).map((n) => n.toFixed(2)),
)
const decimal = (min: number, max: number) => fc.double({ min, max, noNaN: true }).map((n) => n.toFixed(3))
const day = fc
  .date({ min: new Date('1930-01-01'), max: new Date('2024-01-01'), noInvalidDate: true })
  .map((date) => date.toISOString())

interface Case {
  readonly name: string
  readonly options: Readonly<Record<string, unknown>>
  readonly input: fc.Arbitrary<string>
  readonly rungs: number
}
const CASES: readonly Case[] = [
  {
    name: 'generalize.hierarchy',
    options: { file: 'c.csv', level: 1 },
    input: fc.constantFrom(...CITIES.map(([city]) => city!)),
    rungs: 2,
  },
  { name: 'generalize.number', options: { width: 5 }, input: number, rungs: 16 },
  { name: 'generalize.number', options: { width: '0.3', origin: 0.1 }, input: number, rungs: 16 },
  {
    name: 'generalize.number',
    options: { width: 5, origin: 3, top: 88, bottom: -7 },
    input: number,
    rungs: 4,
  },
  {
    name: 'generalize.number',
    options: { edges: [0, 5, 18, 30, 65], as: 'midpoint' },
    input: number,
    rungs: 2,
  },
  { name: 'generalize.date', options: { to: 'hour', zone: 'Asia/Tokyo' }, input: day, rungs: 4 },
  { name: 'generalize.date', options: { to: 'day' }, input: day, rungs: 3 },
  { name: 'generalize.date', options: { to: 'week' }, input: day, rungs: 0 },
  { name: 'generalize.prefix', options: { keep: 4 }, input: fc.string({ minLength: 5 }), rungs: 3 },
  { name: 'generalize.ip', options: { v4: 27 }, input: fc.oneof(fc.ipV4(), fc.ipV6()), rungs: 3 },
  { name: 'generalize.geo', options: { axis: 'latitude', cell: '0.01' }, input: decimal(-90, 90), rungs: 8 },
  { name: 'generalize.geo', options: { axis: 'longitude', cell: 0.25 }, input: decimal(-180, 180), rungs: 6 },
  { name: 'generalize.age', options: { width: 5 }, input: day, rungs: 4 },
  { name: 'generalize.age', options: { edges: [18, 30, 40, 65] }, input: day, rungs: 2 },
]

describe.each(CASES)('$name $options', ({ name, options, input, rungs }) => {
  const transform = transforms.find((one) => one.name === name)!
  const start = transform.options.parse(options)
  const ladder = [start, ...(transform.compile(start, context).ladder?.() ?? [])]

  it('offers options that it takes itself, and that tell less than the ones before', () => {
    expect(ladder.length - 1).toBe(rungs)
    ladder.slice(1).forEach((rung, at) => {
      expect(transform.options.parse(rung)).toEqual(rung)
      expect(covers(transform.reveals(ladder[at]), transform.reveals(rung))).toBe(true)
    })
  })

  it('makes results that follow from those before', () => {
    const record = {
      subject: 's',
      eventTime: Date.parse('2025-06-15T00:00:00Z'),
      now: Date.parse('2026-01-01T00:00:00Z'),
    }
    const applies = ladder.map((rung) => transform.compile(transform.options.parse(rung), context).apply)
    fc.assert(
      fc.property(fc.array(input, { minLength: 40, maxLength: 40 }), (texts) => {
        const known = applies.map(() => new Map<string, string>())
        for (const text of texts) {
          const results = applies.map((apply) => apply(text, record))
          results.slice(1).forEach((result, at) => {
            const before = results[at]!
            if (before instanceof Failure) return
            expect(result).not.toBeInstanceOf(Failure)
            const seen = known[at]!.get(before) ?? String(result)
            known[at]!.set(before, seen)
            expect(result).toBe(seen)
          })
        }
      }),
      { numRuns: 20 },
    )
  })
})
