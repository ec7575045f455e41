/** Where records of a subject are stored: by their tokens, under every key. Gives places and counts, no value. */
import type { Finder } from '../lifecycle/held-subjects.ts'
import type { TargetName } from '../lifecycle/legal-hold.ts'
import { lookAtEach } from '../lifecycle/order-steps.ts'
import { type ErasureRequest, remoteBytesOf, type Search, type Target } from '../lifecycle/target.ts'
import { parsePath } from '../policy/path.ts'
import type { FinderForm, SubjectSearch } from './finders.ts'

export interface Located {
  readonly target: TargetName
  /** Rows of the target; of one that was not read, 0. */
  readonly read: number
  /** The numbers of rows, from 1, as spans `[first, last]`. */
  readonly rows: readonly (readonly [number, number])[]
  readonly found: number
  /** Why rows of the subject may stand there that were not found; empty where none can. */
  readonly unsearched: readonly string[]
}

const OLDER = 'older versions of it, or copies, may be there, and are not looked through'

/** Reads every target. Changes nothing. `identifiers`: of one subject or more, as they stand in events. */
export async function locate(
  targets: readonly Target[],
  identifiers: readonly string[],
  searches: readonly SubjectSearch[],
  keyChecks: Readonly<Record<string, string>>,
  now: number,
): Promise<readonly Located[]> {
  const byPolicy = searchesFor(searches, identifiers)
  const locateIn = async (target: Target): Promise<Located> => {
    const rows: [number, number][] = []
    const onFound = (row: number): void => {
      const last = rows.at(-1)
      // A file may be read twice.
      if (last !== undefined && row <= last[1]) return
      if (last?.[1] === row - 1) last[1] = row
      else rows.push([row, row])
    }
    const request: ErasureRequest = {
      ...{ searches: byPolicy, keyChecks, holds: [], heldAt: now, onFound },
      objectVersions: 'tell',
    }
    const survey = await target.survey(request)
    const { name } = target
    return 'code' in survey
      ? { target: name, read: 0, rows: [], found: 0, unsearched: [survey.message] }
      : {
          target: name,
          read: survey.rows,
          rows,
          found: survey.deleted,
          unsearched: [...(survey.unsearched ?? []), ...(survey.olderVersions === undefined ? [] : [OLDER])],
        }
  }
  return await lookAtEach(targets, locateIn, remoteBytesOf)
}

/** What is looked for, by the fingerprint of the policy that made it. */
export const searchesFor = (
  searches: readonly SubjectSearch[],
  identifiers: readonly string[],
): ReadonlyMap<string, Search> =>
  new Map(searches.map((search) => [search.form.policy.fingerprint, searchFor(search, identifiers)]))

function searchFor(
  { plan, form, outputsOf, identifierOf }: SubjectSearch,
  identifiers: readonly string[],
): Search {
  const looked = new Set(
    identifiers.flatMap((identifier) => {
      const { tokens, unkeyed } = outputsOf(identifier)
      return [...tokens, ...unkeyed, identifier, identifierOf(identifier)]
    }),
  )
  const finder = ({ field, split }: FinderForm): Finder => ({
    path: parsePath(field),
    find:
      split === null
        ? (text) => looked.has(text)
        : (text) => text.split(split).some((part) => looked.has(part) || looked.has(part.trim())),
  })
  return {
    plan,
    finders: form.finders.map(finder),
    beside: (form.beside ?? []).map(finder),
    unsearched: form.unsearched,
  }
}
