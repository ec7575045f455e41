/** A table from text to text, looked up in bytes: for twins of transforms whose values are known when they are compiled. */

import { WRITE_ROOM } from '../transform.ts'
import { copyBytes, utf8, type WriteBytes } from './bytes.ts'

/** FNV-1a, 32 bits, of `source[start..end)`. */
function hashOf(source: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5 | 0
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ source[at]!, 0x01000193)
  // The low bits choose the slot; they alone mix too little.
  return hash ^ (hash >>> 15)
}

function equals(source: Uint8Array, start: number, end: number, other: Uint8Array, from: number): boolean {
  for (let at = start, against = from; at < end; at++, against++)
    if (source[at] !== other[against]) return false
  return true
}

/** Texts one behind the other. */
function pack(texts: readonly Uint8Array[]): { bytes: Uint8Array; ends: Int32Array } {
  const ends = new Int32Array(texts.length + 1)
  texts.forEach((text, at) => {
    ends[at + 1] = ends[at]! + text.length
  })
  const bytes = new Uint8Array(ends[texts.length]!)
  texts.forEach((text, at) => {
    bytes.set(text, ends[at]!)
  })
  return { bytes, ends }
}

/**
 * Writes the label of a value, compared exactly; of one that `labels` does not know, `other`, or gives -1 without it.
 * @returns undefined where a label is longer than what a kernel may write
 */
export function labelsKernel(
  labels: ReadonlyMap<string, string>,
  other: string | undefined,
): WriteBytes | undefined {
  // A text that is not well-formed would share its UTF-8 with another, and equals no value.
  const listed = [...labels].filter(([value]) => value.isWellFormed())
  const keys = pack(listed.map(([value]) => utf8(value)))
  const results = [...listed.map(([, label]) => utf8(label)), utf8(other ?? '')]
  if (results.some((result) => result.length > WRITE_ROOM)) return undefined
  const written = pack(results)
  const keyEnds = keys.ends
  const keyBytes = keys.bytes
  const ends = written.ends
  const bytes = written.bytes
  let longest = 0
  // Open addressing, at most half full; slots hold the number of an entry, from 1.
  const mask = 2 ** Math.ceil(Math.log2(2 * listed.length + 2)) - 1
  const slots = new Int32Array(mask + 1)
  for (let entry = 0; entry < listed.length; entry++) {
    const from = keyEnds[entry]!
    const to = keyEnds[entry + 1]!
    longest = Math.max(longest, to - from)
    let slot = hashOf(keyBytes, from, to) & mask
    while (slots[slot] !== 0) slot = (slot + 1) & mask
    slots[slot] = entry + 1
  }
  const unlisted = other === undefined ? -1 : listed.length

  return (source, start, end, out, at) => {
    const length = end - start
    let entry = unlisted
    if (length <= longest) {
      let slot = hashOf(source, start, end) & mask
      for (let found = slots[slot]!; found !== 0; found = slots[slot]!) {
        const from = keyEnds[found - 1]!
        if (keyEnds[found]! - from === length && equals(source, start, end, keyBytes, from)) {
          entry = found - 1
          break
        }
        slot = (slot + 1) & mask
      }
    }
    return entry < 0 ? -1 : copyBytes(bytes, ends[entry]!, ends[entry + 1]!, out, at)
  }
}
