/** Field keys out of a keyset: HKDF-SHA-256 (RFC 5869) of key, use and domain. */
import { hkdfSync } from 'node:crypto'
import type { FieldKey, KeyUse } from '../../transforms/transform.ts'
import { LetheError } from '../errors.ts'
import { findKey, type Key, type KeyStatus, type Keyset } from './keyset.ts'
import { guessableKey, publishedKeys } from './known-secrets.ts'

const FIELD_KEY_BYTES = 32

/** OpenSSL takes no longer `info`. */
const MAX_INFO_BYTES = 1024

/** A derived key. Its bytes are read by name only: printing it, or making JSON of it, shows the id. */
class DerivedKey implements FieldKey {
  readonly id: string
  readonly #bytes: Uint8Array
  constructor(id: string, bytes: Uint8Array) {
    this.id = id
    this.#bytes = bytes
  }
  get bytes(): Uint8Array {
    return this.#bytes
  }
}

/** The key of a use and a domain, out of a key of a keyset. @throws LetheError (usage) for a domain too long */
export function derive({ id, secret }: Key, use: KeyUse, domain: string): FieldKey {
  const info = Buffer.from(`lethe/v1/${use}/${domain}`, 'utf8')
  if (info.length > MAX_INFO_BYTES) {
    throw new LetheError('policy-invalid', 'the domain of a key is too long', 'state a short `domain:`')
  }
  return new DerivedKey(id, new Uint8Array(hkdfSync('sha256', secret, '', info, FIELD_KEY_BYTES)))
}

/**
 * The check value of a key: 8 lower-case hex digits by which two keysets can be told to hold the same secret, whatever
 * ids they give it. It may be shown and logged. It is the first 4 bytes of a key derived for this use alone, which no
 * token, shift, noise or surrogate is made with; 32 of 256 bits do not help to find a secret that is random.
 * Written down in `config/vectors/README.md`.
 */
export function checkValueOf(key: Key): string {
  return Buffer.from(derive(key, 'check', '').bytes.subarray(0, 4)).toString('hex')
}

/** The check values of the keys with these ids, by id. */
export function checkValuesOf({ keys }: Keyset, ids: readonly string[]): Readonly<Record<string, string>> {
  const found = keys.filter(({ id }) => ids.includes(id))
  return Object.fromEntries(found.map((key) => [key.id, checkValueOf(key)]))
}

/**
 * Derives the keys of fields, each once. It holds secrets and never shows them. A worker thread makes its own
 * from the keyset, which can be posted to it.
 */
export class Keyring {
  readonly #keyset: Keyset
  readonly #derived: Map<string, FieldKey> = new Map()

  private constructor(keyset: Keyset) {
    this.#keyset = keyset
  }

  /** @throws LetheError (usage) for a keyset of another use, and where a key that may be used has a secret that can be guessed, all zeros say */
  static fromKeyset(keyset: Keyset): Keyring {
    if (keyset.use !== 'token')
      throw new LetheError(
        'key-unusable',
        'this keyset is for matching subjects on lists, and no token may be made with it',
        'give it as match keys, and another keyset as keys (`lethe keys create FILE`)',
      )
    const guessed = guessableKey(keyset)
    if (guessed !== undefined)
      throw new LetheError(
        'key-guessable',
        `the secret of the key ${guessed.id} is ${guessed.what}: who guesses it can undo every token`,
        'make random keys with `lethe keys create FILE` or `lethe keys add FILE`',
      )
    return new Keyring(keyset)
  }

  get primaryId(): string {
    return this.#keyset.primary
  }

  /**
   * Whether the secret of a key that may be used is published, as the file says or as the secret shows: who
   * de-identifies real data must refuse it.
   */
  get isTest(): boolean {
    return this.#keyset.test || publishedKeys(this.#keyset).length > 0
  }

  /** Ids of the keys that may be used, in order. */
  get enabledIds(): readonly string[] {
    return this.#keyset.keys.filter((key) => key.status === 'enabled').map((key) => key.id)
  }

  /** The keyset, to be posted to a worker thread. Its secrets are `KeyObject`s. */
  get keyset(): Keyset {
    return this.#keyset
  }

  /**
   * The field key for a use and a domain, under the primary key or the one of that id.
   * @throws LetheError (usage) for an id that is unknown, disabled or compromised, or a domain too long
   */
  key(use: KeyUse, domain: string, id: string = this.#keyset.primary): FieldKey {
    const name = `${id}/${use}/${domain}`
    const known = this.#derived.get(name)
    if (known !== undefined) return known
    const key = findKey(this.#keyset, id)
    if (key.status !== 'enabled') {
      const why = key.status === 'compromised' ? 'others may know it' : 'it was taken out of use'
      throw new LetheError(
        'key-unusable',
        `the key ${id} is ${key.status}: ${why}`,
        `use ${this.primaryId}, the primary key`,
      )
    }
    const derived = derive(key, use, domain)
    this.#derived.set(name, derived)
    return derived
  }

  /**
   * The key that coordinates of records were encrypted under, whatever became of it since: old outputs still carry
   * them, an audit has to read them, and reading makes nothing new. For no other use; undefined for an id that is
   * unknown.
   */
  sourceKey(domain: string, id: string): { readonly key: FieldKey; readonly status: KeyStatus } | undefined {
    const found = this.#keyset.keys.find((one) => one.id === id)
    // Not among the derived ones: there, `key` would find it again, and it may be disabled.
    return found && { key: derive(found, 'source', domain), status: found.status }
  }

  /** For messages. What `util.inspect` shows is less still: private fields are hidden from it. */
  toString(): string {
    const count = this.#keyset.keys.length
    return `Keyring(${count} ${count === 1 ? 'key' : 'keys'}, primary ${this.primaryId}${this.isTest ? ', test' : ''})`
  }

  toJSON(): string {
    return this.toString()
  }
}
