/** A client of the REST interface of Confluent Schema Registry: the part that other registries offer too. */
import { LetheError } from '../errors.ts'
import { type OuterTags, SchemaFault, type SchemaText } from '../record/schema-text.ts'
import { UNREADABLE_TAG } from '../record/tags/tagged-type.ts'
import { askRegistry, type RegistryAnswer, type RegistryConnection } from './registry-request.ts'

/** What the registry calls Avro, where it says it. */
export type SchemaKind = 'AVRO' | 'JSON' | 'PROTOBUF'

export const COMPATIBILITY_MODES = [
  'NONE',
  'BACKWARD',
  'BACKWARD_TRANSITIVE',
  'FORWARD',
  'FORWARD_TRANSITIVE',
  'FULL',
  'FULL_TRANSITIVE',
] as const
export type CompatibilityMode = (typeof COMPATIBILITY_MODES)[number]

export interface FoundSchema extends SchemaText {
  readonly kind: SchemaKind
}

export interface SubjectVersion extends FoundSchema {
  readonly id: number
  readonly version: number
}

/** Schemas that one refers to, all in all, and how deep they do. */
const MOST_REFERENCES = 100
const MOST_DEPTH = 16
const MOST_TEXT = 1 << 20
/** Patterns that tag fields, tags of one, and characters of each. */
const MOST_PATTERNS = 100
const MOST_PATTERN = 256

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function unexpected(status: number): LetheError {
  return new LetheError(
    'registry-refused',
    `the schema registry answers with what no registry does (status ${status})`,
    'check `registry.url`: it may need a path, such as /apis/ccompat/v7',
  )
}

/** The code that the registry gives an error: 404 alone may come of a wrong address. */
const errorCode = ({ body }: RegistryAnswer): number | undefined =>
  isObject(body) && typeof body['error_code'] === 'number' ? body['error_code'] : undefined

const NOT_FOUND: ReadonlySet<number> = new Set([40401, 40402, 40403, 40408, 404])

/** Whether the registry says that what was asked for is not there. */
function isMissing(answer: RegistryAnswer): boolean {
  if (answer.status !== 404) return false
  const code = errorCode(answer)
  if (code === undefined || !NOT_FOUND.has(code)) throw unexpected(404)
  return true
}

export class RegistryClient {
  readonly #connect: () => RegistryConnection

  /** `connect`: how to reach it, asked before each request, so that new passwords are taken up. */
  constructor(connect: () => RegistryConnection) {
    this.#connect = connect
  }

  #ask(method: 'GET' | 'POST' | 'PUT', path: string, body?: unknown): Promise<RegistryAnswer> {
    return askRegistry(this.#connect(), method, path, body)
  }

  /**
   * The schema of an id, with all that it refers to; undefined: the registry has none. `isSerialized`: one of Protobuf is wanted as
   * a descriptor; a registry that does not know that gives its text.
   * @throws SchemaFault where it is too large, or what it refers to is not there
   * @throws LetheError where the registry does not answer as it should
   */
  async schema(id: number, isSerialized = false): Promise<FoundSchema | undefined> {
    const answer = await this.#ask('GET', `/schemas/ids/${id}${formOf(isSerialized)}`)
    return isMissing(answer) ? undefined : await this.#found(answer, isSerialized)
  }

  /** A version of a subject; undefined: there is none. Throws as `schema` does. */
  async version(
    subject: string,
    version: number | 'latest',
    isSerialized = false,
  ): Promise<SubjectVersion | undefined> {
    const path = `/subjects/${encodeURIComponent(subject)}/versions/${version}${formOf(isSerialized)}`
    const answer = await this.#ask('GET', path)
    if (isMissing(answer)) return undefined
    const { body, status } = answer
    if (!isObject(body) || typeof body['id'] !== 'number' || typeof body['version'] !== 'number')
      throw unexpected(status)
    return { ...(await this.#found(answer, isSerialized)), id: body['id'], version: body['version'] }
  }

  /** The numbers of the versions of a subject; none where it is not there. */
  async versions(subject: string): Promise<readonly number[]> {
    const answer = await this.#ask('GET', `/subjects/${encodeURIComponent(subject)}/versions`)
    if (isMissing(answer)) return []
    const { body, status } = answer
    if (!Array.isArray(body) || !body.every(Number.isInteger)) throw unexpected(status)
    return body as number[]
  }

  /**
   * Registers a schema under a subject, which may have it already; gives its id.
   * @throws SchemaFault (schema-incompatible) where the registry says that it does not go with versions before
   */
  async register(subject: string, text: string, kind: SchemaKind = 'AVRO'): Promise<number> {
    const answer = await this.#ask(
      'POST',
      `/subjects/${encodeURIComponent(subject)}/versions`,
      bodyOf(text, kind),
    )
    return idOf(answer)
  }

  /** The id of a schema under a subject; undefined where that does not hold it. */
  async lookup(subject: string, text: string, kind: SchemaKind = 'AVRO'): Promise<number | undefined> {
    const answer = await this.#ask('POST', `/subjects/${encodeURIComponent(subject)}`, bodyOf(text, kind))
    return isMissing(answer) ? undefined : idOf(answer)
  }

  /** Whether a schema goes with the latest version of a subject; undefined where there is none. */
  async isCompatible(subject: string, text: string, kind: SchemaKind = 'AVRO'): Promise<boolean | undefined> {
    const path = `/compatibility/subjects/${encodeURIComponent(subject)}/versions/latest`
    const answer = await this.#ask('POST', path, bodyOf(text, kind))
    if (isMissing(answer)) return undefined
    const { body, status } = answer
    if (!isObject(body) || typeof body['is_compatible'] !== 'boolean') throw unexpected(status)
    return body['is_compatible']
  }

  /** The compatibility mode of a subject itself; undefined where it has none of its own. */
  async mode(subject: string): Promise<CompatibilityMode | undefined> {
    const answer = await this.#ask('GET', `/config/${encodeURIComponent(subject)}`)
    if (isMissing(answer)) return undefined
    const { body, status } = answer
    const mode = isObject(body) ? (body['compatibilityLevel'] ?? body['compatibility']) : undefined
    if (!(COMPATIBILITY_MODES as readonly unknown[]).includes(mode)) throw unexpected(status)
    return mode as CompatibilityMode
  }

  async setMode(subject: string, compatibility: CompatibilityMode): Promise<void> {
    const answer = await this.#ask('PUT', `/config/${encodeURIComponent(subject)}`, { compatibility })
    if (answer.status !== 200) throw unexpected(answer.status)
  }

  async #found({ body, status }: RegistryAnswer, isSerialized: boolean): Promise<FoundSchema> {
    if (status !== 200 || !isObject(body) || typeof body['schema'] !== 'string') throw unexpected(status)
    const found: Gathered = { texts: [], names: [], tags: [], isSerialized, seen: new Set(), length: 0 }
    const text = sized(body['schema'], found)
    addOuterTags(body['metadata'], found.tags)
    await this.#gather(body, found, 0)
    const { texts: references, names, tags } = found
    return {
      text,
      references,
      names,
      kind: kindOf(body['schemaType']),
      ...(tags.length === 0 ? {} : { tags }),
    }
  }

