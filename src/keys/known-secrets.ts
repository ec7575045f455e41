/**
 * Secrets that are none: the published one, and those that were typed. All are recognised by their bytes, whatever the
 * file says that holds them.
 */
import { isUtf8 } from 'node:buffer'
import { timingSafeEqual } from 'node:crypto'
import type { Key, Keyset } from './keyset.ts'
import { testKeyset } from './test-keyset.ts'

/** Bytes in a row that go up or down by equal steps, 0 among them: 32 random ones hold such a run once in 2^75 times. */
const LONGEST_RUN = 12
/** A repeated pattern of at most this many bytes: a random secret is one once in 2^64 times. */
const LONGEST_PATTERN = 24
/** At most this many different bytes: once in 2^44 times. Whatever the order: words of 2, 4 or 8 bytes, halves, mirrors. */
const FEWEST_VALUES = 16
/** All bytes within a range of fewer than this many values: once in 2^57 times. Counting bytes in another order, say. */
const NARROWEST = 64

const published = testKeyset().keys.map(({ secret }) => secret.export())

/** The published keys among those that may be used. */
export function publishedKeys({ keys }: Keyset): readonly Key[] {
  return keys.filter(({ status, secret }) => status === 'enabled' && isPublished(secret.export()))
}

/** Of the keys that may be used: the first whose secret is no random one, and what it is instead. */
export function guessableKey({ keys }: Keyset): { readonly id: string; readonly what: string } | undefined {
  for (const { id, status, secret } of keys) {
    const bytes = secret.export()
    const what = status === 'enabled' && !isPublished(bytes) ? guessable(bytes) : undefined
    if (what !== undefined) return { id, what }
  }
  return undefined
}

/** Whether the secret is that of the published test keyset. */
export function isPublished(secret: Uint8Array): boolean {
  return published.some((one) => one.length === secret.length && timingSafeEqual(one, secret))
}

/** What makes a secret guessable, for messages; undefined for one that looks random. */
export function guessable(secret: Uint8Array): string | undefined {
  if (longestRun(secret) >= LONGEST_RUN) return 'a run of equal or counting bytes'
  for (let size = 1; size <= LONGEST_PATTERN; size++)
    if (secret.every((byte, at) => at < size || byte === secret[at - size]))
      return 'a short pattern, repeated'
  if (isTyped(secret)) return 'text that was typed'
  if (new Set(secret).size <= FEWEST_VALUES) return 'made of a few bytes, repeated'
  if (Math.max(...secret) - Math.min(...secret) < NARROWEST)
    return 'made of bytes that are close to one another'
  return undefined
}

/** The most bytes in a row of which each differs from the one before by the same step, modulo 256. */
function longestRun(secret: Uint8Array): number {
  const step = (at: number): number => (secret[at]! - secret[at - 1]!) & 0xff
  let longest = 1
  let run = 1
  for (let at = 1; at < secret.length; at++) {
    run = at > 1 && step(at) === step(at - 1) ? run + 1 : 2
    longest = Math.max(longest, run)
  }
  return longest
}

/**
 * Whether it is text, in UTF-8 or in ASCII with zeros beside it, which is how a text comes to 32 bytes. 32 random bytes are
 * text once in 2^36 times.
 */
function isTyped(secret: Uint8Array): boolean {
  if (!isUtf8(secret)) return false
  return secret.every((byte) => (byte >= 0x20 ? byte !== 0x7f : byte === 0 || (byte >= 0x09 && byte <= 0x0d)))
}
