/**
 * The format of age (https://age-encryption.org/v1), through its reference implementation in TypeScript. No other file imports the
 * package. Recipients are X25519 keys (`age1…`) and hybrid ones (`age1pq1…`); passphrases and plugins are not taken.
 */
import { Decrypter, Encrypter, identityToRecipient } from 'age-encryption'

/** Encrypts bytes to all of its recipients, as one age file. */
export type Encrypt = (bytes: Uint8Array) => Promise<Uint8Array>

/** The bytes of an age file; or why there are none. */
export type Decrypt = (file: Uint8Array) => Promise<Uint8Array | 'damaged' | 'other-identity'>

const RECIPIENT = /^age1(?:pq1)?[ac-hj-np-z02-9]{58,2048}$/
const IDENTITY = /^AGE-SECRET-KEY-(?:PQ-)?1[AC-HJ-NP-Z02-9]{58}$/

/** Whether a text is a recipient: its form and its checksum. */
export function isRecipient(text: string): boolean {
  if (!RECIPIENT.test(text)) return false
  try {
    new Encrypter().addRecipient(text)
    return true
  } catch {
    return false
  }
}

/** The recipient of an identity; undefined where the text is none. */
export async function recipientOf(identity: string): Promise<string | undefined> {
  if (!IDENTITY.test(identity)) return undefined
  try {
    return await identityToRecipient(identity)
  } catch {
    return undefined
  }
}

export function encryptTo(recipients: readonly string[]): Encrypt {
  const encrypter = new Encrypter()
  for (const recipient of recipients) encrypter.addRecipient(recipient)
  return (bytes) => encrypter.encrypt(bytes)
}

export function decryptWith(identities: readonly string[]): Decrypt {
  const decrypter = new Decrypter()
  for (const identity of identities) decrypter.addIdentity(identity)
  return async (file) => {
    try {
      return await decrypter.decrypt(file)
    } catch (error) {
      // The package tells its errors apart by their texts alone; what they say is not passed on.
      const isOther = error instanceof Error && error.message.startsWith('no identity matched')
      return isOther ? 'other-identity' : 'damaged'
    }
  }
}
