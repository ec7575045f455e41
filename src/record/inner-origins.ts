/** Where in the chunk the texts stood that were decoded behind it. */
export class InnerOrigins {
  readonly #starts: number[] = []
  readonly #origins: number[] = []

  clear(): void {
    this.#starts.length = 0
    this.#origins.length = 0
  }

  /** Notes a text that begins at `start`, behind all others, and was decoded of what begins at `origin`. */
  add(start: number, origin: number): void {
    this.#starts.push(start)
    this.#origins.push(origin)
  }

  /** Where a value that stands at `start` of a text would stand in the chunk: its distance in the decoded text counts. */
  of(start: number): number {
    let low = 0
    let high = this.#starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if (this.#starts[middle]! <= start) low = middle
      else high = middle - 1
    }
    return this.#origins[low]! + start - this.#starts[low]!
  }
}
