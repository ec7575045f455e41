/** `lethe measure`: what it says of files, beside what a batch over them says and writes. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { formSchemas } from '../../../src/forms/json-schemas.ts'
import type { Measurement } from '../../../src/forms/measurement.ts'
import { fits, type Schema } from '../draft-07.ts'
import { KEYS } from './batch-inputs.ts'
import { folder, warm } from './lethe.ts'

const POLICY = `policy: people
version: 1
purpose: train_ai_system
subject: id
time: at
fields:
  id: { use: hash.hmac, domain: customer }
  at: { use: drop }
  town: { use: generalize.hierarchy, file: towns.csv, level: 1, role: quasi-identifier }
  age: { use: generalize.number, width: 10, role: quasi-identifier }
  illness: { use: mask.replace, with: ill, role: sensitive }
  race: drop
retention: { steps: [{ after: 100d, then: suppress }] }
`
const TOWNS = 'Ulm;south\nBonn;west\nAachen;west\nPassau;south\n'
const FORM = formSchemas({ closed: true })['measurement.schema.json'] as Schema
const NOW = ['--as-of', '2026-06-01T00:00:00Z']

/** Three events of each of 40 people; those of one town are too old, and one event is no JSON. */
const people = Array.from({ length: 40 }, (_, i) => ({
  id: `C-${i}`,
  at: i % 4 === 3 ? '2025-01-01T00:00:00Z' : '2026-05-01T00:00:00Z',
  town: ['Ulm', 'Bonn', 'Aachen', 'Passau'][i % 4]!,
  age: 20 + (i % 20),
  illness: ['flu', 'cold', 'ZqCanary'][i % 3]!,
  race: i < 30 ? 'many' : i < 38 ? 'few' : 'ZqCanary of two',
}))
const events = `${people.flatMap((one) => Array(3).fill(JSON.stringify(one))).join('\n')}\nnot json\n`

const place = (policy = POLICY): string => {
  const cwd = folder({ 'p.yaml': policy, 'towns.csv': TOWNS, 'in.ndjson': events })
  writeFileSync(join(cwd, 'keys.json'), KEYS, { mode: 0o600 })
  return cwd
}
async function measured(cwd: string, ...args: readonly string[]): Promise<Measurement> {
  const keys = args.includes('output') ? [] : ['--keys', 'keys.json']
  const all = ['measure', ...args, '-p', 'p.yaml', ...NOW, ...keys, '--format', 'json']
  const { code, stdout, stderr } = await warm(all, { cwd })
  expect(code, stderr).toBe(0)
  expect(stdout + stderr).not.toContain('ZqCanary')
  const said = JSON.parse(stdout) as Measurement
  expect(fits(said, FORM, FORM)).toBe(true)
  return said
}

