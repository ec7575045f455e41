/** Which client carries a pipeline. The user chooses the delivery; the driver follows from it, unless it is named. */
import { LetheError } from '../errors.ts'
import type { Driver, DriverOptions, KeptDriver } from './driver.ts'
import type { DriverName } from './pipeline-file/client-settings.ts'
import type { Pipeline } from './pipeline-file/pipeline.ts'
import type { Planned, ReplayRequest } from './replay/replay-request.ts'
import type { OpenTableSource } from './table-source.ts'

export interface DriverChoice {
  readonly name: DriverName
  /** For people: why this one. */
  readonly why: string
  readonly make: (options: DriverOptions) => Driver
  /** For routes whose positions are kept elsewhere; undefined where the driver cannot do that. */
  readonly makeKept?: ((options: DriverOptions) => KeptDriver) | undefined
}

/**
 * Chooses the driver of a pipeline and loads it.
 * @throws LetheError (usage) where the one that is needed is not installed
 */
export async function chooseDriver({
  delivery,
  driver,
  routes = [],
}: Pick<Pipeline, 'delivery' | 'driver'> & Partial<Pick<Pipeline, 'routes'>>): Promise<DriverChoice> {
  if (driver === 'kafkajs') {
    if (delivery === 'exactly-once') throw refusal()
    return await kafkajs('the pipeline file names it')
  }
  const { hasLibrary, loadLibrary } = await import('./drivers/rdkafka/client.ts')
  if (delivery === 'exactly-once' || driver === 'rdkafka') {
    await loadLibrary()
    return await rdkafka(
      driver === 'rdkafka'
        ? 'the pipeline file names it'
        : 'exactly-once needs transactions with group metadata',
    )
  }
  if (routes.some(({ to }) => to.dataset !== undefined)) {
    await loadLibrary()
    return await rdkafka('data sets keep their positions in their files')
  }
  return (await hasLibrary())
    ? await rdkafka('node-rdkafka is installed, and faster')
    : await kafkajs('node-rdkafka is not installed')
}

/**
 * Chooses the driver of a replay and loads it: it settles in transactions, whatever the pipeline's delivery is.
 * @throws LetheError (usage) where the pipeline file names kafkajs, or node-rdkafka is not installed
 */
export async function chooseReplayDriver(
  { driver }: Pick<Pipeline, 'driver'>,
  request: ReplayRequest,
  planned: Planned,
): Promise<DriverChoice> {
  if (driver === 'kafkajs')
    throw new LetheError(
      'setting-refused',
      'the driver kafkajs cannot replay: outputs and the markers of what was replayed are settled in one transaction, and it hands over records of aborted ones',
      'install node-rdkafka and take `driver: kafkajs` out of the pipeline file, or out of a copy of it for the replay: its name and routes must stay the same',
    )
  const { loadLibrary } = await import('./drivers/rdkafka/client.ts')
  await loadLibrary()
  const { replayDriver } = await import('./drivers/rdkafka/replay-driver.ts')
  return { name: 'rdkafka', why: 'a replay needs transactions', make: replayDriver(request, planned) }
}

/**
 * What reads the topics of tables.
 * @throws LetheError (usage) where the pipeline file names kafkajs, or node-rdkafka is not installed
 */
export async function tableSourceOf({ driver }: Pick<Pipeline, 'driver'>): Promise<OpenTableSource> {
  if (driver === 'kafkajs')
    throw new LetheError(
      'setting-refused',
      'the driver kafkajs cannot read a consent table from a topic: it hands over records of aborted transactions',
      'use the driver rdkafka, or a table in a file',
    )
  const { loadLibrary } = await import('./drivers/rdkafka/client.ts')
  await loadLibrary()
  const { openTableSource } = await import('./drivers/rdkafka/rdkafka-table-source.ts')
  return openTableSource
}

/** The strictest delivery that an installed driver can keep, for users who leave the choice to Lethe. */
export async function strictestDelivery(): Promise<Pipeline['delivery']> {
  const { hasLibrary } = await import('./drivers/rdkafka/client.ts')
  return (await hasLibrary()) ? 'exactly-once' : 'at-least-once'
}

const refusal = (): LetheError =>
  new LetheError(
    'setting-refused',
    'the driver kafkajs cannot deliver exactly once: its transactions leave the members of a group out (KIP-447)',
    'say `delivery: at-least-once`, or use the driver rdkafka',
  )

async function rdkafka(why: string): Promise<DriverChoice> {
  const { rdkafkaDriver } = await import('./drivers/rdkafka/rdkafka-driver.ts')
  return { name: 'rdkafka', why, make: rdkafkaDriver, makeKept: rdkafkaDriver }
}

async function kafkajs(why: string): Promise<DriverChoice> {
  const { kafkajsDriver } = await import('./drivers/kafkajs/kafkajs-driver.ts')
  return { name: 'kafkajs', why, make: kafkajsDriver }
}
