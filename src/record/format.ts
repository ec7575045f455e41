/** What rules must know of a format: how a slot's bytes become text, and how a result is written. */
import type { Block } from './block.ts'

export interface Format {
  /** Decoded text of a slot that holds a value. */
  text(block: Block, slot: number): string
  /** A text as this format writes it; `plain`: nothing in it needs care. */
  writeString(text: string, plain: boolean): string
  writeNumber(text: string): string
  /** The text of what was written in quotes. */
  read(written: string): string
  /** Makes a slot's own value its result. */
  copy(block: Block, slot: number): void
  readonly null: string
  /** Whether a value with a line break may be several records, by a stray quote. */
  readonly refusesLineBreaks: boolean
  /** Whether results may be bytes that a kernel wrote, if none of them is special. */
  readonly takesBytes: boolean
  /** Non-zero for the bytes that need escapes or quotes. */
  readonly special: Uint8Array
  /**
   * Where cells may hold JSON: the format that the value of a slot is written in where its field puts it. Every format here
   * reads all slots.
   */
  readonly ofSlot?: (block: Block, slot: number, field: number) => Format
  /** Bytes that stand around a result of `ResultKind.arena` where it is written. */
  readonly quoteBytes: number
}
