/**
 * The folder of a run over many machines, on a file system that they share, or below a prefix of an object store:
 *
 *     manifest.json            which run it is: a copy of the manifest, made by the first process
 *     data/NNNNN-NNNNN-NAME    outputs, by number of file and slice, with their sidecars
 *     data/_writing            of objects: while the run goes on, so that no part of it is taken for all
 *     shards/N.summary.json    what shard N left, written last; N.dead-letters.ndjson beside it
 *     shards/N.counted         of a policy with `crowd:`, encrypted: the classes of what would leave; N.published: of what left
 *     classes.open             the same: which classes of all shards may leave
 *     work/                    files that do not have their names yet; none of objects
 *     summary.json             the sum, once the shards were merged
 */
import { randomBytes } from 'node:crypto'
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { fileError, LetheError, unwritable } from '../errors.ts'
import { nameIn, namesIn, objectNamed, wholeOf } from '../files/by-name.ts'
import { isObjectName, parseObjectName } from '../files/objects/object-name.ts'
import { CLAIM } from '../files/objects/object-place.ts'
import { syncFolder } from '../files/sync-folder.ts'
import { writeObject } from '../files/write-named.ts'
import type { Manifest, ManifestSlice } from '../forms/manifest.ts'
import type { ReadManifest } from './read-manifest.ts'

const MANIFEST = 'manifest.json'
/** Readers of outputs go by it. */
export const SUCCESS = '_SUCCESS'
const PARTS = ['data', 'shards', 'work'] as const

const numbered = (number: number): string => String(number).padStart(5, '0')

export class RunFolder {
  readonly name: string
  /** Whether it lies in an object store: then outputs have their place from the start, and `_SUCCESS` says that they count. */
  readonly isInStore: boolean
  readonly manifestFile: string
  readonly data: string
  readonly shards: string
  readonly work: string
  readonly summary: string

  constructor(name: string) {
    this.name = name
    this.isInStore = isObjectName(name)
    this.manifestFile = nameIn(name, MANIFEST)
    const [data, shards, work] = PARTS.map((part) => nameIn(name, part)) as [string, string, string]
    this.data = data
    this.shards = shards
    this.work = work
    this.summary = nameIn(name, 'summary.json')
  }

  summaryOf(shard: number): string {
    return nameIn(this.shards, `${shard}.summary.json`)
  }

  deadLettersOf(shard: number): string {
    return nameIn(this.shards, `${shard}.dead-letters.ndjson`)
  }

  /** What a shard counted of its classes. */
  classesOf(shard: number, kind: 'counted' | 'published'): string {
    return nameIn(this.shards, `${shard}.${kind}`)
  }

  /** Of objects: that the run goes on. */
  get claim(): string {
    return nameIn(this.data, CLAIM)
  }

  /** Which classes of all shards may leave. */
  get openClasses(): string {
    return nameIn(this.name, 'classes.open')
  }

  /**
   * Makes the folder that of this run, or finds that it is. Any number of processes may do so at once.
   * @throws LetheError where another run is in it, or something else, or it cannot be made
   */
  async take({ bytes }: Pick<ReadManifest, 'bytes'>): Promise<void> {
    if (this.isInStore) return await this.#takePrefix(bytes)
    try {
      mkdirSync(this.name)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw unmade(this.name, error)
    }
    if (!existsSync(this.manifestFile)) {
      const others = this.#list().filter((name) => !isTemporary(name))
      // Another process may have come first in between.
      if (others.length > 0 && !others.includes(MANIFEST))
        throw taken(this.name, 'holds something, and no run over many machines')
      this.#writeManifest(bytes)
    }
    this.#compare(bytes)
    if (existsSync(this.summary) && !existsSync(this.data))
      throw taken(this.name, 'is of a run whose shards were merged and published already')
    for (const part of PARTS)
      try {
        mkdirSync(join(this.name, part), { recursive: true })
      } catch (error) {
        throw unmade(join(this.name, part), error)
      }
  }

  async #takePrefix(bytes: Buffer): Promise<void> {
    const there = await wholeOf(this.manifestFile, bytes.length)
    if (there === undefined) {
      const others = (await namesIn(this.name)).filter((name) => name !== MANIFEST)
      if (others.length > 0) throw taken(this.name, 'holds something, and no run over many machines')
      try {
        await writeObject(parseObjectName(this.manifestFile), bytes, 'same')
      } catch (error) {
        if (!(error instanceof LetheError && error.code === 'output-exists')) throw error
        throw taken(this.name, 'is of a run by another manifest')
      }
    } else if (there === 'too-large' || !there.equals(bytes))
      throw taken(this.name, 'is of a run by another manifest')
    if ((await objectNamed(nameIn(this.data, SUCCESS))) !== undefined)
      throw taken(this.name, 'is of a run whose shards were merged and published already')
    await writeObject(parseObjectName(this.claim), '', 'same')
  }

  #list(): string[] {
    try {
      return readdirSync(this.name)
    } catch (error) {
      throw unmade(this.name, error)
    }
  }

  #compare(bytes: Buffer): void {
    let there: Buffer
    try {
      there = readFileSync(this.manifestFile)
    } catch (error) {
      throw fileError(this.manifestFile, error)
    }
    if (!there.equals(bytes)) throw taken(this.name, 'is of a run by another manifest')
  }

  /** It appears whole, and only where none is. */
  #writeManifest(bytes: Buffer): void {
    const temporary = join(this.name, `.${MANIFEST}.${randomBytes(6).toString('hex')}.part`)
    try {
      const fd = openSync(temporary, 'wx')
      try {
        for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at)
        fsyncSync(fd)
      } finally {
        closeSync(fd)
      }
      try {
        linkSync(temporary, this.manifestFile)
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException
        // Not every file system has links; whose manifest it is, is compared afterwards.
        if (code !== 'EEXIST' && !existsSync(this.manifestFile)) renameSync(temporary, this.manifestFile)
      }
      syncFolder(this.name)
    } catch (error) {
      throw unwritable(this.manifestFile, error)
    } finally {
      rmSync(temporary, { force: true })
    }
  }
}

const isTemporary = (name: string): boolean => /^\..+\.[0-9a-f]{12}\.part$/.test(name)

const taken = (name: string, why: string): LetheError =>
  new LetheError(
    'folder-taken',
    `the folder ${name} ${why}; nothing was read`,
    'name another folder: -o FOLDER',
  )

function unmade(name: string, error: unknown): LetheError {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'EEXIST' || code === 'ENOTDIR')
    return new LetheError('not-a-file', `${name} is not a folder`, 'name a folder')
  return fileError(name, error, 'written')
}

/** The name of the output of a slice: in the order of files and slices, and the same in every try. */
export function outputName(
  { files }: Manifest,
  { file, slice }: Pick<ManifestSlice, 'file' | 'slice'>,
): string {
  return `${numbered(file)}-${numbered(slice)}-${basename(files[file - 1]!.file)}`
}
