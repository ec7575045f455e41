/** A binary heap (Williams, CACM 7(6), 1964): the least element is at hand. */
export class Heap<T> {
  readonly #less: (a: T, b: T) => boolean
  readonly #all: T[] = []

  constructor(less: (a: T, b: T) => boolean) {
    this.#less = less
  }

  get size(): number {
    return this.#all.length
  }

  push(element: T): void {
    const all = this.#all
    let at = all.length
    all.push(element)
    while (at > 0) {
      const above = (at - 1) >> 1
      if (!this.#less(element, all[above]!)) break
      all[at] = all[above]!
      at = above
    }
    all[at] = element
  }

  pop(): T | undefined {
    const all = this.#all
    const least = all[0]
    const last = all.pop()
    if (all.length === 0 || last === undefined) return least
    let at = 0
    for (;;) {
      let below = 2 * at + 1
      if (below >= all.length) break
      if (below + 1 < all.length && this.#less(all[below + 1]!, all[below]!)) below++
      if (!this.#less(all[below]!, last)) break
      all[at] = all[below]!
      at = below
    }
    all[at] = last
    return least
  }
}
