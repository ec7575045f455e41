/** Values of columns as text: as JSON writes them, or as cells of CSV. Their texts are those of Avro's values. */
import type { SchemaElement } from 'hyparquet'
import type { RecordCode } from '../../errors.ts'
import {
  decimalRoom,
  isDay,
  isTimestamp,
  MOST_DECIMAL_BYTES,
  NUMBER_ROOM,
  writeBig,
  writeDate,
  writeDecimal,
  writeDouble,
  writeFloat,
  writeInteger,
  writeTime,
  writeTimestamp,
  writeUuid,
} from '../../record/avro/avro-text.ts'
import type { PageValues } from './page-values.ts'
import { damaged, unsupported } from './parquet-limits.ts'
import type { ParquetNode } from './parquet-schema.ts'
import type { TextSink } from './text-sink.ts'

const DAY_MS = 86_400_000
/** Julian day of 1970-01-01. */
const JULIAN_EPOCH = 2_440_588
const HALF = 2 ** 32

/** How texts are written. `delimiter`: of cells of CSV; undefined: JSON. */
export interface TextForm {
  readonly delimiter: string | undefined
  /** Bytes that the text of one value may have. */
  readonly most: number
}

/** Writes value `i` of a page; gives why it cannot be written. */
export type WriteValue = (values: PageValues, i: number, out: TextSink) => RecordCode | undefined

const long = (halves: Int32Array, i: number): number => halves[2 * i + 1]! * HALF + (halves[2 * i]! >>> 0)
const big = (halves: Int32Array, i: number): bigint =>
  (BigInt(halves[2 * i + 1]!) << 32n) | BigInt(halves[2 * i]! >>> 0)

/** What stands in quotes in JSON. */
type Quoted = (out: TextSink, write: (bytes: Uint8Array, at: number) => number) => void

/** Of a leaf of the schema: what writes its values. @throws ParquetFault where its type is none */
export function writerOf({ element }: ParquetNode, form: TextForm): WriteValue {
  const isJson = form.delimiter === undefined
  const quoted: Quoted = (out, write) => {
    out.room(NUMBER_ROOM)
    if (isJson) out.bytes[out.length++] = 0x22
    out.length = write(out.bytes, out.length)
    if (isJson) out.bytes[out.length++] = 0x22
  }
  switch (element.type) {
    case 'BOOLEAN':
      return (values, i, out) => {
        out.ascii((values as PageValues & { kind: 'bool' }).values[i] === 1 ? 'true' : 'false')
        return undefined
      }
    case 'INT32':
      return intWriter(element, quoted)
    case 'INT64':
      return longWriter(element, quoted)
    case 'INT96':
      return (values, i, out) => {
        const { bytes, starts } = (values as PageValues & { kind: 'spans' }).spans
        const view = new DataView(bytes.buffer, bytes.byteOffset + starts[i]!, 12)
        const nanos = view.getBigInt64(0, true)
        const ms = (view.getInt32(8, true) - JULIAN_EPOCH) * DAY_MS + Number(nanos / 1_000_000n)
        if (!isTimestamp(ms) || nanos < 0n) return 'payload-malformed'
        quoted(out, (to, at) => writeTimestamp(ms, Number(nanos % 1_000_000n), false, to, at))
        return undefined
      }
    case 'FLOAT':
    case 'DOUBLE': {
      const write = element.type === 'FLOAT' ? writeFloat : writeDouble
      return (values, i, out) => real((values as PageValues & { kind: 'real' }).values[i]!, write, out)
    }
    default:
      return bytesWriter(element, form, quoted)
  }
}

function real(value: number, write: typeof writeFloat, out: TextSink): RecordCode | undefined {
  if (!Number.isFinite(value)) return 'number-not-finite'
  out.room(NUMBER_ROOM)
  out.length = write(value, out.bytes, out.length)
  return undefined
}

/** A whole number that stands for one with digits behind the point. */
function scaled(digits: string, scale: number, out: TextSink): void {
  const sign = digits.startsWith('-') ? '-' : ''
  const padded = digits.slice(sign.length).padStart(scale + 1, '0')
  out.ascii(scale === 0 ? sign + padded : `${sign}${padded.slice(0, -scale)}.${padded.slice(-scale)}`)
}

const isUnsigned = ({ converted_type: converted, logical_type: logical }: SchemaElement): boolean =>
  converted?.startsWith('UINT_') === true || (logical?.type === 'INTEGER' && !logical.isSigned)

/** Digits behind the point; undefined of what is no decimal. */
function scaleOf({
  converted_type: converted,
  logical_type: logical,
  scale,
}: SchemaElement): number | undefined {
  if (converted !== 'DECIMAL' && logical?.type !== 'DECIMAL') return undefined
  const digits = (logical?.type === 'DECIMAL' ? logical.scale : scale) ?? 0
  if (digits < 0 || digits > 1000)
    throw unsupported('a decimal of its schema has a scale that Lethe does not read')
  return digits
}

