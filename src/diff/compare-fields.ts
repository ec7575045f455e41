/** Field by field and age by age: what leaves of each value, under which rule, before and after. */
import type { Role } from '../identify/categories.ts'
import type { Path } from '../policy/path.ts'
import type { Policy, PolicyField, PolicyRule } from '../policy/policy.ts'
import { quote, type TextPosition } from '../policy/problems.ts'
import { canonicalReading } from '../policy/reading.ts'
import { nearlyAll } from '../policy/revealed.ts'
import { printValueType } from '../policy/value-type.ts'
import { type Age, agesOf } from './ages.ts'
import type { ChangeKind, Changes, Ranking } from './change.ts'
import { compareRules } from './compare-rules.ts'
import { type Selection, sameConditions, selections } from './selections.ts'
import type { Side } from './side.ts'
import { compareTold, NO_RULE, type Told, toldBy, toldInWords, toldUnlisted } from './told.ts'

export function compareFields(before: Side, after: Side, changes: Changes): void {
  const ages = agesOf(before.policy.retention, after.policy.retention).filter(
    (age) => !isSuppressed(before, age.before) && !isSuppressed(after, age.after),
  )
  const paths = new Map(
    [...before.policy.fields, ...after.policy.fields].map(({ path }) => [path.text, path]),
  )
  for (const path of paths.values()) {
    new FieldComparison(path, before, after, changes).compare(ages)
    const [was, is] = [before.fields.get(path.text), after.fields.get(path.text)]
    if (was !== undefined && is !== undefined) compareSayings(was, is, changes)
  }
}

/** Whether records that reached so many steps leave no more. */
export function isSuppressed({ policy }: Side, reached: number): boolean {
  return reached > 0 && policy.retention!.steps[reached - 1]!.suppress
}

/** What is in force for a field at an age. */
interface InForce {
  /** Undefined: no field lists the path. */
  readonly rules: readonly PolicyRule[] | undefined
  readonly isAbove: boolean
  /** Whether a step of retention states it. */
  readonly isStep: boolean
}

class FieldComparison {
  readonly #path: Path
  readonly #before: Side
  readonly #after: Side
  readonly #changes: Changes
  /** Pairs of rules that were compared at an earlier age. */
  readonly #seen: Map<unknown, Set<unknown>> = new Map()

  constructor(path: Path, before: Side, after: Side, changes: Changes) {
    this.#path = path
    this.#before = before
    this.#after = after
    this.#changes = changes
  }

