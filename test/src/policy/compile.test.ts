import { describe, expect, it } from 'vitest'
import { compilePolicy } from '../../../src/policy/compile.ts'
import type { KeySource } from '../../../src/policy/key-source.ts'
import type { Plan, PlanField } from '../../../src/policy/plan.ts'
import { Failure } from '../../../transforms/transform.ts'

const keys: KeySource = {
  primaryId: 'k2',
  keyset: {
    keys: [
      { id: 'k1', status: 'enabled' },
      { id: 'k2', status: 'enabled' },
    ],
  },
  key: (_use, _domain, id = 'k2') => ({ id, bytes: new Uint8Array(32).fill(id === 'k1' ? 1 : 2) }),
}

function planOf(text: string, withKeys = false): Plan {
  const { plan, problems } = compilePolicy(
    {
      file: 'p.yaml',
      text: `policy: p\nversion: 1\npurpose: train_ai_system\n${text}`,
      readFile: () => {
        throw new Error('no file')
      },
    },
    withKeys ? { keys } : {},
  )
  expect(problems).toEqual([])
  return plan!
}

function fieldOf(plan: Plan, path: string): PlanField {
  return [...plan.fields, ...plan.envelope].find((field) => field.path.text === path)!
}

const record = { subject: undefined, eventTime: undefined, now: Date.UTC(2026, 5, 1) }

