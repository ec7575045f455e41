/**
 * A data set as an output: a folder with a file for each partition, in a layout of Hive, which appears whole. It is made
 * in a folder of its own; its manifest and then `_SUCCESS` are written last, and then its place publishes it.
 */
import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { LetheError } from '../errors.ts'
import type { GroupColumn } from '../record/columns/column-tree.ts'
import { readPartFrames } from '../record/partition/partition-codec.ts'
import type { DataSetPlace } from './data-set-place.ts'
import { Digester, type FileDigest } from './digest.ts'
import { openNothing } from './output.ts'
import { type Output, outputError } from './sink.ts'
import { TemporaryFile } from './temporary-file.ts'

export interface DataSetForm {
  /** The fields whose values tell partitions, in order: their output paths. */
  readonly partitionBy: readonly string[]
  readonly mostPartitions: number
  /** What stands behind the name of a file, with its dot. */
  readonly extension: string
  /** The file that tells its files, and what stands in it. */
  readonly manifest: string
  readonly manifestOf: (files: readonly DataSetFile[]) => string
  readonly dryRun: boolean
  /** Whether its format is one of columns. */
  readonly isTyped: boolean
  /** Makes an output of bytes one of the data set's format. */
  readonly formatted: (output: Output) => Output
}

export interface DataSetFile extends FileDigest {
  /** Below the folder, with `/` between names. */
  readonly file: string
  readonly records: number
}

interface Part {
  readonly folder: string
  /** From the data set's folder on. */
  readonly path: string
  readonly output: Output
  readonly file: Output
  records: number
}

const SUCCESS = '_SUCCESS'

/** What outputs of columns hold together, before the one that holds most ends its row group. */
const HELD_BYTES = 64 << 20

export class DataSetOutput implements Output {
  readonly name: string
  readonly #place: DataSetPlace
  readonly #form: DataSetForm
  readonly #parts = new Map<string, Part>()
  #columns: { readonly tree: GroupColumn; readonly input: string } | undefined
  #header: Uint8Array | undefined
  digest: FileDigest | undefined

  private constructor(place: DataSetPlace, form: DataSetForm) {
    this.name = place.name
    this.#place = place
    this.#form = form
    if (form.isTyped) this.openColumns = (tree, input) => this.#openColumns(tree, input)
  }

  /** @throws LetheError where something stands at its place, or nothing can be made there */
  static async open(place: DataSetPlace, form: DataSetForm): Promise<DataSetOutput> {
    if (!form.dryRun) await place.begin()
    return new DataSetOutput(place, form)
  }

  get partitions(): { readonly fields: readonly string[]; readonly most: number } {
    return { fields: this.#form.partitionBy, most: this.#form.mostPartitions }
  }

  readonly openColumns?: (columns: GroupColumn, input: string) => void

  #openColumns(tree: GroupColumn, input: string): void {
    if (this.#columns !== undefined && JSON.stringify(tree) !== JSON.stringify(this.#columns.tree))
      throw new LetheError(
        'output-conflict',
        `${input}: its columns differ from those of the input before it, and both go into ${this.name}`,
        'write a data set of each',
      )
    this.#columns = { tree, input }
  }

  readonly openHeader = (header: Uint8Array): void => {
    this.#header = header
  }

  async append(frames: Uint8Array): Promise<void> {
    for (const { rows, folder, bytes } of readPartFrames(frames)) {
      const part = this.#parts.get(folder) ?? (await this.#open(folder))
      part.records += rows
      await part.output.append(bytes)
    }
    await this.#bound()
  }

  /** Partitions that hold most are written first. */
  async #bound(): Promise<void> {
    const outputs = [...this.#parts.values()].map(({ output }) => output)
    let held = outputs.reduce((all, output) => all + (output.held ?? 0), 0)
    if (held < HELD_BYTES) return
    outputs.sort((a, b) => (b.held ?? 0) - (a.held ?? 0))
    for (const output of outputs) {
      if (held < HELD_BYTES / 2) return
      held -= output.held ?? 0
      await output.release?.()
    }
  }

  async #open(folder: string): Promise<Part> {
    const { mostPartitions, extension, dryRun, formatted } = this.#form
    if (folder === '' || this.#parts.size >= mostPartitions)
      throw new LetheError(
        'too-many-partitions',
        `${this.name}: the records have more than ${mostPartitions} partitions`,
        'part by fields with fewer values, generalize them further, or allow more with --max-partitions',
      )
    // Where names differ in case alone, one folder may be both: numbers tell the files apart.
    const number = String(this.#parts.size).padStart(5, '0')
    const path = `${folder}/part-${number}${extension}`
    const file = dryRun ? openNothing(path) : this.#file(path)
    const output = formatted(file)
    if (this.#columns !== undefined) output.openColumns!(this.#columns.tree, this.#columns.input)
    const part = { folder, path, output, file, records: 0 }
    this.#parts.set(folder, part)
    if (this.#header !== undefined) await output.append(this.#header)
    return part
  }

  #file(path: string): Output {
    const file = join(this.#place.staging, path)
    try {
      mkdirSync(dirname(file), { recursive: true })
    } catch (error) {
      throw outputError(this.name, error)
    }
    return new TemporaryFile(file, new Digester(), this.name)
  }

  async finish(): Promise<void> {
    const parts = [...this.#parts.values()]
    for (const { output } of parts) {
      await output.finish()
      await output.publish()
    }
    if (this.#form.dryRun) return
    const { manifest, manifestOf } = this.#form
    const files = parts.map(({ path, records, file }) => ({ file: path, records, ...file.digest! }))
    this.digest = await this.#write(manifest, manifestOf(files))
    await this.#write(SUCCESS, '')
  }

  async #write(name: string, text: string): Promise<FileDigest | undefined> {
    const file = this.#file(name)
    await file.append(Buffer.from(text))
    await file.finish()
    await file.publish()
    return file.digest
  }

  async publish(): Promise<void> {
    if (this.#form.dryRun) return
    const files = [...this.#parts.values()].map(({ path }) => path)
    await this.#place.publish([...files, this.#form.manifest, SUCCESS])
  }

  async discard(): Promise<void> {
    if (this.#form.dryRun) return
    for (const { output } of this.#parts.values()) await output.discard()
    await this.#place.discard()
  }

  standing(): 'nothing' | 'older' {
    return this.#place.standing()
  }
}
