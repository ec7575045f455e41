/**
 * What is sealed: a line of JSON that says which dead letter it belongs to and how long each part is, a line feed, and the parts as
 * they were, one behind the other. docs/sealing.md writes the form down.
 */

/** So many of a batch or chunk are sealed; the others go without. */
export const MOST_SEALED = 100

/** What a record of a topic was. */
export interface MessageOriginal {
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: readonly { readonly name: string; readonly value: Uint8Array }[]
  /** Milliseconds since the epoch; -1 where there was none. */
  readonly timestamp: number
}

/** What a record of a file was, without its line break. */
export interface RecordOriginal {
  readonly record: Uint8Array
}

export type Original = MessageOriginal | RecordOriginal

const LF = 0x0a

/** The bytes to be sealed. `letter`: the dead letter as it is written, but for the sealed original. */
export function packOriginal(letter: string, original: Original): Buffer {
  const parts: Uint8Array[] = []
  const put = (bytes: Uint8Array | null): number | null => {
    if (bytes === null) return null
    parts.push(bytes)
    return bytes.length
  }
  const head =
    'record' in original
      ? { record: put(original.record) }
      : {
          key: put(original.key),
          value: put(original.value),
          headers: original.headers.map(({ name, value }) => [name, put(value)]),
          timestamp: original.timestamp,
        }
  const line = JSON.stringify({ lethe: 'original', v: 1, letter: JSON.parse(letter), ...head })
  return Buffer.concat([Buffer.from(`${line}\n`), ...parts])
}

/** The original, and the text of the dead letter that it belongs to; undefined where the bytes are in no such form. */
export function unpackOriginal(
  bytes: Uint8Array,
): { readonly letter: string; readonly original: Original } | undefined {
  const end = bytes.indexOf(LF)
  if (end < 0) return undefined
  let head: Readonly<Record<string, unknown>>
  try {
    head = Object(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, end))))
  } catch {
    return undefined
  }
  if (head['lethe'] !== 'original' || head['v'] !== 1) return undefined
  let at = end + 1
  let isWhole = true
  const take = (length: unknown): Uint8Array => {
    const isLength = Number.isSafeInteger(length) && (length as number) >= 0
    if (!isLength || (length as number) > bytes.length - at) {
      isWhole = false
      return new Uint8Array(0)
    }
    at += length as number
    return bytes.subarray(at - (length as number), at)
  }
  const orNull = (length: unknown): Uint8Array | null => (length === null ? null : take(length))
  let original: Original
  if ('record' in head) original = { record: take(head['record']) }
  else {
    const { headers, timestamp } = head
    if (!Array.isArray(headers) || !headers.every(isHeader) || typeof timestamp !== 'number') return undefined
    const [key, value] = [orNull(head['key']), orNull(head['value'])]
    original = {
      key,
      value,
      headers: headers.map(([name, length]) => ({ name, value: take(length) })),
      timestamp,
    }
  }
  return isWhole && at === bytes.length ? { letter: JSON.stringify(head['letter']), original } : undefined
}

const isHeader = (one: unknown): one is [string, unknown] =>
  Array.isArray(one) && one.length === 2 && typeof one[0] === 'string'
