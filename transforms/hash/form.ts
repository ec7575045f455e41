/** The forms of a token: how the 32 bytes of a MAC become a result. */

/** ASCII of one length: `prefix`, the first `macBytes` of the MAC as `encoding` says, `suffix`. */
export interface FixedForm {
  readonly kind: 'fixed'
  readonly macBytes: number
  /**
   * `hex`: lower-case (RFC 4648, section 8). `base64url`: without padding (section 5). `uuid`: 16 bytes, of which
   * version 8 and the variant take six bits (RFC 9562, section 5.8).
   */
  readonly encoding: 'hex' | 'base64url' | 'uuid'
  readonly prefix: string
  readonly suffix: string
}

/** Any text; it looks at the first `macBytes` from `at` on only. */
export interface FreeForm {
  readonly kind: 'free'
  readonly macBytes: number
  readonly text: (mac: Uint8Array, at: number) => string
}

export type TokenForm = FixedForm | FreeForm

/** Characters that the MAC takes. */
export function macLength({ encoding, macBytes }: FixedForm): number {
  switch (encoding) {
    case 'hex':
      return 2 * macBytes
    case 'base64url':
      return Math.ceil((8 * macBytes) / 6)
    case 'uuid':
      return 36
  }
}

/** Characters of a token, which are its bytes. */
export function tokenLength(form: FixedForm): number {
  return form.prefix.length + macLength(form) + form.suffix.length
}

/** The function that writes one token. */
export function renderer(form: TokenForm): (mac: Buffer) => string {
  if (form.kind === 'free') return (mac) => form.text(mac, 0)
  const { macBytes, encoding, prefix, suffix } = form
  if (encoding === 'uuid') return (mac) => prefix + uuid(mac) + suffix
  return (mac) => prefix + mac.toString(encoding, 0, macBytes) + suffix
}

function uuid(mac: Buffer): string {
  const hex = mac.toString('hex', 0, 16)
  const variant = ((mac[8]! >> 4) & 3) | 8
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant.toString(16)}${hex.slice(17, 20)}-${hex.slice(20)}`
}
