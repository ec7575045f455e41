/** `type:` of a field over the results of its rules: one that is not of the type is a failure. What stands for nothing is asked no type. */
import {
  Failure,
  fail,
  type Result,
  type RuleResult,
  type RuleTransform,
} from '../../transforms/transform.ts'
import type { PolicyField, PolicyRule, PolicyStep } from './policy.ts'
import { type Findings, quote } from './problems.ts'
import { nearlyAll } from './revealed.ts'
import { fitsType } from './value-type.ts'

type Fits = (text: string) => boolean

const fitsOf = ({ type }: PolicyField): Fits | undefined => type && fitsType(type.type)

/** The rule's transform, whose results are of the type of its field. */
export function typedByField(transform: RuleTransform, field: PolicyField): RuleTransform {
  const fits = fitsOf(field)
  if (fits === undefined || transform.yields === 'null') return transform
  const { yields, plain, apply, applyAll } = transform
  const judged = <T extends RuleResult>(result: T): T | Failure =>
    typeof result === 'string' && result !== '' && !fits(result) ? fail('not-of-type') : result
  return {
    yields,
    ...(plain === undefined ? {} : { plain }),
    apply: (text, record) => judged(apply(text, record)),
    ...(applyAll === undefined
      ? {}
      : {
          applyAll: (texts: readonly string[], out: Result[], count: number) => {
            applyAll(texts, out, count)
            for (let i = 0; i < count; i++) out[i] = judged(out[i]!)
          },
        }),
  }
}

/** What takes stored results to a later step: what is no value of the type is refused there as well. */
export function typedStep(step: (stored: string) => Result, field: PolicyField): (stored: string) => Result {
  const fits = fitsOf(field)
  if (fits === undefined) return step
  return (stored) => {
    const result = step(stored)
    return result instanceof Failure || result === stored || result === '' || fits(result)
      ? result
      : fail('not-of-type')
  }
}

/** Checks `type` and `statistics` of fields. `isInText`: whether a path stands in JSON in a text. */
export function checkTypes(
  fields: readonly PolicyField[],
  steps: readonly PolicyStep[],
  isInText: (field: PolicyField) => boolean,
  findings: Findings,
): void {
  for (const field of fields) {
    const rules = [...field.rules, ...steps.flatMap((step) => step.fields.get(field.path.text) ?? [])]
    checkType(field, rules, findings)
    checkStatistics(field, isInText(field), findings)
  }
}

function checkType(
  { path, type: stated, read }: PolicyField,
  rules: readonly PolicyRule[],
  findings: Findings,
): void {
  if (stated === undefined) return
  const { type, at } = stated
  const bad = (message: string, suggestion: string, where = at) =>
    findings.add(where, 'bad-type', message, suggestion)
  const beside = isBeside(path)
  if (beside !== undefined) bad(`${beside} is a text in every output, and has no type`, 'remove type')
  if (rules.every(({ use }) => use === 'drop')) bad('a dropped field has no type', 'remove type')
  if (rules.some(({ use }) => use === 'keep.subtree'))
    bad('what `keep.subtree` keeps is a container, and `type` is of single values', 'remove type')
  if (read?.split !== undefined && type.is !== 'string')
    bad('`split` makes a list of a value, which is a text', 'type: string, or remove split')
  const fits = fitsType(type)
  if (fits === undefined) return
  for (const { otherwise, otherwiseAt } of rules)
    if (otherwise.kind === 'constant' && !fits(String(otherwise.value)))
      bad(
        'the constant of `else` is not of the type of the field',
        'another constant, or null',
        otherwiseAt ?? at,
      )
}

function checkStatistics(
  { path, rules, statisticsAt: at }: PolicyField,
  isInText: boolean,
  findings: Findings,
): void {
  if (at === undefined) return
  const misplaced = (message: string) => findings.add(at, 'misplaced-word', message, 'remove statistics')
  const beside = isBeside(path)
  if (beside !== undefined) misplaced(`${beside} is no column, so \`statistics\` means nothing`)
  else if (isInText)
    misplaced(`${quote(path.text)} stands in a text, and is no column: \`statistics\` means nothing`)
  else if (!rules.some((rule) => rule.action !== undefined && nearlyAll(rule)))
    misplaced('no rule of the field keeps its values, so its columns have statistics in any case')
}

function isBeside({ envelope, segments, tag }: PolicyField['path']): string | undefined {
  if (envelope !== undefined) return 'what stands beside the value of a record'
  if (tag !== undefined) return 'what a tag stands for'
  return segments.at(-1)?.kind === 'names' ? 'the name of a member' : undefined
}
