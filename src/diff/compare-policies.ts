/** Compares two compiled policies. */
import { quote } from '../policy/problems.ts'
import { type Change, Changes } from './change.ts'
import { compareFields } from './compare-fields.ts'
import { compareWords } from './compare-words.ts'
import { type Compared, Side } from './side.ts'

export interface CompareOptions {
  /** The files that both policies name were read at one place: whether they changed is not known. */
  readonly sharesFiles?: boolean
}

/** Every change from one policy to the other: those that weaken first. Empty where they are the same. */
export function comparePolicies(
  before: Compared,
  after: Compared,
  { sharesFiles = false }: CompareOptions = {},
): readonly Change[] {
  const changes = new Changes()
  compareWords(before.policy, after.policy, changes)
  compareFields(new Side(before), new Side(after), changes)
  compareLists(before, after, changes)
  compareModules(before, after, changes)
  if (sharesFiles)
    for (const file of before.sources.files.keys())
      if (after.sources.files.has(file))
        changes.add(
          'unranked',
          'file',
          `whether ${quote(file)} changed is not known: it was read once, for both policies`,
          undefined,
        )
  const isAnother = before.plan.fingerprint !== after.plan.fingerprint
  if (isAnother && changes.all.length === 0)
    changes.add('unranked', 'other', 'the fingerprints differ, by something that cannot be named', undefined)
  if (isAnother && before.policy.name === after.policy.name && before.policy.version === after.policy.version)
    changes.add(
      'different',
      'version',
      `the policy changed, and both say \`version: ${after.policy.version}\``,
      after.policy.versionAt,
    )
  return changes.all.toSorted((a, b) => ORDER.indexOf(a.verdict) - ORDER.indexOf(b.verdict))
}

const ORDER: readonly Change['verdict'][] = ['weaker', 'unranked', 'different', 'stronger']

/** Files of transforms are code: of another code nothing can be said. */
function compareModules(was: Compared, is: Compared, changes: Changes): void {
  const digests = ({ policy, sources }: Compared) => policy.modules.map((file) => sources.files.get(file))
  const known = digests(was)
  const of = digests(is)
  for (const [at, file] of is.policy.modules.entries())
    if (!known.includes(of[at]))
      changes.add('unranked', 'file', `the transforms of ${quote(file)} are other code, or new`, undefined)
    else if (!was.policy.modules.includes(file))
      changes.add('different', 'file', `the same file of transforms is called ${quote(file)} now`, undefined)
  for (const [at, file] of was.policy.modules.entries())
    if (!of.includes(known[at]) && !is.policy.modules.includes(file))
      changes.add('different', 'file', `the transforms of ${quote(file)} are not loaded any more`, undefined)
}

/** Lists that transforms ship: of two versions of Lethe, or of a library that it uses. */
function compareLists({ sources: was }: Compared, { sources: is }: Compared, changes: Changes): void {
  for (const [name, digest] of is.lists)
    if (was.lists.has(name) && was.lists.get(name) !== digest)
      changes.add('unranked', 'list', `the list ${quote(name)} holds something else now`, undefined)
}
