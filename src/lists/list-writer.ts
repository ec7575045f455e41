/** Writes lists under match keys: makes them, and appends entries that are on disk when the call returns. */
import { existsSync } from 'node:fs'
import { LetheError } from '../errors.ts'
import { takeLock } from '../files/lock-file.ts'
import type { MatchKeys } from '../keys/match-keys.ts'
import { newSources } from '../policy/context.ts'
import { toNormalForm } from '../policy/suppression/normal-forms.ts'
import { invalid, MATCH_LIST, readLines } from './file-lines.ts'
import { entryLine, headerLine, keyLine, type ListHeader, parseHeader, parseLine } from './match-list.ts'
import { appendLines, createFile, cutTail } from './new-file.ts'

/** What an addition or removal did. */
export interface ListChange {
  /** Entries that were appended. */
  readonly written: number
  /** Identifiers that were on the list already, or were not on it. */
  readonly unchanged: number
  /** There was a line that an append was cut short in, and it was cut off. */
  readonly isCut?: boolean
}

/**
 * Makes an empty list, mode 0600. Never overwrites.
 * @throws LetheError (usage) where the file exists, (io) where it cannot be written, `file-busy`
 */
export async function createList(file: string, header: ListHeader): Promise<void> {
  // Parsed, so that nothing is written that could not be read.
  parseHeader(headerLine(header), file)
  await createFile(file, headerLine(header))
}

/**
 * Puts identifiers on a list, or takes them off. A line that was cut short by a crash was never acknowledged, and is cut off.
 * @param identifiers as they stand in records: brought to the normal form here
 * @throws LetheError: usage where an identifier has no normal form or an entry's key is not held, and nothing is written then;
 *   io where the file cannot be written
 */
export async function changeList(
  file: string,
  change: 'add' | 'remove',
  identifiers: readonly string[],
  keys: MatchKeys,
  now: Date,
): Promise<ListChange> {
  return await locked(file, () => {
    cutTail(file)
    const known = readKnown(file)
    const toNormal = toNormalForm(known.header.normalize, newSources())
    const normal = identifiers.map((identifier, index) => {
      const text = toNormal(identifier)
      if (text === undefined || text === '')
        throw new LetheError(
          'list-invalid',
          `identifier ${index + 1} has no normal form (${known.header.normalize}); nothing was written`,
          'correct it',
        )
      return text
    })
    const { primary } = keys
    const held = new Map([...known.checks, [primary.id, primary.check] as const])
    const matchers = [...held].map(([id, check]) => ({
      id,
      match: keys.matcher(id, check, known.header.domain, file),
    }))
    if ((known.checks.get(primary.id) ?? primary.check) !== primary.check)
      throw invalid(
        file,
        1,
        `it has entries under another key that is called ${primary.id}`,
        'give its own match keys',
      )
    const lines: string[] = []
    let written = 0
    let unchanged = 0
    for (const text of normal) {
      const before = lines.length
      for (const { id, match } of matchers) {
        const token = match(text)
        const isOn = known.entries.has(`${id}.${token.toString('base64url')}`)
        const isWanted =
          change === 'add' ? !isOn && id === primary.id && !isKnown(known, matchers, text) : isOn
        if (!isWanted) continue
        if (!known.checks.has(id)) {
          known.checks.set(id, held.get(id)!)
          lines.push(keyLine(id, held.get(id)!))
        }
        lines.push(entryLine(id, token, now, change === 'remove'))
        written++
        const name = `${id}.${token.toString('base64url')}`
        if (change === 'add') known.entries.add(name)
        else known.entries.delete(name)
      }
      if (lines.length === before) unchanged++
    }
    if (lines.length > 0) appendLines(file, lines, NOTHING_COUNTS)
    return { written, unchanged }
  })
}

/**
 * Puts subjects on a list by their tokens under a match key, `k1.…`: of an order that was made from their identifiers. Makes the
 * list where it is not there.
 * @param checks check values of the keys that the tokens name, by id
 * @throws LetheError: usage where the list is of another domain or form, or has entries under another key of that id; io
 */
export async function addTokens(
  file: string,
  header: ListHeader,
  checks: Readonly<Record<string, string>>,
  tokens: readonly string[],
  now: Date,
): Promise<ListChange> {
  if (!existsSync(file)) await createList(file, header)
  return await locked(file, () => {
    const isCut = cutTail(file)
    const known = readKnown(file)
    if (headerLine(known.header) !== headerLine(header))
      throw invalid(file, 1, 'the list is of another domain or normal form', 'name the list of the order')
    for (const [id, check] of Object.entries(checks))
      if ((known.checks.get(id) ?? check) !== check)
        throw invalid(file, 1, `it has entries under another key that is called ${id}`)
    const lines: string[] = []
    let written = 0
    for (const token of tokens) {
      if (known.entries.has(token)) continue
      const [id, text] = token.split('.') as [string, string]
      if (!known.checks.has(id)) {
        known.checks.set(id, checks[id]!)
        lines.push(keyLine(id, checks[id]!))
      }
      lines.push(entryLine(id, Buffer.from(text, 'base64url'), now, false))
      known.entries.add(token)
      written++
    }
    if (lines.length > 0) appendLines(file, lines, NOTHING_COUNTS)
    return { written, unchanged: tokens.length - written, ...(isCut && { isCut }) }
  })
}

/** What a list says in its first line, and the tokens that are on it, `k1.…`. @throws what reading a list throws */
export const readList = (file: string): Pick<Known, 'header' | 'entries'> => readKnown(file)

interface Known {
  readonly header: ListHeader
  readonly checks: Map<string, string>
  /** `k1.…` of those that are on the list. */
  readonly entries: Set<string>
}

/** Whether a subject is on the list under any key. */
const isKnown = (
  known: Known,
  matchers: readonly { readonly id: string; readonly match: (text: string) => Buffer }[],
  text: string,
): boolean =>
  matchers.some(({ id, match }) => known.entries.has(`${id}.${match(text).toString('base64url')}`))

function readKnown(file: string): Known {
  let header: ListHeader | undefined
  const checks = new Map<string, string>()
  const entries = new Set<string>()
  readLines(
    file,
    false,
    (line, number) => {
      if (number === 1) {
        header = parseHeader(line, file)
        return
      }
      const read = parseLine(line, file, number)
      if (read.kind === 'key') checks.set(read.id, read.check)
      else if (read.isRemoved) entries.delete(`${read.key}.${read.token.toString('base64url')}`)
      else entries.add(`${read.key}.${read.token.toString('base64url')}`)
    },
    MATCH_LIST,
  )
  if (header === undefined) throw invalid(file, 1, 'the list is empty: not even its first line is there')
  return { header, checks, entries }
}

const NOTHING_COUNTS = 'nothing of it counts: do it again when the cause is gone'

/** One writer at a time. */
async function locked<T>(file: string, work: () => T): Promise<T> {
  const release = await takeLock(file)
  try {
    return work()
  } finally {
    release()
  }
}

/** How many subjects are on a list under each key, by its id. @throws what reading a list throws */
export function keysOfList(
  file: string,
): ReadonlyMap<string, { readonly check: string; readonly entries: number }> {
  const { checks, entries } = readKnown(file)
  return new Map(
    [...checks].map(([id, check]) => [
      id,
      { check, entries: [...entries].filter((name) => name.startsWith(`${id}.`)).length },
    ]),
  )
}
