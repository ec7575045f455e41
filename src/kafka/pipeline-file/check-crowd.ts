/** Whether a stream can hold the crowd of its policy. */
import type { Plan } from '../../policy/plan.ts'
import { quote } from '../../policy/problems.ts'
import { changeOf } from './change-schema.ts'
import type { PipelineDraft, RoutePart } from './draft-pipeline.ts'

export function checkCrowd(
  { name, crowd, subject }: Plan,
  { shape, index }: RoutePart,
  { findings, at }: PipelineDraft,
): void {
  if (crowd === undefined) return
  const bad = (message: string, way: string): void =>
    findings.add(
      at('routes', index, 'policy'),
      'policy-crowd',
      `the policy ${quote(name)} states \`crowd:\`, and ${message}`,
      way,
    )
  if (subject === undefined)
    bad(
      'no data subject: each record would count as one, and repetitions of one would let its values pass',
      'add `subject:` to the policy',
    )
  if (crowd.window === undefined)
    bad(
      'it does not say within which period subjects count: a stream has no end at which all are known',
      'add window: 30d to `crowd:`',
    )
  if (crowd.onFail === 'fail')
    bad(
      'with `onFail: fail` nothing ever leaves: the first record of a combination is in a class of one',
      'say onFail: suppress',
    )
  if (crowd.t !== undefined)
    bad(
      '`t` goes by the values of all records, which are never all there: what has left was judged by fewer',
      'say l in its place',
    )
  const ofKey = [...crowd.over, ...crowd.sensitive].find((path) => /^\$key(?![\w-])/.test(path))
  // Rows of a data set have no key.
  if (ofKey !== undefined && shape.to.dataset === undefined)
    bad(
      `${quote(ofKey)} is among its fields: a tombstone leaves under its key, and holds no record that shows whose it is and what else its class has`,
      'drop `$key`, or put its value into the record and name that',
    )
  if (changeOf(shape.change) !== undefined)
    bad(
      'a change event has two rows, of which one may be in a class that is too small',
      'give the route a policy without `crowd:`',
    )
}
