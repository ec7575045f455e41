/** The names met in the objects that are open, to see duplicates: only those that the shape does not know. */
import { type Block, doubled } from '../block.ts'

/** Up to this many names of one object are compared pairwise; for more, a set is made. */
const FEW = 64

export class MemberNames {
  #block: Block | undefined
  #hashes: Int32Array<ArrayBuffer> = new Int32Array(1024)
  #starts: Int32Array<ArrayBuffer> = new Int32Array(1024)
  #ends: Int32Array<ArrayBuffer> = new Int32Array(1024)
  /** Names that stand nowhere in the chunk as they are: they had escapes. */
  readonly #texts: string[] = []
  /** How many names are held; those of an inner object come after those of the outer, and go with it. */
  count = 0

  open(block: Block): void {
    this.#block = block
  }

  /** Notes a name that the shape does not know. */
  add(hash: number, start: number, end: number, name: string | undefined): void {
    const index = this.count++
    if (index === this.#hashes.length) {
      this.#hashes = doubled(this.#hashes)
      this.#starts = doubled(this.#starts)
      this.#ends = doubled(this.#ends)
    }
    this.#hashes[index] = hash
    this.#starts[index] = name === undefined ? start : -1
    this.#ends[index] = end
    if (name !== undefined) this.#texts[index] = name
  }

  /** Whether the name noted last is among those of its object, which begin at `from`. */
  isDuplicate(from: number): boolean {
    const index = this.count - 1
    const hashes = this.#hashes
    const hash = hashes[index]
    if (index - from > FEW) return this.#isAmongMany(from, index)
    for (let i = from; i < index; i++) if (hashes[i] === hash && this.#at(i) === this.#at(index)) return true
    return false
  }

  readonly #many: { from: number; names: Set<string> }[] = []

  /** A large object: a set instead of a comparison with each. */
  #isAmongMany(from: number, index: number): boolean {
    let many = this.#many.at(-1)
    while (many !== undefined && many.from > from) {
      this.#many.pop()
      many = this.#many.at(-1)
    }
    if (many === undefined || many.from !== from || index - from === FEW + 1) {
      if (many?.from === from) this.#many.pop()
      many = { from, names: new Set() }
      for (let i = from; i < index; i++) many.names.add(this.#at(i))
      this.#many.push(many)
    }
    const name = this.#at(index)
    if (many.names.has(name)) return true
    many.names.add(name)
    return false
  }

  #at(index: number): string {
    const start = this.#starts[index]!
    return start < 0 ? this.#texts[index]! : this.#block!.slice(start, this.#ends[index]!)
  }
}
