/** IPv6 addresses as eight groups of 16 bits: reading (RFC 4291, section 2.2) and writing (RFC 5952). */

/** Longest text of an address: eight groups, the last two as IPv4. */
const LONGEST = 45

/** The value of a hexadecimal digit, or -1. */
function hexDigit(unit: number): number {
  if (unit >= 48 && unit <= 57) return unit - 48
  const lower = unit | 32
  return lower >= 97 && lower <= 102 ? lower - 87 : -1
}

const IPV4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/

/** The four octets of strict dotted decimal as one number, or -1. */
function ipv4Number(text: string): number {
  const match = IPV4.exec(text)
  if (match === null) return -1
  let value = 0
  for (let at = 1; at <= 4; at++) {
    const digits = match[at]!
    const octet = Number(digits)
    if (octet > 255 || (digits.length > 1 && digits.charCodeAt(0) === 48)) return -1
    value = value * 256 + octet
  }
  return value
}

/**
 * Reads an address into `groups` (eight). All forms of RFC 4291: any case, `::` once for one or more groups
 * of zeros, the last 32 bits as dotted decimal. False, with `groups` in any state, for all else.
 */
export function parseIpv6(text: string, groups: Uint16Array): boolean {
  const length = text.length
  if (length < 2 || length > LONGEST) return false
  let count = 0
  let gap = -1
  let at = 0
  if (text.charCodeAt(0) === 58) {
    if (text.charCodeAt(1) !== 58) return false
    gap = 0
    at = 2
  }
  while (at < length) {
    if (count === 8) return false
    const start = at
    let value = 0
    for (; at < length; at++) {
      const digit = hexDigit(text.charCodeAt(at))
      if (digit < 0 || at - start === 4) break
      value = (value << 4) | digit
    }
    if (at === start) return false
    if (at < length && text.charCodeAt(at) === 46) {
      const ipv4 = ipv4Number(text.slice(start))
      if (ipv4 < 0 || count > 6) return false
      groups[count++] = ipv4 >>> 16
      groups[count++] = ipv4 & 0xffff
      at = length
      break
    }
    groups[count++] = value
    if (at === length) break
    if (text.charCodeAt(at++) !== 58) return false
    if (at === length) return false
    if (text.charCodeAt(at) === 58) {
      if (gap >= 0) return false
      gap = count
      at++
    }
  }
  if (gap < 0) return count === 8
  if (count === 8) return false
  const shift = 8 - count
  for (let to = 7; to >= gap + shift; to--) groups[to] = groups[to - shift]!
  groups.fill(0, gap, gap + shift)
  return true
}

/** Writes an address as RFC 5952, section 4 says: lower case, no leading zeros, `::` for the first longest run. */
export function printIpv6(groups: Uint16Array): string {
  let runStart = -1
  let runLength = 1
  for (let at = 0; at < 8; at++) {
    if (groups[at] !== 0) continue
    let end = at
    while (end < 8 && groups[end] === 0) end++
    if (end - at > runLength) {
      runStart = at
      runLength = end - at
    }
    at = end
  }
  let text = ''
  for (let at = 0; at < 8; at++) {
    if (at === runStart) {
      text += '::'
      at += runLength - 1
    } else {
      if (at > 0 && at !== runStart + runLength) text += ':'
      text += groups[at]!.toString(16)
    }
  }
  return text
}
