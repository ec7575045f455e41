/** A policy with patterns does to a record what the same policy does that names the paths of this record. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { Keyring } from '../../../src/keys/keyring.ts'
import { testKeyset } from '../../../src/keys/test-keyset.ts'
import { compilePolicy } from '../../../src/policy/compile.ts'
import { parsePath } from '../../../src/policy/path.ts'
import type { Plan } from '../../../src/policy/plan.ts'
import { policyFileOf } from '../../../src/policy/policy-file.ts'
import { padded } from '../../../src/record/codec.ts'
import { csvEngine, jsonEngine } from '../../../src/run/engines.ts'
import { createMessageDeidentifier } from '../../../src/run/message-deidentifier.ts'

const keys = Keyring.fromKeyset(testKeyset())
const NOW = Date.UTC(2026, 0, 2)

const PATTERNS = [
  'x_*',
  '*_email',
  'x_*_email',
  'x_*.email',
  '**.email',
  '**.x_*',
  'a.**.b',
  'a.x_*',
  '**.tags[]',
  'list[].x_*',
  'e*',
  '"é "*',
  '**.list[].*b',
  'ab*[]',
  '**."x@y"',
]
const EXACT = ['email', 'a.email', 'x_1', 'list[].email', 'tags[]', 'a.b.email', 'ab']
const NAMES = [
  'a',
  'b',
  'ab',
  'x_1',
  'x_a_email',
  'email',
  'tags',
  'list',
  'é 1',
  'x@y',
  '1',
  'x_"',
  'eé\n',
  '_b',
]

const RULES = {
  hash: { use: 'hash.hmac', domain: 'd' },
  mask: { use: 'mask.characters', keepLast: 1 },
  noise: { use: 'noise.number', span: 3, domain: 'n', else: 'null' },
  drop: { use: 'drop' },
  none: { use: 'mask.null' },
  keep: { use: 'keep' },
} as const
type RuleName = keyof typeof RULES
type Fields = Readonly<Record<string, RuleName>>

const HEAD = { policy: 'p', version: 1, purpose: 'train_ai_system', subject: 'who' }

/** Whatever is weak about a rule is accepted. Undefined where the policy has other problems. */
function compiled(fields: Fields) {
  const rules: Record<string, object> = { who: { use: 'hash.hmac', domain: 'w' } }
  for (const [path, rule] of Object.entries(fields)) rules[path] = { ...RULES[rule] }
  for (let tries = 0; tries < 2; tries++) {
    const source = policyFileOf('p.yaml', stringify({ ...HEAD, fields: rules }))
    const result = compilePolicy(source, { keys })
    if (result.plan !== undefined) return { plan: result.plan, source, result }
    const lines = source.text.split('\n')
    for (const { line } of result.problems) {
      // Each field begins a line of its own, two spaces in, in the order of the object.
      const field =
        lines.slice(lines.indexOf('fields:') + 1, line).filter((one) => /^ {2}\S/.test(one)).length - 1
      const path = Object.keys(rules)[field]
      if (path !== undefined) rules[path] = { ...rules[path], accept: 'made up for this test' }
    }
  }
  return undefined
}

// The reference: each way of matching by a regular expression, over all paths of a record.

