/** The text of values as they leave: text counts, not how it is written. */
import { type Block, ResultKind, SlotKind } from '../record/block.ts'
import type { Format } from '../record/format.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const LETTER_N = 0x6e
const NULL_LENGTH = 4

/** Finds the text that leaves for a slot: `bytes[start..end)`, in UTF-8. It holds until the next call. */
export class LeavingText {
  readonly #format: Format
  bytes: Uint8Array = new Uint8Array(0)
  start = 0
  end = 0

  constructor(format: Format) {
    this.#format = format
  }

  /** Of a slot of this field; false where nothing leaves: it is dropped, null or empty. */
  find(block: Block, slot: number, field: number): boolean {
    const kind = block.resultKind[slot]!
    if (kind === ResultKind.dropped) return false
    if (kind === ResultKind.source) {
      const written = block.slotKind[slot]!
      if (written === SlotKind.nothing) return false
      if (written === SlotKind.escaped) this.set(this.#format.text(block, slot))
      else this.#use(block.bytes, block.slotStart[slot]!, block.slotEnd[slot]!)
      return true
    }
    const { bytes } = block.arena
    const format = this.#format.ofSlot?.(block, slot, field) ?? this.#format
    const start = block.resultStart[slot]!
    const end = block.resultEnd[slot]!
    if (kind === ResultKind.arena) this.#use(bytes, start, end)
    else if (bytes[start] !== QUOTE) {
      const isNull = format.null.length === NULL_LENGTH && bytes[start] === LETTER_N
      this.#use(bytes, isNull ? end : start, end)
    } else if (isPlain(bytes, start + 1, end - 1)) this.#use(bytes, start + 1, end - 1)
    else this.set(format.read(Buffer.from(bytes.subarray(start, end)).toString('utf8')))
    return this.end > this.start
  }

  /** Takes a text that was found otherwise. */
  set(text: string): void {
    const bytes = Buffer.from(text, 'utf8')
    this.#use(bytes, 0, bytes.length)
  }

  /** Takes no text. */
  clear(): void {
    this.#use(this.bytes, 0, 0)
  }

  #use(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes
    this.start = start
    this.end = end
  }
}

/** Whether what stands in quotes is its own text, in JSON and in CSV. */
function isPlain(bytes: Uint8Array, start: number, end: number): boolean {
  for (let p = start; p < end; p++) if (bytes[p] === BACKSLASH || bytes[p] === QUOTE) return false
  return true
}
