/** Where `lethe batch` writes: nothing that it reads, nothing twice, and nothing that is left behind. */
import { fstatSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { EXIT, LetheError } from '../../errors.ts'
import { formatByName, type Input, identityOf } from '../../files/input.ts'
import { type Output, openNothing, openOutput, openStdout } from '../../files/output.ts'
import type { RecordFormat } from '../../record/limits.ts'
import { onInterrupt } from '../interrupt.ts'

export interface OutputOptions {
  /** A file, a folder, or `-`. */
  readonly output?: string
  readonly dryRun?: boolean
  /** Where a summary is written, it says the digest of every file. */
  readonly summary?: string
}

/** Everything opened for writing: discarded unless it was published, at the end and on Ctrl-C. */
export class Opened {
  readonly #outputs: Output[] = []
  readonly #places = new Map<string, string>()
  readonly #forget: () => void

  /** What the run reads beside its inputs, by identity. */
  readonly #kept = new Map<string, string>()

  constructor(kept: readonly (readonly [what: string, file: string | undefined])[]) {
    for (const [what, file] of kept) {
      const identity = file === undefined ? undefined : placeOf(file).identity
      if (identity !== undefined) this.#kept.set(identity, what)
    }
    this.#forget = onInterrupt(() => this.#discard())
  }

  /** Opens a file for writing, unless it is one of the inputs or is written to already. */
  open(name: string, inputs: readonly Input[], options: OutputOptions, gzip = false): Output {
    const place = placeOf(name)
    const input = inputs.findIndex(({ identity }) => identity !== undefined && identity === place.identity)
    if (input >= 0)
      throw new LetheError(
        EXIT.usage,
        `${name} is input ${input + 1}: it would be overwritten`,
        'name another output',
      )
    const kept = this.#kept.get(place.identity ?? '')
    if (kept !== undefined)
      throw new LetheError(EXIT.usage, `${name} is ${kept}: it would be overwritten`, 'name another output')
    if (place.isSpecial)
      throw new LetheError(
        EXIT.usage,
        `${name} is no regular file, and one would take its place`,
        'say -o - and redirect standard output',
      )
    if (place.isFolder) throw new LetheError(EXIT.usage, `${name} is a folder`, 'name a file')
    if (this.#places.has(place.path))
      throw new LetheError(
        EXIT.usage,
        `${name} would be written twice`,
        'give every output a name of its own',
      )
    this.#places.set(place.path, name)
    const output =
      options.dryRun === true
        ? openNothing(name)
        : openOutput(place.path, gzip, options.summary !== undefined)
    this.#outputs.push(output)
    return output
  }

  #discard(): void {
    for (const output of this.#outputs) output.discard()
  }

  close(): void {
    this.#discard()
    this.#forget()
  }
}

interface Place {
  /** Absolute; links in the folder's name are followed. */
  readonly path: string
  /** Undefined where nothing stands there. */
  readonly identity: string | undefined
  readonly isFolder: boolean
  /** A device, pipe or socket. */
  readonly isSpecial: boolean
}

function placeOf(name: string): Place {
  let path = resolve(name)
  try {
    path = join(realpathSync(dirname(path)), basename(path))
    const stats = statSync(path)
    const isFolder = stats.isDirectory()
    return { path, identity: identityOf(stats), isFolder, isSpecial: !isFolder && !stats.isFile() }
  } catch {
    return { path, identity: undefined, isFolder: false, isSpecial: false }
  }
}

const FORMAT_NAME: Readonly<Record<RecordFormat, string>> = { csv: 'CSV', ndjson: 'NDJSON' }

/** One output for each input, or one for all of them. */
export function openOutputs(inputs: readonly Input[], options: OutputOptions, opened: Opened): Output[] {
  const name = options.output ?? '-'
  const isFolder = name !== '-' && (/[/\\]$/.test(name) || placeOf(name).isFolder)
  if (isFolder) {
    if (!placeOf(name).isFolder)
      throw new LetheError(EXIT.io, `the folder ${name} does not exist`, 'make it first')
    if (inputs.some((input) => input.name === '-'))
      throw new LetheError(EXIT.usage, 'standard input has no name to write to a folder by', 'say -o FILE')
    return inputs.map((input) => opened.open(join(name, basename(input.name)), inputs, options, input.gzip))
  }
  if (new Set(inputs.map((input) => input.format)).size > 1)
    throw new LetheError(
      EXIT.usage,
      'CSV and NDJSON do not go into one output',
      'write to a folder: -o FOLDER/',
    )
  const byName = formatByName(name)
  const { format } = inputs[0]!
  if (byName.format !== undefined && byName.format !== format)
    throw new LetheError(
      EXIT.usage,
      `${name} would not hold what its name says: the output of ${FORMAT_NAME[format]} is ${FORMAT_NAME[format]}`,
      `name it .${format}`,
    )
  const output =
    name === '-' ? standardOutput(inputs, options) : opened.open(name, inputs, options, byName.gzip)
  return inputs.map(() => output)
}

function standardOutput(inputs: readonly Input[], options: OutputOptions): Output {
  if (options.dryRun === true) return openNothing('standard output')
  const stats = fstatSync(process.stdout.fd)
  const input = stats.isFile() ? inputs.findIndex(({ identity }) => identity === identityOf(stats)) : -1
  if (input >= 0)
    throw new LetheError(
      EXIT.usage,
      `standard output is input ${input + 1}: it would be overwritten`,
      'redirect it to another file',
    )
  return openStdout(options.summary !== undefined)
}
