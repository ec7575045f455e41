import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { z } from 'zod'
import { Keyring } from '../../../src/keys/keyring.ts'
import { testKeyset } from '../../../src/keys/test-keyset.ts'
import type { PolicyRule } from '../../../src/policy/policy.ts'
import { readsEpochs } from '../../../transforms/calendar/dates.ts'
import { transforms } from '../../../transforms/index.ts'
import { Failure } from '../../../transforms/transform.ts'
import { compileGolden, FOLDER, type Results, resultsOf } from './golden.ts'

/**
 * Transforms whose result changed for some input since 0.1.0, with the version that they have now. A policy that
 * uses one has another fingerprint; every other policy keeps the one of 0.1.0.
 */
const RAISED: Readonly<Record<string, number>> = {
  'generalize.geo': 2,
  'generalize.ip': 2,
  'generalize.number': 2,
  'generalize.prefix': 2,
  'mask.characters': 2,
  'generalize.url': 2,
  'mask.email': 2,
  'mask.pattern': 2,
  'noise.number': 2,
}

/** For each of them an input whose result changed, what 0.1.0 gave, and what is given now; `!` stands before a code. */
const MENDED: readonly (readonly [
  use: string,
  options: object,
  input: string,
  before: string,
  now: string,
])[] = [
  ['generalize.geo', { axis: 'latitude' }, `1.${'1'.repeat(45)}`, '1.1', '!out-of-domain'],
  ['generalize.ip', {}, '64:ff9b::203.0.113.9', '64:ff9b::/48', '203.0.113.0/24'],
  ['generalize.ip', {}, '::203.0.113.9', '::/48', '203.0.113.0/24'],
  ['generalize.number', { width: 10 }, `0.${'0'.repeat(50)}1`, '[0,10)', '!out-of-domain'],
  ['generalize.prefix', { keep: 3 }, 'abc\u200b', 'abc', '!out-of-domain'],
  ['mask.characters', { keepLast: 4 }, '    1234', '****1234', '*******4'],
  ['mask.email', {}, 'jsmith@smith.example', '***@smith.example', '***@***'],
  [
    'generalize.url',
    {},
    `https://${'%61'.repeat(700)}.example/x`,
    `https://${'a'.repeat(700)}.example`,
    '!unparsable',
  ],
  [
    'mask.pattern',
    { pattern: 'a', replacement: 'x'.repeat(100) },
    'a'.repeat(100),
    'x'.repeat(10_000),
    '!out-of-domain',
  ],
  ['noise.number', { span: 10, domain: 'd' }, `0.${'0'.repeat(50)}1`, '2', '!out-of-domain'],
]

/** The same for some options of a transform only. */
const isRaised = ({ use, options }: PolicyRule): boolean =>
  use in RAISED ||
  (use.startsWith('hash.') && ['nfkc', 'phone', 'email'].includes(String(options?.['normalize']))) ||
  // Numbers since 1970 have a range, and may have a fraction.
  String(options?.['format']).startsWith('epoch-')

/** Records of the fixtures whose results changed with that, by policy, kind of input and position: the result now. */
const CHANGED: Readonly<Record<string, Partial<Record<keyof Results, Readonly<Record<number, string>>>>>> = {
  // Epoch milliseconds 0: before 1990.
  moments: { ndjson: { 1: 'dead-letter out-of-domain' } },
  shifts: { ndjson: { 1: 'dead-letter out-of-domain' } },
  // An array in place of a record: of one object it is that object, of no object it has a code of its own.
  shapes: { ndjson: { 8: 'dead-letter array-length' } },
}

interface Golden {
  readonly transforms: Readonly<
    Record<string, { readonly version: number; readonly options: readonly string[] }>
  >
  readonly policies: Readonly<Record<string, Results & { readonly fingerprint: string }>>
}

const golden = JSON.parse(readFileSync(join(FOLDER, 'golden.json'), 'utf8')) as Golden
const names = Object.keys(golden.policies)
const versions = Object.fromEntries(
  Object.entries(golden.transforms).map(([name, one]) => [name, one.version]),
)

