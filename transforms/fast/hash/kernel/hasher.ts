/** A kernel that opens when it pays, and that decides from batch to batch whether its memo pays. */
import type { Tokens } from '../tokens.ts'
import { Kernel, MEMO_BYTES } from './kernel.ts'

/** Below this many values a kernel that is not there yet is not worth opening. */
const WORTH_OPENING = 16

/** The use of the memo is judged over this many values… */
const WINDOW = 8192
/** …and it is switched off for this many where fewer than `WORTH_KEEPING` of them were hits: it then costs more than it saves. */
const REST = 8 * WINDOW
const WORTH_KEEPING = 0.25

/** Values before the memo is used for the first time: small jobs do not need its memory. */
const FIRST_REST = 4096

export class Hasher {
  readonly #tokens: Tokens
  readonly #usesMemo: boolean
  #kernel: Kernel | undefined
  #tried = false
  #memo = false
  #memoOpen = false
  #resting = FIRST_REST
  #looked = 0
  #hits = 0

  constructor(tokens: Tokens) {
    this.#tokens = tokens
    this.#usesMemo = tokens.form.macBytes <= MEMO_BYTES
  }

  /** The kernel, or undefined where there is none or `count` values are too few to open it. */
  kernel(count: number): Kernel | undefined {
    if (!this.#tried && count >= WORTH_OPENING) {
      this.#tried = true
      const { key, form, batchNormal } = this.#tokens
      this.#kernel = Kernel.open(key, batchNormal.lowers)
      if (form.kind === 'fixed') this.#kernel?.setForm(form)
    }
    return this.#kernel
  }

  /** Hashes the `count` texts that were put into the kernel. */
  run(kernel: Kernel, count: number): void {
    const found = kernel.run(count, this.#memo)
    if (this.#usesMemo) this.#judge(kernel, count, found)
  }

  /** Decides for the next batch, after one of `count` values of which `found` were remembered. */
  #judge(kernel: Kernel, count: number, found: number): void {
    if (!this.#memo) {
      this.#resting -= count
      if (this.#resting > 0) return
      this.#memoOpen ||= kernel.openMemo()
      this.#memo = this.#memoOpen
      this.#resting = REST
      return
    }
    this.#looked += count
    this.#hits += found
    if (this.#looked < WINDOW) return
    this.#memo = this.#hits >= this.#looked * WORTH_KEEPING
    this.#looked = 0
    this.#hits = 0
  }
}
