/** Reads a list of subjects into shared memory: under match keys, raw, or hashed. */
import { hash } from 'node:crypto'
import type { PlanSuppression } from '../policy/plan.ts'
import { invalid, MATCH_LIST, readLines } from './file-lines.ts'
import { HashedLines, type HashForm, type HashRow } from './hashed-list.ts'
import { KeyLines } from './key-lines.ts'
import { parseHeader, parseLine } from './match-list.ts'
import { TOKEN_BYTES, TokenTable } from './token-table.ts'

/** Where the entries of a list are. */
export interface ListPlace {
  readonly file: string
  /** Of hashed lists: entries that were cancelled. */
  readonly removed?: string | undefined
}

/** A list in memory, without identifiers: it can be posted to threads. */
export interface LoadedList {
  readonly list: string
  /** SHA-256 of the file, and of what was removed behind it. */
  readonly sha256: string
  /** Subjects on it. */
  readonly count: number
  /** Of a list under match keys: the domain of its tokens, and the keys that it has entries under, by id and check value. */
  readonly domain: string
  readonly keys: readonly { readonly id: string; readonly check: string }[]
  /** Of a `TokenTable`: the first 16 bytes of each digest or token. */
  readonly memory: SharedArrayBuffer
}

/** What of a plan says how a list is to be read. */
export type ListForm = Pick<PlanSuppression, 'list' | 'entries' | 'normalize' | 'toNormal'>

const FIRST_ROOM = 1 << 10

/** A table that grows as it is filled. */
class Growing {
  table = TokenTable.create(FIRST_ROOM)

  set(token: Buffer): void {
    if (this.table.count >= this.table.room) this.table = this.table.grown(this.table.nextRoom)
    this.table.set(token)
  }
}

/** @throws LetheError: io where a file cannot be read; usage where it is not in the form, at FILE:LINE */
export function loadList(form: ListForm, place: ListPlace): LoadedList {
  switch (form.entries) {
    case 'match':
      return loadMatched(form, place)
    case 'raw':
      return loadRaw(form, place)
    default:
      return loadHashed(form, form.entries, place)
  }
}

function loadMatched({ list, normalize }: ListForm, { file }: ListPlace): LoadedList {
  const growing = new Growing()
  const keyLines = new KeyLines(file, 'lists', '`lethe`')
  const entries = new Map<string, number>()
  let domain = ''
  const { sha256, lines, isWhole } = readLines(
    file,
    false,
    (line, number) => {
      if (number === 1) {
        const header = parseHeader(line, file)
        if (header.normalize !== normalize[0])
          throw invalid(
            file,
            1,
            `its entries are in the normal form ${header.normalize}, and the policy says ${normalize[0]}`,
            `name the file of the list ${list}, or say normalize: ${header.normalize} in the policy`,
          )
        domain = header.domain
        return
      }
      const read = parseLine(line, file, number)
      if (read.kind === 'key') {
        keyLines.add(read, number)
        return
      }
      keyLines.mustKnow(read.key, number)
      const before = growing.table.has(read.token)
      if (read.isRemoved) growing.table.delete(read.token)
      else growing.set(read.token)
      const change = Number(!read.isRemoved) - Number(before)
      entries.set(read.key, (entries.get(read.key) ?? 0) + change)
    },
    MATCH_LIST,
  )
  if (domain === '')
    throw invalid(file, 1, 'the list is empty: not even its first line is there', 'name another file')
  if (!isWhole)
    throw invalid(file, lines, 'the last line is cut short: an entry may be missing', MATCH_LIST.torn)
  const keys = keyLines.which((id) => (entries.get(id) ?? 0) > 0)
  return { list, sha256, count: growing.table.count, domain, keys, memory: growing.table.memory }
}

function loadRaw({ list, toNormal, normalize }: ListForm, { file }: ListPlace): LoadedList {
  const growing = new Growing()
  const { sha256, bytes } = readLines(file, true, (line, number) => {
    if (line.trim() === '') return
    const normal = toNormal[0]!(line)
    if (normal === undefined || normal === '')
      throw invalid(
        file,
        number,
        `the identifier has no normal form (${normalize[0]}): it would match no record`,
        'correct it, or state another normal form in the policy',
      )
    growing.set(hash('sha256', normal, 'buffer').subarray(0, TOKEN_BYTES))
  })
  refuseEmpty(file, bytes)
  return { list, sha256, count: growing.table.count, domain: '', keys: [], memory: growing.table.memory }
}

function loadHashed({ list }: ListForm, form: HashForm, { file, removed }: ListPlace): LoadedList {
  const gone = { ids: new Set<string>(), digests: new Set<string>() }
  let sha256 = ''
  if (removed !== undefined)
    sha256 = readHashed(removed, form, ({ id, digest }) => {
      // Two subjects may share an identifier, and one of them cancel.
      if (id !== undefined) gone.ids.add(id)
      else gone.digests.add(digest.toString('latin1'))
    })
  const growing = new Growing()
  const own = readHashed(file, form, ({ id, digest }) => {
    const isGone =
      id !== undefined && gone.ids.size > 0 ? gone.ids.has(id) : gone.digests.has(digest.toString('latin1'))
    if (!isGone) growing.set(digest.subarray(0, TOKEN_BYTES))
  })
  const { count, memory } = growing.table
  return {
    list,
    sha256: removed === undefined ? own : hash('sha256', own + sha256, 'hex'),
    count,
    domain: '',
    keys: [],
    memory,
  }
}

function readHashed(file: string, form: HashForm, take: (row: HashRow) => void): string {
  const lines = new HashedLines(file, form)
  // Who has a digest without a key can test guesses: it is as private as what it was made of.
  const { sha256, bytes } = readLines(file, true, (line, number) => {
    const row = lines.row(line, number)
    if (row !== undefined) take(row)
  })
  refuseEmpty(file, bytes)
  return sha256
}

/** A file that was cut to nothing would let everybody pass. */
function refuseEmpty(file: string, bytes: number): void {
  if (bytes === 0) throw invalid(file, 1, 'the file is empty', 'an empty list is a header, or an empty line')
}
