import { numberOf } from './checksums.ts'
import type { NumberDetector } from './detector.ts'
import { Between, type NumberRun } from './number-run.ts'
import { wordsOf } from './words.ts'

/** ITU-T E.164: a country's code and its number have 15 digits at most; shorter than 8 there are hardly any. */
const MOST = 15
const FEWEST = 8

/** Country codes of one and two digits (ITU-T E.164, annex to Operational Bulletin 1117); all others have three. */
const SHORT_CODES = new Set([
  20, 27, 30, 31, 32, 33, 34, 36, 39, 40, 41, 43, 44, 45, 46, 47, 48, 49, 51, 52, 53, 54, 55, 56, 57, 58, 60,
  61, 62, 63, 64, 65, 66, 81, 82, 84, 86, 90, 91, 92, 93, 94, 95, 98,
])
/** First two digits of the codes of three. */
const LONG_CODES = new Set([
  21, 22, 23, 24, 25, 26, 29, 35, 37, 38, 42, 50, 59, 67, 68, 69, 80, 85, 87, 88, 96, 97, 99,
])

function beginsWithCountry(digits: Uint8Array, at: number): boolean {
  const two = numberOf(digits, at, 2)
  return digits[at] === 1 || digits[at] === 7 || SHORT_CODES.has(two) || LONG_CODES.has(two)
}

const WORDS = wordsOf(
  ...['phone', 'telephone', 'mobile', 'mob', 'cell', 'cellphone', 'call', 'fax', 'whatsapp', 'sms', 'msisdn'],
  ...[
    'tel',
    'telefon',
    'telefono',
    'telefone',
    'téléphone',
    'teléfono',
    'handy',
    'mobil',
    'móvil',
    'celular',
  ],
  ...['gsm', 'kom', 'komórka', 'nummer', 'portable', 'тел', 'Тел', 'телефон', 'Телефон'],
  ...['电话', '手机', '電話', '携帯', '전화', 'phonenumber', 'phone_number', 'phoneNumber'.toLowerCase()],
)

/** How many groups from `group` on have at most `most` digits together; `total` of them. */
function groupsWithin(run: NumberRun, group: number, most: number): { groups: number; total: number } {
  let groups = 0
  let total = 0
  while (group + groups < run.groupCount && total + run.length[group + groups]! <= most)
    total += run.length[group + groups++]!
  return { groups, total }
}

/** 48.85660000 is a coordinate or a price, whatever stands before it. */
const isDecimal = (run: NumberRun, group: number, groups: number): boolean =>
  groups === 2 && run.between[group + 1] === Between.dot

const isYear = (number: number): boolean => number >= 1900 && number < 2100

/** Begins as 07-15-2024 or 15.07.2024 does, or 01-02-24 12. */
function isDate(run: NumberRun, group: number): boolean {
  if (group + 2 >= run.groupCount || run.length[group]! > 2 || run.length[group + 1]! > 2) return false
  const gap = run.between[group + 1]
  if (gap !== run.between[group + 2] || (gap === Between.space && run.length[group + 2] !== 4)) return false
  const first = numberOf(run.digits, run.first[group]!, run.length[group]!)
  const second = numberOf(run.digits, run.first[group + 1]!, run.length[group + 1]!)
  if (Math.min(first, second) > 12 || Math.max(first, second) > 31) return false
  return run.length[group + 2] === 4
    ? isYear(numberOf(run.digits, run.first[group + 2]!, 4))
    : run.length[group + 2] === 2 && run.groupCount - group < 5
}

/** +48 600 100 200 */
function international(run: NumberRun, group: number): number {
  if (group !== 0 || !run.plus || run.between[0] === Between.part) return 0
  if (!beginsWithCountry(run.digits, run.first[0]!)) return 0
  const { groups, total } = groupsWithin(run, group, MOST)
  return total >= FEWEST && !isDecimal(run, group, groups) && isFree(run, group + groups) ? groups : 0
}

/** Nothing that follows says that the digits go on as something else. */
const isFree = (run: NumberRun, behind: number): boolean => (run.between[behind]! & Between.part) === 0

/** 415-555-0132, (415) 555-0132, 1-415-555-0132: the North American plan. */
function northAmerican(run: NumberRun, group: number): number {
  const one = run.length[group] === 1 && run.digits[run.first[group]!] === 1 ? 1 : 0
  const from = group + one
  if (from + 3 > run.groupCount) return 0
  if (run.length[from] !== 3 || run.length[from + 1] !== 3 || run.length[from + 2] !== 4) return 0
  const area = run.digits[run.first[from]!]!
  const exchange = run.digits[run.first[from + 1]!]!
  if (area < 2 || exchange < 2) return 0
  if ((run.between[from + 1]! | run.between[from + 2]!) & Between.slash) return 0
  const behind = run.between[from + 3]!
  if ((behind & (Between.hyphen | Between.dot | Between.part | Between.slash)) !== 0) return 0
  return 3 + one
}

