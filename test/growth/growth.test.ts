/**
 * No record may cost more than in proportion to its length, whatever it holds. Every transform of the register is here
 * as soon as it is there. `npm run proof:growth` does the same up to the longest record.
 */
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { transforms } from '../../transforms/index.ts'
import { defineTransform } from '../../transforms/transform.ts'
import { faultsOf, faultsOfRecords } from './growth.ts'

const UNITS = 1 << 11
const BYTES = 1 << 14

/** Takes n³ steps. */
function rounds(n: number): number {
  let sum = 0
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) for (let k = 0; k < n; k++) sum = (sum + (i ^ j ^ k)) | 0
  return sum
}

describe('growth', () => {
  it.each(transforms.map((transform) => [transform.name, transform] as const))(
    '%s',
    (_, transform) => {
      expect(faultsOf(transform, UNITS)).toEqual([])
    },
    120_000,
  )

  it('records and rows', () => {
    expect(faultsOfRecords(BYTES)).toEqual([])
  }, 120_000)

  it('is seen where it is out of proportion', () => {
    const [some] = transforms
    const long = { name: 'long', make: (n: number) => 'x'.repeat(n) }
    // Eight times for twice the length, far from the limit; and by itself, as what ICU takes changes with Node.js.
    const cubic = defineTransform({
      ...some!,
      name: 'test.cubic',
      options: z.strictObject({}),
      examples: [],
      compile: () => ({ yields: 'string', apply: (text) => String(rounds(Math.floor(text.length / 6))) }),
    } as Parameters<typeof defineTransform>[0])
    expect(faultsOf(cubic, UNITS, [long]).join()).toMatch(/times the time for twice the length/)
  }, 120_000)
})
