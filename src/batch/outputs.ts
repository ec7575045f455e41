/** Where `lethe batch` writes: nothing that it reads, nothing twice, and nothing that is left behind. */
import { mkdirSync, rmdirSync } from 'node:fs'
import { basename, dirname, join, resolve, sep } from 'node:path'
import { fileError, LetheError } from '../errors.ts'
import { ArrayOutput } from '../files/array-output.ts'
import { type DataSetPlace, DiskPlace } from '../files/data-set-place.ts'
import { eachInOrder } from '../files/each-in-order.ts'
import { formatByName, type Input } from '../files/input.ts'
import type { FileCompression } from '../files/magic.ts'
import {
  isObjectFolder,
  isObjectName,
  type ObjectName,
  parseObjectName,
  printObjectName,
} from '../files/objects/object-name.ts'
import { ObjectPlace } from '../files/objects/object-place.ts'
import { openNothing, openObject, openOutput, openStdout } from '../files/output.ts'
import { placeOf } from '../files/place.ts'
import type { Output } from '../files/sink.ts'
import { TemporaryFile } from '../files/temporary-file.ts'
import type { RecordFormat } from '../record/limits.ts'
import { onInterrupt } from '../run/interrupt.ts'
import type { ReadFiles } from '../run/read-files.ts'
import type { ShardJob } from './shard-job.ts'

export interface OutputOptions {
  /** A file, a folder, an object, a prefix of objects, or `-`. */
  readonly output?: string
  /** Whether objects take the place of those that stand under their names, as files do. */
  readonly replace?: boolean
  readonly dryRun?: boolean
  /** The file of the summary. Where one is written, it has the digest of every output. */
  readonly summary?: string
  /** What the outputs are; by their names unless stated. */
  readonly outputFormat?: RecordFormat
  /** Where the batch is a shard of a manifest. */
  readonly shard?: ShardJob
  /** Output paths of fields whose values part the output: it is a data set then, a folder. */
  readonly partitionBy?: readonly string[]
  /** The most partitions that a data set may have; 256 unless stated. */
  readonly maxPartitions?: number
}

/** Everything opened for writing: discarded unless it was published, at the end and on Ctrl-C. */
export class Opened {
  readonly #outputs: Output[] = []
  readonly #places = new Map<string, string>()
  readonly #forget: () => void
  /** Those that were made, the deepest first. */
  readonly #folders: string[] = []

  readonly #reads: ReadFiles

  /** `reads`: what the run reads, inputs too. */
  constructor(reads: ReadFiles) {
    this.#reads = reads
    this.#forget = onInterrupt(() => this.#discard())
  }

  /** Opens a file for writing, unless it is read or is written to already. `digest`: even where no summary is written. */
  async open(
    name: string,
    options: OutputOptions,
    compression: FileCompression = 'none',
    digest: boolean = options.summary !== undefined,
  ): Promise<Output> {
    if (isObjectName(name)) return await this.#openObject(parseObjectName(name), options, compression, digest)
    const place = placeOf(name)
    this.#reads.refuse(place.path)
    if (place.isSpecial)
      throw new LetheError(
        'not-a-file',
        `${name} is not a regular file, and one would take its place`,
        'say -o - and redirect standard output',
      )
    if (place.isFolder) throw new LetheError('not-a-file', `${name} is a folder`, 'name a file')
    this.#take(place.path, name)
    const output =
      options.dryRun === true
        ? openNothing(name)
        : openOutput(place.path, compression, digest, options.shard?.temporary)
    this.#outputs.push(output)
    return output
  }

  /** The same of a file that its owner alone may read, and that is no object. */
  openOwn(name: string, options: Pick<OutputOptions, 'dryRun'>): Output {
    const place = placeOf(name)
    if (isObjectName(name) || name === '-' || place.isSpecial || place.isFolder)
      throw new LetheError('not-a-file', `${name} is not a regular file`, 'name a file of this machine')
    this.#reads.refuse(place.path)
    this.#take(place.path, name)
    const output =
      options.dryRun === true ? openNothing(name) : new TemporaryFile(place.path, undefined, name, 'owner')
    this.#outputs.push(output)
    return output
  }

