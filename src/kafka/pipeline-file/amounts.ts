/** Sizes, times and limits of a pipeline file, read and held within bounds. */
import { readMoment } from '../../../transforms/calendar.ts'
import { parseDeadLetterLimit } from '../../engine/limit.ts'
import type { PipelineDraft, RoutePart } from './draft-pipeline.ts'
import type { Pipeline, Start } from './pipeline.ts'

const UNITS = { B: 1, KiB: 1 << 10, MiB: 1 << 20, ms: 1, s: 1000 } as const

/** Bytes or milliseconds of `8MiB`, `100ms` or a plain number; undefined where it is written otherwise. */
export function amountOf(written: number | string): number | undefined {
  if (typeof written === 'number') return written
  const [, count, unit] = /^(\d{1,10})(B|KiB|MiB|ms|s)$/.exec(written) ?? []
  return unit === undefined ? undefined : Number(count) * UNITS[unit as keyof typeof UNITS]
}

/** A worker has 350 MiB for everything: these leave room for several batches and for the client's own queues. */
const BOUNDS = {
  'batch.bytes': { least: 1 << 10, most: 64 << 20, words: '1KiB to 64MiB' },
  'batch.time': { least: 1, most: 60_000, words: '1ms to 60s' },
  maxRecordBytes: { least: 1, most: 64 << 20, words: '1B to 64MiB' },
} as const

/** When files of data sets are closed. */
const ROLLS = {
  bytes: { least: 1 << 10, most: 2 ** 32, words: '1KiB to 4096MiB' },
  time: { least: 1_000, most: 86_400_000, words: '1s to 86400s' },
} as const

/** Bytes and milliseconds; reports what is out of bounds. */
export function readRoll(
  { findings, at }: PipelineDraft,
  { shape, index }: RoutePart,
): { readonly bytes: number; readonly time: number } {
  const read = (word: keyof typeof ROLLS): number => {
    const { least, most, words } = ROLLS[word]
    const amount = amountOf(shape.to.roll[word]) ?? 0
    if (amount < least || amount > most)
      findings.add(at('routes', index, 'to', 'roll', word), 'bad-amount', `\`roll.${word}\` is ${words}`)
    return amount
  }
  return { bytes: read('bytes'), time: read('time') }
}

function bounded(
  draft: PipelineDraft,
  name: keyof typeof BOUNDS,
  written: number | string | undefined,
): number {
  const { least, most, words } = BOUNDS[name]
  const amount = written === undefined ? undefined : amountOf(written)
  if (amount !== undefined && (amount < least || amount > most))
    draft.findings.add(draft.at(...name.split('.')), 'bad-amount', `\`${name}\` is ${words}`)
  return amount ?? 0
}

export type Amounts = Pick<Pipeline, 'batch' | 'maxRecordBytes' | 'deadLetters'>

/** The sizes, times and limits of the file; to be used only where the shape has no errors. */
export function readAmounts(draft: PipelineDraft): Amounts {
  const { batch, maxRecordBytes, maxDeadLetters } = draft.parts
  checkMaxLags(draft)
  return {
    batch: {
      records: batch?.records ?? 0,
      bytes: bounded(draft, 'batch.bytes', batch?.bytes),
      time: bounded(draft, 'batch.time', batch?.time),
    },
    maxRecordBytes: bounded(draft, 'maxRecordBytes', maxRecordBytes),
    deadLetters: readDeadLetters(draft, maxDeadLetters),
  }
}

const LEAST_LAG_MS = 1_000
const MOST_LAG_MS = 3_600_000

/** How far behind consent tables may be. */
function checkMaxLags({ parts, findings, at }: PipelineDraft): void {
  for (const [table, place] of Object.entries(parts.tables ?? {})) {
    const amount = 'topic' in place ? (amountOf(place.maxLag) ?? 0) : LEAST_LAG_MS
    if (amount < LEAST_LAG_MS || amount > MOST_LAG_MS)
      findings.add(at('tables', table, 'maxLag'), 'bad-amount', '`maxLag` is 1s to 3600s')
  }
}

const DEFAULT_WINDOW = 1000

function readDeadLetters(
  draft: PipelineDraft,
  written: PipelineDraft['parts']['maxDeadLetters'],
): Pipeline['deadLetters'] {
  const { most, window } =
    typeof written === 'object' ? written : { most: written ?? 0, window: DEFAULT_WINDOW }
  const limit = parseDeadLetterLimit(String(most)) ?? { kind: 'count', most: 0 }
  if (limit.kind === 'count' && limit.most >= window)
    draft.findings.add(
      draft.at('maxDeadLetters'),
      'bad-limit',
      `${window} records never hold more than ${limit.most} dead letters`,
      'a share such as 1%, a smaller count, or { most: …, window: … }',
    )
  return { limit, window }
}

/** Where a route begins; reports a time that is none, 30 February say. */
export function readStart(draft: PipelineDraft, { shape, index }: RoutePart): Start {
  const { start } = shape.from
  if (start === 'earliest' || start === 'latest') return start
  const time = readMoment(start, false)
  if (time === undefined || time < 0)
    draft.findings.add(
      draft.at('routes', index, 'from', 'start'),
      'bad-start',
      'the calendar has no such time, or it lies before 1970',
    )
  return { time: time ?? 0 }
}
