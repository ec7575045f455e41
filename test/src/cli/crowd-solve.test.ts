/** `lethe crowd solve`: what it finds, that its patch is taken by git, and that the patched policy is what it says. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formSchemas } from '../../../src/forms/json-schemas.ts'
import type { Measurement } from '../../../src/forms/measurement.ts'
import type { Solution } from '../../../src/forms/solution.ts'
import { fits, type Schema } from '../draft-07.ts'
import { KEYS } from './batch-inputs.ts'
import { folder, warm } from './lethe.ts'

const POLICY = `policy: people
version: 1
purpose: train_ai_system
subject: id
fields:
  id: drop   # whose it is
  town: { use: generalize.hierarchy, file: towns.csv, level: 1, role: quasi-identifier }
  age:
    use: generalize.number
    width: 5
    role: quasi-identifier   # in years
  born: { use: generalize.date, to: month, role: quasi-identifier, else: null }
  ip: { use: generalize.ip, v4: 24, role: quasi-identifier }
  zip: { use: generalize.zip3, role: quasi-identifier }
  illness: { use: generalize.category, allow: [flu, cold], role: sensitive }
  race: drop
`
const TOWNS =
  'Ulm;Bavaria;south;*\nPassau;Bavaria;south;*\nBonn;Rhineland;west;*\nAachen;Rhineland;west;*\nKiel;Coast;north;*\n'
const FORM = formSchemas({ closed: true })['solution.schema.json'] as Schema

interface Person {
  readonly id: string
  readonly town: string
  readonly age: number
  readonly born: string
  readonly ip: string
  readonly zip: string
  readonly illness: string
  readonly race: string
}
const person = fc.record({
  town: fc.constantFrom('Ulm', 'Passau', 'Bonn', 'Aachen', 'Kiel'),
  age: fc.integer({ min: 20, max: 69 }),
  born: fc.constantFrom('1980-01-02', '1980-05-06', '1981-11-12', 'ZqCanary'),
  ip: fc.constantFrom('10.1.2.3', '10.1.9.9', '10.200.1.1', '192.0.2.7'),
  zip: fc.constantFrom('94103', '94110', '02139'),
  illness: fc.constantFrom('flu', 'cold'),
  race: fc.constantFrom('many', 'many', 'many', 'few'),
  id: fc.integer({ min: 1, max: 60 }).map((n) => `C-${n}`),
})
const people = (count: number, seed: number): Person[] =>
  fc.sample(fc.record({ one: person }), { numRuns: count, seed }).map(({ one }) => one)

const ndjson = (rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('')

function place(rows: readonly object[], policy = POLICY): string {
  const cwd = folder({ 'p.yaml': policy, 'towns.csv': TOWNS, 'in.ndjson': ndjson(rows) })
  writeFileSync(join(cwd, 'keys.json'), KEYS, { mode: 0o600 })
  return cwd
}

const ARGS = ['in.ndjson', '-p', 'p.yaml', '--keys', 'keys.json']

async function solve(cwd: string, code: number, ...args: string[]): Promise<Solution> {
  const ended = await warm(['crowd', 'solve', ...ARGS, ...args, '--format', 'json'], { cwd })
  expect(ended.code, ended.stderr).toBe(code)
  expect(ended.stdout + ended.stderr).not.toContain('ZqCanary')
  const found = JSON.parse(ended.stdout) as Solution
  expect(fits(found, FORM, FORM)).toBe(true)
  return found
}

const gitApply = (cwd: string, patch: string): void =>
  void execFileSync('git', ['apply', '-'], {
    cwd,
    input: patch,
    env: { ...process.env, GIT_DIR: join(cwd, 'none') },
  })

describe('lethe crowd solve', () => {
  it.each([
    ['loss', '10%', 400, { k: 3 }],
    ['discernibility', '30%', 250, { k: 3 }],
    ['entropy', '5%', 120, { k: 3 }],
    ['loss', '40%', 200, { k: 3, l: 2, t: 0.25 }],
  ] as const)(
    'finds by %s what its patch then says, with %s suppressed: the patched policy holds, and nothing is better',
    async (metric, most, count, crowd) => {
      const cwd = place(people(count, count))
      const asked = ['--metric', metric, '--by', 'race']
      const terms = Object.entries(crowd).flatMap(([name, value]) => [`--${name}`, String(value)])
      const found = await solve(cwd, 0, ...terms, '--max-suppressed', most, ...asked)
      expect(found.search.exact).toBe(true)
      expect(found.solution!.k).toBeGreaterThanOrEqual(3)
      expect(found.solution!.suppressedShare).toBeLessThanOrEqual(Number.parseInt(most, 10) / 100)
      const before = readFileSync(join(cwd, 'p.yaml'), 'utf8')
      gitApply(cwd, found.patch!)
      const after = readFileSync(join(cwd, 'p.yaml'), 'utf8')
      const stated = Object.entries(crowd).map(([name, value]) => `${name}: ${value}`)
      expect(after).toContain(`crowd: { ${stated.join(', ')}, maxSuppressed: ${most}, onFail: suppress }`)
      for (const kept of ['# whose it is', '# in years', '  race: drop']) expect(after).toContain(kept)
      expect(after.split('\n').length - before.split('\n').length).toBeLessThanOrEqual(2)
      // What a batch would make of it.
      const measured = await warm(['measure', ...ARGS, '--format', 'json'], { cwd })
      expect(measured.code, measured.stderr).toBe(0)
      const { records, output, utility } = JSON.parse(measured.stdout) as Measurement
      expect(records.suppressed['crowd'] ?? 0).toBe(found.solution!.suppressed)
      expect([output!.risk.k, output!.risk.classes]).toEqual([found.solution!.k, found.solution!.classes])
      if (metric === 'discernibility') expect(utility!.discernibility).toBe(found.solution!.cost)
      // What `crowd:` says now need not be said again.
      const again = await solve(cwd, 0, ...asked)
      const { cost, loss, ...figures } = found.solution!
      expect(again.present).toMatchObject({ ...figures, holds: true })
      expect(again.present.cost).toBeCloseTo(cost, 6)
      expect(again.present.loss).toBeCloseTo(loss, 10)
      expect(again.solution).toMatchObject(figures)
      expect([again.patch, again.fields.every(({ rung }) => rung === 0)]).toEqual(['', true])
      expect(again.balance).toEqual(found.balance)
    },
  )

  it('tells the figures of lethe measure, where nothing is suppressed', async () => {
    const cwd = place(people(300, 7))
    const found = await solve(cwd, 0, '--k', '4')
    gitApply(cwd, found.patch!)
    const file = join(cwd, 'p.yaml')
    writeFileSync(file, readFileSync(file, 'utf8').replace(/^crowd: .*\n/m, ''))
    const { stdout, stderr, code } = await warm(['measure', ...ARGS, '--format', 'json'], { cwd })
    expect(code, stderr).toBe(0)
    const { output, utility } = JSON.parse(stdout) as Measurement
    expect(output!.risk.k).toBe(found.solution!.k)
    expect(output!.risk.classes).toBe(found.solution!.classes)
    expect(utility!.loss).toBeCloseTo(found.solution!.loss, 10)
  })

  it('leaves to people what a patch must not accept for them', async () => {
    const token = POLICY.replace('id: drop', 'id: { use: hash.hmac, domain: customer }')
    const cwd = place(people(100, 8), token)
    const found = await solve(cwd, 0, '--k', '3', '--max-suppressed', '30%')
    expect(found.notes).toEqual([expect.stringContaining('token-beside-crowd')])
    gitApply(cwd, found.patch!)
    expect(readFileSync(join(cwd, 'p.yaml'), 'utf8')).not.toContain('crowd:')
    expect((await warm(['lint', 'p.yaml'], { cwd })).code).toBe(0)
  })

  it('says of more combinations than are searched that a better one may exist', async () => {
    const cwd = place(people(300, 5))
    const best = await solve(cwd, 0, '--k', '3', '--max-suppressed', '10%')
    const near = await solve(cwd, 0, '--k', '3', '--max-suppressed', '10%', '--exact-nodes', '1')
    const cut = await solve(cwd, 0, '--k', '3', '--max-suppressed', '10%', '--max-checks', '12')
    for (const found of [near, cut]) {
      expect(found.search.exact).toBe(false)
      expect(found.search.least!).toBeLessThanOrEqual(best.solution!.cost + 1e-12)
      expect(found.solution!.cost).toBeGreaterThanOrEqual(best.solution!.cost - 1e-12)
      expect(found.solution!.suppressedShare).toBeLessThanOrEqual(0.1)
    }
    const { stdout } = await warm(['crowd', 'solve', ...ARGS, '--k', '3', '--exact-nodes', '1'], { cwd })
    expect(stdout).toContain('not exact, a better one may exist')
  })

  it('prints the patch alone where that is asked for, with names of large groups only', async () => {
    const cwd = place([
      ...people(100, 9),
      ...people(3, 4).map((one) => ({ ...one, race: 'ZqCanary of few' })),
    ])
    const args = ['crowd', 'solve', ...ARGS, '--k', '4', '--max-suppressed', '50%', '--by', 'race']
    const { stdout, stderr, code } = await warm([...args, '--format', 'patch'], { cwd })
    expect([code, stderr]).toEqual([0, expect.stringContaining('1 smaller groups')])
    expect(stdout.startsWith('--- a/p.yaml\n+++ b/p.yaml\n')).toBe(true)
    expect(stdout + stderr).not.toContain('ZqCanary')
    // The report in front of a patch is no hindrance.
    const { stdout: whole } = await warm(args, { cwd })
    gitApply(cwd, whole)
  })

  it('moves kept fields by hierarchies that options name, and not those that are fixed or go by conditions', async () => {
    const policy = POLICY.replace(
      / {2}town: .*\n/,
      '  town: { use: keep, role: quasi-identifier }\n',
    ).replace(
      / {2}zip: .*\n/,
      '  zip: [{ use: generalize.zip3, when: { race: many }, role: quasi-identifier }, drop]\n',
    )
    const cwd = place(people(200, 11), policy)
    const found = await solve(
      cwd,
      0,
      '--k',
      '3',
      '--hierarchy',
      'town=towns.csv',
      '--fixed',
      'age',
      '--max-suppressed',
      '60%',
    )
    const rungs = Object.fromEntries(found.fields.map(({ field, rungs: all, note }) => [field, [all, note]]))
    expect(rungs).toMatchObject({
      // Two levels part these towns alike.
      town: [3, undefined],
      age: [1, 'it is not to be changed'],
      zip: [1, 'its rules go by conditions'],
    })
    writeFileSync(join(cwd, 'short.csv'), 'Ulm;south\nPassau;south\nBonn;west\nAachen;west\n')
    const { code, stderr } = await warm(
      ['crowd', 'solve', ...ARGS, '--k', '3', '--hierarchy', 'town=short.csv'],
      {
        cwd,
      },
    )
    expect(code).toBe(2)
    expect(stderr).toMatch(/--hierarchy town: short\.csv does not list what \d+ records have there/)
  })

  it.each<[string, number, readonly object[], string[], RegExp]>([
    ['no record', 2, [], ['--k', '2'], /no record leaves/],
    ['no k', 2, people(9, 1), [], /--k N/],
    ['fairness of no groups', 2, people(9, 1), ['--k', '2', '--fair', '0.8'], /--by FIELD/],
    ['no sensitive value', 2, people(9, 1), ['--k', '2', '--l', '2', '--over', 'illness,town'], /sensitive/],
    [
      'more records than are held',
      2,
      people(20, 1),
      ['--k', '2', '--max-records', '10'],
      /more than 10 records/,
    ],
    ['an unknown field', 2, people(9, 1), ['--k', '2', '--over', 'twon'], /no field twon/],
    [
      'one subject',
      1,
      people(9, 1).map((one) => ({ ...one, id: 'C-1' })),
      ['--k', '2', '--max-suppressed', '100%'],
      /no combination holds/,
    ],
    ['more than there are', 1, people(30, 1), ['--k', '500'], /closest is every field at its coarsest/],
  ])('ends where there is %s', async (_, expected, rows, args, message) => {
    const cwd = place(rows)
    const { code, stdout, stderr } = await warm(['crowd', 'solve', ...ARGS, ...args], { cwd })
    expect(stdout + stderr).toMatch(message)
    expect(code).toBe(expected)
    expect(stdout).not.toContain('--- a/')
  })

  it('leaves steps of retention coarser than what it proposes', async () => {
    const steps = `time: at
retention: { steps: [{ after: 100d, fields: { age: { use: generalize.number, width: 10 } } }] }
`
    const policy = POLICY.replace('fields:\n', `fields:\n  at: drop\n`) + steps
    const rows = people(60, 2).map((one, i) => ({
      ...one,
      at: i % 2 === 0 ? '2026-05-01T00:00:00Z' : '2026-01-01T00:00:00Z',
    }))
    const cwd = place(rows, policy)
    const found = await solve(
      cwd,
      0,
      '--k',
      '3',
      '--max-suppressed',
      '90%',
      '--as-of',
      '2026-06-01T00:00:00Z',
    )
    expect(found.fields.find(({ field }) => field === 'age')).toMatchObject({
      rungs: 2,
      note: 'the policy would have errors under some coarser rules',
    })
  })
})

const adult = fileURLToPath(new URL('../../../../shared/data/adult', import.meta.url))
it.runIf(existsSync(adult))(
  'finds the optimum of ARX for the census records known as Adult, and what fairness costs',
  async () => {
    const names = readFileSync(join(adult, 'adult.csv'), 'utf8').split(/\r?\n/, 1)[0]!.split(';')
    const rules = names.map(
      (name) =>
        `  ${name}: { use: keep, role: quasi-identifier${name === 'race' ? ', accept: "it is solved for"' : ''} }`,
    )
    const policy = `policy: adult\nversion: 1\npurpose: train_ai_system\nfields:\n${rules.join('\n')}\n`
    const cwd = folder({ 'p.yaml': policy })
    const hierarchies = names.flatMap((name) => [
      '--hierarchy',
      `${name}=${join(adult, `adult_hierarchy_${name}.csv`)}`,
    ])
    const args = [
      join(adult, 'adult.csv'),
      '--delimiter',
      ';',
      '-p',
      'p.yaml',
      ...hierarchies,
      '--k',
      '5',
      '--max-suppressed',
      '100%',
      '--by',
      'race',
    ]
    const run = async (...more: string[]): Promise<Solution> => {
      const { code, stdout, stderr } = await warm(['crowd', 'solve', ...args, ...more, '--format', 'json'], {
        cwd,
      })
      expect(code, stderr).toBe(0)
      return JSON.parse(stdout) as Solution
    }
    const fair = await run('--fair', '0.8')
    expect(fair.search).toMatchObject({ nodes: 12_960, exact: true })
    expect(fair.unconstrained!.loss).toBeCloseTo(0.22041192847984292, 8)
    expect(fair.solution!.loss).toBeCloseTo(0.3101112293598, 10)
    expect(fair.price!.loss).toBeCloseTo(0.0896993008, 8)
    expect(fair.balance![0]!.groups.every(({ ratio, isFlagged }) => ratio >= 0.8 && !isFlagged)).toBe(true)
    const { balance } = await run()
    expect(
      balance![0]!.groups.map(({ name, ratio, isFlagged }) => [name, ratio.toFixed(3), isFlagged]),
    ).toEqual([
      ['Other', '0.281', true],
      ['Amer-Indian-Eskimo', '0.282', true],
      ['Asian-Pac-Islander', '0.472', true],
      ['Black', '0.846', false],
      ['White', '1.000', false],
    ])
  },
)
