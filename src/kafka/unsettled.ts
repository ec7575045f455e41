/**
 * The dead letters of a batch that is not settled, because there are too many of them. No dead letter is written for
 * them, so that this is the only report of them: codes, counts and coordinates, never a value.
 */
import { type DeadLetterCode, describeCode, LetheError } from '../errors.ts'
import { type Position, partitionKey } from './record.ts'
import type { RoutedBatch } from './routed-batch.ts'

/** The most places that are named for each code. */
const MOST_FIRST = 3

export interface CodePlaces {
  count: number
  /** The first ones by topic, partition and offset. */
  first: Position[]
}

export interface Unsettled {
  /** Of the batch, whatever became of them. */
  records: number
  deadLettered: Partial<Record<DeadLetterCode, CodePlaces>>
}

/** The records `[from, to)` of one partition that a batch held. */
export interface UnsettledPart extends Unsettled {
  readonly topic: string
  readonly partition: number
  readonly from: number
  readonly to: number
}

/** What a route stops for. `name` is that of the route, `dead` of `seen` those of the window that is judged. */
export class TooManyDeadLetters extends LetheError {
  constructor(
    name: string,
    { dead, seen }: { readonly dead: number; readonly seen: number },
    held: readonly UnsettledPart[],
  ) {
    super(
      'too-many-dead-letters',
      [
        `route ${name}: too many dead letters (${dead} of the last ${seen} records); the batch that crosses the limit is not settled. In it:`,
        ...unsettledLines(wholeOf(held)),
      ].join('\n  '),
      'look at these records, mend the policy or the producer, and start again; dead letters of batches before it stand in the dead-letter topic',
    )
  }
}

/** A line for each code, the most frequent first. */
export const unsettledLines = ({ deadLettered }: Unsettled): string[] =>
  byCount(deadLettered).map(
    ([code, { count, first }]) =>
      `${code}: ${count} ${count === 1 ? 'record' : 'records'} (${describeCode(code)}), first at ${placesOf(first)}`,
  )

export const byCount = (deadLettered: Unsettled['deadLettered']): [DeadLetterCode, CodePlaces][] =>
  (Object.entries(deadLettered) as [DeadLetterCode, CodePlaces][]).sort(
    ([a, { count: m }], [b, { count: n }]) => n - m || (a < b ? -1 : 1),
  )

/** `topic/partition/offset`, as `lethe source` and clear coordinates write it. */
export const placesOf = (first: readonly Position[]): string =>
  first.map(({ topic, partition, offset }) => `${topic}/${partition}/${offset}`).join(' ')

/** What a batch holds, by partition: another process may read a partition of it again. */
export function unsettledOf({
  records,
  outcomes,
}: Pick<RoutedBatch, 'records' | 'outcomes'>): UnsettledPart[] {
  const parts = new Map<string, UnsettledPart>()
  for (let index = 0; index < outcomes.length; index++) {
    const position = records.position(index)
    const { topic, partition, offset } = position
    const place = partitionKey({ topic, partition })
    const known = parts.get(place)
    const part: UnsettledPart = {
      topic,
      partition,
      from: known?.from ?? offset,
      to: offset + 1,
      records: (known?.records ?? 0) + 1,
      deadLettered: known?.deadLettered ?? {},
    }
    if (outcomes.kind(index) === 'dead-letter')
      add(part, outcomes.code(index)!, { count: 1, first: [position] })
    parts.set(place, part)
  }
  return [...parts.values()]
}

/**
 * What several processes did not settle. One that stops gives its partitions to the others, which read the same records
 * again and stop for them too: of each partition the last batch counts, and of batches that end alike the shortest, as
 * what stands before it was settled meanwhile.
 */
export function mergeUnsettled(
  known: readonly UnsettledPart[],
  more: readonly UnsettledPart[],
): readonly UnsettledPart[] {
  const parts = new Map<string, UnsettledPart>()
  for (const part of [...known, ...more]) {
    const place = partitionKey(part)
    const other = parts.get(place)
    if (other === undefined || part.to > other.to || (part.to === other.to && part.from > other.from))
      parts.set(place, part)
  }
  return [...parts.values()]
}

/** All parts together. */
export function wholeOf(parts: readonly UnsettledPart[]): Unsettled {
  const whole: Unsettled = { records: 0, deadLettered: {} }
  for (const part of parts) addUnsettled(whole, part)
  return whole
}

/** Adds what was not settled either. */
function addUnsettled(whole: Unsettled, part: Unsettled): void {
  whole.records += part.records
  for (const [code, places] of byCount(part.deadLettered)) add(whole, code, places)
}

function add(
  { deadLettered }: Pick<Unsettled, 'deadLettered'>,
  code: DeadLetterCode,
  { count, first }: CodePlaces,
): void {
  deadLettered[code] ??= { count: 0, first: [] }
  const known = deadLettered[code]
  known.count += count
  const last = known.first.at(-1)
  if (known.first.length === MOST_FIRST && first.every((place) => !isBefore(place, last!))) return
  known.first = [...known.first, ...first].sort((a, b) => (isBefore(a, b) ? -1 : 1)).slice(0, MOST_FIRST)
}

function isBefore(a: Position, b: Position): boolean {
  if (a.topic !== b.topic) return a.topic < b.topic
  return a.partition === b.partition ? a.offset < b.offset : a.partition < b.partition
}
