/** Reads a consent table into shared memory. */
import type { PlanConsentTable } from '../policy/plan.ts'
import { parseConsentLine, readConsentHeader } from './consent-file.ts'
import { type ConsentMemory, ConsentTable } from './consent-table.ts'
import { invalid, readLines, TABLE_FILE } from './file-lines.ts'
import { KeyLines } from './key-lines.ts'

/** A table in memory, without identifiers: it can be posted to threads. */
export interface LoadedConsent {
  readonly table: string
  readonly purpose: string
  /** SHA-256 of the file; undefined of a table that is read from a topic. */
  readonly sha256: string | undefined
  /** Subjects with a history for the purpose. */
  readonly count: number
  readonly domain: string
  readonly keys: readonly { readonly id: string; readonly check: string }[]
  readonly memory: ConsentMemory
  /** Where it is read from and followed, if it is not a file. */
  readonly topic?: TableTopicPlace | undefined
}

export interface TableTopicPlace {
  readonly topic: string
  /** Further behind than so many milliseconds, nothing is judged by it. */
  readonly maxLag: number
  /** The file that a start goes on from, where one is kept. */
  readonly snapshot?: string | undefined
}

/** What of a plan says how a table is to be read. */
export type ConsentTableForm = Pick<PlanConsentTable, 'table' | 'purpose' | 'normalize'>

const FIRST_ROOM = 1 << 10

/**
 * @param now what lies behind it, ms since the epoch, is no history
 * @throws LetheError: io where the file cannot be read; usage where it is no consent table, at FILE:LINE
 */
export function loadConsent(
  { table, purpose, normalize }: ConsentTableForm,
  file: string,
  now: number,
): LoadedConsent {
  const loaded = ConsentTable.create(FIRST_ROOM)
  const keyLines = new KeyLines(file, 'tables', '`lethe consent`')
  const used = new Set<string>()
  let domain = ''
  const { sha256, lines, isWhole } = readLines(
    file,
    false,
    (line, number) => {
      if (number === 1) {
        const header = readConsentHeader(file, line)
        if (header.normalize !== normalize)
          throw invalid(
            file,
            1,
            `its subjects are in the normal form ${header.normalize}, and the policy says ${normalize}`,
            `normalize: ${header.normalize} in the policy`,
          )
        domain = header.domain
        return
      }
      const read = parseConsentLine(line, now)
      if (read.kind === 'wrong') throw invalid(file, number, read.why, 'only `lethe consent` writes to it')
      if (read.kind === 'key') {
        keyLines.add(read, number)
        return
      }
      keyLines.mustKnow(read.key, number)
      if (read.purpose !== purpose) return
      used.add(read.key)
      loaded.set(read.token, read.history)
    },
    TABLE_FILE,
  )
  if (domain === '')
    throw invalid(file, 1, 'the table is empty: not even its first line is there', 'name another file')
  if (!isWhole)
    throw invalid(file, lines, 'the last line is cut short: a withdrawal may be missing', TABLE_FILE.torn)
  const keys = keyLines.which((id) => used.has(id))
  return { table, purpose, sha256, count: loaded.count, domain, keys, memory: loaded.memory }
}
