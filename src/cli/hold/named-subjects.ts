/** The subjects that `lethe hold add` names, as the line of a hold says them. */

import { searchesOf, tokenKeys } from '../../erasure/pipeline-job.ts'
import { heldSubjectsOf } from '../../erasure/telling-holds.ts'
import { LetheError } from '../../errors.ts'
import type { HeldSubjects } from '../../lifecycle/held-subjects.ts'
import { keysFile } from '../../run/named-key-files.ts'
import { type MatchKeysOption, matchKeysOf } from '../holds-option.ts'
import { type SubjectOptions, subjectsIn } from '../subject-options.ts'

export interface NamingOptions extends MatchKeysOption, Partial<SubjectOptions> {}

/** Undefined where the hold is on everyone. */
export async function subjectsFor(options: NamingOptions): Promise<HeldSubjects | undefined> {
  const { subject, list, policy } = options
  if (subject === undefined && list === undefined) {
    if (policy === undefined) return undefined
    throw new LetheError('bad-option', '--policy is of a hold on subjects', 'say --subject or --list too')
  }
  if (policy === undefined)
    throw new LetheError(
      'bad-option',
      'it is not said which policies made what is stored: rows of the subjects could not be told',
      'say -p POLICY, and earlier versions of it',
    )
  const matchKeys = matchKeysOf(options)
  if (matchKeys === undefined)
    throw new LetheError(
      'keys-missing',
      'a hold names subjects by tokens under a match key, and none are given',
      'say --match-keys FILE (make one with `lethe keys create --match FILE`)',
    )
  const { searches, keyChecks } = await searchesOf(
    { policies: policy },
    tokenKeys(keysFile(options), { pipeline: undefined }),
  )
  return heldSubjectsOf(subjectsIn(options), { searches, matchKeys, keyChecks })
}
