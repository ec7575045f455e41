/** `read:` of a field: trimmed values are what the same policy makes of trimmed input, and parts what it makes of an array. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import type { RuleCount } from '../../../src/engine/account.ts'
import { Keyring } from '../../../src/keys/keyring.ts'
import { testKeyset } from '../../../src/keys/test-keyset.ts'
import { compilePolicy } from '../../../src/policy/compile.ts'
import { policyFileOf } from '../../../src/policy/policy-file.ts'
import { MOST_PARTS } from '../../../src/policy/reading.ts'
import { padded } from '../../../src/record/codec.ts'
import { csvEngine, jsonEngine } from '../../../src/run/engines.ts'
import { createMessageDeidentifier } from '../../../src/run/message-deidentifier.ts'

const keys = Keyring.fromKeyset(testKeyset())
const NOW = Date.UTC(2026, 0, 2)
const HEAD = { policy: 'p', version: 1, purpose: 'train_ai_system', subject: 'who', time: 'at' }

const RULES = {
  hash: { use: 'hash.hmac', domain: 'd' },
  email: { use: 'mask.email', domains: ['x.example'], else: 'null' },
  day: { use: 'generalize.date', to: 'day', else: { constant: 'none' } },
  number: { use: 'generalize.number', width: 5, as: 'midpoint' },
  noise: { use: 'noise.number', span: 9, domain: 'n', else: 'null' },
  shift: { use: 'shift.date', maxDays: 30, else: 'null' },
  mask: { use: 'mask.characters', keepLast: 1, length: 5 },
  gone: { use: 'mask.null' },
} as const
const FIELDS = Object.keys(RULES) as (keyof typeof RULES)[]

type Cell = string | number
type Row = Readonly<Record<string, Cell>>
type Rules = Readonly<Record<string, object>>

/** Without aliases, which policies do not take. */
const yaml = (policy: object): string => stringify(policy, { aliasDuplicateObjects: false })

function compiled(rules: Rules) {
  const source = policyFileOf('p.yaml', yaml({ ...HEAD, input: { nulls: ['NULL', '-'] }, fields: rules }))
  const result = compilePolicy(source, { keys })
  if (result.plan === undefined) throw new Error(result.problems.map(({ message }) => message).join('\n'))
  return { plan: result.plan, source, result }
}

type Told = { readonly out: string; readonly dead: readonly string[]; readonly rules: readonly RuleCount[] }

const DEAD = ({ record, code, rule }: { record: number; code: string; rule: number }) =>
  `${record} ${code} ${rule}`

function told(engine: ReturnType<typeof jsonEngine>, text: string): Told {
  const bytes = Buffer.from(text)
  const { output, deadLetters } = engine.rewrite(padded(bytes), bytes.length)
  return {
    out: Buffer.from(output).toString(),
    dead: deadLetters.map(DEAD),
    rules: engine.takeAccount().rules,
  }
}

