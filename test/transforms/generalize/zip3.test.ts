import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { zip3 } from '../../../transforms/generalize/zip3.ts'
import {
  ZIP3_CENSUS_2020,
  ZIP3_CENSUS_2020_SHA256,
  ZIP3_RESTRICTED_2020,
} from '../../../transforms/generalize/zip3-census-2020.ts'
import { coarser } from '../coarser.ts'
import { compiled, contextWith, running } from './compiling.ts'

/** The 17 prefixes of the Census of 2000, as the Office for Civil Rights published them in 2012. */
const RESTRICTED_2000 = '036 059 063 102 203 556 692 790 821 823 830 831 878 879 884 890 893'.split(' ')

const run = running(zip3, {})

describe('the allow-list of the 2020 Census', () => {
  it('is the list whose digest goes into fingerprints', () => {
    const lines = ZIP3_CENSUS_2020.map((prefix) => `${prefix}\n`).join('')
    expect(createHash('sha256').update(lines).digest('hex')).toBe(ZIP3_CENSUS_2020_SHA256)
    const lists = new Map<string, string>()
    compiled(zip3, {}, contextWith({}, lists))
    expect([...lists]).toEqual([['zip3-census-2020', ZIP3_CENSUS_2020_SHA256]])
  })

  it('holds 876 prefixes, ascending, none of the 18 restricted ones: 894 in all', () => {
    expect(ZIP3_CENSUS_2020).toHaveLength(876)
    expect(ZIP3_CENSUS_2020).toEqual([...new Set(ZIP3_CENSUS_2020)].toSorted())
    expect(ZIP3_CENSUS_2020.every((prefix) => /^\d{3}$/.test(prefix))).toBe(true)
    expect(ZIP3_RESTRICTED_2020).toHaveLength(18)
    expect(ZIP3_RESTRICTED_2020.filter((prefix) => ZIP3_CENSUS_2020.includes(prefix))).toEqual([])
  })

  it('allows five prefixes that the list of 2000 restricts, and restricts six that it does not', () => {
    const allowedNow = RESTRICTED_2000.filter((prefix) => run(`${prefix}01`) !== '000')
    expect(allowedNow).toEqual(['063', '790', '830', '831', '890'])
    const newlyRestricted = ZIP3_RESTRICTED_2020.filter((prefix) => !RESTRICTED_2000.includes(prefix))
    expect(newlyRestricted).toEqual(['202', '204', '205', '369', '753', '772'])
  })
})

describe('generalize.zip3', () => {
  it('gives 000 for every restricted prefix', () => {
    for (const prefix of ZIP3_RESTRICTED_2020) expect(run(`${prefix}99-1234`)).toBe('000')
  })

  it.each([
    '00501',
    '09012',
    '34099',
    '96201',
    '96910',
    '00801',
    '99999'.replace('999', '213'),
    '00000',
    '11111'.replace('111', '353'),
  ])('gives 000 for %s: unassigned, military, territories, post office boxes', (zip) => {
    expect(run(zip)).toBe('000')
  })

  it('takes exactly the three forms', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^\d{5}$/), fc.stringMatching(/^\d{4}$/), (zip, four) => {
        const expected = ZIP3_CENSUS_2020.includes(zip.slice(0, 3)) ? zip.slice(0, 3) : '000'
        for (const text of [zip, `${zip}-${four}`, zip + four]) expect(run(text)).toBe(expected)
      }),
    )
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[-0-9 ]{3,11}$/)), (text) => {
        expect(run(text) === '!unparsable').toBe(!/^\d{5}(?:-?\d{4})?$/.test(text) || text.includes('\n'))
      }),
    )
  })

  it.each([
    '2139',
    '9410',
    '941033',
    '94103-',
    '94103-123',
    '94103 1234',
    '９４１０３',
    '9410a',
    '94103-12a4',
    '941031a34',
  ])('fails on %s', (text) => {
    expect(run(text)).toBe('!unparsable')
  })

  it('is as coarse as itself', () => {
    expect(coarser(zip3, {}, {})).toBe(true)
  })
})
