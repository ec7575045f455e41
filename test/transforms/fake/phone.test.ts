import { describe, expect, it } from 'vitest'
import { phone } from '../../../transforms/fake/phone.ts'
import { IN_PROOF } from '../../proofs/in-proof.ts'
import { NO_RECORD } from '../hash/context.ts'
import { fakeContext } from './context.ts'

/** The ranges that regulators keep for fiction, written a second time. */
const FICTION: Record<string, RegExp> = {
  US: /^\+1[2-9][01][0-9]55501[0-9]{2}$/,
  GB: /^\+44(?:11[3-8]4960|1[2-6]14960|1914980|2079460|2920180|1632960|7700900)[0-9]{3}$/,
  FR: /^\+33(?:19900|26191|35301|46571|53649|63998)[0-9]{4}$/,
  DE: /^\+49(?:3023125|4066969|6990009|8999998|2214710)[0-9]{3}$/,
  AU: /^\+61[2378](?:5550|7010)[0-9]{4}$/,
}

describe('fake.phone', () => {
  it.each(Object.keys(FICTION))('reaches nobody in %s, written either way', (country) => {
    const e164 = phone.compile({ country, domain: 'd' }, fakeContext())
    const spaced = phone.compile({ country, domain: 'd', format: 'international' }, fakeContext())
    for (let i = 0; i < (IN_PROOF ? 5000 : 1000); i++) {
      const number = e164.apply(`v${i}`, NO_RECORD) as string
      expect(number).toMatch(FICTION[country]!)
      const written = spaced.apply(`v${i}`, NO_RECORD) as string
      expect(written).toMatch(/^\+[0-9]+( [0-9]+)+$/)
      expect(written.replaceAll(' ', '')).toBe(number)
    }
  })

  it.each<[string, number]>([
    ['DE', 5000],
    ...(IN_PROOF
      ? ([
          ['US', 7400],
          ['GB', 16_000],
        ] satisfies [string, number][])
      : []),
  ])('has as many numbers in %s as it says', (country, count) => {
    const compiled = phone.compile({ country }, fakeContext())
    const numbers = new Set<unknown>()
    for (let i = 0; i < count * 14; i++) numbers.add(compiled.apply(`v${i}`, NO_RECORD))
    expect(numbers.size).toBe(count)
  })

  it('is never the number that the value is, in whatever notation', () => {
    const compiled = phone.compile({ country: 'DE' }, fakeContext())
    let own = 0
    for (let i = 0; i < 1000; i++) {
      const line = String(i).padStart(3, '0')
      for (const value of [`030 23125 ${line}`, `+49 (30) 23125-${line}`, `0049 30 23125${line}`]) {
        const result = compiled.apply(value, NO_RECORD)
        if (result === `+493023125${line}`) own++
      }
    }
    expect(own).toBe(0)
  })
})
