/** Everything that `lethe doctor` looks at, in order: what is on this machine first, then the cluster. */
import { requireApproved } from '../approval/required-approval.ts'
import { LetheError } from '../errors.ts'
import type { Admin } from '../kafka/admin.ts'
import type { Connection } from '../kafka/driver.ts'
import type { Pipeline } from '../kafka/pipeline-file/pipeline.ts'
import { inputsOf, topicsOf } from '../kafka/preflight.ts'
import { lookAtTables, tableTopicsOf } from '../kafka/table-topics.ts'
import type { Keyring } from '../keys/keyring.ts'
import { compilePolicyFile } from '../policy/compile-file.ts'
import type { Policy } from '../policy/policy.ts'
import { formatProblems } from '../policy/problems.ts'
import type { LocalDriver } from './check-client.ts'
import { checkBrokers, checkClock } from './check-cluster.ts'
import { checkGroup } from './check-group.ts'
import { checkInputs } from './check-inputs.ts'
import { checkRetention } from './check-retention.ts'
import { checkRights } from './check-rights.ts'
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

/** The policy of each route, by the route's name. @throws LetheError (usage) where one has errors */
export async function policiesOf(
  pipeline: Pipeline,
  keys: Keyring | undefined,
): Promise<ReadonlyMap<string, Policy>> {
  const policies = new Map<string, Policy>()
  for (const route of pipeline.routes) {
    const { plan, policy, problems } = await compilePolicyFile(route.policy, { keys })
    if (plan === undefined || policy === undefined) {
      process.stderr.write(formatProblems(problems, 'text'))
      throw new LetheError('policy-invalid', `the policy ${route.policy} has errors`, 'correct them')
    }
    policies.set(route.name, policy)
  }
  return policies
}

export async function findTopics(admin: Admin, { routes }: Pipeline): Promise<TopicsFound> {
  const [topics, { brokers }] = await Promise.all([topicsOf(admin, routes), admin.cluster()])
  const used = routes.flatMap((route) => [...inputsOf(route, topics), route.to.topic, route.deadLetterTopic])
  const settings = await admin.settings([...new Set(used)])
  return { topics, settings, brokers: brokers.length }
}

/** Asks the cluster. */
export async function examine(
  report: Report,
  pipeline: Pipeline,
  policies: ReadonlyMap<string, Policy>,
  connection: Connection,
  admin: Admin,
  driver: LocalDriver,
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
    const output = found.settings.get(route.to.topic)
    report.add(checkRetention(route, policies.get(route.name)!, output, inputs))
    await checkGroup(report, route, admin, found)
  }
  for (const { topic, problem } of await lookAtTables(admin, tableTopicsOf(pipeline)))
    if (problem === undefined) report.ok('topics', `${topic}: a consent table, of one partition`)
    else report.failed('topics', problem)
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
    await checkInputs(report, route, policies.get(route.name)!, inputs, admin, driver)
  }
  const names = new Set(routes.flatMap((route) => [...inputsOf(route, found.topics), route.to.topic]))
  await checkClock(report, admin, readable(names), found.settings)
}
