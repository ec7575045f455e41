/** The JSON that commands print, against schemas written by hand, and against docs/json.md. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { batch, ndjsonOf, place, rows } from './batch-inputs.ts'
import { folder, lethe, root } from './lethe.ts'

const digest = z.string().regex(/^[0-9a-f]{64}$/)

const problem = z.strictObject({
  file: z.string(),
  line: z.int().min(1),
  column: z.int().min(1),
  code: z.string().regex(/^[a-z-]+$/),
  severity: z.enum(['error', 'warning']),
  message: z.string(),
  suggestion: z.string().optional(),
})

const rule = z.strictObject({
  use: z.string(),
  options: z.string(),
  allOptions: z.record(z.string(), z.unknown()).optional(),
  done: z.string(),
  leaves: z.string(),
  when: z.string().optional(),
  onFailure: z.string().optional(),
  accepted: z.string().optional(),
  weaknesses: z.array(z.string()),
  doesNotStop: z.string().optional(),
  line: z.int().min(1),
  after: z.string().optional(),
  applied: z.int().min(0),
  failed: z.int().min(0),
})

const field = z.strictObject({
  path: z.string(),
  from: z.string(),
  is: z.string(),
  category: z.string().optional(),
  role: z.enum(['direct-identifier', 'quasi-identifier', 'sensitive', 'other']),
  isBeside: z.boolean(),
  before: z.array(z.string()),
  after: z.array(z.string()),
  rules: z.array(rule).min(1),
})

const explanation = z.strictObject({
  v: z.literal(1),
  policy: z.string(),
  version: z.int(),
  fingerprint: digest,
  isSample: z.boolean(),
  testKeys: z.boolean(),
  keys: z.array(z.string()),
  keyChecks: z.record(z.string(), z.string().regex(/^[0-9a-f]{8}$/)),
  outcome: z.enum(['publish', 'suppress', 'dead-letter']),
  became: z.string(),
  published: z.string().optional(),
  unlisted: z.int().min(0),
  fields: z.array(field).min(1),
})

const match = z.strictObject({ kind: z.enum(['output', 'dead-letters', 'input']), number: z.int().min(0) })
const verified = z.strictObject({
  file: z.string(),
  bytes: z.int().min(0),
  sha256: digest,
  ok: z.boolean(),
  is: z.array(match),
})
const verification = z.strictObject({
  v: z.literal(1),
  policy: z.strictObject({ name: z.string(), version: z.int(), fingerprint: digest }),
  status: z.string(),
  dryRun: z.boolean(),
  files: z.array(verified).min(1),
  missing: z.array(z.int()),
  samePolicy: z.boolean().optional(),
})

const deadLetter = z.strictObject({
  input: z.int().min(1),
  line: z.int().min(1),
  records: z.int().min(2).optional(),
  code: z.string().regex(/^[a-z-]+$/),
  rule: z.string().optional(),
  policy: z.string(),
})

describe('JSON for programs', () => {
  it('of lint: problems of policies and warnings, or an empty array', async () => {
    const head = 'policy: p\nversion: 1\npurpose: train_ai_system\nfields:\n'
    const cwd = folder({
      'bad.yaml': `${head}  f1: { use: hash.hmca, domain: d }\n  f2: undecided\nnonsense: 1\n`,
      'one.yaml': `${head}  f1: drop\n`,
      'two.yaml': `${head}  f1: mask.null\n`,
    })
    const lint = async (...files: string[]) =>
      z
        .array(problem)
        .parse(JSON.parse((await lethe(['lint', '--format', 'json', ...files], { cwd })).stdout))
    const found = await lint('bad.yaml', 'one.yaml', 'two.yaml')
    expect(new Set(found.map(({ severity }) => severity))).toEqual(new Set(['error', 'warning']))
    expect(found.some(({ suggestion }) => suggestion !== undefined)).toBe(true)
    expect(await lint('one.yaml')).toEqual([])
  })

  it.each(['customer-events', 'hipaa-safe-harbor'])(
    'of explain: %s, a sample and a bad record',
    async (name) => {
      const policy = join(root, `config/policies/${name}.yaml`)
      const run = async (args: string[], input: string) =>
        explanation.parse(
          JSON.parse((await lethe(['explain', '-p', policy, '--format', 'json', ...args], { input })).stdout),
        )
      expect((await run([], '')).isSample).toBe(true)
      expect((await run(['-'], '{"a":1}')).outcome).toBe('dead-letter')
    },
  )

  it('of the list of dead letters: each line, and the records of an open quote', async () => {
    const cwd = place({
      'a.ndjson': '{"id":"1"}\n{"id":\n',
      'b.csv': 'id,note\n1,x\n2,"open\n3,x\n',
    })
    const lines = async (input: string) => {
      await batch(cwd, [input, '-o', `out.${input}`, '--dead-letter', 'dead.ndjson'])
      const text = readFileSync(join(cwd, 'dead.ndjson'), 'utf8').trimEnd()
      return text.split('\n').map((line) => deadLetter.parse(JSON.parse(line)))
    }
    expect(await lines('a.ndjson')).toMatchObject([{ input: 1, line: 2 }])
    expect(await lines('b.csv')).toMatchObject([{ input: 1, line: 3, records: 2 }])
  })

  it('of verify', async () => {
    const cwd = place({ 'a.ndjson': ndjsonOf(rows(3)) })
    await batch(cwd, ['a.ndjson', '-o', 'out.ndjson', '--summary', 'run.json'])
    const args = ['verify', 'run.json', 'out.ndjson', 'a.ndjson', 'keys.json', '--format', 'json']
    for (const more of [[], ['-p', 'policy.yaml']]) {
      const { stdout } = await lethe([...args, ...more], { cwd })
      const { files } = verification.parse(JSON.parse(stdout))
      expect(files.map(({ ok, is }) => [ok, is.length])).toEqual([
        [true, 1],
        [false, 1],
        [false, 0],
      ])
    }
  })

  it('is documented, every member of it', () => {
    const text = readFileSync(join(root, 'docs/json.md'), 'utf8')
    for (const shape of [problem, rule, field, explanation, match, verified, verification, deadLetter])
      for (const name of Object.keys(shape.shape)) expect(text).toContain(`\`${name}\``)
  })
})