function intWriter(element: SchemaElement, quoted: Quoted): WriteValue {
  const { converted_type: converted, logical_type: logical } = element
  const scale = scaleOf(element)
  const unsigned = isUnsigned(element)
  const isDate = converted === 'DATE' || logical?.type === 'DATE'
  const isTime = converted === 'TIME_MILLIS' || logical?.type === 'TIME'
  return (values, i, out) => {
    const value = (values as PageValues & { kind: 'int' }).values[i]!
    if (isDate && isDay(value)) quoted(out, (to, at) => writeDate(value, to, at))
    else if (isTime && value >= 0 && value < DAY_MS) quoted(out, (to, at) => writeTime(value, 0, to, at))
    else if (scale !== undefined) scaled(String(value), scale, out)
    else {
      out.room(NUMBER_ROOM)
      out.length = writeInteger(unsigned ? value >>> 0 : value, out.bytes, out.length)
    }
    return undefined
  }
}

/** Units of a timestamp or time in a millisecond. */
function unitOf({ converted_type: converted, logical_type: logical }: SchemaElement): number | undefined {
  if (logical?.type === 'TIMESTAMP' || logical?.type === 'TIME')
    return { MILLIS: 1, MICROS: 1000, NANOS: 1_000_000 }[logical.unit]
  if (converted === 'TIMESTAMP_MILLIS') return 1
  return converted === 'TIMESTAMP_MICROS' || converted === 'TIME_MICROS' ? 1000 : undefined
}

function longWriter(element: SchemaElement, quoted: Quoted): WriteValue {
  const { converted_type: converted, logical_type: logical } = element
  const scale = scaleOf(element)
  const unsigned = isUnsigned(element)
  const unit = unitOf(element)
  const isTime = converted === 'TIME_MICROS' || logical?.type === 'TIME'
  const isLocal = logical?.type === 'TIMESTAMP' && !logical.isAdjustedToUTC
  return (values, i, out) => {
    const { halves } = values as PageValues & { kind: 'long' }
    const value = long(halves, i)
    const isSafe = Number.isSafeInteger(value)
    if (unit !== undefined) {
      let ms = Math.floor(value / unit)
      let rest = value - ms * unit
      if (!isSafe) {
        const exact = big(halves, i)
        const units = BigInt(unit)
        const remainder = ((exact % units) + units) % units
        ms = Number((exact - remainder) / units)
        rest = Number(remainder)
      }
      const nanos = rest * (1_000_000 / unit)
      if (isTime ? ms >= 0 && ms < DAY_MS : isTimestamp(ms)) {
        quoted(out, (to, at) =>
          isTime ? writeTime(ms, nanos, to, at) : writeTimestamp(ms, nanos, isLocal, to, at),
        )
        return undefined
      }
    } else if (scale !== undefined) {
      scaled(isSafe ? String(value) : String(big(halves, i)), scale, out)
      return undefined
    }
    out.room(NUMBER_ROOM)
    const isWhole = isSafe && (value >= 0 || !unsigned)
    out.length = isWhole
      ? writeInteger(value, out.bytes, out.length)
      : writeBig(unsigned ? BigInt.asUintN(64, big(halves, i)) : big(halves, i), out.bytes, out.length)
    return undefined
  }
}

const TEXTS: ReadonlySet<string> = new Set(['STRING', 'ENUM', 'JSON'])

/** Half a float (IEEE 754 binary16). */
function halfFloat(bytes: Uint8Array, at: number): number {
  const bits = bytes[at]! | (bytes[at + 1]! << 8)
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

function bytesWriter(element: SchemaElement, { delimiter, most }: TextForm, quoted: Quoted): WriteValue {
  const { type, converted_type: converted, logical_type: logical, type_length: length = 0 } = element
  if (type !== 'BYTE_ARRAY' && type !== 'FIXED_LEN_BYTE_ARRAY')
    throw damaged('a column of its schema has no type')
  if (type === 'FIXED_LEN_BYTE_ARRAY' && length <= 0) throw damaged('a column of its schema has no length')
  const scale = scaleOf(element)
  const isText = TEXTS.has(logical?.type ?? '') || ['UTF8', 'ENUM', 'JSON'].includes(converted ?? '')
  const isUuid = logical?.type === 'UUID' && length === 16
  const isHalf = logical?.type === 'FLOAT16' && length === 2
  const first = Buffer.from(delimiter ?? '', 'utf8')[0] ?? 0
  return (values, i, out) => {
    const { bytes, starts, ends } = (values as PageValues & { kind: 'spans' }).spans
    const start = starts[i]!
    const end = ends[i]!
    if (end - start > most) return 'record-too-large'
    if (isText) {
      if (delimiter === undefined) out.jsonString(bytes, start, end)
      else out.cell(bytes, start, end, first)
      return undefined
    }
    if (isUuid) quoted(out, (to, at) => writeUuid(bytes, start, to, at))
    else if (isHalf) return real(halfFloat(bytes, start), writeDouble, out)
    else if (scale !== undefined) {
      if (end - start > MOST_DECIMAL_BYTES) return 'payload-too-large'
      out.room(decimalRoom(end - start, scale))
      out.length = writeDecimal(bytes, start, end, scale, out.bytes, out.length)
    } else {
      const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('base64')
      out.ascii(delimiter === undefined ? `"${text}"` : text)
    }
    return undefined
  }
}
