/** What the texts of event times mean. Records of one time share one text, so that few have to be read. */
import { type Block, ResultKind } from './block.ts'
import { resultBytes, textOf } from './envelope.ts'

/** Of texts kept at once; each has one place. */
const PLACES = 256

interface Known {
  readonly bytes: Uint8Array
  readonly start: number | undefined
}

export class Times {
  readonly #read: (text: string) => number | undefined
  readonly #known: (Known | undefined)[] = new Array<Known | undefined>(PLACES).fill(undefined)

  /** `read`: ms since the epoch of a text, undefined where it is no time. */
  constructor(read: (text: string) => number | undefined) {
    this.#read = read
  }

  /** What the result of a slot means, in ms since the epoch; undefined where it is none. `arena` is a copy of the block's. */
  of(block: Block, slot: number, arena: Uint8Array<ArrayBuffer>): number | undefined {
    // Most results lie in the arena, where they are looked at without a view of each.
    if (block.resultKind[slot] === ResultKind.arena) {
      const from = block.resultStart[slot]!
      const to = block.resultEnd[slot]!
      const place = placeOf(arena, from, to)
      const known = this.#known[place]
      if (known !== undefined && isSame(known.bytes, arena, from, to)) return known.start
      return this.#learn(new Uint8Array(arena.subarray(from, to)), place)
    }
    const bytes = resultBytes(block, slot, arena)
    if (bytes === undefined) return undefined
    const place = placeOf(bytes, 0, bytes.length)
    const known = this.#known[place]
    if (known !== undefined && isSame(known.bytes, bytes, 0, bytes.length)) return known.start
    return this.#learn(new Uint8Array(bytes), place)
  }

  #learn(bytes: Uint8Array, place: number): number | undefined {
    const found = this.#read(textOf(bytes))
    const start = found === undefined || found < 0 ? undefined : found
    this.#known[place] = { bytes, start }
    return start
  }
}

function placeOf(bytes: Uint8Array, from: number, to: number): number {
  let sum = 0
  for (let i = from; i < to; i++) sum = (Math.imul(sum, 31) + bytes[i]!) | 0
  return (sum ^ (sum >>> 16)) & (PLACES - 1)
}

function isSame(known: Uint8Array, bytes: Uint8Array, from: number, to: number): boolean {
  if (known.length !== to - from) return false
  for (let i = 0; i < known.length; i++) if (known[i] !== bytes[from + i]) return false
  return true
}
