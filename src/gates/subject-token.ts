/** Match tokens of the subjects of dead letters, so that an erasure finds the originals that these carry. */
import type { SubjectTokens } from '../engine/letter-subject.ts'
import { newSources } from '../policy/context.ts'
import type { Plan } from '../policy/plan.ts'
import { toNormalForm } from '../policy/suppression/normal-forms.ts'
import type { GateData } from './gate-data.ts'

/** Of a policy that no list under match keys goes by the subject of. */
const OWN = { domain: 'dead-letters', normalize: 'trim' } as const

/**
 * The tokens of a plan's subjects: of the first list under match keys that goes by the subject, so that what is on that list can be
 * found without the identifier; otherwise of the domain `dead-letters`. Undefined where there are no match keys.
 */
export function subjectTokens(
  { subject, suppression }: Pick<Plan, 'subject' | 'suppression'>,
  { lists, matchKeys }: Pick<GateData, 'lists' | 'matchKeys'>,
): SubjectTokens | undefined {
  if (matchKeys === undefined) return undefined
  const list = suppression.find(
    ({ entries, by }) => entries === 'match' && by.length === 1 && by[0]!.text === subject?.text,
  )
  const { domain, normalize, toNormal } =
    list === undefined
      ? { ...OWN, toNormal: toNormalForm(OWN.normalize, newSources()) }
      : {
          domain: lists.get(list.list)!.domain,
          normalize: list.normalize[0]!,
          toNormal: list.toNormal[0]!,
        }
  const { id, check } = matchKeys.primary
  const match = matchKeys.matcher(id, check, domain, 'the run')
  return {
    domain,
    normalize,
    tokenOf: (text) => {
      const normal = toNormal(text)
      return normal === undefined || normal === ''
        ? undefined
        : `${id}.${Buffer.from(match(normal)).toString('base64url')}`
    },
  }
}
