/** Weights by record, beside the shares of groups that they restore, counted the long way. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { MeasuredRecords } from '../../../src/measures/measured-records.ts'
import { NOTHING, TextBudget } from '../../../src/measures/value-codes.ts'
import { weightsOf } from '../../../src/measures/weights.ts'

interface Row {
  readonly inputs: readonly string[]
  readonly outputs: readonly (string | undefined)[]
  readonly subject: number
  readonly isPublished: boolean
}
/** What leaves is made of what came by one rule: the first letter, or nothing. */
const row: fc.Arbitrary<Row> = fc
  .record({
    inputs: fc.tuple(fc.constantFrom('aa', 'ab', 'b', 'c'), fc.constantFrom('x', 'y')),
    subject: fc.nat(20),
    isPublished: fc.boolean(),
  })
  .map((one) => ({ ...one, outputs: one.inputs.map((text) => (text === 'c' ? undefined : text[0])) }))

function recordsOf(rows: readonly Row[]): MeasuredRecords {
  const records = new MeasuredRecords(2, [], new TextBudget(1 << 20), 1000)
  for (const { inputs, outputs, subject, isPublished } of rows)
    records.add({
      inputs: Int32Array.from(inputs, (text, i) => records.columns[i]!.inputs.of(text)),
      outputs: Int32Array.from(outputs, (text, i) => records.columns[i]!.outputs.of(text)),
      groups: new Int32Array(0),
      subject: records.subjects.of(String(subject)),
      fate: isPublished ? NOTHING : records.fates.of('withheld'),
    })
  return records
}
const keyOf = (values: readonly (string | null | undefined)[]): string =>
  JSON.stringify(values.map((value) => value ?? null))

it('gives each combination that leaves the share of the records that were read, or says what it cannot', () => {
  fc.assert(
    fc.property(fc.array(row, { maxLength: 60 }), fc.boolean(), (rows, isOne) => {
      const columns = isOne ? [0] : [0, 1]
      const { weights, ofRecords } = weightsOf(recordsOf(rows), columns, {
        smallestGroup: 1,
        hasSubjects: true,
      })
      const published = rows.filter(({ isPublished }) => isPublished)
      expect(ofRecords).toHaveLength(published.length)
      const told = (values: Row['outputs'] | Row['inputs']) => keyOf(columns.map((column) => values[column]))
      const known = new Set(published.map(({ inputs }) => told(inputs)))
      const represented = rows.filter(({ inputs }) => known.has(told(inputs)))
      expect(weights.unrepresented).toBe(rows.length - represented.length)
      const sums = new Map<string, number>()
      published.forEach(({ outputs }, i) => {
        sums.set(told(outputs), (sums.get(told(outputs)) ?? 0) + ofRecords[i]!)
      })
      for (const [key, sum] of sums) {
        const read = represented.filter(({ outputs }) => told(outputs) === key).length
        expect(sum / published.length).toBeCloseTo(read / represented.length, 9)
      }
      // A weight is a function of what leaves.
      const byCell = new Map(weights.cells.map(({ values, weight }) => [keyOf(values), weight]))
      published.forEach(({ outputs }, i) => {
        expect(ofRecords[i]).toBe(byCell.get(told(outputs)))
      })
    }),
  )
})

it('gives combinations of few subjects one weight together, and tells none of them', () => {
  fc.assert(
    fc.property(fc.array(row, { maxLength: 60 }), fc.integer({ min: 2, max: 5 }), (rows, smallestGroup) => {
      const { weights } = weightsOf(recordsOf(rows), [0, 1], { smallestGroup, hasSubjects: true })
      const published = rows.filter(({ isPublished }) => isPublished)
      const subjects = (key: string): number =>
        new Set(published.flatMap((one) => (keyOf(one.outputs) === key ? [one.subject] : []))).size
      const all = new Set(published.map(({ outputs }) => keyOf(outputs)))
      const large = [...all].filter((key) => subjects(key) >= smallestGroup)
      expect(new Set(weights.cells.map(({ values }) => keyOf(values)))).toEqual(new Set(large))
      expect(weights.small?.cells ?? 0).toBe(all.size - large.length)
    }),
  )
})
