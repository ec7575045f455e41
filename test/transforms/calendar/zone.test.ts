import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileZone, usesZoneData } from '../../../transforms/calendar/zone.ts'
import { OptionError } from '../../../transforms/transform.ts'

const HOUR = 3_600_000

/** The offset as the platform writes it, in ms: `GMT-05:00`, with seconds where there are any. */
function platformOffset(zone: string, instant: number): number {
  const parts = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' })
  const name = parts.formatToParts(instant).find(({ type }) => type === 'timeZoneName')!.value
  const match = /^GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(name)!
  if (match[1] === undefined) return 0
  const seconds = Number(match[2]) * 3600 + Number(match[3]) * 60 + Number(match[4] ?? 0)
  return (match[1] === '-' ? -seconds : seconds) * 1000
}

const ZONES = [
  'America/New_York',
  'America/Sao_Paulo',
  'America/St_Johns',
  'Europe/Berlin',
  'Europe/London',
  'Africa/Casablanca',
  'Africa/Monrovia',
  'Asia/Kolkata',
  'Asia/Kathmandu',
  'Asia/Manila',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'Pacific/Kiritimati',
  'Antarctica/Troll',
  'Etc/GMT+12',
]

describe('time zones', () => {
  it('have the offset of the platform at any instant', () => {
    const modern = fc.integer({ min: Date.UTC(1800, 0, 1), max: Date.UTC(2100, 0, 1) })
    const any = fc.integer({ min: Date.UTC(0, 0, 1), max: Date.UTC(9999, 11, 31) })
    fc.assert(
      fc.property(fc.constantFrom(...ZONES), fc.oneof(modern, any), (name, instant) => {
        expect(compileZone(name).offsetAt(instant)).toBe(platformOffset(name, instant))
      }),
      { numRuns: 1500 },
    )
  })

  it('change to the millisecond where the platform changes', () => {
    // First instants of a new offset, from the time zone database.
    const changes: [string, number][] = [
      ['Europe/Berlin', Date.UTC(2024, 2, 31, 1)],
      ['Europe/Berlin', Date.UTC(2024, 9, 27, 1)],
      ['America/New_York', Date.UTC(2024, 10, 3, 6)],
      ['Australia/Lord_Howe', Date.UTC(2024, 3, 6, 15)],
      ['Pacific/Apia', Date.UTC(2011, 11, 30, 10)],
      ['America/New_York', Date.UTC(1883, 10, 18, 17)],
      ['Africa/Monrovia', Date.UTC(1972, 0, 7, 0, 44, 30)],
    ]
    for (const [name, at] of changes) {
      const zone = compileZone(name)
      expect(zone.offsetAt(at), name).toBe(platformOffset(name, at))
      expect(zone.offsetAt(at - 1), name).toBe(platformOffset(name, at - 1))
      expect(zone.offsetAt(at), name).not.toBe(zone.offsetAt(at - 1))
    }
  })

  it('have the instant of every local time that exists', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...ZONES),
        fc.integer({ min: Date.UTC(1800, 0, 1), max: Date.UTC(2100, 0, 1) }),
        (name, instant) => {
          const zone = compileZone(name)
          const local = instant + zone.offsetAt(instant)
          const found = zone.instantOf(local)
          // Of a local time that occurs twice, the first instant.
          expect(found + zone.offsetAt(found)).toBe(local)
          expect(found).toBeLessThanOrEqual(instant)
        },
      ),
      { numRuns: 1500 },
    )
  })

  it('take the first of a local time that occurs twice', () => {
    const berlin = compileZone('Europe/Berlin')
    expect(berlin.instantOf(Date.UTC(2024, 9, 27, 2, 30))).toBe(Date.UTC(2024, 9, 27, 0, 30))
    const lordHowe = compileZone('Australia/Lord_Howe')
    expect(lordHowe.instantOf(Date.UTC(2024, 3, 7, 1, 45))).toBe(Date.UTC(2024, 3, 6, 14, 45))
  })

  it('read a local time that is left out with the offset before', () => {
    const berlin = compileZone('Europe/Berlin')
    expect(berlin.instantOf(Date.UTC(2024, 2, 31, 2, 30))).toBe(Date.UTC(2024, 2, 31, 1, 30))
    const newYork = compileZone('America/New_York')
    expect(newYork.instantOf(Date.UTC(2024, 2, 10, 2, 30))).toBe(Date.UTC(2024, 2, 10, 7, 30))
    // Samoa had no 30 December 2011.
    const apia = compileZone('Pacific/Apia')
    expect(apia.instantOf(Date.UTC(2011, 11, 30, 12))).toBe(Date.UTC(2011, 11, 30, 22))
  })

  it('keep to the platform when more days are seen than are remembered', () => {
    const zone = compileZone('Europe/Paris')
    for (let day = 0; day < 40_000; day++) zone.offsetAt(day * 24 * HOUR)
    for (const instant of [0, Date.UTC(1976, 2, 28, 12), Date.UTC(2024, 6, 1)]) {
      expect(zone.offsetAt(instant)).toBe(platformOffset('Europe/Paris', instant))
    }
  })

  it('refuse names that are not zones', () => {
    for (const name of ['Europe/Atlantis', '+02:00', '', 'Europe/Berlin ', 'CEST!', '\u0000', '../UTC']) {
      expect(() => compileZone(name), name).toThrow(OptionError)
    }
  })

  it('say whether they depend on the platform', () => {
    expect([undefined, 'UTC', 'Europe/Berlin'].map(usesZoneData)).toEqual([false, false, true])
  })
})
