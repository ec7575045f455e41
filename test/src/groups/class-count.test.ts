/** What several threads or shards counted of classes adds up to what one would have counted. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ClassCount, type CountedRecord, TooManyCounted } from '../../../src/groups/class-count.ts'
import { KeySet, KeyTable, keySetOf } from '../../../src/groups/key-table.ts'

const words = (...all: number[]): Int32Array => Int32Array.from(all)
const anyRecord: fc.Arbitrary<CountedRecord> = fc
  .tuple(fc.nat(3), fc.nat(5), fc.nat(3), fc.nat(2))
  .map(([own, subject, first, second]) => ({
    // Classes that differ in one word alone.
    class: words(7, 0, own, -1),
    subject: words(subject, 0),
    values: [words(first, 1), words(0, second)],
  }))

describe('counts of classes', () => {
  it('add up, in whatever parts the records were counted', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(anyRecord, fc.nat(2)), { maxLength: 60, size: 'max' }),
        fc.record({
          k: fc.integer({ min: 2, max: 4 }),
          l: fc.constantFrom(undefined, 2, 3),
          t: fc.constantFrom(undefined, 0.2, 0.4),
        }),
        fc.boolean(),
        (records, terms, ofRecords) => {
          const whole = new ClassCount(terms, ofRecords)
          const parts = [0, 1, 2].map(() => new ClassCount(terms, ofRecords))
          for (const [record, part] of records) {
            whole.add(record)
            parts[part]!.add(record)
          }
          const sum = new ClassCount(terms, ofRecords)
          for (const part of parts) sum.merge(part.part())
          const told = (count: ClassCount) => {
            const open = count.open(2)
            return [...open.keys()]
              .map((at) =>
                [...count.classes.words.slice(at * 4, at * 4 + 4), count.recordsOf(at), open[at]].join(),
              )
              .sort()
          }
          expect(told(sum)).toEqual(told(whole))
          expect(sum.records).toBe(records.length)
        },
      ),
    )
  })

  it('are bounded', () => {
    const count = new ClassCount({ k: 2, l: undefined, t: undefined }, false, 100)
    const fill = (): void => {
      for (let i = 0; i < 100; i++) count.add({ class: words(i, 0, 0, 0), subject: words(i, 0), values: [] })
    }
    expect(fill).toThrow(TooManyCounted)
  })
})

describe('a set of keys', () => {
  it('has those that were put in, and no others', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(9), fc.nat(9)), { maxLength: 3000, size: 'max' }), (pairs) => {
        const table = new KeyTable(2)
        for (const [a, b] of pairs) expect(table.put(words(a, b))).toBe(table.find(words(a, b)))
        const some = [...Array(table.count).keys()].filter((at) => at % 3 === 0)
        const set = new KeySet(keySetOf(table, some))
        for (let at = 0; at < table.count; at++) expect(set.has(table.words, at * 2)).toBe(at % 3 === 0)
        expect(set.has(words(10, 10), 0)).toBe(false)
      }),
      { numRuns: 6 },
    )
  })
})
