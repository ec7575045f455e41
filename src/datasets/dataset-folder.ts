/**
 * The folder of a data set, on a disk or in an object store. Its files say which offsets they cover; the chain of them is the position of a partition. `_lethe/` holds
 * whose it is and where it began, files that are being written, and for each partition a name with the end of its last file: so the position
 * stays where all files were deleted for their age.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { LetheError } from '../errors.ts'
import type { FileFolder } from '../files/folders/file-folder.ts'
import { openFolder } from '../files/folders/open-folder.ts'
import { isObjectName } from '../files/objects/object-name.ts'
import { unlessMissing } from '../files/unless-missing.ts'
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
/** Files that are looked at together. */
const AT_ONCE = 32
const AGAIN_MS = 100

/** What names of files of a partition begin with. */
const beginningOf = ({ topic, partition }: TopicPartition): string => `${topic}+${partition}+`

export interface DatasetPlace {
  /** A folder, or a prefix of an object store. */
  readonly folder: string
  readonly format: DatasetFormat
  /** `pipeline/route`. */
  readonly owner: string
}

export class DatasetFolder {
  readonly place: DatasetPlace
  readonly #files: FileFolder
  readonly #format: RowFormat
  /** Of files that were looked at: they never change. */
  readonly #notes: Map<string, RangeNote> = new Map()
  #identity: Identity | undefined

  constructor(place: DatasetPlace) {
    this.place = place
    this.#format = ROW_FORMATS[place.format]
    this.#files = openFolder(place.folder)
  }

  /**
   * Makes it ready to be written to.
   * @throws LetheError: (io) where the folder is not there or cannot be written; `dataset-unsupported`; `dataset-mismatch`
   */
  async open(): Promise<void> {
    await this.#files.prepare(OWN_FOLDER)
    await this.hasBegun()
  }

  /** Whether it lies in an object store, where only a start tells whether it may be written to. */
  get isInStore(): boolean {
    return isObjectName(this.place.folder)
  }

  /** Why it cannot be written to, as far as that shows without writing: what is wrong, and what to do. @throws LetheError (io) */
  trouble(): Promise<readonly [what: string, way: string] | undefined> {
    return this.#files.trouble(OWN_FOLDER)
  }

  /** Whether it is begun. @throws LetheError where it is another's, or cannot be read */
  async hasBegun(): Promise<boolean> {
    this.#identity ??= await this.#readIdentity()
    return this.#identity !== undefined
  }

