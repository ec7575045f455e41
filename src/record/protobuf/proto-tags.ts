/**
 * The tags of fields, messages and enums of Protobuf: options that `confluent/meta.proto` defines, `(confluent.field_meta).tags`,
 * and alike of `message_meta`, `enum_meta`, `enum_value_meta` and `file_meta`. What should be tags and is none is a tag without a
 * name, for which no policy has a rule.
 */
import type { FileDescriptorProto } from '@bufbuild/protobuf/wkt'
import { UNREADABLE_TAG } from '../tags/tagged-type.ts'

/** By the full name of a field, message or enum: no two have one name. */
export type ProtoTags = Map<string, readonly string[]>

export function noteTags(tags: ProtoTags, name: string, found: readonly string[]): void {
  if (found.length > 0) tags.set(name, [...(tags.get(name) ?? []), ...found])
}

/** Characters of one. */
const MOST_LENGTH = 256

const readable = (tag: unknown): string =>
  typeof tag === 'string' && tag.length <= MOST_LENGTH ? tag : UNREADABLE_TAG

/** An option may be named from the outside in, from within its package, or with all dots: only the end is the same. */
const META = /^\((?:[\w.]*\.)?(?:field|message|enum|enum_value|file)_meta\)(\.tags)?$/

/** Of the options of a text, as its parser gives them: objects of what each is called. */
export function tagsOfOptions(options: unknown): string[] {
  if (!Array.isArray(options)) return []
  const found: unknown[] = []
  for (const option of options as readonly unknown[])
    for (const [name, value] of Object.entries(option ?? {}) as [string, unknown][]) {
      const meta = META.exec(name)
      if (meta === null) continue
      if (meta[1] !== undefined) found.push(value)
      else if (typeof value !== 'object' || value === null) found.push(undefined)
      else if ('tags' in value) found.push(value.tags)
    }
  return found.flat().map(readable)
}

/** Each options message has `Meta … = 1088`, and Meta has `repeated string tags = 3`. */
const META_NUMBER = 1088
const TAGS_NUMBER = 3

interface Options {
  readonly $unknown?:
    | readonly { readonly no: number; readonly wireType: number; readonly data: Uint8Array }[]
    | undefined
}

const tagsOf = (options: Options | undefined): string[] =>
  (options?.$unknown ?? []).flatMap(({ no, wireType, data }) =>
    no !== META_NUMBER ? [] : wireType === 2 ? tagsIn(data) : [UNREADABLE_TAG],
  )

/** Adds the tags of a descriptor, which knows these options only as bytes. */
export function tagsOfDescriptor(file: FileDescriptorProto, tags: ProtoTags): void {
  const ofFile = tagsOf(file.options)
  const ofEnums = (enums: FileDescriptorProto['enumType'], scope: string): void => {
    for (const { name, options, value } of enums)
      noteTags(tags, joined(scope, name), [
        ...tagsOf(options),
        ...value.flatMap((symbol) => tagsOf(symbol.options)),
      ])
  }
  const of = (messages: FileDescriptorProto['messageType'], scope: string): void => {
    for (const message of messages) {
      const name = joined(scope, message.name)
      noteTags(tags, name, [...ofFile, ...tagsOf(message.options)])
      for (const field of message.field) noteTags(tags, `${name}.${field.name}`, tagsOf(field.options))
      ofEnums(message.enumType, name)
      of(message.nestedType, name)
    }
  }
  ofEnums(file.enumType, file.package)
  of(file.messageType, file.package)
}

const joined = (scope: string, name: string): string => (scope === '' ? name : `${scope}.${name}`)

/** Of the bytes of an unknown field: a length, and the message Meta. */
function tagsIn(data: Uint8Array): string[] {
  let p = 0
  const varint = (): number => {
    let value = 0
    for (let scale = 1; p < data.length; scale *= 128) {
      const byte = data[p++]!
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
    }
    return Number.NaN
  }
  if (varint() !== data.length - p) return [UNREADABLE_TAG]
  const tags: string[] = []
  while (p < data.length) {
    const tag = varint()
    const wire = tag & 7
    const length = wire === 2 ? varint() : wire === 1 ? 8 : wire === 5 ? 4 : 0
    if (wire === 0) varint()
    const isRead = (wire < 3 || wire === 5) && p + length <= data.length
    if (!isRead) return [...tags, UNREADABLE_TAG]
    if (Math.floor(tag / 8) === TAGS_NUMBER)
      tags.push(
        wire === 2 ? readable(Buffer.from(data.subarray(p, p + length)).toString('utf8')) : UNREADABLE_TAG,
      )
    p += length
  }
  return tags
}
