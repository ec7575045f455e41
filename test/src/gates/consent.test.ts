/** `consent:`: whose records leave, over JSON, CSV and messages, and that a denied record is no dead letter. */
import { createRequire } from 'node:module'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compilePolicy } from '../../../src/policy/compile.ts'
import type { Plan } from '../../../src/policy/plan.ts'
import { padded } from '../../../src/record/codec.ts'
import { resolveColumns } from '../../../src/record/csv/csv-columns.ts'
import { ChunkRewriter } from '../../../src/run/chunk-work.ts'
import { createDeidentifier } from '../../../src/run/deidentifier.ts'
import { runShape } from '../../../src/run/engines.ts'
import { createMessageDeidentifier } from '../../../src/run/message-deidentifier.ts'
import { flatOf } from '../engine/flat-outcome.ts'

const NOW = Date.UTC(2026, 0, 1)

function sourceOf(consent: string, more = '', fields = '  v: keep\n') {
  const text = `policy: p\nversion: 1\npurpose: train_ai_system\nfields:\n${fields}consent:\n${consent}\n${more}`
  const readFile = () => {
    throw new Error('no file')
  }
  return { file: 'p.yaml', text, readFile }
}

function planOf(...given: Parameters<typeof sourceOf>): Plan {
  const { plan, problems } = compilePolicy(sourceOf(...given))
  expect(problems).toEqual([])
  return plan!
}

/** What becomes of each record: the text that leaves, a reason, or a code. */
function outcomes(plan: Plan, records: readonly unknown[], kernels = true): string[] {
  const lines = records.map((one) => (typeof one === 'string' ? one : JSON.stringify(one)))
  const alone = createDeidentifier(plan, { format: 'json', now: NOW })
  const found = lines.map((line) => {
    const outcome = alone.deidentify(Buffer.from(line))
    return outcome.kind === 'publish'
      ? Buffer.from(outcome.value).toString()
      : outcome.kind === 'suppress'
        ? outcome.reason
        : (outcome as { code: string }).code
  })
  // In a chunk, where kernels take the common ones, the account is the same.
  const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''))
  const rewriter = new ChunkRewriter(plan, { now: NOW, kernels }, undefined)
  const { output, account } = rewriter.rewrite({
    layoutId: 0,
    layout: { format: 'ndjson' },
    bytes: padded(bytes) as Uint8Array<ArrayBuffer>,
    length: bytes.length,
    offset: 0,
  })
  expect(Buffer.from(output).toString()).toBe(
    found
      .filter((one) => one.startsWith('{'))
      .map((one) => `${one}\n`)
      .join(''),
  )
  expect(account.suppressed).toEqual(alone.account.suppressed)
  expect(account.deadLettered).toEqual(alone.account.deadLettered)
  return found
}

const passes = '{"v":1}'
const denied = (path: string) => `consent denied by ${path}`
const unknown = (path: string) => `consent unknown from ${path}`

