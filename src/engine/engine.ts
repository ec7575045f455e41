/**
 * The engine: bytes go in, the records that may leave come out, with the account. A codec finds and writes records, gates
 * judge them, rules make their results; the engine drives all three, block by block.
 */
import { isAscii, isUtf8 } from 'node:buffer'
import type { DeadLetterCode } from '../errors.ts'
import { quasiIdentifiers } from '../groups/quasi-identifiers.ts'
import { IMAGES } from '../policy/path.ts'
import type { Plan, PlanField } from '../policy/plan.ts'
import { Block } from '../record/block.ts'
import { ByteSink } from '../record/byte-sink.ts'
import { BLOCK_RECORDS, type Codec, padded } from '../record/codec.ts'
import type { Format } from '../record/format.ts'
import { DEFAULT_MAX_RECORD_BYTES, maxResultBytes } from '../record/limits.ts'
import { countName, newNames } from '../record/names.ts'
import type { Shape } from '../record/shape.ts'
import type { ChangeForm } from '../record/wire-form.ts'
import { type Account, emptyAccount } from './account.ts'
import type { Gate } from './gate.ts'
import { type GroupCount, QuasiIdentifiers } from './group-count.ts'
import { type CountedGroups, GroupOutcomes } from './group-outcomes.ts'
import { Images } from './images.ts'
import { isRead } from './judge.ts'
import type { LeavingJudge } from './leaving-judge.ts'
import type { SubjectToken } from './letter-subject.ts'
import { NullWords } from './null-words.ts'
import { labelOf, type RecordOutcome } from './outcome.ts'
import { Rules } from './rules.ts'
import { UnchangedLists } from './unchanged-lists.ts'

export interface EngineOptions {
  /** The instant that retention is judged at, ms since the epoch. */
  readonly now: number
  /** Bytes; a longer record is a dead letter. Default 1 MiB. */
  readonly maxRecordBytes?: number | undefined
  /** The most bytes that the results of one record may have. Default 16 MiB, or four times `maxRecordBytes`. */
  readonly maxResultBytes?: number | undefined
  /** Whether the text was decoded from another encoding: then what is not UTF-8 is `bad-encoding`. Default false. */
  readonly isDecoded?: boolean | undefined
  /** Count the names that no rule names, for `Account.unlistedNames`. They are values of the data. */
  readonly showNames?: boolean | undefined
  /** Whether kernels may scan and write common records. Default true; what comes out is the same. */
  readonly kernels?: boolean | undefined
  /** Where to count the data subjects behind what is published, by their quasi-identifiers. Default: nowhere. */
  readonly groups?: GroupCount | undefined
  /** Groups by which the account counts what became of records. Default: none. */
  readonly countedGroups?: CountedGroups | undefined
  /** Makes what sees every record of the engine, with its values as they came and as they leave. Default: nothing does. */
  readonly observe?: Observe | undefined
  /** Makes tokens of the subjects of dead letters. Default: none are made. */
  readonly subjectToken?: SubjectToken | undefined
}

/** What an engine is made of. */
export interface EngineParts {
  readonly plan: Plan
  /** The shape that the codec scans by: of the plan, of what stands beside, and of what the gates read. */
  readonly shape: Shape
  readonly codec: Codec
  /** All gates of the plan, in order. */
  readonly gates: readonly Gate[]
  readonly beside?: Beside | undefined
  /** Of change events: the plan of the row, of which `plan` is made (`change-plan.ts`). */
  readonly row?: Plan | undefined
  /** Of change events: what their images hold. */
  readonly change?: Pick<ChangeForm, 'before' | 'placeholder'> | undefined
}

/** What stands beside the values of records: key, headers and timestamp of messages. */
export interface Beside {
  /** Their fields, with indexes that follow those of `plan.fields`. */
  readonly fields: readonly PlanField[]
  /** By record of the block, 1 where kept values are looked at; undefined where their offsets say. */
  readonly looked?: Uint8Array | undefined
  /** A block was scanned: adds the slots of its records. */
  addSlots(block: Block): void
  /** The rules have run over records `[from, to)`: takes the results, which may fail a record. */
  collect(block: Block, from: number, to: number): void
  /** The first `count` of `records` that are not -1 were written, from `from` of the sink on, each to its place in `ends`. */
  written(block: Block, records: Int32Array, count: number, from: number, ends: Int32Array): void
}

