/** What the texts of event times mean. */

import { usualStart } from '../../transforms/calendar/interval.ts'
import { type Block, ResultKind } from '../record/block.ts'
import { resultBytes, textOf } from './envelope.ts'

/** Of texts kept at once; then they are forgotten, all of them. */
const MOST_KNOWN = 1024

export class Times {
  readonly #isInterval: boolean
  readonly #read: (text: string) => number | undefined
  /** Records of one time share one text, so that few have to be read. */
  readonly #known: Map<string, number | undefined> = new Map()

  /**
   * `read`: ms since the epoch of a text, undefined where it is not a time. `isInterval`: what `intervalStart` knows, it
   * reads as that does.
   */
  constructor(isInterval: boolean, read: (text: string) => number | undefined) {
    this.#isInterval = isInterval
    this.#read = read
  }

  /** What the result of a slot means, in ms since the epoch; undefined where it is none. */
  of(block: Block, slot: number): number | undefined {
    const kind = block.resultKind[slot]
    if (this.#isInterval && (kind === ResultKind.arena || kind === ResultKind.written)) {
      // One may have quotes.
      const quotes = kind === ResultKind.written ? 1 : 0
      const from = block.resultStart[slot]! + quotes
      const start = usualStart(block.arena.bytes, from, block.resultEnd[slot]! - quotes)
      if (start >= 0) return start
    }
    const bytes = resultBytes(block, slot)
    return bytes === undefined ? undefined : this.#of(textOf(bytes))
  }

  #of(text: string): number | undefined {
    if (this.#known.has(text)) return this.#known.get(text)
    if (this.#known.size >= MOST_KNOWN) this.#known.clear()
    const found = this.#read(text)
    const start = found === undefined || found < 0 ? undefined : found
    this.#known.set(text, start)
    return start
  }
}
