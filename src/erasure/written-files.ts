/** What `lethe forget` writes beside work orders: never over what it reads; feeds into files or topics. */

import { LetheError } from '../errors.ts'
import { ReadFiles } from '../run/read-files.ts'
import type { EraseSetting } from './erase.ts'
import type { ErasureOrder } from './erasure-order.ts'
import { appendFeed, appendTopicFeed, type FeedChange } from './feed.ts'
import { targetFiles, topicNames } from './order-facts.ts'

/** The files that a command reads. */
export interface ReadOptions {
  readonly policy: readonly string[]
  readonly pipeline?: string
  readonly suppression: string
  readonly matchKeys?: string
}

/** Refuses to write where something stands that the command reads or keeps. */
export function refuseOverwriting(
  file: string | undefined,
  options: ReadOptions,
  targets: readonly string[],
  orders: readonly string[] = [],
): void {
  if (file === undefined) return
  const reads = new ReadFiles()
  reads.addOptions(options)
  for (const one of targets) reads.add('a target', one)
  for (const one of orders) reads.add('a work order', one)
  reads.refuse(file)
}

/** `topic:NAME`, or a file. */
export const fed = (feed: string, order: ErasureOrder, { topics, now }: EraseSetting): Promise<FeedChange> =>
  isTopic(feed)
    ? appendTopicFeed(topics!.admin, feed.slice('topic:'.length), order, now)
    : appendFeed(feed, order, now)

const isTopic = (feed: string): boolean => feed.startsWith('topic:')

export function refuseFeed(
  options: ReadOptions & { readonly feed?: string },
  orders: readonly ErasureOrder[],
  files: readonly string[],
): void {
  const { feed, pipeline } = options
  if (feed === undefined) return
  if (!isTopic(feed)) refuseOverwriting(feed, options, orders.flatMap(targetFiles), files)
  else if (pipeline === undefined)
    throw new LetheError(
      'bad-option',
      'a feed in a topic needs the brokers of a pipeline',
      'say --pipeline FILE',
    )
  else if (orders.flatMap(topicNames).includes(feed.slice('topic:'.length)))
    throw new LetheError(
      'bad-option',
      'the feed would go to a topic of the pipeline',
      'name a topic of its own',
    )
}
