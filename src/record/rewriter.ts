/** What both formats share: a chunk of whole records goes in, the records that may pass come out, with the account. */
import { isAscii, isUtf8 } from 'node:buffer'
import type { DeadLetterCode } from '../errors.ts'
import { quasiIdentifiers } from '../groups/quasi-identifiers.ts'
import type { Plan, PlanField } from '../policy/plan.ts'
import { type Account, emptyAccount } from './account.ts'
import { Applier } from './apply.ts'
import { Block } from './block.ts'
import { ByteSink } from './byte-sink.ts'
import type { Format } from './format.ts'
import { DEFAULT_MAX_RECORD_BYTES, maxResultBytes } from './limits.ts'
import { type GroupCount, QuasiIdentifiers } from './quasi-identifiers.ts'
import { type Shape, shapeOf } from './shape.ts'

export interface RewriteOptions {
  /** The instant that retention is judged at, ms since the epoch. */
  readonly now: number
  /** A longer record is a dead letter. Default 1 MiB. */
  readonly maxRecordBytes?: number | undefined
  /** More bytes than this may not be made of a record. Default 16 MiB, or four times `maxRecordBytes`. */
  readonly maxResultBytes?: number | undefined
  /** Count the names that no rule names, for `Account.unlistedNames`. They are values of the data. */
  readonly showNames?: boolean | undefined
  /** Whether kernels may scan and write what is as usual. Default true; what comes out is the same. */
  readonly kernels?: boolean | undefined
  /** Where to count the data subjects behind what is published, by their quasi-identifiers. Default: nowhere. */
  readonly groups?: GroupCount | undefined
}

export interface DeadLetter {
  /** Which record of the chunk it is, from 0. */
  readonly record: number
  /** Physical line of the record's start, from 0 at the chunk's start. */
  readonly line: number
  readonly code: DeadLetterCode
  /** Id of the rule that failed, or -1. */
  readonly rule: number
}

export interface Rewritten {
  /** The records that may pass, each ended by a line break. */
  readonly output: Uint8Array
  readonly deadLetters: readonly DeadLetter[]
  /** Physical lines in the chunk. */
  readonly lines: number
}

/** Records a block holds at most: enough for the transforms' kernels, few enough to stay in the cache. */
export const BLOCK_RECORDS = 512

/** Room for the output of a small chunk; it grows. */
const OUTPUT_BYTES = 1 << 16

export abstract class Rewriter {
  readonly plan: Plan
  readonly shape: Shape
  account: Account
  readonly maxRecordBytes: number
  protected readonly block: Block
  protected readonly applier: Applier
  protected readonly quasiIdentifiers: QuasiIdentifiers | undefined
  protected deadLetters: DeadLetter[] = []
  /** Whether the chunk at hand is UTF-8 throughout; if not, each record is looked at. */
  protected utf8 = true
  protected bytes: Uint8Array = new Uint8Array(0)
  protected readonly sink: ByteSink = new ByteSink(0)
  /** Memory that a chunk's output may be written into; it is used once. */
  memory: ArrayBuffer | undefined
  /** How long the output of a chunk is, more or less. */
  #outputBytes = OUTPUT_BYTES
  /** Records of the chunk before the block at hand. */
  #recordsBefore = 0

  /** `beside`: what is rewritten beside the record's value; its indexes follow those of `plan.fields`. */
  constructor(plan: Plan, format: Format, options: RewriteOptions, beside: readonly PlanField[] = []) {
    this.plan = plan
    this.shape = shapeOf(plan, beside)
    this.account = emptyAccount(plan)
    this.maxRecordBytes = options.maxRecordBytes ?? DEFAULT_MAX_RECORD_BYTES
    const derived = plan.fields.filter((field) => field.from.text !== field.path.text)
    this.block = new Block(
      plan.fields.length + beside.length,
      this.shape.watches.length,
      new Set(derived.map((field) => field.index)),
    )
    const fields = [...plan.fields, ...beside]
    const most = options.maxResultBytes ?? maxResultBytes(this.maxRecordBytes)
    this.applier = new Applier(plan, fields, this.shape, format, this.account, options.now, most)
    const shown = quasiIdentifiers(fields)
    this.quasiIdentifiers =
      options.groups === undefined || shown.length === 0
        ? undefined
        : new QuasiIdentifiers(shown, this.shape.subject, format, options.groups, BLOCK_RECORDS)
  }

  /** The instant that retention is judged at from now on, ms since the epoch. */
  set now(now: number) {
    this.applier.now = now
  }

  /** Takes the chunk's bytes; a line break follows its last record, or 16 readable bytes that start with one. `offset`: of its first byte in its input. */
  protected openChunk(bytes: Uint8Array, offset: number): void {
    this.bytes = bytes
    this.applier.suspects.base = offset
    this.sink.open(this.memory, this.#outputBytes)
    this.memory = undefined
    this.deadLetters = []
    this.#recordsBefore = 0
    const ascii = isAscii(bytes)
    this.utf8 = ascii || isUtf8(bytes)
    this.block.open(bytes, ascii)
  }

  protected isUtf8(start: number, end: number): boolean {
    return this.utf8 || isUtf8(this.bytes.subarray(start, end))
  }

  protected nextBlock(): void {
    this.#recordsBefore += this.block.recordCount
    this.block.clear()
  }

  /**
   * Runs the rules over the block at hand and calls `write` for its records `[from, to)`: all at once, or, where their
   * results are too many to be held, in parts. How it is parted shows in nothing that is written or counted.
   */
  protected eachPart(write: (from: number, to: number) => void): void {
    this.#part(0, this.block.recordCount, write)
  }

  #part(from: number, to: number, write: (from: number, to: number) => void): void {
    const { block } = this
    if (this.applier.run(block, from, to)) write(from, to)
    else if (to - from > 1) {
      const middle = (from + to) >>> 1
      this.#part(from, middle, write)
      this.#part(middle, to, write)
    } else {
      block.fail(from, 'result-too-large', -1)
      write(from, to)
    }
  }

  /** Books a record of the block that does not pass; false for one that does. */
  protected withheld(record: number): boolean {
    const { block, account } = this
    const code = block.recordCode[record]
    if (code !== undefined) {
      this.deadLetter(record, code, block.recordRule[record]!)
      return true
    }
    if (block.recordStep[record]! < 0) {
      const { label } = this.plan.retention!
      account.suppressed[label] = (account.suppressed[label] ?? 0) + 1
      return true
    }
    return false
  }

  /** What was written since the last call. */
  protected takeOutput(): Uint8Array<ArrayBuffer> {
    const output = this.sink.take()
    this.#outputBytes = Math.max(OUTPUT_BYTES, output.length + (output.length >> 3))
    return output
  }

  /** Gives the account since the last call, and starts a new one. */
  takeAccount(): Account {
    const { account } = this
    this.account = emptyAccount(this.plan)
    this.applier.account = this.account
    return account
  }

  protected deadLetter(record: number, code: DeadLetterCode, rule: number): void {
    const { account } = this
    const line = this.block.recordLine[record]!
    account.deadLettered[code] = (account.deadLettered[code] ?? 0) + 1
    this.deadLetters.push({ record: this.#recordsBefore + record, line, code, rule })
  }
}

/** Room to read behind the last record: the walkers look a few bytes ahead. */
export const PADDING = 16

/** The bytes, ended by a line break and followed by room to read. */
export function padded(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(bytes.length + PADDING).fill(0x0a, bytes.length)
  copy.set(bytes)
  return copy
}
