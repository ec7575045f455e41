/** Writes consent tables: makes them, and appends the whole history of a subject with each statement. */
import { LetheError } from '../errors.ts'
import { takeLock } from '../files/lock-file.ts'
import type { MatchKeys } from '../keys/match-keys.ts'
import { newSources } from '../policy/context.ts'
import { toNormalForm } from '../policy/suppression/normal-forms.ts'
import {
  type ConsentHeader,
  consentHeaderLine,
  consentLine,
  parseConsentLine,
  readConsentHeader,
} from './consent-file.ts'
import { type ConsentRecord, type ConsentStatement, withStatement } from './consent-history.ts'
import { invalid, readLines, TABLE_FILE } from './file-lines.ts'
import { keyLine } from './match-list.ts'
import { appendLines, createFile, cutTail } from './new-file.ts'

/** One thing that one subject said. */
export interface SubjectStatement {
  /** As it stands in records: brought to the normal form here. */
  readonly subject: string
  readonly purpose: string
  readonly statement: ConsentStatement
  /** Where it stands, for errors: `line 7`. */
  readonly where: string
}

/**
 * Makes an empty table, mode 0600. Never overwrites.
 * @throws LetheError (usage) where the file exists, (io) where it cannot be written, `file-busy`
 */
export async function createConsentTable(file: string, header: ConsentHeader): Promise<void> {
  await createFile(file, consentHeaderLine(header))
}

/** A history stands in one line, which is read whole, and in one record of a topic. */
const MOST_HISTORY_BYTES = 1 << 16

/** @throws LetheError (usage) where a history would become longer. A subject that has agreed can always take it back */
function refuseLong(record: ConsentRecord, before: ConsentRecord['history'], where: string): void {
  if (before.at(-1)?.state === 'granted' && record.history.at(-1)?.state === 'withdrawn') return
  if (Buffer.byteLength(consentLine(record)) > MOST_HISTORY_BYTES)
    throw new LetheError(
      'consent-invalid',
      `${where}: the history of the subject would take more than ${MOST_HISTORY_BYTES >> 10} KiB; nothing was written`,
      'leave out statements that repeat the one before',
    )
}

/**
 * Appends statements; all of them, or none. A line that an append was cut short in was never acknowledged: it is cut off first.
 * @param onCut called where there was such a line
 * @returns how many subjects have another history now
 * @throws LetheError: usage where a subject has no normal form, a statement contradicts another or lies in the future, or a key is
 *   not held; io where the file cannot be written
 */
export async function addStatements(
  file: string,
  said: readonly SubjectStatement[],
  keys: MatchKeys,
  now: number,
  onCut: () => void = () => {},
): Promise<number> {
  const release = await takeLock(file)
  try {
    if (cutTail(file)) onCut()
    const known = readTable(file, now)
    const lines: string[] = []
    const changed = new Set<string>()
    for (const { subject, purpose, statement, where } of said) {
      const record = known.find(subject, purpose, keys, where)
      let history: readonly ConsentStatement[]
      try {
        history = withStatement(record.history, statement, now)
      } catch (error) {
        if (!(error instanceof LetheError)) throw error
        throw new LetheError(error.code, `${where}: ${error.message}; nothing was written`, error.suggestion)
      }
      if (history === record.history) continue
      refuseLong({ ...record, history }, record.history, where)
      known.put({ ...record, history })
      changed.add(nameOf(record))
    }
    for (const name of changed) {
      const record = known.records.get(name)!
      if (!known.checks.has(record.key)) {
        known.checks.set(record.key, keys.primary.check)
        lines.push(keyLine(record.key, keys.primary.check))
      }
      lines.push(consentLine(record))
    }
    if (lines.length > 0) appendLines(file, lines)
    return changed.size
  } finally {
    release()
  }
}

/** The history of a subject for each purpose. @throws what reading a table throws */
export function historiesOf(
  file: string,
  subject: string,
  keys: MatchKeys,
  now: number,
): ReadonlyMap<string, readonly ConsentStatement[]> {
  const known = readTable(file, now)
  const found = new Map<string, readonly ConsentStatement[]>()
  for (const purpose of new Set([...known.records.values()].map((record) => record.purpose))) {
    const { history } = known.find(subject, purpose, keys, 'the subject')
    if (history.length > 0) found.set(purpose, history)
  }
  return found
}

const nameOf = ({ key, token, purpose }: Omit<ConsentRecord, 'history'>): string =>
  `${key}.${token.toString('base64url')} ${purpose}`

class KnownTable {
  readonly records: Map<string, ConsentRecord> = new Map()
  readonly checks: Map<string, string> = new Map()
  readonly #file: string
  readonly #header: ConsentHeader
  readonly #matchers: Map<string, (text: string) => Buffer> = new Map()

  constructor(file: string, header: ConsentHeader) {
    this.#file = file
    this.#header = header
  }

  put(record: ConsentRecord): void {
    this.records.set(nameOf(record), record)
  }

  /** The record of a subject, under the key that it has one under; else an empty one under the primary key. */
  find(subject: string, purpose: string, keys: MatchKeys, where: string): ConsentRecord {
    const text = toNormalForm(this.#header.normalize, newSources())(subject)
    if (text === undefined || text === '')
      throw new LetheError(
        'consent-invalid',
        `${where}: the subject has no normal form (${this.#header.normalize}); nothing was written`,
        'correct it',
      )
    const { primary } = keys
    for (const [id, check] of [...this.checks, [primary.id, primary.check] as const]) {
      const token = this.#matcher(id, check, keys)(text)
      const known = this.records.get(nameOf({ key: id, token, purpose }))
      if (known !== undefined) return known
    }
    const token = this.#matcher(primary.id, primary.check, keys)(text)
    return { key: primary.id, token, purpose, history: [] }
  }

  #matcher(id: string, check: string, keys: MatchKeys): (text: string) => Buffer {
    const name = `${id} ${check}`
    const match = this.#matchers.get(name) ?? keys.matcher(id, check, this.#header.domain, this.#file)
    this.#matchers.set(name, match)
    return match
  }
}

function readTable(file: string, now: number): KnownTable {
  let known: KnownTable | undefined
  const { isWhole, lines } = readLines(
    file,
    false,
    (line, number) => {
      if (known === undefined) {
        const header = readConsentHeader(file, line)
        known = new KnownTable(file, header)
        return
      }
      const read = parseConsentLine(line, now)
      if (read.kind === 'wrong') throw invalid(file, number, read.why, 'only `lethe consent` writes to it')
      if (read.kind === 'key') known.checks.set(read.id, read.check)
      else known.put(read)
    },
    TABLE_FILE,
  )
  if (known === undefined) throw invalid(file, 1, 'the table is empty', 'name what `lethe consent` wrote')
  if (!isWhole) throw invalid(file, lines, 'the last line is cut short', TABLE_FILE.torn)
  return known
}
