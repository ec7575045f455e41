/**
 * The demo's data: customer events as a shop would export them, nested (NDJSON) and flat (CSV), for every script
 * that names come in, with some rows broken and some past their retention. Same options, same bytes.
 */
import type { Faker } from '@faker-js/faker'
import { BROKEN_CSV, BROKEN_JSON } from './broken.ts'
import { CSV_HEADER, csvRow } from './csv-rows.ts'
import { loadFakers, person } from './customers.ts'
import { makeEvent } from './event.ts'
import { type EventFile, EventWriter } from './event-writer.ts'

export interface EventOptions {
  /** How many events. */
  readonly count: number
  readonly seed: number
  /** The moment at which the data was exported; nothing in it is later. */
  readonly asOf: Date
  /** Age in days from which on an event is past its retention; 400 unless stated. */
  readonly retentionDays?: number
}

/** One row in 167 is broken: under the 1 % at which a run stops by default. */
const BROKEN_EVERY = 167
const BROKEN_AT = 83
/** One event in 40 is past its retention. */
const EXPIRED_EVERY = 40
const EXPIRED_AT = 7
/** Customers have five events each, on average. */
const EVENTS_PER_CUSTOMER = 5
const HOUR_MS = 3_600_000
const DAY_HOURS = 24

/**
 * Generates the same events as NDJSON and as CSV. Everything follows from the options (and from faker's lists);
 * neither the clock nor the time zone of the machine is read.
 */
export async function generateEvents(
  options: EventOptions,
): Promise<{ readonly ndjson: EventFile; readonly csv: EventFile }> {
  const { count, seed, asOf } = options
  const fakers = await loadFakers(seed, asOf)
  const people = Array.from({ length: Math.ceil(count / EVENTS_PER_CUSTOMER) }, (_, index) =>
    person(fakers, index, asOf),
  )
  const ndjson = new EventWriter(JSON.stringify, BROKEN_JSON)
  const csv = new EventWriter(csvRow, BROKEN_CSV)
  csv.line(CSV_HEADER)
  for (let index = 0; index < count; index++) {
    const who = fakers.plain.helpers.arrayElement(people)
    const broken = index % BROKEN_EVERY === BROKEN_AT
    const expired = !broken && index % EXPIRED_EVERY === EXPIRED_AT
    const hours = ageInHours(fakers.plain, expired, options.retentionDays ?? 400)
    const event = makeEvent(fakers.plain, who, asOf.getTime() - hours * HOUR_MS)
    for (const writer of [ndjson, csv]) writer.add(event, broken, expired)
  }
  return { ndjson: ndjson.file(), csv: csv.file() }
}

/** Most events are of the last weeks; a fifth are anywhere within the retention, a day off its end. */
function ageInHours(faker: Faker, expired: boolean, retentionDays: number): number {
  const [from, to] = expired
    ? [retentionDays + 1, 2 * retentionDays]
    : [0, faker.datatype.boolean(0.2) ? retentionDays - 1 : Math.min(28, retentionDays - 1)]
  // Never the last hour: a reader whose clock is a little behind would call it the future.
  return faker.number.float({ min: from * DAY_HOURS + 1, max: to * DAY_HOURS })
}
