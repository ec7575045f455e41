/** Everything that `lethe doctor` looks at, in order: what is on this machine first, then the cluster. */
import { requireApproved } from '../approval/required-approval.ts'
import { LetheError } from '../errors.ts'
import type { Admin } from '../kafka/admin.ts'
import type { Connection } from '../kafka/driver.ts'
import { outputTopicsOf, type Pipeline, writtenTopics } from '../kafka/pipeline-file/pipeline.ts'
import { inputsOf, topicsOf } from '../kafka/preflight.ts'
import { tableTopicsOf } from '../kafka/table-topics.ts'
import type { Keyring } from '../keys/keyring.ts'
import type { MatchKeys } from '../keys/match-keys.ts'
import { compilePolicyFile } from '../policy/compile-file.ts'
import type { Plan } from '../policy/plan.ts'
import type { Policy } from '../policy/policy.ts'
import { formatProblems } from '../policy/problems.ts'
import type { LocalDriver } from './check-client.ts'
import { checkBrokers, checkClock } from './check-cluster.ts'
import { checkGroup } from './check-group.ts'
import { checkInputs } from './check-inputs.ts'
import { checkAnchorTopic } from './check-ledger.ts'
import { checkRetention } from './check-retention.ts'
import { checkRights } from './check-rights.ts'
import { checkTableTopics } from './check-table-topics.ts'
import { checkTopics, type TopicsFound } from './check-topics.ts'
import type { Report } from './finding.ts'

/** Whether each policy has the approvals that the pipeline requires. */
export async function checkApprovals(report: Report, { approval, routes }: Pipeline): Promise<void> {
  if (approval === undefined) return
  for (const { name, policy } of routes) {
    const { plan } = await compilePolicyFile(policy)
    if (plan === undefined) continue
    try {
      const counted = requireApproved(policy, plan, approval)
      const who = counted.map(({ role, key }) => `${role} (${key})`).join(', ')
      report.ok('approval', `${counted.length} of ${approval.need}: ${who}`, name)
    } catch (error) {
      report.failed('approval', error, name)
    }
  }
}

export interface RoutePolicy {
  readonly policy: Policy
  readonly plan: Plan
}

/** The policy and the plan of each route, by the route's name. @throws LetheError (usage) where one has errors */
export async function policiesOf(
  pipeline: Pipeline,
  keys: Keyring | undefined,
): Promise<ReadonlyMap<string, RoutePolicy>> {
  const policies = new Map<string, RoutePolicy>()
  for (const route of pipeline.routes) {
    const { plan, policy, problems } = await compilePolicyFile(route.policy, { keys })
    if (plan === undefined || policy === undefined) {
      process.stderr.write(formatProblems(problems, 'text'))
      throw new LetheError('policy-invalid', `the policy ${route.policy} has errors`, 'correct them')
    }
    policies.set(route.name, { policy, plan })
  }
  return policies
}

export async function findTopics(admin: Admin, pipeline: Pipeline): Promise<TopicsFound> {
  const { routes } = pipeline
  const tables = tableTopicsOf(pipeline)
  const [ofRoutes, { brokers }, ofTables] = await Promise.all([
    topicsOf(admin, routes),
    admin.cluster(),
    tables.length === 0 ? [] : admin.topics(tables),
  ])
  const topics = new Map([...ofRoutes, ...ofTables.map((topic) => [topic.name, topic] as const)])
  const used = routes.flatMap((route) => [...inputsOf(route, ofRoutes), ...writtenTopics(route)])
  const settings = await admin.settings([...new Set([...used, ...tables])])
  return { topics, settings, brokers: brokers.length }
}

/** Asks the cluster. */
export async function examine(
  report: Report,
  pipeline: Pipeline,
  policies: ReadonlyMap<string, RoutePolicy>,
  connection: Connection,
  admin: Admin,
  driver: LocalDriver,
  matchKeys: MatchKeys | undefined,
): Promise<void> {
  const { routes } = pipeline
  const cluster = await admin.cluster()
  await checkBrokers(report, pipeline, connection, cluster)
  const found = await findTopics(admin, pipeline)
  for (const route of routes) {
    checkTopics(report, route, { ...found, pipeline, driver })
    const inputs = inputsOf(route, found.topics).flatMap((name) => {
      const settings = found.settings.get(name)
      return settings?.presence === 'there' ? [settings] : []
    })
    if (route.to.topic !== undefined) {
      const output = found.settings.get(route.to.topic)
      report.add(checkRetention(route, policies.get(route.name)!.policy, output, inputs))
    }
    await checkGroup(report, route, admin, found)
  }
  const plans = [...policies.values()].map(({ plan }) => plan)
  await checkTableTopics(report, pipeline, plans, { admin, found, matchKeys })
  await checkAnchorTopic(report, pipeline, admin)
  await checkRights(report, pipeline, admin, cluster, found)
  const readable = (names: Iterable<string>) =>
    [...names].flatMap((name) => {
      const topic = found.topics.get(name)
      const mayRead = topic?.presence === 'there' && topic.rights?.has('read') !== false
      return mayRead && topic.partitions.every(({ hasLeader }) => hasLeader)
        ? [{ name, partitions: topic.partitions.length }]
        : []
    })
  for (const route of routes) {
    const inputs = readable(inputsOf(route, found.topics))
    await checkInputs(report, route, policies.get(route.name)!.policy, inputs, admin, driver)
  }
  const names = new Set(
    routes.flatMap((route) => [...inputsOf(route, found.topics), ...outputTopicsOf(route.to)]),
  )
  await checkClock(report, admin, readable(names), found.settings)
}
