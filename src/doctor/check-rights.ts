/** What this user may do, as far as the brokers tell. */
import type { Admin, ClusterDescription, Right } from '../kafka/admin.ts'
import type { Pipeline } from '../kafka/pipeline-file/pipeline.ts'
import { resolveInstance } from '../kafka/pipeline-file/pipeline-secrets.ts'
import { rightsOf } from '../kafka/rights.ts'
import type { TopicsFound } from './check-topics.ts'
import type { Report } from './finding.ts'

const WAY = 'lethe acl prints the commands that grant the least it needs'
/** Rights that a pipeline has no use for. */
const MORE: readonly Right[] = ['alter', 'delete', 'alter-configs']

export async function checkRights(
  report: Report,
  pipeline: Pipeline,
  admin: Admin,
  cluster: ClusterDescription,
  { topics }: TopicsFound,
): Promise<void> {
  const instance = instanceOf(pipeline)
  let known = 0
  let missing = 0
  const tooMany = new Set<Right>()
  for (const { resource, name, match, rights, use, routes } of rightsOf(pipeline)) {
    if (resource === 'transactional-id') {
      await checkTransactions(report, admin, `${name}${instance}.0`, routes)
      continue
    }
    if (match === 'prefixed' || name === '*') continue
    const held = resource === 'topic' ? topics.get(name)?.rights : await rightsOfGroup(admin, name)
    if (held === undefined) continue
    known++
    if (resource === 'topic') for (const right of MORE) if (held.has(right)) tooMany.add(right)
    // Whether topics may be read and written is looked at with the topics.
    const isSeen = (right: Right): boolean => resource === 'topic' && (right === 'read' || right === 'write')
    const lacks = rights.filter((right) => !held.has(right) && !isSeen(right))
    if (lacks.length === 0) continue
    missing++
    const what = `${lacks.map((one) => one.toUpperCase().replace('-', '_')).join(' and ')} on the ${resource} ${name} (${use})`
    // These two are of use, and not needed to run; kafkajs needs the settings of its inputs.
    const isLooked = use !== 'input' || pipeline.driver !== 'kafkajs'
    const isNeeded =
      lacks.some((one) => one !== 'describe-configs' || !isLooked) && !name.endsWith('.until-end')
    if (isNeeded) report.problem('rights', [`missing: ${what}`, WAY], routes[0])
    else report.warn('rights', [`missing: ${what}`, WAY], routes[0])
  }
  if (known === 0)
    report.warn('rights', [
      'the brokers do not tell what this user may do',
      'see lethe acl for what it needs',
    ])
  else if (missing === 0)
    report.ok('rights', `everything that lethe acl lists on topics and groups is allowed`)
  if (pipeline.sasl !== undefined && tooMany.size > 0)
    report.warn('rights', [
      `this user may do more than the pipeline needs: ${[...tooMany].join(', ')} topics${cluster.rights?.has('create') ? ', and create them' : ''}`,
      'run it as a user of its own, with the rights that lethe acl prints',
    ])
}

/** Where the environment names no instance, as it may not on the machine of a user who only looks, one of any name. */
function instanceOf(pipeline: Pipeline): string {
  try {
    return resolveInstance(pipeline)
  } catch {
    return 'doctor'
  }
}

/** Brokers tell whether one may look at an id; to write under it is another right, which only its use would show. */
async function checkTransactions(
  report: Report,
  admin: Admin,
  id: string,
  routes: readonly string[],
): Promise<void> {
  if (!(await admin.mayDescribeTransactions(id)))
    report.problem('rights', [`missing: WRITE and DESCRIBE on the transactional id ${id}`, WAY], routes[0])
  else
    report.ok(
      'rights',
      `transactions of ${id} may be looked at; whether they may be written, their use shows`,
    )
}

async function rightsOfGroup(admin: Admin, name: string): Promise<ReadonlySet<Right> | undefined> {
  const { presence, rights } = await admin.group(name)
  return presence === 'forbidden' ? new Set() : rights
}
