/**
 * A keyset: keys with ids and one primary. Tokens name the id of their key, so an id is never given twice and
 * a key never leaves the list: it is disabled instead. All functions here are pure.
 *
 * The secret of a key is a `KeyObject`: it can be posted to a worker thread, and neither `util.inspect` nor
 * `JSON.stringify` shows it. Only `formatKeyset` writes it out.
 */
import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import { LetheError } from '../errors.ts'

/** `enabled`: may be used. `compromised`: others may know it. `disabled`: no longer wanted. */
export const KEY_STATUSES = ['enabled', 'compromised', 'disabled'] as const
export type KeyStatus = (typeof KEY_STATUSES)[number]

/** Bytes of a key's secret. */
export const SECRET_BYTES = 32

export interface Key {
  /** `k1`, `k2`, …: given in order, never again. */
  readonly id: string
  readonly status: KeyStatus
  /** RFC 3339. */
  readonly created: string
  /** 32 bytes. */
  readonly secret: KeyObject
}

/** `token`: what policies derive. `match`: what tells subjects on lists and in consent tables, and nothing else. */
export type KeysetUse = 'token' | 'match'

export interface Keyset {
  readonly use: KeysetUse
  /** Id of the key that new tokens are made with; always an enabled one. */
  readonly primary: string
  /** In the order of their numbers. */
  readonly keys: readonly Key[]
  /** The secrets are published: for tests and examples only. */
  readonly test: boolean
}

/** The source of a new key's secret: gives `bytes` random bytes. */
export type Random = (bytes: number) => Uint8Array

/** A keyset with one enabled key, `k1`. */
export function createKeyset(now: Date, random: Random = randomBytes, use: KeysetUse = 'token'): Keyset {
  return { use, primary: 'k1', keys: [newKey('k1', now, random)], test: false }
}

/**
 * Adds an enabled key with the next id. It is not primary yet: first every place that uses the keyset gets it.
 * @throws LetheError for the test keyset
 */
export function addKey(keyset: Keyset, now: Date, random: Random = randomBytes): Keyset {
  if (keyset.test) {
    throw refusal(
      'a test keyset is published and takes no secret keys',
      'make one with `lethe keys create FILE`',
    )
  }
  const highest = Math.max(...keyset.keys.map((key) => keyNumber(key.id)))
  return { ...keyset, keys: [...keyset.keys, newKey(`k${highest + 1}`, now, random)] }
}

/**
 * Makes `id` the key of new tokens.
 * @throws LetheError for an unknown id, a key that is not enabled, or the primary itself
 */
export function promoteKey(keyset: Keyset, id: string): Keyset {
  const key = findKey(keyset, id)
  if (id === keyset.primary) throw refusal(`${id} is the primary key already`)
  if (key.status !== 'enabled') {
    throw refusal(
      `${id} is ${key.status}; only an enabled key can become primary`,
      'add a key and promote that',
    )
  }
  return { ...keyset, primary: id }
}

/**
 * Marks a key that others may know. Rules that name it are refused from then on.
 * @throws LetheError for an unknown id, the primary, or a key so marked already
 */
export function compromiseKey(keyset: Keyset, id: string): Keyset {
  const key = findKey(keyset, id)
  refusePrimary(keyset, id, 'marked as compromised')
  if (key.status === 'compromised') throw refusal(`${id} is marked as compromised already`)
  return withStatus(keyset, id, 'compromised')
}

/**
 * Takes a key out of use. It stays in the list, so that its id is not given again.
 * @throws LetheError for an unknown id, the primary, or a key that is not enabled
 */
export function disableKey(keyset: Keyset, id: string): Keyset {
  const key = findKey(keyset, id)
  refusePrimary(keyset, id, 'disabled')
  if (key.status === 'disabled') throw refusal(`${id} is disabled already`)
  if (key.status === 'compromised') {
    throw refusal(`${id} is marked as compromised, which keeps it from use; the mark must stay`)
  }
  return withStatus(keyset, id, 'disabled')
}

/** The key of that id. @throws LetheError if there is none */
export function findKey(keyset: Keyset, id: string): Key {
  const key = keyset.keys.find((one) => one.id === id)
  if (key !== undefined) return key
  const ids = keyset.keys.map((one) => one.id).join(', ')
  // Anything else than an id may be a secret in the wrong place.
  const named = /^k[0-9]{1,6}$/.test(id) ? id : 'of that id'
  throw refusal(`the keyset has no key ${named}`, `use one of ${ids}, or add a key`)
}

/** The number in a key's id: 12 for `k12`. */
export function keyNumber(id: string): number {
  return Number(id.slice(1))
}

function newKey(id: string, now: Date, random: Random): Key {
  const bytes = random(SECRET_BYTES)
  const secret = createSecretKey(bytes)
  bytes.fill(0)
  return { id, status: 'enabled', created: now.toISOString().replace(/\.[0-9]+Z$/, 'Z'), secret }
}

function withStatus(keyset: Keyset, id: string, status: KeyStatus): Keyset {
  return { ...keyset, keys: keyset.keys.map((key) => (key.id === id ? { ...key, status } : key)) }
}

function refusePrimary(keyset: Keyset, id: string, what: string): void {
  if (id !== keyset.primary) return
  const next = keyset.keys.findLast((key) => key.status === 'enabled' && key.id !== id)
  const suggestion =
    next === undefined
      ? 'add a key, deploy the keyset and promote the new key first'
      : `promote another key first, e.g. ${next.id}`
  throw refusal(`${id} is the primary key and cannot be ${what}`, suggestion)
}

function refusal(message: string, suggestion?: string): LetheError {
  return new LetheError('key-change-refused', message, suggestion)
}
