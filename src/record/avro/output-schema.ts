/** The schema of what is written, as a registry takes it: the same text for the same policy and writer's schema. */
import type { AvroType } from './avro-schema.ts'
import { isPrimitive, type Out, type OutBranch, type OutRecord } from './output-type.ts'

type Schema = string | readonly Schema[] | { readonly [attribute: string]: unknown }

class SchemaText {
  readonly #taken = new Set<string>()
  readonly #records = new Map<OutRecord, string>()
  readonly #types = new Map<AvroType, string>()

  out({ branches }: Out): Schema {
    const schemas = branches.map((branch) => this.#branch(branch))
    return schemas.length === 1 ? schemas[0]! : schemas
  }

  #branch(branch: OutBranch): Schema {
    switch (branch.kind) {
      case 'made':
        return branch.made
      case 'raw':
        return branch.isPlain ? branch.type.kind : this.#type(branch.type)
      case 'record':
        return this.#record(branch.record)
      case 'array':
        return { type: 'array', items: this.out(branch.item) }
      default:
        return { type: 'map', values: this.out(branch.item) }
    }
  }

  /** A name that no other type has. */
  #name(wanted: string): string {
    let name = wanted
    for (let count = 2; this.#taken.has(name); count++) name = `${wanted}_${count}`
    this.#taken.add(name)
    return name
  }

  #record(record: OutRecord): Schema {
    const known = this.#records.get(record)
    if (known !== undefined) return known
    const name = this.#name(record.name)
    this.#records.set(record, name)
    const fields = record.fields.map(({ name: field, out, initial }) => {
      const type = this.out(out)
      const [first] = out.branches
      if (first?.kind === 'made' && first.made === 'null') return { name: field, type, default: null }
      // A default goes with a type that stayed as it was, and is a value of the producer's: no rule has seen it.
      const isKept = first?.kind === 'raw' && out.branches.length === 1 && isPrimitive(first.type.kind)
      return isKept && isEmptyDefault(initial)
        ? { name: field, type, default: initial }
        : { name: field, type }
    })
    const derived = record.derived.map(({ name: field, out }) => ({
      name: field,
      type: this.out(out),
      default: null,
    }))
    return { type: 'record', name, fields: [...fields, ...derived] }
  }

  #type(type: AvroType): Schema {
    const { kind, logical, name } = type
    const known = this.#types.get(type)
    if (known !== undefined) return known
    const logicalType =
      logical === undefined
        ? {}
        : logical === 'decimal'
          ? { logicalType: logical, precision: type.precision, scale: type.scale }
          : { logicalType: logical }
    switch (kind) {
      case 'union':
        return type.branches.map((branch) => this.#type(branch))
      case 'array':
        return { type: 'array', items: this.#type(type.item!) }
      case 'map':
        return { type: 'map', values: this.#type(type.item!) }
      case 'fixed':
        return { type: 'fixed', name: this.#own(type, name), size: type.size, ...logicalType }
      case 'enum':
        return { type: 'enum', name: this.#own(type, name), symbols: type.symbols }
      case 'record': {
        const own = this.#own(type, name)
        const fields = type.fields.map((field) => ({ name: field.name, type: this.#type(field.type) }))
        return { type: 'record', name: own, fields }
      }
      default:
        return logical === undefined ? kind : { type: kind, ...logicalType }
    }
  }

  #own(type: AvroType, wanted: string): string {
    const name = this.#name(wanted)
    this.#types.set(type, name)
    return name
  }
}

/** Defaults are values: those that say only that nothing is there may leave. */
const isEmptyDefault = (initial: unknown): boolean => initial === '' || initial === 0 || initial === false

/** JSON without white space. */
export const outputSchemaText = (root: Out): string => JSON.stringify(new SchemaText().out(root))
