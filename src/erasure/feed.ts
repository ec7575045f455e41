/** The erasure feed: tokens that are to be erased by those who have the outputs, one a line. docs/erasure.md has its form. */
import { LetheError } from '../errors.ts'
import { takeLock } from '../files/lock-file.ts'
import { readIfThere, writeWhole } from '../files/whole-file.ts'
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
    const untold = order.searches.some(({ finders }) => finders.some(({ by }) => by.includes('kept')))
      ? order.subjects.length
      : order.subjects.filter(({ digests }) => digests.length > 0).length
    return { written: tokens.length, untold }
  } finally {
    release()
  }
}
