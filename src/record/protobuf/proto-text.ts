/** Files of Protobuf as registries hold them: the text of a .proto file, which becomes a descriptor, or the descriptor in base64. */
import { createRequire } from 'node:module'
import type { FileDescriptorProto } from '@bufbuild/protobuf/wkt'
import type * as Protobufjs from 'protobufjs'
import { SchemaFault } from '../schema-text.ts'
import { UNREADABLE_TAG } from '../tags/tagged-type.ts'
import type { ProtoMarks } from './proto-marks.ts'
import { noteTags, type ProtoTags, tagsOfOptions } from './proto-tags.ts'

/** The kinds of types by their names, of files that were read before. */
export type ProtoNames = Map<string, 'message' | 'group' | 'enum'>

/** A file as plain objects, which `create` of `@bufbuild/protobuf` takes. */
export interface FileParts {
  readonly name: string
  readonly syntax: string
  readonly package: string
  readonly dependency: string[]
  readonly messageType: MessageParts[]
  readonly enumType: EnumParts[]
}

interface MessageParts {
  readonly name: string
  readonly field: FieldParts[]
  readonly nestedType: MessageParts[]
  readonly enumType: EnumParts[]
  readonly oneofDecl: { readonly name: string }[]
  readonly options?: { readonly mapEntry: boolean } | undefined
}

interface EnumParts {
  readonly name: string
  readonly value: { readonly name: string; readonly number: number }[]
}

interface FieldParts {
  readonly name: string
  readonly number: number
  readonly label: number
  readonly type: number
  readonly typeName?: string
  readonly oneofIndex?: number
  readonly proto3Optional?: boolean
  readonly options?: { readonly packed: boolean }
}

/** Base64 holds no space within it, and a text of a file no less than a semicolon. */
export const isDescriptorText = (text: string): boolean => /^[A-Za-z0-9+/]+={0,2}\s*$/.test(text)

const refused = (message: string): SchemaFault => new SchemaFault('schema-refused', message)

let loaded: typeof Protobufjs | undefined
function library(): typeof Protobufjs {
  loaded ??= createRequire(import.meta.url)('protobufjs') as typeof Protobufjs
  return loaded
}

/** The statement that says it. */
const SYNTAX = /^(syntax|edition)\s*=\s*["']([^"']*)["']$/

/** FieldDescriptorProto.Type. */
const TYPES: Readonly<Record<string, number>> = {
  double: 1,
  float: 2,
  int64: 3,
  uint64: 4,
  int32: 5,
  fixed64: 6,
  fixed32: 7,
  bool: 8,
  string: 9,
  bytes: 12,
  uint32: 13,
  sfixed32: 15,
  sfixed64: 16,
  sint32: 17,
  sint64: 18,
}
const KINDS = { group: 10, message: 11, enum: 14 } as const
const OPTIONAL = 1
const REQUIRED = 2
const REPEATED = 3

/**
 * Beyond these no text is parsed: the parser's time grows with the square of the fields of one message, and of the entries
 * of one list. 2,000 fields of one message take some 0.3 s.
 */
const MOST_SIDE_BY_SIDE = 2000
const MOST_STATEMENTS = 10_000
const MOST_ENTRIES = 5000
const MOST_BRACES = 64

/** @throws where the texts of a schema, with those of its references, are more than is parsed: they are parsed together. */
export function refuseLarge(texts: readonly ProtoMarks[]): void {
  let [all, listed] = [0, 0]
  for (const { depth, statements, widest, entries } of texts) {
    if (depth > MOST_BRACES) throw refused(`it nests more than ${MOST_BRACES} deep`)
    if (widest > MOST_SIDE_BY_SIDE)
      throw refused(`its text has more than ${MOST_SIDE_BY_SIDE} statements in one message`)
    all += statements
    listed += entries
  }
  if (all > MOST_STATEMENTS) throw refused(`its texts have more than ${MOST_STATEMENTS} statements`)
  if (listed > MOST_ENTRIES) throw refused(`its texts have more than ${MOST_ENTRIES} entries of lists`)
}

