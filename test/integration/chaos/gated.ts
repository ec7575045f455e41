/**
 * Who may leave in a fault run, and who said what while it ran. Some subjects are on a suppression list, some never agreed; others
 * withdraw, and a few agree again. What is known of these comes from the topic of the table, not from Lethe: when the broker took each
 * statement, and what was settled before it was sent.
 */
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Message } from 'kafkajs'
import { createKeyset, type Keyset } from '../../../src/keys/keyset.ts'
import { formatKeyset } from '../../../src/keys/keyset-format.ts'
import { MatchKeys } from '../../../src/keys/match-keys.ts'
import { consentHeaderLine, consentLine } from '../../../src/lists/consent-file.ts'
import type { ConsentStatement } from '../../../src/lists/consent-history.ts'
import { entryLine, headerLine, keyLine } from '../../../src/lists/match-list.ts'
import type { Expected, LogRecord } from '../checker/records.ts'
import { CANARY, type Draw, POLICY, SUBJECTS } from './events.ts'

const PURPOSE = 'train_ai_system'
export const MAX_LAG_MS = 1_000
/** The broker says when it took a record, in whole milliseconds, and tells of it a little later. */
const SLACK_MS = 250
const DAY_MS = 86_400_000

export const GATED_POLICY: string = `${POLICY}suppression: [{ list: erasures, by: customer.id }]
consent: { table: training, by: customer.id }
`

/** Subjects by their numbers. */
const ON_LIST = range(0, 4)
const WITHDRAWN = range(4, 6)
/** The table does not know them. */
const UNKNOWN = range(6, 8)
/** Consent began 50 days ago: older events are not covered. */
const LATE = range(8, 10)
/** They withdraw while the run goes on. */
const LEAVING = range(10, 26)
/** They withdraw and agree again, and again. */
const CHANGING = range(26, 30)

function range(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from }, (_, i) => from + i)
}

const nameOf = (subject: number): string => `${CANARY}-customer-${subject}`

/** Offsets below these were settled, by partition of the input. */
export type SettledBefore = ReadonlyMap<number, number>

interface Said {
  readonly subject: number
  readonly state: 'granted' | 'withdrawn'
  /** When the broker took it. */
  readonly at: number
  /** Inputs that were settled before it was sent. */
  readonly settled: SettledBefore
}

/** How many inputs each way of judging had. */
export type GatedCounts = Readonly<
  Record<'listed' | 'denied' | 'withdrawn' | 'allowed' | 'undecided', number>
>

export class Gated {
  readonly #keys: MatchKeys
  readonly #keyset: Keyset = createKeyset(new Date(), randomBytes, 'match')
  readonly #histories = new Map<number, readonly ConsentStatement[]>()
  /** By the number that each statement carries as its source. */
  readonly #settled = new Map<string, SettledBefore>()
  readonly #leaving = [...LEAVING]
  readonly counts: Record<keyof GatedCounts, number> = {
    listed: 0,
    denied: 0,
    withdrawn: 0,
    allowed: 0,
    undecided: 0,
  }

  constructor() {
    this.#keys = new MatchKeys(this.#keyset)
    const begin = Date.now() - 700 * DAY_MS
    for (const subject of range(0, SUBJECTS)) {
      if (UNKNOWN.includes(subject)) continue
      const from = LATE.includes(subject) ? Date.now() - 50 * DAY_MS : begin
      const granted = { state: 'granted', from } as const
      const withdrawn = { state: 'withdrawn', from: from + DAY_MS } as const
      this.#histories.set(subject, WITHDRAWN.includes(subject) ? [granted, withdrawn] : [granted])
    }
  }

  #token(domain: string, subject: number): Buffer {
    const { id, check } = this.#keys.primary
    return Buffer.from(this.#keys.matcher(id, check, domain, 'test')(nameOf(subject)))
  }

