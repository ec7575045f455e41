/** Texts of a sample that hold an object or array as JSON, in nearly all their values: they are read by what they hold. */
import { printSegments, type Segment } from '../policy/path.ts'
import { heldJson } from './detect.ts'
import { isWordForNothing } from './nothing.ts'
import type { Sample } from './sample.ts'

export interface OpenedSample {
  /** With what the texts hold in their place; of CSV, cells are objects and arrays there. */
  readonly sample: Sample
  /** Where the texts stand. */
  readonly carriers: readonly Carrier[]
}

export interface Carrier {
  readonly segments: readonly Segment[]
  /** How many values there are no such text: their records become dead letters. */
  readonly others: number
}

interface Found {
  readonly segments: readonly Segment[]
  texts: number
  others: number
}

/** One value in so many may be another: a text that was cut off, as exports do. */
const MOST_OTHERS = 100

/** So many places are told apart. */
const MOST_PLACES = 20_000

type At = (text: string, segments: readonly Segment[]) => unknown

/** The value with what `at` makes of each of its texts. `other`: is told where something else stands. */
function mapped(
  value: unknown,
  segments: readonly Segment[],
  at: At,
  other: (place: readonly Segment[]) => void,
): unknown {
  if (typeof value === 'string') return at(value, segments)
  if (value === null) return value
  other(segments)
  if (typeof value !== 'object') return value
  if (Array.isArray(value))
    return value.map((item) => mapped(item, [...segments, { kind: 'element' }], at, other))
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      mapped(member, [...segments, { kind: 'name', name }], at, other),
    ]),
  )
}

function mappedSample(
  { format, records }: Sample,
  paths: readonly (readonly Segment[])[],
  at: At,
  other: (place: readonly Segment[]) => void = () => {},
): Sample['records'] {
  return records.map((record) =>
    format === 'csv'
      ? (record as readonly string[]).map((cell, column) => at(cell, paths[column]!))
      : (mapped(record, [], at, other) as object),
  )
}

/** `paths` has one for each column of CSV; `but`: places that are left as they are. */
export function openTexts(
  sample: Sample,
  paths: readonly (readonly Segment[])[],
  but: ReadonlySet<string> = new Set(),
): OpenedSample {
  const found = new Map<string, Found>()
  const count = (segments: readonly Segment[], isText: boolean): void => {
    const path = printSegments(segments)
    let one = found.get(path)
    if (one === undefined) {
      if (found.size >= MOST_PLACES || segments.length === 0 || but.has(path)) return
      one = { segments, texts: 0, others: 0 }
      found.set(path, one)
    }
    if (isText) one.texts++
    else one.others++
  }
  const look: At = (text, segments) => {
    if (!isWordForNothing(text)) count(segments, heldJson(text, segments.length) !== undefined)
    return text
  }
  mappedSample(sample, paths, look, (segments) => count(segments, false))
  const carriers = [...found.values()].filter(
    ({ texts, others }) => texts > 0 && others * MOST_OTHERS <= texts,
  )
  if (carriers.length === 0) return { sample, carriers: [] }
  const texts = new Set(carriers.map(({ segments }) => printSegments(segments)))
  const open: At = (text, segments) =>
    texts.has(printSegments(segments)) ? (heldJson(text, segments.length) ?? null) : text
  return {
    sample: { ...sample, records: mappedSample(sample, paths, open) },
    carriers: carriers.map(({ segments, others }) => ({ segments, others })),
  }
}