  /** Adds what a schema refers to, each before those that need it. */
  async #gather(body: Readonly<Record<string, unknown>>, into: Gathered, depth: number): Promise<void> {
    const { seen } = into
    const references = body['references'] ?? []
    if (!Array.isArray(references)) throw unexpected(200)
    if (depth > MOST_DEPTH) throw new SchemaFault('schema-too-large', 'it refers to others too deeply')
    for (const reference of references as unknown[]) {
      if (!isObject(reference)) throw unexpected(200)
      const { subject, version, name } = reference
      if (typeof subject !== 'string' || typeof version !== 'number') throw unexpected(200)
      const key = `${version} ${subject}`
      if (seen.has(key)) continue
      seen.add(key)
      if (seen.size > MOST_REFERENCES)
        throw new SchemaFault('schema-too-large', 'it refers to too many others')
      const path = `/subjects/${encodeURIComponent(subject)}/versions/${version}${formOf(into.isSerialized)}`
      const answer = await this.#ask('GET', path)
      if (isMissing(answer))
        throw new SchemaFault('schema-refused', 'it refers to a schema that is not there')
      if (!isObject(answer.body) || typeof answer.body['schema'] !== 'string') throw unexpected(answer.status)
      const text = sized(answer.body['schema'], into)
      // What is tagged where it is defined is tagged where it is referred to.
      addOuterTags(answer.body['metadata'], into.tags)
      await this.#gather(answer.body, into, depth + 1)
      into.texts.push(text)
      into.names.push(typeof name === 'string' ? name : subject)
    }
  }
}

interface Gathered {
  readonly texts: string[]
  readonly names: string[]
  /** What the registry tags beside all of the texts. */
  readonly tags: OuterTags[number][]
  readonly isSerialized: boolean
  readonly seen: Set<string>
  /** Of all texts so far: no more of them are asked for than may be held. */
  length: number
}

const formOf = (isSerialized: boolean): string => (isSerialized ? '?format=serialized' : '')

/** Avro goes without its kind, as registries of old want it. */
const bodyOf = (schema: string, schemaType: SchemaKind): unknown =>
  schemaType === 'AVRO' ? { schema } : { schema, schemaType }

/** What a registry tags in its metadata; what should be tags there and is none is one that no policy has a rule for. */
function addOuterTags(metadata: unknown, into: OuterTags[number][]): void {
  const tags = isObject(metadata) ? metadata['tags'] : undefined
  if (tags === undefined || tags === null) return
  const entries = isObject(tags) ? Object.entries(tags) : [['**', undefined] as const]
  if (
    into.length + entries.length > MOST_PATTERNS ||
    entries.some(([pattern]) => pattern.length > MOST_PATTERN)
  )
    throw new SchemaFault('schema-too-large', 'its registry tags it by too many or too long patterns')
  for (const [pattern, some] of entries)
    into.push([
      pattern,
      Array.isArray(some) && some.length <= MOST_PATTERNS
        ? some.map((tag) => (typeof tag === 'string' && tag.length <= MOST_PATTERN ? tag : UNREADABLE_TAG))
        : [UNREADABLE_TAG],
    ])
}

function sized(text: string, into: Gathered): string {
  into.length += text.length
  if (into.length > MOST_TEXT)
    throw new SchemaFault('schema-too-large', 'with its references it is longer than 1 MiB')
  return text
}

function kindOf(type: unknown): SchemaKind {
  if (type === undefined || type === null || type === 'AVRO') return 'AVRO'
  if (type === 'JSON' || type === 'PROTOBUF') return type
  throw new SchemaFault('schema-refused', 'it is of a kind that is not known')
}

function idOf(answer: RegistryAnswer): number {
  const { status, body } = answer
  if (status === 409) throw new SchemaFault('schema-incompatible', 'it does not go with the versions before')
  if (status === 422) throw new SchemaFault('schema-refused', 'the registry does not take it')
  if (!isObject(body) || typeof body['id'] !== 'number') throw unexpected(status)
  return body['id']
}