  /** Match keys, list and table, as files. */
  writeFiles(folder: string): void {
    const { id, check } = this.#keys.primary
    const write = (file: string, lines: readonly string[]): void =>
      writeFileSync(join(folder, file), `${lines.join('\n')}\n`, { mode: 0o600 })
    write('match.json', [formatKeyset(this.#keyset)])
    write('erasures.ndjson', [
      headerLine({ purpose: 'suppression', domain: 'erasures', normalize: 'trim' }),
      keyLine(id, check),
      ...ON_LIST.map((subject) => entryLine(id, this.#token('erasures', subject), new Date(), false)),
    ])
    write(
      'training.ndjson',
      this.firstMessages().map(({ value }) => String(value)),
    )
  }

  /** The table as it is when the run begins. */
  firstMessages(): readonly Message[] {
    const { id, check } = this.#keys.primary
    return [
      { key: 'lethe', value: consentHeaderLine({ domain: 'consent', normalize: 'trim' }) },
      { key: id, value: keyLine(id, check) },
      ...[...this.#histories.keys()].map((subject) => this.#message(subject)),
    ]
  }

  #message(subject: number): Message {
    const { id } = this.#keys.primary
    const token = this.#token('consent', subject)
    const history = this.#histories.get(subject)!
    return {
      key: `${id}.${token.toString('base64url')} ${PURPOSE}`,
      value: consentLine({ key: id, token, purpose: PURPOSE, history }),
    }
  }

  /**
   * The next statement: one subject withdraws, or agrees again. `settled` is what the model held before it is sent. A
   * history contains the statements that could not be sent, too.
   */
  next(draw: Draw, settled: SettledBefore): Message {
    const isLeaving = this.#leaving.length > 0 && draw(3) > 0
    const subject = isLeaving ? this.#leaving.shift()! : CHANGING[draw(CHANGING.length)]!
    return this.#say(subject, settled)
  }

  /** Some who agreed until now. */
  lastMessages(settled: SettledBefore): readonly Message[] {
    return range(30, 34).map((subject) => this.#say(subject, settled))
  }

  #say(subject: number, settled: SettledBefore): Message {
    const history = this.#histories.get(subject)!
    const { state, from } = history.at(-1)!
    const source = `statement ${this.#settled.size}`
    this.#settled.set(source, settled)
    this.#histories.set(subject, [
      ...history,
      { state: state === 'granted' ? 'withdrawn' : 'granted', from: Math.max(Date.now(), from + 1), source },
    ])
    return this.#message(subject)
  }

  /**
   * What is expected of inputs, where a policy without list and table gives `otherwise`.
   * @param statements the records of the table's topic; undefined where it was a file
   * @param rest from which offsets on a process read that began when all was said; undefined where others may have judged these too
   */
  expected(
    otherwise: (input: LogRecord) => Expected,
    statements: readonly LogRecord[],
    rest: SettledBefore | undefined,
  ): (input: LogRecord) => Expected {
    const said = this.#read(statements)
    const held: Expected = { kind: 'suppress', writes: [] }
    return (input) => {
      const { subject, time } = of(input)
      // Tombstones have neither.
      if (subject === undefined || time === undefined) return otherwise(input)
      if (ON_LIST.includes(subject)) return this.#counted('listed', held)
      if (
        WITHDRAWN.includes(subject) ||
        UNKNOWN.includes(subject) ||
        time < this.#histories.get(subject)![0]!.from
      )
        return this.#counted('denied', held)
      const states = statesAt(input, said.get(subject) ?? [], rest)
      if (states.size > 1) return this.#counted('undecided', { ...otherwise(input), mayBeHeld: true })
      return states.has('granted')
        ? this.#counted('allowed', otherwise(input))
        : this.#counted('withdrawn', held)
    }
  }

  #counted(kind: keyof GatedCounts, expected: Expected): Expected {
    this.counts[kind]++
    return expected
  }

  /** By subject, in the order of the log, what was said while the run went on. */
  #read(statements: readonly LogRecord[]): ReadonlyMap<number, readonly Said[]> {
    const tokens = new Map(
      range(0, SUBJECTS).map((subject) => [this.#token('consent', subject).toString('base64url'), subject]),
    )
    const said = new Map<number, Said[]>()
    for (const { value, timestamp } of statements) {
      const { t, history } = JSON.parse(String(value)) as {
        readonly t?: string
        readonly history?: readonly { readonly state: Said['state']; readonly source?: string }[]
      }
      const { state, source } = history?.at(-1) ?? {}
      const settled = source === undefined ? undefined : this.#settled.get(source)
      const subject = tokens.get(t?.split('.')[1] ?? '')
      if (state === undefined || settled === undefined || subject === undefined) continue
      said.set(subject, [...(said.get(subject) ?? []), { subject, state, at: timestamp, settled }])
    }
    return said
  }
}

/** The subject and the event time of a record, also of one that is cut off. */
function of({ value }: LogRecord): { readonly subject?: number; readonly time?: number } {
  const text = value?.toString() ?? ''
  const subject = /"customer":\{"id":"[A-Za-z]+-customer-(\d+)"/.exec(text)?.[1]
  const time = /"occurred_at":"([^"]+)"/.exec(text)?.[1]
  return {
    ...(subject === undefined ? {} : { subject: Number(subject) }),
    ...(time === undefined ? {} : { time: Date.parse(time) }),
  }
}

/**
 * The states by which the record may have been judged. It was judged after the broker took it, by all that was said before then, but for
 * the last second; and before anything was said that was sent when the record was settled.
 */
function statesAt(
  { partition, offset, timestamp }: LogRecord,
  said: readonly Said[],
  rest: SettledBefore | undefined,
): ReadonlySet<Said['state']> {
  if (rest !== undefined && offset >= (rest.get(partition) ?? 0))
    return new Set([said.at(-1)?.state ?? 'granted'])
  let first: Said['state'] = 'granted'
  const later: Said['state'][] = []
  for (const { state, at, settled } of said) {
    if (at <= timestamp - MAX_LAG_MS - SLACK_MS) first = state
    else if (offset >= (settled.get(partition) ?? 0)) later.push(state)
  }
  return new Set([first, ...later])
}
