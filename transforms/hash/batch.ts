/** The fast equal of the text function for many values: batches through the kernel, one string for all tokens. */
import { isWellFormed } from '../keyed.ts'
import { fail, type Result } from '../transform.ts'
import { BATCH, Kernel, MAX_UNITS, MEMO_BYTES } from './kernel/kernel.ts'
import type { TokenForm, Tokens } from './token.ts'

/** Below this many values a kernel that is not there yet is not worth opening. */
const WORTH_OPENING = 16

/** The memo is judged over so many values… */
const WINDOW = 8192
/** …and rests for so many where fewer than this share of them were remembered: it then costs more than it saves. */
const REST = 8 * WINDOW
const WORTH_KEEPING = 0.25

/** So many values go by before the memo is tried the first time: small jobs do without its memory. */
const FIRST_REST = 4096

export interface BatchTokens extends Tokens {
  readonly render: (mac: Uint8Array) => string
  readonly apply: (text: string) => Result
}

type ApplyAll = (texts: readonly string[], out: Result[], count: number) => void

/** Fills `out[0..count)` with what `apply` gives for `texts[0..count)`. */
export function batchTokens(tokens: BatchTokens): ApplyAll {
  const { key, digest, normalize, form, render, apply } = tokens
  const write = writer(form)
  /** Where in `out` each text of the batch belongs. */
  const places = new Int32Array(BATCH)
  const usesMemo = form.macBytes <= MEMO_BYTES
  let kernel: Kernel | undefined
  let tried = false
  let memo = false
  let memoOpen = false
  let resting = FIRST_REST
  let looked = 0
  let hits = 0

  /** Decides for the next batch, after one of `count` values of which `found` were remembered. */
  function judge(open: Kernel, count: number, found: number): void {
    if (!memo) {
      resting -= count
      if (resting > 0) return
      memoOpen ||= open.openMemo()
      memo = memoOpen
      resting = REST
      return
    }
    looked += count
    hits += found
    if (looked < WINDOW) return
    memo = hits >= looked * WORTH_KEEPING
    looked = 0
    hits = 0
  }

  function batch(open: Kernel, texts: readonly string[], out: Result[], from: number, to: number): void {
    const { units } = open
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
      else if (normal.length > MAX_UNITS) out[i] = render(digest(normal))
      else {
        joined += normal
        units[count] = normal.length
        places[count++] = i
      }
    }
    if (count === 0) return
    const found = open.run(joined, count, memo)
    write(open.macs, count, out, places)
    if (usesMemo) judge(open, count, found)
  }

  return (texts, out, count) => {
    if (!tried && count >= WORTH_OPENING) {
      tried = true
      kernel = Kernel.open(key)
    }
    if (kernel === undefined) {
      for (let i = 0; i < count; i++) out[i] = apply(texts[i]!)
      return
    }
    for (let from = 0; from < count; from += BATCH)
      batch(kernel, texts, out, from, Math.min(count, from + BATCH))
  }
}

type Write = (macs: Uint8Array, count: number, out: Result[], places: Int32Array) => void

/**
 * Tokens of one length are made as one string and cut: that costs a quarter of a string for each. The cuts
 * share its memory (some kilobytes), so whoever keeps a few for long does better to copy them.
 */
function writer(form: TokenForm): Write {
  if (form.kind === 'free') {
    return (macs, count, out, places) => {
      for (let i = 0; i < count; i++) out[places[i]!] = form.text(macs, 32 * i)
    }
  }
  const { template, fill } = form
  const { length } = template
  const bytes = Buffer.from(template.repeat(BATCH), 'latin1')
  return (macs, count, out, places) => {
    for (let i = 0; i < count; i++) fill(macs, 32 * i, bytes, length * i)
    const all = bytes.toString('latin1', 0, length * count)
    for (let i = 0; i < count; i++) out[places[i]!] = all.slice(length * i, length * (i + 1))
  }
}
