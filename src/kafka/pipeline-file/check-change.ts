/** Whether a policy and the change events of its route go together. */
import type { Plan } from '../../policy/plan.ts'
import { quote } from '../../policy/problems.ts'
import { changeOf } from './change-schema.ts'
import type { PipelineDraft, RoutePart } from './draft-pipeline.ts'

/** Whether a policy goes with the change events of its route, or with records that are none. */
export function checkChange(
  { name, envelope }: Plan,
  { shape, index }: RoutePart,
  { findings, at }: PipelineDraft,
): void {
  const bad = (word: 'policy' | 'change', message: string, way: string): void =>
    findings.add(at('routes', index, word), 'bad-change', message, way)
  const change = changeOf(shape.change)
  const named = envelope.find(({ path }) => path.envelope === 'change')
  if (change === undefined) {
    if (named !== undefined)
      bad(
        'policy',
        `the policy ${quote(name)} names ${quote(named.path.text)}, and the route does not read change events`,
        'write `change: debezium` in the route, or give it a policy without `$change`',
      )
    return
  }
  if (shape.to.dataset !== undefined)
    bad(
      'change',
      'rows of a data set are values by themselves, and a change event holds two',
      'write the events to a topic',
    )
  if (change.deletes === 'publish' && change.before === 'key')
    findings.warn(
      at('routes', index, 'change'),
      'deletes-left-out',
      'deletes do not leave: the row before them is not said to be logged whole',
      'write `change: { form: debezium, before: full }` where it is (PostgreSQL: REPLICA IDENTITY FULL), or `deletes: tombstone`',
    )
  const asks = envelope.find(({ rulesByStep }) => rulesByStep.flat().some(({ when }) => when.length > 0))
  if (asks !== undefined)
    bad(
      'change',
      `the policy ${quote(name)} has a rule with \`when\` for ${quote(asks.path.text)}: a change event may hold two rows, and it does not say which is asked`,
      'write one rule without `when`',
    )
  const hasKey = envelope.some(
    ({ path, rulesByStep }) =>
      path.envelope === 'key' && rulesByStep.flat().some(({ action }) => action.kind !== 'drop'),
  )
  if (change.deletes === 'tombstone' && !hasKey)
    bad(
      'change',
      `tombstones stand under the de-identified key, and the policy ${quote(name)} has no rule for \`$key\``,
      'write e.g. `$key.id: { use: hash.hmac, domain: … }` in the policy, or `deletes: publish`',
    )
}
