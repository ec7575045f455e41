/** Values of binary formats as texts of JSON. A position below zero means that there is no value, and `fail` said why. */
import { isUtf8 } from 'node:buffer'
import type { RecordCode } from '../errors.ts'
import { SlotKind } from './block.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c

/** Values that take no bytes, such as nulls in an array, beside those that the length of a record lets be. */
const FREE_VALUES = 1 << 16
/** Values nest, so that each byte may be several. */
const VALUES_A_BYTE = 16

/** How many values a record of so many bytes may have. */
export const valuesOf = (bytes: number): number => FREE_VALUES + VALUES_A_BYTE * bytes

/** By byte: it cannot stand in a JSON string as it is. */
const SPECIAL = new Uint8Array(256).fill(1, 0, 0x20)
SPECIAL[QUOTE] = 1
SPECIAL[BACKSLASH] = 1
const ESCAPES: Readonly<Record<number, number>> = { 8: 0x62, 9: 0x74, 10: 0x6e, 12: 0x66, 13: 0x72 }
const HEX = '0123456789abcdef'

export const NULL_WORD: readonly number[] = [0x6e, 0x75, 0x6c, 0x6c]
export const TRUE_WORD: readonly number[] = [0x74, 0x72, 0x75, 0x65]
export const FALSE_WORD: readonly number[] = [0x66, 0x61, 0x6c, 0x73, 0x65]

/** What texts are written by: the memory, and bounds of a record. `fail` gives -1. */
export interface TextMemory {
  /** What is read. */
  readonly bytes: Uint8Array
  readonly view: DataView
  /** Memory for texts, and where the next one begins. */
  readonly out: Uint8Array
  readonly outView: DataView
  at: number
  /** The text that was written last, without quotes, and its kind. */
  from: number
  to: number
  kind: number
  fail(code: RecordCode): number
  /** Makes sure that so many bytes fit behind `at`. */
  room(room: number): boolean
}

/** Writes a word, for which there is room. */
export function writeWord(texts: TextMemory, word: readonly number[], kind: number, p: number): number {
  const { out } = texts
  texts.from = texts.at
  for (const byte of word) out[texts.at++] = byte
  texts.to = texts.at
  texts.kind = kind
  return p
}

/** A text begins at `at` with its quote, and was written to `end`. */
export function putQuotes(texts: TextMemory, end: number): void {
  const { out } = texts
  out[texts.at] = QUOTE
  out[end] = QUOTE
  texts.from = texts.at + 1
  texts.to = end
  texts.kind = SlotKind.text
  texts.at = end + 1
}

/** The bytes `[p, p + length)` in base64. */
export function writeBase64(texts: TextMemory, p: number, length: number): number {
  if (length === 0) return writeEmpty(texts, p)
  if (!texts.room(4 * Math.ceil(length / 3) + 2)) return -1
  const { bytes, out } = texts
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + p, length).toString('base64')
  let at = texts.at + 1
  for (let i = 0; i < text.length; i++) out[at++] = text.charCodeAt(i)
  putQuotes(texts, at)
  return p + length
}

/** A text that is empty: it is nothing, and its quotes belong to it. There is room. */
export function writeEmpty(texts: TextMemory, p: number): number {
  texts.from = texts.at
  texts.out[texts.at++] = QUOTE
  texts.out[texts.at++] = QUOTE
  texts.to = texts.at
  texts.kind = SlotKind.nothing
  return p
}

/** A text of bytes that need no escapes; false where there is no room. */
export function writePlain(texts: TextMemory, source: Uint8Array, start: number, end: number): boolean {
  if (!texts.room(end - start + 2)) return false
  const { out } = texts
  let at = texts.at + 1
  for (let p = start; p < end; p++) out[at++] = source[p]!
  putQuotes(texts, at)
  return true
}

/** A view of all bytes of an array. */
export const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/**
 * Not 0 where one of four bytes is no ASCII, or cannot stand in a JSON string as it is: a subtraction borrows from the highest bit
 * of a byte that is smaller.
 */
const marked = (four: number): number =>
  (four | (four - 0x20202020) | ((four ^ 0x22222222) - 0x01010101) | ((four ^ 0x5c5c5c5c) - 0x01010101)) &
  0x80808080

/** The text `source[p..end)`, of which `view` is a view; gives its end. */
export function writeText(
  texts: TextMemory,
  source: Uint8Array,
  view: DataView,
  p: number,
  end: number,
): number {
  if (!texts.room(end - p + 2)) return -1
  if (end === p) return writeEmpty(texts, p)
  const { out, outView } = texts
  const from = texts.at
  let at = from
  out[at++] = QUOTE
  let seen = 0
  let special = 0
  let q = p
  for (; end - q >= 4; q += 4, at += 4) {
    const four = view.getInt32(q, true)
    if (marked(four) !== 0) break
    outView.setInt32(at, four, true)
  }
  for (; q < end; q++) {
    const byte = source[q]!
    seen |= byte
    special |= SPECIAL[byte]!
    out[at++] = byte
  }
  if (seen > 0x7f && !isUtf8(source.subarray(p, end))) return texts.fail('bad-utf8')
  if (special !== 0) return writeEscaped(texts, source, p, end)
  out[at++] = QUOTE
  texts.from = from + 1
  texts.to = at - 1
  texts.kind = SlotKind.text
  texts.at = at
  return end
}

function writeEscaped(texts: TextMemory, source: Uint8Array, p: number, end: number): number {
  if (!texts.room(6 * (end - p) + 2)) return -1
  const { out } = texts
  let at = texts.at + 1
  for (let q = p; q < end; q++) {
    const byte = source[q]!
    if (SPECIAL[byte] === 0) {
      out[at++] = byte
      continue
    }
    out[at++] = BACKSLASH
    if (byte === QUOTE || byte === BACKSLASH) out[at++] = byte
    else if (ESCAPES[byte] !== undefined) out[at++] = ESCAPES[byte]
    else {
      out[at++] = 0x75
      out[at++] = 0x30
      out[at++] = 0x30
      out[at++] = HEX.charCodeAt(byte >> 4)
      out[at++] = HEX.charCodeAt(byte & 15)
    }
  }
  putQuotes(texts, at)
  texts.kind = SlotKind.escaped
  return end
}

/** Writes a byte of punctuation. */
export function writeMark(texts: TextMemory, byte: number): boolean {
  if (!texts.room(1)) return false
  texts.out[texts.at++] = byte
  return true
}
