/** What a text looks like: detectors for `lethe init`. Each looks at one value and says yes or no. */
import { isIPv4, isIPv6 } from 'node:net'
import { compileForm } from '../../transforms/calendar/forms.ts'
import { readWritten } from '../../transforms/calendar/rfc3339.ts'
import { look, lookAt } from '../../transforms/detect/look.ts'
import { addressIn } from '../../transforms/generalize/ip.ts'
import { levelsOf } from '../record/json/json-text.ts'
import { MAX_DEPTH } from '../record/json/json-walker.ts'
import { patternsOf } from './date-patterns.ts'

export const DETECTORS = {
  email: 'an email address',
  url: 'a URL',
  uuid: 'a UUID',
  ip: 'an IP address',
  'ip-endpoint': 'an IP address with a port, brackets or a zone',
  'ip-list': 'a list of IP addresses, as X-Forwarded-For is',
  mac: 'a MAC address',
  iban: 'an IBAN (checked by mod 97)',
  card: 'a payment card number (checked by Luhn)',
  phone: 'a phone number',
  'national-id': 'a national id (checked by its check digits)',
  secret: 'a token or key',
  holding: 'a text that holds an address, number or key of a person',
  rfc3339: 'a date and time with offset',
  moment: 'a date and time with offset, in a form of ISO 8601 or RFC 1123',
  'date-time': 'a date and time without offset',
  date: 'a date (YYYY-MM-DD)',
  'other-date': 'a date in another notation',
  'epoch-days': 'a date in days since 1970',
  'epoch-seconds': 'a time in epoch seconds',
  'epoch-milliseconds': 'a time in epoch milliseconds',
  'epoch-microseconds': 'a time in epoch microseconds',
  'epoch-nanoseconds': 'a time in epoch nanoseconds',
  year: 'a year of a person’s life',
  'days-of-life': 'a number of days before or since 1970, within the life of a person',
  integer: 'a whole number',
  decimal: 'a decimal number',
  'decimal-comma': 'a number with a decimal comma',
  'grouped-comma': 'a number with groups of digits and a decimal comma, such as 1.234,56',
  'grouped-point': 'a number with groups of digits and a decimal point, such as 1,234.56',
  coordinates: 'a decimal number with four or more places',
  boolean: 'true or false',
  json: 'an object or array as JSON',
  code: 'an upper-case code of two or three letters',
  postcode: 'a postcode',
  street: 'a street and a number',
  plate: 'a mix of capitals and digits, as number plates are',
  'name-like': 'one to four capitalised words',
  word: 'a word in lower case, or a code',
  prose: 'several words',
  opaque: 'a long text without spaces, with letters and digits',
} as const

export type ValueForm = keyof typeof DETECTORS

const UUID = /^\{?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\}?$/i
const MAC = /^[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}$/i
const OTHER_DATE =
  /^(?:\d{1,2}([./-])\d{1,2}\1(?:\d{4}|\d{2})|\d{4}[./]\d{1,2}[./]\d{1,2}|(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))(?:[T ]\d{1,2}:\d{2}.*)?$|^\d{4}-\d{2}-\d{2}(?:[T ]\d{1,2}:\d{2}.*)?$/i
const isOtherDate = (text: string): boolean => OTHER_DATE.test(text) || patternsOf(text).length > 0
const AUTO = compileForm('auto')
const INTEGER = /^[+-]?\d+$/
const DECIMAL = /^[+-]?(?:\d+[.,]\d+|\d+(?:\.\d+)?[eE][+-]?\d+)$/
/** In groups, with decimals or of two separators at least: `1.234` may have decimals and no groups. */
const GROUPED_COMMA = /^[+-]?[1-9]\d{0,2}(?:(?:\.\d{3})+,\d+|(?:\.\d{3}){2,})$/
const GROUPED_POINT =
  /^[+-]?[1-9](?:\d{0,2}(?:(?:,\d{3})+\.\d+|(?:,\d{3}){2,})|\d?(?:,\d{2})+,\d{3}(?:\.\d+)?)$/
