/** Writes consent tables: makes them, and appends the whole history of a subject with each statement. */
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs'
import { existsAlready, LetheError, unwritable } from '../errors.ts'
import { takeLock } from '../files/lock-file.ts'
import type { MatchKeys } from '../keys/match-keys.ts'
import { newSources } from '../policy/context.ts'
import { toNormalForm } from '../policy/suppression/normal-forms.ts'
import {
  type ConsentHeader,
  type ConsentRecord,
  consentHeaderLine,
  consentLine,
  parseConsentHeader,
  parseConsentLine,
} from './consent-file.ts'
import { type ConsentStatement, withStatement } from './consent-history.ts'
import { invalid, readLines } from './file-lines.ts'
import { keyLine } from './match-list.ts'

/** One thing that one subject said. */
export interface SubjectStatement {
  /** As it stands in records: brought to the normal form here. */
  readonly subject: string
  readonly purpose: string
  readonly statement: ConsentStatement
  /** Where it stands, for errors: `line 7`. */
  readonly where: string
}

/** Makes an empty table, mode 0600. Never overwrites. @throws LetheError (usage) where the file exists, (io) */
export function createConsentTable(file: string, header: ConsentHeader): void {
  let descriptor: number
  try {
    descriptor = openSync(file, 'wx', 0o600)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw existsAlready(file)
    throw unwritable(file, error)
  }
  write(descriptor, file, [consentHeaderLine(header)])
}

/**
 * Appends statements; all of them, or none.
 * @returns how many subjects have another history now
 * @throws LetheError: usage where a subject has no normal form, a statement contradicts another or lies in the future, or a key is
 *   not held; io where the file cannot be written
 */
export async function addStatements(
  file: string,
  said: readonly SubjectStatement[],
  keys: MatchKeys,
  now: number,
): Promise<number> {
  const release = await takeLock(file)
  try {
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
    if (lines.length > 0) append(file, lines)
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
  for (const { purpose } of known.records.values()) {
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
  const { isWhole } = readLines(file, false, (line, number) => {
    if (known === undefined) {
      const header = parseConsentHeader(line)
      if (header === undefined)
        throw invalid(
          file,
          1,
          'a consent table begins with a line that says what it is',
          'name what `lethe consent` wrote',
        )
      known = new KnownTable(file, header)
      return
    }
    const read = parseConsentLine(line, now)
    if (read.kind === 'wrong') throw invalid(file, number, read.why, 'only `lethe consent` writes to it')
    if (read.kind === 'key') known.checks.set(read.id, read.check)
    else known.put(read)
  })
  if (known === undefined || !isWhole)
    throw invalid(file, 1, 'the table is empty, or its last line was cut short', 'take it as it was written')
  return known
}

function append(file: string, lines: readonly string[]): void {
  let descriptor: number
  try {
    descriptor = openSync(file, 'a')
  } catch (error) {
    throw unwritable(file, error)
  }
  write(descriptor, file, lines)
}

function write(descriptor: number, file: string, lines: readonly string[]): void {
  const bytes = Buffer.from(`${lines.join('\n')}\n`)
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at)
    fsyncSync(descriptor)
  } catch (error) {
    throw unwritable(file, error)
  } finally {
    closeSync(descriptor)
  }
}
