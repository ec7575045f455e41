/** Which transforms have a twin in `transforms/fast/`, and that every rule of a policy runs with it. */
import { describe, expect, it } from 'vitest'
import { compilePolicy } from '../../src/policy/compile.ts'
import { placeholderKeys } from '../../src/policy/key-source.ts'
import { policyFileOf } from '../../src/policy/policy-file.ts'
import { hierarchy as hierarchyTwin } from '../../transforms/fast/generalize/hierarchy.ts'
import { twins } from '../../transforms/fast/index.ts'
import { withTwin } from '../../transforms/fast/twin.ts'
import { hierarchy } from '../../transforms/generalize/hierarchy.ts'
import { transforms } from '../../transforms/index.ts'
import type { CompileContext, CompiledTransform, WriteBatch } from '../../transforms/transform.ts'

/** By name: options of a rule, and what its twin brings. */
const EXPECTED: Readonly<Record<string, readonly [options: object, parts: readonly string[]]>> = {
  'generalize.category': [{ allow: ['US'] }, ['writeBytes']],
  'generalize.date': [{ to: 'month' }, ['writeBytes']],
  'generalize.geo': [{ axis: 'both' }, ['writeBytes']],
  'generalize.hierarchy': [{ file: 'cities.csv', level: 1 }, ['writeBytes']],
  'generalize.ip': [{}, ['writeBytes']],
  'generalize.number': [{ width: 10 }, ['writeBytes']],
  'generalize.prefix': [{ keep: 3 }, ['writeBytes']],
  'generalize.url': [{}, ['writeBytes']],
  'generalize.zip3': [{}, ['writeBytes']],
  'hash.email': [{ domain: 'd' }, ['applyAll', 'writeAllBytes']],
  'hash.hmac': [{ domain: 'd' }, ['applyAll', 'writeAllBytes']],
  'hash.integer': [{ domain: 'd', max: 1_000_000 }, ['applyAll']],
  'hash.sha256': [{}, ['applyAll', 'writeAllBytes']],
  'hash.uuid': [{ domain: 'd' }, ['applyAll', 'writeAllBytes']],
  'mask.card': [{}, ['writeBytes']],
  'mask.characters': [{ keepLast: 4 }, ['writeBytes']],
  'mask.email': [{}, ['writeBytes']],
  'mask.replace': [{ with: 'x' }, ['writeBytes']],
}

/** Options for which there is no twin. */
const NONE: readonly (readonly [name: string, options: object])[] = [
  ['generalize.category', { allow: ['é'.repeat(200)] }],
  ['generalize.date', { to: 'week' }],
  ['generalize.date', { to: 'day', format: 'epoch-seconds' }],
  ['generalize.geo', { axis: 'latitude', cell: '0.000001' }],
  ['generalize.number', { width: '10000000000' }],
  ['generalize.number', { width: 10, decimal: ',' }],
  ['generalize.number', { edges: [1, '10000000000'] }],
  ['generalize.url', { keepParams: ['ref'] }],
  ['mask.card', { with: `a${'\u0301'.repeat(15)}` }],
  ['mask.email', { domains: ['example.com'] }],
  ['mask.replace', { with: 'x'.repeat(321) }],
]

const PARTS = ['applyAll', 'writeAllBytes', 'writeBytes'] as const
const partsOf = (compiled: WriteBatch): readonly string[] =>
  PARTS.filter((part) => compiled[part] !== undefined)

let tables: readonly (readonly (readonly string[])[])[] = []
const context: CompileContext = {
  path: 'example',
  key: (use, domain) => placeholderKeys.key(use, domain, undefined),
  readText: () => '',
  readTable: () => {
    const [table, ...others] = tables
    tables = others
    return table!
  },
  usesList: () => {},
  usesPlatform: () => {},
}
const compile = (name: string, options: object): CompiledTransform => {
  const transform = transforms.find((one) => one.name === name)!
  return transform.compile(transform.options.parse(options), context)
}

describe('twins', () => {
  it('are those of these transforms, in alphabetical order', () => {
    expect(Object.keys(twins)).toEqual(Object.keys(EXPECTED))
    const registered = transforms.map(({ name }) => name)
    expect(Object.keys(twins).filter((name) => !registered.includes(name))).toEqual([])
  })

  it('bring the register what they brought', () => {
    for (const [name, [options, parts]] of Object.entries(EXPECTED)) {
      tables = [[['Berlin', 'Germany', '*']]]
      expect([name, partsOf(compile(name, options))]).toEqual([name, parts])
    }
    for (const { name } of transforms.filter((one) => !(one.name in EXPECTED)))
      expect(twins[name]).toBeUndefined()
  })

  it.each(NONE)('%s %j has none', (name, options) => {
    expect(partsOf(compile(name, options))).toEqual([])
  })

  it('are in every rule of a policy', () => {
    const names = Object.keys(EXPECTED).filter((name) => !name.startsWith('hash.'))
    const fields = names.map((name, at) => {
      const options = JSON.stringify(EXPECTED[name]![0]).slice(1, -1)
      return `  f${at}: { use: ${name}${options === '' ? '' : `, ${options}`} }\n`
    })
    const source = {
      ...policyFileOf(
        'policy.yaml',
        `policy: test\nversion: 1\npurpose: train_ai_system\nfields:\n${fields.join('')}`,
      ),
      readFile: () => Buffer.from('Berlin;Germany;*\n'),
    }
    const { plan, problems } = compilePolicy(source)
    expect(problems).toEqual([])
    expect(
      plan!.rules.map(
        ({ action }) => action.kind === 'transform' && [action.name, partsOf(action.transform)],
      ),
    ).toEqual(names.map((name) => [name, EXPECTED[name]![1]]))
  })

  it('see the table that the definition saw, though its file was replaced meanwhile', () => {
    tables = [[['Berlin', 'Germany', '*']], [['Berlin', 'Prussia', '*']]]
    const { apply, writeBytes } = withTwin(hierarchy, hierarchyTwin).compile(
      hierarchy.options.parse({ file: 'cities.csv', level: 1 }),
      context,
    )
    const out = Buffer.alloc(400)
    const end = writeBytes!(Buffer.from('Berlin'), 0, 6, out, 0)
    expect(out.toString('utf8', 0, end)).toBe('Germany')
    expect(apply('Berlin', { subject: undefined, eventTime: undefined, now: Date.UTC(2026, 5, 1) })).toBe(
      'Germany',
    )
  })
})