/** Three digits behind a comma may be a group. */
const DECIMAL_COMMA = /^[+-]?\d+,(?!\d{3}$)\d+$/
const COORDINATES = /^-?(?:1[0-7]\d|\d{1,2})\.\d{4,}$/
const POSTCODE =
  /^(?:[A-Z]{1,2}-?)?\d{4,6}(?:[- ]\d{3,4})?$|^[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}$|^[A-Z]\d[A-Z] ?\d[A-Z]\d$|^\d{3}-?\d{4}$|^\d{4} ?[A-Z]{2}$/i
const NAME_LIKE =
  /^\p{Lu}[\p{L}\p{M}'’.-]*(?: (?:\p{Lu}[\p{L}\p{M}'’.-]*|van|von|de|der|den|del|da|di|la|le|bin|al)){0,4}$/u
/** A number beside a word with a capital: 3 Elm Street, Hauptstr. 5a, ul. Długa 7. */
const STREET =
  /^\d{1,5}\s?[a-z]?,?\s+(?:\p{L}+\.?\s+)*\p{Lu}[\p{L}.'’-]*|\p{L}{3,}\.?,?\s+\d{1,4}\s?[a-z]?$|\p{Lo}\d/iu
/** B-AB 1234, AB12 CDE, KR 5AB12: capitals and digits. */
const PLATE = /^(?=.*\d)(?=.*\p{Lu})[\p{Lu}\d]{1,4}(?:[ -]?[\p{Lu}\d]{1,5}){1,3}$/u
/** What a program writes, not a person: one word in lower case. Two may be a name. */
const WORD = /^[a-z][a-z0-9]*(?:[_.:/+-][a-z0-9]+)*$/
const CODED = /^[A-Z]{2,3}$|^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$/
const UNCASED_NAME = /^[\p{Lo}\p{M}]{2,8}(?:[ ・][\p{Lo}\p{M}]{1,8})?$/u

/** The millisecond years 2001 to 2040, in seconds. */
const isEpoch = (seconds: number) => seconds >= 978_307_200 && seconds < 2_240_524_800

/** Units of epoch numbers, by the digits that times of today have in them; and how many of each make a second. */
const EPOCHS = [
  ['epoch-seconds', 10, 1],
  ['epoch-milliseconds', 13, 1e3],
  ['epoch-microseconds', 16, 1e6],
  ['epoch-nanoseconds', 19, 1e9],
] as const

/** Times in epoch numbers, in the order of their digits. */
export const EPOCH_TIMES: readonly (typeof EPOCHS)[number][0][] = EPOCHS.map(([unit]) => unit)

/** From 1990 to 2040, in days since 1970. */
const isEpochDay = (days: number) => days >= 7305 && days < 25_567

/** Adds what a whole number may count. */
function countsOf(text: string, is: (detector: ValueForm, holds: boolean) => boolean): void {
  const number = Number(text)
  for (const [unit, digits, perSecond] of EPOCHS)
    is(unit, text.length === digits && isEpoch(number / perSecond))
  is('epoch-days', isEpochDay(number))
  is('year', /^(?:19|20)\d\d$/.test(text))
  // From 1900 on.
  is('days-of-life', number >= -25_567 && number < 25_567)
}

/** What the detectors of `transforms/detect/` are here. */
const OF_KIND: Readonly<Record<string, ValueForm>> = {
  email: 'email',
  phone: 'phone',
  iban: 'iban',
  card: 'card',
  ip: 'ip',
  jwt: 'secret',
  'api-key': 'secret',
  'private-key': 'secret',
}

/** What the whole text is by those detectors; `holding` where only a part of it is something. */
function watched(text: string): ReadonlySet<ValueForm> {
  const bytes = Buffer.from(text, 'utf8')
  const found = new Set<ValueForm>()
  if (look(bytes, 0, bytes.length) === 0) return found
  for (const { kind, start, end } of lookAt(text))
    found.add(start === 0 && end === bytes.length ? (OF_KIND[kind] ?? 'national-id') : 'holding')
  if (found.size > 1) found.delete('holding')
  return found
}

const isAddress = (text: string): boolean => isIPv4(text) || (isIPv6(text) && !text.includes('%'))

/** Which of the forms of addresses that `generalize.ip` reads; undefined where it is none. */
function addressForm(text: string): ValueForm | undefined {
  if (isAddress(text)) return 'ip'
  const holdsOne = (part: string): boolean => {
    const inside = addressIn(part)
    return inside !== undefined && isAddress(inside)
  }
  if (text.includes(',')) return text.split(',').every(holdsOne) ? 'ip-list' : undefined
  return holdsOne(text) ? 'ip-endpoint' : undefined
}

/** The object or array that a text holds, below so many others; undefined where it holds none, or nests too deep for a run. */
export function heldJson(text: string, depth = 0): object | undefined {
  if (!/^[ \t\r\n]*[{[]/.test(text) || depth + levelsOf(text) > MAX_DEPTH) return undefined
  try {
    return JSON.parse(text) as object
  } catch {
    return undefined
  }
}

/** All that `text` (not empty) looks like. */
export function detect(text: string): readonly ValueForm[] {
  const found = new Set<ValueForm>(heldJson(text) === undefined ? [] : ['json'])
  if (text.length > 2048) return [...found, 'prose']
  const is = (detector: ValueForm, holds: boolean) => {
    if (holds) found.add(detector)
    return holds
  }
  if (is('boolean', /^(?:true|false)$/i.test(text))) return [...found]
  const seen = watched(text)
  if (INTEGER.test(text)) {
    found.add('integer')
    for (const detector of ['card', 'phone', 'national-id'] as const) is(detector, seen.has(detector))
    countsOf(text, is)
    is('other-date', isOtherDate(text))
    is('postcode', POSTCODE.test(text))
    return [...found]
  }
  if (DECIMAL.test(text)) {
    found.add('decimal')
    is('decimal-comma', DECIMAL_COMMA.test(text))
    is('coordinates', COORDINATES.test(text))
    is('epoch-seconds', /^\d{10}\.\d+$/.test(text) && isEpoch(Number(text)))
    return [...found]
  }
  if (is('uuid', UUID.test(text)) || is('mac', MAC.test(text))) return [...found]
  if (is('email', seen.has('email'))) return [...found]
  const address = addressForm(text)
  if (address !== undefined) return [...found.add(address)]
  if (is('grouped-comma', GROUPED_COMMA.test(text)) || is('grouped-point', GROUPED_POINT.test(text)))
    return [...found]
  if (is('url', /^[a-z][a-z0-9+.-]*:\/\/\S+$/i.test(text))) return [...found]
  // What transforms read, and nothing else: a draft must not propose a rule that takes no value.
  const written = readWritten(text)
  if (is('rfc3339', written?.offset !== undefined)) return [...found]
  if (is('date-time', written?.time !== undefined)) return [...found]
  if (is('date', written !== undefined)) return [...found]
  if (is('moment', AUTO.read(text) !== undefined)) return [...found]
  if (is('other-date', isOtherDate(text))) return [...found]
  for (const detector of seen) found.add(detector)
  if (found.has('iban') || found.has('card')) return [...found]
  is('postcode', POSTCODE.test(text))
  is('code', /^[A-Z]{2,3}$/.test(text))
  is('street', STREET.test(text))
  is('plate', PLATE.test(text))
  is('name-like', NAME_LIKE.test(text) || UNCASED_NAME.test(text))
  is('word', WORD.test(text) || CODED.test(text))
  is('prose', (text.match(/\s+/g)?.length ?? 0) >= 4)
  is('opaque', text.length >= 12 && /^[\w+/=.:-]+$/.test(text) && /\d/.test(text) && /[a-z]/i.test(text))
  return [...found]
}

/** Detectors that speak of data and hardly of a name: a header cell or member name that matches is a value. */
const DATA_ONLY: readonly ValueForm[] = [
  'email',
  'url',
  'uuid',
  'ip',
  'ip-endpoint',
  'ip-list',
  'mac',
  'iban',
  'card',
  'phone',
  'national-id',
  'secret',
  'rfc3339',
  'moment',
  'date-time',
  'date',
  'other-date',
  'integer',
  'decimal',
  'grouped-comma',
  'grouped-point',
  'boolean',
]

/** What data `text` looks like, where it looks like data at all. */
export function looksLikeData(text: string): ValueForm | undefined {
  return detect(text.trim()).find((detector) => DATA_ONLY.includes(detector))
}
