/** What `lethe measure` says of files, beside the same figures computed from the rows of these files the long way. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { deidentifyFiles } from '../../../src/batch/deidentify-files.ts'
import { measureFiles } from '../../../src/batch/measure-files.ts'
import { MEASURED, type MeasuringOptions } from '../../../src/batch/measuring.ts'
import type { Input } from '../../../src/files/input.ts'
import { inspectInput } from '../../../src/files/input.ts'
import { Keyring } from '../../../src/keys/keyring.ts'
import { createKeyset } from '../../../src/keys/keyset.ts'
import { DEFAULT_MAX_RECORD_BYTES } from '../../../src/record/limits.ts'
import { folder } from '../cli/lethe.ts'

const TOKEN = '{ use: hash.hmac, domain: customer }'
const POLICY = (subject: string): string => `policy: people
version: 1
purpose: train_ai_system
subject: id
time: at
read: { owner: json }
fields:
  id: ${subject}
  at: drop
  owner.city: { use: keep, role: quasi-identifier${subject === TOKEN ? ', accept: "a made-up letter"' : ''} }
  "tags[]": { use: keep, role: quasi-identifier${subject === TOKEN ? ', accept: "a made-up letter"' : ''} }
  age:
    - { use: generalize.number, width: 10, when: { country: [DE, FR, AT] }, role: quasi-identifier }
  country: keep
retention: { steps: [{ after: 100d, then: suppress }] }
`
const NOW = new Date('2026-06-01T00:00:00Z')
const BOUNDS = {
  maxRecordBytes: DEFAULT_MAX_RECORD_BYTES,
  maxDeadLetters: { kind: 'share', most: 1 },
  chunkBytes: 1 << 16,
} as const
const keys = Keyring.fromKeyset(createKeyset(NOW))

interface Row {
  readonly id: string | null
  readonly at: string
  readonly owner: string | null
  readonly tags: readonly (string | null)[] | null
  readonly age: number | null
  readonly country: string
}
const city = fc.constantFrom('X', 'Y', 'X\u0000Y', '', null)
const row: fc.Arbitrary<Row> = fc.record({
  id: fc.constantFrom('a', 'a', 'a', 'b', 'c', 'd', null),
  at: fc.constantFrom('2026-05-01T00:00:00Z', '2026-05-01T00:00:00Z', '2025-01-01T00:00:00Z'),
  owner: fc.oneof(
    { weight: 5, arbitrary: city.map((one) => JSON.stringify({ city: one })) },
    fc.constant(null),
  ),
  tags: fc.constantFrom(
    null,
    [null],
    ['q'],
    [null, 'q'],
    ['q', null],
    ['q', 'r'],
    ['q\u0000r'],
    ['q\u0000,r'],
    ['q', ''],
  ),
  age: fc.constantFrom(11, 12, 25, null),
  country: fc.constantFrom('DE', 'DE', 'FR', 'FR', 'AT', 'BE'),
})

const OVER = ['owner.city', 'tags[]', 'age']

/** What a row has of quasi-identifiers: null where nothing is. */
function cellsOf({ owner, tags, age }: Row, over: readonly string[]): readonly (string | null)[] {
  const there = owner === null ? null : (JSON.parse(owner) as { city?: string }).city || null
  const list = (tags ?? []).map((tag) => tag || null)
  const isList = list.some((tag) => tag !== null)
  const cells = [
    there,
    isList ? JSON.stringify(list) : null,
    age === null || age === undefined ? null : String(age),
  ]
  return cells.filter((_, at) => over.includes(OVER[at]!))
}

/** Risk as docs/measure.md defines it. `wildcard`: what is nothing may be any value. */
function riskOf(
  rows: readonly Row[],
  over: readonly string[],
  counts: 'subjects' | 'records',
  wildcard: boolean,
) {
  const whose = rows.map(({ id }, at) => (counts === 'records' ? String(at) : JSON.stringify(id ?? null)))
  const cells = rows.map((one) => cellsOf(one, over))
  const matches = (a: number, b: number): boolean =>
    cells[a]!.every(
      (cell, i) => cell === cells[b]![i] || (wildcard && (cell === null || cells[b]![i] === null)),
    )
  const sizes = new Map<string, number>()
  rows.forEach((_, a) => {
    const alike = new Set(rows.flatMap((_, b) => (matches(a, b) ? [whose[b]!] : [])))
    sizes.set(JSON.stringify([cells[a], whose[a]]), alike.size)
  })
  const all = [...sizes.values()]
  return {
    subjects: all.length,
    k: all.length === 0 ? 0 : Math.min(...all),
    unique: all.length === 0 ? 0 : all.filter((size) => size === 1).length / all.length,
  }
}

it('is what the rows say, on both sides, for lists, JSON in texts, conditions, and what is not published', async () => {
  const at = folder({})
  const policy = join(at, 'p.yaml')
  const [input, output] = [join(at, 'in.ndjson'), join(at, 'out.ndjson')]
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { minLength: 1, maxLength: 25 }),
      fc.constantFrom(OVER, ['tags[]'], ['owner.city']),
      fc.boolean(),
      fc.constantFrom(TOKEN, 'drop', '{ use: mask.replace, with: someone }'),
      async (rows, over, isWildcard, subject) => {
        writeFileSync(policy, POLICY(subject))
        writeFileSync(input, rows.map((one) => `${JSON.stringify(one)}\n`).join(''))
        await deidentifyFiles({
          inputs: [input],
          output,
          policy,
          keys,
          asOf: NOW,
          workers: 1,
          maxDeadLetters: '100%',
        })
        const published = readFileSync(output, 'utf8')
          .split('\n')
          .slice(0, -1)
          .map((line) => JSON.parse(line) as Row)
        const measured = async (files: string, side: MeasuringOptions['side']) => {
          const inputs: Input[] = [inspectInput(files, 'ndjson')]
          const nothing = isWildcard ? 'wildcard' : 'category'
          const options = {
            ...MEASURED,
            policy,
            side,
            nothing,
            by: [{ field: 'country', of: 'value' as const }],
            smallestGroup: 3,
            asOf: NOW.getTime(),
            ...BOUNDS,
          } as const
          return await measureFiles(
            inputs,
            { ...options, over },
            { keyring: side === 'output' ? undefined : keys },
            { progress: () => {} },
          )
        }
        const both = await measured(input, 'both')
        const alone = await measured(output, 'output')
        expect(both.input!.risk).toMatchObject(riskOf(rows, over, 'subjects', isWildcard))
        expect(both.input!.columns.map(({ values }) => values)).toEqual(
          over.map((_, i) => new Set(rows.map((one) => cellsOf(one, over)[i])).size),
        )
        const counted = subject === TOKEN ? 'subjects' : 'records'
        expect(alone.counted).toBe(counted)
        expect(alone.output!.risk).toMatchObject(riskOf(published, over, counted, isWildcard))
        if (counted === 'subjects') expect(both.output!.risk).toEqual(alone.output!.risk)
        // Of a group with many records of one person, the name tells of that person.
        for (const { name, read } of both.balance![0]!.groups) {
          const group = rows.filter(({ country }) => country === name)
          expect(read).toBe(group.length)
          expect(new Set(group.map(({ id }) => id)).size).toBeGreaterThanOrEqual(3)
        }
      },
    ),
    { numRuns: 16 },
  )
})
