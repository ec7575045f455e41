/** What the proof of change events runs, fetched once into a cache outside the tree: Debezium, a converter, a registry, PostgreSQL. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder, kafkaJars } from '../../broker/maven.mjs'

export interface Tools {
  /** Jars of Kafka, with Kafka Connect among them. */
  readonly kafka: string
  /** A folder of plugins of Kafka Connect. */
  readonly plugins: string
  /** The registry's jar. */
  readonly registry: string
  /** Where initdb, postgres and psql are. */
  readonly postgres: string
}

const REGISTRY = '3.0.9'
const FETCH_MS = 300_000
const say = (text: string): boolean => process.stdout.write(`${text}\n`)
const run = (command: string, args: readonly string[]): void => {
  execFileSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'], timeout: FETCH_MS })
}

/** Makes a folder as a whole, or not at all. */
function once(folder: string, what: string, make: (at: string) => void): string {
  if (existsSync(folder)) return folder
  say(`fetching ${what}, once`)
  const temporary = `${folder}.${process.pid}`
  rmSync(temporary, { recursive: true, force: true })
  mkdirSync(temporary, { recursive: true })
  make(temporary)
  renameSync(temporary, folder)
  return folder
}

/** The newest PostgreSQL of Debian; installed where there is none and this user may. */
function findPostgres(): string {
  const base = '/usr/lib/postgresql'
  const newest = (): string | undefined =>
    existsSync(base)
      ? readdirSync(base)
          .sort((a, b) => Number(b) - Number(a))
          .map((version) => join(base, version, 'bin'))
          .find((bin) => existsSync(join(bin, 'initdb')))
      : undefined
  const found = newest()
  if (found !== undefined) return found
  if (process.getuid?.() !== 0)
    throw new Error('there is no PostgreSQL: install the package postgresql of Debian')
  say('installing postgresql through apt-get, once')
  run('apt-get', ['install', '-y', '-q', '--no-install-recommends', 'postgresql'])
  const installed = newest()
  if (installed === undefined) throw new Error('apt-get installed no PostgreSQL')
  return installed
}

export async function fetchTools(): Promise<Tools> {
  const poms = ['debezium', 'converter'].map((name) => join(import.meta.dirname, `pom-${name}.xml`))
  const digest = createHash('sha256')
  for (const pom of poms) digest.update(readFileSync(pom))
  const cache = join(cacheFolder(), 'change')
  const plugins = once(
    join(cache, `plugins-${digest.digest('hex').slice(0, 12)}`),
    'Debezium and the converter of Apicurio through Maven (40 MB)',
    (at) => {
      for (const pom of poms)
        run('mvn', [
          ...['-q', '-B', '-f', pom, 'dependency:copy-dependencies', '-DincludeScope=runtime'],
          `-DoutputDirectory=${join(at, pom.includes('debezium') ? 'debezium' : 'converter')}`,
        ])
    },
  )
  const folder = once(join(cache, `registry-${REGISTRY}`), 'Apicurio through Maven (109 MB)', (at) => {
    const artifact = `io.apicurio:apicurio-registry-app:${REGISTRY}:tar.gz:all`
    run('mvn', ['-q', '-B', 'dependency:copy', `-Dartifact=${artifact}`, `-DoutputDirectory=${at}`])
    run('tar', ['xzf', join(at, `apicurio-registry-app-${REGISTRY}-all.tar.gz`), '-C', at])
  })
  return {
    kafka: await kafkaJars(say),
    plugins,
    registry: join(folder, readdirSync(folder).find((name) => name.endsWith('-runner.jar'))!),
    postgres: findPostgres(),
  }
}