describe('policies of 0.1.0', () => {
  it('stand in the fixtures, all of them', () => {
    const files = readdirSync(FOLDER).filter((file) => file.endsWith('.yaml'))
    expect(files.sort()).toEqual(names.map((name) => `${name}.yaml`).sort())
    expect(names.length).toBeGreaterThanOrEqual(22)
  })

  it('use every transform and every option of 0.1.0', () => {
    const used = new Map<string, Set<string>>()
    for (const name of names)
      for (const { rules } of compileGolden(join(FOLDER, `${name}.yaml`)).policy!.fields)
        for (const { use, written } of rules) {
          const options = used.get(use) ?? new Set()
          used.set(use, options)
          for (const { key } of written.entries) options.add(key)
        }
    for (const [name, { options }] of Object.entries(golden.transforms))
      expect([name, [...(used.get(name) ?? [])].sort()]).toEqual([name, [...options].sort()])
  })

  it('meet the transforms of 0.1.0 and those that were raised, at the versions that this test names', () => {
    const now = transforms.filter(({ name }) => name in versions).map(({ name, version }) => [name, version])
    expect(Object.fromEntries(now)).toEqual({ ...versions, ...RAISED })
    for (const [name, version] of Object.entries(RAISED))
      expect(version, name).toBeGreaterThan(versions[name] ?? 0)
    for (const { name, options } of transforms)
      for (const option of golden.transforms[name]?.options ?? [])
        expect(Object.keys((options as z.ZodObject).shape), name).toContain(option)
  })

  it('were raised for inputs that this test names', () => {
    expect(new Set(MENDED.map(([use]) => use))).toEqual(new Set(Object.keys(RAISED)))
    const keys = Keyring.fromKeyset(testKeyset())
    for (const [use, options, input, before, now] of MENDED) {
      const transform = transforms.find(({ name }) => name === use)!
      const { apply } = transform.compile(transform.options.parse(options), {
        path: 'f',
        key: (keyUse, domain) => keys.key(keyUse, domain),
        readText: () => '',
        readTable: () => [],
        usesList: () => {},
        usesPlatform: () => {},
      })
      const result = apply(input, { subject: 's', eventTime: 0, now: Date.UTC(2026, 5, 1) })
      expect([use, result instanceof Failure ? `!${result.code}` : result]).toEqual([use, now])
      expect(before).not.toBe(now)
    }
  })

  it.each(names)('%s is accepted and keeps its fingerprint, and its results', (name) => {
    const file = join(FOLDER, `${name}.yaml`)
    const { fingerprint, ...results } = golden.policies[name]!
    const compiled = compileGolden(file)
    expect(compiled.problems).toEqual([])
    // With the versions of 0.1.0 put in, everything else of the canonical form is as it was.
    const { fields, retention, time } = compiled.policy!
    const hasRange = time !== undefined && readsEpochs(time)
    expect(compileGolden(file, versions).plan!.fingerprint === fingerprint).toBe(!hasRange)
    const steps = retention?.steps ?? []
    const rules = [
      ...fields.flatMap((field) => field.rules),
      ...steps.flatMap((one) => [...one.fields.values()]),
    ]
    const uses = rules.some(isRaised) || hasRange
    expect(compiled.plan!.fingerprint === fingerprint, 'raised versions show in the fingerprint').toBe(!uses)
    expect(resultsOf(name, compiled)).toEqual(expectedOf(name, results))
  })

  it.each(['customer-events', 'hipaa-safe-harbor'])('%s in config/policies is the same', (name) => {
    const now = compileGolden(join('config/policies', `${name}.yaml`), versions)
    expect(now.problems).toEqual([])
    // Whoever changes the example raises its version.
    if (now.plan!.version === 1) expect(now.plan!.fingerprint).toBe(golden.policies[name]!.fingerprint)
  })
})

/** The results of 0.1.0, with those that changed. A change that is none is an error of this test. */
function expectedOf(name: string, results: Results): Results {
  const expected: Record<string, string[]> = {}
  for (const kind of ['ndjson', 'csv', 'messages'] as const) {
    const before = results[kind]
    if (before === undefined) continue
    const changed = CHANGED[name]?.[kind] ?? {}
    for (const [at, text] of Object.entries(changed)) expect(before[Number(at)]).not.toBe(text)
    expected[kind] = before.map((text, at) => changed[at] ?? text)
  }
  return expected
}
