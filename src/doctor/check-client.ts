/** What is on this machine: which driver carries the pipeline, and the keys. */
import { chooseDriver, type DriverChoice } from '../kafka/drivers.ts'
import type { Pipeline } from '../kafka/pipeline-file/pipeline.ts'
import { resolveKeyring } from '../kafka/pipeline-file/pipeline-secrets.ts'
import type { Keyring } from '../keys/keyring.ts'
import { type Report, spell } from './finding.ts'

/** What the driver is, as far as there is one, and whether it reads zstd. */
export interface LocalDriver {
  readonly name: DriverChoice['name'] | undefined
  readonly zstd: boolean
}

export async function checkDriver(report: Report, pipeline: Pipeline): Promise<LocalDriver> {
  let choice: DriverChoice
  try {
    choice = await chooseDriver(pipeline)
  } catch (error) {
    report.failed('driver', error)
    return { name: undefined, zstd: true }
  }
  report.ok('driver', `${choice.name}, ${pipeline.delivery}: ${choice.why}`)
  if (choice.name === 'kafkajs') {
    return { name: choice.name, zstd: await checkPackages(report, pipeline) }
  }
  const { loadLibrary } = await import('../kafka/drivers/rdkafka/client.ts')
  const { features, librdkafkaVersion } = await loadLibrary()
  const codecs = ['gzip', 'snappy', 'lz4', 'zstd'].filter((codec) => features.includes(codec))
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
  return { name: choice.name, zstd: features.includes('zstd') }
}

/** Whether kafkajs reads zstd here: its compressions come from packages. */
async function checkPackages(report: Report, { client }: Pipeline): Promise<boolean> {
  const { installOf, missingCompressions, PACKAGES } = await import('../kafka/drivers/kafkajs/codecs.ts')
  const missing = await missingCompressions()
  const there = ['gzip', 'snappy', 'lz4', 'zstd'].filter((codec) => !missing.some((one) => one === codec))
  report.ok('driver', `kafkajs reads and writes ${there.join(', ')}`)
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
  return !missing.includes('zstd')
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
      'rotate it where tokens need not join with those of so long ago: lethe keys add, then promote',
    ])
  return keyring
}
