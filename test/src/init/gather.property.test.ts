/** A draft with patterns does to each record of its sample what the draft does that lists every path. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { draftOf } from '../../../src/init/draft.ts'
import { isClosed } from '../../../src/init/gather.ts'
import type { Sample } from '../../../src/init/sample.ts'
import { Keyring } from '../../../src/keys/keyring.ts'
import { testKeyset } from '../../../src/keys/test-keyset.ts'
import { compilePolicy } from '../../../src/policy/compile.ts'
import { parsePath } from '../../../src/policy/path.ts'
import { policyFileOf } from '../../../src/policy/policy-file.ts'
import { padded } from '../../../src/record/codec.ts'
import { csvEngine, jsonEngine } from '../../../src/run/engines.ts'
import { hmac } from '../../../transforms/hash/hmac.ts'

const keys = Keyring.fromKeyset(testKeyset())
const NOW = Date.UTC(2026, 0, 2)
const RECORDS = 8

type Rule = string | ({ use: string } & Record<string, unknown>)
interface Policy {
  fields: Record<string, Rule>
}

const useOf = (rule: Rule): string => (typeof rule === 'string' ? rule : rule.use)
const closed = (rule: Rule): boolean => isClosed({ use: useOf(rule) })

function draft(sample: Sample, patterns: boolean): { text: string; fields: Policy['fields'] } {
  const { text } = draftOf(sample, { from: 'in', name: 'p', schema: 's', year: 2026, patterns })
  return { text, fields: (parse(text) as Policy).fields }
}

const problemsOf = (text: string): string[] =>
  compilePolicy(policyFileOf('p.yaml', text), { keys })
    .problems.filter(({ code }) => code !== 'undecided')
    .map(({ code, message }) => `${code}: ${message}`)

/** What is not decided, or reveals something, is null: whether a rule stands there is what is compared. */
function planOf(text: string) {
  const policy = parse(text) as Policy
  for (const [path, rule] of Object.entries(policy.fields))
    if (path.endsWith('$names')) policy.fields[path] = { use: 'keep', accept: 'names are not compared' }
    else if (!closed(rule)) policy.fields[path] = { use: 'mask.null' }
  const { plan, problems } = compilePolicy(policyFileOf('p.yaml', stringify(policy)), { keys })
  if (plan === undefined) throw new Error(`${text}\n${problems.map(({ message }) => message).join('\n')}`)
  return plan
}

function told(text: string, sample: Sample) {
  const plan = planOf(text)
  const { header, records } = sample
  const style = { delimiter: ',', lineBreak: '\n', escapeFormulas: false } as const
  const cell = (one: string): string => `"${one.replaceAll('"', '""')}"`
  const lines =
    sample.format === 'csv'
      ? (records as readonly (readonly string[])[]).map((row) => row.map(cell).join(','))
      : records.map((record) => JSON.stringify(record))
  const engine =
    sample.format === 'csv'
      ? csvEngine(plan, header, 'in.csv', style, { now: NOW })
      : jsonEngine(plan, { now: NOW })
  const bytes = Buffer.from(`${lines.join('\n')}\n`)
  const { output, deadLetters } = engine.rewrite(padded(bytes), bytes.length)
  return {
    out: Buffer.from(output).toString(),
    dead: deadLetters.map(({ record, code }) => `${record} ${code}`),
  }
}

/** Values by kind, so that proposals differ: tokens, drops, what is kept, masked, generalized and undecided. */
const KINDS: readonly ((i: number) => string | number | boolean | null)[] = [
  (i) => `u${i}@x.example`,
  (i) => i * 7919,
  (i) => i % 3 === 0,
  (i) => `Some words about it, number ${i}, and more of them than a name has`,
  (i) => `00000000-0000-4000-8000-0000000${10000 + i}`,
  (i) => `192.0.2.${i}`,
  () => null,
  (i) => ['open', 'closed'][i % 2]!,
]
const STEMS = ['address_', 'Custom field (', 'x.', 'score', 'utm-', 'käse ', 'ab"', 'user_id_']
const TAILS = ['', '_email', ')', '.city', ' note', '_id']

const family = fc.record({
  stem: fc.constantFrom(...STEMS),
  tail: fc.constantFrom(...TAILS),
  numbered: fc.boolean(),
  size: fc.integer({ min: 1, max: 70 }),
  kind: fc.nat({ max: KINDS.length - 1 }),
  /** Each so-many-th is of the other kind. */
  other: fc.nat({ max: KINDS.length - 1 }),
  every: fc.integer({ min: 2, max: 40 }),
})
type Family = typeof family extends fc.Arbitrary<infer T> ? T : never

const LETTERS = 'bcdfghklmnprstvw'
const middle = (i: number): string => LETTERS[i % 16]! + LETTERS[(i >> 4) % 16]!

