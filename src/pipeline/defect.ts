/** Errors that nobody expects, on their way from where they arose to whoever reports them. */

export interface DefectPlace {
  /** Name of the error's class. */
  readonly kind: string
  /** The lines of its stack that are places in code. */
  readonly places: string
}

/** Where an error arose, without its message: that may quote data. */
export function placeOf(error: unknown): DefectPlace {
  const kind = error instanceof Error ? error.constructor.name : 'unknown'
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  const places = stack.split('\n').filter((line) => /^\s+at /.test(line))
  return { kind, places: places.join('\n') }
}

/** What `work` gives, or where it broke: to be posted to another thread. */
export function attempt<T>(work: () => T): { readonly done: T } | { readonly defect: DefectPlace } {
  try {
    return { done: work() }
  } catch (error) {
    return { defect: placeOf(error) }
  }
}

/** A defect found while records were de-identified. */
export class Defect extends Error {
  constructor({ kind, places }: DefectPlace) {
    super('a worker broke')
    this.name = kind
    this.stack = `${this.name}: ${this.message}\n${places}`
  }
}