const quoted = (cell: Cell): string =>
  typeof cell === 'number' ? String(cell) : /[",\n\r]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell

/** What becomes of rows: as JSON and as CSV, with kernels and without, and as messages. */
function everywhere(
  { plan, source, result }: ReturnType<typeof compiled>,
  names: readonly string[],
  rows: readonly Row[],
): unknown {
  const json = rows.map((row) => JSON.stringify(row))
  const csv = rows.map((row) => names.map((name) => quoted(row[name] ?? '')).join(',')).join('\n')
  const style = { delimiter: ',', lineBreak: '\n', escapeFormulas: false } as const
  const messages = createMessageDeidentifier(source, result, { keys, now: NOW })
    .deidentify(
      json.map((value) => ({
        key: Buffer.from(' k '),
        value: Buffer.from(value),
        headers: [],
        timestamp: -1,
      })),
    )
    .map((outcome) =>
      outcome.kind === 'publish' ? Buffer.from(outcome.value!).toString() : JSON.stringify(outcome),
    )
  const files = [true, false].map((kernels) => ({
    json: told(jsonEngine(plan, { now: NOW, kernels }), `${json.join('\n')}\n`),
    csv: told(csvEngine(plan, names, 'in.csv', style, { now: NOW, kernels }), `${csv}\n`),
  }))
  return { files, messages }
}

const BLANKS = ['', '', ' ', '\t', '  ', '\u00a0', '\ufeff', '\u2003 ']
const blank = fc.constantFrom(...BLANKS)
const text = fc.oneof(
  fc.constantFrom(
    '',
    'NULL',
    '-',
    'C-1',
    'é, "q"',
    'a@x.example',
    '12.5',
    '7',
    '2025-03-10',
    '2025-03-10T10:00:00Z',
    'a b',
  ),
  fc.stringMatching(/^[A-Za-z0-9@.é" -]{1,12}$/),
)
const bare = text.map((one) => one.trim())
const NAMES = ['who', 'at', ...FIELDS]
const rowOf = fc.record(
  Object.fromEntries(
    NAMES.map((name) => [
      name,
      fc.tuple(blank, name === 'at' ? fc.constantFrom('2025-03-10T10:00:00Z', '', 'no time') : bare, blank),
    ]),
  ),
)

const withRead = (rules: Rules, read: unknown): Rules =>
  Object.fromEntries(Object.entries(rules).map(([name, rule]) => [name, { ...rule, read }]))

describe('read: trim', () => {
  const rules: Rules = { who: RULES.hash, at: RULES.day, ...RULES }

  it('does to padded values what the same policy does to trimmed ones: files, messages, kernels, accounts', () => {
    const reading = compiled(withRead(rules, 'trim'))
    const plain = compiled(rules)
    fc.assert(
      fc.property(fc.array(rowOf, { minLength: 1, maxLength: 12 }), (cells) => {
        const padding = cells.map(
          (row): Row => Object.fromEntries(NAMES.map((name) => [name, row[name]!.join('')])),
        )
        const trimmed = cells.map(
          (row): Row => Object.fromEntries(NAMES.map((name) => [name, row[name]![1]])),
        )
        // `mask.null` looks at no value, so it reads none.
        for (const [i, row] of (padding as Record<string, Cell>[]).entries())
          row['gone'] = trimmed[i]!['gone']!
        expect(everywhere(reading, NAMES, padding)).toEqual(everywhere(plain, NAMES, trimmed))
      }),
      { numRuns: 30 },
    )
  })

  it('takes numbers of JSON as they are', () => {
    const number: Rules = { who: RULES.hash, n: RULES.number, m: RULES.noise }
    const rows = [
      { who: 'a', n: 12, m: -3.5 },
      { who: 7, n: 0, m: 1e3 },
    ]
    expect(everywhere(compiled(withRead(number, 'trim')), ['who', 'n', 'm'], rows)).toEqual(
      everywhere(compiled(number), ['who', 'n', 'm'], rows),
    )
  })
})

describe('read: split', () => {
  const PARTS = ['hash', 'email', 'day', 'number', 'noise', 'shift', 'mask'] as const
  const part = bare.filter((one) => !one.includes(';'))

  it('does to each part what the rule does to each element of an array', () => {
    const plans = new Map<string, ReturnType<typeof compiled>>()
    for (const name of PARTS) {
      const { else: _, ...one } = RULES[name] as { else?: unknown; use: string }
      plans.set(name, compiled({ 'v[]': one, who: RULES.hash }))
      for (const trim of [true, false])
        plans.set(
          `${name} ${trim}`,
          compiled({ v: { ...one, read: { split: ';', ...(trim ? { trim } : {}) } }, who: RULES.hash }),
        )
    }
    fc.assert(
      fc.property(
        fc.constantFrom(...PARTS),
        fc.array(fc.tuple(blank, part, blank), { minLength: 1, maxLength: 6 }),
        fc.boolean(),
        (name, cells, trim) => {
          const list = cells.map((cell) => (trim ? cell.join('') : cell[1]))
          const listed = plans.get(`${name} ${trim}`)!
          const each = plans.get(name)!
          const record = (v: unknown) => `${JSON.stringify({ who: 'w', v })}\n`
          // What is empty as a whole is no list of one empty part.
          const whole = list.join(';')
          const asText = told(jsonEngine(listed.plan, { now: NOW }), record(whole))
          const asArray = told(jsonEngine(each.plan, { now: NOW }), record(cells.map((cell) => cell[1])))
          expect(asText.dead.map((dead) => dead.split(' ')[1])).toEqual(
            asArray.dead.map((dead) => dead.split(' ')[1]),
          )
          if (asText.dead.length > 0) return
          expect(JSON.parse(asText.out).v).toBe(JSON.parse(asArray.out).v.map(String).join(';'))
          const style = { delimiter: ',', lineBreak: '\n', escapeFormulas: false } as const
          const csv = told(
            csvEngine(listed.plan, ['who', 'v'], 'in.csv', style, { now: NOW }),
            `w,"${whole.replaceAll('"', '""')}"\n`,
          )
          expect(csv.out.replace(/^[^,]*,"?|"?\n$/g, '').replaceAll('""', '"')).toBe(JSON.parse(asText.out).v)
        },
      ),
      { numRuns: 50 },
    )
  })

  const one = (rule: object, v: string): string => {
    const { plan } = compiled({ v: rule, who: RULES.hash })
    const { out, dead } = told(jsonEngine(plan, { now: NOW }), `${JSON.stringify({ v })}\n`)
    return dead[0]?.split(' ')[1] ?? JSON.parse(out).v
  }
  const replaced = (by: string, split: string) => ({ use: 'mask.replace', with: by, read: { split } })

  it('fails where a result would be several parts to a reader', () => {
    expect(one(replaced('a;b', ';'), 'x;y')).toBe('out-of-domain')
    expect(one(replaced('a;', ';;'), 'x;;y')).toBe('out-of-domain')
    expect(one(replaced('a', ';;'), 'x;;y;z')).toBe('a;;a')
  })

  it('takes so many parts and no more, and results of bounded length', () => {
    const parts = (count: number) => Array.from({ length: count }, () => 'x').join(',')
    expect(one(replaced('a', ','), parts(MOST_PARTS))).toBe('a,'.repeat(MOST_PARTS).slice(0, -1))
    expect(one(replaced('a', ','), parts(MOST_PARTS + 1))).toBe('out-of-domain')
    expect(one(replaced('a'.repeat(900), ','), parts(500))).toBe('out-of-domain')
    expect(one({ ...RULES.hash, read: { split: ',' } }, parts(MOST_PARTS))).toHaveLength(
      (one(RULES.hash, 'x').length + 1) * MOST_PARTS - 1,
    )
  })

  it('fails as a whole where one part does', () => {
    expect(one({ use: 'generalize.number', width: 5, read: { split: ';' } }, '1;x;3')).toBe('unparsable')
    expect(
      one({ use: 'generalize.number', width: 5, read: { split: ';' }, else: { constant: 'bad' } }, '1;x;3'),
    ).toBe('bad')
  })
})

describe('a value that is read', () => {
  const run = (policy: object, records: readonly object[]): string[] => {
    const source = policyFileOf('p.yaml', yaml({ ...HEAD, ...policy }))
    const { plan, problems } = compilePolicy(source, { keys })
    expect(problems).toEqual([])
    const lines = records.map((one) => `${JSON.stringify(one)}\n`).join('')
    const { out, dead } = told(jsonEngine(plan!, { now: NOW }), lines)
    return [...out.trim().split('\n'), ...dead]
  }
  const read = 'trim'

  it('is one subject and one event time, however it is padded', () => {
    const [a, b] = run(
      {
        fields: {
          who: { ...RULES.hash, read },
          at: { ...RULES.day, read },
          d: { use: 'shift.date', maxDays: 300 },
        },
      },
      [
        { who: 'C-1', at: '2025-03-10T10:00:00Z', d: '2020-01-01' },
        { who: ' C-1\t', at: ' 2025-03-10T10:00:00Z', d: '2020-01-01' },
      ],
    )
    expect(b).toBe(a)
  })

  it('counts as missing where it is required and blank', () => {
    const policy = { required: ['v'], fields: { who: RULES.hash, v: { ...RULES.hash, read } } }
    expect(run(policy, [{ v: '  ' }])).toEqual(['', '0 required-missing -1'])
  })

  it('has one fingerprint in both ways to write `trim`, another one than without', () => {
    const print = (rule: object) =>
      compiled({ who: RULES.hash, v: { ...RULES.hash, ...rule } }).plan.fingerprint
    const prints = [
      {},
      { read },
      { read: { trim: true } },
      { read: { split: ';' } },
      { read: { split: ',' } },
    ].map(print)
    expect(prints[1]).toBe(prints[2])
    expect(new Set(prints).size).toBe(4)
  })

  it('has the token of a record key that is read in the same way, in tombstones too', () => {
    const rule = { ...RULES.hash, read }
    const source = policyFileOf('p.yaml', yaml({ ...HEAD, fields: { who: rule, $key: rule } }))
    const result = compilePolicy(source, { keys })
    const message = (key: string, value: object | null) => ({
      key: Buffer.from(key),
      value: value && Buffer.from(JSON.stringify(value)),
      headers: [],
      timestamp: -1,
    })
    const deidentifier = createMessageDeidentifier(source, result, { keys, now: NOW, compacted: true })
    const [published, tombstone] = deidentifier.deidentify([
      message(' c1', { who: 'c1 ' }),
      message('c1  ', null),
    ])
    if (published?.kind !== 'publish' || tombstone?.kind !== 'tombstone') throw new Error('not as planned')
    const token = Buffer.from(published.key!).toString()
    expect(JSON.parse(Buffer.from(published.value!).toString()).who).toBe(token)
    expect(tombstone.tombstones.map((key) => Buffer.from(key).toString())).toContain(token)
  })
})
