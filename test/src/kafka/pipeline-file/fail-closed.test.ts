import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PIPELINE_CODES } from '../../../../src/kafka/pipeline-file/pipeline-codes.ts'
import { isPipeline } from '../../../../src/kafka/pipeline-file/read-pipeline.ts'
import { POLICY_CODES } from '../../../../src/policy/problems.ts'
import { compile, pipeline, route } from './sources.ts'

const valid = pipeline(
  `# A comment
tls: { ca: { file: ca.pem }, cert: { file: c.pem }, key: { env: KEY }, keyPassword: { env: PW } }
sasl: { mechanism: scram-sha-512, username: lethe, password: { file: pw } }
client: { compression.type: lz4, session.timeout.ms: 50000 }
delivery: exactly-once
driver: rdkafka
instance: { env: POD }
keys: { file: keys.json }
batch: { records: 100, bytes: 1MiB, time: 50ms }
maxDeadLetters: { most: 1%, window: 500 }
http: { port: 9464 }`,
  route({ policy: 'key.yaml', compacted: 'true', start: '2026-01-31T00:00:00Z' }),
  route({ name: 'b', topics: '{ pattern: "b[.](x|y)" }', group: 'g2', to: 'out2', dead: 'dead2' }),
)

function expectSound(text: string): void {
  const { pipeline: compiled, problems } = compile(text)
  expect(compiled === undefined).toBe(problems.some(({ severity }) => severity === 'error'))
  for (const { file, code, line, column, message } of problems) {
    expect(Object.keys(file === 'p.yaml' ? PIPELINE_CODES : POLICY_CODES)).toContain(code)
    expect(Math.min(line, column)).toBeGreaterThan(0)
    expect(message).not.toBe('')
  }
  expect(typeof isPipeline(text)).toBe('boolean')
}

describe('compilePipeline', () => {
  it('takes the pipeline that is mutated below', () => {
    expect(compile(valid).problems).toEqual([])
  })

  it('never throws on arbitrary text', () => {
    const pieces = fc.array(
      fc.constantFrom(
        ...[
          '\n',
          '  ',
          '- ',
          ': ',
          '{',
          '}',
          '[',
          ']',
          ',',
          '"',
          '&a',
          '*a',
          '!t',
          '|',
          '#',
          '\t',
          '---',
          '?',
        ],
        ...['pipeline', 'routes', 'from', 'topics', 'pattern', 'brokers', 'client', 'tls', 'sasl', 'keys'],
        ...['__proto__', 'constructor', '1e999', '.nan', 'null', 'true'],
      ),
    )
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      pieces.map((p) => p.join('')),
    )
    fc.assert(fc.property(texts, expectSound), { numRuns: 38 })
  })

  it('never throws on a pipeline with something cut out, put in or doubled', () => {
    const insert = fc.constantFrom(
      ...[
        '',
        ' ',
        '\n',
        ':',
        '[]',
        '.*',
        '{ a: 1 }',
        '"',
        '$',
        '${',
        'null',
        '12',
        '- ',
        '[',
        '}',
        '\ud800',
        '\0',
      ],
    )
    fc.assert(
      fc.property(fc.nat(valid.length), fc.nat(12), insert, (start, length, text) => {
        expectSound(valid.slice(0, start) + text + valid.slice(start + length))
      }),
      { numRuns: 63 },
    )
  })

  it('never throws on any value in the place of another', () => {
    const value = fc
      .jsonValue({ maxDepth: 2 })
      .map((json) => JSON.stringify(json))
      .filter((json) => json.length < 200)
    const places = [...valid.matchAll(/(?<=: )[^\n]+/g)].map(({ index, 0: text }) => ({ index, text }))
    fc.assert(
      fc.property(fc.constantFrom(...places), value, ({ index, text }, json) => {
        expectSound(valid.slice(0, index) + json + valid.slice(index + text.length))
      }),
      { numRuns: 75 },
    )
  })

  it('shows no secret that stands where one is named, however it is written', () => {
    const secret = fc.string({ unit: fc.constantFrom(...'abcXYZ019!$/=+-_.:@'), minLength: 8, maxLength: 40 })
    const forms: readonly ((quoted: string, text: string) => string)[] = [
      (quoted) => quoted,
      (_, text) => `|\n    ${text}\n`,
      (quoted) => `[${quoted}, ${quoted}]`,
      (quoted) => `{ ${quoted}: ${quoted} }`,
      (quoted) => `{ ${quoted}: 1, ${quoted}: 2 }`,
      (quoted) => `{ file: [${quoted}] }`,
      (quoted) => `{ file: { ${quoted}: 1 } }`,
      (quoted) => `{ env: ${quoted.replace(/"$/, ' "')} }`,
      (quoted) => `{ file: ${quoted.replace(/"$/, '\\n"')} }`,
      (quoted) => `{ value: ${quoted} }`,
      (quoted) => `&${quoted.replace(/[^A-Za-z]/g, '')}x ${quoted}`,
      (quoted) => `!!str ${quoted}`,
      (quoted) => `${quoted} ${quoted}`,
      (quoted) => `{ file: a }, ${quoted}: x`,
    ]
    const places: readonly ((written: string) => string)[] = [
      (written) => `sasl: { mechanism: plain, username: u, password: ${written} }`,
      (written) => `sasl:\n  mechanism: plain\n  username: u\n  password: ${written}`,
      (written) => `tls: { cert: { file: c }, key: ${written} }`,
      (written) => `tls: { cert: { file: c }, key: { file: k }, keyPassword: ${written} }`,
      (written) => `tls:\n  ca: ${written}`,
      (written) => `keys: ${written}`,
      (written) => `client: { sasl.password: ${written} }`,
    ]
    const written = fc.tuple(secret, fc.constantFrom(...forms), fc.constantFrom(...places))
    fc.assert(
      fc.property(written, ([text, form, place]) => {
        const { pipeline: compiled, problems } = compile(pipeline(place(form(JSON.stringify(text), text))))
        expect(compiled).toBeUndefined()
        expect(problems.length).toBeGreaterThan(0)
        expect(JSON.stringify(problems)).not.toContain(JSON.stringify(text).slice(1, -1))
      }),
      { numRuns: 125 },
    )
  })

  it('shows no user and password that stand before a broker', () => {
    const { problems } = compile(pipeline('brokers: ["admin:hunter2@kafka:9092"]'))
    expect(problems.map(({ code }) => code)).toEqual(['bad-broker'])
    expect(JSON.stringify(problems)).not.toContain('hunter2')
  })
})
