/** The ledger of a pipeline: what a run of its routes writes down. */
import { sum } from '../../engine/account.ts'
import type { LedgerAction } from '../../ledger/entry.ts'
import { lastEntryOf } from '../../ledger/last-entry.ts'
import { Ledger } from '../../ledger/ledger.ts'
import { readSigningKey } from '../../signing/private-key.ts'
import type { AccountView } from '../account/account-view.ts'
import type { Prepared, PreparedRoute } from './prepare.ts'
import { anchorFor } from './topic-anchor.ts'

/** Counts of a route, for the entry behind the run. */
export type CountsByRoute = (route: string) => Readonly<Record<string, number>>

/** What is run, and how to reach the brokers. */
export type RecordedRun = Pick<Prepared, 'pipeline' | 'routes' | 'connect'>

/**
 * Runs `act`, which gives the counts of its routes, between two entries for each route; just runs it where the pipeline names no
 * ledger. Where a route's last run had another policy, an entry says so first.
 * @throws LetheError where the ledger cannot be written: then nothing has run
 */
export async function recordRoutes(
  action: Extract<LedgerAction, 'stream' | 'replay'>,
  { pipeline: { ledger: setting, name: pipeline }, routes, connect }: RecordedRun,
  act: () => Promise<CountsByRoute>,
): Promise<void> {
  if (setting === undefined) {
    await act()
    return
  }
  const { file, signingKey } = setting
  const ledger = new Ledger({
    file,
    key: readSigningKey(signingKey),
    anchor: anchorFor(setting, connect),
    actor: action,
  })
  if (action === 'stream') for (const route of routes) await tellChange(ledger, file, pipeline, route)
  // One within the other: no route runs before all are written down.
  const whole = routes.reduceRight<() => Promise<CountsByRoute>>(
    (inner, route) => () =>
      ledger.record({ action, ...aboutRoute(pipeline, route) }, inner, (counts) => ({
        names: { route: route.route.name },
        counts: counts(route.route.name),
      })),
    act,
  )
  await whole()
}

/** What the entry behind a run counts. */
export function countsOf({ records }: Pick<AccountView, 'records'>): Readonly<Record<string, number>> {
  return {
    in: records.in,
    published: records.published,
    suppressed: sum(records.suppressed),
    deadLettered: sum(records.deadLettered),
  }
}

function aboutRoute(pipeline: string, { route, plan }: PreparedRoute) {
  return {
    names: {
      pipeline,
      route: route.name,
      policy: plan.name,
      version: String(plan.version),
      ...(plan.keyIds.length === 0 ? {} : { keys: plan.keyIds.join('-') }),
    },
    fingerprints: { policy: plan.fingerprint },
  }
}

async function tellChange(
  ledger: Ledger,
  file: string,
  pipeline: string,
  route: PreparedRoute,
): Promise<void> {
  const before = lastEntryOf(
    file,
    ({ action, state, names }) =>
      action === 'stream' &&
      state === 'begins' &&
      names['pipeline'] === pipeline &&
      names['route'] === route.route.name,
  )?.fingerprints['policy']
  if (before === undefined || before === route.plan.fingerprint) return
  const { names, fingerprints } = aboutRoute(pipeline, route)
  await ledger.append({
    action: 'policy.change',
    state: 'done',
    names,
    fingerprints: { ...fingerprints, previous: before },
  })
}
