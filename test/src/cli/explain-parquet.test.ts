/** `lethe explain` with a row of Parquet. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { parquetOf } from '../../parquet.ts'
import { folder, root, warm } from './lethe.ts'

const POLICY = `policy: shop
version: 1
purpose: train_ai_system
fields:
  id: keep
  ts: { use: generalize.date, to: day }
  d: keep
  customer.email: { use: hash.hmac, domain: email, normalize: email }
  "items[].sku": keep
  attrs.*: keep
  attrs.$names: { use: keep, accept: "the names are made up" }
`
const FIXTURES = join(root, 'test/fixtures/parquet')
const explained = (cwd: string, ...args: string[]) => warm(['explain', '-p', 'p.yaml', ...args], { cwd })

it('shows the first row before and after, with the texts that rules see', async () => {
  const cwd = folder({ 'p.yaml': POLICY, 'in.parquet': readFileSync(join(FIXTURES, 'snappy.parquet')) })
  const { code, stdout } = await explained(cwd, 'in.parquet', '--format', 'json')
  expect(code).toBe(0)
  const { fields, published } = JSON.parse(stdout)
  const of = (path: string) => fields.find((one: { path: string }) => one.path === path)
  expect(of('ts')).toMatchObject({ before: ['"2024-01-01T00:00:00Z"'], after: ['"2024-01-01"'] })
  expect(of('d')).toMatchObject({ before: ['0.00'], after: ['0.00'] })
  expect(JSON.parse(published)).toEqual({
    id: 0,
    ts: '2024-01-01',
    d: 0,
    customer: null,
    items: [],
    attrs: null,
  })
  expect(stdout).not.toContain('nothing reads this')
})

it('says why a file has no record to show', async () => {
  const text = (data: string[]) => ({ name: 'id', type: 'STRING' as const, data })
  const whole = parquetOf([text(['a'])])
  const cwd = folder({
    'p.yaml': POLICY,
    'none.parquet': parquetOf([text([])]),
    'cut.parquet': whole.subarray(0, -5),
    'nan.parquet': parquetOf([{ name: 'id', type: 'DOUBLE' as const, data: [Number.NaN] }]),
  })
  for (const [name, words] of [
    ['none', 'holds no records'],
    ['cut', 'ends without its footer'],
    ['nan', 'its first row is a dead letter before the policy is asked: number-not-finite'],
  ]) {
    const { code, stderr } = await explained(cwd, `${name}.parquet`)
    expect([name, code !== 0, stderr]).toEqual([name, true, expect.stringContaining(words!)])
  }
})
