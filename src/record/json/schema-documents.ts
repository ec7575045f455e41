/** The text of a JSON Schema and of those that it refers to, and what its references lead to. */
import { SchemaFault, type SchemaText } from '../schema-text.ts'

type Schema = Readonly<Record<string, unknown>>

export const isObject = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A longer text is refused; 1 MiB. */
const MOST_BYTES = 1 << 20
/** How deep a text may nest. */
const MOST_NESTED = 200

export class SchemaDocuments {
  readonly root: boolean | Schema
  /** By what references call them. */
  readonly #named = new Map<string, unknown>()
  /** Of which document a schema is part, but of the root. */
  readonly #documents = new Map<object, unknown>()
  /** Parts below one that has an identifier of its own: what their references lead to is not looked for. */
  readonly #apart = new Set<object>()

  /** @throws SchemaFault where the text is no schema of records, or beyond what is taken */
  constructor({ text, references, names = [] }: SchemaText) {
    const size = references.reduce((sum, one) => sum + one.length, text.length)
    if (size > MOST_BYTES)
      throw new SchemaFault('schema-too-large', 'with its references it is longer than 1024 KiB')
    const root = parse(text)
    if (typeof root !== 'boolean' && !isObject(root))
      throw new SchemaFault('schema-refused', 'it is no JSON Schema')
    this.root = root
    this.#note(root, undefined, false)
    for (const [at, one] of references.entries()) {
      const document = parse(one)
      const id = isObject(document) ? document['$id'] : undefined
      for (const name of [names[at], id]) if (typeof name === 'string') this.#named.set(name, document)
      this.#note(document, document, false)
    }
  }

  #note(value: unknown, document: unknown, isApart: boolean): void {
    if (typeof value !== 'object' || value === null) return
    if (document !== undefined) this.#documents.set(value, document)
    if (isApart) this.#apart.add(value)
    for (const below of Object.values(value))
      this.#note(below, document, isApart || (isObject(below) && hasIdentifier(below)))
  }

  /** What a reference of a schema leads to: a pointer of RFC 6901, in its document or one that is named; undefined for all others. */
  resolve(ref: unknown, from: object): unknown {
    if (typeof ref !== 'string' || this.#apart.has(from)) return undefined
    const [place = '', fragment = ''] = ref.split('#', 2)
    if (fragment !== '' && !fragment.startsWith('/')) return undefined
    const document = place === '' ? (this.#documents.get(from) ?? this.root) : this.#place(place)
    return document === undefined ? undefined : pointed(document, fragment)
  }

  /** Whether two schemas stand in one document. */
  areTogether(one: object, other: object): boolean {
    return this.#documents.get(one) === this.#documents.get(other)
  }

  #place(place: string): unknown {
    const root = this.root
    const id = isObject(root) ? root['$id'] : undefined
    if (typeof id !== 'string') return this.#named.get(place)
    const whole = absolute(place, id)
    if (whole === id || place === id) return root
    return this.#named.get(place) ?? (whole === undefined ? undefined : this.#named.get(whole))
  }
}

const hasIdentifier = (schema: Schema): boolean =>
  [schema['$id'], schema['id']].some((id) => typeof id === 'string' && !id.startsWith('#'))

function absolute(place: string, base: string): string | undefined {
  try {
    return new URL(place, base).href
  } catch {
    return undefined
  }
}

/** What a pointer leads to in a document; undefined where there is no schema. */
export function pointed(document: unknown, fragment: string): boolean | Schema | undefined {
  let at: unknown = document
  for (const part of fragment.split('/').slice(1)) {
    const name = decoded(part).replaceAll('~1', '/').replaceAll('~0', '~')
    if (Array.isArray(at)) at = /^\d+$/.test(name) ? at[Number(name)] : undefined
    else at = isObject(at) && Object.hasOwn(at, name) ? at[name] : undefined
  }
  return typeof at === 'boolean' || isObject(at) ? at : undefined
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

function parse(text: string): unknown {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new SchemaFault('schema-refused', 'its text is not JSON')
  }
  refuseDepth(value)
  return value
}

/** Before anything recurses: a text nests as deep as it is long. */
function refuseDepth(schema: unknown): void {
  let level: unknown[] = [schema]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MOST_NESTED) throw new SchemaFault('schema-refused', `it nests more than ${MOST_NESTED} deep`)
    level = level.flatMap((value) =>
      typeof value === 'object' && value !== null ? Object.values(value as object) : [],
    )
  }
}
