/** Heads of ledgers in a topic: each record has the chain as its key and the line of a head as its value. */
import { LetheError } from '../../errors.ts'
import type { Admin, TopicDescription } from '../../kafka/admin.ts'
import type { Connection } from '../../kafka/driver.ts'
import { openAdmin } from '../../kafka/open-admin.ts'
import { resolveConnection } from '../../kafka/pipeline-file/pipeline-secrets.ts'
import { readLogs } from '../../kafka/read-logs.ts'
import { type InputRecord, type Position, partitionKey } from '../../kafka/record.ts'
import { type Anchor, fileAnchor, readHead, type SignedHead } from '../../ledger/anchor.ts'
import type { LedgerFile } from '../../ledger/verify-chains.ts'
import { readPipeline } from './prepare.ts'

/**
 * A topic as the second place. A ledger is written to a few times a run, with hours between: so each look and each head has a
 * connection of its own, which is opened anew.
 */
export function topicAnchor(topic: string, connect: () => Connection): Anchor {
  /** The highest head of each chain, and up to where they were read. */
  const heads = new Map<string, SignedHead>()
  const read = new Map<string, Position>()
  const take = ({ value }: InputRecord): void => {
    const head = value === null ? undefined : readHead(value)
    // A record may be written twice, and the older one last.
    if (head !== undefined && head.sequence >= (heads.get(head.chain)?.sequence ?? 0))
      heads.set(head.chain, head)
  }
  return {
    name: `topic ${topic}`,
    last: (chain) =>
      withAdmin(connect, async (admin) => {
        const { starts, ends } = await spanOf(admin, topic)
        const from = starts.map((start) => {
          const known = read.get(partitionKey(start))
          return known !== undefined && known.offset > start.offset ? known : start
        })
        await readLogs(admin, from, ends, take)
        for (const end of ends) read.set(partitionKey(end), end)
        return heads.get(chain)
      }),
    put: (line) =>
      withAdmin(connect, async (admin) => {
        await lookAt(admin, topic)
        const chain = readHead(Buffer.from(line))!.chain
        const record = { topic, partition: undefined, key: Buffer.from(chain), value: Buffer.from(line) }
        await admin.write([{ ...record, headers: [], timestamp: undefined }])
      }),
  }
}

async function withAdmin<T>(connect: () => Connection, ask: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = await openAdmin(connect())
  try {
    return await ask(admin)
  } finally {
    await admin.close()
  }
}

/** @throws LetheError (io) where the topic is missing, or may not be read */
async function lookAt(admin: Admin, topic: string): Promise<TopicDescription> {
  const [found] = await admin.topics([topic])
  if (found === undefined || found.presence === 'missing')
    throw new LetheError(
      'topic-missing',
      `the topic ${topic}, which anchors the ledger, does not exist`,
      'make it, with cleanup.policy=compact',
    )
  if (found.presence === 'forbidden' || found.rights?.has('read') === false)
    throw new LetheError(
      'right-missing',
      `the topic ${topic}, which anchors the ledger, may not be read by this user`,
      '`lethe acl PIPELINE` prints the commands that grant the least it needs',
    )
  return found
}

async function spanOf(
  admin: Admin,
  topic: string,
): Promise<{ readonly starts: readonly Position[]; readonly ends: readonly Position[] }> {
  const found = await lookAt(admin, topic)
  const partitions = found.partitions.map(({ partition }) => ({ topic, partition }))
  const [starts, ends] = await Promise.all([
    admin.offsets(partitions, 'earliest'),
    admin.offsets(partitions, 'latest'),
  ])
  return { starts, ends }
}

type LedgerPlace = NonNullable<Awaited<ReturnType<typeof readPipeline>>['ledger']>

/** The anchor that a pipeline names; undefined where it names none. */
export const anchorFor = (
  { file, anchor }: Pick<LedgerPlace, 'file' | 'anchor'>,
  connect: () => Connection,
): Anchor | undefined =>
  anchor === undefined
    ? undefined
    : typeof anchor === 'string'
      ? fileAnchor(anchor, file)
      : topicAnchor(anchor.topic, connect)

/** The anchor of a pipeline file, for a ledger that another command writes. @throws LetheError (usage) where it names none */
export async function anchorOfPipeline(pipelineFile: string, ledger: string): Promise<Anchor> {
  const pipeline = await readPipeline(pipelineFile)
  const anchor = pipeline.ledger?.anchor
  const made = anchorFor({ file: ledger, anchor }, () => resolveConnection(pipeline))
  if (made === undefined) throw noAnchor(pipelineFile)
  return made
}

const noAnchor = (file: string): LetheError =>
  new LetheError(
    'bad-option',
    `the pipeline ${file} names no anchor of a ledger`,
    'say `ledger: { …, anchor: { topic: … } }` in it',
  )

/** What the anchor of a pipeline file holds: the file that it names, or each partition of its topic as a file of its own. */
export async function readPipelineAnchor(
  pipelineFile: string,
  readFile: (file: string) => Uint8Array,
): Promise<readonly LedgerFile[]> {
  const pipeline = await readPipeline(pipelineFile)
  const anchor = pipeline.ledger?.anchor
  if (anchor === undefined) throw noAnchor(pipelineFile)
  if (typeof anchor === 'string') return [{ file: anchor, bytes: readFile(anchor) }]
  const { topic } = anchor
  return await withAdmin(
    () => resolveConnection(pipeline),
    async (admin) => {
      const { starts, ends } = await spanOf(admin, topic)
      const lines = new Map<number, Buffer[]>()
      await readLogs(admin, starts, ends, ({ partition, value }) => {
        const line = Buffer.concat([value ?? Buffer.alloc(0), Buffer.from('\n')])
        const before = lines.get(partition)
        if (before === undefined) lines.set(partition, [line])
        else before.push(line)
      })
      return [...lines].map(([partition, all]) => ({
        file: `topic ${topic}, partition ${partition}`,
        bytes: Buffer.concat(all),
      }))
    },
  )
}
