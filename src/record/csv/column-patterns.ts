/**
 * Columns that a pattern of the policy matches, or a map: `custom.*` is every column `custom.NAME`. A name of the header is a
 * path, or one name as it stands. What is matched here is a value of the data and stands in no error.
 */
import type { RuleResult } from '../../../transforms/transform.ts'
import { LetheError } from '../../errors.ts'
import { PathError, parsePath, pathOf, printSegments, type Segment } from '../../policy/path.ts'
import { NONE, TIE } from '../../policy/patterns.ts'
import type { Plan, PlanField } from '../../policy/plan.ts'
import { planPatterns } from '../open-nodes.ts'

export interface MatchedColumn {
  readonly field: PlanField
  /** Canonical input path of the column. */
  readonly path: string
  /** What it is called where it leaves. */
  readonly name: string
}

export interface ColumnPatterns {
  /** The column by its name in the header. `index`: from 0. */
  match(name: string, index: number): MatchedColumn | undefined
  /** The field of a pattern that takes a path which the policy names without being an output. */
  fieldOf(path: string, index: number): PlanField | undefined
}

const NO_PATTERNS: ColumnPatterns = { match: () => undefined, fieldOf: () => undefined }

/** `input`: what to call the file in errors. Both functions throw `LetheError` where two rules fit one column. */
export function columnPatterns(plan: Plan, input: string): ColumnPatterns {
  const maps = plan.fields.filter(
    ({ from, path }) =>
      from.text === path.text &&
      from.segments.some(({ kind }) => kind === 'member') &&
      from.segments.every(({ kind }) => kind === 'name' || kind === 'member'),
  )
  const own = planPatterns(plan, maps)
  if (own === undefined) return NO_PATTERNS
  const { patterns, fields } = own
  const outputs = new Set(plan.fields.map(({ path }) => path.text))
  const refuse = (index: number, why: string, way: string): LetheError =>
    new LetheError('columns-mismatch', `${input}: column ${index + 1} ${why}`, way)
  const fieldAt = (segments: readonly Segment[], index: number): PlanField | undefined => {
    const places = patterns.along(segments)
    const ending = patterns.ending(places)
    if (ending !== TIE) return ending === NONE ? undefined : fields[ending]
    throw refuse(
      index,
      `fits patterns that nothing ranks: ${patterns.texts(places).join(', ')}`,
      'list the path of the column in `fields:` of the policy',
    )
  }
  const nameOf = (text: string, segments: readonly Segment[], field: PlanField, index: number) => {
    const ruled = segments.map((segment, at): Segment | undefined => {
      if (field.from.segments[at]?.kind !== 'member' || segment.kind !== 'name') return segment
      const name = ruledName(plan, [...field.from.segments.slice(0, at), { kind: 'names' }], segment.name)
      if (name instanceof NameError) throw refuse(index, name.message, name.suggestion)
      return name === undefined ? undefined : { kind: 'name', name }
    })
    if (ruled.includes(undefined)) return undefined
    const same = printSegments(ruled as Segment[]) === printSegments(segments)
    return same ? text : printSegments(ruled as Segment[])
  }
  return {
    match(text, index) {
      const found = readingsOf(text).flatMap((segments) => {
        const path = pathOf(segments).text
        const field = outputs.has(path) ? undefined : fieldAt(segments, index)
        return field === undefined ? [] : [{ segments, path, field }]
      })
      if (found.length > 1)
        throw refuse(
          index,
          `fits ${found.map(({ field }) => field.path.text).join(' and ')}, as a path and as one name`,
          'list the path of the column in `fields:` of the policy',
        )
      const one = found[0]
      if (one === undefined) return undefined
      const name = nameOf(text, one.segments, one.field, index)
      return name === undefined ? undefined : { field: one.field, path: one.path, name }
    },
    fieldOf(text, index) {
      const path = parsePath(text)
      return outputs.has(text) || path.isColumn ? undefined : fieldAt(path.segments, index)
    },
  }
}

/** A name of a header as a path, and as one name. */
export function readingsOf(text: string): Segment[][] {
  const whole: Segment[] = [{ kind: 'name', name: text }]
  let path: readonly Segment[] | undefined
  try {
    const parsed = parsePath(text)
    if (parsed.isColumn !== true && parsed.segments.every(({ kind }) => kind === 'name'))
      path = parsed.envelope === undefined ? parsed.segments : undefined
  } catch (error) {
    if (!(error instanceof PathError)) throw error
    const names = text.split('.')
    if (!names.includes('')) path = names.map((name) => ({ kind: 'name', name }))
  }
  return path === undefined || path.length === 1 ? [whole] : [[...path], whole]
}

class NameError extends Error {
  readonly suggestion: string
  constructor(message: string, suggestion: string) {
    super(message)
    this.suggestion = suggestion
  }
}

/** What the rule for the names of a map makes of one that stands in a header; undefined where its column is dropped. */
function ruledName(plan: Plan, names: readonly Segment[], name: string): string | NameError | undefined {
  const field = plan.fields.find(({ path }) => path.text === printSegments(names))!
  const [rules, ...steps] = field.rulesByStep
  const rule = rules![0]!
  if (rules!.length > 1 || rule.when.length > 0 || steps.some((step) => step[0] !== rule))
    return new NameError(
      `is one of a map whose names \`${field.path.text}\` rules record by record, and a header is written once`,
      'give the names one rule, without `when` and steps',
    )
  if (rule.action.kind === 'keep') return name
  let result: RuleResult | undefined
  try {
    if (rule.action.kind === 'transform')
      result = rule.action.transform.apply(name, { subject: undefined, eventTime: undefined, now: 0 })
  } catch {
    // As of any value that a transform breaks on, its words are withheld.
  }
  if (typeof result === 'string') return result
  if (rule.otherwise.kind === 'drop') return undefined
  return new NameError(
    `has a name that the rule for \`${field.path.text}\` cannot take`,
    'say `else: drop` there to leave such columns out',
  )
}