  compare(ages: readonly Age[]): void {
    for (const age of ages) {
      const was = inForce(this.#before, this.#path, age.before)
      const is = inForce(this.#after, this.#path, age.after)
      if (was.rules === undefined || is.rules === undefined) {
        this.#compareListed(was, is, age)
        continue
      }
      const selected = selections(was.rules, is.rules)
      if (selected === undefined)
        this.#add(
          'unranked',
          'when',
          'its conditions name more combinations of values than are compared',
          age,
        )
      const before = this.#changes.all.length
      for (const selection of selected ?? []) this.#compareSelected(selection, was, is, age)
      if (this.#changes.all.length === before && !sameConditions(was.rules, is.rules))
        this.#add('different', 'when', 'its conditions are written otherwise, and come to the same', age)
    }
  }

  /** The path is listed in one of the policies only. */
  #compareListed(was: InForce, is: InForce, age: Age): void {
    const [rules, isAbove] = is.rules === undefined ? [was.rules, was.isAbove] : [is.rules, is.isAbove]
    for (const rule of rules ?? []) {
      const isAdded = is.rules !== undefined
      const [from, to] = isAdded
        ? [toldUnlisted(this.#before), toldBy(rule, this.#after, isAbove)]
        : [toldBy(rule, this.#before, isAbove), toldUnlisted(this.#after)]
      const what = `${toldInWords(to)}; before, ${toldInWords(from)}`
      const kind = isAdded ? 'field-added' : 'field-removed'
      const other = (isAdded ? this.#before : this.#after).policy
      const verdict = beside(compareTold(from, to), other)
      if (this.#isNew(isAdded ? 'unlisted' : rule, isAdded ? rule : 'unlisted'))
        this.#add(verdict, kind, what, age, isAdded ? rule.useAt : undefined)
    }
  }

  #compareSelected({ before, after, where }: Selection, was: InForce, is: InForce, age: Age): void {
    if (!this.#isNew(before ?? 'none', after ?? 'none')) return
    const [from, to] = [
      before === undefined ? NO_RULE : toldBy(before, this.#before, was.isAbove),
      after === undefined ? NO_RULE : toldBy(after, this.#after, is.isAbove),
    ]
    const verdict = compareTold(from, to)
    const kind = age.from !== undefined ? 'step' : sameConditions(was.rules!, is.rules!) ? 'tells' : 'when'
    const mark = where === '' ? '' : `where ${where}, `
    const mayCompare = was.isStep === is.isStep && was.isAbove === is.isAbove
    const words =
      before === undefined || after === undefined || !mayCompare
        ? []
        : compareRules(before, after, { before: this.#before, after: this.#after, path: this.#path.text })
    // Said of the file, it need not be said again of what it tells.
    const isOfFile = words.some(({ kind, verdict }) => kind === 'file' && verdict === 'unranked')
    if (verdict !== undefined && !(isOfFile && verdict === 'unranked'))
      this.#add(verdict, kind, `${mark}${tells(verdict, from, to)}`, age, after?.useAt)
    else if (verdict === undefined && kind === 'when' && before?.use !== after?.use)
      this.#add('different', 'when', `${mark}another rule tells as much`, age, after?.useAt)
    for (const change of words) {
      // Where the verdict on what it tells is said, other options are part of it.
      if (change.kind === 'options' && verdict !== undefined) continue
      this.#add(change.verdict, change.kind, `${mark}${change.what}`, age, change.at ?? after!.useAt)
    }
  }

  #isNew(before: unknown, after: unknown): boolean {
    const others = this.#seen.get(before) ?? new Set()
    if (others.has(after)) return false
    this.#seen.set(before, others.add(after))
    return true
  }

  #add(verdict: Ranking, kind: ChangeKind, what: string, { from }: Age, at?: TextPosition): void {
    const text = from === undefined ? what : `from an age of ${from} on: ${what}`
    this.#changes.add(verdict, kind, text, at ?? this.#after.fields.get(this.#path.text)?.at, this.#path.text)
  }
}

/** A path that one policy does not list may be one that a pattern of it takes, so nothing is known to be less. */
function beside(verdict: Ranking | undefined, { fields }: Policy): Ranking {
  if (verdict !== 'weaker' && fields.some(({ path }) => path.isPattern || path.tag !== undefined))
    return 'unranked'
  return verdict ?? 'different'
}

function tells(verdict: Ranking, from: Told, to: Told): string {
  const before = `before, ${toldInWords(from)}`
  if (from.by !== to.by && toldInWords(from) === toldInWords(to) && verdict === 'unranked')
    return `${toldInWords(to)}, as before, but by other options: which of the two tells more cannot be decided`
  return `${toldInWords(to)}; ${before}`
}

function inForce(side: Side, path: Path, reached: number): InForce {
  const found = side.fieldAt(path)
  if (found === undefined) return { rules: undefined, isAbove: false, isStep: false }
  const { field, isAbove } = found
  const steps = side.policy.retention?.steps.slice(0, reached) ?? []
  const step = steps.findLast(({ fields }) => fields.has(field.path.text))
  if (step === undefined) return { rules: field.rules, isAbove, isStep: false }
  return { rules: [step.fields.get(field.path.text)!], isAbove, isStep: true }
}

/** By how much of a person a field is. Quasi-identifiers and sensitive attributes cannot be ranked. */
const RANK: Readonly<Record<Role, number>> = {
  'direct-identifier': 2,
  'quasi-identifier': 1,
  sensitive: 1,
  other: 0,
}

const typeText = ({ type }: PolicyField): string | undefined => type && printValueType(type.type)

const readingOf = ({ read }: PolicyField): string => JSON.stringify(read && canonicalReading(read)) ?? ''

/** What a field says of itself beside its rules. */
function compareSayings(was: PolicyField, is: PolicyField, changes: Changes): void {
  const field = is.path.text
  const add = (verdict: Ranking, kind: ChangeKind, what: string) =>
    changes.add(verdict, kind, what, is.at, field)
  if (was.from.text !== is.from.text)
    changes.add(
      'unranked',
      'from',
      `it is made of ${quote(is.from.text)}, and was made of ${quote(was.from.text)}`,
      is.fromAt,
      field,
    )
  if (readingOf(was) !== readingOf(is))
    changes.add(
      'unranked',
      'read',
      'its values are read otherwise before its rules see them',
      is.read?.at ?? is.at,
      field,
    )
  if (typeText(was) !== typeText(is))
    changes.add(
      is.type === undefined ? 'weaker' : was.type === undefined ? 'stronger' : 'unranked',
      'type',
      is.type === undefined
        ? `values of any type leave, and only those of ${was.type && printValueType(was.type.type)} did`
        : `its values are ${printValueType(is.type.type)}, and ${was.type === undefined ? 'were of any type' : `were ${printValueType(was.type.type)}`}: others fail`,
      is.type?.at ?? is.at,
      field,
    )
  if ((was.statisticsAt === undefined) !== (is.statisticsAt === undefined))
    changes.add(
      is.statisticsAt === undefined ? 'stronger' : 'weaker',
      'statistics',
      is.statisticsAt === undefined
        ? 'the bounds of its values do not stand beside the data any more'
        : 'the bounds of its values stand beside the data of a Parquet file',
      is.statisticsAt ?? is.at,
      field,
    )
  const rank = RANK[is.role] - RANK[was.role]
  if (was.role !== is.role)
    add(
      rank < 0 ? 'weaker' : rank > 0 ? 'stronger' : 'unranked',
      'role',
      `its role is ${is.role}, and was ${was.role}`,
    )
  if (was.category === is.category) return
  const now =
    is.category === undefined ? 'it has no category any more' : `its category is ${quote(is.category)}`
  const before = was.category === undefined ? 'had none' : `was ${quote(was.category)}`
  if (is.category === undefined) add('weaker', 'category', `${now}; it ${before}`)
  // A category can settle what the name of a field suggests, and let it be kept.
  else if (rank <= 0 && is.rules.some(nearlyAll)) add('unranked', 'category', `${now}, and ${before}`)
  else add(rank > 0 ? 'stronger' : 'different', 'category', `${now}, and ${before}`)
}
