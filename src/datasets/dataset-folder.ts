/**
 * The folder of a data set. Its files say which offsets they cover; the chain of them is the position of a partition. `_lethe/` holds
 * whose it is and where it began, files that are being written, and for each partition a name with the end of its last file: so the position
 * stays where all files were deleted for their age.
 */
import { randomBytes } from 'node:crypto'
import {
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import { fileError, LetheError, unwritable } from '../errors.ts'
import { syncFolder } from '../files/sync-folder.ts'
import { TemporaryFile } from '../files/temporary-file.ts'
import type { DatasetFormat } from '../kafka/pipeline-file/pipeline.ts'
import { type Position, partitionKey, type TopicPartition } from '../kafka/record.ts'
import type { GroupColumn } from '../record/columns/column-tree.ts'
import { IDENTITY, type Identity, identityOf, OWN_FOLDER } from './dataset-identity.ts'
import { RangeFile } from './range-file.ts'
import { type RangeStart, rangeName, readRangeName, stemOf } from './range-name.ts'
import { damaged, type RangeNote } from './range-note.ts'
import type { RowFormat } from './row-format.ts'
import { ROW_FORMATS } from './row-formats.ts'

const POSITION = '.position'
const PART = '.part'
/** Files that are looked at before something else has its turn. */
const AT_ONCE = 256
const AGAIN_MS = 100

export interface DatasetPlace {
  readonly folder: string
  readonly format: DatasetFormat
  /** `pipeline/route`. */
  readonly owner: string
}

export class DatasetFolder {
  readonly place: DatasetPlace
  readonly #format: RowFormat
  readonly #own: string
  /** Of files that were looked at: they never change. */
  readonly #notes: Map<string, RangeNote> = new Map()
  #identity: Identity | undefined

  constructor(place: DatasetPlace) {
    this.place = place
    this.#format = ROW_FORMATS[place.format]
    this.#own = join(place.folder, OWN_FOLDER)
  }

  /**
   * Makes it ready to be written to.
   * @throws LetheError: (io) where the folder is not there or cannot be written; `dataset-unsupported`; `dataset-mismatch`
   */
  open(): void {
    const { folder } = this.place
    if (!isFolder(folder))
      throw new LetheError(
        'folder-missing',
        `the data set ${folder} is no folder that is there`,
        'make it, or mount it: Lethe makes none, since one that is not mounted looks like one that is empty',
      )
    try {
      mkdirSync(this.#own, { recursive: true })
      syncFolder(folder)
    } catch (error) {
      throw unwritable(this.#own, error)
    }
    this.#tryLinks()
    this.hasBegun()
  }

  /** Whether a name can be taken once, and once only. */
  #tryLinks(): void {
    const tag = randomBytes(6).toString('hex')
    const [file, name] = [join(this.#own, `${tag}${PART}`), join(this.place.folder, `.${tag}${PART}`)]
    try {
      writeFileSync(file, '', { flag: 'wx', mode: 0o600 })
    } catch (error) {
      throw unwritable(this.#own, error)
    }
    try {
      linkSync(file, name)
      if (isLinkedAgain(file, name)) throw new Error('a name was given twice')
    } catch {
      throw new LetheError(
        'dataset-unsupported',
        `the file system of ${this.place.folder} has no hard links, by which a file gets a name that no other has`,
        'use a folder on a local disk or on NFS',
      )
    } finally {
      rmSync(name, { force: true })
      rmSync(file, { force: true })
    }
  }

  /** Whether it is begun. @throws LetheError where it is another's, or cannot be read */
  hasBegun(): boolean {
    this.#identity ??= this.#readIdentity()
    return this.#identity !== undefined
  }

  #readIdentity(): Identity | undefined {
    const file = join(this.#own, IDENTITY)
    let text: string
    try {
      text = readFileSync(file, 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw fileError(file, error)
      this.#refuseFilesOfNobody()
      return undefined
    }
    const identity = identityOf(text)
    if (identity === undefined)
      throw damaged(
        file,
        'it does not say whose data set this is',
        'put the file back, or begin another folder',
      )
    const { owner, format } = this.place
    if (identity.owner !== owner || identity.format !== format)
      throw new LetheError(
        'dataset-mismatch',
        `the data set ${this.place.folder} is of the route ${identity.owner}, in the format ${identity.format}, and not of ${owner} in ${format}`,
        'name another folder: each route has one of its own',
      )
    return identity
  }

  #refuseFilesOfNobody(): void {
    const found = this.#list().find((name) => readRangeName(name, this.#format.extension) !== undefined)
    if (found === undefined) return
    throw damaged(
      join(this.place.folder, found),
      `it stands in a data set without ${OWN_FOLDER}/${IDENTITY}, so that it is not known whose it is`,
      'put that file back, or name another folder',
    )
  }

  /** Writes down where it begins, once: who comes second finds what the first has written. @throws LetheError (io) */
  async begin(starts: readonly Position[]): Promise<void> {
    const { owner, format } = this.place
    const identity: Identity = { v: 1, owner, format, starts }
    const file = new TemporaryFile(join(this.#own, IDENTITY), undefined, undefined, 'umask', this.#own)
    try {
      await file.append(Buffer.from(`${JSON.stringify(identity)}\n`))
      await file.finish()
      file.publishNew()
    } finally {
      file.discard()
    }
    this.#identity = this.#readIdentity()
  }

  /**
   * Where each of the partitions is to be read on; undefined: at its beginning.
   * @throws LetheError `dataset-damaged`, or (io)
   */
  async positions(partitions: readonly TopicPartition[]): Promise<readonly (number | undefined)[]> {
    try {
      return await this.#positionsNow(partitions)
    } catch (error) {
      if (!(error instanceof LetheError && error.code === 'dataset-damaged')) throw error
      // A listing may hold a file that was made while it was read, and not the one before it.
      await sleep(AGAIN_MS)
      return await this.#positionsNow(partitions)
    }
  }

  async #positionsNow(partitions: readonly TopicPartition[]): Promise<readonly (number | undefined)[]> {
    for (const { topic } of partitions) refuseUnreadable(topic)
    const keys = new Set(partitions.map(partitionKey))
    // In this order: what another process publishes meanwhile has its file before its mark.
    const marks = this.#marks()
    const chains = new Map<string, RangeStart[]>()
    for (const name of this.#list().toSorted()) {
      const start = readRangeName(name, this.#format.extension)
      if (start === undefined || !keys.has(partitionKey(start))) continue
      const chain = chains.get(partitionKey(start))
      if (chain === undefined) chains.set(partitionKey(start), [start])
      else chain.push(start)
    }
    const positions: (number | undefined)[] = []
    for (const partition of partitions) {
      const key = partitionKey(partition)
      const end = await this.#endOf(chains.get(key) ?? [])
      const mark = marks.get(key)
      if (end !== undefined && mark !== undefined && mark > end)
        throw damaged(
          this.place.folder,
          `of topic ${partition.topic}, partition ${partition.partition}, the files end at offset ${end}, and there were some up to ${mark}`,
          'put the files back; files that are deleted for their age go from the oldest on',
        )
      // A process that was killed may not have come to it.
      if (end !== undefined && mark !== end) this.#mark({ ...partition, offset: end })
      positions.push(end ?? mark ?? this.#startOf(partition))
    }
    return positions
  }

  #startOf({ topic, partition }: TopicPartition): number | undefined {
    return this.#identity?.starts.find((start) => start.topic === topic && start.partition === partition)
      ?.offset
  }

  /** The end of a chain of files; undefined where there is none. */
  async #endOf(chain: readonly RangeStart[]): Promise<number | undefined> {
    let end: number | undefined
    for (const [at, start] of chain.entries()) {
      if (at % AT_ONCE === AT_ONCE - 1) await setImmediate()
      const name = rangeName(start, this.#format.extension)
      if (end !== undefined && start.first !== end)
        throw damaged(
          join(this.place.folder, name),
          start.first > end
            ? `the file before it ends at offset ${end}, so that ${start.first - end} offsets are in no file`
            : `the file before it ends at offset ${end}, so that ${end - start.first} offsets are in two files`,
          start.first > end ? 'put the missing files back' : 'take away what Lethe did not write',
        )
      const note = this.#noteUnlessGone(start)
      // What is deleted for its age goes from the oldest on, and may go just now.
      if (note === undefined && end === undefined) continue
      end = (note ?? this.note(start)).next
    }
    return end
  }

  #noteUnlessGone(start: RangeStart): RangeNote | undefined {
    try {
      return this.note(start)
    } catch (error) {
      if (error instanceof LetheError && error.code === 'file-missing') return undefined
      throw error
    }
  }

  /** What the file says of itself. @throws LetheError `dataset-damaged`, or (io) */
  note(start: RangeStart): RangeNote {
    const name = rangeName(start, this.#format.extension)
    const known = this.#notes.get(name)
    if (known !== undefined) return known
    const file = join(this.place.folder, name)
    let note: RangeNote | undefined
    try {
      note = this.#format.note(file)
    } catch (error) {
      throw error instanceof LetheError ? error : fileError(file, error)
    }
    if (note === undefined)
      throw damaged(
        file,
        'it does not end with what says which offsets it covers, so it was cut short, or written anew by something else',
        'put the file back as Lethe published it',
      )
    const { topic, partition, first } = start
    if (
      note.topic !== topic ||
      note.partition !== partition ||
      note.first !== first ||
      note.owner !== this.place.owner
    )
      throw damaged(
        file,
        `it is the file ${stemOf(note)} of the route ${note.owner}`,
        'take it away, or give it back its name',
      )
    this.#notes.set(name, note)
    return note
  }

  /** A file for what begins here. Nothing is on the disk before its first row. */
  range(start: RangeStart, columns: GroupColumn | undefined): RangeFile {
    return new RangeFile({
      start,
      name: join(this.place.folder, rangeName(start, this.#format.extension)),
      folder: this.#own,
      format: this.#format,
      columns,
      isOvertaken: () => (this.#marks().get(partitionKey(start)) ?? 0) > start.first,
      published: ({ next }) => this.#mark({ ...start, offset: next }),
    })
  }

  /** The greatest end that is marked, by partition. */
  #marks(): ReadonlyMap<string, number> {
    const marks = new Map<string, number>()
    for (const name of namesIn(this.#own)) {
      const mark = readRangeName(name, POSITION)
      if (mark === undefined) continue
      const key = partitionKey(mark)
      marks.set(key, Math.max(mark.first, marks.get(key) ?? 0))
    }
    return marks
  }

  /**
   * Only names, so that none is ever written over by a process that is late. One that cannot be made is made at the next start, from the
   * files.
   */
  #mark({ topic, partition, offset }: Position): void {
    const name = (first: number): string => join(this.#own, rangeName({ topic, partition, first }, POSITION))
    try {
      closeSync(openSync(name(offset), 'w', 0o644))
      syncFolder(this.#own)
      for (const other of namesIn(this.#own)) {
        const mark = readRangeName(other, POSITION)
        if (mark?.topic === topic && mark.partition === partition && mark.first < offset)
          unlinkSync(name(mark.first))
      }
    } catch {
      // The file is published: that is what counts.
    }
  }

  /**
   * Takes away what processes had begun that owned the partition before. Where one still goes on, it finds that it has been overtaken.
   */
  dropParts({ topic, partition }: TopicPartition): void {
    const prefix = `.${topic}+${partition}+`
    for (const name of namesIn(this.#own))
      if (name.startsWith(prefix) && name.endsWith(PART)) rmSync(join(this.#own, name), { force: true })
  }

  #list(): readonly string[] {
    return namesIn(this.place.folder)
  }

  /** Looks at all of it, and changes nothing. @throws LetheError `dataset-damaged`, or (io) */
  async examine(): Promise<DatasetFacts> {
    const names = this.#list()
    const chains = new Map<string, RangeStart[]>()
    let foreign = 0
    for (const name of names.toSorted()) {
      const start = readRangeName(name, this.#format.extension)
      if (start === undefined) {
        if (name !== OWN_FOLDER) foreign++
        continue
      }
      const key = partitionKey(start)
      chains.set(key, [...(chains.get(key) ?? []), start])
    }
    let files = 0
    for (const chain of chains.values()) {
      await this.#endOf(chain)
      files += chain.length
    }
    return { files, partitions: chains.size, foreign }
  }
}

export interface DatasetFacts {
  readonly files: number
  readonly partitions: number
  /** Names that are none of a data set. */
  readonly foreign: number
}

/** Topics that a pattern finds, which lint does not know. */
function refuseUnreadable(topic: string): void {
  if (!/^[._]/.test(topic)) return
  throw new LetheError(
    'dataset-unsupported',
    `files of the topic ${topic} would begin with _ or ., and readers of data sets pass such names by: they would miss its records`,
    'leave the topic out of `topics: { pattern: … }`, or write its records into a topic with another name first',
  )
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}

function isLinkedAgain(file: string, name: string): boolean {
  try {
    linkSync(file, name)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'EEXIST'
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    throw fileError(folder, error)
  }
}