  async #openObject(
    object: ObjectName,
    options: OutputOptions,
    compression: FileCompression,
    digest: boolean,
  ): Promise<Output> {
    const name = printObjectName(object)
    if (isObjectFolder(name))
      throw new LetheError('not-a-file', `${name} stands for a folder`, 'name an object in it')
    this.#reads.refuse(name)
    this.#take(name, name)
    const output =
      options.dryRun === true
        ? openNothing(name)
        : // What a shard of before left, and what another process of this shard writes, is the same.
          await openObject(
            object,
            compression,
            digest,
            options.replace === true || options.shard !== undefined,
            options.shard !== undefined,
          )
    this.#outputs.push(output)
    return output
  }

  /** Makes the folder that files are to lie in. It goes again where nothing came to stand in it. */
  makeFolder(folder: string, { dryRun }: OutputOptions): void {
    if (dryRun === true) return
    try {
      const first = mkdirSync(folder, { recursive: true })
      if (first === undefined) return
      const made: string[] = []
      for (let at = resolve(folder); at.length >= resolve(first).length; at = dirname(at)) made.push(at)
      this.#folders.unshift(...made)
    } catch (error) {
      throw fileError(`the folder ${folder}`, error, 'written')
    }
  }

  #take(place: string, name: string): void {
    if (this.#places.has(place))
      throw new LetheError(
        'output-conflict',
        `${name} would be written twice`,
        'give every output a name of its own',
      )
    this.#places.set(place, name)
  }

  /** Opens a data set, whose place has nothing in it yet. */
  async dataSet(name: string, open: (place: DataSetPlace) => Promise<Output>): Promise<Output> {
    const place = isObjectName(name)
      ? new ObjectPlace(name)
      : new DiskPlace(placeOf(name.replace(/[/\\]+$/, '')).path)
    this.#reads.refuse(place.name)
    this.#take(place.name, name)
    const output = await open(place)
    this.#outputs.push(output)
    return output
  }

  standardOutput(options: OutputOptions): Output {
    if (options.dryRun === true) return openNothing('standard output')
    this.#reads.refuseStandardOutput()
    return openStdout(options.summary !== undefined)
  }

  async #discard(): Promise<void> {
    await Promise.all(this.#outputs.map((output) => output.discard()))
    for (const folder of this.#folders.splice(0))
      try {
        rmdirSync(folder)
      } catch {
        // What was published stands in it, or it is gone.
      }
  }

  async close(): Promise<void> {
    await this.#discard()
    this.#forget()
  }
}

/** Gives all of them their names, in order. @throws LetheError that says how many have theirs, where another cannot get it */
export async function publishAll(outputs: readonly Output[]): Promise<void> {
  for (const [at, output] of outputs.entries()) {
    try {
      await output.publish()
    } catch (error) {
      if (!(error instanceof LetheError) || at === 0) throw error
      const { code, message, suggestion } = error
      const told = `${at} of the ${outputs.length} files of this run stand under their names already, from ${outputs[0]!.name} on`
      throw new LetheError(code, `${message}; ${told}`, suggestion)
    }
  }
}

/** What stands where outputs are to be that are not published, for people. */
export function whatIsLeft(outputs: readonly Output[]): string {
  const distinct = [...new Set(outputs)]
  if (distinct.some((output) => output.standing() === 'part'))
    return 'what standard output was given is no whole output: discard it'
  const older = distinct.filter((output) => output.standing() === 'older')
  if (older.length === 0) return 'no output was left'
  if (older.length === 1)
    return `no output was left; what stands at ${older[0]!.name} is an older one, as it was`
  return `no output was left; ${older.length} older ones stand under their names, as they were`
}

