import { createDecipheriv } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PackedRecords } from '../../../src/kafka/packed-records.ts'
import {
  clearSources,
  encryptedSources,
  noSources,
  readSource,
  sourceDomain,
  sourceId,
} from '../../../src/kafka/source-header.ts'
import { Keyring } from '../../../src/keys/keyring.ts'
import { testKeyset } from '../../../src/keys/test-keyset.ts'
import { sourcesOf } from '../../source-texts.ts'

const keyring = Keyring.fromKeyset(testKeyset())
const key = keyring.key('source', 'shop')
const anyPosition = fc.record({
  topic: fc.constantFrom('a', 'b', 'events.v1'),
  partition: fc.nat({ max: 2 ** 31 - 1 }),
  offset: fc.maxSafeNat(),
})

describe('encryptedSources', () => {
  it('writes what the key holder reads back, whatever else is in the batch', () => {
    fc.assert(
      fc.property(fc.array(anyPosition), (positions) => {
        const texts = sourcesOf(encryptedSources(key, 'r'), positions)
        for (const [i, { topic, partition, offset }] of positions.entries()) {
          expect(texts[i]).toMatch(/^k1\.[A-Za-z0-9_-]{22}$/)
          expect(readSource(texts[i]!, key)).toEqual({ id: sourceId('r', topic), partition, offset })
        }
        const distinct = new Set(positions.map((position) => JSON.stringify(position)))
        expect(new Set(texts).size).toBe(distinct.size)
      }),
    )
  })

  it('is one AES-256 block of id, partition and offset', () => {
    const [text] = sourcesOf(encryptedSources(key, 'r'), [{ topic: 'a', partition: 7, offset: 2 ** 40 + 5 }])
    const plain = createDecipheriv('aes-256-ecb', key.bytes, null)
      .setAutoPadding(false)
      .update(Buffer.from(text!.slice(3), 'base64url'))
    expect(plain.toString('hex')).toBe(
      `${sourceId('r', 'a').toString(16).padStart(8, '0')}0000000700000100${'00000005'}`,
    )
  })

  it('differs by the output topic, so that two releases of one pipeline cannot be joined', () => {
    fc.assert(
      fc.property(fc.uniqueArray(anyPosition, { minLength: 1, selector: JSON.stringify }), (positions) => {
        const [one, again, other] = ['clean', 'clean', 'clean.v2'].map((topic) =>
          sourcesOf(encryptedSources(keyring.key('source', sourceDomain('shop', topic)), 'r'), positions),
        )
        // Whatever the policy is.
        expect(again).toEqual(one)
        expect(other!.filter((text) => one!.includes(text))).toEqual([])
      }),
    )
  })

  it('differs by route and by pipeline, so that two outputs cannot be joined', () => {
    const at = [{ topic: 'a', partition: 0, offset: 1 }]
    const other = keyring.key('source', 'another')
    const texts = [encryptedSources(key, 'r'), encryptedSources(key, 's'), encryptedSources(other, 'r')].map(
      (writer) => sourcesOf(writer, at)[0],
    )
    expect(new Set(texts).size).toBe(3)
  })

  it('reads nothing else', () => {
    for (const text of ['', 'k1.', 'k2.AAAAAAAAAAAAAAAAAAAAAA', 'k1.AAAA', 'a/0/1', `k1.${'!'.repeat(22)}`])
      expect(readSource(text, key), text).toBe(undefined)
  })
})

it('writes coordinates in the clear, or nothing, where the pipeline says so', () => {
  const at = [{ topic: 'a', partition: 2, offset: 3 }]
  expect(sourcesOf(clearSources, at)).toEqual(['a/2/3'])
  expect(noSources.write(new PackedRecords())).toBe(undefined)
})
