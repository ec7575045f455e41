import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { z } from 'zod'
import type { PolicyRule } from '../../../src/policy/policy.ts'
import { transforms } from '../../../transforms/index.ts'
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

/** The same for some options of a transform only, which use a list that 0.1.0 did not have. */
const isRaised = ({ use, options }: PolicyRule): boolean =>
  use in RAISED || (use.startsWith('hash.') && options?.['normalize'] === 'nfkc')

/** Records of the fixtures whose results changed with that, by policy, kind of input and position: the result now. */
const CHANGED: Readonly<Record<string, Partial<Record<keyof Results, Readonly<Record<number, string>>>>>> = {}

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

  it.each(names)('%s is accepted and keeps its fingerprint, and its results', (name) => {
    const file = join(FOLDER, `${name}.yaml`)
    const { fingerprint, ...results } = golden.policies[name]!
    const compiled = compileGolden(file)
    expect(compiled.problems).toEqual([])
    // With the versions of 0.1.0 put in, everything else of the canonical form is as it was.
    expect(compileGolden(file, versions).plan!.fingerprint).toBe(fingerprint)
    const { fields, retention } = compiled.policy!
    const steps = retention?.steps ?? []
    const rules = [
      ...fields.flatMap((field) => field.rules),
      ...steps.flatMap((one) => [...one.fields.values()]),
    ]
    const uses = rules.some(isRaised)
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
