/** Writes small whole numbers in runs and in groups of eight (Encodings.md of the format, "RLE/Bit-Packing Hybrid"). */
import type { ByteSink } from '../../record/byte-sink.ts'

export const bitsOf = (most: number): number => 32 - Math.clz32(most)

/** A run of equal values shorter than this is packed with its neighbours. */
const LEAST_RUN = 8
/** Groups of eight in one header. */
const MOST_GROUPS = 1 << 20

export function writeVarint(value: number, sink: ByteSink): void {
  for (; value > 0x7f; value >>>= 7) sink.byte((value & 0x7f) | 0x80)
  sink.byte(value)
}

/** Writes `values[start..end)`, each of `bits` bits, at most 24. */
export function writeRuns(
  values: Uint8Array | Int32Array,
  start: number,
  end: number,
  bits: number,
  sink: ByteSink,
): void {
  let at = start
  let packed = start
  while (at < end) {
    const value = values[at]!
    let next = at + 1
    while (next < end && values[next] === value) next++
    // Groups are whole ones: what is missing to the last of them is taken from the run.
    const fill = (8 - ((at - packed) & 7)) & 7
    if (next - at - fill >= LEAST_RUN) {
      writeGroups(values, packed, at + fill, bits, sink)
      at += fill
      writeVarint((next - at) << 1, sink)
      for (let shift = 0; shift < bits; shift += 8) sink.byte((value >>> shift) & 0xff)
      packed = next
    }
    at = next
  }
  writeGroups(values, packed, end, bits, sink)
}

/** The last group is filled up by zeros. */
function writeGroups(
  values: Uint8Array | Int32Array,
  start: number,
  end: number,
  bits: number,
  sink: ByteSink,
): void {
  for (let from = start; from < end; from += MOST_GROUPS * 8) {
    const to = Math.min(end, from + MOST_GROUPS * 8)
    const groups = (to - from + 7) >> 3
    writeVarint((groups << 1) | 1, sink)
    sink.reserve(groups * bits)
    const { bytes } = sink
    let out = sink.length
    let buffer = 0
    let held = 0
    for (let at = from; at < from + groups * 8; at++) {
      buffer |= (at < to ? values[at]! : 0) << held
      held += bits
      for (; held >= 8; held -= 8) {
        bytes[out++] = buffer & 0xff
        buffer >>>= 8
      }
    }
    sink.length = out
  }
}
