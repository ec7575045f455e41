/** Consent strings come from browsers: none may cost more than a real one, and every real one is read. */
import { createRequire } from 'node:module'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { GppReader } from '../../../../src/policy/consent/gpp.ts'
import { checkGpp, checkTcf } from '../../../../src/policy/consent/range-budget.ts'
import { TcfReader } from '../../../../src/policy/consent/tcf.ts'
import { processorMs } from '../../../processor-time.ts'

const require = createRequire(import.meta.url)
const { GppModel, RangeEntry } = require('@iabgpp/cmpapi')

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const bits = (value: number, width: number): string => value.toString(2).padStart(width, '0')
const encoded = (text: string): string =>
  (text.match(/.{1,6}/g) ?? []).map((six) => ALPHABET[Number.parseInt(six.padEnd(6, '0'), 2)]).join('')

const RANGE = `1${bits(1, 16)}${bits(65_535, 16)}`
const ranges = (count: number, range = RANGE): string => bits(count, 12) + range.repeat(count)
const vendors = (count: number, range = RANGE): string => `${bits(65_535, 16)}1${ranges(count, range)}`
const NONE = bits(0, 17)
const CORE = [
  ...[bits(2, 6), bits(15_700_000_000, 36), bits(15_700_000_000, 36), bits(10, 12), bits(1, 12)],
  ...[bits(1, 6), bits(4, 6), bits(13, 6), bits(100, 12), bits(2, 6), '10', bits(0, 12)],
  ...['1'.repeat(24), bits(0, 24), '0', bits(4, 6), bits(13, 6)],
].join('')

describe('a hostile string', () => {
  const tcf = new TcfReader({ kind: 'tcf', purposes: [1], vendor: undefined })
  const gpp = new GppReader({
    ...{ kind: 'gpp', section: 'tcfeuv2', fields: new Map([['PurposeConsents', [true]]]) },
  })
  const usnat = new GppReader({
    ...{ kind: 'gpp', section: 'usnat', fields: new Map([['SaleOptOut', [2]]]) },
  })
  const quick = (work: () => unknown): unknown => {
    const before = processorMs()
    const answer = work()
    expect(processorMs() - before).toBeLessThan(2000)
    return answer
  }

  it('names billions of ids in few characters, and is not read', () => {
    expect(tcf.read(encoded(`${CORE}${NONE}${NONE}${bits(0, 12)}`))).toBe('allow')
    const restricted = (each: string) => `${CORE}${NONE}${NONE}${bits(1, 12)}${bits(5, 8)}${each}`
    const hostile = [
      encoded(`${CORE}${vendors(2000)}${NONE}${bits(0, 12)}`),
      encoded(`${CORE}${NONE}${vendors(2000)}${bits(0, 12)}`),
      encoded(restricted(ranges(1))),
      encoded(restricted(ranges(40, `1${bits(1, 16)}${bits(900, 16)}`))),
      ...[1, 2].map((kind) =>
        [`${CORE}${NONE}${NONE}${bits(0, 12)}`, `${bits(kind, 3)}${vendors(2000)}`].map(encoded).join('.'),
      ),
      encoded(bits(1, 6) + CORE.slice(6) + vendors(2000)),
    ]
    for (const text of hostile) {
      expect(quick(() => tcf.read(text))).toBe('unknown')
      expect(quick(() => gpp.read(text))).toBe('unknown')
      expect(quick(() => gpp.read(`DBABMA~${text}`))).toBe('unknown')
    }
    for (const zeros of [30, 60, 2000]) {
      const bomb = `11${'0'.repeat(zeros)}11`
      const header = encoded(`${bits(3, 6)}${bits(1, 6)}${bits(1, 12)}1${bomb}`)
      expect(quick(() => usnat.read(`${header}~BAAA`))).toBe('unknown')
      const canada = `${bits(1, 6)}${CORE.slice(6, 199)}${bits(9, 16)}1${bits(1, 12)}1${bomb}`
      const reader = new GppReader({
        ...{ kind: 'gpp', section: 'tcfcav1', fields: new Map([['UseNonStandardStacks', [false]]]) },
      })
      expect(quick(() => reader.read(`DBABjA~${encoded(canada)}`))).toBe('unknown')
    }
  })
})

describe('a string as collectors make them', () => {
  const ids = fc.uniqueArray(fc.integer({ min: 1, max: 1500 }), { maxLength: 200 })
  const run = fc.tuple(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 0, max: 1200 }))
  const all = fc
    .tuple(ids, run)
    .map(([some, [first, count]]) => [
      ...new Set([...some, ...Array.from({ length: count }, (_, at) => first + at)]),
    ])

  it('of TCF is read', () => {
    fc.assert(
      fc.property(all, all, ids, (consents, interests, restricted) => {
        const model = new GppModel()
        const set = (field: string, value: unknown) => model.setFieldValue('tcfeuv2', field, value)
        set('VendorConsents', consents)
        set('VendorLegitimateInterests', interests)
        set(
          'PublisherRestrictions',
          restricted.slice(0, 9).map((first, key) => new RangeEntry(key + 1, 1, [first, first + 1])),
        )
        set('VendorsDisclosed', restricted)
        const text: string = model.encodeSection('tcfeuv2')
        expect(() => checkTcf(text), text).not.toThrow()
        expect(() => checkGpp(model.encode(), 'tcfeuv2')).not.toThrow()
        expect(() => checkGpp(text, 'tcfeuv2')).not.toThrow()
      }),
      { numRuns: 60 },
    )
  })

  it('of GPP is read, with any sections beside', () => {
    const names = ['usnat', 'usca', 'usva', 'usco', 'usut', 'usct', 'uspv1', 'tcfeuv2', 'tcfcav1']
    fc.assert(
      fc.property(fc.subarray(names, { minLength: 1 }), ids, (sections, vendorsOf) => {
        const model = new GppModel()
        for (const section of sections) {
          if (section.startsWith('us')) model.setFieldValue(section, 'Version', 1)
          if (section === 'tcfeuv2') model.setFieldValue(section, 'VendorConsents', vendorsOf)
          if (section === 'tcfcav1') model.setFieldValue(section, 'CmpId', 7)
        }
        const text: string = model.encode()
        for (const section of sections.filter((one) => one !== 'tcfcav1'))
          expect(() => checkGpp(text, section), text).not.toThrow()
      }),
      { numRuns: 60 },
    )
  })
})
