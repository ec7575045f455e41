/**
 * What is written for a schema under a policy: the types of the output, which follow from those of the writer's schema and from
 * what rules make of values. Types change where rules change them; what is dropped is gone.
 */
import type { Segment } from '../../policy/path.ts'
import type { Otherwise, Plan, PlanField, PlanRule } from '../../policy/plan.ts'
import { SchemaFault } from '../schema-text.ts'
import type { DerivedContainer, DerivedTree } from '../shape-node.ts'
import type { Step as StepOf, TypedProgram } from '../typed/typed-program.ts'
import { AVRO_PRIMITIVES, type AvroType } from './avro-schema.ts'
import { Code } from './avro-values.ts'

type Step = StepOf<AvroType>

/** What rules make. */
type Made = 'null' | 'boolean' | 'long' | 'double' | 'string'

export type OutBranch =
  | { readonly kind: 'made'; readonly made: Made }
  /** As the writer's schema has it: its bytes are copied. `isPlain`: without its logical type. */
  | { readonly kind: 'raw'; readonly type: AvroType; isPlain: boolean }
  | { readonly kind: 'record'; readonly record: OutRecord }
  | { readonly kind: 'array' | 'map'; readonly item: Out }

export interface DerivedField {
  readonly name: string
  readonly out: Out
  /** A value of this field of the plan; or members of its own. */
  readonly field: number
  readonly record: OutRecord | undefined
}

export interface OutRecord {
  /** With its namespace. */
  readonly name: string
  /** Of the writer's schema, in its order. */
  readonly fields: {
    readonly name: string
    readonly step: Step
    readonly out: Out
    readonly initial: unknown
  }[]
  /** Those with `from:`, behind them. */
  readonly derived: DerivedField[]
}

/** The types that a value may have, each with its place in the union. */
export class Out {
  readonly branches: OutBranch[] = []
  readonly #made = new Map<Made, OutBranch>()
  readonly #raw = new Map<AvroType, OutBranch>()
  readonly #containers = new Map<Step, OutBranch>()
  /** Places, once all branches are there: see `settle`. */
  nullAt = -1
  booleanAt = -1
  longAt = -1
  doubleAt = -1
  stringAt = -1
  readonly rawAt: Map<AvroType, number> = new Map()
  readonly containerAt: Map<Step, number> = new Map()

