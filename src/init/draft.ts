/** From a sample to a draft: first whose records they are, then what each path is, counted by them. */
import { formatByName } from '../files/input.ts'
import type { Segment } from '../policy/path.ts'
import { gatheredDraft } from './gathered-draft.ts'
import { type Columns, columnsOf, nameable } from './header.ts'
import { wordsForNothing } from './nothing.ts'
import { profile } from './profile.ts'
import { type Draft, type DraftHeader, propose, subjectOf } from './propose.ts'
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
  /** Whether patterns may stand for many paths; yes unless told. */
  readonly patterns?: boolean | undefined
}

/** As columns of one name are told apart. */
const isNumbered = (text: string): boolean => /\[[0-9]+\]$/.test(text)

/** A draft whose fields say which column each of them is. */
function withHeaders(draft: Draft, header: readonly string[], { renamed }: Columns): Draft {
  if (header.length === 0) return draft
  const isOf = (text: string): DraftHeader['is'] =>
    renamed.has(text) ? (isNumbered(text) ? 'number' : 'name') : 'path'
  return {
    ...draft,
    fields: draft.fields.map((field, i) => ({
      ...field,
      header: { text: header[i]!, is: isOf(header[i]!) },
    })),
  }
}

/** A draft of a policy, for how many paths of the sample, and its text as YAML. */
export function draftOf(
  read: Sample,
  { from, name, schema, year, patterns = true }: DraftSetting,
): { readonly draft: Draft; readonly paths: number; readonly text: string } {
  const sample = nameable(read)
  const columns = columnsOf(sample.header)
  const plain = withHeaders(draftFrom(sample, columns.paths, year), sample.header, columns)
  const { matched, ...draft } = patterns ? gatheredDraft(plain) : { ...plain, matched: new Set<string>() }
  const text = writeDraft(draft, {
    name,
    schema,
    columns: new Map([...columns.renamed].filter(([header]) => !matched.has(header))),
    unreadable: sample.unreadable,
    nameless: read.header.length - sample.header.length,
    input: {
      encoding: sample.encoding,
      table: sample.table,
      implied: formatByName(from).tab ? '\t' : ',',
      nulls: wordsForNothing(sample.records),
    },
  })
  return { draft, paths: plain.fields.length, text }
}
