/** What all fakes promise, and their examples. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { address } from '../../../transforms/fake/address.ts'
import { email } from '../../../transforms/fake/email.ts'
import { person } from '../../../transforms/fake/person.ts'
import { phone } from '../../../transforms/fake/phone.ts'
import { NO_RECORD } from '../hash/context.ts'
import { type Asked, fakeContext } from './context.ts'

const fakes = [person, email, phone, address]
const rules = [
  ...['full', 'first', 'last'].map((part) => ({ fake: person, options: { part } })),
  { fake: person, options: { locale: 'ja' } },
  { fake: email, options: {} },
  ...['US', 'GB', 'FR', 'DE', 'AU'].map((country) => ({ fake: phone, options: { country } })),
  ...['full', 'street', 'city', 'postcode', 'state'].map((part) => ({ fake: address, options: { part } })),
]
const named = rules.map((rule) => [`${rule.fake.name} ${JSON.stringify(rule.options)}`, rule] as const)

const localesOf = (fake: (typeof fakes)[number]): readonly string[] => {
  const schema = fake.options.toJSONSchema() as { properties: Record<string, { enum?: string[] }> }
  return schema.properties['locale']?.enum ?? []
}

describe('every fake', () => {
  it.each(fakes.flatMap((fake) => fake.examples.map((example) => [fake.name, example, fake] as const)))(
    'shows in its examples what it does: %s',
    (_, { options, input, output, subject }, fake) => {
      const record = { ...NO_RECORD, subject }
      expect(fake.compile(options, fakeContext('elsewhere')).apply(input, record)).toBe(output)
    },
  )

  it.each(named)('is repeatable and never the value: %s', (_, { fake, options }) => {
    const one = fake.compile(options, fakeContext())
    const two = fake.compile(options, fakeContext())
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), (text) => {
        const result = one.apply(text, NO_RECORD) as string
        expect(typeof result).toBe('string')
        expect(two.apply(text, NO_RECORD)).toBe(result)
        expect(result.normalize('NFKC').trim().toLowerCase()).not.toBe(
          text.normalize('NFKC').trim().toLowerCase(),
        )
      }),
    )
  })

  it.each(named)('takes the next one where a surrogate is the value: %s', (_, { fake, options }) => {
    // Each text that can come out is fed back in, in other letters: some would be picked for themselves.
    const compiled = fake.compile(options, fakeContext())
    const texts = new Set<string>()
    for (let i = 0; i < 3000; i++) texts.add(compiled.apply(`v${i}`, NO_RECORD) as string)
    for (const text of texts) {
      for (const same of [text, ` ${text.toUpperCase()}`]) {
        const result = compiled.apply(same, NO_RECORD) as string
        expect(result.toLowerCase()).not.toBe(text.toLowerCase())
      }
    }
  })

  it.each(fakes)('asks for a key of the path, or of its domain, and for lists: $name', (fake) => {
    const asked: Asked = { keys: [], lists: [] }
    fake.compile({}, fakeContext('customer.x', asked))
    fake.compile({ domain: 'shared' }, fakeContext('customer.x', asked))
    expect(asked.keys).toEqual(['pick/customer.x', 'pick/shared'])
    expect(asked.lists).toHaveLength(2)
    for (const [, digest] of asked.lists) expect(digest).toMatch(/^[0-9a-f]{64}$/)
  })

  it.each(fakes)('differs between fields, and agrees where they share a domain: $name', (fake) => {
    const results = (options: object, path: string) => {
      const compiled = fake.compile(options, fakeContext(path))
      return Array.from({ length: 50 }, (_, i) => compiled.apply(`v${i}`, NO_RECORD))
    }
    expect(results({}, 'a')).not.toEqual(results({}, 'b'))
    expect(results({ domain: 'd' }, 'a')).toEqual(results({ domain: 'd' }, 'b'))
    expect(results({ domain: 'd' }, 'a')).toEqual(results({}, 'd'))
  })

  it('compiles for every locale that it offers', () => {
    const counts = fakes.map((fake) => {
      for (const locale of localesOf(fake)) {
        const result = fake.compile({ locale }, fakeContext()).apply('Ada', NO_RECORD)
        expect(result).toEqual(expect.stringMatching(/\S/))
        expect(result).not.toMatch(/undefined|NaN|[{}#?]/)
      }
      return localesOf(fake).length
    })
    expect(counts).toEqual([65, 47, 0, 41])
  })

  it.each(['', 'a b', 'a/b', '.a', 'x'.repeat(65)])('refuses the domain %j', (domain) => {
    for (const fake of fakes) expect(fake.options.safeParse({ domain }).success).toBe(false)
  })
})
