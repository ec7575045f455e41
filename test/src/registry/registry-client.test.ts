/** The client of schema registries, over HTTP. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LetheError } from '../../../src/errors.ts'
import { SchemaFault } from '../../../src/record/schema-text.ts'
import { RegistryClient } from '../../../src/registry/registry-client.ts'
import { TestRegistry } from '../../registry.ts'

let registry: TestRegistry
beforeAll(async () => {
  registry = await TestRegistry.start()
})
afterAll(() => registry.close())

const clientOf = (more: { authorization?: string; timeout?: number; path?: string } = {}): RegistryClient =>
  new RegistryClient(() => ({
    url: registry.url + (more.path ?? ''),
    authorization: more.authorization,
    tls: undefined,
    timeout: more.timeout ?? 30_000,
  }))

const codeOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work
    return 'none'
  } catch (error) {
    if (!(error instanceof LetheError || error instanceof SchemaFault)) throw error
    expect(error.message).not.toMatch(/secret/)
    return error.code
  }
}

describe('a schema registry', () => {
  it('gives schemas by id, with what they refer to first', async () => {
    const place = { type: 'record', name: 'Place', fields: [{ name: 'city', type: 'string' }] }
    registry.put('place', place)
    const id = registry.put(
      'event',
      { type: 'record', name: 'Event', fields: [{ name: 'at', type: 'Place' }] },
      { references: [{ name: 'Place', subject: 'place', version: 1 }] },
    )
    expect(await clientOf().schema(id)).toMatchObject({ kind: 'AVRO', references: [JSON.stringify(place)] })
    expect(await clientOf().schema(999)).toBeUndefined()
    expect(await clientOf().versions('event')).toEqual([1])
    expect(await clientOf().versions('nothing')).toEqual([])
    expect(await clientOf().version('event', 'latest')).toMatchObject({ id, version: 1 })
  })

  it('takes schemas that go with those before, and refuses others', async () => {
    const client = clientOf()
    const of = (fields: readonly unknown[]): string => JSON.stringify({ type: 'record', name: 'R', fields })
    const first = of([{ name: 'a', type: 'string' }])
    expect(await client.isCompatible('new', first)).toBeUndefined()
    const id = await client.register('new', first)
    expect(await client.register('new', first)).toBe(id)
    expect(await client.lookup('new', first)).toBe(id)
    expect(await client.mode('new')).toBeUndefined()
    await client.setMode('new', 'FULL')
    expect(await client.mode('new')).toBe('FULL')
    const other = of([{ name: 'b', type: 'string' }])
    expect(await client.isCompatible('new', other)).toBe(false)
    expect(await client.lookup('new', other)).toBeUndefined()
    expect(await codeOf(client.register('new', other))).toBe('schema-incompatible')
    expect(await codeOf(client.register('bad', '{"type":"nothing"}'))).toBe('schema-refused')
  })

  it.each([
    ['away', 'registry-unreachable'],
    ['silent', 'registry-unreachable'],
    ['error', 'registry-unreachable'],
    ['garbage', 'registry-refused'],
    ['huge', 'registry-refused'],
  ] as const)('that is %s is %s', async (fault, code) => {
    registry.fault = fault
    try {
      expect(await codeOf(clientOf(fault === 'silent' ? { timeout: 300 } : {}).schema(1))).toBe(code)
    } finally {
      registry.fault = 'none'
    }
  })

  it('refuses who does not say who it is, and addresses that are none of its own', async () => {
    registry.authorization = 'Basic dTpw'
    try {
      expect(await codeOf(clientOf().schema(1))).toBe('registry-refused')
      expect(await codeOf(clientOf({ authorization: 'Basic dTpw' }).schema(1))).toBe('none')
    } finally {
      registry.authorization = undefined
    }
    expect(await codeOf(clientOf({ path: '/elsewhere' }).schema(1))).toBe('registry-refused')
  })

  it('gives what it tags beside a schema, by patterns of names', async () => {
    const tagsOf = async (name: string, metadata: unknown) =>
      (
        await clientOf().schema(
          registry.put(name, `{"type":"record","name":"${name}","fields":[]}`, { metadata }),
        )
      )?.tags
    expect(await tagsOf('T1', { tags: { '**.mail': ['PII'], 'T1.a': ['A', 'B'] } })).toEqual([
      ['**.mail', ['PII']],
      ['T1.a', ['A', 'B']],
    ])
    expect(await tagsOf('T2', { properties: { owner: 'x' } })).toBeUndefined()
    // What is no tag is one that no policy has a rule for.
    expect(await tagsOf('T3', { tags: { a: 'PII', b: [7] } })).toEqual([
      ['a', ['']],
      ['b', ['']],
    ])
    expect(await tagsOf('T4', { tags: ['PII'] })).toEqual([['**', ['']]])
    // Of what it refers to, too.
    registry.put('T6', '{"type":"record","name":"T6","fields":[]}', {
      metadata: { tags: { 'T6.a': ['PII'] } },
    })
    const references = [{ name: 'T6', subject: 'T6', version: 1 }]
    const refers = registry.put('T7', '{"type":"record","name":"T7","fields":[]}', {
      references,
      metadata: { tags: { 'T7.a': ['A'] } },
    })
    expect((await clientOf().schema(refers))?.tags).toEqual([
      ['T7.a', ['A']],
      ['T6.a', ['PII']],
    ])
    const many = Object.fromEntries(Array.from({ length: 101 }, (_, at) => [`T5.${at}`, ['A']]))
    const id = registry.put('T5', '{"type":"record","name":"T5","fields":[]}', { metadata: { tags: many } })
    expect(await codeOf(clientOf().schema(id))).toBe('schema-too-large')
  })

  it('is not asked without end for what schemas refer to', async () => {
    const id = registry.put('loop', '{"type":"record","name":"L","fields":[]}', {
      references: [{ name: 'L', subject: 'loop', version: 1 }],
    })
    // It refers to itself: to be fetched once more, and no further.
    expect(await codeOf(clientOf().schema(id))).toBe('none')
    const large = registry.put('large', JSON.stringify({ type: 'string', doc: 'x'.repeat(1 << 20) }))
    expect(await codeOf(clientOf().schema(large))).toBe('schema-too-large')
    const half = (name: string): string => JSON.stringify({ type: 'string', doc: name.padEnd(600_000) })
    registry.put('half-a', half('a'))
    registry.put('half-b', half('b'))
    const both = registry.put('both', '"string"', {
      references: ['half-a', 'half-b'].map((subject) => ({ name: subject, subject, version: 1 })),
    })
    expect(await codeOf(clientOf().schema(both))).toBe('schema-too-large')
  })
})
