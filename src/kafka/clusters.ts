/** Whether the brokers that a pipeline names are of one cluster: what reads one and writes another settles nothing. */
import { LetheError } from '../errors.ts'
import type { Connection } from './driver.ts'
import { openAdmin } from './open-admin.ts'

export interface Cluster {
  readonly id: string
  /** Of those that the pipeline names. */
  readonly brokers: readonly string[]
}

/** Those that do not answer by then are left out: another one may do for the pipeline. */
const PATIENCE_MS = 1000

/** The clusters behind the brokers of a connection; empty where there is one broker only, and nothing to compare. */
export async function distinctClusters(connection: Connection): Promise<readonly Cluster[]> {
  const { brokers } = connection
  if (brokers.length < 2) return []
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(), PATIENCE_MS)
  try {
    const ids = await Promise.all(brokers.map((broker) => clusterOf(connection, broker, late.signal)))
    const clusters = new Map<string, string[]>()
    for (const [index, id] of ids.entries())
      if (id !== undefined) clusters.set(id, [...(clusters.get(id) ?? []), brokers[index]!])
    return [...clusters].map(([id, of]) => ({ id, brokers: of }))
  } finally {
    clearTimeout(timer)
  }
}

/** The cluster that a broker says it belongs to; undefined where it does not say so in time. */
export async function clusterOf(
  connection: Connection,
  broker: string,
  late: AbortSignal,
): Promise<string | undefined> {
  const asked = ask({ ...connection, brokers: [broker] })
  const given = new Promise<undefined>((resolve) => {
    if (late.aborted) resolve(undefined)
    else late.addEventListener('abort', () => resolve(undefined), { once: true })
  })
  return await Promise.race([asked, given])
}

async function ask(connection: Connection): Promise<string | undefined> {
  try {
    const admin = await openAdmin(connection)
    try {
      return (await admin.cluster()).id
    } finally {
      await admin.close()
    }
  } catch (error) {
    if (error instanceof LetheError) return undefined
    throw error
  }
}
