import { createHash } from 'node:crypto'
import { parseString } from 'fast-csv'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { CSV_HEADER } from '../../../src/demo/csv-rows.ts'
import { type EventOptions, generateEvents } from '../../../src/demo/generate-events.ts'

const asOf = new Date('2026-01-15T12:00:00Z')
const options: EventOptions = { count: 2000, seed: 7, asOf }
const DAY_MS = 86_400_000

const digest = async (stated: EventOptions): Promise<string> => {
  const { ndjson, csv } = await generateEvents(stated)
  return createHash('sha256').update(ndjson.bytes).update(csv.bytes).digest('hex')
}

const linesOf = (bytes: Buffer): Buffer[] => {
  const lines: Buffer[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(10, at)
    lines.push(bytes.subarray(at, end))
    at = end + 1
  }
  return lines
}

interface Written {
  occurred_at: string
  customer: { id: string; name: string; email: string; birth_date: string }
  device: { ip: string }
  payment?: { card: string }
}

/** The events that a strict reader takes: whole, of valid UTF-8, with a time and no repeated name. */
function readable(lines: readonly Buffer[]): Written[] {
  const events: Written[] = []
  for (const line of lines) {
    try {
      const text = new TextDecoder('utf-8', { fatal: true }).decode(line)
      const event = JSON.parse(text) as Written
      if (JSON.stringify(event) !== text || typeof event.customer.email !== 'string') continue
      if (Number.isNaN(Date.parse(event.occurred_at))) continue
      events.push(event)
    } catch {}
  }
  return events
}

function rowsOf(csv: Buffer): Promise<string[][]> {
  return new Promise((resolve, reject) => {
    const rows: string[][] = []
    parseString(csv.toString('utf8'))
      .on('data', (row: string[]) => rows.push(row))
      .on('error', reject)
      .on('end', () => resolve(rows))
  })
}

describe('events of the demo', () => {
  afterEach(() => {
    vi.useRealTimers()
    vi.unstubAllEnvs()
  })

  it('are the same bytes for the same options, whatever the clock and the time zone', async () => {
    const first = await digest(options)
    vi.useFakeTimers({ now: new Date('2031-06-01T03:00:00Z'), toFake: ['Date'] })
    vi.stubEnv('TZ', 'Asia/Tokyo')
    expect(await digest(options)).toBe(first)
    expect(await digest({ ...options, seed: 8 })).not.toBe(first)
    expect(await digest({ ...options, asOf: new Date('2026-01-16T12:00:00Z') })).not.toBe(first)
  })

  it('are as many as stated, with the stated share broken and expired', async () => {
    const { ndjson, csv } = await generateEvents(options)
    const events = readable(linesOf(ndjson.bytes))
    expect(linesOf(ndjson.bytes)).toHaveLength(2000)
    expect(ndjson.records).toBe(2000)
    expect(csv.records).toBe(2000)
    expect(ndjson.broken).toBe(12)
    expect(csv.broken).toBe(12)
    for (const { brokenBy, broken } of [ndjson, csv])
      expect(Object.values(brokenBy).reduce((sum, each) => sum + each, 0)).toBe(broken)
    expect(events).toHaveLength(2000 - ndjson.broken)
    const ages = events.map((event) => (asOf.getTime() - Date.parse(event.occurred_at)) / DAY_MS)
    expect(ages.filter((age) => age >= 400)).toHaveLength(ndjson.expired)
    expect(ndjson.expired).toBe(50)
    expect(csv.expired).toBe(50)
    expect(Math.min(...ages)).toBeGreaterThanOrEqual(1 / 24)
  })

  it('stand in the table as they stand in the nested file', async () => {
    const { ndjson, csv } = await generateEvents(options)
    const [header, ...rows] = await rowsOf(csv.bytes)
    expect(header!.join(',')).toBe(CSV_HEADER)
    expect(header!.length).toBeGreaterThanOrEqual(14)
    expect(rows).toHaveLength(2000)
    const ragged = rows.filter((row) => row.length !== header!.length)
    expect(ragged).toHaveLength(csv.brokenBy['csv-ragged']!)
    expect(rows.some((row) => row.at(-1)!.includes('\n'))).toBe(true)
    const at = (name: string) => header!.indexOf(name)
    const seen = new Set(
      rows.map((row) => [row[at('cust_id')], row[at('occurred_at')], row[at('device.ip')]].join(' ')),
    )
    const same = readable(linesOf(ndjson.bytes)).filter((event) =>
      seen.has([event.customer.id, event.occurred_at, event.device.ip].join(' ')),
    )
    expect(same).toHaveLength(2000 - ndjson.broken)
  })

  it('name people in many scripts, at reserved addresses, and repeat them', async () => {
    const { ndjson } = await generateEvents(options)
    const events = readable(linesOf(ndjson.bytes))
    const names = events.map((event) => event.customer.name).join(' ')
    for (const script of ['Latin', 'Cyrillic', 'Greek', 'Han', 'Hangul', 'Arabic', 'Hebrew', 'Devanagari'])
      expect(new RegExp(`\\p{Script=${script}}`, 'u').test(names), script).toBe(true)
    for (const { customer, device } of events) {
      expect(customer.email).toMatch(/@example\.(com|net|org)$/)
      expect(device.ip).toMatch(/^(192\.0\.2|198\.51\.100|203\.0\.113)\.|^2001:db8:/)
      expect(customer.birth_date).toMatch(/^(19|20)\d\d-\d\d-\d\d$/)
    }
    const subjects = new Set(events.map((event) => event.customer.id)).size
    expect(subjects).toBeGreaterThan(300)
    expect(subjects).toBeLessThanOrEqual(400)
    expect(ndjson.bytes.length / 2000).toBeGreaterThan(480)
    expect(ndjson.bytes.length / 2000).toBeLessThan(680)
  })
})
