/** From the tree to retention: periods in order, and for each step the rules that replace those of fields. */
import { isShorter, type Period, parsePeriod, periodText } from '../../transforms/calendar/period.ts'
import { type CompiledRetention, expire } from '../../transforms/retention/expire.ts'
import { covers } from '../../transforms/reveals/covers.ts'
import { compileRule, type RuleSetting } from './compile-rule.ts'
import { entryOf, type MapEntry, type MapNode, type TreeNode } from './document.ts'
import { ACCEPT, type Fault, weakOptions } from './faults.ts'
import { tagPath } from './path.ts'
import type { PolicyField, PolicyRetention, PolicyRule, PolicyStep } from './policy.ts'
import { type Findings, quote, type TextPosition } from './problems.ts'
import { readPath, readRule } from './read-rule.ts'
import { revealedBy } from './revealed.ts'
import { suggestion } from './suggest.ts'

const DEFAULT_TOLERANCE = '5m'
const DAY_MS = 86_400_000

/** Reads `retention:`; undefined where there is none. */
export function readRetention(
  node: TreeNode | undefined,
  at: TextPosition,
  fields: readonly PolicyField[],
  findings: Findings,
): PolicyRetention | undefined {
  if (node?.kind !== 'map') return undefined
  const tolerance = entryOf(node, 'futureTolerance')?.value
  const futureTolerance = tolerance?.kind === 'scalar' ? tolerance.text : DEFAULT_TOLERANCE
  const period = parsePeriod(futureTolerance)
  if (
    tolerance !== undefined &&
    periodText.safeParse(futureTolerance).success &&
    (period === undefined || period.months > 0 || period.milliseconds > DAY_MS)
  )
    findings.add(
      tolerance.at,
      'bad-period',
      'futureTolerance is not a period of at most a day',
      '5m, 2h or 1d',
    )
  const list = entryOf(node, 'steps')?.value
  const items = list?.kind === 'list' ? list.items : []
  const steps: PolicyStep[] = []
  let before: Period | undefined
  items.forEach((item, i) => {
    if (item.kind !== 'map') return
    const step = readStep(item, fields, findings)
    if (step.suppress && i < items.length - 1)
      findings.add(
        entryOf(item, 'then')!.at,
        'bad-step',
        'nothing is left for the steps behind this one',
        'put it last',
      )
    before = checkPeriod(item, step, before, findings)
    steps.push(step)
  })
  return { at, steps, futureTolerance }
}

/** Whether the step comes later than the one before, whatever month an event falls in. */
function checkPeriod(
  item: MapNode,
  step: PolicyStep,
  before: Period | undefined,
  findings: Findings,
): Period | undefined {
  const at = entryOf(item, 'after')?.value.at ?? item.at
  const period = parsePeriod(step.after)
  if (period === undefined || period.unit === 'm') {
    // What is not a period at all, the schema has said.
    if (periodText.safeParse(step.after).success)
      findings.add(at, 'bad-period', 'not a period of hours to 1,000 years', '12h, 30d, 6w, 6mo or 2y')
    return before
  }
  if (before !== undefined && !isShorter(before, period))
    findings.add(
      at,
      'steps-not-ascending',
      `${period.text} is not always later than ${before.text}, the step before`,
      'write the steps in ascending order',
    )
  return period
}

const entriesOf = (entry: MapEntry | undefined): readonly MapEntry[] =>
  entry?.value.kind === 'map' ? entry.value.entries : []

function readStep(item: MapNode, fields: readonly PolicyField[], findings: Findings): PolicyStep {
  const after = entryOf(item, 'after')?.value
  const then = entryOf(item, 'then')
  const replaced = entryOf(item, 'fields')
  const tagged = entryOf(item, 'tags')
  const rules = new Map<string, PolicyRule>()
  const known = new Set(fields.map((field) => field.path.text))
  const entries = [
    ...entriesOf(replaced).map((entry) => ({
      entry,
      path: readPath(entry.key, entry.at, findings, 'field'),
    })),
    ...entriesOf(tagged).map((entry) => ({ entry, path: tagPath(entry.key) })),
  ]
  if (then !== undefined && (replaced ?? tagged) !== undefined)
    findings.add(
      (replaced ?? tagged)!.at,
      'bad-step',
      'the record is suppressed, so no field is left to change',
      `remove ${replaced === undefined ? 'tags' : 'fields'}`,
    )
  if (then === undefined && entries.length === 0)
    findings.add(item.at, 'bad-step', 'the step changes nothing', 'add `fields:` or `then: suppress`')
  for (const { entry, path } of entries) {
    const text = readRule(entry, 'step', findings)
    if (path === undefined) continue
    if (!known.has(path.text))
      findings.add(
        entry.at,
        'unknown-path',
        `${quote(path.text)} is not a field of this policy`,
        suggestion(path.text, known),
      )
    else if (rules.has(path.text))
      findings.add(entry.at, 'duplicate-path', `${quote(path.text)} is already in this step`)
    else if (text !== undefined) rules.set(path.text, text.rule)
  }
  return {
    at: item.at,
    after: after?.kind === 'scalar' ? after.text : '',
    suppress: then !== undefined,
    fields: rules,
  }
}

/** The rule that judges records, of a retention without problems. */
export function judgeOf({ steps, futureTolerance }: PolicyRetention): CompiledRetention {
  return expire.compile({
    steps: steps.map(({ after, suppress }) => (suppress ? { after, then: 'suppress' } : { after })),
    futureTolerance,
  })
}

/** Compiles the rules of all steps and checks that each tells no more than what it replaces: what is weak about them. */
export function compileSteps(
  retention: PolicyRetention,
  fields: readonly PolicyField[],
  setting: RuleSetting,
): Fault[] {
  const faults: Fault[] = []
  for (const field of fields) {
    let inForce: readonly PolicyRule[] = field.rules
    for (const step of retention.steps) {
      const rule = step.fields.get(field.path.text)
      if (rule === undefined) continue
      compileRule(rule, field, setting)
      faults.push(...checkStepRule(field, rule, inForce, setting.findings))
      inForce = [rule]
    }
  }
  return faults
}

function checkStepRule(
  field: PolicyField,
  rule: PolicyRule,
  inForce: readonly PolicyRule[],
  findings: Findings,
): Fault[] {
  const last = field.path.segments.at(-1)?.kind
  if (last === 'element' && (rule.use === 'drop' || rule.otherwise.kind === 'drop'))
    findings.add(
      rule.useAt,
      'drop-in-array',
      'an element cannot be dropped, because an array keeps its length',
      'use mask.null',
    )
  if (rule.action === undefined || inForce.some((previous) => previous.action === undefined)) return []
  if (inForce.some((previous) => previous.use === 'keep.subtree') && rule.use !== 'drop') {
    findings.add(rule.useAt, 'bad-step', 'what is kept as a container can only be dropped later', 'use drop')
    return []
  }
  const finer = inForce.some((previous) => !covers(revealedBy(previous), revealedBy(rule)))
  if (!finer) return weakOptions(rule)
  return [
    {
      rules: [rule],
      at: rule.useAt,
      code: 'step-not-coarser',
      message: `it cannot be shown that ${quote(rule.use)} tells no more than what it replaces`,
      suggestion: `a coarser option of the same transform, mask.null or drop, ${ACCEPT}`,
    },
    ...weakOptions(rule),
  ]
}
