/**
 * A consent table that is kept in a compacted topic, of one partition, so that its order is one. Each record has a line of the
 * table's file for its value (`consent-file.ts`), and a key that tells what it takes the place of:
 *
 *     lethe                                    the first line, which says what the table is
 *     k1                                       the line that names a match key
 *     k1.0Zx5i1m7oG5M3nq0vJ2l8g train_ai_system    token and purpose: the whole history of a subject for it
 */
import { LetheError } from '../errors.ts'
import type { MatchKeys } from '../keys/match-keys.ts'
import { type ConsentHeader, parseConsentHeader, parseConsentLine, TOKEN_TEXT } from './consent-file.ts'
import { type ConsentMemory, ConsentTable } from './consent-table.ts'
import type { ConsentTableForm } from './load-consent.ts'
import { parseKeyLine } from './match-list.ts'

const HEADER_KEY = 'lethe'
const KEY_KEY = /^k[1-9][0-9]{0,5}$/
const FIRST_ROOM = 1 << 10

/** A record of the topic's one partition. */
export interface ConsentTopicRecord {
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly offset: number
}

/** What records of a topic came to. */
export interface ConsentTopicState {
  readonly header: ConsentHeader
  readonly keys: readonly { readonly id: string; readonly check: string }[]
  readonly table: ConsentTable
}

/** The key under which a line of a table's file stands in a topic; undefined where it is no line of one. */
export function topicKeyOf(line: string, now: number): string | undefined {
  if (parseConsentHeader(line) !== undefined) return HEADER_KEY
  const read = parseConsentLine(line, now)
  if (read.kind === 'key') return read.id
  return read.kind === 'record'
    ? keyOf(`${read.key}.${read.token.toString('base64url')}`, read.purpose)
    : undefined
}

const keyOf = (token: string, purpose: string): string => `${token} ${purpose}`

/** Fills a table from the records of a topic, in their order. It quotes nothing of them. */
export class ConsentTopic {
  readonly #form: ConsentTableForm
  readonly #topic: string
  readonly #matchKeys: MatchKeys
  #table: ConsentTable = ConsentTable.create(FIRST_ROOM)
  readonly #used: Set<string> = new Set()
  /** Check values, by id. */
  readonly #checked: Map<string, string> = new Map()
  #header: ConsentHeader | undefined
  #isReady = false

  constructor(form: ConsentTableForm, topic: string, matchKeys: MatchKeys) {
    this.#form = form
    this.#topic = topic
    this.#matchKeys = matchKeys
  }

  get memory(): ConsentMemory {
    return this.#table.memory
  }

  /** Subjects with a history for the purpose. */
  get count(): number {
    return this.#table.count
  }

  get domain(): string {
    return this.#header?.domain ?? ''
  }

  /**
   * Takes a record. Where it does not say what a subject said (a tombstone too), and its key tells whose it is, the subject counts as
   * one that has withdrawn until another record takes its place: false then.
   * @param now what lies behind it, ms since the epoch, is no history
   * @throws LetheError where it is not known what the record was about, or it is of another table or match key than the run's
   */
  take({ key, value, offset }: ConsentTopicRecord, now: number): boolean {
    const name = textOf(key)
    const line = textOf(value)
    if (name === HEADER_KEY) this.#takeHeader(line, offset)
    else if (name !== undefined && KEY_KEY.test(name)) this.#takeKey(name, line, offset)
    else return this.#takeHistory(name ?? '', line ?? '', offset, now)
    return true
  }

  /** To be called where the end of the topic was reached, before anything is judged. @throws LetheError where something is missing */
  ready(): void {
    if (this.#header === undefined)
      throw this.#wrong(
        undefined,
        'no record says what it is: is it a consent table?',
        'write what `lethe consent export` prints',
      )
    for (const id of this.#used) this.#requireKey(id, undefined)
    this.#table.fit()
    this.#isReady = true
  }

  /** What a snapshot is written of, once it is ready. */
  get state(): ConsentTopicState {
    const keys = [...this.#checked].map(([id, check]) => ({ id, check }))
    return { header: this.#header!, keys, table: this.#table }
  }

  /** Goes on from a snapshot, before the first record. @throws LetheError where a key of it is not held */
  restore({ header: { domain, normalize }, keys, table }: ConsentTopicState): void {
    for (const { id, check } of keys) {
      this.#matchKeys.matcher(id, check, domain, this.#place(undefined))
      this.#checked.set(id, check)
    }
    this.#header = { domain, normalize }
    this.#table = table
  }

  #takeHeader(line: string | undefined, offset: number): void {
    const header = line === undefined ? undefined : parseConsentHeader(line)
    if (header === undefined) throw this.#wrong(offset, 'its header cannot be read', WRITE_AGAIN)
    if (header.normalize !== this.#form.normalize)
      throw this.#wrong(
        offset,
        `its subjects are in the normal form ${header.normalize}, and the policy says ${this.#form.normalize}`,
        `normalize: ${header.normalize} in the policy`,
      )
    if (this.#header !== undefined && this.#header.domain !== header.domain)
      throw this.#wrong(
        offset,
        'it has another domain than the header before',
        'tables of two domains are two topics',
      )
    this.#header = header
  }

  #takeKey(id: string, line: string | undefined, offset: number): void {
    const read = line === undefined ? undefined : parseKeyLine(line)
    if (read?.kind !== 'key' || read.id !== id)
      throw this.#wrong(offset, 'its line of a match key cannot be read', WRITE_AGAIN)
    this.#matchKeys.matcher(id, read.check, this.domain, this.#place(offset))
    this.#checked.set(id, read.check)
  }

  #takeHistory(name: string, line: string, offset: number, now: number): boolean {
    const [tokenText = '', purpose, ...more] = name.split(' ')
    const token = TOKEN_TEXT.exec(tokenText)
    if (token === null || purpose === undefined || more.length > 0)
      throw this.#wrong(offset, 'its key does not tell whose history it is', WRITE_AGAIN)
    if (purpose !== this.#form.purpose) return true
    const id = token[1]!
    if (this.#isReady) this.#requireKey(id, offset)
    this.#used.add(id)
    const bytes = Buffer.from(token[2]!, 'base64url')
    const read = parseConsentLine(line, now)
    const isIt =
      read.kind === 'record' && read.purpose === purpose && read.key === id && bytes.equals(read.token)
    if (isIt) this.#table.set(bytes, read.history)
    else this.#table.withdraw(bytes)
    return isIt
  }

  #requireKey(id: string, offset: number | undefined): void {
    if (!this.#checked.has(id))
      throw this.#wrong(offset, `no record says which match key ${id} is`, WRITE_AGAIN)
  }

  #place(offset: number | undefined): string {
    return `the consent table ${this.#form.table}, topic ${this.#topic}, partition 0${offset === undefined ? '' : `, offset ${offset}`}`
  }

  #wrong(offset: number | undefined, what: string, way: string): LetheError {
    return new LetheError(
      'table-unreadable',
      `${this.#place(offset)}: ${what}; no record is judged by it`,
      way,
    )
  }
}

const WRITE_AGAIN =
  'write the line again under its key, or the whole table into a new topic: `lethe consent export`'

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function textOf(bytes: Uint8Array | null): string | undefined {
  if (bytes === null) return undefined
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}
