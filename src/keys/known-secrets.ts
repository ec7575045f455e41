/**
 * Secrets that are none: the published one, and those that were typed. All are told by their bytes, whatever the
 * file says that holds them.
 */
import { timingSafeEqual } from 'node:crypto'
import type { Key, Keyset } from './keyset.ts'
import { testKeyset } from './test-keyset.ts'

/** Bytes in a row that are equal, or go up or down by one step: 32 random ones hold such a run once in 2^75 times. */
const LONGEST_RUN = 12
/** A pattern of so many bytes or fewer, repeated: once in 2^128 times. */
const LONGEST_PATTERN = 16

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
  // 32 random bytes are all printable once in 2^45 times.
  if (secret.every((byte) => byte >= 0x20 && byte < 0x7f)) return 'text that was typed'
  return undefined
}

/** The most bytes in a row of which each differs from the one before by the same step: 0, 1 or -1, modulo 256. */
function longestRun(secret: Uint8Array): number {
  let longest = 0
  for (const step of [0, 1, 255]) {
    let run = 1
    for (let at = 1; at < secret.length; at++) {
      run = secret[at] === ((secret[at - 1]! + step) & 0xff) ? run + 1 : 1
      longest = Math.max(longest, run)
    }
  }
  return longest
}
