/** Whose the folder of a data set is: a file in it that is made once. */
import type { Position } from '../kafka/record.ts'

/** Readers of data sets pass by what begins with an underscore. */
export const OWN_FOLDER = '_lethe'
/** In that folder. */
export const IDENTITY = 'dataset.json'

export interface Identity {
  readonly v: 1
  readonly owner: string
  readonly format: string
  /** Where its partitions began that were there when it was made. */
  readonly starts: readonly Position[]
}

/** What the text of the file says; undefined where it is none. */
export function identityOf(text: string): Identity | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  const { v, owner, format, starts } = (value ?? {}) as Readonly<Record<string, unknown>>
  const isSound = v === 1 && typeof owner === 'string' && typeof format === 'string' && Array.isArray(starts)
  return isSound && starts.every(isPosition) ? (value as Identity) : undefined
}

function isPosition(value: unknown): boolean {
  const { topic, partition, offset } = (value ?? {}) as Readonly<Record<string, unknown>>
  return typeof topic === 'string' && Number.isSafeInteger(partition) && Number.isSafeInteger(offset)
}
