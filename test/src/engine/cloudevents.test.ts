/** The example policies for CloudEvents: one event in structured and in binary mode leaves with the same tokens, and nothing else. */
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Keyring } from '../../../src/keys/keyring.ts'
import { testKeyset } from '../../../src/keys/test-keyset.ts'
import { compilePolicy } from '../../../src/policy/compile.ts'
import { readPolicyFile } from '../../../src/policy/policy-file.ts'
import { messageEngine } from '../../../src/run/engines.ts'
import { rewrite } from './flat-outcome.ts'

const keys = Keyring.fromKeyset(testKeyset())
const engineOf = (name: string) => {
  const { plan } = compilePolicy(readPolicyFile(join('config/policies', name)), { keys })
  return messageEngine(plan!, { now: Date.UTC(2026, 2, 15), compacted: false, keyRules: [] })
}
const attributes = {
  specversion: '1.0',
  id: 'CANARY-event',
  type: 'com.example.order.placed',
  source: '/shop/eu',
  subject: 'customer/CANARY',
  time: '2026-03-14T09:26:53Z',
  traceparent: '00-CANARY-01',
}
const data = {
  customer: { id: 'CANARY-1', name: 'CANARY', email: 'canary@CANARY.example' },
  placed_at: '2026-03-14T09:26:53Z',
  total: 42.5,
  items: [{ sku: 'SKU-1', note: 'CANARY' }],
}
const common = { key: Buffer.from('CANARY-1'), timestamp: 0 }

const structured = {
  ...common,
  value: Buffer.from(JSON.stringify({ ...attributes, datacontenttype: 'application/json', data })),
  headers: [{ name: 'content-type', value: Buffer.from('application/cloudevents+json') }],
}
const binary = {
  ...common,
  value: Buffer.from(JSON.stringify(data)),
  headers: [
    ...Object.entries(attributes).map(([name, value]) => ({ name: `ce_${name}`, value: Buffer.from(value) })),
    { name: 'content-type', value: Buffer.from('application/json') },
  ],
}

describe('124. a CloudEvent', () => {
  it('leaves alike in structured and in binary mode', () => {
    const [whole] = rewrite(engineOf('cloudevents.yaml'), [structured])
    const [parted] = rewrite(engineOf('cloudevents-binary.yaml'), [binary])
    const event = JSON.parse(Buffer.from(whole!.value!).toString())
    const { placed_at: placed, ...row } = JSON.parse(Buffer.from(parted!.value!).toString())
    expect(row).toEqual(event.data)
    expect(placed).toBe(event.time)
    expect(Buffer.from(whole!.key!).toString()).toBe(event.data.customer.id)
    expect(parted!.key).toEqual(whole!.key)
    expect(whole!.headers).toEqual([])
    const headers = Object.fromEntries(parted!.headers.map(({ name, value }) => [name, value]))
    expect(headers).toEqual({
      ce_specversion: '1.0',
      ce_id: event.id,
      ce_type: event.type,
      ce_source: '/shop/eu',
      ce_time: '2026-03-14T09:00:00Z',
      'content-type': 'application/json',
    })
    const left = [whole, parted].map((one) => [
      String(one!.value),
      String(one!.key),
      JSON.stringify(one!.headers),
    ])
    expect(JSON.stringify(left)).not.toMatch(/canary/i)
    expect(Buffer.from(whole!.value!).toString() + Buffer.from(parted!.value!).toString()).not.toMatch(
      /canary/i,
    )
  })

  it('does not take one mode for the other', () => {
    const [wrong] = rewrite(engineOf('cloudevents-binary.yaml'), [structured])
    const [other] = rewrite(engineOf('cloudevents.yaml'), [binary])
    expect([wrong!.kind, wrong!.code]).toEqual(['dead-letter', 'event-time-missing'])
    expect([other!.kind, other!.code]).toEqual(['dead-letter', 'event-time-missing'])
  })
})
