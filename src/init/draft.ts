/** From a sample to a draft: first whose records they are, then what each path is, counted by them. */
import { formatByName } from '../files/input.ts'
import { printSegments, type Segment } from '../policy/path.ts'
import type { EventMembers } from './event-rows.ts'
import { gatheredDraft } from './gathered-draft.ts'
import { type Columns, columnsOf, nameable } from './header.ts'
import { wordsForNothing } from './nothing.ts'
import { type OpenedSample, openTexts } from './opened-sample.ts'
import { profile } from './profile.ts'
import { type Draft, type DraftHeader, isBelow, propose, subjectOf } from './propose.ts'
import type { Sample } from './sample.ts'
import { writeDraft } from './write.ts'

/** Records from which the data subject is determined. */
const FIRST = 1_000

/** `paths` has one for each column of CSV; `year` is the calendar year of today. */
export function draftFrom(sample: Sample, paths: readonly (readonly Segment[])[], year: number): Draft {
  return draftWithTexts(sample, paths, year).draft
}

function draftOpened(
  { sample, carriers }: OpenedSample,
  paths: readonly (readonly Segment[])[],
  year: number,
): Draft {
  const first = { ...sample, records: sample.records.slice(0, FIRST) }
  const subject = subjectOf(profile(first, paths), year)
  return propose(profile(sample, paths, subject), subject, year, carriers)
}

/** The sample with its texts of JSON opened, and its draft. What is empty in every record, or has no listed name, stays a text. */
function draftWithTexts(
  sample: Sample,
  paths: readonly (readonly Segment[])[],
  year: number,
): { readonly opened: OpenedSample; readonly draft: Draft } {
  const opened = openTexts(sample, paths)
  const draft = draftOpened(opened, paths, year)
  const idle = opened.carriers.flatMap(({ segments }) =>
    draft.fields.some((field) => isBelow(field, segments)) ? [] : [segments],
  )
  if (idle.length === 0) return { opened, draft }
  const again = openTexts(sample, paths, new Set(idle.map(printSegments)))
  return { opened: again, draft: draftOpened(again, paths, year) }
}

export interface DraftSetting {
  /** The sample's file, or `-`. */
  readonly from: string
  /** Of the policy. */
  readonly name: string
  /** Where the JSON Schema is, for editors. */
  readonly schema: string
  /** The calendar year of today. */
  readonly year: number
  /** Whether patterns may stand for many paths; yes unless told. */
  readonly patterns?: boolean | undefined
  /** Where the sample has the rows of change events: what else stands in these. */
  readonly event?: EventMembers | undefined
}

/** As columns of one name are told apart. */
const isNumbered = (text: string): boolean => /\[[0-9]+\]$/.test(text)

/** A draft whose fields say which column each of them is; what stands in the JSON of a cell is none. */
function withHeaders(draft: Draft, header: readonly string[], { paths, renamed }: Columns): Draft {
  if (header.length === 0) return draft
  const isOf = (text: string): DraftHeader['is'] =>
    renamed.has(text) ? (isNumbered(text) ? 'number' : 'name') : 'path'
  const columnOf = new Map(paths.map((path, column) => [printSegments(path), header[column]!]))
  return {
    ...draft,
    fields: draft.fields.map((field) => {
      const text = columnOf.get(field.path)
      return text === undefined ? field : { ...field, header: { text, is: isOf(text) } }
    }),
  }
}

/** Cells with backslashes as COPY of PostgreSQL and INTO OUTFILE of MySQL write them before letters and themselves. */
const dumpedCells = (rows: readonly (readonly string[])[]): number =>
  rows.reduce((sum, row) => sum + row.filter((cell) => /\\[\\bfnrtv]/.test(cell)).length, 0)

/** A draft of a policy, for how many paths of the sample, and its text as YAML. */
export function draftOf(
  read: Sample,
  { from, name, schema, year, patterns = true, event }: DraftSetting,
): { readonly draft: Draft; readonly paths: number; readonly text: string } {
  const sample = nameable(read)
  const columns = columnsOf(sample.header)
  const { opened, draft: found } = draftWithTexts(sample, columns.paths, year)
  const plain = withHeaders(found, sample.header, columns)
  const { matched, ...draft } = patterns ? gatheredDraft(plain) : { ...plain, matched: new Set<string>() }
  const text = writeDraft(draft, {
    name,
    schema,
    columns: new Map([...columns.renamed].filter(([header]) => !matched.has(header))),
    unreadable: sample.unreadable,
    nameless: read.header.length - sample.header.length,
    event,
    input: {
      encoding: sample.encoding,
      table: sample.table,
      implied: formatByName(from).tab ? '\t' : ',',
      nulls: wordsForNothing(opened.sample.records),
      dumped: sample.format === 'csv' ? dumpedCells(sample.records as readonly (readonly string[])[]) : 0,
    },
  })
  return { draft, paths: plain.fields.length, text }
}
