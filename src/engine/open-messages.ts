/** Opens the messages of a batch whose values or keys do not stand in their bytes as they are read. */
import type { DeadLetterCode } from '../errors.ts'
import type { Open, Opening } from '../record/wire-form.ts'
import { MessageBatch } from './message-batch.ts'

export interface OpenedMessages {
  /** As many as there were, in order. What could not be opened has no bytes. */
  readonly messages: MessageBatch
  /** By message: why it could not be opened. */
  readonly codes: readonly (DeadLetterCode | undefined)[]
}

const NOTHING = new Uint8Array(0)

/** `maxRecordBytes`: a longer value is not opened. The batch stays as it is: what became of it may be asked again. */
export function openMessages(
  messages: MessageBatch,
  opening: Opening,
  maxRecordBytes: number,
): OpenedMessages {
  const opened = new MessageBatch(messages.linesEnd)
  const codes: (DeadLetterCode | undefined)[] = []
  const open = (bytes: Uint8Array | null, by: Open | undefined, index: number): Uint8Array | null => {
    if (bytes === null || by === undefined) return bytes
    const payload = by(bytes)
    if (typeof payload !== 'string') return payload
    codes[index] ??= payload
    return NOTHING
  }
  let index = 0
  for (const { key, value, headers, timestamp } of messages) {
    const isTooLong = value !== null && value.length > maxRecordBytes
    if (isTooLong) codes[index] = 'record-too-large'
    opened.add({
      key: open(key, opening.key, index),
      value: isTooLong ? NOTHING : open(value, opening.value, index),
      headers,
      timestamp,
    })
    index++
  }
  return { messages: opened, codes }
}
