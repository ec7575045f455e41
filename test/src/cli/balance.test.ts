/** By group: why records were withheld, what was lost of the others, how a label shifts, and weights against it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { formSchemas } from '../../../src/forms/json-schemas.ts'
import type { Measurement } from '../../../src/forms/measurement.ts'
import { fits, type Schema } from '../draft-07.ts'
import { folder, warm } from './lethe.ts'

const POLICY = `policy: people
version: 1
purpose: train_ai_system
subject: id
time: at
fields:
  id: { use: drop }
  at: drop
  age: { use: generalize.number, width: 50, role: quasi-identifier, else: dead-letter }
  town: { use: keep, role: quasi-identifier }
  country: { use: keep }
  name: { use: mask.pattern, pattern: "^[A-Z]([a-z]+)$", masks: groups, else: 'null' }
  phone: { use: mask.characters, keepLast: 2, else: { constant: none } }
  churned: keep
  race: drop
retention: { steps: [{ after: 100d, then: suppress }] }
`
const FORM = formSchemas({ closed: true })['measurement.schema.json'] as Schema
const NOW = ['--as-of', '2026-06-01T00:00:00Z']

interface Person {
  readonly id: string
  readonly at: string
  readonly age: number | string
  readonly town: string
  readonly country: string
  readonly name: string
  readonly phone: string
  readonly churned: string
  readonly race: string
}

/** Sixty people of two countries: of one, a third is too old, some have no readable age, and few have a name in Latin letters. */
const people = Array.from({ length: 60 }, (_, i): Person => {
  const isFar = i % 2 === 1
  const nth = Math.floor(i / 2)
  return {
    id: `C-${i}`,
    at: isFar && nth < 10 ? '2025-01-01T00:00:00Z' : '2026-05-01T00:00:00Z',
    age: isFar && nth >= 10 && nth < 12 ? 'ZqCanary' : nth,
    town: 'Ulm',
    country: isFar ? 'Far' : 'Near',
    name: isFar ? (nth % 3 === 0 ? 'Zoë' : '山田') : 'Anna',
    phone: isFar ? '+81 3 1234 5678' : '030 123456',
    churned: isFar && nth < 10 ? 'yes' : 'no',
    race: i === 0 ? 'ZqCanary of one' : 'many',
  }
})
const place = (rows: readonly Person[] = people, policy = POLICY): string =>
  folder({ 'p.yaml': policy, 'in.ndjson': rows.map((row) => `${JSON.stringify(row)}\n`).join('') })

const ran = async (cwd: string, ...args: readonly string[]) =>
  await warm([...args, '-p', 'p.yaml', ...NOW], { cwd })

async function measured(cwd: string, ...args: readonly string[]): Promise<Measurement> {
  const { code, stdout, stderr } = await ran(cwd, 'measure', 'in.ndjson', '--format', 'json', ...args)
  expect(code, stderr).toBe(0)
  expect(stdout + stderr).not.toContain('ZqCanary')
  const said = JSON.parse(stdout) as Measurement
  expect(fits(said, FORM, FORM)).toBe(true)
  return said
}

