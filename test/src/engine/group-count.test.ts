import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Figures } from '../../../src/groups/figures.ts'
import { type GroupsKey, type GroupsPart, SubjectGroups } from '../../../src/groups/subject-groups.ts'
import { compilePolicy } from '../../../src/policy/compile.ts'
import type { Plan } from '../../../src/policy/plan.ts'
import { policyFileOf } from '../../../src/policy/policy-file.ts'
import { padded } from '../../../src/record/codec.ts'
import type { Chunk, Layout } from '../../../src/run/chunk.ts'
import { ChunkRewriter } from '../../../src/run/chunk-work.ts'

const bytesOf = (text: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array(createHash('sha256').update(text).digest())
const KEY: GroupsKey = { combinations: bytesOf('c'), subjects: bytesOf('s') }

function planOf(text: string): Plan {
  const { plan, problems } = compilePolicy(policyFileOf('policy.yaml', text))
  if (plan === undefined) throw new Error(problems.map(({ message }) => message).join('; '))
  return plan
}

const POLICY = `
policy: test
version: 1
purpose: train_ai_system
FIRST
fields:
  city: { use: keep, role: quasi-identifier }
  born: { use: generalize.date, to: year, else: "null", role: quasi-identifier }
  plan: [{ use: mask.replace, with: 'a "b", c', when: { tier: [gold] }, role: quasi-identifier }, { use: drop }]
  tags[]: { use: generalize.prefix, keep: 2, role: quasi-identifier }
  tier: keep
`
const withSubject = planOf(POLICY.replace('FIRST', 'subject: id'))
const withoutSubject = planOf(POLICY.replace('FIRST\n', ''))

interface Person {
  readonly id: string | null
  readonly city: string | null
  readonly born: string | null
  readonly plan: string | null
  readonly tags: readonly string[]
  readonly tier: string
}

/** What leaves of a person, as the policy has it: the reference of these tests, value by value. */
const shown = ({ city, born, plan, tags, tier }: Person, flat: boolean): string =>
  JSON.stringify([
    city || null,
    born && /^\d{4}-/.test(born) ? born.slice(0, 4) : null,
    plan && tier === 'gold' ? 'a' : null,
    ...(flat ? [] : tags.map((tag) => tag.slice(0, 2))),
  ])

function exactly(people: readonly Person[], isSubject: boolean, flat: boolean): Record<string, number> {
  const groups = new Map<string, Set<string>>()
  const all = new Set<string>()
  people.forEach((person, index) => {
    const who = isSubject ? (person.id ?? '') : `row ${index}`
    all.add(who)
    const values = shown(person, flat)
    groups.set(values, (groups.get(values) ?? new Set()).add(who))
  })
  const share = (below: number): number =>
    Math.min(1, [...groups.values()].reduce((sum, { size }) => sum + (size < below ? size : 0), 0) / all.size)
  return {
    subjects: all.size,
    combinations: groups.size,
    alone: share(2),
    fewerThan5: share(5),
    fewerThan10: share(10),
  }
}

const flatten = ({
  subjects,
  combinations,
  alone,
  fewerThan5,
  fewerThan10,
}: Figures): Record<string, number> => ({
  subjects,
  combinations,
  alone: alone.share,
  fewerThan5: fewerThan5.share,
  fewerThan10: fewerThan10.share,
})

const text = (values: readonly string[]) => fc.constantFrom(...values)
const person: fc.Arbitrary<Person> = fc.record({
  id: fc.option(text(['1', '2', 'é', 'C-1', 'x'.repeat(50)]), { freq: 9 }),
  city: fc.option(text(['Łódź', 'Rome', 'a\\b', 'a,b', 'say "hi"', 'null', '', 'x'.repeat(60)])),
  born: fc.option(text(['1980-01-01', '1980-12-31', '1985-01-01', 'no date'])),
  plan: fc.option(text(['a', 'b'])),
  tags: fc.array(text(['one', 'onx', 'two', '']), { maxLength: 3 }),
  tier: text(['gold', 'silver']),
})
const people = fc.array(person, { minLength: 1, maxLength: 80 })

/** Members as they may be written: absent or null, escaped or not. */
function json({ id, city, born, plan, tags, tier }: Person, variant: number): string {
  const all: Record<string, unknown> = { id, city, born, plan, tags, tier }
  if (variant % 2 === 1) for (const [name, value] of Object.entries(all)) if (value === null) delete all[name]
  if (id !== null && /^\d$/.test(id) && variant % 3 === 1) all['id'] = Number(id)
  const line = JSON.stringify(all)
  return variant % 5 === 0
    ? line.replace(/[é-ž]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
    : line
}

const cell = (value: string | null): string => {
  const written = value ?? ''
  return /[",]/.test(written) ? `"${written.replaceAll('"', '""')}"` : written
}
const csv = ({ id, city, born, plan, tier }: Person, variant: number): string =>
  [id, city, born, plan, tier]
    .map((value) => (variant % 3 === 0 && value ? `"${value.replaceAll('"', '""')}"` : cell(value)))
    .join(',')

const CSV: Layout = {
  format: 'csv',
  header: ['id', 'city', 'born', 'plan', 'tier'],
  style: { delimiter: ',', lineBreak: '\n', escapeFormulas: false },
  input: 'in.csv',
}
const LAYOUTS = { ndjson: { format: 'ndjson' } as Layout, csv: CSV }

/** Counts in chunks of `size` records, dealt out to `threads`. */
function parts(
  plan: Plan,
  format: 'ndjson' | 'csv',
  all: readonly Person[],
  { size, threads, kernels }: { size: number; threads: number; kernels: boolean },
): GroupsPart[] {
  const rewriters = Array.from({ length: threads }, () => new ChunkRewriter(plan, { now: 0, kernels }, KEY))
  for (let at = 0, chunk = 0; at < all.length; at += size, chunk++) {
    const lines = all
      .slice(at, at + size)
      .map((one, index) => (format === 'csv' ? csv : json)(one, at + index))
    const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''))
    const job: Chunk = {
      layoutId: 0,
      layout: LAYOUTS[format],
      bytes: padded(bytes) as Uint8Array<ArrayBuffer>,
      length: bytes.length,
      offset: 0,
    }
    rewriters[chunk % threads]!.rewrite(job)
  }
  return rewriters.map((rewriter) => rewriter.groups()!)
}

function figures(plan: Plan, all: readonly GroupsPart[]): Figures {
  const groups = new SubjectGroups()
  for (const part of all) groups.merge(part)
  return groups.figures(plan.subject === undefined)
}

describe.each(['ndjson', 'csv'] as const)('groups of data subjects in %s', (format) => {
  const how = fc.record({
    size: fc.integer({ min: 1, max: 40 }),
    threads: fc.integer({ min: 1, max: 3 }),
    kernels: fc.boolean(),
  })

  it.each([
    ['subjects', withSubject],
    ['records', withoutSubject],
  ] as const)('are those of the output values, counted one by one: %s', (_, plan) => {
    fc.assert(
      fc.property(people, how, (all, options) => {
        const found = figures(plan, parts(plan, format, all, options))
        expect(flatten(found)).toEqual(exactly(all, plan.subject !== undefined, format === 'csv'))
        expect(found.records).toBe(all.length)
        expect(found.withoutSubject).toBe(
          plan.subject === undefined ? 0 : all.filter(({ id }) => id === null).length,
        )
      }),
      { numRuns: 50 },
    )
  })
})

it('only published records count', () => {
  const plan = planOf(`
policy: test
version: 1
purpose: train_ai_system
unlisted: reject
fields:
  city: { use: keep, role: quasi-identifier }
  born: { use: generalize.date, to: year, role: quasi-identifier }
`)
  const rewriter = new ChunkRewriter(plan, { now: 0 }, KEY)
  const lines = [
    '{"city":"A","born":"1980-01-01"}',
    '{"city":"B","born":"?"}',
    '{"city":"C","more":1}',
    '{"city":',
  ]
  const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''))
  rewriter.rewrite({
    layoutId: 0,
    layout: { format: 'ndjson' },
    bytes: padded(bytes) as Uint8Array<ArrayBuffer>,
    length: bytes.length,
    offset: 0,
  })
  expect(figures(plan, [rewriter.groups()!])).toMatchObject({ records: 1, combinations: 1, subjects: 1 })
})