const FORMAT_NAME: Readonly<Record<RecordFormat, string>> = {
  csv: 'CSV',
  ndjson: 'NDJSON',
  json: 'JSON',
  parquet: 'Parquet',
}

/** What goes into one output: CSV, or JSON of either form. Of Parquet it is what its name says. */
const kindOf = (format: RecordFormat, output: RecordFormat | undefined): 'csv' | 'json' =>
  format === 'parquet' ? (output === 'csv' ? 'csv' : 'json') : format === 'csv' ? 'csv' : 'json'

/** Makes an output of bytes one of typed columns. */
export type TypedOutput = (output: Output) => Output

/** The format of an output by its name, or as it is stated. @throws LetheError where these differ */
function formatOf(name: string, { outputFormat }: OutputOptions): RecordFormat | undefined {
  const { format, compression } = formatByName(name)
  if (outputFormat !== undefined && format !== undefined && outputFormat !== format)
    throw new LetheError(
      'output-conflict',
      `${name} would not hold what its name says: --output-format is ${outputFormat}`,
      `name it .${outputFormat}`,
    )
  if ((outputFormat ?? format) === 'parquet' && compression !== 'none')
    throw new LetheError(
      'output-conflict',
      `${name} would be packed twice: Parquet packs its pages`,
      'name it .parquet; --parquet-compression chooses how its pages are packed',
    )
  return outputFormat ?? format
}

/** Whether any output is Parquet, whatever else is wrong with it. */
export const writesParquet = (
  inputs: readonly Input[],
  { output = '-', outputFormat }: OutputOptions,
): boolean =>
  outputFormat === 'parquet' ||
  formatByName(output).format === 'parquet' ||
  inputs.some(({ format }) => format === 'parquet')

/** The name of an output in a folder: of objects, and of files below a folder, the name of the input below that. */
function nameIn(folder: string, input: Input, format: RecordFormat): string {
  const isTyped = format === 'parquet' && input.format !== 'parquet'
  const named = (name: string): string =>
    isTyped ? `${name.replace(/(?:\.(?:csv|tsv|ndjson|jsonl|json))?(?:\.(?:gz|zst))?$/i, '')}.parquet` : name
  return isObjectName(folder)
    ? `${printObjectName(parseObjectName(folder))}${named(input.below ?? basename(input.name))}`
    : join(folder, named((input.object === undefined ? input.below : undefined) ?? basename(input.name)))
}

/** The format of a data set: as it is stated, or that of its inputs. */
export function dataSetFormat(
  inputs: readonly Input[],
  { output = '-', outputFormat, shard }: OutputOptions,
): RecordFormat {
  if (shard !== undefined)
    throw new LetheError(
      'bad-option',
      '--partition-by makes one folder of all inputs, and a shard writes its part of them',
      'part the output in one run, or leave --partition-by out',
    )
  if (output === '-')
    throw new LetheError(
      'bad-option',
      '--partition-by makes a folder, and - is standard output',
      'say -o FOLDER',
    )
  const kinds = new Set(inputs.map(({ format }) => (format === 'json' ? 'ndjson' : format)))
  if (outputFormat === 'parquet') return outputFormat
  const [kind] = kinds
  const format = outputFormat ?? kind!
  const isFit = (one: RecordFormat): boolean =>
    format === 'csv' ? one === 'csv' : format === 'parquet' ? one === 'parquet' : one !== 'csv'
  if (![...kinds].every(isFit))
    throw new LetheError(
      'output-conflict',
      `a data set of ${FORMAT_NAME[format]} cannot be made of all these inputs`,
      'say --output-format parquet, which takes all, or name inputs of one format',
    )
  return format
}

/** Makes bytes of lines those of a format. */
export const linesAs = (format: RecordFormat, output: Output): Output =>
  format === 'json' ? new ArrayOutput(output) : output

