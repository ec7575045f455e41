import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { compilePipeline } from '../../../../src/kafka/pipeline-file/compile-pipeline.ts'
import type { Pipeline } from '../../../../src/kafka/pipeline-file/pipeline.ts'
import { isPipeline, readPipelineFile } from '../../../../src/kafka/pipeline-file/read-pipeline.ts'
import { Keyring } from '../../../../src/keys/keyring.ts'
import { testKeyset } from '../../../../src/keys/test-keyset.ts'
import { policyFileOf } from '../../../../src/policy/policy-file.ts'
import { PLAIN_FORM } from '../../../../src/record/wire-form.ts'
import { folder } from '../../cli/lethe.ts'
import { compile, pipeline, route } from './sources.ts'

function sound(text: string): Pipeline {
  const { pipeline: compiled, problems } = compile(text)
  expect(problems).toEqual([])
  return compiled!
}

const codes = (text: string) => compile(text).problems.map(({ code }) => code)

describe('compilePipeline', () => {
  it('fills in what the file leaves out', () => {
    const text = 'pipeline: p\nbrokers: [localhost:9092]\nkeys: { env: KEYS }\nroutes:\n'
    expect(sound(text + route())).toEqual({
      file: 'p.yaml',
      name: 'p',
      brokers: ['localhost:9092'],
      tls: undefined,
      sasl: undefined,
      plaintext: undefined,
      client: new Map([
        ['session.timeout.ms', 45_000],
        ['transaction.timeout.ms', 30_000],
      ]),
      delivery: 'exactly-once',
      driver: undefined,
      instance: undefined,
      keys: { env: 'KEYS' },
      lists: new Map(),
      tables: new Map(),
      source: 'encrypted',
      batch: { records: 5000, bytes: 8 << 20, time: 100 },
      maxRecordBytes: 1 << 20,
      deadLetters: { limit: { kind: 'share', most: 0.01 }, window: 1000 },
      http: undefined,
      routes: [
        {
          name: 'events',
          from: { topics: ['in'], group: 'g', start: 'earliest', ...PLAIN_FORM },
          to: {
            topic: 'out',
            partition: 'key',
            compacted: false,
            value: { form: 'json', subject: 'out-value', compatibility: undefined, register: true },
            key: undefined,
          },
          deadLetterTopic: 'dead',
          policy: 'plain.yaml',
          at: { line: 5, column: 5 },
        },
      ],
    })
  })

  it('takes everything that a file can say', () => {
    const text = `pipeline: full
description: $\{this} is for people
brokers: [kafka-1.example.com:9093, "[2001:db8::1]:9093"]
tls: { ca: { file: tls/ca.pem }, cert: { file: /etc/c.pem }, key: { file: k.pem }, keyPassword: { env: KEY_PW } }
sasl: { mechanism: scram-sha-256, username: lethe, password: { file: ../pw } }
client: { compression.type: zstd, fetch.min.bytes: 1024, socket.keepalive.enable: true, session.timeout.ms: 60000 }
delivery: at-least-once
driver: rdkafka
instance: { env: POD_NAME }
keys: { file: keys.json }
source: none
batch: { records: 100, bytes: 65536, time: 2s }
maxRecordBytes: 512KiB
maxDeadLetters: { most: 20, window: 100 }
http: { host: 0.0.0.0, port: 0 }
routes:
${route({ topics: '{ pattern: "events\\\\.(eu|us)" }', start: '2026-01-31T00:00:00Z, value: { framing: confluent, inner: json-text }, key: { framing: confluent }', compacted: 'true', policy: 'key.yaml' })}`
    expect(sound(text)).toMatchObject({
      name: 'full',
      brokers: ['kafka-1.example.com:9093', '[2001:db8::1]:9093'],
      tls: {
        ca: { file: 'tls/ca.pem' },
        cert: { file: '/etc/c.pem' },
        key: { file: 'k.pem' },
        keyPassword: { env: 'KEY_PW' },
      },
      sasl: { mechanism: 'scram-sha-256', username: 'lethe', password: { file: '../pw' } },
      client: new Map<string, unknown>([
        ['session.timeout.ms', 60_000],
        ['compression.type', 'zstd'],
        ['fetch.min.bytes', 1024],
        ['socket.keepalive.enable', true],
      ]),
      delivery: 'at-least-once',
      driver: 'rdkafka',
      instance: { env: 'POD_NAME' },
      keys: { file: 'keys.json' },
      source: 'none',
      batch: { records: 100, bytes: 65_536, time: 2000 },
      maxRecordBytes: 512 << 10,
      deadLetters: { limit: { kind: 'count', most: 20 }, window: 100 },
      http: { host: '0.0.0.0', port: 0 },
      routes: [
        {
          from: {
            topics: { pattern: 'events\\.(eu|us)' },
            start: { time: Date.UTC(2026, 0, 31) },
            value: { format: 'json', framing: 'confluent', inner: 'json-text' },
            key: { framing: 'confluent' },
          },
          to: { compacted: true },
        },
      ],
    })
  })

  it('finds files from the folder of the pipeline', () => {
    const asked: string[] = []
    const { pipeline: compiled } = compilePipeline(
      policyFileOf(
        'config/pipelines/x.yaml',
        pipeline('keys: { file: ../k.json }', route({ policy: '../policies/y.yaml' })),
      ),
      {
        readPolicy: (file) => {
          asked.push(file)
          return policyFileOf(file, 'policy: y\nversion: 1\npurpose: train_ai_system\nfields: { a: keep }\n')
        },
      },
    )
    expect(asked).toEqual(['config/policies/y.yaml'])
    expect(compiled?.keys).toEqual({ file: 'config/k.json' })
    expect(compiled?.routes[0]?.policy).toBe('config/policies/y.yaml')
  })

  it('reports the problems of a policy at their own place, once, and then gives no pipeline', () => {
    const broken = (name: string, n: number) =>
      route({ name, topics: `[in${n}]`, group: `g${n}`, to: `out${n}`, policy: 'broken.yaml' })
    const { pipeline: compiled, problems } = compile(pipeline('', broken('a', 1), broken('b', 2)))
    expect(compiled).toBeUndefined()
    expect(problems.map((p) => [p.file, p.line, p.column, p.code])).toEqual([
      ['broken.yaml', 5, 11, 'unknown-transform'],
    ])
  })

  it('checks the keys that policies name, where a keyset is given', () => {
    const text =
      'policy: y\nversion: 1\npurpose: train_ai_system\nfields: { a: { use: hash.hmac, domain: d, key: k7 } }\n'
    const source = policyFileOf('x.yaml', pipeline('keys: { file: k.json }', route({ policy: 'y.yaml' })))
    const readPolicy = (file: string) => policyFileOf(file, text)
    expect(compilePipeline(source, { readPolicy }).problems).toEqual([])
    const keys = Keyring.fromKeyset(testKeyset())
    expect(
      compilePipeline(source, { readPolicy, keysOf: () => keys }).problems.map(({ code }) => code),
    ).toEqual(['unknown-key-id'])
  })

  it('reports what is wrong in one place though another cannot be read', () => {
    const text = pipeline(
      'source: maybe\nclient: { transaction.timeout.ms: 60000 }\nbrokers: [kafka:9092]',
      route({ to: 'in', policy: 'gone.yaml' }),
      route({ name: 'b', to: '"?"' }),
    )
    expect(new Set(codes(text))).toEqual(
      new Set([
        'plaintext-broker',
        'wrong-type',
        'bad-timeouts',
        'output-among-inputs',
        'bad-file',
        'bad-topic',
      ]),
    )
  })

  it.each([
    'localhost:9092',
    'LOCALHOST:9092',
    'broker.localhost:9092',
    '127.0.0.1:9092',
    '127.8.8.8:1',
    '"[::1]:9092"',
    '"[0:0:0:0:0:0:0:1]:9092"',
  ])('takes %s for this machine', (broker) => {
    expect(codes(pipeline(`brokers: [${broker}]`))).toEqual([])
  })

  it('goes without TLS elsewhere only with TLS or a reason', () => {
    const remote = 'brokers: [kafka:9092, localhost:9092]'
    expect(codes(pipeline(remote))).toEqual(['plaintext-broker'])
    expect(codes(pipeline(`${remote}\ntls: true`))).toEqual([])
    const reason = 'the brokers are in the same pod'
    expect(sound(pipeline(`${remote}\nplaintext: { accept: ${reason} }`)).plaintext).toBe(reason)
    expect(sound(pipeline(`${remote}\ntls: true`)).tls).toEqual({})
  })

  it('says that a password would be told too', () => {
    const sasl = (mechanism: string) =>
      `brokers: [kafka:9092]\nsasl: { mechanism: ${mechanism}, username: u, password: { env: P } }`
    const said = (mechanism: string) => compile(pipeline(sasl(mechanism))).problems[0]?.message
    expect(said('plain')).toContain('events and the password would')
    expect(said('scram-sha-512')).toContain('events would')
  })

  it('holds timeouts of transactions against sessions only where there are transactions', () => {
    const client = 'client: { session.timeout.ms: 10000, max.poll.interval.ms: 10000 }'
    expect(codes(pipeline(client))).toEqual(['bad-timeouts'])
    expect(codes(pipeline(`delivery: at-least-once\n${client}`))).toEqual([])
    expect(codes(pipeline('client: { session.timeout.ms: 40001 }'))).toEqual([])
    expect(codes(pipeline('client: { transaction.timeout.ms: 34999 }'))).toEqual([])
  })

  it('lets routes of other groups read one topic, and share outputs and dead letters', () => {
    const other = route({ name: 'other', group: 'g2', policy: 'key.yaml' })
    expect(codes(pipeline('keys: { env: K }', route(), other))).toEqual([])
  })

  it('needs keys for an encrypted source, and for policies with tokens', () => {
    const keyed = route({ policy: 'keyed.yaml' })
    expect(codes(pipeline('source: encrypted', keyed))).toEqual(['source-needs-keys', 'policy-needs-keys'])
    expect(codes(pipeline('source: encrypted\nkeys: { env: K }', keyed))).toEqual([])
  })

  it('takes a rule for the record key into a compacted topic', () => {
    const compacted = (policy: string) =>
      codes(pipeline('keys: { env: K }', route({ compacted: 'true', policy: `${policy}.yaml` })))
    expect(compacted('key')).toEqual([])
    expect(compacted('keyed')).toEqual(['compacted-key'])
  })
})

