/**
 * No record may cost more than in proportion to its length, whatever it holds. Every transform of the register is here
 * as soon as it is there. `npm run proof:growth` does the same up to the longest record.
 */
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { transforms } from '../../transforms/index.ts'
import { defineTransform } from '../../transforms/transform.ts'
import { faultsOf, faultsOfRecords } from './growth.ts'

const UNITS = 1 << 14
const BYTES = 1 << 17

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
    const marks = { name: 'marks', make: (n: number) => '\u0301\u0316'.repeat(n / 2) }
    const quadratic = defineTransform({
      ...some!,
      name: 'test.quadratic',
      options: z.strictObject({}),
      examples: [],
      compile: () => ({ yields: 'string', apply: (text) => text.normalize('NFKC') }),
    } as Parameters<typeof defineTransform>[0])
    expect(faultsOf(quadratic, UNITS, [marks]).join()).toMatch(/times the time for twice the length/)
  }, 120_000)
})