describe.each([true, false])('consent in the event, with kernels: %s', (kernels) => {
  it('is a category and true or false, as Segment and RudderStack send it', () => {
    const path = 'context.consent.categoryPreferences.Training'
    const plan = planOf(`  from: ${path}\n  when: { is: true }`)
    const of = (categoryPreferences: unknown) => ({ v: 1, context: { consent: { categoryPreferences } } })
    expect(
      outcomes(
        plan,
        [
          of({ Advertising: false, Training: true }),
          of({ Training: false }),
          of({ Training: 'true' }),
          of({ Training: 'True' }),
          of({ Training: null }),
          of({ Training: '' }),
          of({ Training: 1 }),
          of({ training: true }),
          of({ Training: [true] }),
          of([{ Training: true }]),
          of('Training'),
          { v: 1, context: 'x' },
          { v: 1 },
          '{"v":1,"context":{"consent":{"categoryPreferences":{"Tr\\u0061ining":true}}}}',
        ],
        kernels,
      ),
    ).toEqual([
      passes,
      denied(path),
      passes,
      denied(path),
      unknown(path),
      unknown(path),
      denied(path),
      unknown(path),
      unknown(path),
      unknown(path),
      unknown(path),
      unknown(path),
      unknown(path),
      passes,
    ])
  })

  it('is a list of categories, agreed to or refused, as elements or as one text', () => {
    const plan = planOf(
      '  - { from: "tags.allowed[]", when: { lists: [C2, C4] } }\n  - { from: tags.refused, split: ",", when: { lacks: C4 }, default: allow, accept: left out where nothing was refused }',
    )
    const of = (allowed: unknown, refused?: unknown) => ({ v: 1, tags: { allowed, refused } })
    expect(
      outcomes(
        plan,
        [
          of(['C2', 'C4', 'C9']),
          of(['C2']),
          of([]),
          of(null),
          of('C2,C4'),
          of(['C2', 'C4'], 'C1, C4'),
          of(['C2', 'C4'], 'C1,C44'),
          of(['C2', 'C4'], ''),
          of([['C2', 'C4']]),
          of(['C2', null, 'C4']),
        ],
        kernels,
      ),
    ).toEqual([
      passes,
      denied('tags.allowed[]'),
      unknown('tags.allowed[]'),
      unknown('tags.allowed[]'),
      unknown('tags.allowed[]'),
      denied('tags.refused'),
      passes,
      passes,
      unknown('tags.allowed[]'),
      passes,
    ])
  })

  it('takes silence for consent only where the policy accepts it', () => {
    const plan = planOf(
      '  { from: gpc, when: { is: [false, "0"] }, default: allow, accept: browsers without the signal send nothing }',
    )
    expect(
      outcomes(
        plan,
        [{ v: 1 }, { v: 1, gpc: false }, { v: 1, gpc: 0 }, { v: 1, gpc: true }, { v: 1, gpc: 'no' }],
        kernels,
      ),
    ).toEqual([passes, passes, passes, denied('gpc'), denied('gpc')])
    // What stands there and is no value is no silence: the record is not as the policy says.
    expect(outcomes(plan, [{ v: 1, gpc: { is: false } }], kernels)).toEqual(['container-for-scalar'])
  })

  it('stands above whatever else is wrong with a record that can be read', () => {
    const plan = planOf(
      '  { from: c, when: { is: true } }',
      'required: [v]\ntime: t\nretention: { steps: [{ after: 1d, then: suppress }] }\nunlisted: reject',
      '  v: { use: generalize.date, to: year }\n  t: drop\n',
    )
    const t = '2025-12-31T12:00:00Z'
    expect(
      outcomes(
        plan,
        [
          { c: true, t, v: '2020-01-01' },
          // Required, event time, retention, a rule, an unlisted member, an object for a scalar.
          { c: false, t },
          { c: false, v: '2020-01-01' },
          { c: false, v: '2020-01-01', t: 'never' },
          { c: false, v: '2020-01-01', t: '2025-01-01T00:00:00Z' },
          { c: false, v: 'no date', t },
          { c: false, v: '2020-01-01', t, x: 1 },
          { v: { a: 1 }, t },
          // Those that agreed are dead letters.
          { c: true, t },
          { c: true, v: 'no date', t },
          { c: true, v: '2020-01-01', t, x: 1 },
          { c: true, v: { a: 1 }, t },
        ],
        kernels,
      ),
    ).toEqual([
      '{"v":"2020"}',
      ...Array(6).fill(denied('c')),
      unknown('c'),
      'required-missing',
      'unparsable',
      'unlisted-field',
      'container-for-scalar',
    ])
  })

  it('is read as far as a broken record can be: one that says no is no dead letter', () => {
    const plan = planOf('  { from: c, when: { is: true } }')
    expect(
      outcomes(
        plan,
        [
          '{"c":false,"v":',
          '{"v":1,"c":"no"}}',
          '{"c":true,"v":',
          '{"v":',
          '[]',
          '7',
          '{"c":true,"c":false}',
        ],
        kernels,
      ),
    ).toEqual([
      denied('c'),
      denied('c'),
      'json-truncated',
      'json-truncated',
      'array-length',
      'not-an-object',
      'json-duplicate-name',
    ])
  })
})

