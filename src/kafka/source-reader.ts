/** Reads `lethe-source` headers back: for auditors of outputs who hold the keys of their coordinates. */

import type { FieldKey } from '../../transforms/transform.ts'
import type { Keyring } from '../keys/keyring.ts'
import type { KeyStatus } from '../keys/keyset.ts'
import type { Position } from './record.ts'
import { oldSourceDomain, readSource, sourceDomain, sourceId } from './source-header.ts'

/** The topics of a route, of now or of former times. */
export interface SourceRoute {
  readonly route: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
}

export interface Source extends Position {
  /** Undefined for clear coordinates, which name none. */
  readonly route: string | undefined
  /** The output topic whose key reads them. Undefined: none, as they are clear or in the form of 0.1.0. */
  readonly output: string | undefined
  /** `pipeline`: under a key of the pipeline alone, as in 0.1.0, and so equal in all of its output topics. */
  readonly form: 'output' | 'pipeline' | 'clear'
  /** The key that they were encrypted under; undefined where they were not encrypted. */
  readonly key: { readonly id: string; readonly status: KeyStatus } | undefined
}

export const UNREAD_CODES = {
  'not-a-source': 'this is not a lethe-source header',
  'no-keys': 'it is encrypted, and the pipeline file names no keys',
  'unknown-key': 'the keyset does not hold the key that it names',
  'unknown-topic':
    'under that key it names no topic that a route of this pipeline reads: it is of another pipeline or keyset, of an output topic that has to be named with --outputs, or of an input topic that has to be named with --topics',
  ambiguous: 'it can be read in two ways: two topics of the pipeline share the id that it names',
} as const

export type UnreadCode = keyof typeof UNREAD_CODES

export type Reading = { readonly source: Source } | { readonly unread: UnreadCode }

const ENCRYPTED = /^(k[1-9][0-9]{0,5})\.[A-Za-z0-9_-]{22}$/
/** A partition is a signed number of 32 bits. */
const MOST_PARTITION = 2 ** 31 - 1
const CLEAR = /^([A-Za-z0-9._-]{1,249})\/(\d{1,10})\/(\d{1,16})$/

/** One way to read a header: the key of this domain, and the topics that it may then name, by their ids. */
interface Form {
  readonly domain: string
  readonly output: string | undefined
  readonly topics: Map<number, { readonly route: string; readonly topic: string }[]>
}

type FoundKey = { readonly key: FieldKey; readonly status: KeyStatus }

/**
 * Neither form says which it is: all are tried. A reading is believed where it names a topic that a route reads which
 * writes to that output, a partition and an offset that Kafka can have: one in some 2^44 of foreign headers does.
 */
export class SourceReader {
  readonly #keyring: Keyring | undefined
  readonly #forms: readonly Form[]
  readonly #keys: Map<string, FoundKey | undefined> = new Map()

  /** `pipeline`: its name, which the keys are derived for. */
  constructor(pipeline: string, keyring: Keyring | undefined, routes: readonly SourceRoute[]) {
    this.#keyring = keyring
    const outputs = [...new Set(routes.flatMap((route) => route.outputs))]
    this.#forms = [
      ...outputs.map((output) => {
        const own = routes.filter((route) => route.outputs.includes(output))
        return { domain: sourceDomain(pipeline, output), output, topics: topicsById(own) }
      }),
      { domain: oldSourceDomain(pipeline), output: undefined, topics: topicsById(routes) },
    ]
  }

  read(text: string): Reading {
    const [, topic, partition, offset] = CLEAR.exec(text) ?? []
    if (topic !== undefined) {
      const source = {
        route: undefined,
        topic,
        partition: Number(partition),
        offset: Number(offset),
        output: undefined,
        form: 'clear' as const,
        key: undefined,
      }
      return Number.isSafeInteger(source.offset) ? { source } : { unread: 'not-a-source' }
    }
    const keyId = ENCRYPTED.exec(text)?.[1]
    if (keyId === undefined) return { unread: 'not-a-source' }
    const keyring = this.#keyring
    if (keyring === undefined) return { unread: 'no-keys' }
    const found: Source[] = []
    for (const form of this.#forms) {
      const known = this.#keyOf(keyId, form.domain, keyring)
      if (known === undefined) return { unread: 'unknown-key' }
      found.push(...readAs(text, keyId, form, known))
    }
    if (found.length === 0) return { unread: 'unknown-topic' }
    return found.length > 1 ? { unread: 'ambiguous' } : { source: found[0]! }
  }

  #keyOf(id: string, domain: string, keyring: Keyring): FoundKey | undefined {
    const name = `${id}/${domain}`
    if (!this.#keys.has(name)) this.#keys.set(name, keyring.sourceKey(domain, id))
    return this.#keys.get(name)
  }
}

function readAs(text: string, id: string, { output, topics }: Form, { key, status }: FoundKey): Source[] {
  const coordinates = readSource(text, key)
  // Another key makes other coordinates of it, nearly always of no topic.
  if (coordinates === undefined || coordinates.partition > MOST_PARTITION) return []
  const { partition, offset } = coordinates
  return (topics.get(coordinates.id) ?? []).map((topic) => ({
    ...topic,
    partition,
    offset,
    output,
    form: output === undefined ? 'pipeline' : 'output',
    key: { id, status },
  }))
}

function topicsById(routes: readonly SourceRoute[]): Form['topics'] {
  const topics: Form['topics'] = new Map()
  for (const { route, inputs } of routes)
    for (const topic of new Set(inputs)) {
      const id = sourceId(route, topic)
      topics.set(id, [...(topics.get(id) ?? []), { route, topic }])
    }
  return topics
}
