/** The brokers themselves: reachable, of one cluster, and at addresses that the pipeline may go to in the clear. */
import type { Admin, ClusterDescription, TopicSettings } from '../kafka/admin.ts'
import { clusterOf } from '../kafka/clusters.ts'
import type { Connection } from '../kafka/driver.ts'
import { exposedBy, isLoopback } from '../kafka/pipeline-file/check-connection.ts'
import type { Pipeline } from '../kafka/pipeline-file/pipeline.ts'
import type { InputRecord, Position } from '../kafka/record.ts'
import { plural, type Report, spell } from './finding.ts'

const BROKER_MS = 5000

export async function checkBrokers(
  report: Report,
  pipeline: Pipeline,
  connection: Connection,
  cluster: ClusterDescription,
): Promise<void> {
  const { id, release, brokers } = cluster
  report.ok(
    'brokers',
    `cluster ${id ?? 'without an id'}, ${release === undefined ? 'of a release it does not tell' : `Kafka ${release}`}, ${plural(brokers.length, 'broker')}`,
  )
  await checkBootstrap(report, connection)
  const abroad = brokers.filter(({ host }) => !isLoopback(host))
  if (abroad.length === 0 || pipeline.tls !== undefined) return
  const named = abroad.map(({ host, port }) => `${host}:${port}`).join(', ')
  if (pipeline.plaintext !== undefined) {
    report.ok('brokers', `no TLS to ${named}: ${pipeline.plaintext}`)
    return
  }
  report.problem('brokers', [
    `the pipeline names brokers of this machine, but the cluster sends its clients to ${named}: events${exposedBy(pipeline.sasl?.mechanism)} cross the network in the clear`,
    'use a listener with TLS and write `tls: true`, set advertised.listeners of the brokers, or write `plaintext: { accept: "the reason" }`',
  ])
}

/** Each of the brokers that the file names: one is enough to start, and none of the others is there to help out. */
async function checkBootstrap(report: Report, connection: Connection): Promise<void> {
  const { brokers } = connection
  if (brokers.length < 2) return
  const late = AbortSignal.timeout(BROKER_MS)
  const ids = await Promise.all(brokers.map((broker) => clusterOf(connection, broker, late)))
  const away = brokers.filter((_, i) => ids[i] === undefined)
  if (away.length > 0)
    report.warn('brokers', [
      `${away.join(', ')} did not answer within ${spell(BROKER_MS)}`,
      'look whether it is up, or remove it from `brokers:`',
    ])
  if (new Set(ids.filter((one) => one !== undefined)).size > 1)
    report.problem('brokers', [
      'the brokers that the file names belong to different clusters',
      'a pipeline has one cluster: name brokers of one only',
    ])
}

/** A newest record may be younger than this machine's clock: then one of the clocks is wrong. */
const TOLERANCE_MS = 2000

/** Brokers do not tell their clock; but they stamp records with it where a topic says LogAppendTime. */
export async function checkClock(
  report: Report,
  admin: Admin,
  topics: readonly { readonly name: string; readonly partitions: number }[],
  settings: ReadonlyMap<string, TopicSettings>,
): Promise<void> {
  let newest: { readonly record: InputRecord; readonly ahead: number; readonly byBroker: boolean } | undefined
  for (const { name, partitions } of topics) {
    const byBroker = settings.get(name)?.values.get('message.timestamp.type') === 'LogAppendTime'
    const record = await newestRecord(admin, name, partitions)
    if (record === undefined || record.timestamp < 0) continue
    const ahead = record.timestamp - Date.now()
    if (newest === undefined || ahead > newest.ahead) newest = { record, ahead, byBroker }
  }
  const unknown = 'how far it is from the clock of the brokers cannot be known, since they do not tell'
  if (newest === undefined || newest.ahead <= TOLERANCE_MS) {
    const seen = newest === undefined ? 'there is no record to compare it with' : 'no record is ahead of it'
    report.ok('clock', `this machine's clock: ${seen}; ${unknown}`)
    return
  }
  const { record, ahead, byBroker } = newest
  report.warn('clock', [
    `a record of ${record.topic} is ${spell(ahead)} ahead of this machine, stamped by ${byBroker ? 'a broker' : 'its producer'}`,
    'set this machine’s clock by NTP, and theirs: retention is judged by it, and events of the future are dead letters',
  ])
}

/** How far behind the end to look: markers of transactions are not records. */
const BACK = 5
const READ_MS = 1000

async function newestRecord(admin: Admin, topic: string, count: number): Promise<InputRecord | undefined> {
  const partitions = Array.from({ length: count }, (_, partition) => ({ topic, partition }))
  const [starts, ends] = await Promise.all([
    admin.offsets(partitions, 'earliest'),
    admin.offsets(partitions, 'latest'),
  ])
  const from: Position[] = ends.flatMap((end) => {
    const start = starts.find(({ partition }) => partition === end.partition)?.offset ?? 0
    return end.offset > start ? [{ ...end, offset: Math.max(start, end.offset - BACK) }] : []
  })
  if (from.length === 0) return undefined
  const reader = admin.read(from)
  try {
    const { records } = await reader.take({ records: BACK * from.length, bytes: 1 << 22, time: READ_MS })
    return records.reduce<InputRecord | undefined>(
      (best, one) => (best === undefined || one.timestamp > best.timestamp ? one : best),
      undefined,
    )
  } finally {
    reader.close()
  }
}
