/** Random messages of any schema, as another implementation of Protobuf encodes them. */
import { create, type DescField, type DescMessage, ScalarType, toBinary } from '@bufbuild/protobuf'
import { type ReflectMessage, reflect } from '@bufbuild/protobuf/reflect'

const TEXTS = ['', 'a', 'null', '"', '\\', 'a\nb', 'é\u2028', 'x'.repeat(40)]
const MOST_DEPTH = 4

class Source {
  readonly #next: Iterator<number>
  constructor(stream: Iterator<number>) {
    this.#next = stream
  }

  byte(): number {
    return this.#next.next().value as number
  }

  below(count: number): number {
    return this.byte() % count
  }

  bits(count: number): bigint {
    let value = 0n
    // Small numbers are as likely as large ones.
    for (let left = this.below(count / 8 + 1); left > 0; left--) value = (value << 8n) | BigInt(this.byte())
    return this.below(4) === 0 ? BigInt.asUintN(count, -value) : value
  }
}

function scalar(type: ScalarType, source: Source): unknown {
  switch (type) {
    case ScalarType.STRING:
      return TEXTS[source.below(TEXTS.length)]
    case ScalarType.BYTES:
      return Uint8Array.from({ length: source.below(6) }, () => source.byte())
    case ScalarType.BOOL:
      return source.below(2) === 1
    case ScalarType.DOUBLE:
      return source.below(2) === 1 ? source.byte() / 8 : Number(BigInt.asIntN(64, source.bits(64))) * 1.1
    case ScalarType.FLOAT:
      return Math.fround(
        source.below(2) === 1 ? source.byte() / 10 : Number(BigInt.asIntN(32, source.bits(32))) * 1.1,
      )
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return BigInt.asIntN(64, source.bits(64))
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return source.bits(64)
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return Number(source.bits(32))
    default:
      return Number(BigInt.asIntN(32, source.bits(32)))
  }
}

const NUMBERS = [0, 1, -1, 7]

function single(field: DescField, source: Source, depth: number): unknown {
  if ('enum' in field && field.enum !== undefined) return NUMBERS[source.below(NUMBERS.length)]
  if ('message' in field && field.message !== undefined) return random(field.message, source, depth + 1)
  return scalar((field as { readonly scalar: ScalarType }).scalar, source)
}

function random(desc: DescMessage, source: Source, depth: number): ReflectMessage {
  const message = reflect(desc, create(desc))
  if (desc.typeName === 'google.protobuf.Timestamp') {
    message.set(desc.field['seconds']!, BigInt(source.byte()) * 10_000_000n)
    message.set(desc.field['nanos']!, [0, 5_000_000, 7000, 999_999_999][source.below(4)])
    return message
  }
  for (const field of desc.fields) {
    if (depth > MOST_DEPTH && 'message' in field && field.message !== undefined) continue
    switch (field.fieldKind) {
      case 'list':
        for (let left = source.below(4); left > 0; left--)
          message.get(field).add(single(field, source, depth) as never)
        break
      case 'map':
        for (let left = source.below(3); left > 0; left--) {
          const key = scalar(field.mapKey, source) as string
          message.get(field).set(key, single(field, source, depth) as never)
        }
        break
      default:
        if (source.below(3) > 0) message.set(field, single(field, source, depth) as never)
    }
  }
  return message
}

export function randomBytes(desc: DescMessage, stream: Iterator<number>): Uint8Array {
  return toBinary(desc, random(desc, new Source(stream), 0).message)
}
