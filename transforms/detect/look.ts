/** Shows a value to all detectors at once: what they need is counted in one walk over its bytes. */
import { isDigit } from './bytes.ts'
import type { Detector, Needs, NumberDetector, Span, TextDetector } from './detector.ts'
import { detectors } from './index.ts'
import { MOST_DIGITS, NumberRun } from './number-run.ts'
import { isPlainForm } from './plain-forms.ts'

/** A value shorter than this is nothing that a detector knows. */
export const FEWEST_BYTES = 6

/** No number is found in fewer digits. */
const FEWEST_DIGITS = 7

const CHARACTERS = '@%.:J-'

/** By byte: a bit for each of `CHARACTERS`, and above those counters of 8 bits: digits, dots and colons. */
const DIGIT = 1 << 8
const DOT = 1 << 16
const COLON = 1 << 24
const CLASSES = Int32Array.from({ length: 256 }, (_, byte) => {
  const at = CHARACTERS.indexOf(String.fromCharCode(byte))
  const bit = at < 0 ? 0 : 1 << at
  return bit | (isDigit(byte) ? DIGIT : byte === 0x2e ? DOT : byte === 0x3a ? COLON : 0)
})
/** Bytes that a counter can count. */
const WINDOW = 127

interface Prepared {
  readonly bit: number
  readonly detector: TextDetector
  readonly oneOf: number
  readonly digits: number
  readonly dots: number
  readonly colons: number
  readonly bytes: number
}

const maskOf = ({ oneOf }: Needs): number =>
  [...(oneOf ?? '')].reduce((mask, char) => mask | (1 << CHARACTERS.indexOf(char)), 0)

const prepare = (detector: TextDetector, index: number): Prepared => ({
  bit: 1 << index,
  detector,
  oneOf: maskOf(detector.needs),
  digits: detector.needs.digits ?? 0,
  dots: detector.needs.dots ?? 0,
  colons: detector.needs.colons ?? 0,
  bytes: detector.needs.bytes,
})

/**
 * What `bytes[start..end)` looks like, UTF-8, decoded: bit `i` for the detector of this index, 0 for nothing. Linear in its
 * length. The bytes before `start` and behind `end` are another's, and not looked at.
 */
export type Look = (bytes: Uint8Array, start: number, end: number) => number

/** Looks with these detectors, at most 31. */
export function lookWith(some: readonly Detector[]): Look {
  const texts = some.flatMap((detector, index) =>
    detector.reads === 'text' ? [prepare(detector, index)] : [],
  )
  /** Detectors of numbers by the digits of a first group. */
  const numbers = Array.from({ length: MOST_DIGITS + 1 }, (_, length) =>
    some.flatMap((detector, index) =>
      detector.reads === 'numbers' && detector.firstGroups.includes(length)
        ? [{ bit: 1 << index, detector }]
        : [],
    ),
  )
  const fewestDigits = numbers.some((of) => of.length > 0) ? FEWEST_DIGITS : Number.POSITIVE_INFINITY

  const numbersIn: Look = (bytes, start, end) => {
    let found = 0
    let at = start
    while (run.next(bytes, start, at, end)) {
      at = run.resume
      if (run.digitCount < FEWEST_DIGITS) continue
      for (let group = 0; group < run.groupCount; group++)
        for (const { bit, detector } of numbers[run.length[group]!]!)
          if ((found & bit) === 0 && detector.take(run, group) > 0) found |= bit
    }
    return found
  }

  return (bytes, start, end) => {
    const length = end - start
    if (length < FEWEST_BYTES || isPlainForm(bytes, start, end)) return 0
    let seen = 0
    let digits = 0
    let dots = 0
    let colons = 0
    for (let from = start; from < end; from += WINDOW) {
      const to = Math.min(end, from + WINDOW)
      let counts = 0
      for (let p = from; p < to; p++) {
        const of = CLASSES[bytes[p]!]!
        seen |= of
        counts += of & ~0xff
      }
      digits += (counts >> 8) & 0xff
      dots += (counts >> 16) & 0xff
      colons += counts >> 24
    }
    let found = 0
    for (let i = 0; i < texts.length; i++) {
      const needs = texts[i]!
      if (length < needs.bytes || digits < needs.digits || dots < needs.dots || colons < needs.colons)
        continue
      if (needs.oneOf !== 0 && (seen & needs.oneOf) === 0) continue
      if (needs.detector.find(bytes, start, end) !== undefined) found |= needs.bit
    }
    return digits < fewestDigits ? found : found | numbersIn(bytes, start, end)
  }
}

const run = new NumberRun()

/** Looks with all detectors: bit `i` for `detectors[i]`. */
export const look: Look = lookWith(detectors)

export interface Found extends Span {
  readonly kind: string
}

/** All that is found in a text, the first of each kind, with its place in UTF-8 bytes. For samples, not for streams. */
export function lookAt(text: string): readonly Found[] {
  const bytes = Buffer.from(text, 'utf8')
  const found: Found[] = []
  for (const detector of detectors) {
    const span = detector.reads === 'text' ? detector.find(bytes, 0, bytes.length) : numberIn(detector, bytes)
    if (span !== undefined) found.push({ kind: detector.kind, ...span })
  }
  return found
}

function numberIn(detector: NumberDetector, bytes: Uint8Array): Span | undefined {
  let at = 0
  while (run.next(bytes, 0, at, bytes.length)) {
    at = run.resume
    for (let group = 0; group < run.groupCount; group++) {
      if (!detector.firstGroups.includes(run.length[group]!)) continue
      const groups = detector.take(run, group)
      if (groups > 0) return { start: spanStart(run, group), end: run.ends[group + groups - 1]! }
    }
  }
  return undefined
}

/** With the plus and the parenthesis before it. */
function spanStart({ bytes, starts, plus, parenthesis }: NumberRun, group: number): number {
  let start = starts[group]!
  if (group > 0) return start
  if (parenthesis && bytes[start - 1] === 0x28) start--
  return plus ? start - 1 : start
}
