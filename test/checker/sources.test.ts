import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { clearSources, encryptedSources } from '../../src/kafka/source-header.ts'
import { clearSource, encryptedSource } from '../integration/checker/sources.ts'
import { sourcesOf } from '../source-texts.ts'

const key = { id: 'k1', bytes: Buffer.alloc(32, 7) }
const positions = fc.array(
  fc.record({
    topic: fc.constantFrom('orders', 'orders.eu', 'visits'),
    partition: fc.nat(0x7fff_ffff),
    offset: fc.maxSafeNat(),
  }),
)

describe('readers of the source header', () => {
  it('read what the stream writes, encrypted and clear', () => {
    const read = encryptedSource(key, 'route', ['orders', 'orders.eu', 'visits'])
    fc.assert(
      fc.property(positions, (all) => {
        expect(sourcesOf(encryptedSources(key, 'route'), all).map(read)).toEqual(all)
        expect(sourcesOf(clearSources, all).map(clearSource)).toEqual(all)
      }),
    )
  })

  it('read nothing under another key or route, or from another text', () => {
    const [text] = sourcesOf(encryptedSources(key, 'route'), [{ topic: 'orders', partition: 1, offset: 2 }])
    const topics = ['orders']
    expect(encryptedSource({ ...key, bytes: Buffer.alloc(32, 8) }, 'route', topics)(text!)).toBeUndefined()
    expect(encryptedSource(key, 'other', topics)(text!)).toBeUndefined()
    expect(encryptedSource(key, 'route', ['visits'])(text!)).toBeUndefined()
    expect(encryptedSource(key, 'route', topics)('k1.short')).toBeUndefined()
    for (const text of ['orders/1', 'orders/1/x', 'orders/-1/2', ''])
      expect(clearSource(text)).toBeUndefined()
  })
})
