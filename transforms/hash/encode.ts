/**
 * MAC bytes as ASCII, written into a buffer: a batch of tokens becomes one string at a cost that one token
 * alone has. Hex is lower-case (RFC 4648, section 8), base64url has no padding (section 5).
 */

const HEX: Uint8Array = Buffer.from('0123456789abcdef', 'latin1')
const BASE64URL: Uint8Array = Buffer.from(
  'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_',
  'latin1',
)

/** Writes `count` bytes from `from[at]` as `2 × count` hex digits to `out[to]`. */
export function writeHex(from: Uint8Array, at: number, count: number, out: Uint8Array, to: number): void {
  for (let i = 0; i < count; i++) {
    const byte = from[at + i]!
    out[to + 2 * i] = HEX[byte >> 4]!
    out[to + 2 * i + 1] = HEX[byte & 15]!
  }
}

/** How many characters `count` bytes take. */
export function base64urlLength(count: number): number {
  return Math.ceil((count * 8) / 6)
}

/** Writes `count` bytes from `from[at]` as base64url without padding to `out[to]`. */
export function writeBase64url(
  from: Uint8Array,
  at: number,
  count: number,
  out: Uint8Array,
  to: number,
): void {
  const whole = at + count - (count % 3)
  let next = to
  let i = at
  for (; i < whole; i += 3) {
    const bits = (from[i]! << 16) | (from[i + 1]! << 8) | from[i + 2]!
    out[next] = BASE64URL[bits >> 18]!
    out[next + 1] = BASE64URL[(bits >> 12) & 63]!
    out[next + 2] = BASE64URL[(bits >> 6) & 63]!
    out[next + 3] = BASE64URL[bits & 63]!
    next += 4
  }
  const left = at + count - whole
  if (left === 0) return
  const bits = (from[i]! << 16) | (left === 2 ? from[i + 1]! << 8 : 0)
  out[next] = BASE64URL[bits >> 18]!
  out[next + 1] = BASE64URL[(bits >> 12) & 63]!
  if (left === 2) out[next + 2] = BASE64URL[(bits >> 6) & 63]!
}
