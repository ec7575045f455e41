/**
 * A plan for rows that are stored: what a policy published stays as it is, but for the rules of later steps. The engine of batches
 * runs it, so that rows are read and written as they were made.
 */
import { Failure, fail, Nothing, type Result, type RuleTransform } from '../../transforms/transform.ts'
import type { Action, Otherwise, Plan, PlanCarrier, PlanField, PlanRule } from '../policy/plan.ts'
import { stepsOf } from './sidecar.ts'

/** What becomes of a field that cannot be taken to its next step: of the row, or of the field alone. */
export type CannotStep = 'drop-row' | 'drop-field'

/** A field whose stored values cannot be taken to a step. */
export interface Unsteppable {
  /** Which step of the policy, from 1. */
  readonly step: number
  /** The output path. */
  readonly field: string
  readonly why: string
}

export interface StoredPlan {
  readonly plan: Plan
  /** Which steps change rules of fields here, from 1; false where one of its fields cannot be stepped and nothing is chosen. */
  readonly steps: readonly ('step' | 'delete' | 'leave')[]
  readonly unsteppable: readonly Unsteppable[]
}

/**
 * The plan for rows that `plan` published. `steps`: whether rows may be taken to later steps, which needs that very plan to
 * have made them; otherwise they are only judged.
 */
export function storedPlan(
  plan: Plan,
  steps: boolean,
  cannotStep: CannotStep | undefined,
  parts: ReadonlyMap<string, unknown> = new Map(),
): StoredPlan {
  const rules: PlanRule[] = []
  const unsteppable: Unsteppable[] = []
  const count = steps ? stepsOf(plan) : 0
  const fields = plan.fields
    .filter(({ rulesByStep }) => rulesByStep.flat().some(({ action }) => action.kind !== 'drop'))
    // Where the rules of tags wrote is known of no stored row.
    .filter(({ path }) => path.tag === undefined)
    .map((field, index): PlanField => {
      const { path } = field
      const add = (action: Action, use: string): PlanRule => {
        const rule = ruleOf(rules.length, path.text, use, action, cannotStep, field)
        rules.push(rule)
        return rule
      }
      const isContainer = field.rulesByStep.flat().some(({ action }) => action.kind === 'keep-subtree')
      const kept = add({ kind: isContainer ? 'keep-subtree' : 'keep' }, isContainer ? 'keep.subtree' : 'keep')
      const byStep: PlanRule[][] = [[kept]]
      for (let step = 1; step <= count; step++) {
        const found = stepOf(field, step, parts.has(path.text))
        if (found === 'same') byStep.push([kept])
        else if ('why' in found) {
          unsteppable.push({ step, field: path.text, why: found.why })
          byStep.push([cannotStep === 'drop-field' ? add(gone(field), 'drop') : kept])
        } else byStep.push([add(found, found.kind === 'transform' ? found.name : found.kind)])
      }
      return { index, path, from: path, category: field.category, role: field.role, rulesByStep: byStep }
    })
  // What parts them stands in the name of a folder: no field that could be dropped.
  const stays = ({ field }: Unsteppable): boolean => cannotStep !== 'drop-field' || parts.has(field)
  const actions = Array.from({ length: count }, (_, at) =>
    unsteppable.some((one) => one.step === at + 1 && stays(one))
      ? cannotStep === 'drop-row'
        ? 'delete'
        : 'leave'
      : 'step',
  )
  const stored: Plan = {
    ...plan,
    // What the policy does not name was not published by it: such a file is another one.
    unlisted: 'reject',
    suspects: 'warn',
    fields,
    tags: undefined,
    envelope: [],
    rules,
    subject: undefined,
    time: undefined,
    readers: new Map(),
    // What was taken off a text did not come back.
    carriers: plan.carriers.map(({ path, read }) => ({ path, read: read && storedReader(read) })),
    suppression: [],
    consent: [],
    retention: undefined,
    crowd: undefined,
    input: plan.input.nulls === undefined ? {} : { nulls: plan.input.nulls },
    required: [],
    optional: new Set(fields.map(({ path }) => path.text)),
    needsKeys: false,
    runnable: true,
    keyIds: [],
  }
  return { plan: stored, steps: actions, unsteppable }
}

