/** The topics of a route: whether they are what the pipeline needs, and would survive the loss of a broker. */
import type { TopicDescription, TopicSettings } from '../kafka/admin.ts'
import type { Pipeline, Route } from '../kafka/pipeline-file/pipeline.ts'
import { inputsOf, problemsOf } from '../kafka/preflight.ts'
import { isCompactedBy, milliseconds } from '../kafka/topic-settings.ts'
import { type LocalDriver, wayToRead } from './check-client.ts'
import { plural, type Report, spell, spellBytes } from './finding.ts'

export interface TopicsFound {
  readonly topics: ReadonlyMap<string, TopicDescription>
  readonly settings: ReadonlyMap<string, TopicSettings>
  readonly brokers: number
}

export interface ProcessTopics extends TopicsFound {
  readonly pipeline: Pipeline
  readonly driver: LocalDriver
}

export function checkTopics(report: Report, route: Route, around: ProcessTopics): void {
  const { topics, settings } = around
  const inputs = inputsOf(route, topics)
  for (const error of problemsOf(route, topics, settings)) {
    const what = error.message.replace(`route ${route.name}: `, '')
    report.problem('topics', error.suggestion === undefined ? [what] : [what, error.suggestion], route.name)
  }
  const all = [
    ...inputs.map((topic) => ['input', topic] as const),
    ...(route.to.topic === undefined ? [] : [['output', route.to.topic] as const]),
    ['dead letter', route.deadLetterTopic] as const,
  ]
  for (const [kind, name] of all) {
    const topic = topics.get(name)
    if (topic?.presence !== 'there') continue
    checkReplicas(report, route.name, topic, around)
    describe(report, route, kind, topic, settings.get(name), around.driver)
  }
  if (around.driver.name === 'kafkajs') checkCompaction(report, route, inputs, settings)
  checkSizes(report, route, inputs, around)
  checkCodecs(report, route, inputs, around)
  checkTimes(report, route, settings)
  checkDeadLetters(report, route, inputs, settings)
  if (around.pipeline.seal !== undefined) checkSealed(report, route, settings)
}

function describe(
  report: Report,
  { name: route }: Route,
  kind: string,
  { name, partitions }: TopicDescription,
  settings: TopicSettings | undefined,
  driver: LocalDriver,
): void {
  const value = (setting: string) => settings?.values.get(setting)
  const told =
    settings?.presence === 'there'
      ? `, cleanup.policy=${value('cleanup.policy')}, retention.ms=${value('retention.ms')}, max.message.bytes=${value('max.message.bytes')}, message.timestamp.type=${value('message.timestamp.type')}`
      : ''
  report.ok(
    'topics',
    `${kind} ${name}: ${plural(partitions.length, 'partition')}, ${plural(partitions[0]?.replicas ?? 0, 'replica')}${told}`,
    route,
  )
  if (settings?.presence === 'forbidden') {
    if (kind === 'input' && driver.name !== 'kafkajs')
      report.ok('settings', `those of ${name} may not be seen, and are not needed to run`, route)
    else if (kind !== 'input')
      report.warn(
        'settings',
        [
          `those of ${name} may not be seen: cleanup, retention and limits are not checked`,
          'grant DESCRIBE_CONFIGS on it: see lethe acl',
        ],
        route,
      )
  }
  if (settings?.presence === 'unsupported')
    report.warn('settings', [`the brokers do not tell the settings of ${name}`, 'check them by hand'], route)
}

/** kafkajs passes records by in compacted topics: its driver refuses them. */
function checkCompaction(
  report: Report,
  { name: route }: Route,
  inputs: readonly string[],
  settings: ProcessTopics['settings'],
): void {
  const way = 'install node-rdkafka, and set `driver: rdkafka`'
  for (const input of inputs) {
    const found = settings.get(input)
    if (isCompactedBy(found) === true)
      report.problem(
        'settings',
        [`the input ${input} is compacted, and the driver kafkajs refuses such a topic`, way],
        route,
      )
    else if (found?.presence === 'forbidden')
      report.problem(
        'settings',
        [
          `those of the input ${input} may not be seen, and the driver kafkajs has to know that it is not compacted`,
          `grant DESCRIBE_CONFIGS on it: see lethe acl; or ${way}`,
        ],
        route,
      )
  }
}

const MOST_REPLICAS = 3

/** Whether every partition is led, and would survive the loss of a broker. */
export function checkReplicas(
  report: Report,
  route: string | undefined,
  { name, partitions }: TopicDescription,
  { brokers, settings }: TopicsFound,
): void {
  const list = (which: (one: TopicDescription['partitions'][number]) => boolean) =>
    partitions.filter(which).map(({ partition }) => partition)
  const orphans = list(({ hasLeader }) => !hasLeader)
  if (orphans.length > 0)
    report.problem(
      'topics',
      [
        `${name}: no broker leads the partitions ${orphans.join(', ')}`,
        'bring the brokers back that hold them: nothing can be read or written there',
      ],
      route,
    )
  const least = Number(settings.get(name)?.values.get('min.insync.replicas') ?? 1)
  const few = list(({ hasLeader, inSync }) => hasLeader && inSync < least)
  const lagging = list(({ hasLeader, inSync, replicas }) => hasLeader && inSync >= least && inSync < replicas)
  if (few.length > 0)
    report.problem(
      'topics',
      [
        `${name}: the partitions ${few.join(', ')} have fewer replicas in sync than min.insync.replicas=${least}, so they take no records`,
        'bring the brokers back that hold the others',
      ],
      route,
    )
  if (lagging.length > 0)
    report.warn(
      'topics',
      [`${name}: replicas of the partitions ${lagging.join(', ')} are out of sync`, 'look at the brokers'],
      route,
    )
  const wanted = Math.min(MOST_REPLICAS, brokers)
  const thin = list(({ replicas }) => replicas < wanted)
  if (thin.length > 0)
    report.warn(
      'topics',
      [
        `${name}: ${partitions[thin[0]!]!.replicas} replicas of ${wanted} that ${brokers} brokers allow: the loss of a broker may lose records`,
        `add replicas: kafka-reassign-partitions.sh`,
      ],
      route,
    )
}

