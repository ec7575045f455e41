/**
 * `read:` of a field: what is taken off a value, and into which parts it is cut, before its rule sees it. It is wrapped around
 * the compiled transform, so that files, messages and kernels know nothing of it, and rules without it cost what they did.
 */
import {
  type CompiledTransform,
  type Failure,
  fail,
  longestResult,
  Nothing,
  type RecordContext,
  type Result,
  type RuleTransform,
  type WriteBatch,
} from '../../transforms/transform.ts'
import type { MapNode } from './document.ts'
import { entryOf, textOf } from './document.ts'
import type { PolicyField, PolicyReading, ValueReading } from './policy.ts'

/** A text with more parts is `out-of-domain`. */
export const MOST_PARTS = 1024
/** How much longer than `longestResult` a list may be for each of its parts, UTF-16 units: tokens are of fixed length. */
const PART_ROOM = 128

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?$/

/** The reading that the words of a rule state; undefined where they state none. Their form is checked elsewhere. */
export function readingOf(words: MapNode): PolicyReading | undefined {
  const entry = entryOf(words, 'read')
  if (entry === undefined) return undefined
  const { value, at } = entry
  const strip = entryOf(value, 'strip')?.value
  return {
    at,
    trim: textOf(value) === 'trim' || entryOf(value, 'trim') !== undefined,
    prefix: textOf(entryOf(strip, 'prefix')?.value) ?? '',
    suffix: textOf(entryOf(strip, 'suffix')?.value) ?? '',
    mayMiss: entryOf(strip, 'missing') !== undefined,
    split: textOf(entryOf(value, 'split')?.value),
  }
}

/** What a reading says, in a form that is equal for equal readings. */
export function canonicalReading(reading: ValueReading): object {
  const { trim, prefix, suffix, mayMiss, split } = reading
  return { trim, prefix, suffix, mayMiss, split }
}

/**
 * Takes white space, prefix and suffix off a value: gives the text as rules take it, or a failure where they are not there.
 * What is empty, or one of the words in `nothings`, says that nothing is there: of that no prefix is asked.
 */
export function readerOf(
  { trim, prefix, suffix, mayMiss }: ValueReading,
  nothings: ReadonlySet<string>,
): (text: string) => string | Failure {
  return (text) => {
    let read = trim ? text.trim() : text
    if ((prefix === '' && suffix === '') || read === '' || nothings.has(read)) return read
    if (read.startsWith(prefix)) read = read.slice(prefix.length)
    else if (!mayMiss) return fail('unparsable')
    if (read.endsWith(suffix)) read = read.slice(0, read.length - suffix.length)
    else if (!mayMiss) return fail('unparsable')
    return trim ? read.trim() : read
  }
}

/** The transform of a rule, over the values of its field as they are read. */
export function readByField(
  compiled: CompiledTransform,
  { path, read }: PolicyField,
  nulls: readonly string[],
): RuleTransform {
  if (read === undefined) return compiled
  // Names are names, and keys and headers texts, whatever they are.
  const isOfValue = path.envelope === undefined && path.segments.at(-1)?.kind !== 'names'
  return readAs(compiled, read, isOfValue ? nulls : [])
}

/** What takes stored results of a field to a later step, over each part where its values are cut into parts. Nothing stays so. */
export function stepByField(
  step: (stored: string) => Result,
  { read }: PolicyField,
  nulls: readonly string[],
): (stored: string) => Result {
  const split = read?.split
  const nothings = new Set(['', ...nulls])
  if (split === undefined) return (stored) => (nothings.has(stored) ? stored : step(stored))
  return (stored) => {
    const parts: string[] = []
    for (const part of stored.split(split)) {
      const result = nothings.has(part) ? part : step(part)
      if (typeof result !== 'string') return result
      parts.push(result)
    }
    return parts.length > MOST_PARTS ? fail('out-of-domain') : parts.join(split)
  }
}

