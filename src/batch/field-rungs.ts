/** What the fields of a policy could say instead of what they say: rungs, from the present rule on. */
import { LetheError } from '../errors.ts'
import type { Compiled } from '../policy/compile.ts'
import { applyEdits, editPolicy, type RuleChange } from '../policy/edit-policy.ts'
import type { Plan, PlanField } from '../policy/plan.ts'
import { type PolicyFile, policyFileOf, type ReadWhole } from '../policy/policy-file.ts'
import { readTable, TableError } from '../policy/table.ts'

export interface FieldRung {
  /** Undefined: the policy as it is. */
  readonly change: RuleChange | undefined
  /** As it is printed: names of transforms and options of the policy. */
  readonly text: string
  /** Under this rung; undefined where nothing leaves. */
  readonly field: PlanField | undefined
}

export interface FieldLadder {
  readonly path: string
  /** The present rule first. */
  readonly rungs: FieldRung[]
  /** Why there are no others, or fewer than there could be. */
  readonly note: string | undefined
  /** By value: its label at each rung, where a file that an option names says so. */
  readonly file: string | undefined
}

/** Compiles a text in place of the policy. */
export type CompileText = (text: string) => Promise<Compiled>

export interface LadderSetting {
  readonly policy: PolicyFile
  readonly plan: Plan
  /** Fields that must not move. */
  readonly fixed: ReadonlySet<string>
  /** By output path: a hierarchy for a field that is kept. */
  readonly hierarchies: ReadonlyMap<string, string>
  readonly read: ReadWhole
  readonly compile: CompileText
}

const KEPT_WORDS = ['accept', 'lineBreaks', 'tagged']
const NOTHING_WORDS = [...KEPT_WORDS, 'else', 'key', 'from', 'read']

/** The ladder of each field, with what policies that say so compile to. @throws LetheError where a hierarchy is no table */
export async function laddersOf(over: readonly PlanField[], setting: LadderSetting): Promise<FieldLadder[]> {
  const drafts = over.map((field) => draftOf(field, setting))
  const ladders: FieldLadder[] = drafts.map(({ field, note, file }) => ({
    path: field.path.text,
    rungs: [{ change: undefined, text: ruleText(field), field }],
    note,
    file,
  }))
  const open = new Set(drafts.keys())
  for (let rung = 0; open.size > 0; rung++) {
    for (const at of open) if (drafts[at]!.changes[rung] === undefined) open.delete(at)
    const changes = new Map([...open].map((at) => [at, drafts[at]!.changes[rung]!]))
    // One policy with all of them, unless it has errors.
    const whole = await compiled(
      [...changes.values()].map(([first]) => first!),
      setting,
    )
    for (const [at, ways] of changes) {
      const made =
        whole === undefined ? await firstThatCompiles(ways, setting) : { change: ways[0]!, plan: whole }
      const { path } = ladders[at]!
      if (made === undefined) {
        const note = ladders[at]!.note ?? 'the policy would have errors under some coarser rules'
        ladders[at] = { ...ladders[at]!, note }
        continue
      }
      const field = made.plan.fields.find((one) => one.path.text === path)
      const leaves = field !== undefined && !isNothing(made.change.use)
      ladders[at]!.rungs.push({
        change: made.change,
        text: changeText(made.change, field),
        field: leaves ? field : undefined,
      })
    }
  }
  return ladders
}

const isNothing = (use: string): boolean => use === 'drop' || use === 'mask.null'

interface Draft {
  readonly field: PlanField
  /** By rung: ways to say it, the best first. */
  readonly changes: readonly (readonly RuleChange[])[]
  readonly note: string | undefined
  readonly file: string | undefined
}

