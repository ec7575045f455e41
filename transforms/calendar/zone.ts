/**
 * Time zones of the IANA database, as the platform's Intl knows them, fast enough for every value: the
 * platform is asked once a day and zone, what it said is kept. Two changes of a zone within one UTC day
 * would be missed; the database holds none.
 */
import { OptionError } from '../transform.ts'
import { DAY_MS, daysFromCivil, FIRST_DAY, LAST_DAY } from './gregorian.ts'

export interface Zone {
  /** As the policy writes it. */
  readonly name: string
  /** What local time is ahead of UTC at an instant; both in ms. */
  readonly offsetAt: (instant: number) => number
  /**
   * The instant of a local time, given as ms since 1970-01-01T00:00 on the zone's own clock. After RFC 5545,
   * section 3.3.5: of a local time that occurs twice the first is meant; one that a change of the clock leaves
   * out is read with the offset in force before the change.
   */
  readonly instantOf: (local: number) => number
}

const UTC: Zone = { name: 'UTC', offsetAt: () => 0, instantOf: (local) => local }

/** Whether results in this zone depend on the platform's time zone data; undefined stands for UTC. */
export function usesZoneData(zone: string | undefined): boolean {
  return zone !== undefined && zone !== 'UTC'
}

/** Zones hold caches of what the platform said: one instance for each name. */
const zones = new Map<string, Zone>([['UTC', UTC]])

/** The zone of an IANA name, `Europe/Berlin`. Throws `OptionError` for a name that the platform does not know. */
export function compileZone(name: string, option = 'zone'): Zone {
  const known = zones.get(name)
  if (known !== undefined) return known
  const zone = zoneFrom(name, lookUp(name, option))
  zones.set(name, zone)
  return zone
}

/** Asks the platform: instant to offset, both in ms. */
function lookUp(name: string, option: string): (instant: number) => number {
  const refuse = () =>
    new OptionError(
      `"${name}" is not a time zone that this platform knows`,
      option,
      'write a name of the IANA time zone database, such as Europe/Berlin, or UTC',
    )
  // Intl takes offsets such as +02:00 too; they are not zones and not every platform knows them.
  if (!/^[A-Za-z][A-Za-z0-9_+\-/]*$/.test(name)) throw refuse()
  let format: Intl.DateTimeFormat
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
  } catch {
    throw refuse()
  }
  return (instant) => {
    const seconds = Math.floor(instant / 1000)
    // en-US: month/day/year, hour:minute:second
    const [month, day, year, hour, minute, second] = format
      .format(seconds * 1000)
      .match(/\d+/g)!
      .map(Number)
    const local = daysFromCivil(year!, month!, day!) * 86_400 + hour! * 3600 + minute! * 60 + second!
    return (local - seconds) * 1000
  }
}

/** A day in which the offset changes. */
interface Change {
  /** First instant of the new offset, ms. */
  readonly at: number
  readonly before: number
  readonly after: number
}

/** Days remembered a zone; the memory is dropped when it is full. */
const REMEMBERED_DAYS = 32_768

function zoneFrom(name: string, ask: (instant: number) => number): Zone {
  const days = new Map<number, number | Change>()
  // Events of one file stand close together: most values hit the day of the one before.
  let lastDay = Number.NaN
  let last: number | Change = 0

  const study = (day: number): number | Change => {
    const before = ask(day * DAY_MS)
    const after = ask((day + 1) * DAY_MS)
    if (before === after) return before
    let low = day * DAY_MS
    let high = low + DAY_MS
    // Changes happen on whole seconds.
    while (high - low > 1000) {
      const middle = low + Math.floor((high - low) / 2000) * 1000
      if (ask(middle) === before) low = middle
      else high = middle
    }
    return { at: high, before, after }
  }

  const offsetAt = (instant: number): number => {
    let day = Math.floor(instant / DAY_MS) | 0
    if (day !== lastDay) {
      // The platform writes years before 0001 without their era: there the first offset holds.
      if (day <= FIRST_DAY) day = FIRST_DAY + 1
      else if (day >= LAST_DAY) day = LAST_DAY - 1
      let found = days.get(day)
      if (found === undefined) {
        if (days.size >= REMEMBERED_DAYS) days.clear()
        found = study(day)
        days.set(day, found)
      }
      lastDay = day
      last = found
    }
    if (typeof last === 'number') return last
    return instant < last.at ? last.before : last.after
  }

  const instantOf = (local: number): number => {
    // No zone is a whole day from UTC: these two offsets are those on either side of `local`.
    const before = offsetAt(local - DAY_MS)
    const after = offsetAt(local + DAY_MS)
    const first = local - before
    if (before === after || offsetAt(first) === before) return first
    const second = local - after
    return offsetAt(second) === after ? second : first
  }

  return { name, offsetAt, instantOf }
}