  async #readIdentity(): Promise<Identity | undefined> {
    const file = `${OWN_FOLDER}/${IDENTITY}`
    const text = await this.#files.text(file)
    if (text === undefined) {
      await this.#refuseFilesOfNobody()
      return undefined
    }
    const identity = identityOf(text)
    if (identity === undefined)
      throw damaged(
        this.#files.nameOf(file),
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

  async #refuseFilesOfNobody(): Promise<void> {
    const found = (await this.#files.list('')).find(
      (name) => readRangeName(name, this.#format.extension) !== undefined,
    )
    if (found === undefined) return
    throw damaged(
      this.#files.nameOf(found),
      `it stands in a data set without ${OWN_FOLDER}/${IDENTITY}, so that it is not known whose it is`,
      'put that file back, or name another folder',
    )
  }

  /** Writes down where it begins, once: who comes second finds what the first has written. @throws LetheError (io) */
  async begin(starts: readonly Position[]): Promise<void> {
    const { owner, format } = this.place
    const identity: Identity = { v: 1, owner, format, starts }
    const file = await this.#files.create(`${OWN_FOLDER}/${IDENTITY}`, OWN_FOLDER)
    try {
      await file.append(Buffer.from(`${JSON.stringify(identity)}\n`))
      await file.finish()
      await file.publishNew()
    } finally {
      await file.discard()
    }
    this.#identity = await this.#readIdentity()
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
    const beginnings = partitions.map(beginningOf)
    const marks = await this.#marks(beginnings)
    const chains = new Map<string, RangeStart[]>()
    for (const name of await this.#files.list('', beginnings)) {
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
      if (end !== undefined && mark !== end) await this.#mark({ ...partition, offset: end })
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
    for (let from = 0; from < chain.length; from += AT_ONCE) {
      const some = chain.slice(from, from + AT_ONCE)
      const notes = await Promise.all(some.map((start) => this.#noteUnlessGone(start)))
      for (const [at, start] of some.entries()) {
        if (end !== undefined && start.first !== end) throw this.#broken(start, end)
        const note = notes[at]
        // What is deleted for its age goes from the oldest on, and may go just now.
        if (note === undefined && end === undefined) continue
        end = (note ?? (await this.note(start))).next
      }
    }
    return end
  }

  #broken(start: RangeStart, end: number): LetheError {
    const isGap = start.first > end
    return damaged(
      this.#nameOf(start),
      isGap
        ? `the file before it ends at offset ${end}, so that ${start.first - end} offsets are in no file`
        : `the file before it ends at offset ${end}, so that ${end - start.first} offsets are in two files`,
      isGap ? 'put the missing files back' : 'take away what Lethe did not write',
    )
  }

  #noteUnlessGone(start: RangeStart): Promise<RangeNote | undefined> {
    return unlessMissing(() => this.note(start))
  }

  #nameOf(start: RangeStart): string {
    return this.#files.nameOf(rangeName(start, this.#format.extension))
  }

  /** What the file says of itself. @throws LetheError `dataset-damaged`, or (io) */
  async note(start: RangeStart): Promise<RangeNote> {
    const name = rangeName(start, this.#format.extension)
    const known = this.#notes.get(name)
    if (known !== undefined) return known
    const file = this.#files.nameOf(name)
    const note = await this.#files.inspect(name, this.#format.note)
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

  /** A file for what begins here. Nothing is written before its first row. */
  range(start: RangeStart, columns: GroupColumn | undefined): RangeFile {
    return new RangeFile({
      create: () => this.#files.create(rangeName(start, this.#format.extension), OWN_FOLDER),
      format: this.#format,
      columns,
      isOvertaken: async () => {
        const marks = await this.#marks([beginningOf(start)])
        return (marks.get(partitionKey(start)) ?? 0) > start.first
      },
      published: ({ next }) => this.#mark({ ...start, offset: next }),
    })
  }

  /** The greatest end that is marked, by partition, of names that begin so. */
  async #marks(beginnings: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const marks = new Map<string, number>()
    for (const name of await this.#files.list(OWN_FOLDER, beginnings)) {
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
  async #mark(end: Position): Promise<void> {
    const { topic, partition, offset } = end
    const name = (first: number): string =>
      `${OWN_FOLDER}/${rangeName({ topic, partition, first }, POSITION)}`
    try {
      await this.#files.touch(name(offset))
      for (const other of await this.#files.list(OWN_FOLDER, [beginningOf(end)])) {
        const mark = readRangeName(other, POSITION)
        if (mark?.topic === topic && mark.partition === partition && mark.first < offset)
          await this.#files.untouch(name(mark.first))
      }
    } catch {
      // The file is published: that is what counts.
    }
  }

  /**
   * Takes away what processes had begun that owned the partition before, of what comes behind `end`, the end of its last file. Where one
   * still goes on, it finds that it has been overtaken.
   */
  async dropParts(partition: TopicPartition, end: number | undefined): Promise<void> {
    await this.#files.dropUnfinished(OWN_FOLDER, beginningOf(partition), (file) => {
      const start = readRangeName(file, this.#format.extension)
      return start !== undefined && start.first >= (end ?? 0)
    })
  }

  /** Looks at all of it, and changes nothing. @throws LetheError `dataset-damaged`, or (io) */
  async examine(): Promise<DatasetFacts> {
    const names = await this.#files.list('')
    const chains = new Map<string, RangeStart[]>()
    let foreign = 0
    for (const name of names) {
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
