/**
 * The columns that a plan makes of its records: their types follow from the policy, and of what is kept from the types that the
 * input states. No value is looked at, so that all files of one policy and one kind of input have one schema.
 */
import { LetheError } from '../../errors.ts'
import { type Path, printSegments, type Segment } from '../../policy/path.ts'
import type { Plan, PlanCarrier, PlanField, PlanRule } from '../../policy/plan.ts'
import { leadsThrough } from '../../policy/read-forms.ts'
import type { StatedType } from '../../policy/value-type.ts'
import {
  BOOLEAN,
  type ColumnNode,
  type ColumnType,
  DOUBLE,
  type GroupColumn,
  JSON_TEXT,
  type LeafColumn,
  LONG,
  TEXT,
} from './column-tree.ts'

/** A value of the output. */
export interface ColumnTarget {
  readonly segments: readonly Segment[]
  /** Whose rules make it; undefined: JSON that other fields make, in a text. */
  readonly field: PlanField | undefined
  /** The type that the input states for what is kept. */
  readonly source?: ColumnType | undefined
  /** The type, where no field says it. */
  readonly type?: ColumnType | undefined
}

interface Draft {
  kind: 'leaf' | 'struct' | 'list' | 'map' | undefined
  types: ColumnType[]
  statistics: boolean
  readonly members: Map<string, Draft>
  item: Draft | undefined
  key: LeafColumn | undefined
}

const draft = (): Draft => ({
  kind: undefined,
  types: [],
  statistics: true,
  members: new Map(),
  item: undefined,
  key: undefined,
})

/** What the plan makes of records of JSON. @throws LetheError where only the data say which columns there are */
export function columnsOfJson(
  plan: Plan,
  sourceOf: (from: readonly Segment[]) => ColumnType | 'missing' | undefined = () => undefined,
): ColumnTarget[] {
  const targets: ColumnTarget[] = []
  for (const field of plan.fields) {
    const { path, from } = field
    const carrier = plan.carriers.find((one) => leadsThrough(path, one.path))
    if (carrier !== undefined) {
      if (!isGone(field) && !targets.some((one) => one.segments === carrier.path.segments))
        targets.push(carrierTarget(carrier))
      continue
    }
    const source = path.isPattern ? undefined : sourceOf(from.segments)
    if (source !== 'missing') targets.push({ segments: path.segments, field, source })
  }
  return targets
}

export const carrierTarget = ({ path }: PlanCarrier): ColumnTarget => ({
  segments: path.segments,
  field: undefined,
})

const isGone = ({ rulesByStep }: PlanField): boolean =>
  rulesByStep.every((rules) => rules.every(({ action }) => action.kind === 'drop'))

/** The tree of columns of these values, in their order. @throws LetheError where they make none */
export function columnTree(targets: readonly ColumnTarget[]): GroupColumn {
  const root = draft()
  root.kind = 'struct'
  for (const target of targets) if (target.field === undefined || !isGone(target.field)) insert(root, target)
  const members = membersOf(root)
  if (members.length === 0)
    throw new LetheError(
      'columns-mismatch',
      'no column may leave: the policy drops all that it names',
      'keep or transform a field',
    )
  return { kind: 'struct', name: 'schema', members }
}

/** Columns of stated types, in their order, with the names of their maps. @throws LetheError where two would be one */
export function columnsOfTypes(
  columns: readonly { readonly path: Path; readonly type: StatedType }[],
): GroupColumn {
  return columnTree(
    columns.flatMap(({ path: { segments }, type }): ColumnTarget[] => [
      ...segments.flatMap(({ kind }, at): ColumnTarget[] =>
        kind === 'member'
          ? [{ segments: [...segments.slice(0, at), { kind: 'names' }], field: undefined }]
          : [],
      ),
      { segments, field: undefined, type: columnOfType(type) },
    ]),
  )
}

function insert(root: Draft, { segments, field, source, type }: ColumnTarget): void {
  let at = root
  for (const segment of segments) {
    if (segment.kind === 'names') {
      become(at, 'map', segments)
      at.key = { kind: 'leaf', name: 'key', type: TEXT, statistics: !isKept(field) }
      return
    }
    if (segment.kind === 'like' || segment.kind === 'any') throw unknownNames(segments)
    if (segment.kind === 'name' && at.kind !== 'map') {
      become(at, 'struct', segments)
      let member = at.members.get(segment.name)
      if (member === undefined) {
        member = draft()
        at.members.set(segment.name, member)
      }
      at = member
    } else {
      // A member of a map that the policy names is one of its members.
      become(at, segment.kind === 'element' ? 'list' : 'map', segments)
      at.item ??= draft()
      at = at.item
    }
  }
  become(at, 'leaf', segments)
  at.types.push(...(field === undefined ? [type ?? JSON_IN_TEXT] : typesOf(field, source)))
  at.statistics &&= field !== undefined && (field.statistics === true || !isKept(field))
}

const JSON_IN_TEXT: ColumnType = { as: 'text', logical: 'JSON' }

