/** The twin of `generalize.ip`, for bare IPv4 addresses. IPv6, ports and lists are left to `apply`. */
import type { IpOptions } from '../../generalize/ip.ts'
import { copyBytes, utf8, type WriteBytes } from '../bytes.ts'
import { type Twin, writing } from '../twin.ts'

export const ip: Twin<IpOptions> = ({ v4 }) => writing(ipKernel(v4))

const DOT = 0x2e
const ZERO = 0x30

/**
 * The octet of `size` digits at `at`; with `size` 0 as many as stand before a dot, three at most.
 * @returns the octet and, from bit 8 on, its count of digits; -1 for none, leading zeros, or more than 255
 */
function readOctet(source: Uint8Array, at: number, size: number): number {
  const first = source[at]! - ZERO
  if (first < 0 || first > 9) return -1
  const second = source[at + 1]! - ZERO
  if (size === 1 || (size === 0 && second === DOT - ZERO)) return (1 << 8) | first
  if (second < 0 || second > 9 || first === 0) return -1
  const third = source[at + 2]! - ZERO
  if (size === 2 || (size === 0 && third === DOT - ZERO)) return (2 << 8) | (first * 10 + second)
  if (third < 0 || third > 9) return -1
  const octet = first * 100 + second * 10 + third
  return octet > 255 || (size === 0 && source[at + 3] !== DOT) ? -1 : (3 << 8) | octet
}

/** @param bits of an IPv4 address that are kept, 1 to 31 */
function ipKernel(bits: number): WriteBytes {
  const whole = bits >> 3
  const mask = (0xff00 >> (bits & 7)) & 0xff
  const behind = utf8(`${'.0'.repeat(3 - whole)}/${bits}`)
  const behindBytes = behind.length
  return (source, start, end, out, at) => {
    const length = end - start
    if (length < 7 || length > 15) return -1
    const first = readOctet(source, start, 0)
    if (first < 0) return -1
    const secondAt = start + (first >> 8) + 1
    const second = readOctet(source, secondAt, 0)
    if (second < 0) return -1
    const thirdAt = secondAt + (second >> 8) + 1
    const third = readOctet(source, thirdAt, 0)
    if (third < 0) return -1
    const fourthAt = thirdAt + (third >> 8) + 1
    // Also where a dot was read that stands behind the value.
    if (end <= fourthAt || end - fourthAt > 3) return -1
    const fourth = readOctet(source, fourthAt, end - fourthAt)
    if (fourth < 0) return -1
    const cut = whole === 3 ? fourth : whole === 2 ? third : whole === 1 ? second : first
    const kept = whole === 3 ? fourthAt : whole === 2 ? thirdAt : whole === 1 ? secondAt : start
    const to = copyBytes(source, start, kept, out, at)
    return copyBytes(behind, 0, behindBytes, out, writeOctet(out, to, cut & mask))
  }
}

function writeOctet(out: Uint8Array, at: number, octet: number): number {
  let to = at
  let rest = octet
  if (octet > 99) {
    const hundreds = octet > 199 ? 2 : 1
    out[to++] = ZERO + hundreds
    rest -= hundreds * 100
  }
  if (octet > 9) {
    const tens = (rest / 10) | 0
    out[to++] = ZERO + tens
    rest -= tens * 10
  }
  out[to++] = ZERO + rest
  return to
}
