/** Forms of values that are common, look like nothing and would be looked at longest: times and UUIDs. */
import { isDigit, tableOf } from './bytes.ts'

const HYPHEN = 0x2d
const HEX = tableOf((byte) => isDigit(byte) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66))

/** `d` for a digit; all else stands for itself. */
function isWritten(bytes: Uint8Array, at: number, form: string): boolean {
  for (let i = 0; i < form.length; i++) {
    const byte = bytes[at + i]!
    const wanted = form.charCodeAt(i)
    if (wanted === 0x64 ? byte < 0x30 || byte > 0x39 : byte !== wanted) return false
  }
  return true
}

/** Whether `bytes[start..end)` is a date, or a date and time of day with or without an offset, and nothing more. */
function isTime(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start > 35 || !isWritten(bytes, start, 'dddd-dd-dd')) return false
  if (end - start === 10) return true
  const between = bytes[start + 10]
  if (end - start < 19 || (between !== 0x54 && between !== 0x20)) return false
  if (!isWritten(bytes, start + 11, 'dd:dd:dd')) return false
  let p = start + 19
  if (p < end && bytes[p] === 0x2e) {
    p++
    while (p < end && isDigit(bytes[p])) p++
  }
  if (p === end) return true
  const sign = bytes[p]!
  const left = end - p - 1
  if (sign === 0x5a) return left === 0
  if (sign !== HYPHEN && sign !== 0x2b) return false
  return left === 5 ? isWritten(bytes, p + 1, 'dd:dd') : left === 4 && isWritten(bytes, p + 1, 'dddd')
}

function isUuid(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start !== 36) return false
  for (let i = 0; i < 36; i++) {
    const isGap = i === 8 || i === 13 || i === 18 || i === 23
    if (isGap ? bytes[start + i] !== HYPHEN : HEX[bytes[start + i]!] === 0) return false
  }
  return true
}

/** Whether the value as a whole is a time or a UUID. */
export function isPlainForm(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < 10 || end - start > 36) return false
  // What each has at a place where most values have something else.
  if (bytes[start + 4] === HYPHEN && bytes[start + 7] === HYPHEN) return isTime(bytes, start, end)
  return bytes[start + 8] === HYPHEN && isUuid(bytes, start, end)
}
