/**
 * Reads schemas of Protobuf into a tree of types. A registry holds them as .proto text, or as a FileDescriptorProto in base64:
 * the parser of `protobufjs` reads the one, and `@bufbuild/protobuf` the other, which resolves names and features for both.
 */
import { createRequire } from 'node:module'
import type * as Bufbuild from '@bufbuild/protobuf'
import type { DescFile } from '@bufbuild/protobuf'
import type * as Wkt from '@bufbuild/protobuf/wkt'
import { type OuterTags, SchemaFault, type SchemaText } from '../schema-text.ts'
import { OuterTagsOf } from '../tags/outer-tags.ts'
import { MessageTypes } from './message-types.ts'
import { marksOf } from './proto-marks.ts'
import { type ProtoTags, tagsOfDescriptor } from './proto-tags.ts'
import { collectNames, isDescriptorText, type ProtoNames, parseProtoText, refuseLarge } from './proto-text.ts'
import type { ProtoFile } from './proto-type.ts'

/** Bytes of a schema, references included; messages, fields and symbols in it. */
const MOST_BYTES = 1 << 20
const MOST_PARTS = 20_000
const MOST_DEPTH = 64

const refused = (message: string): SchemaFault => new SchemaFault('schema-refused', message)

/** Few runs need the packages: they are loaded by the first schema. */
interface Library {
  readonly protobuf: typeof Bufbuild
  readonly wkt: typeof Wkt
  /** By the name that an import has. */
  readonly files: ReadonlyMap<string, DescFile>
}
let loaded: Library | undefined
function library(): Library {
  if (loaded !== undefined) return loaded
  const require = createRequire(import.meta.url)
  const protobuf = require('@bufbuild/protobuf') as typeof Bufbuild
  const wkt = require('@bufbuild/protobuf/wkt') as typeof Wkt
  const files = new Map<string, DescFile>()
  for (const one of Object.values(wkt) as readonly unknown[])
    if (typeof one === 'object' && one !== null && 'kind' in one && one.kind === 'file')
      files.set(`${(one as DescFile).name}.proto`, one as DescFile)
  loaded = { protobuf, wkt, files }
  return loaded
}

/** The schema itself: no import names it so. */
const MAIN = '\0.proto'

/**
 * Reads a schema.
 * @throws SchemaFault where it is not Protobuf, or beyond what is taken
 */
export function readProtoSchema({ text, references, names = [], tags = [] }: SchemaText): ProtoFile {
  const size = references.reduce((sum, one) => sum + one.length, text.length)
  if (size > MOST_BYTES)
    throw new SchemaFault('schema-too-large', 'with its references it is longer than 1024 KiB')
  try {
    return readFile([...references, text], [...names, MAIN], tags)
  } catch (error) {
    if (error instanceof SchemaFault) throw error
    // The words of the libraries may quote the text; one that nests without end ends the stack.
    throw refused('it is not a valid Protobuf schema')
  }
}

function readFile(texts: readonly string[], names: readonly string[], outer: OuterTags): ProtoFile {
  const { protobuf, wkt, files } = library()
  const tags: ProtoTags = new Map()
  const typeNames: ProtoNames = new Map()
  for (const { proto } of files.values()) collectNames(proto, typeNames)
  const marks = texts.map((one) => (isDescriptorText(one) ? undefined : marksOf(one)))
  refuseLarge(marks.filter((one) => one !== undefined))
  const read = texts.map((one, at) => {
    const name = names[at] ?? `reference-${at}.proto`
    const first = marks[at]?.first
    if (first !== undefined) {
      const parts = parseProtoText({ name, text: one, first }, typeNames, tags)
      return protobuf.create(wkt.FileDescriptorProtoSchema, parts)
    }
    const bytes = new Uint8Array(Buffer.from(one, 'base64'))
    const file = protobuf.fromBinary(wkt.FileDescriptorProtoSchema, bytes)
    file.name = name
    collectNames(file, typeNames)
    tagsOfDescriptor(file, tags)
    return file
  })
  const known = new Map(read.map((file) => [file.name, file]))
  let parts = 0
  for (const file of read) {
    // What is imported and not there is needed for options alone; a type that is not there is found below.
    file.dependency = file.dependency.filter((name) => known.has(name) || files.has(name))
    file.publicDependency = []
    file.weakDependency = []
    parts += countParts(file.messageType, 0) + file.enumType.length
  }
  if (parts > MOST_PARTS) throw refused(`it has more than ${MOST_PARTS} messages and fields`)
  const main = read.at(-1)!
  const registry = protobuf.createFileRegistry(
    main,
    (name) => known.get(name) ?? files.get(name)?.proto ?? undefined,
  )
  const file = registry.getFile(main.name)
  if (file === undefined || file.messages.length === 0) throw refused('it defines no message')
  const types = new MessageTypes(tags, new OuterTagsOf(outer))
  return { messages: file.messages.map((message) => types.message(message)) }
}

interface Parts {
  readonly field: readonly unknown[]
  readonly nestedType: readonly Parts[]
  readonly enumType: readonly { readonly value: readonly unknown[] }[]
}

function countParts(messages: readonly Parts[], depth: number): number {
  if (depth > MOST_DEPTH) throw refused(`its messages nest more than ${MOST_DEPTH} deep`)
  return messages.reduce(
    (sum, { field, nestedType, enumType }) =>
      sum +
      1 +
      field.length +
      enumType.reduce((symbols, { value }) => symbols + value.length, 0) +
      countParts(nestedType, depth + 1),
    0,
  )
}