/** @throws LetheError where the folder lies in one that is read: the next run would take outputs for inputs */
function refuseWithin(inputs: readonly Input[], folder: string): void {
  const { path } = placeOf(folder)
  for (const { name, object, below } of inputs) {
    if (object !== undefined || below === undefined) continue
    const read = placeOf(name.slice(0, -below.length - 1)).path
    if (path === read || path.startsWith(`${read}${sep}`))
      throw new LetheError(
        'output-conflict',
        `${folder} lies in the folder ${read}, which is read: the next run would read what this one writes`,
        'write to a folder beside it',
      )
  }
}

/** One output for each input, or one for all of them. `typed`: what makes outputs of Parquet. */
export async function openOutputs(
  inputs: readonly Input[],
  options: OutputOptions,
  opened: Opened,
  typed: TypedOutput,
): Promise<Output[]> {
  const { shard } = options
  if (shard !== undefined)
    return await eachInOrder([...inputs.keys()], async (at) => {
      const file = shard.outputs[at]!
      const { format } = inputs[at]!
      return format === 'parquet'
        ? typed(await opened.open(file, options, 'none', true))
        : await openFile(file, format, options, opened)
    })
  const name = options.output ?? '-'
  const isObject = isObjectName(name)
  const isFolder = isObject
    ? isObjectFolder(name)
    : name !== '-' && (/[/\\]$/.test(name) || placeOf(name).isFolder)
  if (isFolder) {
    if (inputs.some((input) => input.name === '-'))
      throw new LetheError('bad-option', 'standard input has no name to write to a folder by', 'say -o FILE')
    if (!isObject) {
      refuseWithin(inputs, name)
      opened.makeFolder(name, options)
    }
    return await eachInOrder(inputs, async (input) => {
      const format = options.outputFormat ?? input.format
      if (format !== 'parquet' && format !== input.format)
        throw new LetheError(
          'output-conflict',
          `${input.name} would be written under its name, which says ${FORMAT_NAME[input.format]}`,
          `write it to a file of its own: -o FILE.${format}`,
        )
      const file = nameIn(name, input, format)
      if (!isObject && input.below?.includes('/') === true) opened.makeFolder(dirname(file), options)
      return format === 'parquet'
        ? typed(await opened.open(file, options, 'none', true))
        : await openFile(file, format, options, opened)
    })
  }
  const stated = formatOf(name, options)
  if (stated === 'parquet') {
    const output = typed(
      name === '-' ? opened.standardOutput(options) : await opened.open(name, options, 'none', true),
    )
    return inputs.map(() => output)
  }
  if (new Set(inputs.map((input) => kindOf(input.format, stated))).size > 1)
    throw new LetheError(
      'output-conflict',
      'CSV and JSON do not go into one output',
      'write to a folder: -o FOLDER/',
    )
  const { format } = inputs[0]!
  if (stated !== undefined && kindOf(stated, stated) !== kindOf(format, stated))
    throw new LetheError(
      'output-conflict',
      `${name} would not hold what its name says: the output of ${FORMAT_NAME[format]} is ${FORMAT_NAME[format]}`,
      `name it .${format}`,
    )
  // What is written goes by the name, where that tells a format.
  const untold = kindOf(format, undefined) === 'csv' ? 'csv' : 'ndjson'
  if (stated !== undefined && stated !== untold && formatByName(name).format === undefined)
    throw new LetheError(
      'output-conflict',
      `${name} would hold ${FORMAT_NAME[untold]}: its name does not say ${FORMAT_NAME[stated]}`,
      `say -o FILE.${stated}`,
    )
  const output = name === '-' ? opened.standardOutput(options) : await openFile(name, format, options, opened)
  return inputs.map(() => output)
}

/** Its name says whether it is compressed, and whether JSON is an array. */
async function openFile(
  name: string,
  format: RecordFormat,
  options: OutputOptions,
  opened: Opened,
): Promise<Output> {
  const byName = formatByName(name)
  // Its sidecar names it.
  const output = await opened.open(name, options, byName.compression, true)
  return format === 'csv' ? output : linesAs(byName.format ?? 'ndjson', output)
}
