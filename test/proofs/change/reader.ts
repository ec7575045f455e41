/** What a reader of the outputs finds, by what Debezium wrote and the tables hold: a model of its own, which knows no engine. */
import { DEFAULT_PLACEHOLDER } from '../../../src/record/wire-form.ts'
import type { LogRecord } from '../../integration/checker/records.ts'
import { isPlainObject } from './plain.ts'

type Row = Readonly<Record<string, unknown>>

export interface Event {
  readonly key: Row | null
  /** Null: a tombstone. */
  readonly value: {
    readonly op: string
    readonly before: Row | null
    readonly after: Row | null
    readonly source: Row
  } | null
}

const parse = (bytes: Uint8Array | null): unknown =>
  bytes === null ? null : JSON.parse(Buffer.from(bytes).toString())

/** Of JSON, with or without its schema around it. */
export const eventOf = ({ key, value }: LogRecord): Event => {
  const bare = (one: unknown): unknown =>
    isPlainObject(one) && 'schema' in one && 'payload' in one ? one['payload'] : one
  return { key: bare(parse(key)) as Event['key'], value: bare(parse(value)) as Event['value'] }
}

/** Which events of a topic leave, as the docs say: of \`orders\` the key alone of a row before is logged. */
export function leaving(table: string, events: readonly Event[]): Event[] {
  return events.filter(({ value }) => {
    if (value === null || value.op === 't' || table === 'customers') return true
    return value.op !== 'd' && value.after?.['opted_out'] === false
  })
}

/** Where each raw event has its output: what differs. */
export function compareEvents(raw: readonly Event[], outputs: readonly Event[]): string[] {
  if (raw.length !== outputs.length) return [`${raw.length} events should leave, and ${outputs.length} did`]
  return raw.flatMap(({ value, key }, at) => {
    const output = outputs[at]!
    const wanted = [
      value?.op,
      value?.source['lsn'],
      value?.before != null,
      value?.after != null,
      key !== null,
    ]
    const { value: made } = output
    const found = [
      made?.op,
      made?.source['lsn'],
      made?.before != null,
      made?.after != null,
      output.key !== null,
    ]
    return JSON.stringify(wanted) === JSON.stringify(found)
      ? []
      : [`${at}: ${wanted.join()} became ${found.join()}`]
  })
}

/** By domain, which token each value has. */
export class Tokens {
  readonly #tokenOf = new Map<string, unknown>()
  readonly #valueOf = new Map<unknown, string>()
  readonly faults: string[] = []

  add(domain: string, value: unknown, token: unknown): void {
    if (value === undefined || value === null) {
      if (token !== value) this.faults.push(`${domain}: nothing became something`)
      return
    }
    if (value === DEFAULT_PLACEHOLDER) {
      if (token !== value) this.faults.push(`${domain}: the placeholder is not as it was`)
      return
    }
    const name = `${domain} ${String(value)}`
    const known = this.#tokenOf.get(name)
    if (typeof token !== 'string' || token.length < 20) this.faults.push(`${domain}: no token`)
    else if (known !== undefined && known !== token) this.faults.push(`${domain}: a value has two tokens`)
    else if (known === undefined && this.#valueOf.has(token))
      this.faults.push(`${domain}: two values have one token`)
    this.#tokenOf.set(name, token)
    this.#valueOf.set(token, name)
  }

  get size(): number {
    return this.#tokenOf.size
  }
}

const DOMAINS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  customers: { id: 'customer', email: 'email', note: 'note' },
  orders: { id: 'order', owner: 'customer', email: 'email', note: 'note' },
}

/** Takes the tokens of both images and of the key. */
export function takeTokens(
  tokens: Tokens,
  table: string,
  raw: readonly Event[],
  outputs: readonly Event[],
): void {
  for (const [at, { key, value }] of raw.entries()) {
    const output = outputs[at]!
    if (key !== null) tokens.add(DOMAINS[table]!['id']!, key['id'], output.key?.['id'])
    for (const image of ['before', 'after'] as const) {
      const [row, made] = [value?.[image], output.value?.[image]]
      if (row == null || made == null) continue
      for (const [column, domain] of Object.entries(DOMAINS[table]!))
        tokens.add(domain, normal(column, row[column]), made[column])
    }
  }
}

const normal = (column: string, value: unknown): unknown =>
  column === 'email' && typeof value === 'string' ? value.toLowerCase() : value

/** The rows that a reader of a topic has at its end, by key: unchanged values are those of before. */
export function finalRows(events: readonly Event[]): ReadonlyMap<string, Row> {
  const rows = new Map<string, Row>()
  for (const { key, value } of events) {
    if (value?.op === 't') rows.clear()
    else if (key !== null) {
      const name = JSON.stringify(key)
      const { after = null } = value ?? {}
      if (after === null) rows.delete(name)
      else {
        const old = rows.get(name) ?? {}
        // What no event before told is not known, where that did not leave.
        const kept = ([column, one]: [string, unknown]): [string, unknown][] =>
          one !== DEFAULT_PLACEHOLDER ? [[column, one]] : column in old ? [[column, old[column]]] : []
        rows.set(name, Object.fromEntries(Object.entries(after).flatMap(kept)))
      }
    }
  }
  return rows
}