/** Sees the records of an engine, block by block. */
export interface RecordObserver {
  /**
   * Records `[from, to)` of the block have their results. Published are the first `count` of `records`, but for those
   * below 0.
   */
  take(block: Block, from: number, to: number, records: Int32Array, count: number): void
}

/**
 * Makes an observer of one engine: `shape` says where the watched values of its records stand. `told`: values that no record of its
 * input holds, and its name tells, by output path; null: nothing is there.
 */
export type Observe = (format: Format, shape: Shape, told?: ToldValues) => RecordObserver

export type ToldValues = ReadonlyMap<string, string | null>

export interface DeadLetter {
  /** Which record of the chunk it is, from 0. */
  readonly record: number
  /** Physical line of the record's start, from 0 at the chunk's start. */
  readonly line: number
  readonly code: DeadLetterCode
  /** Id of the rule that failed, or -1. */
  readonly rule: number
  /** The match token of its subject, where tokens are made and the record was read to its end. */
  readonly subject?: string | undefined
}

export interface Rewritten {
  /** The records that may pass, each ended by a line break. */
  readonly output: Uint8Array<ArrayBuffer>
  readonly deadLetters: readonly DeadLetter[]
  /** Physical lines in the chunk. */
  readonly lines: number
}

/** Room for the output of a small chunk; it grows. */
const OUTPUT_BYTES = 1 << 16

export class Engine {
  readonly plan: Plan
  account: Account
  /** Memory that a chunk's output may be written into; it is used once. */
  memory: ArrayBuffer | undefined
  readonly #codec: Codec
  readonly #beside: Beside | undefined
  readonly #block: Block
  readonly #rules: Rules
  readonly #images: Images | undefined
  /** One; of change events one for each image. */
  readonly #groups: readonly QuasiIdentifiers[]
  readonly #observer: RecordObserver | undefined
  readonly #leaving: readonly LeavingJudge[]
  readonly #groupOutcomes: GroupOutcomes | undefined
  readonly #nulls: NullWords | undefined
  readonly #unchanged: UnchangedLists | undefined
  readonly #subjectToken: SubjectToken | undefined
  readonly #sink: ByteSink = new ByteSink(0)
  #deadLetters: DeadLetter[] = []
  /** Why the last record that was suppressed was. */
  #reason = ''
  /** How long the output of a chunk is, more or less. */
  #outputBytes = OUTPUT_BYTES
  /** Where the records end whose bounds the codec finds. */
  #length = 0
  /** Records of the chunk before the block at hand. */
  #recordsBefore = 0
  /** The records of the block that pass, and where each ends in the sink. */
  readonly #passing = new Int32Array(BLOCK_RECORDS)
  readonly #ends: Int32Array | undefined
  /** Of the next record that is taken alone: they count as lines of one input. */
  #offset = 0

  constructor(parts: EngineParts, options: EngineOptions) {
    const { plan, shape, codec, gates, beside, row } = parts
    this.plan = plan
    this.account = emptyAccount(plan)
    this.#codec = codec
    this.#beside = beside
    this.#ends = beside === undefined ? undefined : new Int32Array(BLOCK_RECORDS)
    const fields = [...plan.fields, ...(beside?.fields ?? [])]
    const derived = plan.fields.filter((field) => field.from.text !== field.path.text)
    this.#block = new Block(fields.length, shape.watches.length, new Set(derived.map((field) => field.index)))
    const most = options.maxResultBytes ?? maxResultBytes(options.maxRecordBytes ?? DEFAULT_MAX_RECORD_BYTES)
    this.#images = row && new Images(row, shape, codec.format, parts.change?.before ?? 'key')
    const ofRow = row && { plan: row, images: this.#images! }
    this.#leaving = gates.flatMap(({ leaving }) => leaving?.(codec.format, shape, fields) ?? [])
    const { account } = this
    const { now } = options
    this.#rules = new Rules(
      plan,
      fields,
      shape,
      codec.format,
      gates,
      account,
      now,
      most,
      this.#leaving,
      ofRow,
    )
    this.#rules.suspects.records = beside?.looked
    this.#subjectToken = options.subjectToken
    const { nulls } = plan.input
    this.#nulls =
      nulls === undefined ? undefined : new NullWords(nulls, plan, codec.format, row !== undefined)
    this.#unchanged =
      parts.change === undefined ? undefined : new UnchangedLists(parts.change.placeholder, plan)
    this.#observer = options.observe?.(codec.format, shape)
    this.#groupOutcomes =
      options.countedGroups && new GroupOutcomes(options.countedGroups, plan.fields, codec.format)
    this.#groups =
      options.groups === undefined ? [] : this.#groupsOf(parts, fields, options.groups, this.#images)
  }

