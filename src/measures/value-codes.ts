/** Texts as numbers: equal texts have equal codes. */
import { LetheError } from '../errors.ts'

/** The code where no value is: absent, null, empty, dropped, suppressed. */
export const NOTHING = 0

/** A Map of V8 holds no more. */
const MOST_VALUES = 2 ** 24

/** The texts of one column, in order of appearance, from code 1 on. */
export class ValueCodes {
  readonly #codes = new Map<string, number>()
  readonly #budget: TextBudget

  constructor(budget: TextBudget) {
    this.#budget = budget
  }

  get count(): number {
    return this.#codes.size + 1
  }

  /** @throws LetheError `measure-too-large` where all texts together are more than are held */
  of(text: string | undefined): number {
    if (text === undefined) return NOTHING
    const known = this.#codes.get(text)
    if (known !== undefined) return known
    if (this.#codes.size === MOST_VALUES) throw tooLarge()
    this.#budget.take(text.length)
    const code = this.#codes.size + 1
    this.#codes.set(text, code)
    return code
  }

  /** The code of a text that was met; undefined where it was not. */
  known(text: string): number | undefined {
    return this.#codes.get(text)
  }

  /** Each text and its code. */
  entries(): IterableIterator<[string, number]> {
    return this.#codes.entries()
  }
}

/** How many characters all columns of a measure may hold together. */
export class TextBudget {
  #left: number

  constructor(characters: number) {
    this.#left = characters
  }

  take(characters: number): void {
    this.#left -= characters
    if (this.#left < 0) throw tooLarge()
  }
}

const tooLarge = (): LetheError =>
  new LetheError(
    'measure-too-large',
    'the distinct values of the measured fields are more than are held in memory',
    'measure fewer fields with --over, or a part of the files',
  )