describe('the example pipeline', () => {
  it('has no problem', () => {
    const file = 'config/pipelines/customer-events.yaml'
    const { pipeline: compiled, problems } = compilePipeline(readPipelineFile(file))
    expect(problems).toEqual([])
    expect(compiled).toMatchObject({ name: 'customer-events', delivery: 'exactly-once' })
    expect(isPipeline(readFileSync(file, 'utf8'))).toBe(true)
  })
})

describe('isPipeline', () => {
  it.each([
    'pipeline: p\nbrokers: []',
    '# text\n"pipeline": p',
    '{ pipeline: p }',
    '\ufeffpipeline: p',
    'pipeline: p\nbrokers: [',
    "'pipeline' : [\n",
  ])('takes %j for one', (text) => {
    expect(isPipeline(text)).toBe(true)
  })

  it.each([
    'policy: p\nfields: { pipeline: keep }',
    'policy: p\nfields:\n  pipeline: keep',
    'policy: p\npipeline: [',
    '',
    '- pipeline: p',
    'text',
  ])('takes %j for none', (text) => {
    expect(isPipeline(text)).toBe(false)
  })
})

describe('readPipelineFile', () => {
  it('says what is missing, and what is not text', () => {
    const cwd = folder({ 'p.yaml': new Uint8Array([0xff, 0xfe]) })
    expect(() => readPipelineFile(`${cwd}/gone.yaml`)).toThrow(`the pipeline ${cwd}/gone.yaml does not exist`)
    expect(() => readPipelineFile(`${cwd}/p.yaml`)).toThrow(`the pipeline ${cwd}/p.yaml is not valid UTF-8`)
  })
})
