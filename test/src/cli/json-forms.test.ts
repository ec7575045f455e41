/** The JSON that commands print, against schemas written by hand, and against docs/json.md. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { recordJson } from '../../../src/cli/tap/print-record.ts'
import { Report } from '../../../src/doctor/finding.ts'
import { formatReport } from '../../../src/doctor/print-findings.ts'
import { compilePipeline } from '../../../src/kafka/pipeline-file/compile-pipeline.ts'
import { encryptedSources, sourceDomain } from '../../../src/kafka/source-header.ts'
import { createKeysetFile } from '../../../src/keys/file.ts'
import { Keyring } from '../../../src/keys/keyring.ts'
import { createKeyset } from '../../../src/keys/keyset.ts'
import { policyFileOf } from '../../../src/policy/policy-file.ts'
import { sourcesOf } from '../../source-texts.ts'
import { batch, ndjsonOf, place, rows } from './batch-inputs.ts'
import { folder, root, warm } from './lethe.ts'

const POLICY = 'policy: p\nversion: 1\npurpose: train_ai_system\nfields:\n  amount: keep\n'
const PIPELINE = `pipeline: shop
brokers: [127.0.0.1:1]
keys: { file: keys.json }
routes:
  - name: r
    from: { topics: [in], group: g }
    to: { topic: out }
    deadLetterTopic: dead
    policy: policy.yaml
`

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

const judged = z.strictObject({
  gate: z.string(),
  by: z.array(z.string()),
  says: z.enum(['pass', 'suppress', 'dead-letter', 'not-looked-at', 'not-read']),
  why: z.string(),
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
  approvals: z.array(
    z.strictObject({
      key: z.string().regex(/^[0-9a-f]{16}$/),
      role: z.string(),
      when: z.string(),
      note: z.string(),
      state: z.string(),
    }),
  ),
  outcome: z.enum(['publish', 'suppress', 'dead-letter']),
  became: z.string(),
  published: z.string().optional(),
  unlisted: z.int().min(0),
  gates: z.array(judged),
  notLookedAt: z.array(z.string()),
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
  v: z.literal(1),
  input: z.int().min(1),
  line: z.int().min(1),
  record: z.int().min(1).optional(),
  records: z.int().min(2).optional(),
  code: z.string().regex(/^[a-z-]+$/),
  rule: z.string().optional(),
  policy: z.string(),
})

const finding = z.strictObject({
  check: z.string().regex(/^[a-z-]+$/),
  level: z.enum(['ok', 'warning', 'problem']),
  route: z.string().optional(),
  what: z.string(),
  way: z.string().optional(),
})
const diagnosis = z.strictObject({
  lethe: z.literal('doctor'),
  v: z.literal(1),
  pipeline: z.string(),
  problems: z.int().min(0),
  warnings: z.int().min(0),
  findings: z.array(finding),
})

const bytes = z.union([z.string(), z.null(), z.strictObject({ base64: z.string() })])
const tapped = z.strictObject({
  v: z.literal(1),
  topic: z.string(),
  partition: z.int(),
  offset: z.int(),
  timestamp: z.iso.datetime().nullable(),
  tombstone: z.boolean(),
  key: bytes,
  headers: z.record(z.string(), bytes),
  value: bytes,
})

const read = z.strictObject({
  v: z.literal(1),
  token: z.string(),
  route: z.string().optional(),
  topic: z.string(),
  partition: z.int(),
  offset: z.int(),
  output: z.string().optional(),
  form: z.enum(['output', 'pipeline']),
  key: z.string(),
  keyStatus: z.string(),
})
const unread = z.strictObject({ v: z.literal(1), token: z.string(), unread: z.string() })

const key = z.strictObject({
  id: z.string(),
  status: z.enum(['enabled', 'disabled', 'compromised']),
  created: z.iso.datetime(),
  primary: z.boolean(),
  check: z.string().regex(/^[0-9a-f]{8}$/),
})
const keyList = z.strictObject({ v: z.literal(1), test: z.boolean(), keys: z.array(key) })

const properties = z.strictObject({
  reversible: z.string(),
  repeatable: z.string(),
  uniqueness: z.string(),
  formatKept: z.string(),
  accepts: z.string(),
  yields: z.string(),
  keyed: z.boolean(),
  needs: z.array(z.string()).optional(),
  stableToken: z.boolean(),
  mayReturnInput: z.boolean(),
})
const option = z.strictObject({
  name: z.string(),
  takes: z.string(),
  required: z.boolean(),
  default: z.unknown().optional(),
  description: z.string(),
})
const example = z.strictObject({
  title: z.string(),
  options: z.record(z.string(), z.unknown()),
  input: z.string(),
  output: z.union([z.string(), z.strictObject({ fails: z.string() })]),
  subject: z.string().optional(),
  eventTime: z.string().optional(),
})
const transform = z.strictObject({
  name: z.string(),
  summary: z.string(),
  version: z.int(),
  properties,
  tells: z.string().optional(),
  options: z.array(option),
  failures: z.record(z.string(), z.string()),
  doesNotStop: z.string(),
  examples: z.array(example),
})
const catalogue = z.strictObject({ v: z.literal(1), transforms: z.array(transform) })

const FORMS = [
  [problem, rule, field, judged, explanation, match, verified, verification, deadLetter],
  [finding, diagnosis, tapped, read, unread, key, keyList, properties, option, example, transform, catalogue],
].flat()

describe('JSON for programs', () => {
  it('of doctor: findings of a route and of the pipeline', () => {
    const { pipeline } = compilePipeline(policyFileOf('p.yaml', PIPELINE), {
      readPolicy: (file) => policyFileOf(file, POLICY),
    })
    const report = new Report()
    report.problem('brokers', ['no broker', 'start one'])
    report.ok('brokers', 'a broker', 'r')
    const text = formatReport(pipeline!, report.findings, 'json')
    expect(diagnosis.parse(JSON.parse(text))).toMatchObject({ problems: 1, warnings: 0 })
  })

  it('of tap: bytes that are no text, a tombstone, and a record without a time', () => {
    const at = { topic: 't', partition: 0, offset: 1 }
    const headers = [{ name: 'h', value: Buffer.from([0xff]) }]
    const lines = [
      { ...at, key: Buffer.from('k'), value: Buffer.from([0xff]), timestamp: 0, headers },
      { ...at, key: null, value: null, timestamp: -1, headers: [] },
    ].map((record) => tapped.parse(JSON.parse(recordJson(record))))
    expect(lines.map(({ tombstone, value }) => [tombstone, value])).toEqual([
      [false, { base64: '/w==' }],
      [true, null],
    ])
  })

  it('of source: what is read and what is not', async () => {
    const cwd = folder({ 'pipeline.yaml': PIPELINE, 'policy.yaml': POLICY })
    const keyset = createKeyset(new Date(0))
    createKeysetFile(join(cwd, 'keys.json'), keyset)
    const fieldKey = Keyring.fromKeyset(keyset).key('source', sourceDomain('shop', 'out'))
    const [token] = sourcesOf(encryptedSources(fieldKey, 'r'), [{ topic: 'in', partition: 3, offset: 17 }])
    const { stdout } = await warm(['source', 'pipeline.yaml', token!, 'oops', '--format', 'json'], { cwd })
    const [one, two] = stdout.trimEnd().split('\n')
    expect(read.parse(JSON.parse(one!))).toMatchObject({ offset: 17, route: 'r' })
    expect(unread.parse(JSON.parse(two!)).token).toBe('oops')
  })

  it('of keys list and of transforms', async () => {
    const cwd = folder({})
    createKeysetFile(join(cwd, 'keys.json'), createKeyset(new Date(0)))
    const { stdout } = await warm(['keys', 'list', 'keys.json', '--format', 'json'], { cwd })
    expect(keyList.parse(JSON.parse(stdout)).keys).toHaveLength(1)
    const all = await warm(['transforms', '--format', 'json'])
    expect(catalogue.parse(JSON.parse(all.stdout)).transforms.length).toBeGreaterThan(20)
  })

  it('of lint: problems of policies and warnings, or an empty array', async () => {
    const head = 'policy: p\nversion: 1\npurpose: train_ai_system\nfields:\n'
    const cwd = folder({
      'bad.yaml': `${head}  f1: { use: hash.hmca, domain: d }\n  f2: undecided\nnonsense: 1\n`,
      'one.yaml': `${head}  f1: drop\n`,
      'two.yaml': `${head}  f1: mask.null\n`,
    })
    const lint = async (...files: string[]) =>
      z.array(problem).parse(JSON.parse((await warm(['lint', '--format', 'json', ...files], { cwd })).stdout))
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
          JSON.parse((await warm(['explain', '-p', policy, '--format', 'json', ...args], { input })).stdout),
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
      const { stdout } = await warm([...args, ...more], { cwd })
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
    for (const shape of FORMS)
      for (const name of Object.keys(shape.shape)) expect(text).toContain(`\`${name}\``)
  })
})
