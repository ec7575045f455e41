/**
 * Memory of chunks that are done, to be filled again: memory that is allocated for every chunk has to be cleared
 * first and collected afterwards, on the thread that feeds all others.
 */
export class Spares {
  readonly #spares: Uint8Array<ArrayBuffer>[] = []
  readonly #most: number
  readonly #mostBytes: number

  /** Keeps `most` pieces of up to `mostBytes` bytes; others go. */
  constructor(most: number, mostBytes: number) {
    this.#most = most
    this.#mostBytes = mostBytes
  }

  /** At least `bytes` bytes, whatever they hold. */
  take(bytes: number): Uint8Array<ArrayBuffer> {
    const spare = this.#spares.pop()
    return spare !== undefined && spare.length >= bytes ? spare : new Uint8Array(bytes)
  }

  /** What was given last, of any size; undefined where there is none. */
  any(): ArrayBuffer | undefined {
    return this.#spares.pop()?.buffer
  }

  give(buffer: ArrayBuffer): void {
    const isWorthIt = buffer.byteLength > 0 && buffer.byteLength <= this.#mostBytes
    if (isWorthIt && this.#spares.length < this.#most) this.#spares.push(new Uint8Array(buffer))
  }
}