/**
 * Parses the text of a .proto file, which `refuseLarge` has let through. `first`: its first statement. `names`: those of
 * the files that it imports, to which its own are added.
 * @throws where it is none
 */
export function parseProtoText(
  { name, text, first }: { readonly name: string; readonly text: string; readonly first: string },
  names: ProtoNames,
  tags: ProtoTags,
): FileParts {
  const found = SYNTAX.exec(first)
  if (found?.[1] === 'edition') throw refused('editions are read from descriptors alone, not from their text')
  const syntax = found?.[2] ?? 'proto2'
  if (syntax !== 'proto2' && syntax !== 'proto3') throw refused('it is of a syntax that is not known')
  const { parse, Root } = library()
  const root = new Root()
  const parsed = parse(text, root, { keepCase: true })
  const scope = parsed.package ?? ''
  const space = scope === '' ? root : root.lookup(scope)
  if (!isNamespace(space)) throw refused('it defines nothing')
  collect(space, scope, names)
  const converter = new Converter(syntax === 'proto3', names, tags, tagsOfOptions(space.parsedOptions))
  return {
    name,
    syntax,
    package: scope,
    dependency: [...(parsed.imports ?? []), ...(parsed.weakImports ?? [])],
    messageType: typesOf(space).map((type) => converter.message(type, scope)),
    enumType: enumsOf(space).map((one) => converter.enum(one, scope)),
  }
}

const isNamespace = (found: unknown): found is Protobufjs.Namespace => found instanceof library().Namespace
const typesOf = (space: Protobufjs.NamespaceBase): Protobufjs.Type[] =>
  space.nestedArray.filter((one): one is Protobufjs.Type => one instanceof library().Type)
const enumsOf = (space: Protobufjs.NamespaceBase): Protobufjs.Enum[] =>
  space.nestedArray.filter((one): one is Protobufjs.Enum => one instanceof library().Enum)

const joined = (scope: string, name: string): string => (scope === '' ? name : `${scope}.${name}`)

function collect(space: Protobufjs.NamespaceBase, scope: string, names: ProtoNames): void {
  for (const one of enumsOf(space)) names.set(joined(scope, one.name), 'enum')
  for (const one of typesOf(space)) {
    const name = joined(scope, one.name)
    // The parser notes groups without saying so in its types.
    names.set(name, 'group' in one && one.group === true ? 'group' : 'message')
    collect(one, name, names)
  }
}

/** The same of a file that is there as a descriptor. */
export function collectNames(file: FileParts | FileDescriptorProto, names: ProtoNames): void {
  const of = (messages: readonly NamedParts[], scope: string): void => {
    for (const one of messages) {
      const name = joined(scope, one.name)
      names.set(name, 'message')
      for (const { name: own } of one.enumType) names.set(joined(name, own), 'enum')
      of(one.nestedType, name)
    }
  }
  for (const { name } of file.enumType) names.set(joined(file.package, name), 'enum')
  of(file.messageType, file.package)
}

interface NamedParts {
  readonly name: string
  readonly nestedType: readonly NamedParts[]
  readonly enumType: readonly { readonly name: string }[]
}

class Converter {
  readonly #isProto3: boolean
  readonly #names: ProtoNames
  readonly #tags: ProtoTags

  /** Tags of the file, which its messages carry. */
  readonly #ofFile: readonly string[]

  constructor(isProto3: boolean, names: ProtoNames, tags: ProtoTags, ofFile: readonly string[]) {
    this.#isProto3 = isProto3
    this.#names = names
    this.#tags = tags
    this.#ofFile = ofFile
  }

