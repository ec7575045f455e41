/** From a sample to a draft: first whose records they are, then what each path is, counted by them. */
import { formatByName } from '../files/input.ts'
import type { Segment } from '../policy/path.ts'
import { columnsOf, nameable } from './header.ts'
import { wordsForNothing } from './nothing.ts'
import { profile } from './profile.ts'
import { type Draft, propose, subjectOf } from './propose.ts'
import type { Sample } from './sample.ts'
import { writeDraft } from './write.ts'

/** Records from which the data subject is determined. */
const FIRST = 1_000

/** `paths` has one for each column of CSV; `year` is the calendar year of today. */
export function draftFrom(sample: Sample, paths: readonly (readonly Segment[])[], year: number): Draft {
  const first = { ...sample, records: sample.records.slice(0, FIRST) }
  const subject = subjectOf(profile(first, paths), year)
  return propose(profile(sample, paths, subject), subject, year)
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
}

/** A draft of a policy, and its text as YAML. */
export function draftOf(
  read: Sample,
  { from, name, schema, year }: DraftSetting,
): { readonly draft: Draft; readonly text: string } {
  const sample = nameable(read)
  const columns = columnsOf(sample.header)
  const draft = draftFrom(sample, columns.paths, year)
  const text = writeDraft(draft, {
    name,
    schema,
    columns: columns.renamed,
    unreadable: sample.unreadable,
    nameless: read.header.length - sample.header.length,
    input: {
      encoding: sample.encoding,
      table: sample.table,
      implied: formatByName(from).tab ? '\t' : ',',
      nulls: wordsForNothing(sample.records),
    },
  })
  return { draft, text }
}