  #groupsOf(
    { plan, shape, codec, row }: EngineParts,
    fields: readonly PlanField[],
    count: GroupCount,
    images: Images | undefined,
  ): QuasiIdentifiers[] {
    const read = (row ?? plan).subject && (row ?? plan).readers.get((row ?? plan).subject!.text)
    const of = (own: readonly PlanField[], watch: number, isThere?: (record: number) => boolean) => {
      const shown = quasiIdentifiers(own)
      if (shown.length === 0) return []
      const subject = { watch, read }
      return [new QuasiIdentifiers(shown, subject, codec.format, count, BLOCK_RECORDS, isThere)]
    }
    if (images === undefined) return of(fields, shape.subject)
    return IMAGES.flatMap((_, image) => {
      const own = fields.filter(
        ({ index }) => images.of(index) === image || images.of(index) >= IMAGES.length,
      )
      return of(own, images.placeOf(image, 0).subject, (record) => images.isThere(image, record))
    })
  }

  /** The instant that records are judged at from now on, ms since the epoch. */
  set now(now: number) {
    this.#rules.now = now
  }

  get now(): number {
    return this.#rules.now
  }

  /**
   * De-identifies the records of `bytes[0..length)`, whose bounds the codec finds. `PADDING` bytes that start with a line
   * feed must follow. `offset`: of the chunk's first byte in its input.
   */
  rewrite(bytes: Uint8Array, length: number, offset: number = 0): Rewritten {
    this.open(bytes, length, offset)
    const lines = this.records()
    return { ...this.close(), lines }
  }

  /** De-identifies one record, which may span lines. The account counts it. */
  one(record: Uint8Array): RecordOutcome {
    this.open(padded(record), 0, this.#offset)
    this.#offset += record.length + 1
    this.span(0, record.length, 0)
    const { output, deadLetters } = this.close()
    const failed = deadLetters[0]
    if (failed !== undefined) {
      const rule = labelOf(this.plan.rules, failed.rule)
      return { kind: 'dead-letter', code: failed.code, rule, tombstones: [] }
    }
    if (output.length === 0) return { kind: 'suppress', reason: this.#reason, tombstones: [] }
    // Without its line break.
    const value = output.slice(0, -1)
    return { kind: 'publish', value, key: null, headers: [], timestamp: undefined, tombstones: [] }
  }

  /**
   * Takes a chunk: `bytes[0..length)` are records whose bounds the codec finds; others, and what stands beside them, may
   * follow, then `PADDING` bytes that start with a line feed.
   */
  open(bytes: Uint8Array, length: number, offset: number): void {
    this.#rules.suspects.base = offset
    this.#sink.open(this.memory, this.#outputBytes)
    this.memory = undefined
    this.#deadLetters = []
    this.#recordsBefore = 0
    const ascii = isAscii(bytes)
    this.#block.open(bytes, ascii)
    this.#codec.open(this.#block, bytes, length, ascii || isUtf8(bytes))
    this.#length = length
  }

  /** De-identifies the records whose bounds the codec finds; gives how many physical lines they take. */
  records(): number {
    const codec = this.#codec
    while (codec.next < this.#length) {
      codec.scan()
      if (this.#block.recordCount >= BLOCK_RECORDS) this.#writeBlock()
    }
    this.#writeBlock()
    return codec.line
  }

  /** De-identifies the record `[start, end)` of the chunk; `line`: what to call its line. */
  span(start: number, end: number, line: number): void {
    this.#codec.scanSpan(start, end, line)
    if (this.#block.recordCount >= BLOCK_RECORDS) this.#writeBlock()
  }

  /** The same for the records `[starts[at], ends[at])`, all that stand behind those whose bounds the codec finds. */
  spans(starts: Int32Array, ends: Int32Array, line: number): void {
    const codec = this.#codec
    for (let at = 0; at < starts.length; ) {
      const taken = codec.scanSpans?.(starts, ends, at, line + at)
      if (taken === undefined) codec.scanSpan(starts[at]!, ends[at]!, line + at)
      at += taken ?? 1
      if (this.#block.recordCount >= BLOCK_RECORDS) this.#writeBlock()
    }
  }

  /** What was written of the chunk, and what was not. */
  close(): Omit<Rewritten, 'lines'> {
    this.#writeBlock()
    this.#codec.flush?.(this.#sink)
    const output = this.#sink.take()
    this.#outputBytes = Math.max(OUTPUT_BYTES, output.length + (output.length >> 3))
    // Of a block, records that cannot be written are found last.
    const deadLetters = this.#deadLetters.sort((a, b) => a.record - b.record)
    this.#deadLetters = []
    return { output, deadLetters }
  }

  /** Gives the account since the last call, and starts a new one. */
  takeAccount(): Account {
    const { account } = this
    this.account = emptyAccount(this.plan)
    this.#rules.account = this.account
    return account
  }

  /** Runs the rules of the block at hand, writes the records that pass, and starts the next one. */
  #writeBlock(): void {
    const block = this.#block
    const { recordCount } = block
    if (recordCount > 0) {
      this.#nulls?.mark(block)
      this.#unchanged?.mark(block)
      this.#images?.note(block)
      this.#beside?.addSlots(block)
      this.#part(0, recordCount)
      this.account.records += recordCount
      this.#recordsBefore += recordCount
    }
    this.#count()
    block.clear()
    this.#codec.nextBlock()
  }

  /**
   * Runs the rules over records `[from, to)` of the block and writes them: all at once, or, where their results are too
   * many to be held, in parts. How it is parted shows in nothing that is written or counted.
   */
  #part(from: number, to: number): void {
    if (this.#rules.run(this.#block, from, to)) this.#write(from, to)
    else if (to - from > 1) {
      const middle = (from + to) >>> 1
      this.#part(from, middle)
      this.#part(middle, to)
    } else {
      this.#block.fail(from, 'result-too-large', -1)
      this.#write(from, to)
    }
  }

  #write(from: number, to: number): void {
    const block = this.#block
    const passing = this.#passing
    this.#beside?.collect(block, from, to)
    let count = 0
    for (let record = from; record < to; record++)
      if (block.recordOut[record] === 0) passing[count++] = record
      else this.#withhold(record)
    const failed = block.failedCount
    const start = this.#sink.length
    this.#codec.write(passing, count, this.#sink, this.#ends)
    for (let at = failed; at < block.failedCount; at++) this.#withhold(block.failed[at]!)
    this.account.published += count - (block.failedCount - failed)
    if (this.#ends !== undefined) this.#beside!.written(block, passing, count, start, this.#ends)
    for (const groups of this.#groups) groups.take(block, from, to, passing, count)
    for (const one of this.#leaving) one.take(block, passing, count)
    this.#observer?.take(block, from, to, passing, count)
    this.#groupOutcomes?.take(block, from, to, this.account.byGroup)
  }

  /** Books a record that does not leave. */
  #withhold(record: number): void {
    const block = this.#block
    const { account } = this
    if (block.tombstones.has(record)) {
      account.tombstones++
      return
    }
    const code = block.recordCode[record]
    if (code === undefined || block.isDenied(record)) {
      const reason = block.suppressedBy[record]!
      account.suppressed[reason] = (account.suppressed[reason] ?? 0) + 1
      this.#reason = reason
      return
    }
    account.deadLettered[code] = (account.deadLettered[code] ?? 0) + 1
    const [line, rule] = [block.recordLine[record]!, block.recordRule[record]!]
    const token = this.#subjectToken
    const whose = token === undefined || !isRead(code) ? undefined : this.#rules.subjectOf(block, record)
    const subject = whose === undefined ? undefined : token!(whose)
    this.#deadLetters.push({ record: this.#recordsBefore + record, line, code, rule, subject })
  }

  /** Adds what the codec met beside records to the account. */
  #count(): void {
    const { account } = this
    const { blank, unlisted, names } = this.#codec.takeCounts()
    account.blank += blank
    account.unlisted += unlisted
    if (names === undefined) return
    account.unlistedNames ??= newNames()
    for (const [name, count] of Object.entries(names)) countName(account.unlistedNames, name, count)
  }
}
