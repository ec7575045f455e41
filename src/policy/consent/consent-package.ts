/** The packages that read consent strings. They are optional: only policies that name such strings need them. */
import { createRequire } from 'node:module'
import type { ConsentAnswer } from './consent-answer.ts'

/** A form of consent that cannot be used; the sentence quotes nothing but the form. */
export class ConsentFormError extends Error {
  readonly suggestion: string | undefined
  constructor(message: string, suggestion?: string) {
    super(message)
    this.suggestion = suggestion
  }
}

/** @throws ConsentFormError where it is not installed */
export function loadPackage(name: '@iabtcf/core' | '@iabgpp/cmpapi', what: string): unknown {
  try {
    return createRequire(import.meta.url)(name)
  } catch {
    throw new ConsentFormError(
      `${what} are read by the package ${name}, which is not installed here`,
      `npm install ${name}`,
    )
  }
}

/** Many events carry one string, and to read one takes some 0.1 ms: so many answers are remembered. */
const REMEMBERED = 1024
/** Strings of all vendors have some 2,000 characters; what is far longer is not read. */
const MOST_CHARACTERS = 1 << 14

/** Remembers what strings said. An error means that a string cannot be read. */
export class ConsentStrings {
  readonly #read: (text: string) => boolean
  readonly #known: Map<string, ConsentAnswer> = new Map()

  constructor(read: (text: string) => boolean) {
    this.#read = read
  }

  answer(text: string): ConsentAnswer {
    if (text.length > MOST_CHARACTERS) return 'unknown'
    const known = this.#known.get(text)
    if (known !== undefined) return known
    let found: ConsentAnswer
    try {
      found = this.#read(text) ? 'allow' : 'deny'
    } catch {
      found = 'unknown'
    }
    if (this.#known.size >= REMEMBERED) this.#known.clear()
    this.#known.set(text, found)
    return found
  }
}