describe('consent strings', () => {
  const require = createRequire(import.meta.url)
  const TCF =
    'COvFyGBOvFyGBAbAAAENAPCAAOAAAAAAAAAAAEEUACCKAAA.IFoEUQQgAIQwgIwQABAEAAAAOIAACAIAAAAQAIAgEAACEAAAAAgAQBAAAAAAAGBAAgAAAAAAAFAAECAAAgAAQARAEQAAAAAJAAIAAgAAAYQEAAAQmAgBC3ZAYzUw'

  it('are read as TCF: purposes and a vendor', () => {
    // The string of the package's own page: purposes 1 to 3, vendors 2, 6 and 8.
    const found = (when: string) =>
      outcomes(planOf(`  { from: tcf, when: { tcf: ${when} } }`), [
        { v: 1, tcf: TCF },
        { v: 1, tcf: TCF.slice(0, 9) },
        { v: 1, tcf: 'BOEFEAyOEFEAyAHABDENAI4AAAB9vABAASA' },
        { v: 1, tcf: `${TCF}${'A'.repeat(20_000)}` },
        { v: 1, tcf: ' ' },
      ])
    const broken = Array(4).fill(unknown('tcf'))
    expect(found('{ purposes: [1, 3] }')).toEqual([passes, ...broken])
    expect(found('{ purposes: [1, 3], vendor: 6 }')).toEqual([passes, ...broken])
    expect(found('{ purposes: [1, 4] }')).toEqual([denied('tcf'), ...broken])
    expect(found('{ purposes: [1], vendor: 7 }')).toEqual([denied('tcf'), ...broken])
  })

  it('are read as GPP: fields of a section', () => {
    const { GppModel } = require('@iabgpp/cmpapi')
    const gpp = (fields: Record<string, unknown>, section = 'usnat'): string => {
      const model = new GppModel()
      for (const [name, value] of Object.entries(fields)) model.setFieldValue(section, name, value)
      return model.encode()
    }
    const plan = planOf(
      '  { from: gpp, when: { gpp: { section: usnat, fields: { SaleOptOut: 2, Gpc: false, KnownChildSensitiveDataConsents: [0, 2] } } } }',
    )
    const found = outcomes(plan, [
      { v: 1, gpp: gpp({ SaleOptOut: 2 }) },
      { v: 1, gpp: gpp({ SaleOptOut: 1 }) },
      { v: 1, gpp: gpp({ SaleOptOut: 2, Gpc: true }) },
      { v: 1, gpp: gpp({ SaleOptOut: 2, KnownChildSensitiveDataConsents: [0, 1, 0] }) },
      { v: 1, gpp: gpp({ SaleOptOut: 2 }, 'usca') },
      { v: 1, gpp: 'DBABLA~' },
      { v: 1, gpp: 'none' },
    ])
    expect(found).toEqual([passes, ...Array(3).fill(denied('gpp')), ...Array(3).fill(unknown('gpp'))])
  })
})

