/**
 * The header `lethe-source`: which record an output was made of. By default encrypted: one AES-256 block over route id,
 * partition and offset, under a key derived for the pipeline and its output topic. A block cipher is a permutation, so
 * equal headers mean duplicates, nothing collides, and without the key two outputs cannot be joined, nor the record found. It
 * is used on single, distinct blocks only; that is why no mode is needed (ECB is the name of that).
 */
import { createCipheriv, createDecipheriv, createHash } from 'node:crypto'
import type { FieldKey } from '../../transforms/transform.ts'
import type { OutputHeader } from './record.ts'

export const SOURCE_HEADER = 'lethe-source'
export const POLICY_HEADER = 'lethe-policy'

/** Of one output. */
export const sourceHeader = (text: string): OutputHeader => ({ 'lethe-source': text })

const BLOCK_BYTES = 16
/** A block and two bytes of nothing: in base64, where three bytes are four letters, each block then stands for itself. */
const PADDED_BYTES = 18
const PADDED_LETTERS = 24
const BLOCK_LETTERS = 22
const CIPHER = 'aes-256-ecb'
const TWO_32 = 2 ** 32

/** Positions, asked for one by one. */
export interface Positions {
  readonly length: number
  topic(index: number): string
  partition(index: number): number
  offset(index: number): number
}

/** Writes the header of each record of a batch. */
export interface SourceWriter {
  /** The text for each position, by its place; undefined where the pipeline says `source: none`. */
  write(positions: Positions): ((index: number) => string) | undefined
}

/**
 * What a source key is derived for. Without the topic, two releases of one pipeline could be joined record by record;
 * with the policy, duplicates that straddle a change of it would not be seen. Neither name can hold the slash.
 */
export const sourceDomain = (pipeline: string, outputTopic: string): string => `${pipeline}/${outputTopic}`

/** What it was derived for until 0.1.0: such headers still stand in topics. */
export const oldSourceDomain = (pipeline: string): string => pipeline

/** Stands for route and input topic in a block: 4 bytes. Two routes of one topic differ, so that outputs cannot be joined. */
export function sourceId(route: string, topic: string): number {
  return createHash('sha256').update(`${route}\0${topic}`).digest().readUInt32BE(0)
}

export function encryptedSources(key: FieldKey, route: string): SourceWriter {
  const ids = new Map<string, number>()
  const topics = new Map<number, string>()
  const idOf = (topic: string): number => {
    const known = ids.get(topic)
    if (known !== undefined) return known
    const id = sourceId(route, topic)
    const other = topics.get(id)
    // Four bytes of a digest: one in a million for a hundred topics, and then two records would look like one.
    if (other !== undefined) throw new Error('two topics of a route have one source id')
    ids.set(topic, id)
    topics.set(id, topic)
    return id
  }
  return {
    write(positions) {
      const blocks = Buffer.allocUnsafe(positions.length * BLOCK_BYTES)
      for (let index = 0; index < positions.length; index++) {
        const offset = positions.offset(index)
        const at = index * BLOCK_BYTES
        blocks.writeUInt32BE(idOf(positions.topic(index)), at)
        blocks.writeUInt32BE(positions.partition(index), at + 4)
        blocks.writeUInt32BE(Math.floor(offset / TWO_32), at + 8)
        blocks.writeUInt32BE(offset % TWO_32, at + 12)
      }
      const cipher = createCipheriv(CIPHER, key.bytes, null).setAutoPadding(false)
      const encrypted = cipher.update(blocks)
      const padded = Buffer.alloc(positions.length * PADDED_BYTES)
      for (let index = 0; index < positions.length; index++)
        encrypted.copy(padded, index * PADDED_BYTES, index * BLOCK_BYTES, (index + 1) * BLOCK_BYTES)
      const letters = padded.toString('base64url')
      return (index) => {
        const start = index * PADDED_LETTERS
        return `${key.id}.${letters.slice(start, start + BLOCK_LETTERS)}`
      }
    },
  }
}

/** Coordinates in the clear: `topic/partition/offset`. */
export const clearSources: SourceWriter = {
  write: (positions) => (index) =>
    `${positions.topic(index)}/${positions.partition(index)}/${positions.offset(index)}`,
}

export const noSources: SourceWriter = { write: () => undefined }

/** What an encrypted header says; `id` is that of `sourceId`. Undefined for a text that is none. */
export function readSource(
  text: string,
  key: FieldKey,
): { readonly id: number; readonly partition: number; readonly offset: number } | undefined {
  const [keyId, encoded] = text.split('.', 2)
  if (keyId !== key.id || encoded === undefined || !/^[A-Za-z0-9_-]{22}$/.test(encoded)) return undefined
  const block = Buffer.from(encoded, 'base64url')
  if (block.length !== BLOCK_BYTES) return undefined
  const plain = createDecipheriv(CIPHER, key.bytes, null).setAutoPadding(false).update(block)
  const offset = plain.readUInt32BE(8) * TWO_32 + plain.readUInt32BE(12)
  if (!Number.isSafeInteger(offset)) return undefined
  return { id: plain.readUInt32BE(0), partition: plain.readUInt32BE(4), offset }
}