describe('lethe measure --by', () => {
  it('says why records of each group were withheld, and counts reasons of few together', async () => {
    const { balance } = await measured(place(), '--by', 'country')
    expect(balance).toMatchObject([
      {
        by: 'country',
        of: 'value',
        groups: [
          {
            name: 'Far',
            read: 30,
            published: 18,
            isFlagged: true,
            withheld: [{ kind: 'suppressed', reason: 'retention suppress after 100d', records: 10 }],
            withheldOther: 2,
          },
          { name: 'Near', read: 30, published: 30, ratio: 1, withheld: [], withheldOther: 0 },
        ],
      },
    ])
    const [told] = (await measured(place(), '--by', 'country', '--smallest-group', '2')).balance!
    expect(told!.groups[0]!.withheld[1]).toEqual({
      kind: 'dead-letter',
      reason: 'unparsable',
      rule: 'age generalize.number',
      records: 2,
    })
  })

  it('says which values left nothing, by the scripts that they are written in and by regions of phones', async () => {
    const { balance } = await measured(place(), '--by-script', 'name', '--by-region', 'phone')
    const [scripts, regions] = balance!
    expect([scripts!.of, regions!.of]).toEqual(['script', 'region'])
    const emptied = (groups: typeof scripts) =>
      Object.fromEntries(
        groups!.groups.map(({ name, emptied: of }) => [name, of.find(({ field }) => field === 'name')]),
      )
    // Twelve published names in Han, none of which the pattern takes; six beyond ASCII are too few to be told.
    expect(emptied(scripts)).toEqual({
      Han: { field: 'name', values: 12, emptied: 12, ratio: 0, isFlagged: false },
      'Latin, ASCII': { field: 'name', values: 30, emptied: 0, ratio: 1, isFlagged: false },
      'Latin, beyond ASCII': undefined,
    })
    expect(Object.keys(emptied(regions)).sort()).toEqual([
      'not in international form',
      'zone 8: East Asia and special services',
    ])
  })

  it('shows how the share of a label shifts, and how far the published records of a group are generalized', async () => {
    const said = await measured(place(), '--by', 'country', '--label', 'churned=yes')
    const [far, near] = said.balance![0]!.groups
    expect(said.label).toBe('churned')
    expect(far!.label).toMatchObject({ read: 1 / 3, published: 0, shift: -1 / 3 })
    expect(near!.label).toEqual({ read: 0, published: 0, shift: 0, isFlagged: false })
    // One town of one: nothing to lose. Thirty of the 31 values that ages have became one interval: a loss of 29 / 30.
    expect(near!.generalization).toBeCloseTo(Math.sqrt(59 / 30) - 1, 9)
    const text = await ran(place(), 'measure', 'in.ndjson', '--by', 'country', '--label', 'churned=yes')
    expect(text.stdout).toContain('33.33 % to 0.00 %')
    expect(text.stdout).toContain('Far withheld: 10 retention suppress after 100d, 2 for reasons of few')
    expect(text.stdout).not.toContain('ZqCanary')
  })

  it('is within its form for nobody, for one person, and for all who were withheld', async () => {
    const args = ['--by', 'country,race', '--by-script', 'name', '--label', 'churned=no']
    expect((await measured(place([]), ...args)).balance).toMatchObject([
      { groups: [], small: { groups: 0 } },
      {},
      {},
    ])
    const alone = await measured(place(people.slice(0, 1)), ...args)
    expect(alone.balance!.map(({ groups, small }) => [groups.length, small.groups])).toEqual([
      [0, 1],
      [0, 1],
      [0, 1],
    ])
    const old = people.map((one) => ({ ...one, at: '2020-01-01T00:00:00Z' }))
    for (const { published, label, generalization } of (await measured(place(old), ...args)).balance![0]!
      .groups)
      expect([published, label!.published, label!.shift, generalization]).toEqual([0, 0, 0, 0])
  })

  it.each([
    ['a field with too many values', ['--by', 'age', '--smallest-group', '1'], 'more than 100 values'],
    ['a field that is none', ['--by', 'nothing'], 'has no field nothing'],
    ['a label without groups', ['--label', 'churned=yes'], 'no groups are named'],
    ['a label without a value', ['--by', 'country', '--label', 'churned='], 'a field and a value'],
    ['a name that is missing', ['--by', 'country,'], 'a name is missing'],
    ['more fields than a question about people has', ['--by', 'a,b,c,d,e,f,g,h,i'], 'no more than 8'],
  ])('refuses %s', async (_, args, message) => {
    const many = Array.from({ length: 200 }, (_, i) => ({ ...people[0]!, age: i, id: `C-${i}` }))
    const { code, stderr, stdout } = await ran(place(many), 'measure', 'in.ndjson', ...args)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr.toLowerCase()).toContain(message)
  })
})

describe('lethe batch --weights', () => {
  it('writes a weight for each record, with which the groups have the shares that were read', async () => {
    const cwd = place()
    const args = ['in.ndjson', '-o', 'out.ndjson', '--by', 'country', '--max-dead-letters', '10%']
    const { code, stderr } = await ran(cwd, 'batch', ...args, '--weights', 'w.csv', '--measure', 'm.json')
    expect(code, stderr).toBe(3)
    const [head, ...lines] = readFileSync(join(cwd, 'w.csv'), 'utf8').trimEnd().split('\n')
    const rows = readFileSync(join(cwd, 'out.ndjson'), 'utf8').trimEnd().split('\n')
    expect([head, lines.length]).toEqual(['weight', rows.length])
    const sums = new Map<string, number>()
    rows.forEach((row, i) => {
      const { country } = JSON.parse(row) as Person
      sums.set(country, (sums.get(country) ?? 0) + Number(lines[i]))
    })
    // Thirty of sixty each, in 48 records.
    expect(sums.get('Far')).toBeCloseTo(24, 6)
    expect(sums.get('Near')).toBeCloseTo(24, 6)
    const { weights, balance } = JSON.parse(readFileSync(join(cwd, 'm.json'), 'utf8')) as Measurement
    expect(weights!.cells).toMatchObject([
      { values: ['Far'], published: 18, weight: expect.closeTo(24 / 18, 9) },
      { values: ['Near'], published: 30, weight: expect.closeTo(24 / 30, 9) },
    ])
    expect(weights!.effective).toBeCloseTo(48 ** 2 / (18 * (24 / 18) ** 2 + 30 * 0.64), 6)
    expect(balance).toHaveLength(1)
  })

  it.each([
    ['a field that is dropped', ['--by', 'race'], 'a weight would tell it'],
    ['no field', [], 'none are named'],
    ['groups by how values are written', ['--by-script', 'name'], 'none are named'],
    ['several threads', ['--by', 'country', '--workers', '2'], 'in one thread'],
    ['a parted data set', ['--by', 'country', '--partition-by', 'country'], 'in another one'],
  ])('refuses %s, and leaves nothing', async (_, args, message) => {
    const cwd = place()
    const { code, stderr } = await ran(
      cwd,
      'batch',
      'in.ndjson',
      '-o',
      args.includes('--partition-by') ? 'out' : 'out.ndjson',
      '--weights',
      'w.csv',
      ...args,
    )
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)])
    expect(readdirSync(cwd).sort()).toEqual(['in.ndjson', 'p.yaml'])
  })

  it('refuses groups where nothing is measured', async () => {
    const cwd = place()
    const { code, stderr } = await ran(cwd, 'batch', 'in.ndjson', '-o', 'out.ndjson', '--by', 'country')
    expect([code, stderr]).toEqual([2, expect.stringContaining('nothing is measured')])
    expect(existsSync(join(cwd, 'out.ndjson'))).toBe(false)
  })
})