describe('lethe measure', () => {
  it('measures both sides by data subjects, and what was lost between them', async () => {
    const cwd = place()
    const said = await measured(cwd, 'in.ndjson')
    expect(said.records).toEqual({
      read: 120,
      published: 90,
      unread: 1,
      suppressed: { 'retention suppress after 100d': 30 },
      deadLettered: { 'json-syntax': 1 },
    })
    expect([said.over, said.sensitive, said.counted]).toEqual([['town', 'age'], ['illness'], 'subjects'])
    // Twenty combinations of two people each come in; of the towns that stay, two ages of ten years.
    expect(said.input!.risk).toEqual({
      subjects: 40,
      classes: 20,
      k: 2,
      unique: 0,
      atRisk: 1,
      highest: 0.5,
      average: 0.5,
    })
    const sizes = new Map<string, Set<string>>()
    for (const { id, town, age } of people.filter(({ at }) => at.startsWith('2026'))) {
      const key = `${town === 'Ulm' ? 'south' : 'west'} ${Math.floor(age / 10)}`
      sizes.set(key, (sizes.get(key) ?? new Set()).add(id))
    }
    expect(said.output!.risk).toMatchObject({ subjects: 30, classes: sizes.size })
    expect(said.output!.risk.k).toBe(Math.min(...[...sizes.values()].map(({ size }) => size)))
    expect(said.input!.diversity).toMatchObject([{ field: 'illness', distinct: 2 }])
    // All are one value now: nothing is diverse, and no class differs from all.
    expect(said.output!.diversity).toEqual([{ field: 'illness', distinct: 1, entropy: 1, equalDistance: 0 }])
    const [town, age] = said.utility!.columns
    // 90 stand for two of four towns, 30 for all: (90 / 2 + 30 − 120 / 4) / (120 − 120 / 4).
    expect(town).toMatchObject({ field: 'town', domain: { of: 'hierarchy', values: 4 }, loss: 0.5 })
    expect(age).toMatchObject({ domain: { of: 'records', values: 20 }, distance: { measure: 'wasserstein' } })
    expect(readdirSync(cwd).sort()).toEqual(['in.ndjson', 'keys.json', 'p.yaml', 'towns.csv'])
  })

  it('says of what a batch published what it says of what it will publish', async () => {
    const cwd = place()
    const args = ['-p', 'p.yaml', ...NOW, '--keys', 'keys.json', '--max-dead-letters', '5']
    const ran = await warm(['batch', 'in.ndjson', ...args, '-o', 'out.ndjson', '--summary', 's.json'], {
      cwd,
    })
    expect(ran.code, ran.stderr).toBe(3)
    const before = await measured(cwd, 'in.ndjson')
    const after = await measured(cwd, 'out.ndjson', '--side', 'output')
    expect(after.output).toEqual(before.output)
    expect([after.counted, after.input, after.utility]).toEqual(['subjects', undefined, undefined])
    const { groups } = JSON.parse(readFileSync(join(cwd, 's.json'), 'utf8'))
    const { subjects, classes, unique } = after.output!.risk
    expect([subjects, classes, unique]).toEqual([groups.subjects, groups.combinations, groups.alone.share])
  })

  it('is what a batch writes of its own run with --measure, beside its outputs', async () => {
    const cwd = place()
    const args = [
      '-p',
      'p.yaml',
      ...NOW,
      '--keys',
      'keys.json',
      '--max-dead-letters',
      '5',
      '--measure',
      'm.json',
    ]
    const ran = await warm(['batch', 'in.ndjson', ...args, '-o', 'out.ndjson'], { cwd })
    expect(ran.code, ran.stderr).toBe(3)
    const written = JSON.parse(readFileSync(join(cwd, 'm.json'), 'utf8'))
    expect(written).toEqual(await measured(cwd, 'in.ndjson'))
    // Where the outputs do not get their names, it does not either.
    const few = args.map((arg) => (arg === '5' ? '0' : arg === 'm.json' ? 'none.json' : arg))
    expect((await warm(['batch', 'in.ndjson', ...few, '-o', 'none.ndjson'], { cwd })).code).toBe(3)
    expect(readdirSync(cwd).filter((name) => name.startsWith('none'))).toEqual([])
    const workers = await warm(['batch', 'in.ndjson', ...args, '--workers', '2', '-o', 'o.ndjson'], { cwd })
    expect([workers.code, workers.stderr]).toEqual([2, expect.stringContaining('one thread')])
  })

  it.each(['ndjson', 'csv', 'parquet'])(
    'reads what parts a data set of %s from its folders: figures are those of one file',
    async (format) => {
      const cwd = place()
      const args = ['-p', 'p.yaml', ...NOW, '--keys', 'keys.json', '--max-dead-letters', '5', '-q']
      if (format === 'csv') {
        const header = ['id', 'at', 'town', 'age', 'illness', 'race'] as const
        const rows = people.flatMap((one) => Array(3).fill(header.map((name) => one[name]).join(',')))
        writeFileSync(join(cwd, 'in.csv'), `${[header.join(','), ...rows].join('\n')}\n`)
      }
      const from = format === 'csv' ? 'in.csv' : 'in.ndjson'
      const make = (...more: string[]) => warm(['batch', from, ...args, ...more], { cwd })
      const parted = ['--partition-by', 'town,id', '--output-format', format]
      await make('-o', 'set', ...parted, '--max-partitions', '100')
      await make('-o', `whole.${format}`)
      const output = ['--side', 'output', '--smallest-group', '1']
      const whole = await measured(cwd, `whole.${format}`, ...output)
      expect(whole.output!.risk.subjects).toBe(30)
      const { records: all, ...figures } = whole
      const { records, ...told } = await measured(cwd, 'set', ...output)
      expect(told).toEqual(figures)
      expect(records).toEqual(all)
      // Rows alone would have counted as equal in what they do not hold.
      expect(whole.output!.columns.find(({ field }) => field === 'town')!.separation).toBeGreaterThan(0)
    },
  )

  it('says for people which field tells records apart, and that subjects may count twice', async () => {
    const cwd = place()
    const { stdout } = await warm(['measure', 'in.ndjson', '-p', 'p.yaml', ...NOW, '--keys', 'keys.json'], {
      cwd,
    })
    const said = await measured(cwd, 'in.ndjson')
    for (const { field, separation } of said.output!.columns)
      expect(stdout).toMatch(
        new RegExp(`${field} .* ${(separation * 100).toFixed(2).replace('.', '\\.')} %\n`),
      )
    expect(stdout).toContain('who appears in several classes counts in each')
  })

  it('says for people why records were withheld, and of a label that no record has', async () => {
    const args = ['measure', 'in.ndjson', '-p', 'p.yaml', ...NOW, '--keys', 'keys.json', '--by', 'race']
    const { stdout } = await warm([...args, '--label', 'illness=flue'], { cwd: place() })
    expect(stdout).toContain('    30 suppressed: retention suppress after 100d\n    1 dead letters: ')
    expect(stdout).toContain('no record of these groups has the value of the label')
    const known = await warm([...args, '--label', 'illness=flu'], { cwd: place() })
    expect(known.stdout).not.toContain('no record of these groups')
    const wrong = await warm([...args, '--by', 'origin'], { cwd: place() })
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('can be listed with `drop`') })
  })

  it('counts who was published by groups, and names no group that is small', async () => {
    const cwd = place()
    const { balance: [balance] = [] } = await measured(
      cwd,
      'in.ndjson',
      '--by',
      'race',
      '--smallest-group',
      '8',
    )
    expect(balance).toMatchObject({
      by: 'race',
      of: 'value',
      groups: [
        { name: 'many', read: 90 },
        { name: 'few', read: 24 },
      ].toSorted((a, b) =>
        balance!.groups[0]!.name === a.name ? -1 : balance!.groups[0]!.name === b.name ? 1 : 0,
      ),
      small: { groups: 1, read: 6 },
    })
    // Three records of each of eight people are no ten people.
    const unless = await measured(cwd, 'in.ndjson', '--by', 'race')
    expect(unless.balance).toMatchObject([{ groups: [{ name: 'many' }], small: { groups: 2, read: 30 } }])
    const shown = await warm(
      [
        'measure',
        'in.ndjson',
        '-p',
        'p.yaml',
        ...NOW,
        '--keys',
        'keys.json',
        '--by',
        'race',
        '--smallest-group',
        '8',
      ],
      { cwd },
    )
    expect(shown.stdout).toContain('1 smaller groups, not named: 6 read')
    expect(shown.stdout).not.toContain('ZqCanary')
    expect(shown.stdout).toMatch(/stand alone +0\.00 %/)
  })

  it('knows the population, a hierarchy of what is sensitive, and cells that may be any value', async () => {
    const cwd = place()
    writeFileSync(join(cwd, 'all.ndjson'), events.replaceAll('"C-', '"D-') + events)
    writeFileSync(join(cwd, 'ill.csv'), 'flu;common;*\ncold;common;*\nZqCanary;rare;*\n')
    const said = await measured(
      cwd,
      'in.ndjson',
      '--population',
      'all.ndjson',
      '--hierarchy',
      'illness=ill.csv',
    )
    expect(said.input!.risk.highest).toBe(0.5)
    expect(said.input!.journalist).toEqual({ highest: 0.25, average: 0.25 })
    const { equalDistance, hierarchicalDistance } = said.input!.diversity[0]!
    expect(hierarchicalDistance).toBeLessThanOrEqual(equalDistance)
    // A town that is not there may be any, so that a person without one is in every class of the age.
    const gap = `${JSON.stringify({ ...people[0], id: 'C-99', town: null })}\n`
    writeFileSync(join(cwd, 'gap.ndjson'), events + gap)
    const own = await measured(cwd, 'gap.ndjson', '--side', 'input')
    const any = await measured(cwd, 'gap.ndjson', '--side', 'input', '--suppressed', 'wildcard')
    expect(own.input!.risk).toMatchObject({ subjects: 41, k: 1 })
    expect(any.input!.risk).toMatchObject({ subjects: 41, k: 2 })
  })

  it.each([
    ['a field that is not there', ['--over', 'no.such'], /no field no\.such/],
    ['what is no path', ['--over', 'no..such'], /no\.\.such/],
    ['an identifier', ['--by', 'id', '--max-records', '1000'], /^$/],
    [
      'groups with long names',
      ['--by', 'illness', '--smallest-group', '1'],
      /more than 256 characters/,
      'ZqCanary'.repeat(40),
    ],
    ['too many records', ['--max-records', '100'], /more than 100 records/],
    ['no sensitive field', ['--hierarchy', 'town=towns.csv'], /no sensitive field/],
    ['a population of wildcards', ['--population', 'in.ndjson', '--suppressed', 'wildcard'], /journalist/],
  ])('refuses %s, or says nothing of it', async (_, args, expected, illness?: string) => {
    const cwd = place()
    if (illness !== undefined)
      writeFileSync(join(cwd, 'in.ndjson'), events.replaceAll('ZqCanary"', `${illness}"`))
    const ended = await warm(
      ['measure', 'in.ndjson', '-p', 'p.yaml', ...NOW, '--keys', 'keys.json', ...args],
      {
        cwd,
      },
    )
    expect(ended.stderr).toMatch(expected)
    expect(ended.code).toBe(expected.source === '^$' ? 0 : 2)
    expect(ended.stdout + ended.stderr).not.toContain('ZqCanary')
  })

  it('measures a file without records, and one of which nothing is published', async () => {
    const cwd = place()
    writeFileSync(join(cwd, 'empty.ndjson'), '')
    const none = await measured(cwd, 'empty.ndjson', '--by', 'race')
    expect(none.input!.risk).toMatchObject({ subjects: 0, classes: 0, k: 0, highest: 0 })
    expect(none.balance).toEqual([
      { by: 'race', of: 'value', groups: [], small: { groups: 0, read: 0, published: 0 } },
    ])
    writeFileSync(
      join(cwd, 'old.ndjson'),
      people.map((one) => `${JSON.stringify({ ...one, at: '2020-01-01T00:00:00Z' })}\n`).join(''),
    )
    const old = await measured(cwd, 'old.ndjson', '--by', 'race')
    expect(old.output!.risk.subjects).toBe(0)
    expect(old.utility).toMatchObject({ loss: expect.closeTo(1, 9) })
    expect(old.balance![0]!.groups[0]).toMatchObject({ name: 'many', retention: 0 })
  })
})
