/** Public keys that signatures are checked with, and files of them: PEM, one or more. */
import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto'
import { LetheError } from '../errors.ts'

export interface PublicKey {
  /** The first 16 hex digits of the SHA-256 of the key as SPKI in DER. Keys are compared as a whole, not by it. */
  readonly id: string
  /** SPKI in DER, Base64. */
  readonly spki: string
  verifies(bytes: Uint8Array, signature: Uint8Array): boolean
}

export function publicKeyOf(key: KeyObject): PublicKey {
  const der = key.export({ type: 'spki', format: 'der' })
  return {
    id: createHash('sha256').update(der).digest('hex').slice(0, 16),
    spki: der.toString('base64'),
    verifies: (bytes, signature) => verify(null, bytes, key, signature),
  }
}

/** More keys than these are no list of people. */
export const MAX_KEYS_BYTES: number = 64 << 10
const BLOCK = /-----BEGIN PUBLIC KEY-----[A-Za-z0-9+/=\s]+-----END PUBLIC KEY-----/g

/**
 * The Ed25519 keys in a text of PEM blocks, each once, in order. Lines that begin with # are comments.
 * @throws LetheError (usage) where there is none, or anything else stands there
 */
export function parsePublicKeys(text: string, file: string): readonly PublicKey[] {
  const invalid = (message: string): LetheError =>
    new LetheError(
      'public-keys-invalid',
      `${file} ${message}`,
      'put the FILE.pub of each person into it, one behind another',
    )
  const bare = text.replace(/^#.*$/gm, '')
  if (bare.includes('PRIVATE KEY-----'))
    throw invalid('holds a private key, which belongs to one person alone')
  if (bare.replace(BLOCK, '').trim() !== '') throw invalid('holds something else than public keys in PEM')
  const keys = new Map<string, PublicKey>()
  for (const [block] of bare.matchAll(BLOCK)) {
    let key: KeyObject
    try {
      key = createPublicKey(block)
    } catch {
      throw invalid('holds a block that is no public key')
    }
    if (key.asymmetricKeyType !== 'ed25519') throw invalid('holds a key that is not Ed25519')
    const known = publicKeyOf(key)
    keys.set(known.spki, known)
  }
  if (keys.size === 0) throw invalid('holds no public key')
  return [...keys.values()]
}
