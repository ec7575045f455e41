/** Small inputs of the field, and what is right for them: what `init` and `lint` say. */
import { gzipSync } from 'node:zlib'
import { compress } from '@cloudpss/zstd/napi'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { compilePolicy } from '../../../src/policy/compile.ts'
import { policyFileOf } from '../../../src/policy/policy-file.ts'
import { batchOf } from '../run/batch-of.ts'
import { folder, warm } from './lethe.ts'

const HEAD = 'policy: p\nversion: 1\npurpose: train_ai_system\n'
const codes = (fields: string) =>
  compilePolicy(policyFileOf('p.yaml', `${HEAD}fields:\n${fields}`)).problems.map(({ line, code }) => [
    line,
    code,
  ])

const usesOf = (text: string): Record<string, string> => {
  const { fields } = parse(text) as { fields: Record<string, string | { use: string }> }
  return Object.fromEntries(
    Object.entries(fields).map(([path, rule]) => [path, typeof rule === 'string' ? rule : rule.use]),
  )
}

describe('names that say whose values they are', () => {
  it('no. 1: a name that goes with each customer is not kept, however often it is met', async () => {
    const names = ['Nora Berg', 'Olaf Stern', 'Piet Adler', 'Rosa Lind', 'Sven Marek']
    const rows = Array.from(
      { length: 500 },
      (_, i) => `C-${i % 5},${names[i % 5]},${(i % 5) + 3} Elm Street,2026-03-01T10:00:00Z\n`,
    )
    const input = `customer_id,client,street_line,created_at\n${rows.join('')}`
    const { code, stdout } = await warm(['init', '--from', '-', '--format', 'csv'], { input })
    expect(code).toBe(0)
    const uses = usesOf(stdout)
    expect([uses['customer_id'], uses['created_at']]).toEqual(['hash.hmac', 'generalize.date'])
    expect(['undecided', 'drop', 'hash.hmac']).toContain(uses['client'])
    expect(['undecided', 'drop']).toContain(uses['street_line'])
    for (const name of names) expect(stdout).not.toContain(name)
  })

  it('no. 2: what names a person is not kept without a word', () => {
    const names = ['email', 'phone', 'contact_owner', 'first_name', 'ssn']
    expect(codes(names.map((name) => `  ${name}: keep\n`).join(''))).toEqual(
      names.map((_, i) => [5 + i, 'name-suggests-identifier']),
    )
  })

  it('no. 3: addresses and numbers in a kept remark are told', async () => {
    const { account } = await batchOf(
      'fields:\n  remark: { use: keep, category: user.telemetry }\n',
      'remark\nlena@x.example\n+48600100200\nfine\n',
    )
    expect(account.rules[0]).toMatchObject({
      label: 'remark keep',
      looked: 3,
      suspects: { email: 1, phone: 1 },
    })
  })
})

it('no. 18: a file of 5,002 columns has a draft of three fields, in bounded time', {
  timeout: 300_000,
}, async () => {
  const columns = ['customer_id', 'created_at', ...Array.from({ length: 5_000 }, (_, i) => `feature_${i}`)]
  const row = (i: number) => [
    `C-${i}`,
    '2026-03-01T10:00:00Z',
    ...columns.slice(2).map((_, j) => `${(i * j) % 97}.5`),
  ]
  const input = [columns, ...Array.from({ length: 5 }, (_, i) => row(i))]
    .map((cells) => `${cells.join(',')}\n`)
    .join('')
  const { code, stdout, stderr } = await warm(['init', '--from', '-', '--format', 'csv'], { input })
  expect(code).toBe(0)
  expect(usesOf(stdout)).toEqual({
    customer_id: 'hash.hmac',
    created_at: 'generalize.date',
    'feature_*': 'undecided',
  })
  expect(stdout.split('\n').filter((line) => !/^\s*#/.test(line)).length).toBeLessThan(14)
  expect(stderr).toContain('; 5002 paths, 3 fields, 1 undecided')
})

it('no. 19: what is packed is unpacked or named, whatever the file is called', async () => {
  const rows = Buffer.from('n,w\n1,x\n')
  const cwd = folder({
    'gzip.csv': gzipSync(rows),
    'zstd.csv': compress(rows),
    'zip.csv': 'PK\x03\x04',
  })
  for (const name of ['gzip.csv', 'zstd.csv'])
    expect([name, (await warm(['init', '--from', name], { cwd })).code]).toEqual([name, 0])
  const { code, stderr } = await warm(['init', '--from', 'zip.csv'], { cwd })
  expect([code, stderr]).toEqual([2, expect.stringContaining('this is a ZIP')])
  expect(stderr).toContain('unpack')
})

it('no. 21: a file whose columns have other names is refused before a row is shown', async () => {
  const cwd = folder({
    'p.yaml': `${HEAD}fields:\n  customer_id: drop\n  email: mask.null\n  n: keep\n`,
    'in.csv': 'Customer ID,E-Mail,n\nC-1,lena@x.example,1\n',
  })
  const { code, stdout, stderr } = await warm(['explain', '-p', 'p.yaml', 'in.csv'], { cwd })
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toContain('did you mean column 2')
  expect(stderr).not.toContain('lena')
})
