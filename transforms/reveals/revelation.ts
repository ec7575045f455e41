/**
 * What the result of a transform reveals about its input. Every transform answers this for its options (`reveals`), and
 * what is weak, what a step of retention may follow on, and what several outputs of one input tell together is
 * derived from the answer. So the answer has to be honest: where a transform cannot know, it says `all`.
 */
import type { Decimal } from '../decimal.ts'
import type { Intervals } from '../generalize/intervals.ts'

export type Revelation =
  /** That a value is there, and no more. */
  | { readonly tells: 'nothing' }
  | Equality
  /** Some of the value, exactly. */
  | { readonly tells: 'part'; readonly parts: readonly Part[] }
  | Noisy
  /** The value, or what it can be had from. `assumed`: it is not said, so it may be less. */
  | { readonly tells: 'all'; readonly assumed?: true }

/** A token: which values are equal, and no more, to whom has no key and cannot guess. */
export interface Equality {
  readonly tells: 'equality'
  /** Two rules give a value the same token if this, the domain and the key are equal. */
  readonly token: string
  /** Undefined: the output path. */
  readonly domain: string | undefined
}

/** Another value near the true one. */
export interface Noisy {
  readonly tells: 'noisy'
  readonly of: 'number' | 'date'
  /** How many values (whole numbers, days) at least may stand behind one result. */
  readonly candidates: number
  /** Two rules draw the same noise for a value if this, the domain and the key are equal. */
  readonly draw: string
  /** Undefined: the output path. */
  readonly domain: string | undefined
}

export type Part =
  /**
   * The first and last characters. `share` says how many of a short value: `half`, fewer, never more than half of
   * it; `any`, as many, so that all but one may show; `open`, as many at most, as its other characters allow.
   */
  | {
      readonly of: 'characters'
      readonly first: number
      readonly last: number
      /** Whether the length shows. */
      readonly length: boolean
      readonly share: 'half' | 'any' | 'open'
    }
  /** The first and last digits of a card number; `check` says that only numbers with a right check digit pass. */
  | { readonly of: 'card'; readonly first: number; readonly last: number; readonly check: boolean }
  /** Everything that a pattern does not match: how much that is, is not known. */
  | { readonly of: 'unmatched' }
  /** The first three digits of a ZIP code, where a list holds them. */
  | { readonly of: 'zip3'; readonly list: string }
  /** The interval that a number lies in. */
  | {
      readonly of: 'number'
      readonly intervals: Intervals
      /** What stands before the decimals of a value, unless it is a dot: `1.234` is another number then. */
      readonly decimal?: ',' | undefined
    }
  /**
   * The unit that a date or moment lies in. `clock` says whose days these are: two parts can be compared only where
   * it is equal. With `oldest`, that year and all before are one; with `until`, events after that year fail.
   */
  | {
      readonly of: 'time'
      readonly unit: TimeUnit
      readonly clock: string
      readonly oldest?: number
      readonly until?: number
    }
  /** The band that an age at the time of the event lies in, by the first age of each. */
  | { readonly of: 'age'; readonly starts: readonly number[]; readonly clock: string }
  /** The leading bits of an address; `list` says of which one of several. */
  | {
      readonly of: 'network'
      readonly v4: number
      readonly v6: number
      readonly list?: 'first' | 'last' | undefined
    }
  /** The cell of a grid, by its side in degrees. */
  | {
      readonly of: 'place'
      readonly axis: 'latitude' | 'longitude' | 'both'
      readonly cell: Decimal
    }
  /** Scheme, host, the first segments of the path, and parameters: names, or with a `*` at its end what names begin with. */
  | { readonly of: 'url'; readonly segments: number; readonly params?: readonly string[] | undefined }
  /** The first characters of the local part (0 or 1), and the domain. */
  | { readonly of: 'email'; readonly first: number; readonly domain: boolean }
  /** Which of a policy's own labels a value has. */
  | { readonly of: 'listed'; readonly labels: ReadonlyMap<string, string>; readonly other: string }
  /** The ancestor of a value in a hierarchy. */
  | { readonly of: 'level'; readonly hierarchy: string; readonly level: number }

export type PartOf<Kind extends Part['of']> = Extract<Part, { of: Kind }>

export type TimeUnit = 'year' | 'quarter' | 'month' | 'week' | 'day' | 'hour'

export const NOTHING: Revelation = { tells: 'nothing' }
export const ALL: Revelation = { tells: 'all' }
/** Of a transform that does not say. */
export const ASSUMED_ALL: Revelation = { tells: 'all', assumed: true }

/** A revelation of one part. */
export function part(one: Part): Revelation {
  return { tells: 'part', parts: [one] }
}

/** A token for each value: of a transform, its options and the domain among them, which may be the path. */
export function token(
  name: string,
  { domain, ...others }: { readonly domain?: string | undefined; readonly [option: string]: unknown },
): Equality {
  return { tells: 'equality', token: `${name} ${JSON.stringify(others)}`, domain }
}

/** Whose days dates of these formats are read in: a bare date is of no zone. */
export function clockOf(formats: readonly string[], zone: string): string {
  const format = formats.join(' or ')
  return format === 'date' ? 'date' : `${format} in ${zone}`
}
