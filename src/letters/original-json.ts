/** An original as it is printed: bytes as text, or in base64 where they are no UTF-8. */
import { isUtf8 } from 'node:buffer'
import type { Original } from '../sealing/original.ts'

type BytesJson = string | null | { readonly base64: string }

const bytesJson = (bytes: Uint8Array | null): BytesJson => {
  if (bytes === null) return null
  return isUtf8(bytes)
    ? Buffer.from(bytes).toString('utf8')
    : { base64: Buffer.from(bytes).toString('base64') }
}

/** One line of JSON: the dead letter, and in `original` what it was made of. */
export function originalJson(letter: Readonly<Record<string, unknown>>, original: Original): string {
  if ('record' in original)
    return JSON.stringify({ ...letter, original: { record: bytesJson(original.record) } })
  const { key, value, headers, timestamp } = original
  return JSON.stringify({
    ...letter,
    original: {
      key: bytesJson(key),
      value: bytesJson(value),
      headers: headers.map((header) => ({ name: header.name, value: bytesJson(header.value) })),
      timestamp,
    },
  })
}