interface Ruled {
  readonly path: string
  readonly rule: RuleName
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
const steps = (path: string) => parsePath(path).segments
/** Names between NULs, elements as an empty one. */
const keyOf = (path: readonly (string | null)[]): string => path.map((name) => `\0${name ?? ''}`).join('')

function expressionOf(pattern: string): RegExp {
  const parts = steps(pattern).map((step) => {
    if (step.kind === 'name') return `\\0${escaped(step.name)}`
    if (step.kind === 'like') return `\\0${step.pieces.map(escaped).join('[^@"\\\\\\p{Cc}]{0,64}')}`
    if (step.kind === 'any') return '(?:\\0(?:[\\p{L}_][\\p{L}\\p{M}\\p{N}_ -]{0,63})?)*'
    return '\\0'
  })
  return new RegExp(`^${parts.join('')}$`, 'u')
}

function rank(pattern: string): number[] {
  const text = (step: ReturnType<typeof steps>[number] | undefined) =>
    step?.kind === 'name' ? step.name : step?.kind === 'like' ? step.pieces.join('') : ''
  const stars = (step: ReturnType<typeof steps>[number] | undefined) =>
    step?.kind === 'like' ? step.pieces.length - 1 : 0
  const all = steps(pattern)
  const last = all.filter(({ kind }) => kind !== 'element').at(-1)
  return [
    text(last).length,
    -stars(last),
    all.map(text).join('').length,
    all.some(({ kind }) => kind === 'any') ? 0 : 1,
    -all.reduce((sum, step) => sum + stars(step), 0),
  ]
}

const isAbove = (a: number[], b: number[]): number => a.map((n, i) => n - b[i]!).find((n) => n !== 0) ?? 0

/** What the pattern policy says at a path that no exact path names: a rule, a tie, or nothing. */
function atPath(fields: Fields, path: readonly (string | null)[]): Ruled | 'tie' | undefined {
  const fitting = Object.keys(fields)
    .filter((one) => parsePath(one).isPattern && expressionOf(one).test(keyOf(path)))
    .sort((a, b) => isAbove(rank(b), rank(a)))
  const [first, ...others] = fitting
  if (first === undefined) return undefined
  const equal = others.filter((one) => isAbove(rank(one), rank(first)) === 0)
  if ([first, ...equal].some((one) => fields[one] !== 'drop') && equal.length > 0) return 'tie'
  return { path: printed(path), rule: fields[first]! }
}

const printed = (path: readonly (string | null)[]): string =>
  path
    .map((name, i) =>
      name === null
        ? '[]'
        : `${i === 0 ? '' : '.'}${/^[a-zé_]\w*$/.test(name) ? name : JSON.stringify(name)}`,
    )
    .join('')

/** The exact policy for a record; undefined where two patterns tie. */
function writtenOut(fields: Fields, record: unknown): Fields | undefined {
  const exact = new Map(
    Object.entries(fields)
      .filter(([path]) => !parsePath(path).isPattern)
      .map(([path, rule]) => [
        keyOf(steps(path).map((step) => (step.kind === 'name' ? step.name : null))),
        rule,
      ]),
  )
  const out: Record<string, RuleName> = {}
  for (const [path, rule] of Object.entries(fields)) if (!parsePath(path).isPattern) out[path] = rule
  let tied = false
  const visit = (value: unknown, path: readonly (string | null)[]): void => {
    const key = keyOf(path)
    if (path.length > 0 && (exact.has(key) || path[0] === 'who')) return
    const leads = [...exact.keys()].some((one) => one.startsWith(`${key}\0`))
    const ruled = leads || path.length === 0 ? undefined : atPath(fields, path)
    if (ruled === 'tie') tied = true
    else if (ruled !== undefined) out[ruled.path] = ruled.rule
    if (ruled !== undefined) return
    if (Array.isArray(value)) {
      const inner = atPath(fields, [...path, null])
      if (value.length === 0 && inner !== undefined) visit('', [...path, null])
      for (const item of value) visit(item, [...path, null])
    } else if (typeof value === 'object' && value !== null)
      for (const [name, member] of Object.entries(value)) visit(member, [...path, name])
  }
  visit(record, [])
  return tied ? undefined : out
}

const scalar = fc.oneof(
  fc.constantFrom('v', 'Nora', '12', 'a"b\\', '', 'é'),
  fc.nat(99),
  fc.constantFrom(true, null),
)
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, weight: 4, arbitrary: scalar } as never,
    { weight: 3, arbitrary: tie('object') },
    // The elements of one array are alike: where they differ, a path of one would rule the others.
    {
      weight: 2,
      arbitrary: fc
        .tuple(tie('value'), fc.nat(2))
        .map(([one, times]) => Array.from({ length: times }, () => one)),
    },
  ),
  object: fc.dictionary(fc.constantFrom(...NAMES), tie('value'), { maxKeys: 5 }),
})) as unknown as { value: fc.Arbitrary<unknown> }
const record = fc
  .dictionary(fc.constantFrom(...NAMES), value, { maxKeys: 7 })
  .map((one) => ({ ...one, who: 'w' }))
const fields = fc
  .tuple(
    fc.subarray(PATTERNS, { minLength: 1, maxLength: 4 }),
    fc.subarray(EXACT, { maxLength: 2 }),
    fc.array(fc.constantFrom<RuleName>('hash', 'mask', 'noise', 'drop', 'none', 'keep'), {
      minLength: 6,
      maxLength: 6,
    }),
  )
  .map(
    ([patterns, exact, rules]): Fields =>
      Object.fromEntries([...patterns, ...exact].map((path, i) => [path, rules[i]!])),
  )

/** JSON text in which some names have escapes. */
const textOf = (one: unknown, escaped: boolean): string => {
  const text = JSON.stringify(one)
  return escaped
    ? text.replace(
        /"([a-zé])([^"\\]*)":/g,
        (_, first: string, rest: string) => `"\\u00${first.charCodeAt(0).toString(16)}${rest}":`,
      )
    : text
}

