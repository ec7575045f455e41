/** Unexpected errors, on their way from where they arose to the report. */

import { type ErrorCode, LetheError } from '../errors.ts'

export interface DefectPlace {
  /** Name of the error's class. */
  readonly kind: string
  /** Where it arose, as `file:line:column`, innermost first. */
  readonly places: readonly string[]
}

const FRAME = /^ {4}at .*?((?:file:|node:|\/|[A-Za-z]:\\)[^()]*:\d+:\d+)\)?$/

/**
 * The places of an error's stack. The message is cut off first, since it may quote data and look like a place; a stack
 * that does not hold the message as it is now says nothing.
 */
export function placesOf(error: Error): readonly string[] {
  const stack = String(error.stack ?? '')
  const message = String(error.message)
  const at = stack.indexOf(message)
  // Without a message, the first line holds none either, unless it was taken away later.
  const [firstLine = ''] = stack.split('\n', 1)
  if (at < 0 || (message === '' && /:\s*\S/.test(firstLine))) return []
  return stack
    .slice(at + message.length)
    .split('\n')
    .flatMap((line) => FRAME.exec(line)?.[1]?.replace(/^file:\/\//, '') ?? [])
}

/** Where an error arose, without its message. */
export function placeOf(error: unknown): DefectPlace {
  if (!(error instanceof Error)) return { kind: 'something that is not an error', places: [] }
  return { kind: error.constructor.name, places: placesOf(error) }
}

/** What is posted of an error that a person is meant to read: its class does not survive. */
export interface Refusal {
  readonly code: ErrorCode
  readonly message: string
  readonly suggestion: string | undefined
}

export type Broken = { readonly defect: DefectPlace } | { readonly refusal: Refusal }

/** What `work` gives, or how it broke: to be posted to another thread. */
export function attempt<T>(work: () => T): { readonly done: T } | Broken {
  try {
    return { done: work() }
  } catch (error) {
    return brokenBy(error)
  }
}

/** The same of what takes its time. */
export async function attemptLater<T>(work: () => Promise<T>): Promise<{ readonly done: T } | Broken> {
  try {
    return { done: await work() }
  } catch (error) {
    return brokenBy(error)
  }
}

function brokenBy(error: unknown): Broken {
  if (error instanceof LetheError) {
    const { code, message, suggestion } = error
    return { refusal: { code, message, suggestion } }
  }
  return { defect: placeOf(error) }
}

/** A defect found while records were de-identified, by this thread or another. */
export class Defect extends Error {
  readonly place: DefectPlace
  constructor(place: DefectPlace) {
    super('a worker broke')
    this.name = place.kind
    this.place = place
  }
}

/** The error that another thread posted. */
export function errorOf(broken: Broken): Error {
  if ('defect' in broken) return new Defect(broken.defect)
  const { code, message, suggestion } = broken.refusal
  return new LetheError(code, message, suggestion)
}
