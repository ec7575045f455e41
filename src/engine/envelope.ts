/**
 * What stands beside the values of messages: key, headers, timestamp. Their texts are put behind the values, in the
 * same chunk, as JSON strings; so they are slots like any other, and the same rules run over them.
 */
import { isUtf8 } from 'node:buffer'
import type { DeadLetterCode } from '../errors.ts'
import type { PlanField } from '../policy/plan.ts'
import { type Block, ResultKind, SlotKind } from '../record/block.ts'
import type { ByteSink } from '../record/byte-sink.ts'
import type { MessageBatch } from './message-batch.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c

/** The fields beside the value, and for each message of a batch where its text of each field stands in the chunk. */
export class Envelope {
  readonly #fields: readonly PlanField[]
  /** By message and field: where the text begins and ends, and its kind; -1 for a text that is not there. */
  #starts = new Int32Array(0)
  #ends = new Int32Array(0)
  #kinds = new Int32Array(0)
  /** By message: why what stands beside its value cannot be taken. */
  readonly #codes: (DeadLetterCode | undefined)[] = []

  constructor(fields: readonly PlanField[]) {
    this.#fields = fields
  }

  /** Starts a batch. `messages`: their count. */
  open(messages: number): void {
    const room = messages * this.#fields.length
    if (room > this.#starts.length) {
      this.#starts = new Int32Array(room)
      this.#ends = new Int32Array(room)
      this.#kinds = new Int32Array(room)
    }
    this.#starts.fill(-1, 0, room)
    this.#codes.length = 0
  }

  /** Puts the texts beside a message's value into the chunk. */
  put(index: number, messages: MessageBatch, chunk: ByteSink): void {
    const first = index * this.#fields.length
    for (let at = 0; at < this.#fields.length; at++) {
      const { envelope, segments } = this.#fields[at]!.path
      if (envelope === 'key') {
        if (messages.hasKey(index)) {
          const place = first + at
          const from = messages.keyStart(index)
          this.#text(index, place, messages.keys, from, messages.keyEnd(index), 'key-not-utf8', chunk)
        }
      } else if (envelope === 'timestamp') {
        const text = timestampText(messages.timestamp(index))
        if (text === undefined) continue
        const bytes = Buffer.from(text)
        this.#text(index, first + at, bytes, 0, bytes.length, 'key-not-utf8', chunk)
      } else {
        const { name } = segments[0] as { readonly name: string }
        const found = messages.headers(index)?.filter((header) => header.name === name) ?? []
        if (found.length > 1) this.#codes[index] ??= 'header-repeated'
        // librdkafka's binding would end the text there.
        else if (found[0]?.value.includes(0) === true) this.#codes[index] ??= 'header-not-utf8'
        else if (found.length === 1) {
          const { value } = found[0]!
          this.#text(index, first + at, value, 0, value.length, 'header-not-utf8', chunk)
        }
      }
    }
  }

  /** Puts the text `bytes[from..to)`. */
  #text(
    index: number,
    at: number,
    bytes: Uint8Array,
    from: number,
    to: number,
    otherwise: DeadLetterCode,
    chunk: ByteSink,
  ): void {
    let plain = true
    let ascii = true
    for (let p = from; p < to; p++) {
      const byte = bytes[p]!
      if (byte < 0x20 || byte === QUOTE || byte === BACKSLASH) plain = false
      else if (byte > 0x7f) ascii = false
    }
    if (!ascii && !isUtf8(bytes.subarray(from, to))) {
      this.#codes[index] ??= otherwise
      return
    }
    chunk.byte(QUOTE)
    this.#starts[at] = chunk.length
    if (plain) chunk.copy(bytes, from, to)
    else {
      const quoted = JSON.stringify(
        Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('utf8'),
      )
      chunk.text(quoted.slice(1, -1))
    }
    this.#ends[at] = chunk.length
    chunk.byte(QUOTE)
    this.#kinds[at] = from === to ? SlotKind.nothing : plain ? SlotKind.text : SlotKind.escaped
  }

  /** Adds the slots of the block's records; `messageOf` says by a record's line which message it is. */
  addSlots(block: Block, messageOf: Int32Array): void {
    const width = this.#fields.length
    const records = block.recordCount
    for (let record = 0; record < records; record++) {
      const code = this.#codes[messageOf[block.recordLine[record]!]!]
      if (code !== undefined) block.fail(record, code, -1)
    }
    const starts = new Int32Array(records)
    const ends = new Int32Array(records)
    const kinds = new Int32Array(records)
    const owners = new Int32Array(records)
    const scopes = new Int32Array(records)
    for (const [at, field] of this.#fields.entries()) {
      let count = 0
      for (let record = 0; record < records; record++) {
        const place = messageOf[block.recordLine[record]!]! * width + at
        if (this.#starts[place]! < 0) continue
        starts[count] = this.#starts[place]!
        ends[count] = this.#ends[place]!
        kinds[count] = this.#kinds[place]!
        owners[count] = record
        scopes[count++] = block.recordScope[record]!
      }
      const slot = block.slotCount
      block.addSlots(
        starts.subarray(0, count),
        ends.subarray(0, count),
        kinds.subarray(0, count),
        owners.subarray(0, count),
        scopes.subarray(0, count),
      )
      block.addManyToField(field.index, slot, 1, count)
    }
  }
}

/** RFC 3339 of a record's timestamp; undefined where there is none that can be written. */
function timestampText(timestamp: number): string | undefined {
  return timestamp >= 0 && timestamp <= MAX_DATE ? new Date(timestamp).toISOString() : undefined
}

/** The last millisecond of the year 9999. */
const MAX_DATE = 253_402_300_799_999

/**
 * The result of a slot as the bytes of its text, in the block's memory; undefined where nothing may be written, or null.
 */
export function resultBytes(block: Block, slot: number): Uint8Array | undefined {
  const start = block.resultStart[slot]!
  const end = block.resultEnd[slot]!
  const written = (): Uint8Array => block.arena.bytes.subarray(start, end)
  switch (block.resultKind[slot]) {
    case ResultKind.dropped:
      return undefined
    case ResultKind.arena:
      return written()
    case ResultKind.source: {
      const kind = block.slotKind[slot]
      const from = block.slotStart[slot]!
      const to = block.slotEnd[slot]!
      if (kind === SlotKind.escaped) return unquoted(block.bytes.subarray(from - 1, to + 1))
      if (kind === SlotKind.nothing && to - from === NULL_LENGTH) return undefined
      return block.bytes.subarray(from, to)
    }
    default:
      return unquoted(written())
  }
}

/** Text of UTF-8 bytes. */
export const textOf = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8')

/** How long `null` is: a value that is nothing is either that or empty. */
const NULL_LENGTH = 4

/** The text of a JSON scalar; undefined for null. */
function unquoted(json: Uint8Array): Uint8Array | undefined {
  if (json[0] !== QUOTE) return json[0] === LETTER_N ? undefined : json
  if (json.includes(BACKSLASH)) {
    const text = Buffer.from(json.buffer, json.byteOffset, json.length).toString('utf8')
    return Buffer.from(JSON.parse(text) as string)
  }
  return json.subarray(1, -1)
}

/** What `null` begins with, and no other scalar. */
const LETTER_N = 0x6e
