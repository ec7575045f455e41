/** The schema of what is written, as a registry takes it: the same text for the same policy and writer's schema. */
import { Leaf, scalarNames } from './proto-leaf.ts'
import type { OutField, OutMessage, OutType, ProtoOutput } from './proto-output.ts'
import type { ProtoType } from './proto-type.ts'

const FILES: Readonly<Record<string, string>> = {
  Timestamp: 'timestamp',
  Duration: 'duration',
  Struct: 'struct',
  ListValue: 'struct',
  Value: 'struct',
  NullValue: 'struct',
}

class Text {
  readonly #taken = new Set<string>()
  readonly #names = new Map<OutMessage | ProtoType, string>()
  readonly #imports = new Set<string>()
  readonly #messages: string[] = []
  readonly #enums: string[] = []
  /** Those that are named and not written so far. */
  readonly #open: (() => void)[] = []
  readonly #isProto3: boolean

  constructor(isProto3: boolean) {
    this.#isProto3 = isProto3
  }

  /** `scope`: the package. The root comes first: records are of the first message. */
  of(root: OutMessage, scope: string): string {
    this.#name(root)
    for (let write = this.#open.shift(); write !== undefined; write = this.#open.shift()) write()
    const head = [
      `syntax = "${this.#isProto3 ? 'proto3' : 'proto2'}";`,
      ...(scope === '' ? [] : [`package ${scope};`]),
      ...[...this.#imports].toSorted().map((name) => `import "google/protobuf/${name}.proto";`),
    ]
    return `${[...head, ...this.#messages, ...this.#enums].join('\n')}\n`
  }

  /** A name that nothing else has. */
  #free(wanted: string): string {
    let name = wanted
    for (let count = 2; this.#taken.has(name); count++) name = `${wanted}_${count}`
    this.#taken.add(name)
    return name
  }

  #name(message: OutMessage): string {
    const known = this.#names.get(message)
    if (known !== undefined) return known
    const name = this.#free(message.name)
    this.#names.set(message, name)
    this.#open.push(() => this.#messages.push(this.#message(name, message)))
    return name
  }

  #message(name: string, { fields }: OutMessage): string {
    const lines: string[] = []
    const oneofs = new Map<number, string[]>()
    for (const field of fields) {
      const line = `${this.#typed(field)} ${field.name} = ${field.number};`
      // One that is alone is as good as an optional field, and is one where its oneof was made of that.
      if (field.oneof < 0 || field.form !== 'one' || !isShared(fields, field.oneof)) {
        lines.push(`  ${this.#label(field)}${line}`)
        continue
      }
      const members = oneofs.get(field.oneof)
      if (members === undefined) oneofs.set(field.oneof, [line])
      else members.push(line)
    }
    for (const [at, members] of oneofs)
      lines.push(`  oneof one_of_${at} {`, ...members.map((line) => `    ${line}`), '  }')
    return [`message ${name} {`, ...lines, '}'].join('\n')
  }

  #label({ form, isImplicit, type }: OutField): string {
    if (form === 'list') return 'repeated '
    if (form === 'map') return ''
    if (this.#isProto3 && (isImplicit || !isPlain(type))) return ''
    return 'optional '
  }

  #typed({ form, type, key }: OutField): string {
    return form === 'map' ? `map<${this.#type(key!)}, ${this.#type(type)}>` : this.#type(type)
  }

  #type(type: OutType): string {
    if (type.kind === 'made') return type.made
    if (type.kind === 'message') return this.#name(type.message)
    const { leaf, name, symbols } = type.type
    if (leaf === Leaf.enum) return this.#enum(type.type, symbols)
    const scalar = scalarNames.get(leaf)
    if (scalar !== undefined) return scalar
    const full = leaf === Leaf.null ? 'google.protobuf.NullValue' : name
    this.#imports.add(FILES[full.slice(full.lastIndexOf('.') + 1)] ?? 'wrappers')
    return full
  }

  /** Symbols of enums side by side would have to differ: each enum has a message around it. */
  #enum(type: ProtoType, symbols: ProtoType['symbols']): string {
    const known = this.#names.get(type)
    if (known !== undefined) return known
    const short = type.name.slice(type.name.lastIndexOf('.') + 1)
    const around = this.#free(`${short}Symbols`)
    this.#names.set(type, `${around}.${short}`)
    const sorted = [...symbols].toSorted(([a], [b]) => (a === 0 ? -1 : b === 0 ? 1 : 0))
    const lines = sorted.map(
      ([number, symbol]) => `    ${Buffer.from(symbol).toString('latin1')} = ${number};`,
    )
    this.#enums.push([`message ${around} {`, `  enum ${short} {`, ...lines, '  }', '}'].join('\n'))
    return `${around}.${short}`
  }
}

const isShared = (fields: readonly OutField[], oneof: number): boolean =>
  fields.filter((other) => other.oneof === oneof).length > 1

/** Messages have presence by themselves. */
const isPlain = (type: OutType): boolean =>
  type.kind === 'made' ||
  (type.kind === 'own' &&
    (type.type.leaf === Leaf.enum || type.type.leaf === Leaf.null || scalarNames.has(type.type.leaf)))

export const protoOutputText = ({ root, isProto3, scope }: ProtoOutput): string =>
  new Text(isProto3).of(root, scope)
