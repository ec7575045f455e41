/** `type:` of a field: what the policy takes for a value of it is what its column of Parquet takes. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fitsType, parseValueType, printValueType, type StatedType } from '../../../src/policy/value-type.ts'
import { leavesOfTree } from '../../../src/record/columns/column-tree.ts'
import { ColumnValues } from '../../../src/record/columns/column-values.ts'
import { columnOfType } from '../../../src/record/columns/planned-columns.ts'
import { putterOf } from '../../../src/record/columns/value-of-text.ts'

const TYPES = [
  'string',
  'integer',
  'number',
  'boolean',
  'date',
  'timestamp',
  'timestamp(3)',
  'timestamp(9)',
  'local-timestamp',
  'local-timestamp(9)',
  'decimal(1,0)',
  'decimal(4,2)',
  'decimal(9,9)',
  'decimal(18,0)',
  'decimal(19,5)',
  'decimal(38,10)',
]
const NONE = ['', 'int', 'timestamp(4)', 'decimal', 'decimal(0,0)', 'decimal(39,1)', 'decimal(2,3)', 'String']

it('is written in one way, and nothing else is a type', () => {
  for (const text of TYPES) expect(printValueType(parseValueType(text)!)).toBe(text)
  expect(printValueType(parseValueType('decimal(10, 2)')!)).toBe('decimal(10,2)')
  expect(NONE.filter((text) => parseValueType(text) !== undefined)).toEqual([])
})

/** Whether the column takes the text. */
function taken(type: StatedType, text: string): boolean {
  const leaf = { kind: 'leaf', name: 'v', type: columnOfType(type), statistics: false } as const
  const [level] = leavesOfTree({ kind: 'struct', name: 'schema', members: [leaf] })
  const bytes = Buffer.from(text)
  return putterOf(leaf.type)(new ColumnValues(level!), bytes, 0, bytes.length)
}

/** Texts that are values of a type, or nearly. */
const digits = (most: number) => fc.stringMatching(new RegExp(`^[0-9]{0,${most}}$`))
const numbers = fc
  .tuple(
    fc.constantFrom('', '-', '+'),
    digits(40),
    fc.constantFrom('', '.'),
    digits(12),
    fc.constantFrom('', '', '', 'e3', 'E-300', 'e999'),
  )
  .map((parts) => parts.join(''))
const two = fc.integer({ min: 0, max: 99 }).map((n) => String(n).padStart(2, '0'))
const days = fc
  .tuple(
    fc.constantFrom('0000', '0001', '0099', '0400', '1677', '1970', '2024', '2262', '9999'),
    fc.oneof(fc.constantFrom('01', '02', '04', '12'), two),
    fc.oneof(fc.constantFrom('01', '28', '29', '30', '31'), two),
  )
  .map((parts) => parts.join('-'))
const times = fc
  .tuple(
    days,
    fc.constantFrom('T', 't', ' ', '_'),
    fc.oneof(
      fc.constantFrom('00:00:00', '23:59:59', '23:59:60', '24:00:00', '10:20'),
      fc.tuple(two, two, two).map((parts) => parts.join(':')),
    ),
    fc.oneof(
      fc.constantFrom('', '.', '.5', '.123000', '.123456', '.1234560', '.854775807', '.854775808'),
      digits(10).map((text) => `.${text}`),
    ),
    fc.constantFrom('', 'Z', 'z', '+00:00', '-23:59', '+23:59', '+24:00', '+0100', 'Zx'),
  )
  .map((parts) => parts.join(''))
const whole = fc.constantFrom(
  '9223372036854775807',
  '9223372036854775808',
  '-9223372036854775808',
  '-9223372036854775809',
  '9007199254740993',
  '9007199254740992',
  '-0',
  '0',
  '1e21',
  '1000000000000000000000',
  'true',
  'false',
  'True',
  ' 1',
  '1 ',
  '1_0',
  '0x1',
  'NaN',
)

describe.each(TYPES)('%s', (name) => {
  it('holds what its column takes, and nothing else', () => {
    const type = parseValueType(name)!
    const fits = fitsType(type) ?? (() => true)
    fc.assert(
      fc.property(fc.oneof(numbers, days, times, whole), (text) => {
        fc.pre(text !== '')
        // A column of dates takes days, and one of times units, as numbers; a policy says what a text is.
        const isNumber = /^-?\d+$/.test(text) && (name === 'date' || name.includes('timestamp'))
        expect([text, fits(text)]).toEqual([text, isNumber ? false : taken(type, text)])
      }),
      { numRuns: 400 },
    )
  })
})