/** 030/1234567, 06 12 34 56 78, 020 7946 0958, 090-1234-5678: a trunk prefix and at least two groups. */
function withTrunk(run: NumberRun, group: number): number {
  const at = run.first[group]!
  const first = run.length[group]!
  if (run.digits[at] !== 0 || run.digits[at + 1] === 0 || first < 2 || first > 6) return 0
  const { groups, total } = groupsWithin(run, group, 12)
  if (groups < 2 || total < 9 || !isFree(run, group + groups) || isDate(run, group)) return 0
  for (let i = 1; i < groups; i++) if (run.length[group + i]! < 2) return 0
  const gaps = gapsOf(run, group, groups)
  // 0.123456789 and 01.234.567: dots are written between pairs only.
  if ((gaps & Between.dot) !== 0) return groups === 5 && first === 2 ? groups : 0
  return groups
}

/** (11) 91234-5678, (030) 123456. */
function inParentheses(run: NumberRun, group: number): number {
  if (group !== 0 || !run.parenthesis || run.groupCount < 2) return 0
  if ((run.between[1]! & Between.parenthesis) === 0) return 0
  const first = run.length[0]!
  if (first < 2 || first > 5 || (first === 4 && isYear(numberOf(run.digits, 0, 4)))) return 0
  const { groups, total } = groupsWithin(run, 0, 12)
  if (groups < 2 || total < 9 || !isFree(run, groups) || run.length[1]! < 2) return 0
  return (gapsOf(run, 0, groups) & Between.dot) === 0 ? groups : 0
}

const gapsOf = (run: NumberRun, group: number, groups: number): number => {
  let gaps = 0
  for (let i = 1; i < groups; i++) gaps |= run.between[group + i]!
  return gaps
}

/** tel: 600100200, call me 0048600100200: any writing, behind a word. */
function afterWord(run: NumberRun, group: number): number {
  const { groups, total } = groupsWithin(run, group, MOST)
  if (total < 7 || !isFree(run, group + groups) || isDecimal(run, group, groups)) return 0
  return run.hasWordBefore(group, WORDS) ? groups : 0
}

/**
 * Numbers in international form, national ones in usual writings with separators, and any behind a word such as `tel`. Bare
 * digits alone are order numbers and times as often as phone numbers: those are left alone.
 */
export const phone: NumberDetector = {
  reads: 'numbers',
  kind: 'phone',
  summary: 'a phone number',
  examples: [
    '+48600100200',
    'call lena or +48 600 100 200, evenings',
    '+44 (0)20 7946 0958',
    '+1 (415) 555-0132 ext. 7',
    '(415) 555-0132',
    '415-555-0132',
    '415.555.0132',
    '1-800-555-0199',
    '030/1234567',
    '06 12 34 56 78',
    '06.12.34.56.78',
    '020 7946 0958',
    '01632 960123',
    '090-1234-5678',
    '(11) 91234-5678',
    'tel: 600100200',
    'Tel.600-100-200',
    '电话13812345678',
    'phone=0048600100200',
    'reach me\u00a0at +49\u202f151\u202f23456789',
  ],
  harmless: [
    '2024-07-15T13:45:00+02:00',
    '2024-07-15 13:45:00',
    '1700000000',
    '1700000000000',
    'order 600100200',
    '4006381333931',
    '978-3-16-148410-0',
    '0-306-40615-2',
    '0.123456789',
    '+48.85660000',
    '01.02.2024 1230',
    '15-07-2024 0930',
    '0012345678',
    '#415-555-0132',
    '123-45-6789',
    '12,500.00 - 13,750.00',
    'AB-0123-4567-89',
    'f81d4fae-7dec-11d0-a765-00a0c91e6bf6',
    '600 100 200',
    '(2024) 12345678',
    'x+123456789',
    'tel aviv 2024',
  ],
  firstGroups: Array.from({ length: MOST }, (_, index) => index + 1),
  take(run, group) {
    if ((run.between[group]! & (Between.part | Between.hyphen | Between.dot | Between.slash)) !== 0) return 0
    if (run.digitCount - run.first[group]! < 7) return 0
    // A plus, a parenthesis and a word stand before a first group only.
    if (group > 0) return northAmerican(run, group) || withTrunk(run, group)
    return (
      international(run, 0) ||
      northAmerican(run, 0) ||
      withTrunk(run, 0) ||
      inParentheses(run, 0) ||
      afterWord(run, 0)
    )
  },
}
