/** Lists and consent tables of a pipeline that are files here: whether a run could read them. No key is read for it. */
import { LetheError, type Problem } from '../errors.ts'
import type { Pipeline } from '../kafka/pipeline-file/pipeline.ts'
import { loadConsent } from '../lists/load-consent.ts'
import { loadList } from '../lists/load-list.ts'
import type { Compiled } from '../policy/compile.ts'

/** At the first route that goes by each. A file that is not on this machine is a warning: it may be on that of the run. */
export function gateProblems(
  { file, routes, lists, tables }: Pipeline,
  policies: ReadonlyMap<string, Compiled>,
): readonly Problem[] {
  const seen = new Set<string>()
  const problems: Problem[] = []
  for (const { policy, at } of routes) {
    const { suppression, consentTables } = policies.get(policy)!.plan!
    const tried = (name: string, read: () => unknown): void => {
      if (seen.has(name)) return
      seen.add(name)
      try {
        read()
      } catch (error) {
        if (!(error instanceof LetheError)) throw error
        const { code, message, suggestion } = error
        const severity = code === 'file-missing' ? 'warning' : 'error'
        problems.push({ file, ...at, code, severity, message, suggestion })
      }
    }
    for (const form of suppression) {
      const place = lists.get(form.list)
      if (place !== undefined) tried(`list ${form.list}`, () => loadList(form, place))
    }
    for (const form of consentTables) {
      const place = tables.get(form.table)
      if (typeof place === 'string') tried(`table ${form.table}`, () => loadConsent(form, place, Date.now()))
    }
  }
  return problems
}