function json(plan: Plan, text: string, kernels: boolean): string {
  const bytes = Buffer.from(`${text}\n`)
  const engine = jsonEngine(plan, { now: NOW, kernels })
  const { output, deadLetters } = engine.rewrite(padded(bytes), bytes.length)
  const { unlisted } = engine.takeAccount()
  return `${unlisted} ${deadLetters[0] === undefined ? Buffer.from(output).toString() : 'dead letter'}`
}

describe('patterns in JSON', () => {
  it('do what the paths do that they match', () => {
    let compared = 0
    fc.assert(
      fc.property(fields, record, fc.boolean(), (policy, one, escaped) => {
        const own = compiled(policy)
        if (own === undefined) return
        const text = textOf(one, escaped)
        const exact = writtenOut(policy, one)
        const given = json(own.plan, text, true)
        expect(json(own.plan, text, false)).toBe(given)
        if (exact === undefined) {
          expect(given).toContain('dead letter')
          return
        }
        const other = compiled(exact)
        if (other === undefined) return
        compared++
        for (const kernels of [true, false]) {
          const expected = json(other.plan, text, kernels)
          if (expected.endsWith('dead letter')) expect(given).toContain('dead letter')
          else expect(given).toBe(expected)
        }
        const messages = createMessageDeidentifier(own.source, own.result, { keys, now: NOW })
        const [outcome] = messages.deidentify([
          {
            topic: 't',
            partition: 0,
            offset: 0n,
            key: null,
            value: Buffer.from(text),
            headers: [],
            timestamp: NOW,
          } as never,
        ])
        expect(outcome!.kind).toBe(given.endsWith('dead letter') ? 'dead-letter' : 'publish')
        if (outcome!.kind === 'publish') expect(given).toContain(Buffer.from(outcome!.value!).toString())
      }),
      { numRuns: 75 },
    )
    expect(compared).toBeGreaterThan(20)
  })
})

const CSV_NAMES = [
  'a',
  'ab',
  'x_1',
  'x_a_email',
  'email',
  'a.email',
  'a.b.email',
  'a.x_9',
  'é 1',
  'x@y',
  'custom.size',
  'x_b',
]

function csv(plan: Plan, header: readonly string[], rows: string, kernels: boolean): string {
  const style = { delimiter: ',', lineBreak: '\n', escapeFormulas: false } as const
  const bytes = Buffer.from(rows)
  const engine = csvEngine(plan, header, 'in.csv', style, { now: NOW, kernels })
  const { output, deadLetters } = engine.rewrite(padded(bytes), bytes.length)
  const { unlisted } = engine.takeAccount()
  return `${unlisted} ${deadLetters.length} ${Buffer.from(output).toString()}`
}

/** The names as exact paths: each a path where it is one, and else one name. */
const pathsOf = (header: readonly string[]): string[][] =>
  header.map((name) => (/^[\w.é@]+$/.test(name) ? name.split('.') : [name]))

describe('patterns in CSV', () => {
  it('do what the columns do that they match', () => {
    let compared = 0
    const cell = fc.constantFrom('', '1', 'Nora', '"a,b"', 'é')
    const table = fc
      .uniqueArray(fc.constantFrom(...CSV_NAMES), { minLength: 1 })
      .chain((names) =>
        fc.tuple(
          fc.constant(['who', ...names]),
          fc.array(fc.tuple(...['who', ...names].map(() => cell)), { minLength: 1, maxLength: 5 }),
        ),
      )
    fc.assert(
      fc.property(fields, table, (policy, [header, rows]) => {
        const own = compiled(policy)
        if (own === undefined) return
        const named = new Map(pathsOf(header).map((path) => [printed(path), path]))
        const exact: Record<string, RuleName> = {}
        let tied = false
        for (const [path, rule] of Object.entries(policy))
          if (!parsePath(path).isPattern && named.has(path)) exact[path] = rule
        for (const [text, path] of named) {
          if (text === 'who' || exact[text] !== undefined) continue
          const whole = path.length > 1 ? atPath(policy, [path.join('.')]) : undefined
          const ruled = atPath(policy, path) ?? whole
          if (ruled === 'tie' || (whole !== undefined && ruled !== whole)) tied = true
          else if (ruled !== undefined) exact[text] = ruled.rule
        }
        const text = rows.map((row) => `${row.join(',')}\n`).join('')
        if (tied) {
          expect(() => csv(own.plan, header, text, true)).toThrow(/fits/)
          return
        }
        const other = compiled(exact)
        if (other === undefined) return
        compared++
        const expected = csv(other.plan, header, text, true)
        for (const kernels of [true, false]) expect(csv(own.plan, header, text, kernels)).toBe(expected)
      }),
      { numRuns: 75 },
    )
    expect(compared).toBeGreaterThan(20)
  })
})
