/** Whether more records would be suppressed for the crowd of a policy than it allows. */
import { LetheError } from '../errors.ts'
import type { PlanCrowd } from '../policy/plan.ts'

/**
 * @param suppressed records of `records`, in `small` of `classes`
 * @param left what stands there, for people
 * @throws LetheError `crowd-too-small` (violations)
 */
export function refuseSmall(
  { k, l, t, onFail, maxSuppressed }: Pick<PlanCrowd, 'k' | 'l' | 't' | 'onFail' | 'maxSuppressed'>,
  suppressed: number,
  records: number,
  small: number,
  classes: number,
  left: string,
): void {
  const most = onFail === 'fail' ? 0 : maxSuppressed
  if (suppressed <= most * records) return
  const terms = [
    `fewer than ${k} data subjects`,
    ...(l === undefined ? [] : [`fewer than ${l} sensitive values`]),
    ...(t === undefined ? [] : [`values further than ${t} from all`]),
  ]
  throw new LetheError(
    'crowd-too-small',
    `${suppressed} of the ${records} records that would leave (${percent(suppressed / records)}), in ${small} of ${classes} classes, are in classes of ${terms.join(', or of ')}; ${left}`,
    `generalize the fields of \`over\` further, or say ${onFail === 'fail' ? 'onFail: suppress' : 'a larger maxSuppressed'}`,
  )
}

const percent = (share: number): string => `${(share * 100).toFixed(2)} %`
