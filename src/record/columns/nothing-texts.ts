/** The words of a policy that stand for nothing (`input.nulls`), as bytes: a column of numbers or times holds none of them. */
export class NothingTexts {
  readonly #words: ReadonlySet<string>
  readonly #longest: number

  constructor(words: readonly string[]) {
    const bytes = words.map((word) => Buffer.from(word, 'utf8'))
    this.#words = new Set(bytes.map((word) => word.toString('latin1')))
    this.#longest = Math.max(0, ...bytes.map(({ length }) => length))
  }

  has(bytes: Uint8Array, start: number, end: number): boolean {
    if (end - start > this.#longest) return false
    return this.#words.has(
      Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1'),
    )
  }
}
