/** The types that values of Avro have as JSON. */
import type { Segment } from '../../policy/path.ts'
import { JsonType, NUMBERS } from '../json/json-types.ts'
import type { AvroType } from './avro-schema.ts'
import { typesAt } from './output-type.ts'

/** Of the values at a path: bits of `JsonType`. */
export const avroJsonTypes = (type: AvroType, segments: readonly Segment[]): number =>
  segments.at(-1)?.kind === 'names'
    ? JsonType.string
    : typesAt(type, segments).reduce((types, one) => types | jsonTypesOf(one), 0)

function jsonTypesOf({ kind, logical }: AvroType): number {
  // A date or time out of its range is its number.
  if (logical !== undefined && logical !== 'decimal' && logical !== 'uuid')
    return JsonType.string | JsonType.integer
  switch (kind) {
    case 'null':
      return JsonType.null
    case 'boolean':
      return JsonType.boolean
    case 'int':
    case 'long':
      return JsonType.integer
    case 'float':
    case 'double':
      return NUMBERS
    case 'array':
      return JsonType.array
    case 'map':
    case 'record':
      return JsonType.object
    default:
      return logical === 'decimal' ? NUMBERS : JsonType.string
  }
}
