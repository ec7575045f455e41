/**
 * The contract of a detector: it says whether a value looks like one kind of personal data or secret. It looks inside
 * free text, on UTF-8 bytes, in time that is linear in their length. What it finds it names by kind and place; it never
 * gives the value back. It can be wrong in both directions: a detector is a watch, not a guarantee.
 */
import type { NumberRun } from './number-run.ts'

/** Where something stands: `bytes[start..end)`. */
export interface Span {
  readonly start: number
  readonly end: number
}

interface Described {
  /** For accounts, metrics and policies; lower case, hyphens. */
  readonly kind: string
  /** What a value looks like, with its article: "an email address". */
  readonly summary: string
  /** Texts that it must find something in: invented, or published as samples. Run as tests. */
  readonly examples: readonly string[]
  /** Texts that look much like it, and are none. Run as tests. */
  readonly harmless: readonly string[]
}

/** What must be in a value, cheap to know, for a detector to look at it. Everything stated must hold. */
export interface Needs {
  /** Characters of which one at least is there: of `@ % . : J -`. */
  readonly oneOf?: string
  /** Count of digits, dots or colons. */
  readonly digits?: number
  readonly dots?: number
  readonly colons?: number
  /** Count of bytes. */
  readonly bytes: number
}

/** Looks at the bytes itself. */
export interface TextDetector extends Described {
  readonly reads: 'text'
  readonly needs: Needs
  /** The first of its kind that lies within `bytes[start..end)`; the bytes are UTF-8. */
  readonly find: (bytes: Uint8Array, start: number, end: number) => Span | undefined
}

/** Is shown each run of digits, which may be written in groups: 4111 1111 1111 1111. */
export interface NumberDetector extends Described {
  readonly reads: 'numbers'
  /** Digits that a first group may have: others are not shown to it. */
  readonly firstGroups: readonly number[]
  /** How many groups of the run, from `group` on, are one of its kind; 0: none. */
  readonly take: (run: NumberRun, group: number) => number
}

export type Detector = TextDetector | NumberDetector
