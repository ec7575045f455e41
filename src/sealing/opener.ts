/** Opens sealed originals, and holds each to the dead letter that it stands in. */
import { decryptWith } from './age.ts'
import { type Original, unpackOriginal } from './original.ts'

/** Why a sealed original gives nothing. */
export type Unopened = keyof typeof UNOPENED

export const UNOPENED = {
  'seal-other-identity': 'its original is sealed to other recipients than those of the identity',
  'seal-damaged': 'its original was changed or cut short',
  'seal-swapped': 'its original belongs to another dead letter, or this one was changed',
} as const

export class Opener {
  readonly #decrypt: ReturnType<typeof decryptWith>

  /** `identities`: checked. */
  constructor(identities: readonly string[]) {
    this.#decrypt = decryptWith(identities)
  }

  /**
   * @param sealed base64, as it stands in the dead letter
   * @param letter the text of the dead letter without `sealed`, its members in the order in which they were written
   */
  async open(sealed: string, letter: string): Promise<Original | Unopened> {
    const file = Buffer.from(sealed, 'base64')
    if (file.toString('base64') !== sealed) return 'seal-damaged'
    const bytes = await this.#decrypt(file)
    if (bytes === 'damaged') return 'seal-damaged'
    if (bytes === 'other-identity') return 'seal-other-identity'
    const unpacked = unpackOriginal(bytes)
    if (unpacked === undefined) return 'seal-damaged'
    return unpacked.letter === letter ? unpacked.original : 'seal-swapped'
  }
}
