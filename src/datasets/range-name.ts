/**
 * The name of a file of a data set: topic, partition and first offset, `shop.orders+3+0000000000000500.ndjson.gz`. No name of a topic
 * holds a plus sign. Names of a partition sort by offset.
 */

export interface RangeStart {
  readonly topic: string
  readonly partition: number
  /** The first offset that the file covers. */
  readonly first: number
}

/** Digits of an offset: exact below 2^53. */
const DIGITS = 16

const NAME = /^([A-Za-z0-9._-]{1,249})\+(0|[1-9]\d{0,9})\+(\d{16})(\..*)$/

export const stemOf = ({ topic, partition, first }: RangeStart): string =>
  `${topic}+${partition}+${String(first).padStart(DIGITS, '0')}`

/** `extension`: with its dot. */
export const rangeName = (start: RangeStart, extension: string): string => `${stemOf(start)}${extension}`

/** What a name with this extension says; undefined for any other name. */
export function readRangeName(name: string, extension: string): RangeStart | undefined {
  const [, topic, partition, first, found] = NAME.exec(name) ?? []
  if (topic === undefined || found !== extension || !Number.isSafeInteger(Number(first))) return undefined
  return { topic, partition: Number(partition), first: Number(first) }
}
