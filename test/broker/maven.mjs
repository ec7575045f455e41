/** Apache Kafka's jars, fetched once through Maven (which checks their sums) into a cache outside the tree. */
import { spawn, spawnSync } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

const POM = join(import.meta.dirname, 'pom.xml')
const FETCH_DEADLINE = 600_000

export function cacheFolder() {
  const { LETHE_CACHE, XDG_CACHE_HOME } = process.env
  return LETHE_CACHE || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'lethe')
}

/** Undefined if Java can run Kafka 4, else why not. */
export function javaProblem() {
  const { error, stderr } = spawnSync('java', ['-version'], { encoding: 'utf8', timeout: 30_000 })
  if (error !== undefined) return 'there is no java'
  const major = Number(/version "(\d+)/.exec(stderr)?.[1])
  return major >= 17
    ? undefined
    : `Java 17 or later is needed, and this is ${major || 'of an unknown version'}`
}

const jarsFolder = () => {
  const version = createHash('sha256').update(readFileSync(POM)).digest('hex').slice(0, 12)
  return join(cacheFolder(), `kafka-${version}`)
}
const isMavenThere = () => spawnSync('mvn', ['-v'], { stdio: 'ignore', timeout: 60_000 }).error === undefined

/** Whether it looks as if Kafka could run here: no more is known before it was fetched. */
export const canRunKafka = () => javaProblem() === undefined && (existsSync(jarsFolder()) || isMavenThere())

/** Where the classes of these jars are kept as this Java has loaded them; see `class-archive.mjs`. */
export function archiveFile() {
  const { stderr } = spawnSync('java', ['-version'], { encoding: 'utf8', timeout: 30_000 })
  return `${jarsFolder()}-${createHash('sha256').update(String(stderr)).digest('hex').slice(0, 12)}.jsa`
}

/** The folder with the jars. Throws with the reason; two processes at once do not disturb each other. */
export async function kafkaJars(onProgress) {
  const folder = jarsFolder()
  if (existsSync(folder)) return folder
  if (!isMavenThere()) throw new Error('Maven (mvn), which fetches Apache Kafka, is not here')
  onProgress(`fetching Apache Kafka through Maven into ${folder} (54 MB, once)`)
  mkdirSync(cacheFolder(), { recursive: true })
  const temporary = `${folder}.${randomUUID()}`
  try {
    await fetchJars(temporary)
    renameSync(temporary, folder)
  } catch (error) {
    // Another process was first: its folder is as good.
    if (!existsSync(folder)) throw error
  } finally {
    rmSync(temporary, { recursive: true, force: true })
  }
  return folder
}

async function fetchJars(folder) {
  const maven = spawn(
    'mvn',
    [
      '-q',
      '-B',
      '-C',
      '-f',
      POM,
      'dependency:copy-dependencies',
      '-DincludeScope=runtime',
      `-DoutputDirectory=${folder}`,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'], timeout: FETCH_DEADLINE },
  )
  let text = ''
  for (const stream of [maven.stdout, maven.stderr]) stream.on('data', (chunk) => (text += chunk))
  const status = await new Promise((resolve, reject) => {
    maven.once('error', reject)
    maven.once('close', resolve)
  })
  if (status === 0 && existsSync(folder)) return
  const line = text.split('\n').find((one) => one.includes('ERROR')) ?? `it ended with ${status}`
  throw new Error(`Maven could not fetch Apache Kafka: ${line.slice(0, 300)}`)
}
