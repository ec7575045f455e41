/** IPv4 addresses inside IPv6 addresses: every form that an RFC lays down for all networks alike. */

/** Bits of an IPv6 address that are free of IPv4 in every address. */
const ALL = 128
/** Where an ISATAP address holds its IPv4 address, in bits. */
const ISATAP_BITS = 96
/** RFC 8215: the operator chooses where behind these bits an IPv4 address stands (RFC 6052, section 2.2). */
const LOCAL_TRANSLATION_BITS = 48

const dotted = (high: number, low: number): string => `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`

/**
 * Where an address is made from an IPv4 address: that one, in dotted decimal. Else how many of its leading bits hold no
 * IPv4 address: all 128, or fewer.
 *
 * - IPv4-mapped `::ffff:0:0/96` and IPv4-compatible `::/96`, but `::` and `::1` (RFC 4291, section 2.5.5)
 * - IPv4-translated `::ffff:0:0:0/96` (RFC 2765, section 2.1)
 * - translation under the well-known prefix `64:ff9b::/96` (RFC 6052), and under `64:ff9b:1::/48`, within which the
 *   place is not laid down (RFC 8215)
 * - 6to4 `2002::/16` (RFC 3056)
 * - Teredo `2001::/32`: the client's address, of which all bits are turned (RFC 4380)
 * - ISATAP: interface identifiers `0:5efe` and `200:5efe`, also as a group or with the local bit (RFC 5214, section 6.1)
 * @param groups eight groups of 16 bits
 */
export function embeddedIpv4(groups: Uint16Array): string | number {
  const [a, b, c, d, e, f, high, low] = groups as unknown as readonly [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const last = (): string => dotted(high, low)
  if ((a | b | c | d) === 0) {
    if (e === 0 && f === 0xffff) return last()
    if (e === 0xffff && f === 0) return last()
    if (e === 0 && f === 0) return high === 0 && low < 2 ? ALL : last()
  }
  if (a === 0x64 && b === 0xff9b) {
    if ((c | d | e | f) === 0) return last()
    if (c === 1) return LOCAL_TRANSLATION_BITS
  }
  if (a === 0x2002) return dotted(b, c)
  if (a === 0x2001 && b === 0) return dotted(high ^ 0xffff, low ^ 0xffff)
  if (f === 0x5efe && (e & 0xfcff) === 0) return ISATAP_BITS
  return ALL
}
