/** What a text looks like: detectors for `lethe init`. Each looks at one value and says yes or no. */
import { isIPv4, isIPv6 } from 'node:net'
import { readWritten } from '../../../transforms/calendar.ts'

export const DETECTORS = {
  email: 'an email address',
  url: 'a URL',
  uuid: 'a UUID',
  ip: 'an IP address',
  mac: 'a MAC address',
  iban: 'an IBAN (checked by mod 97)',
  card: 'a payment card number (checked by Luhn)',
  phone: 'a phone number',
  rfc3339: 'a date and time with offset',
  'date-time': 'a date and time without offset',
  date: 'a date (YYYY-MM-DD)',
  'other-date': 'a date in another notation',
  'epoch-seconds': 'a time in epoch seconds',
  'epoch-milliseconds': 'a time in epoch milliseconds',
  integer: 'a whole number',
  decimal: 'a decimal number',
  coordinates: 'a decimal number with four or more places',
  boolean: 'true or false',
  code: 'an upper-case code of two or three letters',
  postcode: 'a postcode',
  'name-like': 'one to four capitalised words',
  prose: 'several words',
  opaque: 'a long text without spaces, with letters and digits',
} as const

export type Detector = keyof typeof DETECTORS

/** Digits with a valid check digit, Luhn (ISO/IEC 7812-1 annex B). */
export function passesLuhn(digits: string): boolean {
  let sum = 0
  for (let i = 0; i < digits.length; i++) {
    const digit = digits.charCodeAt(digits.length - 1 - i) - 48
    sum += i % 2 === 0 ? digit : digit > 4 ? 2 * digit - 9 : 2 * digit
  }
  return sum % 10 === 0
}

/** ISO 13616: the first four characters moved to the end, letters as 10 to 35, the number modulo 97 is 1. */
export function passesMod97(iban: string): boolean {
  let rest = 0
  for (const char of iban.slice(4) + iban.slice(0, 4)) {
    const value = Number.parseInt(char, 36)
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97
  }
  return rest === 1
}

const EMAIL = /^[^\s@"<>()]{1,64}@(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]*[\p{L}\p{N}])?\.)+[\p{L}\p{N}-]{2,}$/u
const UUID = /^\{?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\}?$/i
const MAC = /^[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}$/i
const IBAN = /^[A-Z]{2}\d{2} ?(?:[A-Z0-9]{4} ?){2,7}[A-Z0-9]{1,4}$/
const CARD = /^[2-6]\d(?:[ -]?\d){10,17}$/
const PHONE = /^(?:\+|00)?[\d\s().\-/]{7,24}(?:\s?(?:x|ext\.?)\s?\d{1,6})?$/i
const OTHER_DATE =
  /^(?:\d{1,2}([./-])\d{1,2}\1(?:\d{4}|\d{2})|\d{4}[./]\d{1,2}[./]\d{1,2}|(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))(?:[T ]\d{1,2}:\d{2}.*)?$|^\d{4}-\d{2}-\d{2}(?:[T ]\d{1,2}:\d{2}.*)?$/i
const INTEGER = /^[+-]?\d+$/
const DECIMAL = /^[+-]?(?:\d+[.,]\d+|\d+(?:\.\d+)?[eE][+-]?\d+)$/
const COORDINATES = /^-?(?:1[0-7]\d|\d{1,2})\.\d{4,}$/
const POSTCODE =
  /^(?:[A-Z]{1,2}-?)?\d{4,6}(?:[- ]\d{3,4})?$|^[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}$|^[A-Z]\d[A-Z] ?\d[A-Z]\d$|^\d{3}-?\d{4}$|^\d{4} ?[A-Z]{2}$/i
const NAME_LIKE =
  /^\p{Lu}[\p{L}\p{M}'’.-]*(?: (?:\p{Lu}[\p{L}\p{M}'’.-]*|van|von|de|der|den|del|da|di|la|le|bin|al)){0,4}$/u
const UNCASED_NAME = /^[\p{Lo}\p{M}]{2,8}(?:[ ・][\p{Lo}\p{M}]{1,8})?$/u

const digitsOf = (text: string) => text.replace(/\D/g, '')

function looksLikePhone(text: string): boolean {
  const digits = digitsOf(text.replace(/(?:x|ext\.?)\s?\d+$/i, ''))
  if (digits.length < 7 || digits.length > 15 || !PHONE.test(text)) return false
  if (/^\d+\.\d+$/.test(text)) return false
  return text.startsWith('+') || /[\s().\-/]/.test(text.trim())
}

/** The millisecond years 2001 to 2040, in seconds. */
const isEpoch = (seconds: number) => seconds >= 978_307_200 && seconds < 2_240_524_800

/** All that `text` (not empty) looks like. */
export function detect(text: string): readonly Detector[] {
  const found: Detector[] = []
  const is = (detector: Detector, holds: boolean) => {
    if (holds) found.push(detector)
    return holds
  }
  if (text.length > 2048) return ['prose']
  if (is('boolean', /^(?:true|false)$/i.test(text))) return found
  if (INTEGER.test(text)) {
    found.push('integer')
    is('card', CARD.test(text) && passesLuhn(text))
    is('epoch-seconds', text.length === 10 && isEpoch(Number(text)))
    is('epoch-milliseconds', text.length === 13 && isEpoch(Number(text) / 1000))
    is('other-date', OTHER_DATE.test(text))
    is('postcode', POSTCODE.test(text))
    is('phone', looksLikePhone(text))
    return found
  }
  if (DECIMAL.test(text)) {
    found.push('decimal')
    is('coordinates', COORDINATES.test(text))
    return found
  }
  if (is('email', EMAIL.test(text))) return found
  if (is('uuid', UUID.test(text))) return found
  if (is('mac', MAC.test(text))) return found
  if (is('ip', isIPv4(text) || isIPv6(text))) return found
  if (is('url', /^[a-z][a-z0-9+.-]*:\/\/\S+$/i.test(text))) return found
  // What transforms read, and nothing else: a draft must not propose a rule that takes no value.
  const written = readWritten(text)
  if (is('rfc3339', written?.offset !== undefined)) return found
  if (is('date-time', written?.time !== undefined)) return found
  if (is('date', written !== undefined)) return found
  if (is('other-date', OTHER_DATE.test(text))) return found
  if (is('iban', IBAN.test(text) && passesMod97(text.replaceAll(' ', '')))) return found
  if (is('card', CARD.test(text) && passesLuhn(digitsOf(text)))) return found
  is('postcode', POSTCODE.test(text))
  is('phone', looksLikePhone(text))
  is('code', /^[A-Z]{2,3}$/.test(text))
  is('name-like', NAME_LIKE.test(text) || UNCASED_NAME.test(text))
  is('prose', (text.match(/\s+/g)?.length ?? 0) >= 4)
  is('opaque', text.length >= 12 && /^[\w+/=.:-]+$/.test(text) && /\d/.test(text) && /[a-z]/i.test(text))
  return found
}

/** Detectors that speak of data and hardly of a name: a header cell or member name that matches is a value. */
const DATA_ONLY: readonly Detector[] = [
  'email',
  'url',
  'uuid',
  'ip',
  'mac',
  'iban',
  'card',
  'phone',
  'rfc3339',
  'date-time',
  'date',
  'other-date',
  'integer',
  'decimal',
  'boolean',
]

/** What data `text` looks like, where it looks like data at all. */
export function looksLikeData(text: string): Detector | undefined {
  return detect(text.trim()).find((detector) => DATA_ONLY.includes(detector))
}
