/** Ways in which rows of a real export are broken, each with the code of the dead letter that it must become. */
import type { RecordCode } from '../errors.ts'
import { csvRow } from './csv-rows.ts'
import type { Event } from './event.ts'

export interface Breakage {
  readonly code: RecordCode
  /** The bytes of the row without its newline. */
  readonly write: (event: Event) => Buffer
}

const json = (event: object): string => JSON.stringify(event)

/** The text with a byte that occurs nowhere in UTF-8 after the first `after`. */
function withBadByte(text: string, after: string): Buffer {
  const at = text.indexOf(after) + after.length
  return Buffer.concat([Buffer.from(text.slice(0, at)), Buffer.from([0xff]), Buffer.from(text.slice(at))])
}

export const BROKEN_JSON: readonly Breakage[] = [
  { code: 'json-truncated', write: (event) => Buffer.from(json(event).slice(0, 120)) },
  {
    // A parser that takes the last of two would publish one address and never look at the other.
    code: 'json-duplicate-name',
    write: (event) =>
      Buffer.from(
        json(event).replace('"phone":', `"\\u0065mail":${JSON.stringify(event.customer.email)},"phone":`),
      ),
  },
  { code: 'bad-utf8', write: (event) => withBadByte(json(event), '"name":"') },
  {
    code: 'event-time-unparsable',
    write: (event) => Buffer.from(json({ ...event, occurred_at: 'last Tuesday' })),
  },
  { code: 'json-trailing', write: (event) => Buffer.from(`${json(event)}{}`) },
  {
    code: 'container-for-scalar',
    write: (event) => {
      const email = { work: event.customer.email }
      return Buffer.from(json({ ...event, customer: { ...event.customer, email } }))
    },
  },
]

export const BROKEN_CSV: readonly Breakage[] = [
  {
    code: 'csv-ragged',
    write: (event) => Buffer.from(csvRow(event).split(',', 4).join(',')),
  },
  {
    code: 'event-time-unparsable',
    write: (event) => Buffer.from(csvRow({ ...event, occurred_at: '31.02.2025 25:61' })),
  },
  { code: 'bad-utf8', write: (event) => withBadByte(csvRow(event), '@') },
  { code: 'event-time-missing', write: (event) => Buffer.from(csvRow({ ...event, occurred_at: '' })) },
  { code: 'csv-ragged', write: (event) => Buffer.from(`${csvRow(event)},one cell too many`) },
]
