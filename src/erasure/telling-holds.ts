/** Subjects of legal holds: what their lines say of them, and how their rows are told in stored files. */
import { LetheError } from '../errors.ts'
import type { MatchKeys } from '../keys/match-keys.ts'
import {
  type FindersFor,
  type HeldSubjects,
  MOST_SUBJECTS,
  type RowFinder,
} from '../lifecycle/held-subjects.ts'
import { type Hold, stateOf } from '../lifecycle/legal-hold.ts'
import { newSources } from '../policy/context.ts'
import { parsePath } from '../policy/path.ts'
import { toNormalForm } from '../policy/suppression/normal-forms.ts'
import { findOf } from './erase.ts'
import { listOf, type SubjectSearch } from './finders.ts'
import { OUTPUT_DOMAIN } from './subjects.ts'

/** Parts identifiers of holds from entries of lists: no list has such a domain. */
const HOLD_DOMAIN = 'hold/subject'

export interface HoldingSetting {
  /** The policies that made what is stored. */
  readonly searches: readonly SubjectSearch[]
  readonly matchKeys: MatchKeys
  /** Check values of the keys that tokens are made under, by id. */
  readonly keyChecks: Readonly<Record<string, string>>
}

/**
 * What a hold says of these identifiers, which stand as in events: match tokens of them, and of their tokens under every key.
 * @throws LetheError (usage) where one has no normal form, or they are too many
 */
export function heldSubjectsOf(identifiers: readonly string[], setting: HoldingSetting): HeldSubjects {
  const { searches, matchKeys, keyChecks } = setting
  if (identifiers.length > MOST_SUBJECTS)
    throw new LetheError(
      'bad-option',
      `a hold is on ${MOST_SUBJECTS} subjects at most, and ${identifiers.length} are named; nothing was done`,
      'add several holds',
    )
  const normalize = listOf(searches[0]!.plan)?.normalize[0] ?? 'trim'
  const toNormal = toNormalForm(normalize, newSources())
  const { id, check } = matchKeys.primary
  const matcher = (domain: string): ((text: string) => string) => {
    const match = matchKeys.matcher(id, check, domain, 'the hold')
    return (text) => `${id}.${match(text).toString('base64url')}`
  }
  const [ofSubject, ofOutput] = [matcher(HOLD_DOMAIN), matcher(OUTPUT_DOMAIN)]
  const subjects = new Map<string, Set<string>>()
  for (const [index, identifier] of identifiers.entries()) {
    const normal = toNormal(searches[0]!.identifierOf(identifier))
    if (normal === undefined || normal === '')
      throw new LetheError(
        'bad-option',
        `subject ${index + 1} has no normal form (${normalize}); nothing was done`,
        'name it as it stands in events',
      )
    const match = ofSubject(normal)
    // Two spellings of one subject may have two tokens.
    const outputs = subjects.get(match) ?? new Set()
    for (const { outputsOf } of searches) {
      const { tokens, unkeyed } = outputsOf(identifier)
      for (const output of [...tokens, ...unkeyed]) outputs.add(ofOutput(output))
    }
    subjects.set(match, outputs)
  }
  return {
    normalize,
    matchKeys: { [id]: check },
    keys: keyChecks,
    searches: searches.map(({ held }) => held),
    subjects: [...subjects].map(([match, outputs]) => ({ match, outputs: [...outputs] })),
  }
}

/**
 * The holds, so that rows of their subjects can be told.
 * @throws LetheError (usage) where one in force is on subjects, and the match keys are not given or are others
 */
export const tellingHolds = (
  holds: readonly Hold[],
  matchKeys: MatchKeys | undefined,
  now: number,
): readonly Hold[] =>
  holds.map((hold) =>
    hold.subjects === undefined || stateOf(hold, now) !== 'in force'
      ? hold
      : { ...hold, findersFor: findersFor(hold.id, hold.subjects, matchKeys) },
  )

function findersFor(
  hold: string,
  { normalize, matchKeys: matchChecks, keys, searches, subjects }: HeldSubjects,
  matchKeys: MatchKeys | undefined,
): FindersFor {
  if (matchKeys === undefined)
    throw new LetheError(
      'keys-missing',
      `the legal hold ${hold} is on subjects, who are told by match keys, and none are given; nothing was deleted`,
      'say --match-keys FILE or set LETHE_MATCH_KEYS_FILE',
    )
  const sought = {
    list: { domain: HOLD_DOMAIN, normalize, keys: matchChecks },
    subjects: subjects.map(({ match, outputs }) => ({ match, digests: outputs })),
  }
  const bySearch = searches.map(({ policy, finders, untold }) => ({
    fingerprint: policy.fingerprint,
    untold,
    finders: finders.map(({ field, by, split, tells }): RowFinder => {
      const asks = by.map((how) => (how === 'output' ? 'unkeyed' : how))
      return {
        path: parsePath(field),
        find: findOf({ by: asks, split }, new Set(), sought, matchKeys),
        tells,
      }
    }),
  }))
  return ({ fingerprint, keyChecks }) => {
    const search = bySearch.find((one) => one.fingerprint === fingerprint)
    if (search === undefined)
      return 'it was made by another policy, or another version, than those that the hold was added under'
    const lacking = Object.entries(keyChecks).find(([id, check]) => keys[id] !== check)
    if (lacking !== undefined)
      return `it has tokens under the key ${lacking[0]} (${lacking[1]}), which the hold was not added under`
    return search.untold.length === 0 ? search.finders : search.untold.join('; ')
  }
}
