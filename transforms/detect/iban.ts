import { isAlphanumeric, isDigit, isLetter, isUpper } from './bytes.ts'
import type { TextDetector } from './detector.ts'

/** Length by country: SWIFT's IBAN registry, release 98. */
const LENGTHS =
  'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ' +
  'ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 ' +
  'LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 ' +
  'PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30'

const lengthOf: ReadonlyMap<number, number> = new Map(
  LENGTHS.split(' ').map((entry) => [
    (entry.charCodeAt(0) << 8) | entry.charCodeAt(1),
    Number(entry.slice(2)),
  ]),
)

const SPACE = 0x20
const HYPHEN = 0x2d

/** Letters count as 10 to 35, in either case. */
const numeralOf = (byte: number): number => (isDigit(byte) ? byte - 0x30 : (byte | 0x20) - 0x61 + 10)

/** ISO 13616: the first four characters moved to the end, as a number, modulo 97 give 1. */
function passesMod97(characters: Uint8Array, count: number): boolean {
  let rest = 0
  for (let i = 0; i < count; i++) {
    const value = numeralOf(characters[(i + 4) % count]!)
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97
  }
  return rest === 1
}

const characters = new Uint8Array(34)

/** Behind an IBAN that begins at `from`, or -1. */
function ibanEnd(bytes: Uint8Array, from: number, end: number): number {
  const isLower = !isUpper(bytes[from])
  const country = ((bytes[from]! & 0xdf) << 8) | (bytes[from + 1]! & 0xdf)
  const length = lengthOf.get(country)
  if (length === undefined) return -1
  let count = 0
  let gap = 0
  let p = from
  for (; p < end && count < length; p++) {
    const byte = bytes[p]!
    if (isAlphanumeric(byte)) {
      if (isLetter(byte) && isUpper(byte) === isLower) return -1
      characters[count++] = byte
    } else if (isLower || count % 4 !== 0 || (byte !== SPACE && byte !== HYPHEN)) return -1
    else if (gap !== 0 ? byte !== gap : count !== 4) return -1
    else gap = byte
  }
  const behind = p < end ? bytes[p] : undefined
  if (count < length || isAlphanumeric(behind) || behind === 0x5f || behind === HYPHEN) return -1
  return passesMod97(characters, count) ? p : -1
}

/** In one piece, or in capitals in groups of four; checked by the length of its country and ISO 7064, MOD 97-10. */
export const iban: TextDetector = {
  reads: 'text',
  kind: 'iban',
  summary: 'an IBAN',
  examples: [
    'DE89370400440532013000',
    'GB82 WEST 1234 5698 7654 32',
    'to pl61109010140000071219812874, thanks',
    'NO9386011117947',
    'FR14-2004-1010-0505-0001-3M02-606',
  ],
  harmless: [
    'DE89370400440532013001',
    'DE8937040044053201300',
    'XX89370400440532013000',
    'DE89370400440532013000Q',
    'xDE89370400440532013000',
    'SKU DE12 3456 7890',
    'de89-3704-0044-0532-0130-00',
    'DE89370400440532013000-1',
  ],
  needs: { digits: 6, bytes: 15 },
  find(bytes, start, end) {
    for (let p = start; p + 15 <= end; p++) {
      // Two letters and two digits, where a word begins.
      if (!isDigit(bytes[p + 2])) continue
      if (!isDigit(bytes[p + 3]) || !isLetter(bytes[p]) || !isLetter(bytes[p + 1])) continue
      const before = p > start ? bytes[p - 1] : undefined
      if (isAlphanumeric(before) || before === 0x5f || before === HYPHEN) continue
      const to = ibanEnd(bytes, p, end)
      if (to >= 0) return { start: p, end: to }
    }
    return undefined
  },
}
