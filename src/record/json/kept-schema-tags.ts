/** Fields that a JSON Schema tags, and that a policy lets leave as they are. */
import type { Plan } from '../../policy/plan.ts'
import type { KeptTag } from '../avro/kept-tags.ts'
import type { JsonSchemaTypes } from './json-types.ts'

/** By path of the policy, the tags (`confluent:tags`) of what a rule of it keeps, as it is or as part of a subtree. */
export const keptSchemaTags = ({ fields }: Plan, types: JsonSchemaTypes): readonly KeptTag[] =>
  fields.flatMap(({ from, path, rulesByStep }) => {
    const actions = rulesByStep.flat().map(({ action }) => action.kind)
    if (path.isPattern || !actions.some((kind) => kind === 'keep' || kind === 'keep-subtree')) return []
    const tags = types.tagsAt(from.segments, actions.includes('keep-subtree'))
    return tags.size === 0 ? [] : [{ path: path.text, tags: [...tags].sort() }]
  })
