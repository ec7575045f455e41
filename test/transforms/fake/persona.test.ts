/** What belongs to one person: name, e-mail, phone and address of a subject, however and wherever they are written. */
import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { address } from '../../../transforms/fake/address.ts'
import { email } from '../../../transforms/fake/email.ts'
import { person } from '../../../transforms/fake/person.ts'
import { PERSONA_PLACES } from '../../../transforms/fake/persona-places.ts'
import { phone } from '../../../transforms/fake/phone.ts'
import { fail, type Transform } from '../../../transforms/transform.ts'
import { derive, NO_RECORD, TEST_SECRET } from '../hash/context.ts'
import { type Asked, fakeContext } from './context.ts'

type Apply = (subject: string, value?: string) => string

/** A part of the persona `p`, compiled for a path of its own. */
function part(fake: Transform, options: object, path: string = fake.name): Apply {
  const { apply } = fake.compile(fake.options.parse({ persona: 'p', ...options }), fakeContext(path))
  return (subject, value = 'x') => apply(value, { ...NO_RECORD, subject }) as string
}

const ascii = (name: string) =>
  name
    .toLowerCase()
    .replace(/ß/g, 'ss')
    .replace(/æ/g, 'ae')
    .replace(/œ/g, 'oe')
    .replace(/ø/g, 'o')
    .replace(/ł/g, 'l')
    .normalize('NFKD')
    .replace(/[^a-z]/g, '')

const subjects = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 })

const COUNTRIES = [
  ['en', 'US'],
  ['en_US', 'US'],
  ['fr', 'FR'],
  ['de', 'DE'],
] as const

describe('a persona', () => {
  it.each(COUNTRIES)('agrees in all its parts: %s', (locale, country) => {
    const [full, first, last] = ['full', 'first', 'last'].map((one) => part(person, { locale, part: one }))
    const mail = part(email, { locale, host: 'mail.test' })
    const [line, street, city, postcode, state] = ['full', 'street', 'city', 'postcode', 'state'].map((one) =>
      part(address, { locale, part: one }),
    )
    const dial = part(phone, { country, format: 'international' })
    const e164 = part(phone, { country })
    fc.assert(
      fc.property(subjects, fc.string(), (subject, value) => {
        const given = first!(subject)
        const family = last!(subject)
        expect(full!(subject, value)).toBe(`${given} ${family}`)
        expect(mail(subject, value)).toMatch(
          new RegExp(`^${ascii(given)}\\.${ascii(family)}[0-9]{4}@mail\\.test$`),
        )
        const [town, code] = [city!(subject), postcode!(subject)]
        const behind = country === 'US' ? `${town} ${code}` : `${code} ${town}`
        expect(line!(subject, value)).toBe(`${street!(subject)}, ${behind}`)
        const place = PERSONA_PLACES[country].find((one) => one.city === town)!
        expect(state!(subject)).toBe(place.state)
        expect(
          place.postcodes.some((form) => new RegExp(`^${form.replaceAll('#', '[0-9]')}$`).test(code)),
        ).toBe(true)
        expect(dial(subject, value).startsWith(place.phone)).toBe(true)
        expect(e164(subject)).toBe(dial(subject).replaceAll(' ', ''))
      }),
    )
  })

  it('is one for a subject in every field, and whatever the value is', () => {
    fc.assert(
      fc.property(subjects, fc.string({ minLength: 1 }), (subject, value) => {
        for (const fake of [person, email, phone, address])
          expect(part(fake, {}, 'a')(subject, value)).toBe(part(fake, {}, 'b')(subject))
      }),
      { numRuns: 20 },
    )
  })

  it('is another one for another subject and another name', () => {
    const one = part(address, {})
    const other = part(address, { persona: 'q' })
    const all = Array.from({ length: 500 }, (_, at) => one(`c-${at}`))
    expect(new Set(all).size).toBe(500)
    expect(all.filter((text, at) => text === other(`c-${at}`))).toEqual([])
    // Between two subjects, too, of which the one was just drawn.
    expect([one('c-1'), one('c-2'), one('c-1')]).toEqual([all[1], all[2], all[1]])
  })

  it('follows from HMAC-SHA-256 over the subject', () => {
    const places = PERSONA_PLACES.DE
    const city = part(address, { locale: 'de', part: 'city' })
    const key = derive(TEST_SECRET, 'pick', 'persona/p')
    for (let at = 0; at < 100; at++) {
      const mac = createHmac('sha256', key).update(`where:c-${at}`).digest()
      expect(city(`c-${at}`)).toBe(places[mac.readUIntBE(0, 6) % places.length]!.city)
    }
    const asked: Asked = { keys: [], lists: [] }
    phone.compile(phone.options.parse({ persona: 'p' }), fakeContext('f', asked))
    expect(asked.keys).toEqual(['pick/persona/p'])
    expect(asked.lists.map(([name]) => name)).toEqual(['fictional phone numbers US', 'persona places US'])
  })

  it('has names of one gender where last names have one', () => {
    const full = part(person, { locale: 'cs_CZ' })
    const first = part(person, { locale: 'cs_CZ', part: 'first' })
    const last = part(person, { locale: 'cs_CZ', part: 'last' })
    for (let at = 0; at < 200; at++) expect(full(`c-${at}`)).toBe(`${first(`c-${at}`)} ${last(`c-${at}`)}`)
  })

  it.each([person, email, phone, address])('needs a subject: $name', (fake) => {
    const { apply } = fake.compile(fake.options.parse({ persona: 'p' }), fakeContext())
    expect(apply('x', { ...NO_RECORD, subject: undefined })).toBe(fail('subject-missing'))
    expect(apply('x', { ...NO_RECORD, subject: '' })).toBe(fail('subject-missing'))
    expect(fake.needsOf(fake.options.parse({ persona: 'p' }))).toEqual(['subject'])
    expect(fake.needsOf(fake.options.parse({}))).toEqual([])
  })

  it('takes no domain, and no locale without places', () => {
    expect(() => part(person, { domain: 'd' })).toThrow('domain and persona exclude each other')
    expect(() => part(address, { locale: 'pl' })).toThrow('has no cities whose postcodes are known')
    expect(part(person, { locale: 'pl' })('c-1')).toMatch(/ /)
    expect(part(phone, { country: 'GB' })('c-1')).toMatch(/^\+44/)
  })

  it('has places whose numbers are those of fake.phone, each once', () => {
    for (const [country, places] of Object.entries(PERSONA_PLACES)) {
      const ranges = new Map<string, number>()
      const drawn = phone.compile(phone.options.parse({ country, format: 'international' }), fakeContext())
      for (let at = 0; at < 20_000; at++) {
        const number = drawn.apply(`v${at}`, NO_RECORD) as string
        for (const { phone: prefix } of places) if (number.startsWith(prefix)) ranges.set(prefix, at)
      }
      for (const place of places) expect([place, ranges.has(place.phone)]).toEqual([place, true])
      expect(new Set(places.map(({ city }) => city)).size).toBe(places.length)
      for (const { postcodes } of places)
        for (const code of postcodes) expect(code).toMatch(/^[0-9]{3}[0-9#]{2}$/)
    }
  })
})
