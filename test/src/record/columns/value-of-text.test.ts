/** Texts that go into columns of doubles. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { DOUBLE, leavesOfTree } from '../../../../src/record/columns/column-tree.ts'
import { ColumnValues } from '../../../../src/record/columns/column-values.ts'
import { putterOf } from '../../../../src/record/columns/value-of-text.ts'

const [leaf] = leavesOfTree({
  kind: 'struct',
  name: 'schema',
  members: [{ kind: 'leaf', name: 'n', type: DOUBLE, statistics: false }],
})

/** The double that a text becomes; undefined where it does not fit. */
function doubleOf(text: string): number | undefined {
  const column = new ColumnValues(leaf!)
  const bytes = Buffer.from(text)
  if (!putterOf(DOUBLE)(column, bytes, 0, bytes.length)) return undefined
  return Buffer.from(column.bytes.bytes.subarray(0, 8)).readDoubleLE()
}

it('a whole number that no double holds does not fit, so that none is rounded', () => {
  expect(doubleOf('9007199254740992')).toBe(2 ** 53)
  expect(doubleOf('9007199254740993')).toBeUndefined()
  expect(doubleOf('-9223372036854775807')).toBeUndefined()
  expect(doubleOf('-9223372036854775808')).toBe(-(2 ** 63))
  expect(doubleOf('18446744073709551615')).toBeUndefined()
})

it('a double comes back from its text', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.nat(70), (small, power) => {
      for (const value of [small, Math.trunc(small * 2 ** power)])
        if (Number.isFinite(value)) expect(doubleOf(String(value))).toBe(value + 0)
    }),
  )
})
