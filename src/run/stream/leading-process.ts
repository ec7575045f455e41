/** What the process that people start does, whatever it runs: it says its start, checks the topics, hears signals, and adds up. */

import { folderOf } from '../../datasets/folder-of-route.ts'
import { LetheError } from '../../errors.ts'
import type { Limits } from '../../groups/subject-groups.ts'
import { reasonOf } from '../../kafka/cause.ts'
import { preflight, type WriteLimits } from '../../kafka/preflight.ts'
import type { RouteTotals } from '../account/stream-summary.ts'
import { gateDataOf } from '../configuration.ts'
import { onStop, type StopSignal } from '../interrupt.ts'
import { packageVersion } from '../package-root.ts'
import { hearsAtStart } from './at-start.ts'
import { DRAIN_MS, runInstance } from './instance.ts'
import type { Prepared, PreparedRoute } from './prepare.ts'
import type { ProcessSetting } from './process-setting.ts'
import { tellConfiguration } from './provenance.ts'
import type { Totals } from './totals.ts'

/** The log's first events: what runs, and under which policies and keys. */
export function tellStart(
  { prepared, driver, log }: ProcessSetting,
  delivery: 'exactly-once' | 'at-least-once',
  workers: number,
): void {
  log.event({
    kind: 'started',
    version: packageVersion(),
    pipeline: prepared.pipeline.name,
    driver: driver.name,
    delivery,
    workers,
  })
  tellConfiguration(prepared, log)
}

/** What the brokers take, by route. @throws LetheError where a topic or a data set is not as its route needs it */
export async function checkTopics(setting: ProcessSetting): Promise<ReadonlyMap<string, WriteLimits>> {
  const { prepared, log } = setting
  for (const { route } of prepared.routes) await folderOf(prepared.pipeline, route)?.open()
  const { limits, unchecked } = await preflight(
    prepared.connect(),
    prepared.pipeline.routes,
    hearsAtStart(setting),
  )
  for (const one of unchecked) log.event({ kind: 'unchecked', ...one })
  return limits
}

/** Runs the routes in this process. `progress`: the interval of its reports in seconds. */
export async function runHere(
  setting: ProcessSetting,
  limits: ReadonlyMap<string, WriteLimits>,
  totals: Totals,
  { untilEnd, progress, stop }: { untilEnd: boolean; progress: number; stop: AbortSignal },
): Promise<void> {
  await runInstance({
    ...setting,
    limits,
    worker: 0,
    untilEnd,
    progress: progress * 1000,
    stop,
    opened: () => {},
    groupLimits: (route): Limits | undefined => totals.groupLimits(route),
    settled: (route, counts) => totals.add(route, counts),
    unsettled: (route, held) => totals.addUnsettled(route, held),
  })
}

/** How a run ended. */
export interface Ended {
  /** What it failed with. */
  readonly failure: unknown
  /** What asked it to stop. */
  readonly signal: StopSignal | undefined
}

/**
 * Does `work` until it ends, fails, or a signal asks it to stop. A failure is in the log, and in what it gives: the account
 * comes before the error. `seen`: the error to report for one that was thrown.
 */
export async function untilEnded(
  { log }: ProcessSetting,
  work: (stop: AbortSignal) => Promise<void>,
  seen: (error: unknown) => unknown = (error) => error,
): Promise<Ended> {
  const stop = new AbortController()
  let signal: StopSignal | undefined
  const giveBack = onStop((given) => {
    signal = given
    log.event({ kind: 'stopping', signal: given, milliseconds: DRAIN_MS })
    stop.abort()
  })
  let failure: unknown
  try {
    await work(stop.signal)
  } catch (error) {
    failure = seen(error)
    const code = reasonOf(failure) ?? (failure instanceof LetheError ? failure.code : 'defect')
    log.event({ kind: 'failed', route: '', code })
  } finally {
    giveBack()
  }
  return { failure, signal }
}

/** What a summary says of a route. */
export const totalsOf = (
  prepared: Prepared,
  { route, plan, approvals }: PreparedRoute,
  totals: Totals,
): RouteTotals => ({
  route: route.name,
  plan,
  approvals,
  countedGroups: route.balance,
  keyset: prepared.configuration.keyset,
  data: gateDataOf(prepared.configuration),
  ...totals.of(route.name),
  figures: totals.figures(route.name),
})