const membersOf = (families: readonly Family[]) =>
  families.flatMap(({ stem, tail, numbered, size, kind, other, every }) =>
    Array.from({ length: size }, (_, i) => ({
      name: `${stem}${numbered ? i + 1 : middle(i)}${tail}`,
      make: KINDS[i % every === every - 1 ? other : kind]!,
    })),
  )

const times = <T>(make: (i: number) => T): T[] => Array.from({ length: RECORDS }, (_, i) => make(i))

const csvOf = (families: readonly Family[]): Sample => {
  const columns = [...new Map(membersOf(families).map((one) => [one.name, one])).values()]
  return {
    format: 'csv',
    header: ['customer_id', ...columns.map(({ name }) => name)],
    records: times((i) => [`C-${i}`, ...columns.map(({ make }) => String(make(i) ?? ''))]),
    unreadable: 0,
  }
}
const csv = fc.array(family, { minLength: 1, maxLength: 4 }).map(csvOf)

const PLACES = ['', '', 'a', 'a.b', 'list[]', 'a_1', 'a_2', 'contact', 'c.d.e']

interface Places {
  readonly families: readonly (readonly [place: string, family: Family])[]
  readonly mails: readonly string[]
  readonly homes: number
  readonly hasMap: boolean
}

/** Objects at places that differ, with arrays on the way, and a map. */
const jsonOf = ({ families, mails, homes, hasMap }: Places): Sample => {
  const put = (record: Record<string, unknown>, place: string, name: string, value: unknown): void => {
    let at = record
    for (const step of place === '' ? [] : place.split('.')) {
      const bare = step.replace('[]', '')
      at[bare] ??= step.endsWith('[]') ? [{}] : {}
      at = [at[bare]].flat()[0] as Record<string, unknown>
    }
    at[name] ??= value
  }
  const records = times((i) => {
    const record: Record<string, unknown> = { customer_id: `C-${i}` }
    for (const [place, one] of families)
      for (const { name, make } of membersOf([one])) put(record, place, name, make(i))
    for (const place of mails) put(record, place, 'email', `m${i}@x.example`)
    for (let n = 1; n <= homes; n++) put(record, `home_${n}`, 'street', `Long Street ${i}`)
    if (hasMap) put(record, 'by_user', `p${i}@x.example`, i)
    return record
  })
  return { format: 'ndjson', header: [], records, unreadable: 0 }
}
const json = fc
  .record<Places>({
    families: fc.array(fc.tuple(fc.constantFrom(...PLACES), family), { minLength: 1, maxLength: 4 }),
    mails: fc.subarray([...PLACES, 'a_3', 'a_4', 'f', 'g', 'h']),
    homes: fc.integer({ min: 0, max: 60 }),
    hasMap: fc.boolean(),
  })
  .map(jsonOf)

/** Surely gives patterns, whatever the random samples do. */
const many: Family = {
  stem: 'user_id_',
  tail: '',
  numbered: true,
  size: 70,
  kind: 0,
  other: 0,
  every: 40,
}

let patterns = 0

function compared(sample: Sample): void {
  const plain = draft(sample, false)
  const short = draft(sample, true)
  expect(problemsOf(short.text)).toEqual(problemsOf(plain.text))
  const added = Object.entries(short.fields).filter(([path]) => plain.fields[path] === undefined)
  patterns += added.filter(([path]) => parsePath(path).isPattern).length
  for (const [path, rule] of added)
    expect([path, closed(rule) || useOf(rule) === 'undecided']).toEqual([path, true])
  for (const [path, rule] of Object.entries(short.fields))
    if (plain.fields[path] !== undefined) expect(rule).toEqual(plain.fields[path])
  expect(Object.keys(short.fields).length).toBeLessThanOrEqual(Object.keys(plain.fields).length)
  expect(told(short.text, sample)).toEqual(told(plain.text, sample))
}

describe('a draft with patterns', () => {
  it('decides each column as the draft that lists it', () => {
    patterns = 0
    compared(csvOf([many]))
    expect(patterns).toBeGreaterThan(0)
    fc.assert(fc.property(csv, compared), { numRuns: 6 })
  })

  it('decides each path of JSON as the draft that lists it', () => {
    patterns = 0
    compared(jsonOf({ families: [['', many]], mails: [...PLACES], homes: 60, hasMap: false }))
    expect(patterns).toBeGreaterThan(0)
    fc.assert(fc.property(json, compared), { numRuns: 6 })
  })

  it('has rules that tell nothing of a value, or give a token', () => {
    for (const use of ['drop', 'hash.hmac']) expect(isClosed({ use })).toBe(true)
    expect(hmac.reveals({ domain: 'd' } as never).tells).toBe('equality')
    for (const use of ['keep', 'undecided', 'mask.card', 'generalize.ip'])
      expect(isClosed({ use })).toBe(false)
  })
})
