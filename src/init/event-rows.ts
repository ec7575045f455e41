/** The rows of change events of a sample: a policy speaks of rows, and of both images of one by the same rules. */
import { LetheError } from '../errors.ts'
import { IMAGES } from '../policy/path.ts'
import { label, type Sample } from './sample.ts'

/** Of `$change`: what stands beside the rows of events that were read. */
export interface EventMembers {
  readonly op: boolean
  readonly table: boolean
}

type Members = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** An event, without the schema that may stand around it; undefined where a record is none with a row. */
function eventOf(record: unknown): Members | undefined {
  if (!isObject(record)) return undefined
  const event = isObject(record['payload']) && 'schema' in record ? record['payload'] : record
  const { op } = event
  return typeof op === 'string' && ['c', 'r', 'u', 'd'].includes(op) && IMAGES.some((image) => image in event)
    ? event
    : undefined
}

/** Whether most records of a sample are change events. */
export const holdsEvents = ({ records }: Sample): boolean =>
  records.filter((record) => eventOf(record) !== undefined).length * 2 > records.length

/**
 * A sample of the rows in change events, and what is known of the events. `placeholder` stands for a value that was not logged: it is
 * left out. Other events count as unreadable.
 * @throws LetheError where no record is a change event
 */
export function rowsOfEvents(
  sample: Sample,
  from: string,
  placeholder: string,
): { readonly rows: Sample; readonly members: EventMembers } {
  if (sample.format === 'csv' || sample.format === 'parquet')
    throw new LetheError(
      'bad-option',
      `${label(from)} holds rows, and change events are JSON`,
      'leave --change out',
    )
  const events = sample.records.map(eventOf)
  const found = events.filter((event) => event !== undefined)
  const records = found.flatMap((event) =>
    IMAGES.flatMap((image) => {
      const row = event[image]
      return isObject(row) ? [logged(row, placeholder)] : []
    }),
  )
  if (records.length === 0)
    throw new LetheError(
      'file-malformed',
      `no record of ${label(from)} is a change event with a row`,
      'leave --change out, or give events of Debezium, one a line',
    )
  const table = (event: Members): boolean => isObject(event['source']) && 'table' in event['source']
  return {
    rows: { ...sample, records, unreadable: sample.unreadable + events.length - found.length },
    members: { op: true, table: found.some(table) },
  }
}

const logged = (row: Members, placeholder: string): Members =>
  Object.fromEntries(Object.entries(row).filter(([, value]) => value !== placeholder))
