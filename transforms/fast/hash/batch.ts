/** The fast equals of the text function for many values: batches of strings or of bytes through the kernel. */
import { type FixedForm, tokenLength } from '../../hash/form.ts'
import { isWellFormed } from '../../keyed.ts'
import { fail, type RecordContext, type Result, WRITE_ROOM, type WriteBatch } from '../../transform.ts'
import { Hasher } from './kernel/hasher.ts'
import { type Kernel, MAX_BYTES, MAX_UNITS } from './kernel/kernel.ts'
import { BATCH } from './kernel/sha256-layout.ts'
import { type BatchNormal, trimEnd, trimStart } from './normalize.ts'
import type { Tokens } from './tokens.ts'

type ApplyAll = NonNullable<WriteBatch['applyAll']>
type WriteAllBytes = NonNullable<WriteBatch['writeAllBytes']>

/** A token needs nothing of its record. */
const NO_RECORD: RecordContext = { subject: undefined, eventTime: undefined, now: 0 }

/** Both share a kernel; results that are no text of one length are made as strings only. */
export function batchTokens(tokens: Tokens): WriteBatch | undefined {
  const { form, batchNormal } = tokens
  // No key id and no host is so long; a token that was would have no room.
  if (form.kind === 'fixed' && tokenLength(form) > WRITE_ROOM) return undefined
  const hasher = new Hasher(tokens)
  const applyAll = stringBatches(tokens, hasher)
  return form.kind === 'free'
    ? { applyAll }
    : { applyAll, writeAllBytes: byteBatches(form, batchNormal, hasher) }
}

/** Fills `out[0..count)` with what `apply` gives for `texts[0..count)`. */
function stringBatches(tokens: Tokens, hasher: Hasher): ApplyAll {
  const { form, apply } = tokens
  const normalize = tokens.batchNormal.text
  /** Where in `out` each text of the batch belongs. */
  const places = new Int32Array(BATCH)

  function batch(kernel: Kernel, texts: readonly string[], out: Result[], from: number, to: number): void {
    const { lengths } = kernel
    let joined = ''
    let count = 0
    for (let i = from; i < to; i++) {
      const text = texts[i]!
      if (!isWellFormed(text)) {
        out[i] = fail('not-well-formed')
        continue
      }
      const normal = normalize === undefined ? text : normalize(text)
      if (typeof normal !== 'string') out[i] = normal
      else if (normal.length > MAX_UNITS) out[i] = apply(text, NO_RECORD)
      else {
        joined += normal
        lengths[count] = normal.length
        places[count++] = i
      }
    }
    if (count === 0) return
    kernel.putJoined(joined, count)
    hasher.run(kernel, count)
    if (form.kind === 'free') {
      for (let i = 0; i < count; i++) out[places[i]!] = form.text(kernel.macs, 32 * i)
      return
    }
    // Tokens made as one string and cut cost a quarter of a string for each. The cuts share its memory (some
    // kilobytes), so a caller that keeps a few for long should copy them.
    const all = kernel.tokens(count).toString('latin1')
    const length = all.length / count
    for (let i = 0; i < count; i++) out[places[i]!] = all.slice(length * i, length * (i + 1))
  }

  return (texts, out, count) => {
    const kernel = hasher.kernel(count)
    if (kernel === undefined) {
      for (let i = 0; i < count; i++) out[i] = apply(texts[i]!, NO_RECORD)
      return
    }
    for (let from = 0; from < count; from += BATCH)
      batch(kernel, texts, out, from, Math.min(count, from + BATCH))
  }
}

/**
 * Bytes in, bytes out. Results are empty for values of more than `MAX_BYTES`, for those that the byte
 * normalisation does not take, and for all where there is no kernel.
 */
function byteBatches(form: FixedForm, normal: BatchNormal, hasher: Hasher): WriteAllBytes {
  const length = tokenLength(form)
  const { trims, rewrite } = normal
  return (source, starts, ends, count, out, at, resultEnds) => {
    const kernel = hasher.kernel(count)
    if (kernel === undefined) {
      resultEnds.fill(at, 0, count)
      return
    }
    const view = viewOf(source)
    let resultEnd = at
    for (let first = 0; first < count; first += BATCH) {
      const stop = Math.min(count, first + BATCH)
      const { texts, lengths } = kernel
      const kernelView = viewOf(texts)
      let taken = 0
      let to = 0
      let written = resultEnd
      for (let i = first; i < stop; i++) {
        let start = starts[i]!
        let end = ends[i]!
        if (trims) {
          end = trimEnd(source, start, end)
          start = trimStart(source, start, end)
        }
        const size = end - start
        if (size > 0 && size <= MAX_BYTES) {
          const next =
            rewrite === undefined
              ? copy(view, start, end, kernelView, to)
              : rewrite(source, start, end, texts, to)
          if (next > to) {
            lengths[taken++] = next - to
            to = next
            written += length
          }
        }
        resultEnds[i] = written
      }
      if (taken === 0) continue
      hasher.run(kernel, taken)
      out.set(kernel.tokens(taken), resultEnd)
      resultEnd = written
    }
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Copies bytes, four at a time: for some dozens of them nothing is faster. Gives the position behind them. */
function copy(source: DataView, start: number, end: number, out: DataView, at: number): number {
  let from = start
  let to = at
  for (const last = end - 4; from <= last; from += 4, to += 4)
    out.setInt32(to, source.getInt32(from, true), true)
  for (; from < end; from++, to++) out.setUint8(to, source.getUint8(from))
  return to
}
