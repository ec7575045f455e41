/** `lethe doctor --fix`: makes the output and dead letter topics that are missing, once the user has seen how. */
import { createInterface } from 'node:readline/promises'
import { LetheError } from '../errors.ts'
import type { Admin, Creation, TopicPlan } from '../kafka/admin.ts'
import { type Pipeline, type Route, writtenTopics } from '../kafka/pipeline-file/pipeline.ts'
import { inputsOf } from '../kafka/preflight.ts'
import { milliseconds } from '../kafka/topic-settings.ts'
import type { Policy } from '../policy/policy.ts'
import { suppressedAfter } from '../policy/suppressed-after.ts'
import { paint } from '../terminal.ts'
import type { TopicsFound } from './check-topics.ts'
import { plural } from './finding.ts'
import { outputTime } from './output-time.ts'

const MOST_REPLICAS = 3
const DAY_MS = 86_400_000
const LONGEST_SEGMENT_MS = 7 * DAY_MS
/** What a topic takes unless told otherwise; see `max.message.bytes`. */
const DEFAULT_MESSAGE_BYTES = 1_048_588
const OVERHEAD_BYTES = 65_536

/**
 * The topics that are missing and can be made. Inputs are none of them: a wrong name would look like an empty topic.
 * Nor are topics of a route without any input, since the number of partitions they need is not known.
 */
export function planTopics(
  pipeline: Pipeline,
  policies: ReadonlyMap<string, { readonly policy: Policy }>,
  found: TopicsFound,
): readonly TopicPlan[] {
  const plans = new Map<string, TopicPlan>()
  for (const route of pipeline.routes) {
    const inputs = inputsOf(route, found.topics).flatMap((name) => found.topics.get(name) ?? [])
    const partitions = Math.max(0, ...inputs.map((topic) => topic.partitions.length))
    if (partitions === 0) continue
    const replication = Math.min(MOST_REPLICAS, found.brokers)
    const safe = replication === MOST_REPLICAS ? [['min.insync.replicas', '2'] as const] : []
    const put = (name: string, settings: readonly (readonly [string, string])[]): void => {
      if (found.topics.get(name)?.presence !== 'missing') return
      const other = plans.get(name)
      if (other !== undefined && other.partitions >= partitions) return
      plans.set(name, { name, partitions, replication, settings: new Map([...safe, ...settings]) })
    }
    if (route.to.topic !== undefined)
      put(route.to.topic, outputSettings(pipeline, route, policies.get(route.name)!.policy))
    const kept = inputs.flatMap(({ name }) => milliseconds(found.settings.get(name), 'retention.ms') ?? [])
    const longest = Math.max(0, ...kept)
    put(route.deadLetterTopic, [
      ['cleanup.policy', 'delete'],
      ...(longest > 0
        ? [['retention.ms', longest === Number.POSITIVE_INFINITY ? '-1' : String(longest)] as const]
        : []),
    ])
  }
  return [...plans.values()]
}

/** Outputs and dead-letter topics that are missing, and cannot be planned before an input of their route is there. */
export function waitingTopics(
  pipeline: Pipeline,
  plans: readonly TopicPlan[],
  found: TopicsFound,
): readonly string[] {
  const planned = new Set(plans.map(({ name }) => name))
  const names = pipeline.routes.flatMap(writtenTopics)
  return [...new Set(names)].filter(
    (name) => found.topics.get(name)?.presence === 'missing' && !planned.has(name),
  )
}

/** Such that a record is gone by the time that the policy says; a log is deleted by whole segments. */
function outputSettings(
  { maxRecordBytes }: Pipeline,
  { to: { compacted } }: Route,
  policy: Policy,
): readonly (readonly [string, string])[] {
  const limit = suppressedAfter(policy)
  const time = outputTime(policy)
  const cleanup = compacted ? (limit === undefined ? 'compact' : 'compact,delete') : 'delete'
  const settings: (readonly [string, string])[] = [['cleanup.policy', cleanup]]
  if (limit !== undefined) {
    const within = Math.max(1, limit - time.ahead)
    const segment = Math.max(1, Math.min(LONGEST_SEGMENT_MS, Math.floor(within / 10)))
    settings.push(['retention.ms', String(within - segment)], ['segment.ms', String(segment)])
  } else if (!compacted && time.from !== 'written') {
    // Counted from the time of the event, the brokers' default of some days deletes old events as they come.
    settings.push(['retention.ms', '-1'])
  }
  const bytes = maxRecordBytes + OVERHEAD_BYTES
  if (bytes > DEFAULT_MESSAGE_BYTES + OVERHEAD_BYTES) settings.push(['max.message.bytes', String(bytes)])
  return settings
}

/**
 * Shows the plan, asks, and makes the topics. `waiting`: what is missing and is not in the plan. Whether any was made.
 * @throws LetheError: usage where there is no terminal to ask; io where a broker refuses
 */
export async function makeTopics(
  admin: Admin,
  plans: readonly TopicPlan[],
  isAgreed: boolean,
  waiting: readonly string[] = [],
): Promise<boolean> {
  const { bold, dim } = paint(process.stderr)
  const say = (line: string): void => void process.stderr.write(`${line}\n`)
  if (waiting.length > 0)
    say(
      `lethe: ${waiting.join(' and ')}: made once an input of the route is there, with as many partitions as that has`,
    )
  if (plans.length === 0) {
    say('lethe: no topic is missing that can be made')
    return false
  }
  say(bold(`${plans.length === 1 ? 'This topic is' : 'These topics are'} to be made:`))
  for (const { name, partitions, replication, settings } of plans) {
    say(`  ${name}: ${plural(partitions, 'partition')}, ${plural(replication ?? 0, 'replica')}`)
    for (const [setting, value] of settings)
      say(dim(`    ${setting}=${value}${setting === 'retention.ms' && value === '-1' ? '  (for ever)' : ''}`))
  }
  // The brokers check everything first, and make nothing.
  refuse(await admin.createTopics(plans, true))
  if (!isAgreed && !(await agrees())) {
    say('lethe: nothing was made')
    return false
  }
  refuse(await admin.createTopics(plans))
  for (const { name } of plans) say(`made ${name}`)
  await leaders(admin, plans)
  return true
}

function refuse(answers: ReadonlyMap<string, Creation>): void {
  for (const [name, answer] of answers) {
    if (answer.outcome === 'forbidden')
      throw new LetheError(
        'right-missing',
        `the topic ${name} may not be made by this user, which is as it should be`,
        'run lethe doctor --fix with a pipeline file whose user may, or have an administrator make it as shown',
      )
    if (answer.outcome === 'refused')
      throw new LetheError(
        'broker-refused',
        `the brokers refuse to make the topic ${name} (${answer.code})`,
        'have an administrator make it by hand',
      )
  }
}

async function agrees(): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY)
    throw new LetheError(
      'bad-option',
      'standard input is not a terminal, so no question can be asked',
      'add --yes to make them',
    )
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return /^y(?:es)?$/i.test((await lines.question('Make them? [y/N] ')).trim())
  } finally {
    lines.close()
  }
}

const LEADER_TRIES = 50

/** New topics have leaders a moment later. */
async function leaders(admin: Admin, plans: readonly TopicPlan[]): Promise<void> {
  const names = plans.map(({ name }) => name)
  for (let i = 0; i < LEADER_TRIES; i++) {
    const topics = await admin.topics(names)
    if (
      topics.every(
        ({ presence, partitions }) => presence === 'there' && partitions.every((one) => one.hasLeader),
      )
    )
      return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
