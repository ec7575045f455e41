/** The picks, recomputed from the words of the documentation with nothing but node:crypto and faker's own lists. */
import { createHash, createHmac, hkdfSync } from 'node:crypto'
import { faker as english } from '@faker-js/faker/locale/en'
import { faker as french } from '@faker-js/faker/locale/fr'
import { describe, expect, it } from 'vitest'
import { address } from '../../../transforms/fake/address.ts'
import { person } from '../../../transforms/fake/person.ts'
import { pick, surrogates } from '../../../transforms/fake/pick.ts'
import { NO_RECORD } from '../hash/context.ts'
import { type Asked, fakeContext } from './context.ts'

const SECRET = Uint8Array.from({ length: 32 }, (_, at) => at)

function numbers(domain: string, text: string): number[] {
  const key = new Uint8Array(hkdfSync('sha256', SECRET, new Uint8Array(), `lethe/v1/pick/${domain}`, 32))
  const mac = createHmac('sha256', key).update(text, 'utf8').digest('hex')
  return [0, 1, 2, 3, 4].map((at) => Number.parseInt(mac.slice(at * 12, at * 12 + 12), 16))
}

const values = [
  'Ada Lovelace',
  'мария',
  '李',
  '👩‍👩‍👧',
  ...Array.from({ length: 200 }, (_, i) => `value ${i}`),
]
const { first_name: first, last_name: last } = english.definitions.person

describe('keyed picks', () => {
  it('follow from HMAC-SHA-256 and faker’s lists', () => {
    const firsts = [...new Set([...first.generic!, ...first.female!, ...first.male!])]
    const compiled = person.compile({ domain: 'name' }, fakeContext())
    for (const value of values) {
      const [a, b] = numbers('name', value)
      const lasts = last.generic!
      expect(compiled.apply(value, NO_RECORD)).toBe(
        `${firsts[a! % firsts.length]} ${lasts[b! % lasts.length]}`,
      )
    }
  })

  it('do so for cities too', () => {
    const cities = french.definitions.location.city_name!
    const compiled = address.compile({ part: 'city', locale: 'fr' }, fakeContext('home'))
    for (const value of values) {
      expect(compiled.apply(value, NO_RECORD)).toBe(cities[numbers('home', value)[0]! % cities.length])
    }
  })

  it('use independent bytes for each choice, evenly', () => {
    const seen = [0, 1, 2, 3, 4].map(() => new Array<number>(10).fill(0))
    const pairs = new Set<string>()
    const compiled = surrogates(fakeContext(), 'd', (n) => {
      n.forEach((number, at) => {
        seen[at]![number % 10]!++
      })
      pairs.add(`${n[0] % 10} ${n[1] % 10}`)
      return 'x'
    })
    for (let i = 0; i < 10_000; i++) compiled(`v${i}`)
    for (const counts of seen) for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(200)
    expect(pairs.size).toBe(100)
  })

  it('step on cyclically from a surrogate that equals the value', () => {
    const two = surrogates(fakeContext(), 'd', (n) => pick(['Ann', 'Ｂｏｂ'], n[0]))
    expect(two('ann ')).toBe('Ｂｏｂ')
    expect(two('BOB')).toBe('Ann')
    expect(surrogates(fakeContext(), 'd', () => 'x')('X')).toMatchObject({ code: 'transform-error' })
  })

  it('put the digest of the very lists into the fingerprint', () => {
    const asked: Asked = { keys: [], lists: [] }
    person.compile({}, fakeContext('a', asked))
    const canonical = JSON.stringify({
      'first female': first.female,
      'first generic': first.generic,
      'first male': first.male,
      'last female': [],
      'last generic': last.generic,
      'last male': [],
    })
    expect(asked.lists).toEqual([
      ['faker en names', createHash('sha256').update(canonical, 'utf8').digest('hex')],
    ])
  })
})
