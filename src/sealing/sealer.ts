/** Seals originals to the recipients of a run. */
import { encryptTo } from './age.ts'
import { type Original, packOriginal } from './original.ts'

export class Sealer {
  readonly #encrypt: ReturnType<typeof encryptTo>

  /** `recipients`: checked. */
  constructor(recipients: readonly string[]) {
    this.#encrypt = encryptTo(recipients)
  }

  /**
   * The sealed original as it stands in its dead letter, in base64; undefined where the dead letter would have more than `most`
   * bytes with it.
   * @param letter the dead letter as it is written, but for the sealed original, which is bound to it
   */
  async seal(
    letter: string,
    original: Original,
    most: number = Number.POSITIVE_INFINITY,
  ): Promise<string | undefined> {
    const room = most - Buffer.byteLength(letter) - SEALED_MEMBER
    const packed = packOriginal(letter, original)
    if (base64Length(packed.length) > room) return undefined
    const sealed = Buffer.from(await this.#encrypt(packed)).toString('base64')
    return sealed.length > room ? undefined : sealed
  }
}

/** `,"sealed":""` */
const SEALED_MEMBER = 12

const base64Length = (bytes: number): number => Math.ceil(bytes / 3) * 4