/** Of a batch itself, beside its records. */
const OVERHEAD_BYTES = 1024

function checkSizes(
  report: Report,
  { name, to, deadLetterTopic }: Route,
  inputs: readonly string[],
  { pipeline, settings }: ProcessTopics,
): void {
  const { maxRecordBytes } = pipeline
  const limitOf = (topic: string) =>
    Number(settings.get(topic)?.values.get('max.message.bytes') ?? Number.NaN)
  const output = to.topic === undefined ? Number.NaN : limitOf(to.topic)
  if (output + OVERHEAD_BYTES < maxRecordBytes)
    report.warn(
      'settings',
      [
        `records of up to ${spellBytes(maxRecordBytes)} are read (maxRecordBytes), and ${to.topic} takes ${spellBytes(output)}: larger outputs become dead letters`,
        `set max.message.bytes=${maxRecordBytes + OVERHEAD_BYTES} on ${to.topic}, or a smaller maxRecordBytes`,
      ],
      name,
    )
  for (const input of inputs)
    if (limitOf(input) - OVERHEAD_BYTES > maxRecordBytes)
      report.warn(
        'settings',
        [
          `${input} holds records of up to ${spellBytes(limitOf(input))}, and those above ${spellBytes(maxRecordBytes)} (maxRecordBytes) become dead letters`,
          `set maxRecordBytes to ${limitOf(input)}, if there are such`,
        ],
        name,
      )
  if (limitOf(deadLetterTopic) < 2000)
    report.problem(
      'settings',
      [
        `${deadLetterTopic} takes no more than ${limitOf(deadLetterTopic)} bytes at once, too few for a dead letter`,
        `set max.message.bytes=1048588 on ${deadLetterTopic}`,
      ],
      name,
    )
}

function checkCodecs(
  report: Report,
  { name }: Route,
  inputs: readonly string[],
  { driver, settings }: ProcessTopics,
): void {
  for (const input of inputs) {
    const codec = settings.get(input)?.values.get('compression.type')
    if (codec !== undefined && driver.lacks.includes(codec))
      report.problem(
        'settings',
        [`${input} is compressed with ${codec}, which the driver cannot read`, wayToRead(driver.name, codec)],
        name,
      )
    else if (
      driver.lacks.length > 0 &&
      settings.get(input)?.presence !== 'missing' &&
      (codec === undefined || codec === 'producer')
    )
      report.ok(
        'settings',
        `${input} is compressed as its producers like; the driver reads anything but ${driver.lacks.join(', ')}`,
        name,
      )
  }
}

function checkTimes(
  report: Report,
  { name, to: { topic } }: Route,
  settings: ReadonlyMap<string, TopicSettings>,
): void {
  if (topic === undefined) return
  if (settings.get(topic)?.values.get('message.timestamp.type') !== 'LogAppendTime') return
  report.warn(
    'settings',
    [
      `${topic} stamps each record with its arrival (message.timestamp.type=LogAppendTime): readers see when, to the millisecond, in place of the time that the policy tells`,
      `set message.timestamp.type=CreateTime on ${topic}`,
    ],
    name,
  )
}

/** A dead letter names its record: it is of use for as long as that is there. */
/** Originals that no erasure can tell are gone when their topic deletes them. */
function checkSealed(
  report: Report,
  { name, deadLetterTopic }: Route,
  settings: ReadonlyMap<string, TopicSettings>,
): void {
  const kept = milliseconds(settings.get(deadLetterTopic), 'retention.ms')
  const sealed = `dead letters of ${deadLetterTopic} carry their records, sealed`
  if (kept === Number.POSITIVE_INFINITY)
    report.warn(
      'retention',
      [`${sealed}, and are never deleted`, `set retention.ms on ${deadLetterTopic}`],
      name,
    )
  else report.ok('retention', kept === undefined ? sealed : `${sealed}, for ${spell(kept)}`, name)
}

function checkDeadLetters(
  report: Report,
  { name, deadLetterTopic }: Route,
  inputs: readonly string[],
  settings: ReadonlyMap<string, TopicSettings>,
): void {
  const dead = milliseconds(settings.get(deadLetterTopic), 'retention.ms')
  const kept = inputs.map((topic) => milliseconds(settings.get(topic), 'retention.ms'))
  const known = kept.filter((one) => one !== undefined)
  if (dead === undefined || known.length === 0) return
  const longest = Math.max(...known)
  const shown = (period: number) => (period === Number.POSITIVE_INFINITY ? 'ever' : spell(period))
  if (dead < longest)
    report.warn(
      'retention',
      [
        `dead letters go after ${shown(dead)}, and the records that they name stay for ${shown(longest)}: after that the dead letters cannot be looked up`,
        `set retention.ms=${longest === Number.POSITIVE_INFINITY ? -1 : longest} on ${deadLetterTopic}`,
      ],
      name,
    )
  else
    report.ok(
      'retention',
      `dead letters stay for ${shown(dead)}, the records that they name for ${shown(longest)}`,
      name,
    )
}
