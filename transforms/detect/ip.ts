import { asciiOf, isAlphanumeric, isDigit, tableOf } from './bytes.ts'
import type { Span, TextDetector } from './detector.ts'

const DOT = 0x2e
const COLON = 0x3a
const HEX = tableOf((byte) => isDigit(byte) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66))

/** Four numbers that all lie below this are a version or a section far more often than an address. */
const VERSION_LIKE = 32

const VERSION_WORD =
  /(?:^|[^a-z])(?:v|ver|version|release|rel|build|rev|firmware|chapter|section)[^a-z0-9]{0,3}$/

/** Behind four decimal numbers of 0 to 255 without leading zeros that begin at `from`, or -1. */
function fourEnd(bytes: Uint8Array, from: number, end: number): number {
  let p = from
  let largest = 0
  let first = 0
  for (let part = 0; part < 4; part++) {
    if (part > 0) {
      if (p >= end || bytes[p] !== DOT) return -1
      p++
    }
    const at = p
    let number = 0
    while (p < end && isDigit(bytes[p]) && p - at < 4) number = number * 10 + bytes[p++]! - 0x30
    if (p === at || number > 255 || (p - at > 1 && bytes[at] === 0x30)) return -1
    largest = Math.max(largest, number)
    if (part === 0) first = number
  }
  const next = p < end ? bytes[p]! : 0
  if (isAlphanumeric(next) || next === 0x5f || next === 0x2d) return -1
  if (next === DOT && p + 1 < end && isAlphanumeric(bytes[p + 1])) return -1
  // This network, the machine itself, multicast and broadcast belong to no person.
  if (largest < VERSION_LIKE || first === 0 || first === 127 || first >= 224) return -1
  return p
}

function isBoundV4(bytes: Uint8Array, start: number, p: number): boolean {
  if (p === start) return false
  const before = bytes[p - 1]!
  if (isAlphanumeric(before) || before === DOT || before === 0x5f || before === 0x2d) return true
  // Chrome/120.0.0.0, but http://198.51.100.7
  if (before === 0x2f) return !(p - 2 >= start && bytes[p - 2] === 0x2f)
  return VERSION_WORD.test(asciiOf(bytes, Math.max(start, p - 12), p).toLowerCase())
}

function findV4(bytes: Uint8Array, start: number, end: number): Span | undefined {
  // From the first dot of each: there are fewer of them than of digits.
  for (let dot = start + 1; dot < end; dot++) {
    if (bytes[dot] !== DOT || !isDigit(bytes[dot - 1])) continue
    let from = dot - 1
    while (from > start && dot - from < 3 && isDigit(bytes[from - 1])) from--
    const to = fourEnd(bytes, from, end)
    if (to >= 0 && !isBoundV4(bytes, start, from)) return { start: from, end: to }
  }
  return undefined
}

/** Behind an IPv6 address that begins at `from` and has nothing of its kind before it, or -1 (RFC 4291, 2.2). */
function sixEnd(bytes: Uint8Array, from: number, end: number): number {
  let p = from
  let groups = 0
  let gap = false
  let longest = 0
  let digits = false
  let pairs = true
  for (;;) {
    const at = p
    while (p < end && p - at < 5 && HEX[bytes[p]!] === 1) {
      if (isDigit(bytes[p])) digits = true
      p++
    }
    const length = p - at
    if (length > 4) return -1
    if (length > 0) {
      groups++
      longest = Math.max(longest, length)
      if (length !== 2) pairs = false
    }
    if (p >= end || bytes[p] !== COLON) break
    if (p + 1 < end && bytes[p + 1] === COLON) {
      if (gap || (p + 2 < end && bytes[p + 2] === COLON)) return -1
      gap = true
      p += 2
    } else if (length === 0) return -1
    else if (p + 1 >= end || HEX[bytes[p + 1]!] === 0) break
    else p++
    if (groups > 8) return -1
  }
  if (p < end && (isAlphanumeric(bytes[p]) || bytes[p] === 0x5f)) return -1
  if (gap ? groups > 7 || groups < 2 || longest < 3 : groups !== 8 || pairs) return -1
  return digits ? p : -1
}

const isOfV6 = (byte: number): boolean => isAlphanumeric(byte) || byte === COLON || byte === 0x5f

function findV6(bytes: Uint8Array, start: number, end: number): Span | undefined {
  let p = start
  while (p < end) {
    // Words as they come: an address is a whole one.
    if (!isOfV6(bytes[p]!)) {
      p++
      continue
    }
    const to = bytes[p] === 0x5f ? -1 : sixEnd(bytes, p, end)
    if (to >= 0) return { start: p, end: to }
    while (p < end && isOfV6(bytes[p]!)) p++
  }
  return undefined
}

/**
 * IPv4 and IPv6 addresses. Four numbers that are all below 32 (1.2.3.4, 10.0.0.1), or stand behind a word such as
 * `version` or behind a slash, count as a version number: one address in 5,000 looks like that.
 */
export const ip: TextDetector = {
  reads: 'text',
  kind: 'ip',
  summary: 'an IP address',
  examples: [
    '203.0.113.9',
    'from 203.0.113.9:51234, twice',
    '203.0.113.9, 10.0.0.1',
    '192.168.0.17/24',
    'http://198.51.100.7/a',
    '2001:db8::8a2e:370:7334',
    '[2001:db8:1:2:3:4:5:6]:443',
    'fe80::1ff:fe23:4567:890a%eth2',
    '::ffff:192.0.2.128',
    'ip=198.51.100.23&x=1',
  ],
  harmless: [
    '1.2.3.4',
    'v203.0.113.9',
    'version 203.0.113.9',
    'Mozilla/5.0 Chrome/120.0.0.0 Safari/537.36',
    '10.0.19045.3803',
    '1.3.6.1.4.1.311',
    '256.1.1.1',
    '01.02.03.04',
    '127.0.0.1',
    '12:30:45',
    '00:1b:44:11:3a:b7',
    'std::vector<int>',
    '::1',
    'a::b',
    '2024-07-15T13:45:00+02:00',
    '55:0e:84:00:e2:9b:41:d4',
  ],
  needs: { oneOf: '.:', digits: 1, bytes: 7 },
  find(bytes, start, end) {
    return findV4(bytes, start, end) ?? findV6(bytes, start, end)
  },
}
