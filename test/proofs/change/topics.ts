/** The topics of the proof of change events, and the connectors that write to them. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Kafka, logLevel } from 'kafkajs'
import { readTopics } from '../../integration/checker/read-topics.ts'
import type { LogRecord } from '../../integration/checker/records.ts'
import { besides, DEAD, FORMS, type Form, outputOf, TABLE_NAMES, topicOf } from './files.ts'
import { CONVERTERS, type Database } from './parts.ts'
import { LAST_ID } from './workload.ts'

const DELIVERY_MS = 180_000

export async function makeTopics(address: string): Promise<void> {
  const admin = new Kafka({ brokers: [address], logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  const names = FORMS.flatMap((form) => [
    ...TABLE_NAMES.flatMap((table) => [topicOf(form, table), outputOf(form, table)]),
    ...besides(form),
  ])
  await admin.createTopics({ topics: [...names, DEAD].map((topic) => ({ topic, numPartitions: 1 })) })
  await admin.disconnect()
}

export const connector = (form: Form, { port }: Database): Record<string, string> => ({
  'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
  'plugin.name': 'pgoutput',
  'database.hostname': '127.0.0.1',
  'database.port': String(port),
  'database.user': 'postgres',
  'database.password': 'none',
  'database.dbname': 'postgres',
  'topic.prefix': form,
  'slot.name': form,
  'publication.name': form,
  'schema.include.list': 'shop',
  'decimal.handling.mode': 'string',
  // Truncates are left out unless it says so.
  'skipped.operations': 'none',
  'provide.transaction.metadata': 'true',
  'heartbeat.interval.ms': '1000',
  'poll.interval.ms': '100',
  ...CONVERTERS[form],
})

/** Until each form has all events of both tables. @throws Error where they differ for too long */
export async function delivered(address: string): Promise<void> {
  const counts = async (form: Form): Promise<readonly LogRecord[]> =>
    await readTopics(
      address,
      TABLE_NAMES.map((table) => topicOf(form, table)),
    )
  const isLast = ({ key }: LogRecord): boolean => key?.toString() === JSON.stringify({ id: LAST_ID })
  for (const deadline = Date.now() + DELIVERY_MS; ; await sleep(1000)) {
    const [plain, ...others] = await Promise.all(FORMS.map(counts))
    if (plain!.filter(isLast).length >= 2 && others.every(({ length }) => length === plain!.length)) return
    if (Date.now() > deadline)
      throw new Error(
        `the connectors did not deliver the same events: ${[plain!, ...others].map(({ length }) => length)}`,
      )
  }
}
