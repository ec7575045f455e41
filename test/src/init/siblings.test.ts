/** What a draft makes of objects beside one another, and of values that are written as objects. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { draftOf } from '../../../src/init/draft.ts'
import { readSample } from '../../../src/init/read-sample.ts'
import { compilePolicy } from '../../../src/policy/compile.ts'
import { policyFileOf } from '../../../src/policy/policy-file.ts'
import { createDeidentifier } from '../../../src/run/deidentifier.ts'
import { folder } from '../cli/lethe.ts'

interface Policy {
  readonly time?: unknown
  readonly fields: Readonly<Record<string, { readonly domain?: string; readonly use?: string } | string>>
}

async function draft(records: readonly object[]): Promise<{ text: string; policy: Policy }> {
  const from = join(folder({}), 'in.ndjson')
  writeFileSync(from, records.map((record) => `${JSON.stringify(record)}\n`).join(''))
  const sample = await readSample({ from, format: undefined, rows: 10_000, form: {} })
  const { text } = draftOf(sample, { from, name: 'p', schema: 's', year: 2026 })
  return { text, policy: parse(text) as Policy }
}

const domain = ({ fields }: Policy, path: string): string | undefined => {
  const rule = fields[path]
  return typeof rule === 'object' ? rule.domain : undefined
}

const times = <T>(count: number, make: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i))

describe('identifiers in objects beside one another', () => {
  it('of a change event have one domain (study, no. 4)', async () => {
    const row = (id: number) => ({ id, email: `lena.${id}@mail.example` })
    const { policy } = await draft([
      { before: null, after: row(1042), op: 'c' },
      { before: row(1042), after: row(1042), op: 'u' },
    ])
    for (const name of ['id', 'email']) {
      expect(domain(policy, `after.${name}`)).toBeDefined()
      expect(domain(policy, `before.${name}`)).toBe(domain(policy, `after.${name}`))
    }
  })

  it('have one domain where they have the same members and values', async () => {
    const { policy, text } = await draft(
      times(20, (i) => ({
        left: { id: `x${i}`, zone: 'a' },
        right: { id: `x${19 - i}`, zone: 'b' },
        deep: {
          billing: { party: { id: i + 500 }, city: 'q' },
          shipping: { party: { id: i + 505 }, city: 'q' },
        },
      })),
    )
    expect(domain(policy, 'right.id')).toBe(domain(policy, 'left.id'))
    expect(domain(policy, 'deep.shipping.party.id')).toBe(domain(policy, 'deep.billing.party.id'))
    expect(text).toContain('# the values of left.id: one domain, so that they join')
  })

  it('have domains of their own where values or members are others, or say too little', async () => {
    const { policy } = await draft(
      times(20, (i) => ({
        order: { id: i },
        product: { id: i },
        basket: { id: `b${i}`, size: 1 },
        shelf: { id: `s${i}`, size: 1 },
        gate: { id: `g${i % 2}`, size: 1, state: 'q' },
        dock: { id: `g${i % 2}`, size: 1, state: 'q' },
      })),
    )
    const domains = ['order', 'product', 'basket', 'shelf', 'gate', 'dock'].map((name) =>
      domain(policy, `${name}.id`),
    )
    expect(new Set(domains).size).toBe(6)
  })
})

describe('values of Extended JSON', () => {
  it('are told by the names of their parents, and read at their paths', async () => {
    const records = times(20, (i) => ({
      customer_id: { $oid: `65f0c0ffee00000000000a${10 + i}` },
      created_at: { $date: `2026-03-${10 + i}T10:00:00.000Z` },
      updated: { $date: { $numberLong: `${1_773_136_800_000 + i}` } },
    }))
    const { policy, text } = await draft(records)
    expect(Object.keys(policy.fields)).toEqual([
      'customer_id."$oid"',
      'created_at."$date"',
      'updated."$date"."$numberLong"',
    ])
    expect(policy.time).toBe('created_at."$date"')
    expect(domain(policy, 'customer_id."$oid"')).toBe('customer')
    const { plan, problems } = compilePolicy(
      policyFileOf('p.yaml', text.replaceAll('use: hash.hmac, domain: customer', 'use: drop')),
    )
    expect(problems).toEqual([])
    const outcome = createDeidentifier(plan!, { format: 'json' }).deidentify(
      Buffer.from(JSON.stringify(records[0])),
    )
    expect(outcome.kind === 'publish' ? Buffer.from(outcome.value).toString() : outcome).toBe(
      '{"customer_id":{},"created_at":{"$date":"2026-03-10T10:00:00Z"},"updated":{"$date":{"$numberLong":"2026-03-10T10:00:00Z"}}}',
    )
  })
})
