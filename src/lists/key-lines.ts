/** Lines of lists and tables that name the keys of what follows them, and their check values. */
import { invalid } from './file-lines.ts'

export class KeyLines {
  readonly #file: string
  readonly #what: 'lists' | 'tables'
  readonly #writer: string
  readonly #checks = new Map<string, string>()

  /** `writer`: the only command that writes to the file. */
  constructor(file: string, what: 'lists' | 'tables', writer: string) {
    this.#file = file
    this.#what = what
    this.#writer = writer
  }

  /** @throws LetheError (usage) where another key is called so */
  add({ id, check }: { readonly id: string; readonly check: string }, line: number): void {
    if ((this.#checks.get(id) ?? check) !== check)
      throw invalid(
        this.#file,
        line,
        `two keys are called ${id}`,
        `${this.#what} of different match keys are different files`,
      )
    this.#checks.set(id, check)
  }

  /** @throws LetheError (usage) where no line before names the key */
  mustKnow(id: string, line: number): void {
    if (!this.#checks.has(id))
      throw invalid(
        this.#file,
        line,
        `no line before it says which key ${id} is`,
        `only ${this.#writer} writes to it`,
      )
  }

  /** Those that are `used`. */
  which(used: (id: string) => boolean): readonly { readonly id: string; readonly check: string }[] {
    return [...this.#checks].filter(([id]) => used(id)).map(([id, check]) => ({ id, check }))
  }
}
