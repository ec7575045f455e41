/**
 * Match keys: what tells subjects on suppression lists and in consent tables. They are a keyset of their own, so that no
 * promotion or disabling of token keys makes a list match no record. Entries name their key, and a key that has entries has to be
 * held for as long as they count.
 */
import { hmacSha256 } from '../../transforms/keyed.ts'
import { LetheError } from '../errors.ts'
import { readKeysetFile } from './file.ts'
import { checkValueOf, derive } from './keyring.ts'
import type { Key, Keyset } from './keyset.ts'
import { guessableKey, publishedKeys } from './known-secrets.ts'

/** Bytes of a match token. */
export const MATCH_BYTES = 16

/** Gives the 16 bytes by which a text is told, under one key and domain. */
export type Matcher = (text: string) => Buffer

export class MatchKeys {
  readonly #keyset: Keyset

  /** @throws LetheError (usage) for a keyset of tokens, or one whose secrets are known or can be guessed */
  constructor(keyset: Keyset) {
    if (keyset.use !== 'match')
      throw new LetheError(
        'key-unusable',
        'this keyset is for tokens: lists that it matched would match no record once its keys are rotated',
        'make one with `lethe keys create --match FILE`',
      )
    if (keyset.test || publishedKeys(keyset).length > 0)
      throw new LetheError(
        'test-keys',
        'these match keys are published: any reader of a list could tell who is on it',
        'make your own with `lethe keys create --match FILE`',
      )
    const guessed = guessableKey(keyset)
    if (guessed !== undefined)
      throw new LetheError(
        'key-guessable',
        `the secret of the match key ${guessed.id} is ${guessed.what}: any reader of a list could tell who is on it`,
        'make random keys with `lethe keys create --match FILE`',
      )
    this.#keyset = keyset
  }

  /** The key of new entries. */
  get primary(): { readonly id: string; readonly check: string } {
    const { primary, keys } = this.#keyset
    return { id: primary, check: checkValueOf(keys.find(({ id }) => id === primary)!) }
  }

  /** The keys that a subject may be told by. */
  get usable(): readonly { readonly id: string; readonly check: string }[] {
    return this.#keyset.keys
      .filter(({ status }) => status !== 'disabled')
      .map((key) => ({ id: key.id, check: checkValueOf(key) }))
  }

  get keyset(): Keyset {
    return this.#keyset
  }

  /**
   * The matcher of the key of this id, of which entries say that its check value is `check`. A compromised key still tells
   * who is on a list; a disabled one does not.
   * @throws LetheError (usage) where the key is not held, is another one, or is disabled; `where` its entries stand
   */
  matcher(id: string, check: string, domain: string, where: string): Matcher {
    const key = this.#held(id, check, where)
    const mac = hmacSha256(derive(key, 'match', domain).bytes)
    return (text) => mac(text).subarray(0, MATCH_BYTES)
  }

  /**
   * The key by which snapshots of a table are told to be this project's own, for the purpose of the table; undefined where the key is
   * not held, is another one, or others may know it: who has it can write a grant.
   */
  snapshotKey(id: string, check: string, purpose: string): Uint8Array | undefined {
    const key = this.#keyset.keys.find((one) => one.id === id)
    if (key?.status !== 'enabled' || checkValueOf(key) !== check) return undefined
    return derive(key, 'snapshot', purpose).bytes
  }

  #held(id: string, check: string, where: string): Key {
    const key = this.#keyset.keys.find((one) => one.id === id)
    const refused = (what: string): LetheError =>
      new LetheError(
        'match-key-missing',
        `${where} has entries under the match key ${id} (check value ${check}), ${what}: they would match no record; nothing was read`,
        'give the match keys that the entries were made with',
      )
    if (key === undefined) throw refused('which is not among the match keys')
    if (checkValueOf(key) !== check) throw refused(`and the ${id} that is given has ${checkValueOf(key)}`)
    if (key.status === 'disabled') throw refused('which is disabled')
    return key
  }
}

/** Reads a file of match keys. @throws what `readKeysetFile` and `MatchKeys` throw */
export const loadMatchKeys = (file: string): MatchKeys => new MatchKeys(readKeysetFile(file))