  add(made: Made): void {
    if (this.#made.has(made)) return
    const raw = this.branches.find((branch) => branch.kind === 'raw' && branch.type.kind === made)
    if (raw?.kind === 'raw') raw.isPlain = true
    const branch: OutBranch = raw ?? { kind: 'made', made }
    if (raw === undefined) {
      if (made === 'null') this.branches.unshift(branch)
      else this.branches.push(branch)
    }
    this.#made.set(made, branch)
  }

  addRaw(type: AvroType): void {
    if (type.kind === 'null') {
      this.add('null')
      return
    }
    if (this.#raw.has(type)) return
    const isNamed = type.name !== ''
    const same = this.branches.find(
      (one) =>
        (one.kind === 'made' && one.made === type.kind) ||
        (one.kind === 'raw' && !isNamed && one.type.kind === type.kind),
    )
    if (same?.kind === 'raw')
      same.isPlain ||=
        same.type.logical !== type.logical ||
        same.type.scale !== type.scale ||
        same.type.precision !== type.precision
    const branch: OutBranch = same ?? { kind: 'raw', type, isPlain: false }
    if (same === undefined) this.branches.push(branch)
    this.#raw.set(type, branch)
  }

  addContainer(step: Step, branch: OutBranch): void {
    this.branches.push(branch)
    this.#containers.set(step, branch)
  }

  /** Fixes the places. */
  settle(): void {
    if (this.branches.length === 0) this.add('null')
    const at = (made: Made): number => {
      const branch = this.#made.get(made)
      return branch === undefined ? -1 : this.branches.indexOf(branch)
    }
    this.nullAt = at('null')
    this.booleanAt = at('boolean')
    this.longAt = at('long')
    this.doubleAt = at('double')
    this.stringAt = at('string')
    for (const [type, branch] of this.#raw) this.rawAt.set(type, this.branches.indexOf(branch))
    for (const [step, branch] of this.#containers) this.containerAt.set(step, this.branches.indexOf(branch))
    // A text that stays as it is can stand where one was made.
    for (const branch of this.branches)
      if (branch.kind === 'raw' && this.stringAt < 0 && branch.type.kind === 'string')
        this.stringAt = this.branches.indexOf(branch)
  }
}

const NUMBERS: ReadonlySet<number> = new Set([
  Code.int,
  Code.long,
  Code.float,
  Code.double,
  Code.decimal,
  Code.decimalFixed,
])

/** Whether numbers that the rule makes of such values are whole. */
function makesWhole({ use, options }: PlanRule, type: AvroType): boolean {
  const isWhole = type.kind === 'int' || type.kind === 'long'
  if (use === 'hash.integer') return true
  if (use === 'shift.date') return isWhole
  return use === 'noise.number' && isWhole && options?.['decimals'] === 0
}

export class OutputTypes {
  readonly #plan: Plan
  readonly #program: TypedProgram<AvroType>
  readonly #outs = new Map<Step, Out>()
  readonly root: Out

  /** @throws SchemaFault where no schema says what the policy makes of such records */
  constructor(plan: Plan, program: TypedProgram<AvroType>) {
    this.#plan = plan
    this.#program = program
    this.root = this.out(program.root)
    for (const out of this.#made) out.settle()
    if (!this.root.branches.some(({ kind }) => kind === 'record'))
      throw new SchemaFault(
        'schema-refused',
        'a record of the output is a record of Avro, and the schema has none',
      )
  }

  readonly #made: Out[] = []

  #newOut(): Out {
    const out = new Out()
    this.#made.push(out)
    return out
  }

  out(step: Step): Out {
    const known = this.#outs.get(step)
    if (known !== undefined) return known
    const out = this.#newOut()
    this.#outs.set(step, out)
    this.#collect(step, out, false)
    return out
  }

  #collect(step: Step, out: Out, withNull: boolean): void {
    const { code, node, type } = step
    if (code === Code.union) {
      const hasNull = step.branches.some((branch) => branch.code === Code.null)
      for (const branch of step.branches) {
        this.#collect(branch, out, hasNull)
        // What patterns and tags lead to in another branch is not here.
        if (branch.node.kind === 'open' && !branch.told) out.add('null')
      }
      return
    }
    if (node.kind === 'scalar' || node.kind === 'subtree') {
      if (node.field < 0 || (code >= Code.array && node.kind === 'scalar')) return
      this.#field(this.#plan.fields[node.field]!, type, out)
      return
    }
    if (code < Code.array) {
      if (code === Code.null) out.add('null')
      return
    }
    if (!step.told) return
    if (code === Code.record) {
      if (node.kind === 'map') throw mapOfRecord(type)
      out.addContainer(step, {
        kind: 'record',
        record: this.#record(step, withNull && node.tree !== undefined),
      })
    } else if (code === Code.array) {
      if (node.kind === 'array' || node.kind === 'open')
        out.addContainer(step, {
          kind: 'array',
          item: step.item?.told ? this.out(step.item) : this.#nothing(),
        })
    } else {
      if (node.kind !== 'map' || node.namesField < 0) throw recordOfMap(node.path)
      out.addContainer(step, { kind: 'map', item: step.item?.told ? this.out(step.item) : this.#nothing() })
    }
  }

  /** Of what no member is written. */
  #nothing(): Out {
    const out = this.#newOut()
    out.add('null')
    return out
  }

  /** `allNull`: the record may stand where the input has none, with derived members alone. */
  #record(step: Step, allNull: boolean): OutRecord {
    const { name } = step.type
    const fields: OutRecord['fields'] = []
    const record: OutRecord = { name, fields, derived: [] }
    for (const [at, field] of step.fields.entries()) {
      if (!field.step.told) {
        this.#refuseMisfit(field.step)
        continue
      }
      const out = this.out(field.step)
      if (allNull) out.add('null')
      fields.push({ name: field.name, step: field.step, out, initial: step.type.fields[at]!.initial })
    }
    if (step.node.tree !== undefined)
      this.#derive(step.node.tree, record, new Set(fields.map((field) => field.name)))
    return record
  }

  /** A field that is written and cannot be: each of its records would fail. */
  #refuseMisfit({ node, type }: Step): void {
    const isWritten =
      node.field >= 0 ? this.#program.gone[node.field] !== 1 : node.emitted && node.kind !== 'open'
    if (!isWritten || type.kind === 'null') return
    const wanted = node.kind === 'scalar' ? 'a scalar' : 'an object, array or map'
    throw new SchemaFault(
      'schema-refused',
      `the policy reads \`${node.path}\` as ${wanted}, and the schema has another type there`,
    )
  }

  #derive(tree: DerivedTree, into: OutRecord, there: ReadonlySet<string>): void {
    for (const { field } of tree.leaves) {
      const planned = this.#plan.fields[field]!
      const types = typesAt(this.#program.type, planned.from.segments)
      if (types.length === 0 || this.#program.gone[field] === 1) continue
      const out = this.#newOut()
      out.add('null')
      for (const type of types) this.#field(planned, type, out)
      const last = planned.path.segments.at(-1)
      into.derived.push({
        name: named(last?.kind === 'name' ? last.name : ''),
        out,
        field,
        record: undefined,
      })
    }
    for (const container of tree.containers) {
      const name = nameOf(container)
      if (there.has(name)) continue
      const record: OutRecord = { name: `${into.name}_${name}`, fields: [], derived: [] }
      this.#derive(container.tree, record, new Set())
      if (record.derived.length === 0) continue
      const out = this.#newOut()
      out.add('null')
      out.branches.push({ kind: 'record', record })
      into.derived.push({ name: named(name), out, field: -1, record })
    }
  }

  #field(field: PlanField, type: AvroType, out: Out): void {
    for (const rule of field.rulesByStep.flat()) this.#rule(rule, type, out)
  }

  #rule(rule: PlanRule, type: AvroType, out: Out): void {
    const { action, otherwise } = rule
    if (action.kind === 'drop') {
      out.add('null')
      return
    }
    if (action.kind !== 'transform' || type.kind === 'null') {
      out.addRaw(type)
      if (action.kind === 'keep') addOtherwise(otherwise, out)
      return
    }
    const { yields } = action.transform
    const code = this.#program.codeOf(type)
    if (yields === 'null') out.add('null')
    else if (yields === 'string' || (yields === 'same' && !NUMBERS.has(code))) out.add('string')
    else {
      out.add(makesWhole(rule, type) ? 'long' : 'double')
      // An empty text is no number.
      if (!NUMBERS.has(code)) out.add('null')
    }
    addOtherwise(otherwise, out)
  }
}

function addOtherwise(otherwise: Otherwise, out: Out): void {
  if (otherwise.kind === 'null' || otherwise.kind === 'drop') out.add('null')
  if (otherwise.kind !== 'constant') return
  const { value } = otherwise
  if (typeof value === 'number') out.add(Number.isInteger(value) ? 'long' : 'double')
  else out.add(typeof value === 'boolean' ? 'boolean' : 'string')
}

const mapOfRecord = ({ name }: AvroType): SchemaFault =>
  new SchemaFault(
    'schema-refused',
    `the policy reads ${name} as a map, and the schema has a record: what is written of it has no schema`,
  )

const recordOfMap = (path: string): SchemaFault =>
  new SchemaFault(
    'schema-refused',
    `the policy names members of ${path === '' ? 'the record' : `\`${path}\``}, which is a map: what is written of it has no schema`,
  )

/** Names of Avro (specification 1.11.1, "Names"). */
function named(name: string): string {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return name
  throw new SchemaFault('schema-refused', `the policy writes \`${name}\`, which is no name of Avro`)
}

const nameOf = ({ literal }: DerivedContainer): string =>
  JSON.parse(Buffer.from(literal.slice(0, -1), 'latin1').toString('utf8')) as string

/** The types of the values at a path. */
export function typesAt(type: AvroType, segments: readonly Segment[]): readonly AvroType[] {
  if (type.kind === 'union') return type.branches.flatMap((branch) => typesAt(branch, segments))
  const [segment, ...rest] = segments
  if (segment === undefined) return [type]
  if (segment.kind === 'names' || segment.kind === 'tag') return []
  if (segment.kind === 'element') return type.kind === 'array' ? typesAt(type.item!, rest) : []
  if (type.kind === 'map') return typesAt(type.item!, rest)
  return type.fields
    .filter(({ name }) => segment.kind !== 'name' || segment.name === name)
    .flatMap((field) => typesAt(field.type, rest))
}

export const isPrimitive = (kind: string): boolean => (AVRO_PRIMITIVES as readonly string[]).includes(kind)
