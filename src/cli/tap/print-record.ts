/** A record as a person or a program reads it. */
import { isUtf8 } from 'node:buffer'
import type { InputRecord } from '../../kafka/record.ts'
import { type Paint, printable, shorten } from '../../terminal.ts'

const SHOWN_COLUMNS = 2000

/** The bytes as text; those that are none, in base64. */
function textOf(bytes: Uint8Array): { readonly text: string; readonly isText: boolean } {
  const isText = isUtf8(bytes)
  return { text: Buffer.from(bytes).toString(isText ? 'utf8' : 'base64'), isText }
}

const timeOf = (timestamp: number): string | null =>
  timestamp < 0 || timestamp > 8.64e15 ? null : new Date(timestamp).toISOString()

export function recordLines(record: InputRecord, { bold, dim, yellow }: Paint): readonly string[] {
  const { topic, partition, offset, key, value, timestamp, headers = [] } = record
  const shown = (bytes: Uint8Array): string => {
    const { text, isText } = textOf(bytes)
    return `${isText ? '' : 'base64 '}${shorten(printable(text), SHOWN_COLUMNS)}`
  }
  return [
    `${bold(`${topic}/${partition}/${offset}`)}  ${dim(timeOf(timestamp) ?? 'no timestamp')}`,
    `  key      ${key === null ? dim('none') : shown(key)}`,
    ...headers.map(({ name, value: header }) => `  header   ${printable(name)}: ${shown(header)}`),
    `  value    ${value === null ? yellow('none: a tombstone') : shown(value)}`,
  ]
}

type Json = string | null | { readonly base64: string }

export function recordJson(record: InputRecord): string {
  const { topic, partition, offset, key, value, timestamp, headers = [] } = record
  const json = (bytes: Uint8Array | null): Json => {
    if (bytes === null) return null
    const { text, isText } = textOf(bytes)
    return isText ? text : { base64: text }
  }
  return JSON.stringify({
    v: 1,
    topic,
    partition,
    offset,
    timestamp: timeOf(timestamp),
    tombstone: value === null,
    key: json(key),
    headers: Object.fromEntries(headers.map(({ name, value: header }) => [name, json(header)])),
    value: json(value),
  })
}
