import { isAlphanumeric, isDigit, isUpper } from '../bytes.ts'
import { isDay, numberOf } from '../checksums.ts'
import type { TextDetector } from '../detector.ts'

const CHECKS = '0123456789ABCDEFHJKLMNPRSTUVWXY'
/** Of the century: 1800s +, 1900s - and Y to U, 2000s A to F (decree 690/2022). */
const SIGNS = '+-YXWVUABCDEF'
const LENGTH = 11

const digits = new Uint8Array(9)

function isHetu(bytes: Uint8Array, from: number): boolean {
  for (let i = 0; i < 6; i++) digits[i] = bytes[from + i]! - 0x30
  for (let i = 0; i < 3; i++) {
    if (!isDigit(bytes[from + 7 + i])) return false
    digits[6 + i] = bytes[from + 7 + i]! - 0x30
  }
  if (!SIGNS.includes(String.fromCharCode(bytes[from + 6]!))) return false
  if (!isDay(numberOf(digits, 2, 2), numberOf(digits, 0, 2)) || numberOf(digits, 6, 3) < 2) return false
  return bytes[from + 10] === CHECKS.charCodeAt(numberOf(digits, 0, 9) % 31)
}

/** Finnish henkilötunnus: date of birth, sign of the century, serial, one of 31 check characters. */
export const fiHetu: TextDetector = {
  reads: 'text',
  kind: 'fi-hetu',
  summary: 'a Finnish personal identity code',
  examples: ['131052-308T', 'hetu 131052-308T.', '010203A1230'],
  harmless: ['131052-308S', '131352-308T', '131052-308TT', '1131052-308T', '131052/308T', 'A-131052-308T'],
  needs: { digits: 9, bytes: LENGTH },
  find(bytes, start, end) {
    for (let p = start; p + LENGTH <= end; p++) {
      if (!isDigit(bytes[p])) continue
      const from = p
      while (p < end && isDigit(bytes[p])) p++
      if (p - from !== 6 || from + LENGTH > end) continue
      const before = from > start ? bytes[from - 1] : undefined
      const behind = from + LENGTH < end ? bytes[from + LENGTH] : undefined
      if (isAlphanumeric(before) || before === 0x2d || before === 0x5f) continue
      if (isAlphanumeric(behind) || behind === 0x5f) continue
      const isCheck = isDigit(bytes[from + 10]) || isUpper(bytes[from + 10])
      if (isCheck && isHetu(bytes, from)) return { start: from, end: from + LENGTH }
    }
    return undefined
  },
}
