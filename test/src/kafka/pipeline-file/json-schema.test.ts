import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { CLIENT_SETTINGS } from '../../../../src/kafka/pipeline-file/client-settings.ts'
import { pipelineJsonSchema } from '../../../../src/kafka/pipeline-file/pipeline-json-schema.ts'
import { fits, type Schema } from '../../draft-07.ts'
import { pipeline, route } from './sources.ts'

const schema = pipelineJsonSchema() as Schema
const check = (text: string) => fits(parse(text), schema, schema)

/** Every description that an object schema gives to its words, by dotted key. */
function undescribed(node: Schema, path = ''): string[] {
  const properties = (node['properties'] ?? {}) as Record<string, Schema>
  const below = [
    node['items'],
    ...((node['anyOf'] as Schema[]) ?? []),
    ...((node['oneOf'] as Schema[]) ?? []),
  ].filter((one) => one !== undefined)
  return [
    ...Object.entries(properties).flatMap(([name, one]) => [
      ...(one['description'] === undefined ? [`${path}${name}`] : []),
      ...undescribed(one, `${path}${name}.`),
    ]),
    ...below.flatMap((one) => undescribed(one as Schema, path)),
  ]
}

describe('the JSON Schema of a pipeline', () => {
  it('is draft-07, describes every word, and lists every client setting', () => {
    expect(schema['$schema']).toBe('http://json-schema.org/draft-07/schema#')
    expect(undescribed(schema)).toEqual([])
    const properties = schema['properties'] as Record<string, { properties: object }>
    expect(Object.keys(properties['client']!.properties)).toEqual(Object.keys(CLIENT_SETTINGS))
  })

  it('takes the example, and what lint takes', () => {
    expect(check(readFileSync('config/pipelines/customer-events.yaml', 'utf8'))).toBe(true)
    const full = `tls: { ca: { file: a }, cert: { env: B }, key: { file: c } }
sasl: { mechanism: plain, username: u, password: { env: P } }
keys: { file: k.json }
instance: { env: POD }
maxDeadLetters: { most: 5, window: 100 }
batch: { bytes: 1024 }
client: { compression.type: lz4, fetch.min.bytes: 1 }`
    expect(check(pipeline(full))).toBe(true)
    for (const sasl of [
      'token: { file: t }',
      'oidc: { tokenEndpoint: "https://idp/t", clientId: c, clientSecret: { env: S }, scope: "a b", ca: { file: c }, timeout: 2s }, extensions: { a: b }',
    ])
      expect(check(pipeline(`sasl: { mechanism: oauthbearer, ${sasl} }`))).toBe(true)
    expect(
      check(pipeline('tls: true', route({ topics: '{ pattern: a.* }', start: '2026-01-31T00:00:00Z' }))),
    ).toBe(true)
  })

  it.each([
    'broker: a',
    'tls: false',
    'brokers: [localhost]',
    'keys: k.json',
    'keys: {}',
    'keys: { file: a, env: B }',
    'sasl: { mechanism: plain, username: u, password: hunter2 }',
    'sasl: { mechanism: plain, username: u }',
    'sasl: { mechanism: oauthbearer, token: eyJh }',
    'sasl: { mechanism: oauthbearer, username: u, password: { env: P } }',
    'sasl: { mechanism: plain, username: u, password: { env: P }, token: { file: t } }',
    'client: { debug: all }',
    'client: { fetch.min.bytes: 0 }',
    'batch: { bytes: 8MB }',
    'maxDeadLetters: 101%',
    'source: sealed',
  ])('refuses %s', (text) => {
    expect(check(pipeline(text))).toBe(false)
  })

  it('refuses routes that lint refuses by their shape', () => {
    expect(check(pipeline('', route({ to: '..' })))).toBe(false)
    expect(check(pipeline('', route({ start: 'first' })))).toBe(false)
    expect(check(pipeline('', route({ more: 'brokers: [a:1]' })))).toBe(false)
    expect(check('pipeline: p\nbrokers: [localhost:1]\nroutes: []\n')).toBe(false)
  })
})
