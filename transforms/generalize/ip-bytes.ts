/** The byte kernel of `generalize.ip`: IPv4. IPv6 is left to `apply`. */
import { copyBytes, utf8, type WriteBytes } from '../bytes.ts'

const DOT = 0x2e
const ZERO = 0x30

/** @param bits of an IPv4 address that are kept, 1 to 31 */
export function ipKernel(bits: number): WriteBytes {
  const whole = bits >> 3
  const mask = (0xff00 >> (bits & 7)) & 0xff
  const behind = utf8(`${'.0'.repeat(3 - whole)}/${bits}`)
  const behindBytes = behind.length
  return (source, start, end, out, at) => {
    const length = end - start
    if (length < 7 || length > 15) return -1
    let count = 0
    let octet = 0
    let digits = 0
    let cut = 0
    let kept = start
    for (let from = start; from < end; from++) {
      const byte = source[from]!
      if (byte === DOT) {
        if (digits === 0 || octet > 255) return -1
        if (count === whole) cut = octet
        count++
        if (count === whole) kept = from + 1
        octet = 0
        digits = 0
      } else {
        const digit = byte - ZERO
        if (digit < 0 || digit > 9 || digits === 3 || (digits > 0 && octet === 0)) return -1
        octet = octet * 10 + digit
        digits++
      }
    }
    if (count !== 3 || digits === 0 || octet > 255) return -1
    if (whole === 3) cut = octet
    let to = copyBytes(source, start, kept, out, at)
    to = writeOctet(out, to, cut & mask)
    return copyBytes(behind, 0, behindBytes, out, to)
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
