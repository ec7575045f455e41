/** Cuts a text file at record ends, with the digest of every part, in one reading. */
import { fileError, LetheError } from '../errors.ts'
import { bytesOfNamed, type NamedSource } from './by-name.ts'
import { Digester, type FileDigest } from './digest.ts'
import { countLines, type LineSplitter } from './splitter.ts'

export interface Cut {
  /** Bytes `[from, to)` of the file. */
  readonly from: number
  readonly to: number
  /** Physical lines before `from`. */
  readonly lines: number
  /** SHA-256 of these bytes. */
  readonly sha256: string
}

export interface CutOptions {
  /** Bytes before the first record; no cut stands there. */
  readonly head: number
  /** Finds record ends, from the first record on. */
  readonly splitter: LineSplitter
  /** Where to cut, ascending: each cut stands at the first record end at or behind one of these offsets. */
  readonly wanted: readonly number[]
}

class Cutter {
  readonly cuts: Cut[] = []
  #digester = new Digester()
  #from = 0
  #at = 0
  #lines = 0
  #linesBefore = 0
  readonly #wanted: number[]
  readonly #options: CutOptions

  constructor(options: CutOptions) {
    this.#options = options
    this.#wanted = options.wanted.filter((offset) => offset > options.head)
  }

  push(data: Uint8Array): void {
    let rest = data
    while (rest.length > 0) rest = rest.subarray(this.#step(rest))
  }

  /** Takes some of the bytes, and says how many. */
  #step(data: Uint8Array): number {
    const { head, splitter } = this.#options
    const [next] = this.#wanted
    if (this.#at < head) return this.#take(data.subarray(0, head - this.#at))
    // Behind the last cut no record end matters.
    if (next === undefined) return this.#take(data)
    // A cut may stand at the wanted offset: the byte before it decides.
    if (this.#at < next - 1) {
      const before = data.subarray(0, next - 1 - this.#at)
      splitter.lastEnd(before)
      return this.#take(before)
    }
    const end = splitter.firstEnd(data)
    if (end < 0) return this.#take(data)
    this.#take(data.subarray(0, end))
    this.#cut()
    while (this.#wanted.length > 0 && this.#wanted[0]! <= this.#at) this.#wanted.shift()
    return end
  }

  #take(data: Uint8Array): number {
    this.#digester.add(data)
    // Lines count up to the last cut alone.
    if (this.#wanted.length > 0) this.#lines += countLines(data)
    this.#at += data.length
    return data.length
  }

  #cut(): void {
    const { bytes, sha256 } = this.#digester.end()
    this.cuts.push({ from: this.#from, to: this.#from + bytes, lines: this.#linesBefore, sha256 })
    this.#digester = new Digester()
    this.#from = this.#at
    this.#linesBefore = this.#lines
  }

  end(): readonly Cut[] {
    if (this.#at > this.#from || this.cuts.length === 0) this.#cut()
    return this.cuts
  }
}

/**
 * Reads a file to its end: its digest, and its parts. One part where no record ends behind a wanted offset but the last.
 * @throws LetheError (io)
 */
export async function cutFile(
  input: NamedSource,
  options: CutOptions,
): Promise<{ readonly whole: FileDigest; readonly cuts: readonly Cut[] }> {
  const whole = new Digester()
  const cutter = new Cutter(options)
  try {
    for await (const data of bytesOfNamed(input, (piece) => whole.add(piece))) cutter.push(data)
  } catch (error) {
    throw error instanceof LetheError ? error : fileError(input.name, error)
  }
  return { whole: whole.end(), cuts: cutter.end() }
}