/** As in a draft that `init` proposed: ages by five years, gender, country and the first three characters of a postcode. */
it('of customers by age band, gender, country and part of a postcode, the share is within two standard deviations', () => {
  const plan = planOf(`
policy: test
version: 1
purpose: train_ai_system
fields:
  age: { use: generalize.number, width: 5, role: quasi-identifier }
  gender: { use: keep, role: quasi-identifier }
  country: { use: keep, role: quasi-identifier }
  postcode: { use: generalize.prefix, keep: 3, role: quasi-identifier }
`)
  let state = 7
  const next = (most: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * most)
  }
  const counts = new Map<string, number>()
  const lines = Array.from({ length: 30_000 }, () => {
    const [age, gender, country, postcode] = [
      18 + next(70),
      'fmx'[next(3)]!,
      ['PL', 'DE', 'FR'][next(3)]!,
      String(10_000 + next(90_000)),
    ]
    const low = Math.floor(age / 5) * 5
    const values = [low, gender, country, postcode.slice(0, 3)].join()
    counts.set(values, (counts.get(values) ?? 0) + 1)
    return JSON.stringify({ age, gender, country, postcode })
  })
  const exact = [...counts.values()].filter((count) => count === 1).length / lines.length
  const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''))
  const rewriter = new ChunkRewriter(plan, { now: 0 }, KEY)
  rewriter.rewrite({
    layoutId: 0,
    layout: { format: 'ndjson' },
    bytes: padded(bytes) as Uint8Array<ArrayBuffer>,
    length: bytes.length,
    offset: 0,
  })
  const { alone, subjects } = figures(plan, [rewriter.groups()!])
  expect(subjects).toBe(30_000)
  expect(exact).toBeGreaterThan(0.1)
  expect(Math.abs(alone.share - exact)).toBeLessThan(2 * alone.error)
  expect(alone.error).toBeLessThan(0.02)
})
