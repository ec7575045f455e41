/**
 * What the byte kernels share. A kernel is a faster equal of a transform's text function: plain loops over UTF-8
 * that make no strings and no objects, for the short common values; -1 sends every other value to `apply`.
 * `source` is taken to be well-formed UTF-8, as the contract says, and never to overlap `out`.
 */
import type { WriteBatch } from '../transform.ts'

export type WriteBytes = NonNullable<WriteBatch['writeBytes']>

const encoder = new TextEncoder()

/** UTF-8 of a text of the policy; made once a rule. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text)
}

/** Copies `source[start..end)` to `out` from `at` on; gives the position behind it. Faster than `set` for short ones. */
export function copyBytes(
  source: Uint8Array,
  start: number,
  end: number,
  out: Uint8Array,
  at: number,
): number {
  let to = at
  for (let from = start; from < end; from++) out[to++] = source[from]!
  return to
}
