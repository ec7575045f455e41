import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { digestOf, loadLocale, needAtLeast, texts } from '../../../transforms/fake/lists.ts'
import { namesOf } from '../../../transforms/fake/names.ts'
import { placesOf } from '../../../transforms/fake/places.ts'
import { OptionError } from '../../../transforms/transform.ts'

describe('the lists of faker', () => {
  it('are a locale’s own: English does not fill in', () => {
    expect(loadLocale('en').entry('location', 'city_name')).toBeDefined()
    expect(loadLocale('ja').entry('location', 'city_name')).toBeUndefined()
    expect(loadLocale('de').entry('location', 'city_name')).toContain('Aachen')
    expect(loadLocale('en_GB').entry('person', 'first_name')).toBeUndefined()
    expect(loadLocale('en_GB').entry('person', 'first_name', 'or-english')).toBeDefined()
    expect(loadLocale('ja').entry('location', 'city_name', 'or-english')).toBeUndefined()
  })

  it('are refused where they are too short', () => {
    expect(() => namesOf(loadLocale('ta_IN'))).toThrow(OptionError)
    expect(() => placesOf(loadLocale('sv'))).toThrow(OptionError)
    expect(() => needAtLeast(2, 1, 'cities', 'xx')).toThrow('locale xx has 1 cities, and 2 are needed')
  })

  it('hold each text once, whatever its letters', () => {
    expect(texts(['Ann', ' ANN ', 'Ｂｏｂ', 'bob', '', 3, null])).toEqual(['Ann', 'Ｂｏｂ'])
    expect(texts(null)).toEqual([])
    for (const locale of ['en', 'ru', 'tr']) {
      const { first, last } = namesOf(loadLocale(locale))
      for (const list of [first, last]) expect(texts(list)).toHaveLength(list.length)
    }
  })

  it('give women women’s family names', () => {
    const names = namesOf(loadLocale('ru'))
    const lastFor = (first: string) => names.lastFor[names.first.indexOf(first)]
    expect(lastFor('Агата')).toContain('Абрамова')
    expect(lastFor('Агата')).not.toContain('Абрамов')
    expect(lastFor('Август')).toContain('Абрамов')
  })

  it('have a digest of their content, not of the order of their names', () => {
    const digest = digestOf({ a: ['x'], b: ['y', 'z'] })
    expect(digestOf({ b: ['y', 'z'], a: ['x'] })).toBe(digest)
    expect(digestOf({ a: ['x'], b: ['z', 'y'] })).not.toBe(digest)
    // printf '{"a":["x"],"b":["y","z"]}' | sha256sum
    expect(digest).toBe('0a4b0093dd9b5cdeb5b0ac53b8cc36a2591df492f521acfa7e172a0666e5f678')
  })

  it('are not loaded before a rule needs them', () => {
    for (const file of ['lists', 'names', 'places', 'person', 'email', 'phone', 'address', 'pick']) {
      const source = readFileSync(new URL(`../../../transforms/fake/${file}.ts`, import.meta.url), 'utf8')
      expect(source).not.toMatch(/from '@faker-js/)
    }
    const loaded = execFileSync(process.execPath, [
      '--input-type=module',
      '-e',
      "import { createRequire } from 'node:module'; const r = createRequire(process.cwd() + '/x.js');" +
        "const { faker } = r('@faker-js/faker/locale/de'); console.log(typeof faker.rawDefinitions)",
    ])
    expect(String(loaded)).toBe('object\n')
  })
})
