/** The proposal of a rule of `lethe init` for one path. */
import type { Role } from '../identify/categories.ts'
import type { Facts } from './facts.ts'

export interface Proposal {
  readonly use: string
  readonly options?: Readonly<Record<string, string | number>>
  readonly category?: string
  readonly role?: Role
  /** Why, and what else could be done; for the comment above the field. */
  readonly note?: string
}

/** What the draft as a whole has decided, for rules that depend on it. */
export interface Setting {
  readonly hasTime: boolean
  /** The calendar year of today. */
  readonly year: number
}

/** Looks at one path; undefined where it has nothing to say. */
export type Rule = (facts: Facts, setting: Setting) => Proposal | undefined

/** The share of values that has to look alike. */
export const MOST = 0.9
export const direct = 'direct-identifier'
export const quasi = 'quasi-identifier'

export const undecided = (note: string, more: Omit<Proposal, 'use' | 'note'> = {}): Proposal => ({
  use: 'undecided',
  ...more,
  note,
})