  enum({ name, values, parsedOptions, valuesOptions }: Protobufjs.Enum, scope: string): EnumParts {
    // Of options of symbols the parser keeps the last alone.
    const ofSymbols = tagsOfOptions(Object.values(valuesOptions ?? {})).map(() => UNREADABLE_TAG)
    noteTags(this.#tags, joined(scope, name), [...tagsOfOptions(parsedOptions), ...ofSymbols])
    return { name, value: Object.entries(values).map(([symbol, number]) => ({ name: symbol, number })) }
  }

  message(type: Protobufjs.Type, around: string): MessageParts {
    const scope = joined(around, type.name)
    noteTags(this.#tags, scope, [...this.#ofFile, ...tagsOfOptions(type.parsedOptions)])
    const entries: MessageParts[] = []
    const oneofs = type.oneofsArray
    const fields: FieldParts[] = []
    for (const field of type.fieldsArray) {
      // Of an extension the name is a path: its values are unknown fields here.
      if (field.name.includes('.')) continue
      const oneof = field.partOf === null ? -1 : oneofs.indexOf(field.partOf)
      const own = {
        ...(oneof < 0 ? {} : { oneofIndex: oneof }),
        ...(this.#isProto3 && field.getOption('proto3_optional') === true ? { proto3Optional: true } : {}),
      }
      const { id: number } = field
      const isGroup = this.#isGroup(field, scope)
      // The parser leaves most of a group's name as it is; protoc has the field in small letters.
      const name = isGroup ? field.type.toLowerCase() : field.name
      noteTags(this.#tags, `${scope}.${name}`, tagsOfOptions(field.parsedOptions))
      if (field.map) {
        const entry = `${name}_entry`
        entries.push(this.#entry(entry, field as unknown as Protobufjs.MapField, scope))
        fields.push({ name, number, label: REPEATED, type: KINDS.message, typeName: `.${scope}.${entry}` })
        continue
      }
      const packed = field.getOption('packed') as unknown
      fields.push({
        name,
        number,
        label: field.repeated ? REPEATED : field.required ? REQUIRED : OPTIONAL,
        ...this.#type(field.type, scope, isGroup),
        ...own,
        ...(typeof packed === 'boolean' ? { options: { packed } } : {}),
      })
    }
    return {
      name: type.name,
      field: fields,
      nestedType: [...typesOf(type).map((one) => this.message(one, scope)), ...entries],
      enumType: enumsOf(type).map((one) => this.enum(one, scope)),
      oneofDecl: oneofs.map(({ name }) => ({ name })),
    }
  }

  #entry(name: string, { keyType, type }: Protobufjs.MapField, scope: string): MessageParts {
    return {
      name,
      field: [
        { name: 'key', number: 1, label: OPTIONAL, ...this.#type(keyType, scope) },
        { name: 'value', number: 2, label: OPTIONAL, ...this.#type(type, scope) },
      ],
      nestedType: [],
      enumType: [],
      oneofDecl: [],
      options: { mapEntry: true },
    }
  }

  /** Whether the field is what a group defines: another one may have the group's type as a message. */
  #isGroup({ name, type }: Protobufjs.Field, scope: string): boolean {
    return this.#names.get(joined(scope, type)) === 'group' && name === library().util.lcFirst(type)
  }

  /** Names are looked for from the inside out. */
  #type(type: string, scope: string, isGroup = false): Pick<FieldParts, 'type' | 'typeName'> {
    if (Object.hasOwn(TYPES, type)) return { type: TYPES[type]! }
    for (
      let around = type.startsWith('.') ? '' : scope;
      ;
      around = around.slice(0, around.lastIndexOf('.'))
    ) {
      const name = joined(around, type.replace(/^\./, ''))
      const kind = this.#names.get(name)
      if (kind !== undefined)
        return { type: KINDS[kind === 'group' && !isGroup ? 'message' : kind], typeName: `.${name}` }
      if (around === '') throw refused('it names a type that it does not define or import')
      if (!around.includes('.')) around = `.${around}`
    }
  }
}
