/** What tests of commands that look at a cluster share: topics, rights, records, and a pipeline in a folder of its own. */
import { join } from 'node:path'
import kafkajs from 'kafkajs'
import type { Admin } from '../../src/kafka/admin.ts'
import type { Connection } from '../../src/kafka/driver.ts'
import { openAdmin } from '../../src/kafka/open-admin.ts'
import { broker, uniqueName } from '../broker/suite.ts'
import { folder } from '../src/cli/lethe.ts'

export const connectionTo = (...brokers: readonly string[]): Connection => ({
  brokers,
  tls: undefined,
  sasl: undefined,
  client: new Map(),
})

export const asUser = (connection: Connection, username: string, password: string): Connection => ({
  ...connection,
  sasl: { mechanism: 'scram-sha-256', username, password },
})

export async function withAdmin<T>(address: string, use: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = await openAdmin(connectionTo(address))
  try {
    return await use(admin)
  } finally {
    await admin.close()
  }
}

export interface TopicWords {
  readonly partitions?: number
  readonly settings?: Readonly<Record<string, string>>
}

/** Makes topics, and waits until they have leaders. */
export async function makeTopics(
  address: string,
  topics: Readonly<Record<string, TopicWords>>,
): Promise<void> {
  await withAdmin(address, async (admin) => {
    const names = Object.keys(topics)
    const made = await admin.createTopics(
      names.map((name) => ({
        name,
        partitions: topics[name]!.partitions ?? 1,
        replication: 1,
        settings: new Map(Object.entries(topics[name]!.settings ?? {})),
      })),
    )
    for (const [name, { outcome }] of made)
      if (outcome !== 'created') throw new Error(`${name} was not made: ${outcome}`)
    for (let i = 0; i < 100; i++) {
      const found = await admin.topics(names)
      if (
        found.every(
          ({ presence, partitions }) => presence === 'there' && partitions.every((one) => one.hasLeader),
        )
      )
        return
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    throw new Error('the topics have no leaders')
  })
}

/** The topics of a route. */
export interface Names {
  readonly input: string
  readonly output: string
  readonly dead: string
}

export const names = (): Names => ({
  input: uniqueName('in'),
  output: uniqueName('out'),
  dead: uniqueName('dead'),
})

/** Makes the topics of a route. */
export async function made(
  words: { readonly [Part in keyof Names]?: TopicWords } = {},
  address: string = broker.address,
): Promise<Names> {
  const all = names()
  const { input = {}, output = {}, dead = {} } = words
  await makeTopics(address, { [all.input]: input, [all.output]: output, [all.dead]: dead })
  return all
}

const clientOf = (address: string): kafkajs.Kafka =>
  new kafkajs.Kafka({ brokers: [address], logLevel: kafkajs.logLevel.NOTHING })

export async function produce(
  address: string,
  topic: string,
  messages: readonly kafkajs.Message[],
): Promise<void> {
  const producer = clientOf(address).producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner })
  await producer.connect()
  await producer.send({ topic, messages: [...messages] })
  await producer.disconnect()
}

/** Grants rights to a user (a name that ends with `*` is a prefix), as whoever comes through the plain listener. */
export async function grant(
  address: string,
  user: string,
  rights: readonly (readonly [
    kind: keyof typeof kafkajs.AclResourceTypes,
    name: string,
    ...operations: (keyof typeof kafkajs.AclOperationTypes)[],
  ])[],
): Promise<void> {
  const admin = clientOf(address).admin()
  await admin.connect()
  await admin.createAcls({
    acl: rights.flatMap(([kind, name, ...operations]) =>
      operations.map((operation) => ({
        resourceType: kafkajs.AclResourceTypes[kind],
        resourceName: name.replace(/(?<=.)\*$/, ''),
        resourcePatternType: kafkajs.ResourcePatternTypes[/.\*$/.test(name) ? 'PREFIXED' : 'LITERAL'],
        principal: `User:${user}`,
        host: '*',
        operation: kafkajs.AclOperationTypes[operation],
        permissionType: kafkajs.AclPermissionTypes.ALLOW,
      })),
    ),
  })
  await admin.disconnect()
}

export const POLICY = `policy: p
version: 1
purpose: train_ai_system
fields:
  amount: keep
`

export interface PipelineWords {
  readonly brokers: readonly string[]
  readonly input?: string
  readonly group?: string
  readonly output?: string
  readonly dead?: string
  /** More of `to:`, such as `compacted: true`. */
  readonly to?: string
  /** Lines at the top. */
  readonly top?: string
  readonly policy?: string
  readonly files?: Readonly<Record<string, string>>
}

/** The path of a pipeline file, beside its policy; removed when the test ends. */
export function pipelineFile(words: PipelineWords): string {
  const { brokers, input = '[in]', group = 'g', output = 'out', dead = 'dead', to, top = '' } = words
  const text = `pipeline: p
brokers: ${JSON.stringify(brokers)}
${/^source:/m.test(top) ? '' : 'source: none\n'}${top}
routes:
  - name: events
    from: { topics: ${input}, group: ${group} }
    to: { topic: ${output}${to === undefined ? '' : `, ${to}`} }
    deadLetterTopic: ${dead}
    policy: policy.yaml
`
  return join(
    folder({ 'pipeline.yaml': text, 'policy.yaml': words.policy ?? POLICY, ...words.files }),
    'pipeline.yaml',
  )
}
