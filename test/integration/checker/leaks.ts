/** Raw values, wherever a byte of a record can be. */
import { findCanaries } from './canaries.ts'
import { type Finding, keyOf, type LogRecord } from './records.ts'

export function findLeaks(canaries: readonly string[], records: readonly LogRecord[]): readonly Finding[] {
  if (canaries.length === 0) return []
  const places: string[] = []
  const texts: Uint8Array[] = []
  for (const record of records) {
    const put = (part: string, bytes: Uint8Array | null): void => {
      if (bytes === null || bytes.length === 0) return
      places.push(`${keyOf(record)}, ${part}`)
      texts.push(bytes)
    }
    put('key', record.key)
    put('value', record.value)
    for (const [index, { name, value }] of record.headers.entries()) {
      put(`name of header ${index}`, Buffer.from(name))
      put(`header ${index}`, value)
    }
  }
  return findCanaries(canaries, texts).map(({ text, canary, spelling }) => ({
    kind: 'raw',
    at: places[text]!,
    what: `canary ${canary}, ${spelling}`,
  }))
}
