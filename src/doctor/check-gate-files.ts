/** The suppression lists, consent tables and match keys of a pipeline, as far as they are files on this machine. */
import { type GatedPlan, loadGateData } from '../gates/gate-data.ts'
import type { Pipeline } from '../kafka/pipeline-file/pipeline.ts'
import { resolveKeyset } from '../kafka/pipeline-file/pipeline-secrets.ts'
import { loadMatchKeys, MatchKeys } from '../keys/match-keys.ts'
import { plural, type Report } from './finding.ts'

/** Reads each as the pipeline would. Gives the match keys, where they can be read. */
export function checkGateFiles(
  report: Report,
  pipeline: Pipeline,
  plans: readonly GatedPlan[],
): MatchKeys | undefined {
  const keys = checkMatchKeys(report, pipeline)
  // What is wrong with the keys is said once.
  if (pipeline.matchKeys !== undefined && keys === undefined) return undefined
  for (const [name, place] of pipeline.lists)
    tried(report, () => {
      const only = {
        suppression: named(plans, 'suppression', ({ list }) => list === name),
        consentTables: [],
      }
      const { count, keys: used } = loadGateData([only], { lists: new Map([[name, place]]) }, keys).lists.get(
        name,
      )!
      const under = used.length === 0 ? '' : `, under the match keys ${used.map(({ id }) => id).join(' ')}`
      report.ok('gates', `the list ${name}: ${plural(count, 'entry', 'entries')}${under}`)
    })
  for (const [name, place] of pipeline.tables) {
    if (typeof place !== 'string') continue
    tried(report, () => {
      const only = {
        suppression: [],
        consentTables: named(plans, 'consentTables', ({ table }) => table === name),
      }
      const { count, purpose } = loadGateData([only], { tables: new Map([[name, place]]) }, keys).tables.get(
        name,
      )!
      tellSubjects(report, name, purpose, count, only.consentTables)
    })
  }
  return keys
}

/** How many subjects a table knows: none at all is hardly meant. */
export function tellSubjects(
  report: Report,
  table: string,
  purpose: string,
  count: number,
  forms: GatedPlan['consentTables'],
  more = '',
): void {
  const what = `the consent table ${table}: ${plural(count, 'subject')} with a history for ${purpose}${more}`
  if (count > 0) report.ok('gates', what)
  else
    report.warn('gates', [
      `${what}: ${forms.some(({ silence }) => silence === 'deny') ? 'every record is suppressed' : 'no record is suppressed'}`,
      'look whether it is the table that is meant, and whether its statements are for this purpose',
    ])
}

function checkMatchKeys(report: Report, { matchKeys }: Pipeline): MatchKeys | undefined {
  if (matchKeys === undefined) return undefined
  let found: MatchKeys | undefined
  tried(report, () => {
    found =
      'file' in matchKeys
        ? loadMatchKeys(matchKeys.file)
        : new MatchKeys(resolveKeyset(matchKeys, 'matchKeys'))
    const disabled = found.keyset.keys.filter(({ status }) => status === 'disabled').map(({ id }) => id)
    report.ok(
      'gates',
      `match keys: ${found.usable.map(({ id }) => id).join(' ')}${disabled.length === 0 ? '' : `, disabled ${disabled.join(' ')}`}; new entries come under ${found.primary.id}`,
    )
  })
  return found
}

const named = <Word extends keyof GatedPlan>(
  plans: readonly GatedPlan[],
  word: Word,
  isIt: (one: GatedPlan[Word][number]) => boolean,
): GatedPlan[Word] =>
  plans
    .flatMap((plan) => plan[word] as readonly GatedPlan[Word][number][])
    .filter(isIt) as unknown as GatedPlan[Word]

function tried(report: Report, check: () => void): void {
  try {
    check()
  } catch (error) {
    report.failed('gates', error)
  }
}
