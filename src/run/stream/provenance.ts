/** What a process says of its configuration at the start, and what the output topics say of the one before. */
import { LetheError } from '../../errors.ts'
import type { Admin } from '../../kafka/admin.ts'
import { lastPolicies } from '../../kafka/last-policies.ts'
import { openAdmin } from '../../kafka/open-admin.ts'
import { checkValueOf } from '../../keys/keyring.ts'
import type { Plan } from '../../policy/plan.ts'
import { isVersionNotRaised, type SeenPolicy } from '../../policy/seen.ts'
import type { Log } from '../../telemetry/log.ts'
import type { Prepared, PreparedRoute } from './prepare.ts'

/** Looking at the ends of the output topics holds the start up no longer. */
const LOOK_MS = 5_000

/** Logs the fingerprints of the policies, and the check values of the keys. */
export function tellConfiguration({ routes, configuration: { keyset } }: Prepared, log: Log): void {
  for (const { route, plan } of routes)
    log.event({
      kind: 'policy-loaded',
      route: route.name,
      policy: plan.name,
      policyVersion: plan.version,
      fingerprint: plan.fingerprint,
    })
  for (const key of keyset?.keys ?? [])
    log.event({
      kind: 'key-loaded',
      key: key.id,
      status: key.status,
      check: checkValueOf(key),
      primary: key.id === keyset?.primary ? 'yes' : 'no',
    })
}

/** Logs where the last outputs of a topic were made under another policy. Never keeps a run from its start. */
export async function tellMixed(prepared: Prepared, log: Log): Promise<void> {
  const unknown = ({ route }: PreparedRoute, code: string): void =>
    log.event({ kind: 'last-policy-unknown', route: route.name, topic: route.to.topic ?? '', code })
  const until = performance.now() + LOOK_MS
  let admin: Admin | undefined
  try {
    admin = await openAdmin(prepared.connect())
    for (const one of prepared.routes) {
      const { topic } = one.route.to
      // Each file of a data set says by which policy it was made.
      if (topic === undefined) continue
      const [found] = await admin.topics([topic])
      if (found === undefined || found.presence === 'missing') continue
      if (found.presence === 'forbidden' || found.rights?.has('read') === false) {
        unknown(one, 'missing-right')
        continue
      }
      const partitions = found.partitions.map(({ partition }) => ({ topic, partition }))
      const last = await lastPolicies(admin, partitions, until - performance.now())
      tellOthers(one, topic, plansInto(topic, prepared), last, log)
    }
  } catch (error) {
    if (!(error instanceof LetheError)) throw error
    for (const one of prepared.routes) if (one.route.to.topic !== undefined) unknown(one, error.code)
  } finally {
    await admin?.close()
  }
}

/** Several routes may write to one topic. */
const plansInto = (topic: string, { routes }: Prepared): readonly Plan[] =>
  routes.filter(({ route }) => route.to.topic === topic).map(({ plan }) => plan)

function tellOthers(
  { route }: PreparedRoute,
  topic: string,
  plans: readonly Plan[],
  last: readonly SeenPolicy[],
  log: Log,
): void {
  const others = new Map<string, SeenPolicy[]>()
  for (const policy of last)
    if (!plans.some(({ fingerprint }) => fingerprint === policy.fingerprint))
      others.set(policy.fingerprint, [...(others.get(policy.fingerprint) ?? []), policy])
  for (const [fingerprint, found] of others) {
    const { name, version } = found[0]!
    const other = {
      route: route.name,
      topic,
      policy: name,
      policyVersion: version,
      fingerprint,
    }
    log.event({ kind: 'mixed-fingerprints', partitions: found.length, ...other })
    if (plans.some((plan) => isVersionNotRaised(plan, found[0]!)))
      log.event({ kind: 'version-not-raised', ...other })
  }
}