function draftOf(field: PlanField, { plan, policy, fixed, hierarchies, read }: LadderSetting): Draft {
  const path = field.path.text
  const none = (note: string): Draft => ({ field, changes: [], note, file: undefined })
  const [rule, ...others] = field.rulesByStep[0] ?? []
  if (fixed.has(path)) return none('it is not to be changed')
  if (rule === undefined || others.length > 0 || rule.when.length > 0)
    return none('its rules go by conditions')
  if (field.path.segments.at(-1)?.kind !== 'name') return none('it has no name of its own')
  if (plan.subject?.text === field.from.text) return none('it says whose record it is')
  const file = hierarchies.get(path)
  const ladder = rule.action.kind === 'transform' ? (rule.action.ladder?.() ?? []) : []
  const changes =
    file !== undefined
      ? hierarchyChanges(path, file, policy, read)
      : ladder.map((options) => [withOptions(path, rule.use, rule.options ?? {}, options)])
  if (file !== undefined && rule.use !== 'keep')
    throw new LetheError(
      'bad-option',
      `--hierarchy ${path}: the field has a rule of its own, ${rule.use}; nothing was read`,
      'leave the option out, or keep the field in the policy that you begin with',
    )
  if (rule.use === 'drop') return none('nothing leaves')
  const gone = ['drop', 'mask.null'].map((use): RuleChange => {
    const written = Object.fromEntries(Object.keys(rule.options ?? {}).map((name) => [name, undefined]))
    const without =
      use === 'drop' ? NOTHING_WORDS : NOTHING_WORDS.filter((word) => word !== 'from' && word !== 'read')
    return { path, use, options: written, without }
  })
  return {
    field,
    changes: [...changes, gone],
    note: changes.length === 0 ? `${rule.use} has no coarser options: it can only be dropped` : undefined,
    file,
  }
}

/** What differs: an option that stays keeps the way it is written. */
function withOptions(
  path: string,
  use: string,
  before: Readonly<Record<string, unknown>>,
  after: object,
): RuleChange {
  const options: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(after))
    if (JSON.stringify(before[name]) !== JSON.stringify(value)) options[name] = value
  return { path, use, options, without: [] }
}

/** Every level of a hierarchy above its values. The file stands beside the policy, as the policy is to name it. */
function hierarchyChanges(path: string, file: string, policy: PolicyFile, read: ReadWhole): RuleChange[][] {
  const refuse = (message: string): never => {
    throw new LetheError(
      'bad-option',
      `--hierarchy ${path}: ${file} ${message}; nothing was read`,
      'write one line a value, from the value itself to the top, with semicolons between them',
    )
  }
  let width: number
  try {
    const bytes = policyFileOf(policy.file, policy.text, read).readFile(file)
    width = readTable(new TextDecoder('utf-8', { fatal: true }).decode(bytes), ';')[0]?.length ?? 0
  } catch (error) {
    if (error instanceof TableError) return refuse(`line ${error.line}: ${error.message}`)
    if (error instanceof TypeError) return refuse('is not valid UTF-8')
    throw error
  }
  if (width < 2) return refuse('has no level above its values')
  return Array.from({ length: width - 1 }, (_, level) => [
    { path, use: 'generalize.hierarchy', options: { file, level: level + 1 }, without: KEPT_WORDS },
  ])
}

async function firstThatCompiles(
  ways: readonly RuleChange[],
  setting: LadderSetting,
): Promise<{ readonly change: RuleChange; readonly plan: Plan } | undefined> {
  // A weakness that was accepted may be one no more.
  for (const way of ways)
    for (const change of [way, { ...way, without: [...way.without, 'accept'] }]) {
      const plan = await compiled([change], setting)
      if (plan !== undefined) return { change, plan }
    }
  return undefined
}

async function compiled(
  changes: readonly RuleChange[],
  { policy, compile }: LadderSetting,
): Promise<Plan | undefined> {
  if (changes.length === 0) return undefined
  const edits = editPolicy(policy.text, changes)
  return edits && (await compile(applyEdits(policy.text, edits))).plan
}

/** The one rule of a field, or that there are several. */
function ruleText({ rulesByStep }: PlanField): string {
  const [rule, ...others] = rulesByStep[0] ?? []
  if (rule === undefined || others.length > 0) return 'several rules'
  return [rule.use, ...optionTexts(rule.options ?? {})].join(' ')
}

function changeText({ use, options }: RuleChange, field: PlanField | undefined): string {
  const all = field?.rulesByStep[0]?.[0]?.options ?? options
  return isNothing(use) ? use : [use, ...optionTexts(all)].join(' ')
}

/** Options that say how coarse a rule is. */
const TELLING = ['to', 'keep', 'width', 'edges', 'top', 'bottom', 'topCode', 'level', 'v4', 'v6', 'cell']

function optionTexts(options: Readonly<Record<string, unknown>>): string[] {
  return TELLING.filter((name) => options[name] !== undefined).map(
    (name) => `${name} ${Array.isArray(options[name]) ? options[name].join(',') : String(options[name])}`,
  )
}