it('is a column of CSV, and one that is missing is refused unless it may be', () => {
  const run = (plan: Plan, header: string[], row: string) => {
    const bytes = Buffer.from(`${row}\n`)
    const style = { delimiter: ',', lineBreak: '\n', escapeFormulas: false } as const
    const { output, account } = new ChunkRewriter(plan, { now: NOW }, undefined).rewrite({
      layoutId: 0,
      layout: { format: 'csv', header, style, input: 'in.csv' },
      bytes: padded(bytes) as Uint8Array<ArrayBuffer>,
      length: bytes.length,
      offset: 0,
    })
    return output.length > 0
      ? Buffer.from(output).toString()
      : { ...account.suppressed, ...account.deadLettered }
  }
  const consent = '  { from: c, when: { is: "yes" } }'
  const strict = planOf(consent)
  expect(run(strict, ['v', 'c'], 'a,yes')).toBe('a\n')
  expect(run(strict, ['v', 'c'], 'a,"no"')).toEqual({ [denied('c')]: 1 })
  expect(run(strict, ['v', 'c'], 'a,')).toEqual({ [unknown('c')]: 1 })
  expect(run(strict, ['v', 'c'], 'a')).toEqual({ 'csv-ragged': 1 })
  expect(resolveColumns(strict, runShape(strict), ['v'], 'in.csv').missing).toEqual(['c'])
  expect(run(planOf(consent, 'optional: [c]'), ['v'], 'a')).toEqual({ [unknown('c')]: 1 })
})

it('hides what a compacted topic holds of a subject who agrees no more, and is no dead letter for its key', () => {
  const source = sourceOf(
    '  { from: c, when: { is: true } }',
    '',
    '  v: keep\n  $key: { use: generalize.date, to: year }\n',
  )
  const deidentifier = createMessageDeidentifier(source, compilePolicy(source), { now: NOW, compacted: true })
  const message = (key: string, value: unknown) => ({
    key: Buffer.from(key),
    value: Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)),
    headers: [],
    timestamp: 0,
  })
  const found = deidentifier
    .deidentify([
      message('2020-01-01', { v: 1, c: true }),
      message('2020-01-01', { v: 1, c: false }),
      message('no date', { v: 1, c: false }),
      message('no date', { v: 1, c: true }),
      message('2020-01-01', '{\n"v":{},"c":false}'),
    ])
    .map(flatOf)
  expect(found.map(({ kind, code, reason }) => code ?? reason ?? kind)).toEqual([
    'publish',
    denied('c'),
    denied('c'),
    'unparsable',
    denied('c'),
  ])
  expect(found.map(({ tombstones }) => tombstones.map((key) => Buffer.from(key).toString()))).toEqual([
    [],
    ['2020'],
    [],
    [],
    ['2020'],
  ])
})

it('lets a record pass exactly where every entry allows, whatever the others hold', () => {
  const plan = planOf(
    '  - { from: a, when: { is: [yes, true] } }\n  - { from: "b[]", when: { lists: x } }\n  - { from: c.d, when: { is: ok }, default: allow, accept: it is only a test }',
  )
  const scalar = fc.constantFrom('yes', 'no', true, false, null, '', 'ok', 'x', 0, undefined)
  const record = fc.record({
    v: fc.constantFrom(1, 'text', null, { w: 1 }),
    a: scalar,
    b: fc.oneof(
      scalar,
      fc.array(
        scalar.map((one) => one ?? null),
        { maxLength: 3 },
      ),
    ),
    c: fc.oneof(scalar, fc.record({ d: fc.oneof(scalar, fc.constant([1])) })),
  })
  const nothing = (value: unknown): boolean => value === null || value === undefined || value === ''
  fc.assert(
    fc.property(record, (one) => {
      const outcome = outcomes(plan, [one])[0]!
      const { a, b, c } = one
      const d = typeof c === 'object' && c !== null ? (c as { d?: unknown }).d : undefined
      const allows =
        (a === 'yes' || a === true) &&
        Array.isArray(b) &&
        b.includes('x') &&
        (nothing(d) || d === 'ok' || Array.isArray(d))
      const isWhole =
        (typeof one.v !== 'object' || one.v === null) &&
        !Array.isArray(d) &&
        (typeof c === 'object' || c === undefined)
      if (!allows) expect(outcome).toMatch(/^consent /)
      else expect(outcome.startsWith('{')).toBe(isWhole)
    }),
  )
})
