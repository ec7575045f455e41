/** Streets, cities and postcodes of a locale, for `fake.address`. */
import { type Locale, needAtLeast, texts } from './lists.ts'
import { namesOf } from './names.ts'
import { pick } from './pick.ts'

const LEAST_CITIES = 20
const LEAST_STREETS = 30
const LEAST_STATES = 5

/** Makes a text of one number in [0, 2^48); another text for the next number. */
export type Choice = (number: number) => string

export interface Places {
  readonly cities: readonly string[]
  /** Empty where the locale has none of its own. */
  readonly states: readonly string[]
  readonly street: Choice
  readonly postcode: Choice
  readonly buildingNumber: Choice
  /** A street and a building number as this locale writes them. */
  readonly line: (street: string, building: string) => string
  readonly lists: Readonly<Record<string, readonly string[]>>
}

/** Throws `OptionError` where the locale has too few cities, streets or postcode forms of its own. */
export function placesOf(locale: Locale): Places {
  const location = (key: string) => locale.entry('location', key)
  const english = (key: string) => locale.entry('location', key, 'or-english')
  const americans = locale.name === 'en_US'
  const cities = texts(americans ? english('city_name') : location('city_name'))
  const states = texts(americans ? english('state') : location('state'))
  const postcodes = texts(americans ? english('postcode') : location('postcode'))
  const buildings = buildingForms(english('building_number'))
  needAtLeast(LEAST_CITIES, cities.length, 'cities', locale.name)
  needAtLeast(1, postcodes.length, 'postcode forms', locale.name)
  needAtLeast(1, buildings.length, 'building number forms', locale.name)
  const { street, lists } = streetsOf(locale)
  const address = english('street_address') as { readonly normal?: unknown } | undefined
  const template =
    typeof address?.normal === 'string' ? address.normal : '{{location.buildingNumber}} {{location.street}}'
  return {
    cities,
    states,
    street,
    postcode: (number) => fill(pick(postcodes, number), Math.floor(number / postcodes.length), '0'),
    buildingNumber: (number) => fill(pick(buildings, number), Math.floor(number / buildings.length), '1'),
    line: lineOf(template),
    lists: { cities, states, postcodes, buildings, template: [template], ...lists },
  }
}

/** Forms with a digit in them, as they are: some begin with the comma that goes before them. */
function buildingForms(entry: unknown): string[] {
  const forms: readonly unknown[] = Array.isArray(entry) ? entry : []
  return forms.filter((form): form is string => typeof form === 'string' && form.includes('#'))
}

/** Throws `OptionError` where the locale has fewer than five states of its own. */
export function needStates(places: Places, locale: string): void {
  needAtLeast(LEAST_STATES, places.states.length, 'states', locale)
}

/** The template of a street address, taken apart once. */
function lineOf(template: string): Places['line'] {
  const parts = template.split(/(\{\{[^}]*\}\})/)
  return (street, building) => {
    let line = ''
    for (const part of parts) {
      if (part === '{{location.street}}') line += street
      else line += part === '{{location.buildingNumber}}' ? building : part
    }
    return line
  }
}

/** Digits for `#` (the first at least `least`), letters for `?`, out of one number; the rest of the form stays. */
function fill(form: string, number: number, least: '0' | '1'): string {
  let rest = number
  let lowest = least === '1' ? 1 : 0
  const take = (count: number) => {
    const taken = rest % count
    rest = Math.floor(rest / count)
    return taken
  }
  return form.replace(/[#?]/g, (sign) => {
    if (sign === '?') return String.fromCharCode(0x41 + take(26))
    const digit = lowest + take(10 - lowest)
    lowest = 0
    return String(digit)
  })
}

/** The streets that a locale lists, and those that its patterns make out of a name and a suffix or the like. */
function streetsOf(locale: Locale): Pick<Places, 'street' | 'lists'> {
  const lists: Record<string, readonly string[]> = {}
  const listOf = (token: string): readonly string[] => {
    if (token === 'person.firstName') return namesOf(locale).first
    if (token === 'person.lastName') return namesOf(locale).last
    const key = token.startsWith('location.') ? token.slice('location.'.length) : ''
    return /^street_[a-z_]+$/.test(key) ? texts(locale.entry('location', key, 'or-english')) : []
  }
  const patterns: (readonly (string | readonly string[])[])[] = []
  const forms: string[] = []
  let streets = 0
  for (const form of texts(locale.entry('location', 'street_pattern'))) {
    // Split at its tokens, a form is literal, token, literal, …
    const pieces = form.split(/\{\{([^}]*)\}\}/)
    const parts = pieces.map((piece, at) => (at % 2 === 0 ? piece : listOf(piece)))
    if (parts.length === 1 || parts.some((part, at) => at % 2 === 1 && part.length === 0)) continue
    patterns.push(parts)
    forms.push(form)
    streets += parts.reduce((product, part, at) => (at % 2 === 0 ? product : product * part.length), 1)
    for (let at = 1; at < pieces.length; at += 2) lists[pieces[at]!] = listOf(pieces[at]!)
  }
  needAtLeast(LEAST_STREETS, streets, 'streets', locale.name)
  lists['street patterns'] = forms
  const street: Choice = (number) => {
    let rest = Math.floor(number / patterns.length)
    let name = ''
    for (const part of pick(patterns, number)) {
      if (typeof part === 'string') name += part
      else {
        name += pick(part, rest)
        rest = Math.floor(rest / part.length)
      }
    }
    return name
  }
  return { street, lists }
}
