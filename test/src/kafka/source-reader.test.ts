import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encryptedSources, sourceDomain } from '../../../src/kafka/source-header.ts'
import { SourceReader } from '../../../src/kafka/source-reader.ts'
import { Keyring } from '../../../src/keys/keyring.ts'
import { addKey, compromiseKey, createKeyset, disableKey, promoteKey } from '../../../src/keys/keyset.ts'
import { sourcesOf } from '../../source-texts.ts'

const NOW = new Date(0)
const first = createKeyset(NOW)
const both = promoteKey(addKey(first, NOW), 'k2')
const ROUTES = [
  { route: 'events', inputs: ['in', 'in.old'], outputs: ['clean'] },
  { route: 'clicks', inputs: ['in'], outputs: ['clicks', 'clicks.old'] },
]
/** What the routes read and write. */
const WAYS = ROUTES.flatMap(({ route, inputs, outputs }) =>
  inputs.flatMap((topic) => outputs.map((output) => ({ route, topic, output }))),
)

const underDomain = (
  domain: string,
  route: string,
  topic: string,
  partition: number,
  offset: number,
): string =>
  sourcesOf(encryptedSources(Keyring.fromKeyset(first).key('source', domain), route), [
    { topic, partition, offset },
  ])[0]!

const tokenOf = (route: string, topic: string, partition: number, offset: number, output = 'clean'): string =>
  underDomain(sourceDomain('p', output), route, topic, partition, offset)

const readerOf = (keyset = first, pipeline = 'p'): SourceReader =>
  new SourceReader(pipeline, Keyring.fromKeyset(keyset), ROUTES)

describe('coordinates', () => {
  it('come back as they went in, whatever they are', () => {
    const reader = readerOf()
    fc.assert(
      fc.property(
        fc.constantFrom(...WAYS),
        fc.nat({ max: 2 ** 31 - 1 }),
        fc.maxSafeNat(),
        ({ route, topic, output }, partition, offset) => {
          const common = { route, topic, partition, offset, key: { id: 'k1', status: 'enabled' } }
          const text = tokenOf(route, topic, partition, offset, output)
          expect(reader.read(text)).toEqual({ source: { ...common, output, form: 'output' } })
          // As 0.1.0 wrote them.
          const old = underDomain('p', route, topic, partition, offset)
          expect(reader.read(old)).toEqual({ source: { ...common, output: undefined, form: 'pipeline' } })
          expect(old).not.toBe(text)
        },
      ),
    )
  })

  it.each([
    ['another key is primary', both, 'enabled'],
    ['their key is disabled', disableKey(both, 'k1'), 'disabled'],
    ['their key is compromised', compromiseKey(both, 'k1'), 'compromised'],
  ])('are read where %s', (_, keyset, status) => {
    expect(readerOf(keyset).read(tokenOf('events', 'in', 1, 2))).toMatchObject({
      source: { topic: 'in', partition: 1, offset: 2, key: { id: 'k1', status } },
    })
  })

  it('in the clear are read as they are', () => {
    expect(new SourceReader('p', undefined, []).read('shop.events/3/17')).toEqual({
      source: {
        route: undefined,
        topic: 'shop.events',
        partition: 3,
        offset: 17,
        output: undefined,
        form: 'clear',
        key: undefined,
      },
    })
  })
})

describe('nothing is made up', () => {
  it('of a text that is none', () => {
    const reader = readerOf()
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.base64String().map((text) => `k1.${text}`),
        ),
        (text) => {
          expect(reader.read(text)).toEqual({
            unread: expect.stringMatching(/^(not-a-source|unknown-topic)$/) as string,
          })
        },
      ),
    )
    expect(reader.read('in/1/99999999999999999')).toEqual({ unread: 'not-a-source' })
  })

  it('of a route that does not write to that topic', () => {
    const reader = readerOf()
    expect(reader.read(tokenOf('clicks', 'in', 1, 2, 'clean'))).toEqual({ unread: 'unknown-topic' })
    expect(reader.read(tokenOf('events', 'in', 1, 2, 'clicks'))).toEqual({ unread: 'unknown-topic' })
    expect(reader.read(tokenOf('events', 'in', 1, 2, 'elsewhere'))).toEqual({ unread: 'unknown-topic' })
  })

  it('where key, pipeline or topic are others', () => {
    const token = tokenOf('events', 'in', 1, 2)
    expect(readerOf(createKeyset(NOW)).read(token)).toEqual({ unread: 'unknown-topic' })
    expect(readerOf(first, 'other').read(token)).toEqual({ unread: 'unknown-topic' })
    expect(readerOf().read(tokenOf('events', 'gone', 1, 2))).toEqual({ unread: 'unknown-topic' })
    expect(readerOf().read(token.replace('k1', 'k3'))).toEqual({ unread: 'unknown-key' })
    expect(new SourceReader('p', undefined, ROUTES).read(token)).toEqual({ unread: 'no-keys' })
  })
})

it('reading under a disabled key brings it back into no other use', () => {
  const keyring = Keyring.fromKeyset(disableKey(both, 'k1'))
  expect(keyring.sourceKey('p', 'k1')?.status).toBe('disabled')
  expect(() => keyring.key('source', 'p', 'k1')).toThrow('disabled')
  expect(keyring.sourceKey('p', 'k9')).toBeUndefined()
})
