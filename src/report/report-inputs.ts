/** Reads what a report is made of: summaries, measures, earlier reports, curves. What does not fit is refused, and nothing of it quoted. */
import { createHash } from 'node:crypto'
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'
import type { z } from 'zod'
import { fileError, LetheError } from '../errors.ts'
import { type Measurement, measurementForm } from '../forms/measurement.ts'
import { type EarlierReport, earlierForm, type LossCurve, lossCurveForm } from '../forms/report-form.ts'
import { replaySummaryForm, streamSummaryForm, summaryForm } from '../forms/summaries.ts'
import type { Summary } from '../run/account/account-view.ts'
import type { ReplaySummary } from '../run/account/replay-summary.ts'
import type { StreamSummary } from '../run/account/stream-summary.ts'

/** Options of rules are in summaries, and a list of categories may be long. */
const MOST_BYTES = 64 << 20

export type AnySummary = Summary | StreamSummary | ReplaySummary

export interface GivenSummary {
  /** As it was named. */
  readonly file: string
  readonly sha256: string
  readonly summary: AnySummary
}

interface ReadText {
  readonly json: unknown
  readonly sha256: string
}

/** @throws LetheError where it is no regular file, too large, or no JSON */
function readJsonFile(file: string, is: string): ReadText {
  let bytes: Buffer
  let descriptor: number | undefined
  try {
    // A named pipe without a writer is not waited for.
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK)
    const stats = fstatSync(descriptor)
    if (!stats.isFile()) throw new LetheError('not-a-file', `${file} is not a regular file`, 'name a file')
    if (stats.size > MOST_BYTES)
      throw new LetheError('file-too-large', `${file} is too large for ${is}`, 'is it the right file?')
    bytes = readFileSync(descriptor)
  } catch (error) {
    throw error instanceof LetheError ? error : fileError(file, error)
  } finally {
    if (descriptor !== undefined) closeSync(descriptor)
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return { json: JSON.parse(text), sha256: createHash('sha256').update(bytes).digest('hex') }
  } catch {
    throw malformed(file, is)
  }
}

const malformed = (file: string, is: string): LetheError =>
  new LetheError('file-malformed', `${file} is not ${is} that this version reads`, 'is it the right file?')

function read<T>(file: string, form: z.ZodType<T>, is: string): T {
  const parsed = form.safeParse(readJsonFile(file, is).json)
  if (!parsed.success) throw malformed(file, is)
  return parsed.data
}

const SUMMARY = 'a summary of `lethe batch`, `stream`, `replay` or `account merge`'
const FORMS: readonly z.ZodType<AnySummary>[] = [summaryForm, streamSummaryForm, replaySummaryForm]

/** The summaries, in the order of the command line. @throws LetheError where one is none, or stands there twice */
export function readSummaries(files: readonly string[]): readonly GivenSummary[] {
  const seen = new Map<string, string>()
  return files.map((file) => {
    const { json, sha256 } = readJsonFile(file, SUMMARY)
    const parsed = FORMS.map((form) => form.safeParse(json)).find(({ success }) => success)
    if (parsed?.success !== true) throw malformed(file, SUMMARY)
    const other = seen.get(sha256)
    if (other !== undefined)
      throw new LetheError(
        'bad-option',
        `${file} holds the same summary as ${other}: its records would count twice`,
        'name each summary once',
      )
    seen.set(sha256, file)
    return { file, sha256, summary: parsed.data }
  })
}

export const readMeasure = (file: string): Measurement =>
  read(file, measurementForm, 'a measure of `lethe measure --format json` or `lethe batch --measure`')

export const readEarlier = (file: string): EarlierReport =>
  read(file, earlierForm, 'a report.json of `lethe report`')

export const readCurve = (file: string): LossCurve =>
  read(
    file,
    lossCurveForm,
    'what `lethe crowd solve` printed as JSON, or a file with `curve`, a list of k and loss',
  )
