/** Where `lethe batch` writes: nothing that it reads, nothing twice, and nothing that is left behind. */
import { basename, join } from 'node:path'
import { LetheError } from '../errors.ts'
import { ArrayOutput } from '../files/array-output.ts'
import { formatByName, type Input } from '../files/input.ts'
import type { FileCompression } from '../files/magic.ts'
import { openNothing, openOutput, openStdout } from '../files/output.ts'
import { placeOf } from '../files/place.ts'
import type { Output } from '../files/sink.ts'
import type { RecordFormat } from '../record/limits.ts'
import { onInterrupt } from '../run/interrupt.ts'
import type { ReadFiles } from '../run/read-files.ts'

export interface OutputOptions {
  /** A file, a folder, or `-`. */
  readonly output?: string
  readonly dryRun?: boolean
  /** The file of the summary. Where one is written, it has the digest of every output. */
  readonly summary?: string
}

/** Everything opened for writing: discarded unless it was published, at the end and on Ctrl-C. */
export class Opened {
  readonly #outputs: Output[] = []
  readonly #places = new Map<string, string>()
  readonly #forget: () => void

  readonly #reads: ReadFiles

  /** `reads`: what the run reads, inputs too. */
  constructor(reads: ReadFiles) {
    this.#reads = reads
    this.#forget = onInterrupt(() => this.#discard())
  }

  /** Opens a file for writing, unless it is read or is written to already. `digest`: even where no summary is written. */
  open(
    name: string,
    options: OutputOptions,
    compression: FileCompression = 'none',
    digest: boolean = options.summary !== undefined,
  ): Output {
    const place = placeOf(name)
    this.#reads.refuse(place.path)
    if (place.isSpecial)
      throw new LetheError(
        'not-a-file',
        `${name} is not a regular file, and one would take its place`,
        'say -o - and redirect standard output',
      )
    if (place.isFolder) throw new LetheError('not-a-file', `${name} is a folder`, 'name a file')
    if (this.#places.has(place.path))
      throw new LetheError(
        'output-conflict',
        `${name} would be written twice`,
        'give every output a name of its own',
      )
    this.#places.set(place.path, name)
    const output = options.dryRun === true ? openNothing(name) : openOutput(place.path, compression, digest)
    this.#outputs.push(output)
    return output
  }

  standardOutput(options: OutputOptions): Output {
    if (options.dryRun === true) return openNothing('standard output')
    this.#reads.refuseStandardOutput()
    return openStdout(options.summary !== undefined)
  }

  #discard(): void {
    for (const output of this.#outputs) output.discard()
  }

  close(): void {
    this.#discard()
    this.#forget()
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

const FORMAT_NAME: Readonly<Record<RecordFormat, string>> = { csv: 'CSV', ndjson: 'NDJSON', json: 'JSON' }

/** What goes into one output: CSV, or JSON of either form. */
const kindOf = (format: RecordFormat): 'csv' | 'json' => (format === 'csv' ? 'csv' : 'json')

/** One output for each input, or one for all of them. */
export function openOutputs(inputs: readonly Input[], options: OutputOptions, opened: Opened): Output[] {
  const name = options.output ?? '-'
  const isFolder = name !== '-' && (/[/\\]$/.test(name) || placeOf(name).isFolder)
  if (isFolder) {
    if (!placeOf(name).isFolder)
      throw new LetheError('folder-missing', `the folder ${name} does not exist`, 'make it first')
    if (inputs.some((input) => input.name === '-'))
      throw new LetheError('bad-option', 'standard input has no name to write to a folder by', 'say -o FILE')
    return inputs.map((input) => openFile(join(name, basename(input.name)), input.format, options, opened))
  }
  if (new Set(inputs.map((input) => kindOf(input.format))).size > 1)
    throw new LetheError(
      'output-conflict',
      'CSV and JSON do not go into one output',
      'write to a folder: -o FOLDER/',
    )
  const stated = formatByName(name).format
  const { format } = inputs[0]!
  if (stated !== undefined && kindOf(stated) !== kindOf(format))
    throw new LetheError(
      'output-conflict',
      `${name} would not hold what its name says: the output of ${FORMAT_NAME[format]} is ${FORMAT_NAME[format]}`,
      `name it .${format}`,
    )
  const output = name === '-' ? opened.standardOutput(options) : openFile(name, format, options, opened)
  return inputs.map(() => output)
}

/** Its name says whether it is compressed, and whether JSON is an array. */
function openFile(name: string, format: RecordFormat, options: OutputOptions, opened: Opened): Output {
  const byName = formatByName(name)
  // Its sidecar names it.
  const output = opened.open(name, options, byName.compression, true)
  return byName.format === 'json' && format !== 'csv' ? new ArrayOutput(output) : output
}
