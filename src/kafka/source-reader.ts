/** Reads `lethe-source` headers back: for whoever audits outputs and holds the keys that their coordinates are under. */

import type { FieldKey } from '../../transforms/transform.ts'
import type { Keyring } from '../keys/keyring.ts'
import type { KeyStatus } from '../keys/keyset.ts'
import type { Position } from './record.ts'
import { readSource, sourceId } from './source-header.ts'

/** A topic that a route reads, or once read. */
export interface SourceTopic {
  readonly route: string
  readonly topic: string
}

export interface Source extends Position {
  /** Undefined for clear coordinates, which name none. */
  readonly route: string | undefined
  /** The key they were under; undefined where they stood in the clear. */
  readonly key: { readonly id: string; readonly status: KeyStatus } | undefined
}

export const UNREAD_CODES = {
  'not-a-source': 'this is no lethe-source header',
  'no-keys': 'it is encrypted, and the pipeline file names no keys',
  'unknown-key': 'the keyset does not hold the key that it names',
  'unknown-topic':
    'under that key it names no topic that a route of this pipeline reads: it is of another pipeline or keyset, or of a topic that has to be named with --topics',
  ambiguous: 'two topics of the pipeline share the id that it names',
} as const

export type UnreadCode = keyof typeof UNREAD_CODES

export type Reading = { readonly source: Source } | { readonly unread: UnreadCode }

const ENCRYPTED = /^(k[1-9][0-9]{0,5})\.[A-Za-z0-9_-]{22}$/
const CLEAR = /^([A-Za-z0-9._-]{1,249})\/(\d{1,10})\/(\d{1,16})$/

export class SourceReader {
  readonly #pipeline: string
  readonly #keyring: Keyring | undefined
  readonly #topics: Map<number, SourceTopic[]> = new Map()
  readonly #keys: Map<string, { readonly key: FieldKey; readonly status: KeyStatus } | undefined> = new Map()

  /** `pipeline`: its name, which the key is derived for. */
  constructor(pipeline: string, keyring: Keyring | undefined, topics: readonly SourceTopic[]) {
    this.#pipeline = pipeline
    this.#keyring = keyring
    for (const one of topics) {
      const id = sourceId(one.route, one.topic)
      const others = this.#topics.get(id) ?? []
      if (!others.some(({ route, topic }) => route === one.route && topic === one.topic))
        this.#topics.set(id, [...others, one])
    }
  }

  read(text: string): Reading {
    const [, topic, partition, offset] = CLEAR.exec(text) ?? []
    if (topic !== undefined) {
      const source = {
        route: undefined,
        topic,
        partition: Number(partition),
        offset: Number(offset),
        key: undefined,
      }
      return Number.isSafeInteger(source.offset) ? { source } : { unread: 'not-a-source' }
    }
    const keyId = ENCRYPTED.exec(text)?.[1]
    if (keyId === undefined) return { unread: 'not-a-source' }
    if (this.#keyring === undefined) return { unread: 'no-keys' }
    const found = this.#keyOf(keyId, this.#keyring)
    if (found === undefined) return { unread: 'unknown-key' }
    const coordinates = readSource(text, found.key)
    // Another key makes other coordinates of it, nearly always of no topic.
    const topics = coordinates === undefined ? [] : (this.#topics.get(coordinates.id) ?? [])
    if (coordinates === undefined || topics.length === 0) return { unread: 'unknown-topic' }
    if (topics.length > 1) return { unread: 'ambiguous' }
    return {
      source: {
        ...topics[0]!,
        partition: coordinates.partition,
        offset: coordinates.offset,
        key: { id: keyId, status: found.status },
      },
    }
  }

  #keyOf(id: string, keyring: Keyring): { readonly key: FieldKey; readonly status: KeyStatus } | undefined {
    if (!this.#keys.has(id)) this.#keys.set(id, keyring.sourceKey(this.#pipeline, id))
    return this.#keys.get(id)
  }
}
