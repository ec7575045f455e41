/** The erasure feed: tokens that are to be erased by those who have the outputs, one a line. docs/erasure.md has its form. */
import { LetheError } from '../errors.ts'
import { takeLock } from '../files/lock-file.ts'
import { readIfThere, writeWhole } from '../files/whole-file.ts'
import type { Admin } from '../kafka/admin.ts'
import { readLogs } from '../kafka/read-logs.ts'
import type { ErasureOrder } from './erasure-order.ts'

/** What a feed says of a token. */
const lineOf = (order: ErasureOrder, at: string, token: string): string =>
  JSON.stringify({ lethe: 'erasure', v: 1, at, order: order.hash, token })

export interface FeedChange {
  /** Tokens that were appended. */
  readonly written: number
  /** Subjects that outputs hold without a token: a feed cannot name them. */
  readonly untold: number
}

/**
 * Appends the tokens of an order that are not there yet, by replacing the file. What a feed holds stays.
 * @throws LetheError (io), `file-busy`
 */
export async function appendFeed(file: string, order: ErasureOrder, now: number): Promise<FeedChange> {
  const release = await takeLock(file)
  try {
    const before = readIfThere(file)
    if (before !== '' && !before.startsWith('{"lethe":"erasure",'))
      throw new LetheError(
        'file-malformed',
        `${file} is no erasure feed; it is as it was`,
        'name a feed, or a file that is not there',
      )
    const known = new Set(before.split('\n').map((line) => /"token":("(?:[^"\\]|\\.)*")/.exec(line)?.[1]))
    const at = new Date(now).toISOString()
    const tokens = order.subjects
      .flatMap((subject) => subject.tokens)
      .filter((token) => !known.has(JSON.stringify(token)))
    if (tokens.length > 0) {
      const whole = before === '' || before.endsWith('\n') ? before : `${before}\n`
      const lines = tokens.map((token) => `${lineOf(order, at, token)}\n`)
      await writeWhole(file, `${whole}${lines.join('')}`)
    }
    return { written: tokens.length, untold: untoldOf(order) }
  } finally {
    release()
  }
}

function untoldOf({ searches, subjects }: ErasureOrder): number {
  const forms = searches.flatMap(({ finders, beside = [] }) => [...finders, ...beside])
  return forms.some(({ by }) => by.includes('kept'))
    ? subjects.length
    : subjects.filter(({ digests }) => digests.length > 0).length
}

/**
 * Writes the tokens of an order that are not there yet to a topic, each as the key of a record, so that the topic may be
 * compacted. What it holds stays.
 * @throws LetheError: `topic-missing` where it is not there, `file-malformed` where it holds something else, (io)
 */
export async function appendTopicFeed(
  admin: Admin,
  topic: string,
  order: ErasureOrder,
  now: number,
): Promise<FeedChange> {
  const [found] = await admin.topics([topic])
  if (found?.presence !== 'there')
    throw new LetheError(
      'topic-missing',
      `the topic ${topic} of the feed is not there, or this user may not see it; nothing was written to it`,
      'make it, and allow Read and Write on it; the order can be applied again',
    )
  const partitions = found.partitions.map(({ partition }) => ({ topic, partition }))
  const known = new Set<string>()
  await readLogs(
    admin,
    await admin.offsets(partitions, 'earliest'),
    await admin.offsets(partitions, 'latest'),
    ({ key, value, partition, offset }) => {
      if (value === null || key === null) return
      if (!Buffer.from(value.subarray(0, HEAD.length)).equals(HEAD))
        throw new LetheError(
          'file-malformed',
          `topic ${topic}, partition ${partition}, offset ${offset}: this is no entry of an erasure feed; nothing was written`,
          'name a topic of its own',
        )
      known.add(Buffer.from(key).toString('utf8'))
    },
  )
  const at = new Date(now).toISOString()
  const tokens = [...new Set(order.subjects.flatMap((subject) => subject.tokens))].filter(
    (token) => !known.has(token),
  )
  if (tokens.length > 0)
    await admin.write(
      tokens.map((token) => ({
        topic,
        partition: undefined,
        key: Buffer.from(token),
        value: Buffer.from(lineOf(order, at, token)),
        headers: [],
        timestamp: undefined,
      })),
    )
  return { written: tokens.length, untold: untoldOf(order) }
}

const HEAD: Buffer = Buffer.from('{"lethe":"erasure",')
