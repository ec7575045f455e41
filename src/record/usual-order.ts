/**
 * The members that objects at one place usually have, in their usual order. Events of one kind are written by one
 * program, so the next name can be guessed: comparing it costs a fraction of looking it up. Names met in this
 * order are different from each other, because those of the order are.
 */

/** How many usual members may be absent in a row. */
const SKIPS = 4
/** Larger objects are maps more often than records. */
const MOST_MEMBERS = 64
/** So many objects must differ before another order is learned… */
const ENOUGH_MISSES = 8
/** …and counts are halved here, so that the past fades. */
const FADE = 1024

export class UsualOrder<Node> {
  /** Names as bytes, each with its closing quote. */
  #names: Uint8Array[] = []
  #nodes: Node[] = []
  /** The object in which each name was met last. */
  #metIn: number[] = []
  #learning: { name: Uint8Array; node: Node }[] | undefined = []
  #matched = 0
  #missed = 0

  /** Whether the next object is to be noted member by member, with `note`. */
  get isLearning(): boolean {
    return this.#learning !== undefined
  }

  /** Index of the name that starts at `bytes[start]`, from `from` on; -1 if it is none of the next few. */
  find(bytes: Uint8Array, start: number, from: number, object: number): number {
    const names = this.#names
    const to = Math.min(from + SKIPS, names.length)
    for (let index = from; index < to; index++) {
      const name = names[index]!
      const { length } = name
      let i = 0
      while (i < length && bytes[start + i] === name[i]) i++
      if (i === length) {
        this.#metIn[index] = object
        return index
      }
    }
    return -1
  }

  node(index: number): Node {
    return this.#nodes[index]!
  }

  /** Length of a name, its closing quote included. */
  length(index: number): number {
    return this.#names[index]!.length
  }

  /** The names met in `object` so far, as `[name without quote, node]`, for a walk that leaves the order. */
  *met(object: number, before: number): Generator<[Uint8Array, Node]> {
    for (let index = 0; index < before; index++)
      if (this.#metIn[index] === object) {
        const name = this.#names[index]!
        yield [name.subarray(0, name.length - 1), this.#nodes[index]!]
      }
  }

  /** Notes a member while learning: `bytes[start..end)` is its name, a quote follows. */
  note(bytes: Uint8Array, start: number, end: number, node: Node): void {
    this.#learning?.push({ name: bytes.slice(start, end + 1), node })
  }

  /** An object ended; `inOrder`: all of its names were found by `find`. */
  ended(inOrder: boolean): void {
    const learned = this.#learning
    if (learned !== undefined) {
      this.#learning = undefined
      this.#matched = 0
      this.#missed = 0
      if (learned.length > MOST_MEMBERS) return
      this.#names = learned.map(({ name }) => name)
      this.#nodes = learned.map(({ node }) => node)
      this.#metIn = learned.map(() => 0)
      return
    }
    if (inOrder) this.#matched++
    else if (++this.#missed >= ENOUGH_MISSES && this.#missed > this.#matched) this.#learning = []
    if (this.#matched + this.#missed > FADE) {
      this.#matched >>= 1
      this.#missed >>= 1
    }
  }

  /** What was noted is not worth keeping: the object is none, or names in it are escaped. */
  forget(): void {
    if (this.#learning !== undefined) this.#learning = []
  }
}