/**
 * The transform over values that are read first. `nulls`: words that stand for nothing, as the empty text does; no transform
 * sees them. One that looks at no value needs no reading.
 */
function readAs(compiled: CompiledTransform, reading: ValueReading, nulls: readonly string[]): RuleTransform {
  const { yields, apply } = compiled
  if (yields === 'null') return compiled
  const nothings = new Set(['', ...nulls])
  const read = readerOf(reading, nothings)
  if (reading.split !== undefined)
    return {
      // What a list of numbers gives is a text.
      yields: yields === 'string' ? 'string' : 'same',
      apply: (text, record) => {
        const whole = read(text)
        if (typeof whole !== 'string') return whole
        return nothings.has(whole)
          ? new Nothing(whole)
          : applyToParts(whole, compiled, reading, nothings, record)
      },
    }
  return {
    yields,
    plain: compiled.plain === true,
    apply: (text, record) => {
      const value = read(text)
      if (typeof value !== 'string') return value
      return nothings.has(value) ? new Nothing(value) : apply(value, record)
    },
    ...(reading.prefix === '' && reading.suffix === '' ? bytesOf(compiled) : {}),
  }
}

/** Each part goes to the transform, but for those that stand for nothing. */
function applyToParts(
  whole: string,
  { yields, apply }: CompiledTransform,
  { trim, split }: ValueReading,
  nothings: ReadonlySet<string>,
  record: RecordContext,
): Result {
  const parts = whole.split(split!, MOST_PARTS + 1)
  if (parts.length > MOST_PARTS) return fail('out-of-domain')
  const longest = longestResult(whole.length) + PART_ROOM * parts.length
  let length = 0
  for (let i = 0; i < parts.length; i++) {
    const part = trim ? parts[i]!.trim() : parts[i]!
    const result = nothings.has(part) ? part : apply(part, record)
    if (typeof result !== 'string') return result
    if (yields === 'number' && !nothings.has(part) && !NUMBER.test(result)) return fail('not-a-number')
    parts[i] = result
    length += result.length
    if (length > longest) return fail('out-of-domain')
  }
  const joined = parts.join(split)
  // A result that holds the separator would be several parts to who reads the list.
  const again = joined.split(split!)
  return again.length === parts.length && again.every((part, i) => part === parts[i])
    ? joined
    : fail('out-of-domain')
}

const SPACE = 0x20
const DELETE = 0x7f

/** Whether no white space can stand at an edge: all that is none of ASCII, `apply` looks at. */
const isBare = (bytes: Uint8Array, start: number, end: number): boolean => {
  const first = bytes[start]!
  const last = bytes[end - 1]!
  return first > SPACE && first < DELETE && last > SPACE && last < DELETE
}

/** Twins take the values that have no white space around them; `apply` gets the others. */
function bytesOf({ writeBytes, writeAllBytes }: WriteBatch): WriteBatch {
  const twins: { -readonly [K in keyof WriteBatch]: WriteBatch[K] } = {}
  if (writeBytes !== undefined)
    twins.writeBytes = (source, start, end, out, at) =>
      isBare(source, start, end) ? writeBytes(source, start, end, out, at) : -1
  if (writeAllBytes !== undefined)
    twins.writeAllBytes = (source, starts, ends, count, out, at, resultEnds) => {
      const bare: number[] = []
      for (let i = 0; i < count; i++) if (isBare(source, starts[i]!, ends[i]!)) bare.push(i)
      if (bare.length === count) {
        writeAllBytes(source, starts, ends, count, out, at, resultEnds)
        return
      }
      const bareEnds = new Int32Array(bare.length)
      writeAllBytes(
        source,
        Int32Array.from(bare, (i) => starts[i]!),
        Int32Array.from(bare, (i) => ends[i]!),
        bare.length,
        out,
        at,
        bareEnds,
      )
      let end = at
      for (let i = 0, taken = 0; i < count; i++) {
        if (bare[taken] === i) end = bareEnds[taken++]!
        resultEnds[i] = end
      }
    }
  return twins
}
