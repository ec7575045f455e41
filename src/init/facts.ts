/** What `lethe init` knows of one path: counts from the sample, and what its name speaks of. */
import { categoryOf } from '../identify/category-of.ts'
import { knownWords } from '../identify/known-words.ts'
import { fullOf, IDS, WRAPPERS } from '../identify/lexicon.ts'
import type { Suspicion } from '../identify/suspicion.ts'
import { splitName } from '../identify/words.ts'
import type { ValueForm } from './detect.ts'
import { isTypeName } from './extended-json.ts'
import type { Profile } from './profile.ts'
import { FEW } from './value-tallies.ts'

export interface Facts {
  readonly profile: Profile
  readonly records: number
  /** The field's own name; empty for an element or a member of a map. */
  readonly name: string
  /** The words of the field's own name, `_first_name_`: lower-case, an underscore around each. */
  readonly own: string
  /** What the dictionary knows about its name. */
  readonly suspicion: Suspicion | undefined
  /** Whether its name speaks of this category, or of one below it. */
  readonly speaksOf: (...categories: readonly string[]) => boolean
  /** Whether its name ends, or in some languages begins, with a word for an identifier. */
  readonly isId: boolean
  /** The share of values, 0 to 1, that look like this. */
  readonly share: (...detectors: readonly ValueForm[]) => number
  /** The share of values that look like one of these, of which a value is one at most. */
  readonly together: (...detectors: readonly ValueForm[]) => number
  /** Whether values repeat so much that none of them stands for few data subjects (records, where no subject is known). */
  readonly isCategory: boolean
  /** Whether some values are text, and no data subject is known to count them by. */
  readonly isUncountedText: boolean
  /** The path leads through no array and no map: one value a record. */
  readonly isSingle: boolean
  /** What the path is about, for a domain: `customer` of `customer.id`, of `customer_id` and of `after.customer_id`. */
  readonly entity: string
}

/** Beside the short forms of the dictionary: of words that speak of no person. */
const ALIASES: Readonly<Record<string, string>> = {
  txn: 'transaction',
  ord: 'order',
  prod: 'product',
  sess: 'session',
  dev: 'device',
  org: 'organization',
}

/** The words of the names of a path, without those that only wrap: a column of one table is one thing before and after. */
function entityOf(names: readonly string[], suspicion: Suspicion | undefined): string {
  const words = names
    .filter((name) => !WRAPPERS.has(knownWords(name).join(' ')))
    .flatMap(knownWords)
    .filter((word) => !IDS.has(word))
  // `uid` is `user_id`, and joins with it.
  const none = suspicion?.of === 'identifier' ? 'user' : 'record'
  const last = (words.at(-1) ?? none).replace(/[^a-z0-9]/g, '')
  return ALIASES[last] ?? (last === '' ? none : fullOf(last))
}

/** What can be said of one profile. */
export function factsOf(profile: Profile, records: number): Facts {
  const all = profile.segments.flatMap((segment) => (segment.kind === 'name' ? [segment.name] : []))
  const speaking = all.filter((name) => !isTypeName(name))
  const names = speaking.length === 0 ? all : speaking
  const last = profile.segments.at(-1)?.kind
  const place = last === 'names' ? 'names' : last === 'member' ? 'members' : 'value'
  const suspicion = categoryOf(names, place)
  const words = knownWords(names.at(-1) ?? '')
  return {
    profile,
    records,
    name: names.at(-1) ?? '',
    own: `_${splitName(names.at(-1) ?? '').join('_')}_`,
    suspicion,
    speaksOf: (...categories) =>
      categories.some(
        (one) => suspicion?.category === one || suspicion?.category.startsWith(`${one}.`) === true,
      ),
    isId: IDS.has(words.at(-1) ?? '') || (words.length > 1 && IDS.has(words[0]!)),
    share: (...detectors) => {
      let most = 0
      for (const detector of detectors) most = Math.max(most, profile.matches.get(detector) ?? 0)
      return profile.values === 0 ? 0 : most / profile.values
    },
    together: (...detectors) => {
      const count = detectors.reduce((sum, detector) => sum + (profile.matches.get(detector) ?? 0), 0)
      return profile.values === 0 ? 0 : count / profile.values
    },
    isCategory: profile.values >= 50 && profile.distinct <= 40 && profile.fewest >= FEW,
    isUncountedText: profile.subjects === 0 && (profile.matches.get('integer') ?? 0) < profile.values,
    isSingle: profile.segments.every((segment) => segment.kind === 'name'),
    entity: entityOf(names, suspicion),
  }
}
