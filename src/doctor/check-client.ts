/** What is on this machine: which driver carries the pipeline, and the keys. */
import { chooseDriver, type DriverChoice } from '../kafka/drivers.ts'
import type { Pipeline } from '../kafka/pipeline-file/pipeline.ts'
import { resolveKeyring } from '../kafka/pipeline-file/pipeline-secrets.ts'
import type { Keyring } from '../keys/keyring.ts'
import { type Report, spell } from './finding.ts'

/** What the driver is, as far as there is one, and which compressions it lacks here. */
export interface LocalDriver {
  readonly name: DriverChoice['name'] | undefined
  readonly lacks: readonly string[]
}

const CODECS = ['gzip', 'snappy', 'lz4', 'zstd'] as const

/** How a driver comes to read a compression. */
export function wayToRead(driver: LocalDriver['name'], codec: string): string {
  if (driver === 'kafkajs')
    return `npm install, without --omit=optional, the package for ${codec} (see the checks of the driver)`
  return codec === 'zstd'
    ? 'install the headers of libzstd and npm rebuild node-rdkafka, or take `driver: kafkajs`'
    : 'npm rebuild node-rdkafka, or take `driver: kafkajs`'
}

export async function checkDriver(report: Report, pipeline: Pipeline): Promise<LocalDriver> {
  let choice: DriverChoice
  try {
    choice = await chooseDriver(pipeline)
  } catch (error) {
    report.failed('driver', error)
    return { name: undefined, lacks: [] }
  }
  report.ok('driver', `${choice.name}, ${pipeline.delivery}: ${choice.why}`)
  if (choice.name === 'kafkajs') {
    return { name: choice.name, lacks: await checkPackages(report, pipeline) }
  }
  const { loadLibrary } = await import('../kafka/drivers/rdkafka/client.ts')
  const { features, librdkafkaVersion } = await loadLibrary()
  const codecs = CODECS.filter((codec) => features.includes(codec))
  report.ok('driver', `librdkafka ${librdkafkaVersion} was built with ${codecs.join(', ')}`)
  const wanted = pipeline.client.get('compression.type')
  if (wanted !== undefined && wanted !== 'none' && !features.includes(String(wanted)))
    report.problem('driver', [
      `the pipeline writes with compression.type=${wanted}, and node-rdkafka was built without it`,
      wanted === 'zstd' ? 'install the headers of libzstd, then npm rebuild node-rdkafka' : 'choose another',
    ])
  if (pipeline.tls !== undefined && !features.includes('ssl'))
    report.problem('driver', [
      'the pipeline connects with TLS, and node-rdkafka was built without it',
      'install the headers of OpenSSL, then npm rebuild node-rdkafka',
    ])
  return { name: choice.name, lacks: CODECS.filter((codec) => !features.includes(codec)) }
}

/** The compressions that kafkajs lacks here: they come from packages. Those that are there take a batch there and back. */
async function checkPackages(report: Report, { client }: Pipeline): Promise<readonly string[]> {
  const { installOf, missingCompressions, PACKAGES, roundTrips } = await import(
    '../kafka/drivers/kafkajs/codecs.ts'
  )
  const missing = await missingCompressions()
  const there = CODECS.filter((codec) => !missing.some((one) => one === codec))
  report.ok('driver', `kafkajs reads and writes ${there.join(', ')}`)
  const broken: string[] = []
  for (const codec of there)
    if (!(await roundTrips(codec))) {
      broken.push(codec)
      report.problem('driver', [
        `what is compressed with ${codec} here is not the same when it is decompressed`,
        'install the packages of the lock file anew: npm ci',
      ])
    }
  for (const codec of missing) {
    const what = `the package for ${codec} (${PACKAGES[codec]}) cannot be loaded here`
    if (client.get('compression.type') === codec)
      report.problem('driver', [`${what}, and the pipeline writes with it`, installOf(codec)])
    else
      report.warn('driver', [
        `${what}: a record that a producer compressed with it stops the pipeline`,
        installOf(codec),
      ])
  }
  return [...missing, ...broken]
}

const OLD_MS = 2 * 365 * 86_400_000

/** Reads the keys as the pipeline would. */
export function checkKeys(report: Report, pipeline: Pipeline, now: number): Keyring | undefined {
  let keyring: Keyring | undefined
  try {
    keyring = resolveKeyring(pipeline)
  } catch (error) {
    report.failed('keys', error)
    return undefined
  }
  if (keyring === undefined) {
    report.ok('keys', 'the pipeline uses none')
    return undefined
  }
  const { keys, primary } = keyring.keyset
  const by = (status: string) => keys.filter((key) => key.status === status).map(({ id }) => id)
  const others = (['compromised', 'disabled'] as const)
    .filter((status) => by(status).length > 0)
    .map((status) => `, ${status} ${by(status).join(' ')}`)
  const age = now - Date.parse(keys.find(({ id }) => id === primary)!.created)
  report.ok(
    'keys',
    `readable; enabled ${by('enabled').join(' ')}${others.join('')}; the primary key ${primary} is ${spell(Math.max(0, age))} old`,
  )
  if (age < 0)
    report.warn('keys', [
      `the primary key ${primary} was made in the future`,
      'check the clock of this machine, and of the one that made it',
    ])
  else if (age > OLD_MS)
    report.warn('keys', [
      `the primary key ${primary} has been in use for more than two years`,
      'rotate it, unless new tokens must join with old ones: lethe keys add, then promote',
    ])
  return keyring
}
