/** What `lethe init` knows of one path: counts from the sample, and the words of its name. */
import type { Detector } from './detect.ts'
import { DISTINCT_CAP, type Profile } from './profile.ts'

export interface Facts {
  readonly profile: Profile
  readonly records: number
  /** The words of the field's own name, `_first_name_`: lower-case, an underscore around each. */
  readonly own: string
  /** The words of the whole path, in the same form. */
  readonly all: string
  /** The share of values, 0 to 1, that look like this. */
  readonly share: (...detectors: readonly Detector[]) => number
  /** Whether values repeat so much that none of them stands for few records. */
  readonly isCategory: boolean
  /** The path leads through no array and no map: one value a record. */
  readonly isSingle: boolean
  /** What the path is about, for a domain: `customer` of `customer.id` and of `customer_id`. */
  readonly entity: string
}

/** `firstName`, `first-name`, `FIRST_NAME`: all `first name`. */
export function wordsOf(name: string): string[] {
  return name
    .replace(/(\p{Ll}|\d)(\p{Lu})/gu, '$1 $2')
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{M}\p{N}]+/u)
    .filter((word) => word !== '')
}

const ALIASES: Readonly<Record<string, string>> = {
  cust: 'customer',
  usr: 'user',
  acct: 'account',
  txn: 'transaction',
  ord: 'order',
  prod: 'product',
  sess: 'session',
  dev: 'device',
  org: 'organization',
}

const ID_WORD = /^(?:id|ids|uid|uuid|guid|key|no|nr|num|number|ref|reference|code|hash|identifier)$/

function entityOf(words: readonly string[]): string {
  const rest = words.filter((word) => !ID_WORD.test(word))
  const last = (rest.at(-1) ?? 'record').replace(/[^a-z0-9]/g, '')
  return ALIASES[last] ?? (last === '' ? 'record' : last)
}

/** What can be said of one profile. */
export function factsOf(profile: Profile, records: number): Facts {
  const names = profile.segments.flatMap((segment) =>
    segment.kind === 'name' ? [wordsOf(segment.name)] : [],
  )
  const own = names.at(-1) ?? []
  const all = names.flat()
  return {
    profile,
    records,
    own: `_${own.join('_')}_`,
    all: `_${all.join('_')}_`,
    share: (...detectors) => {
      let most = 0
      for (const detector of detectors) most = Math.max(most, profile.matches.get(detector) ?? 0)
      return profile.values === 0 ? 0 : most / profile.values
    },
    isCategory:
      profile.values >= 50 &&
      profile.distinct <= 40 &&
      profile.distinct < DISTINCT_CAP &&
      profile.rarest >= 5,
    isSingle: profile.segments.every((segment) => segment.kind === 'name'),
    entity: entityOf(all),
  }
}