const storedReader =
  (read: NonNullable<PlanCarrier['read']>): NonNullable<PlanCarrier['read']> =>
  (text) => {
    const before = read(text)
    return before instanceof Nothing ? before : text
  }

/** An element cannot be dropped: an array keeps its length. */
const gone = ({ path }: PlanField): Action =>
  path.segments.at(-1)?.kind === 'element'
    ? { kind: 'transform', name: 'mask.null', transform: { yields: 'null', apply: () => '' } }
    : { kind: 'drop' }

function ruleOf(
  id: number,
  field: string,
  use: string,
  action: Action,
  cannotStep: CannotStep | undefined,
  { path }: PlanField,
): PlanRule {
  const isElement = path.segments.at(-1)?.kind === 'element'
  const otherwise: Otherwise =
    action.kind === 'transform' && cannotStep === 'drop-field'
      ? { kind: isElement ? 'null' : 'drop' }
      : { kind: 'dead-letter' }
  return {
    id,
    label: `${field} ${use}`,
    use,
    when: [],
    action,
    field,
    watched: false,
    keeps: false,
    tagged: [],
    lineBreaks: true,
    otherwise,
  }
}

/** What these make of a value does not depend on it. */
const ANY_VALUE: ReadonlySet<string> = new Set(['mask.null', 'mask.replace'])

/** A cell that a spreadsheet would run, as a batch may have quoted it: the quote is none of the value. */
const QUOTED = /^'[=+\-@\t\r]/

/** What takes a stored value to a step, from whichever step before it was stored at. */
function stepAction(field: PlanField, step: number): Action | 'same' | { readonly why: string } {
  const before = [...new Set(field.rulesByStep.slice(0, step))]
  const next = field.rulesByStep[step]!
  if (before.every((rules) => rules === next)) return 'same'
  const rules = [...before, next].filter((one, at, all) => all.indexOf(one) === at)
  if (rules.some((one) => one.length !== 1))
    return { why: 'its rules have conditions, and what they ask is not stored' }
  const [target] = next as [PlanRule]
  if (target.action.kind === 'drop') return gone(field)
  if (ANY_VALUE.has(target.use)) return target.action
  const takes: ((stored: string) => Result)[] = []
  for (const [previous] of before as [PlanRule][]) {
    if (previous === target || previous.action.kind === 'drop') continue
    const take = between(previous, target)
    if (take === undefined)
      return { why: `\`${target.use}\` cannot be had from what \`${previous.use}\` stored` }
    takes.push(take)
  }
  return { kind: 'transform', name: target.use, transform: anyOf(takes, target.action) }
}

function stepOf(field: PlanField, step: number, isPart: boolean): ReturnType<typeof stepAction> {
  const found = stepAction(field, step)
  return isPart && found !== 'same'
    ? { why: 'it parts the data set: the row would move to another folder' }
    : found
}

function between(previous: PlanRule, next: PlanRule): ((stored: string) => Result) | undefined {
  if (previous.use !== next.use || previous.action.kind !== 'transform') return undefined
  return next.action.kind === 'transform' ? next.action.restep?.(written(previous)) : undefined
}

const written = ({ options }: PlanRule): unknown => options ?? {}

/** The first that takes it. */
function anyOf(takes: readonly ((stored: string) => Result)[], action: Action): RuleTransform {
  const yields = action.kind === 'transform' ? action.transform.yields : 'string'
  return {
    yields,
    apply: (stored) => {
      if (QUOTED.test(stored)) return fail('unparsable')
      for (const take of takes) {
        const result = take(stored)
        if (!(result instanceof Failure)) return result
      }
      return fail('unparsable')
    },
  }
}