describe('compilePolicy', () => {
  it('gives the plan of a simple policy', () => {
    const plan = planOf(
      'subject: customer.id\ntime: occurred_at\nfields:\n  customer.id: { use: hash.hmac, domain: customer }\n  "items[].sku": keep\n  customer.note: drop\n  $key: { use: hash.hmac, domain: customer }\ncolumns: { cust: customer.id }\n',
    )
    expect(plan.name).toBe('p')
    expect(plan.unlisted).toBe('drop')
    expect(plan.fields.map((f) => [f.index, f.path.text])).toEqual([
      [0, 'customer.id'],
      [1, 'items[].sku'],
      [2, 'customer.note'],
    ])
    expect(plan.envelope.map((f) => [f.index, f.path.text])).toEqual([[0, '$key']])
    expect(plan.rules.map((r) => [r.id, r.label, r.action.kind])).toEqual([
      [0, 'customer.id hash.hmac', 'transform'],
      [1, 'items[].sku keep', 'keep'],
      [2, 'customer.note drop', 'drop'],
      [3, '$key hash.hmac', 'transform'],
    ])
    expect(plan.subject?.text).toBe('customer.id')
    expect(plan.time?.read('2024-07-15T13:45:00Z', 0)).toBe(Date.UTC(2024, 6, 15, 13, 45))
    expect([...plan.columns]).toEqual([['cust', 'customer.id']])
    expect(plan.retention).toBeUndefined()
  })

  it('takes keys for keyed rules, the primary one unless a rule names another', () => {
    const text =
      'fields:\n  a: { use: hash.hmac, domain: d }\n  b: { from: a, use: hash.hmac, domain: d, key: k1 }\n'
    const plan = planOf(text, true)
    expect(plan.needsKeys).toBe(true)
    expect(plan.runnable).toBe(true)
    expect(plan.keyIds).toEqual(['k1', 'k2'])
    const results = plan.rules.map((rule) =>
      rule.action.kind === 'transform' ? rule.action.transform.apply('x', record) : '',
    )
    expect(results[0]).toMatch(/^k2\./)
    expect(results[1]).toMatch(/^k1\./)
  })

  it('refuses every value of a keyed rule that was compiled without keys', () => {
    const plan = planOf('fields:\n  a: { use: hash.hmac, domain: d }\n')
    expect(plan.runnable).toBe(false)
    expect(plan.keyIds).toEqual([])
    const { action } = plan.rules[0]!
    expect(action.kind === 'transform' && action.transform.apply('x', record)).toBeInstanceOf(Failure)
    expect(action.kind === 'transform' && action.transform.applyAll).toBeUndefined()
  })

  it('needs no keys where nothing is keyed', () => {
    expect(planOf('fields: { a: keep }\n')).toMatchObject({ needsKeys: false, runnable: true })
  })

  it('reads conditions as exact texts', () => {
    const plan = planOf(
      'fields:\n  a:\n    - { when: { b: [1.0, "x", True, null, 0x1F], c: y }, use: keep }\n    - drop\n',
    )
    const [rules] = fieldOf(plan, 'a').rulesByStep
    expect(rules!.map((r) => r.label)).toEqual(['a keep [1]', 'a drop [2]'])
    expect(rules![0]!.when.map((c) => [c.path.text, [...c.values], c.orNothing])).toEqual([
      ['b', ['1.0', 'x', 'true', '0x1F'], true],
      ['c', ['y'], false],
    ])
    expect(rules![1]!.when).toEqual([])
  })

  it('reads what follows on failure', () => {
    const prefix = 'use: generalize.prefix, keep: 1'
    const plan = planOf(
      `fields:\n  a: { ${prefix} }\n  b: { ${prefix}, else: dead-letter }\n  c: { ${prefix}, else: null }\n  d: { ${prefix}, else: "null" }\n  e: { ${prefix}, else: drop }\n  f: { ${prefix}, else: { constant: 0 } }\n`,
    )
    expect(plan.rules.map((r) => r.otherwise)).toEqual([
      { kind: 'dead-letter' },
      { kind: 'dead-letter' },
      { kind: 'null' },
      { kind: 'null' },
      { kind: 'drop' },
      { kind: 'constant', value: 0 },
    ])
  })

  it('takes roles from the policy, else from the category', () => {
    const plan = planOf(
      'fields:\n  a: { use: drop, category: user.contact.email.work }\n  b: { use: drop, category: user.contact.address.city }\n  c: { use: drop, category: user.contact.email, role: sensitive }\n  d: drop\n  e: { use: drop, category: user.health_and_medical.genetic }\n',
    )
    expect(plan.fields.map((f) => f.role)).toEqual([
      'direct-identifier',
      'quasi-identifier',
      'sensitive',
      'other',
      'sensitive',
    ])
  })

  it('keeps the object of a path where no other one feeds it', () => {
    const plan = planOf('fields:\n  a: { from: a, use: keep }\n  b: { from: a, use: keep }\n')
    expect(plan.fields[0]!.from).toBe(plan.fields[0]!.path)
    expect(plan.fields[1]!.from.text).toBe('a')
  })

  it('says what rules are in force after each step', () => {
    const plan = planOf(
      'time: at\nfields:\n  a: { use: generalize.prefix, keep: 3 }\n  b: keep\n  at: keep\nretention:\n  futureTolerance: 1h\n  steps:\n    - { after: 30d, fields: { a: { use: generalize.prefix, keep: 1 } } }\n    - { after: 60d, fields: { b: drop } }\n    - { after: 90d, then: suppress }\n',
    )
    const labels = (path: string) => fieldOf(plan, path).rulesByStep.map((rules) => rules.map((r) => r.label))
    expect(labels('a')).toEqual([
      ['a generalize.prefix'],
      ['a generalize.prefix after 30d'],
      ['a generalize.prefix after 30d'],
      ['a generalize.prefix after 30d'],
    ])
    expect(labels('b')).toEqual([['b keep'], ['b keep'], ['b drop after 60d'], ['b drop after 60d']])
    expect(plan.rules.map((r) => r.id)).toEqual([0, 1, 2, 3, 4])
    const day = 86_400_000
    expect([0, 29, 30, 60, 90].map((days) => plan.retention!.judge(0, days * day))).toEqual([
      0,
      0,
      1,
      2,
      'suppress',
    ])
    expect(plan.retention!.toleranceMs).toBe(3_600_000)
  })

  it('takes a coarser rule after keep, and anything with a reason', () => {
    planOf(
      'time: at\nfields: { a: keep, at: keep }\nretention: { steps: [{ after: 1d, fields: { a: { use: generalize.prefix, keep: 1 } } }, { after: 2d, fields: { a: { use: generalize.zip3, accept: "prefixes of US codes only" } } }] }\n',
    )
  })

  it('carries accepted weaknesses into the plan', () => {
    const plan = planOf(
      'fields:\n  a: { use: keep.subtree, accept: "  agreed with the producer " }\n  b: { use: hash.sha256, accept: "the receiver demands it" }\n',
    )
    expect(plan.rules.map((r) => r.accepted)).toEqual(['agreed with the producer', 'the receiver demands it'])
  })

  it('takes a map with a rule for its names, and paths that share containers', () => {
    planOf(
      'subject: a.s\nfields:\n  a.b: keep\n  a.c: { from: a.b, use: keep }\n  x.*: keep\n  x.$names: { use: generalize.prefix, keep: 1, else: drop }\n  "x2.*[].y": keep\n  x2.$names: { use: keep, accept: the names are our own }\n  "i[].p": [{ when: { "i[].q": [r], a.b: [s] }, use: keep }, drop]\n  d: drop\n  e: { from: d, use: keep }\n',
    )
  })

  it('still gives the parsed policy where there are problems', () => {
    const { plan, policy } = compilePolicy({
      file: 'p.yaml',
      text: 'policy: p\nversion: 1\npurpose: collect\nfields: { a: undecided, b: keep }\n',
      readFile: () => new Uint8Array(),
    })
    expect(plan).toBeUndefined()
    expect(policy?.fields.map((f) => f.rules[0]!.use)).toEqual(['undecided', 'keep'])
  })
})
