/** From a sample to a draft: first whose records they are, then what each path is, counted by them. */
import type { Segment } from '../policy/path.ts'
import { profile } from './profile.ts'
import { type Draft, propose, subjectOf } from './propose.ts'
import type { Sample } from './sample.ts'

/** Whose records they are is told by so many of them. */
const FIRST = 1_000

/** `paths` has one for each column of CSV; `year` is the calendar year of today. */
export function draftFrom(sample: Sample, paths: readonly (readonly Segment[])[], year: number): Draft {
  const first = { ...sample, records: sample.records.slice(0, FIRST) }
  const subject = subjectOf(profile(first, paths), year)
  return propose(profile(sample, paths, subject), subject, year)
}
