/** Whether a route can be sketched: by its policy, its keys, and how long files are kept. */
import { sketchedFields } from '../../groups/quasi-identifiers.ts'
import type { Plan } from '../../policy/plan.ts'
import { quote } from '../../policy/problems.ts'
import type { PipelineDraft, RoutePart } from './draft-pipeline.ts'
import type { RouteSketch } from './pipeline.ts'
import { fileBeside } from './secret-node.ts'
import type { SketchShape } from './sketch-schema.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const MOST_PERIOD_MS = 31 * DAY_MS
const MOST_KEEP_MS = 3650 * DAY_MS

const spanOf = (written: string): number =>
  Number(written.slice(0, -1)) * (written.endsWith('h') ? HOUR_MS : DAY_MS)

export function checkSketch(
  plan: Plan,
  { shape, index }: RoutePart,
  { findings, at, has }: PipelineDraft,
): void {
  const { sketch } = shape
  if (sketch === undefined) return
  const place = at('routes', index, 'sketch')
  const add = (message: string, fix: string): void => {
    findings.add(place, 'bad-sketch', message, fix)
  }
  if (plan.subject === undefined)
    add(
      `a sketch counts data subjects, and the policy ${quote(plan.name)} names none`,
      'write `subject:` into the policy',
    )
  if (shape.change !== undefined)
    add('a sketch is of rows, and a change event has two of them', 'remove `sketch:`')
  if (!has('keys'))
    add(
      'a sketch is made under a key, and the pipeline has none',
      'add `keys: { file: … }` at the top (`lethe keys create FILE` makes one)',
    )
  const fields = sketchedFields(plan, sketch.over)
  if (fields === undefined)
    add(
      `\`over\` names what is no output path of a field of the policy ${quote(plan.name)}`,
      'name fields of the value as the policy has them',
    )
  else if (fields.length === 0)
    add(
      `no field of the policy ${quote(plan.name)} has \`role: quasi-identifier\``,
      'give the fields that single out a person that role, or name them under `over:`',
    )
  if (spanOf(sketch.period) > MOST_PERIOD_MS)
    findings.add(at('routes', index, 'sketch', 'period'), 'bad-amount', '`period` is 1h to 31d')
  if (spanOf(sketch.keep) > MOST_KEEP_MS)
    findings.add(at('routes', index, 'sketch', 'keep'), 'bad-amount', '`keep` is 1h to 3650d')
}

export const sketchOf = (shape: SketchShape | undefined, folder: string): RouteSketch | undefined =>
  shape && {
    folder: fileBeside(folder, shape.folder),
    sides: shape.side === 'both' ? ['input', 'output'] : [shape.side],
    over: shape.over,
    period: spanOf(shape.period),
    keep: spanOf(shape.keep),
    holds: shape.holds === 'none' ? undefined : fileBeside(folder, shape.holds.file),
  }