function become(at: Draft, kind: NonNullable<Draft['kind']>, segments: readonly Segment[]): void {
  if (at.kind === 'struct' && kind === 'map') {
    if (at.members.size > 1 || at.item !== undefined) throw twoForms(segments)
    const [first] = at.members.values()
    at.item = first
    at.members.clear()
    at.kind = 'map'
    return
  }
  if (at.kind !== undefined && at.kind !== kind) throw twoForms(segments)
  at.kind = kind
}

const twoForms = (segments: readonly Segment[]): LetheError =>
  new LetheError(
    'columns-mismatch',
    `the policy writes \`${printSegments(segments)}\` into what other fields write in another form: no column holds both`,
    'write NDJSON, or give the fields other paths',
  )

const unknownNames = (segments: readonly Segment[]): LetheError =>
  new LetheError(
    'columns-mismatch',
    `\`${printSegments(segments)}\` matches names that only the data tell, and Parquet needs its columns before them`,
    'list the paths in `fields:`, or write NDJSON',
  )

/** Whether bounds of its values would be those of the input, or nearly. */
const isKept = (field: PlanField | undefined): boolean =>
  field === undefined || field.rulesByStep.flat().some(({ keeps }) => keeps)

/** The type of a field's values, whatever is around them; undefined where neither policy nor rules say it: something is kept as it is. */
export function typeOfField(field: PlanField): ColumnType | undefined {
  const keeps = field.rulesByStep.some((rules) => rules.some(({ action }) => action.kind === 'keep'))
  if (keeps && field.type === undefined) return undefined
  const types = typesOf(field, undefined)
  return types.length === 0 ? undefined : common(types)
}

function typesOf(field: PlanField, source: ColumnType | undefined): ColumnType[] {
  if (field.type !== undefined) return [columnOfType(field.type)]
  return field.rulesByStep.flat().flatMap((rule) => [...made(rule, source), ...instead(rule)])
}

/** Decimals are in as few bytes as hold all of them. */
export function columnOfType(type: StatedType): ColumnType {
  switch (type.is) {
    case 'string':
      return TEXT
    case 'integer':
      return LONG
    case 'number':
      return DOUBLE
    case 'boolean':
      return BOOLEAN
    case 'date':
      return { as: 'date' }
    case 'timestamp':
      return { as: 'timestamp', unit: UNITS[type.digits], isUtc: !type.isLocal }
    case 'decimal': {
      const { precision, scale } = type
      const bits = (10n ** BigInt(precision) - 1n).toString(2).length + 1
      const length = precision <= 9 ? 4 : precision <= 18 ? 8 : Math.ceil(bits / 8)
      return { as: 'decimal', precision, scale, length, isWhole: precision <= 18 }
    }
  }
}

const UNITS = { 3: 'MILLIS', 6: 'MICROS', 9: 'NANOS' } as const

function made({ action, use, options }: PlanRule, source: ColumnType | undefined): ColumnType[] {
  if (action.kind === 'drop') return []
  if (action.kind === 'keep') return [source ?? TEXT]
  if (action.kind === 'keep-subtree') return [JSON_TEXT]
  const { yields } = action.transform
  if (yields === 'null') return []
  const ofNumber =
    source !== undefined && ['integer', 'float', 'double', 'float16', 'decimal'].includes(source.as)
  // `same` is about how JSON writes a result: noise is a number in quotes too.
  if (yields === 'string' || (yields === 'same' && !ofNumber && use !== 'noise.number')) return [TEXT]
  const isWhole =
    use === 'hash.integer' ||
    (use === 'noise.number' && options?.['decimals'] === 0) ||
    (use === 'shift.date' && source?.as === 'integer')
  return [isWhole ? LONG : DOUBLE]
}

function instead({ otherwise }: PlanRule): ColumnType[] {
  if (otherwise.kind !== 'constant') return []
  const { value } = otherwise
  if (typeof value === 'number') return [Number.isInteger(value) ? LONG : DOUBLE]
  return [typeof value === 'boolean' ? BOOLEAN : TEXT]
}

/** The type that holds all of them. */
function common(types: readonly ColumnType[]): ColumnType {
  const distinct = [...new Map(types.map((type) => [JSON.stringify(type), type])).values()]
  if (distinct.length === 1) return distinct[0]!
  if (distinct.some(({ as }) => as === 'json')) return JSON_TEXT
  const areNumbers =
    distinct.length === 2 &&
    distinct.every((type) => type.as === 'double' || (type.as === 'integer' && type.bits === 64))
  return areNumbers ? DOUBLE : TEXT
}

const membersOf = ({ members }: Draft): ColumnNode[] =>
  [...members].flatMap(([name, member]) => nodeOf(name, member) ?? [])

/** Undefined of what nothing is written of. */
function nodeOf(name: string, at: Draft): ColumnNode | undefined {
  if (at.kind === 'leaf') return { kind: 'leaf', name, type: common(at.types), statistics: at.statistics }
  if (at.kind === 'struct') {
    const members = membersOf(at)
    return members.length === 0 ? undefined : { kind: 'struct', name, members }
  }
  const item = at.item && nodeOf(at.kind === 'list' ? 'element' : 'value', at.item)
  if (item === undefined) return undefined
  if (at.kind === 'list') return { kind: 'list', name, item }
  return at.key === undefined ? undefined : { kind: 'map', name, key: at.key, value: item }
}
