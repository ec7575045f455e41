import { describe, expect, it } from 'vitest'
import { folder, warm } from './lethe.ts'

const POLICY = `policy: shop
version: 2
purpose: train_ai_system
subject: customer.id
time: at
fields:
  at: { use: generalize.date, to: hour }
  customer.id: { use: hash.hmac, domain: customer, category: user.unique_id }
  customer.email: { use: hash.hmac, domain: email, normalize: email, category: user.contact.email }
  customer.city: { use: keep, role: quasi-identifier, accept: "cities of over a million only" }
  joined: { from: customer.joined, use: generalize.date, to: month, else: drop }
  customer.zip: { use: generalize.prefix, keep: 3 }
  items[].price: { use: generalize.number, width: 10 }
  $key: { use: hash.hmac, domain: customer }
retention:
  steps:
    - { after: 180d, fields: { customer.zip: { use: generalize.prefix, keep: 1 } } }
    - { after: 400d, then: suppress }
`

interface Explained {
  readonly outcome: string
  readonly became: string
  readonly isSample: boolean
  readonly testKeys: boolean
  readonly unlisted: number
  readonly fields: readonly {
    readonly path: string
    readonly before: readonly string[]
    readonly after: readonly string[]
    readonly rules: readonly { readonly after?: string; readonly applied: number }[]
  }[]
}

const RECORD = {
  at: '2024-07-15T13:45:00Z',
  customer: { id: 'C-1', email: 'Jane@example.com', city: '東京', joined: 'once', zip: '94103' },
  items: [{ price: 12 }, { price: 33.5 }],
  secret: 'not listed',
}
const AS_OF = ['--as-of', '2024-08-01']

async function explained(args: readonly string[], input: string): Promise<Explained> {
  const cwd = folder({ 'p.yaml': POLICY })
  const { code, stdout, stderr } = await warm(['explain', '-p', 'p.yaml', '--format', 'json', ...args], {
    cwd,
    input,
  })
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
  return JSON.parse(stdout) as Explained
}

const field = (explanation: Explained, path: string) => explanation.fields.find((one) => one.path === path)!

describe('lethe explain', () => {
  it('tells of every field of a made-up record, each of which has something to show', async () => {
    const explanation = await explained([], '')
    expect([explanation.outcome, explanation.isSample, explanation.testKeys]).toEqual(['publish', true, true])
    for (const { path, before, after } of explanation.fields) {
      if (path === '$key') continue
      expect({ path, before: before.length, after: after.length }).toEqual({ path, before: 1, after: 1 })
    }
    expect(field(explanation, 'customer.email').after).toEqual(['"k1.lbA-rcjQh8Pcz3tNmC4KKg"'])
  })

  it('shows a given record before and after', async () => {
    const explanation = await explained([...AS_OF, '-'], JSON.stringify(RECORD, null, 2))
    expect(explanation.isSample).toBe(false)
    expect(explanation.unlisted).toBe(1)
    expect(field(explanation, 'customer.city')).toMatchObject({ before: ['"東京"'], after: ['"東京"'] })
    expect(field(explanation, 'items[].price')).toMatchObject({
      before: ['12', '33.5'],
      after: ['"[10,20)"', '"[30,40)"'],
    })
    expect(field(explanation, 'joined')).toMatchObject({ before: ['"once"'], after: [] })
    expect(field(explanation, 'customer.zip').rules.map(({ after, applied }) => [after, applied])).toEqual([
      [undefined, 1],
      ['180d', 0],
    ])
  })

  it('takes the first record of NDJSON, and judges retention', async () => {
    const lines = `${JSON.stringify(RECORD)}\n${JSON.stringify({ at: 'x' })}\n`
    const stepped = await explained(['--as-of', '2025-03-01', '-'], lines)
    expect(field(stepped, 'customer.zip').after).toEqual(['"9"'])
    const gone = await explained(['--as-of', '2026-03-01T00:00:00Z', '-'], lines)
    expect(gone.outcome).toBe('suppress')
    expect(gone.became).toContain('retention suppress after 400d')
  })

  it('says in plain words what is done, why, where, and what it does not stop', async () => {
    const cwd = folder({ 'p.yaml': POLICY, 'r.json': JSON.stringify(RECORD) })
    const { code, stdout, stderr } = await warm(['explain', '-p', 'p.yaml', 'r.json', ...AS_OF], { cwd })
    expect(code).toBe(0)
    for (const text of [
      'shop, version 2',
      'user.contact.email; a direct identifier',
      'hash.hmac (domain: email, normalize: email)',
      'cities of over a million only',
      'not stopped',
      'p.yaml:9',
      'after 180d',
      'the field is left out',
      'it could not take the value',
      'it stands beside the value of a Kafka record',
      '1 member that no field names does not leave',
      'the record is published',
    ])
      expect(stdout).toContain(text)
    expect(stdout).not.toContain('not listed')
    expect(stderr).toContain('published test keys')
  })

  it('uses the keys that are given', async () => {
    const cwd = folder({ 'p.yaml': POLICY })
    await warm(['keys', 'create', 'k.json'], { cwd })
    const { stdout, stderr } = await warm(['explain', '-p', 'p.yaml', '--keys', 'k.json'], { cwd })
    expect(stdout).not.toContain('k1.lbA-rcjQh8Pcz3tNmC4KKg')
    expect(stdout).toMatch(/k1\.[\w-]{22}/)
    expect(stderr).not.toContain('test keys')
  })

  it('explains a dead letter by its code', async () => {
    const explanation = await explained(['-'], '{"at":"yesterday"}')
    expect(explanation.outcome).toBe('dead-letter')
    expect(explanation.became).toContain('event-time-unparsable')
    expect((await explained(['-'], '{"at":')).became).toContain('json-')
  })

  it('shows nothing of what it cannot read', async () => {
    const cwd = folder({ 'p.yaml': POLICY, 'bad.yaml': 'policy: secret-name [\n', 'r.txt': 'secret-name' })
    for (const args of [
      ['-p', 'p.yaml', 'r.txt'],
      ['-p', 'p.yaml', 'none.json'],
      ['-p', 'bad.yaml'],
    ]) {
      const { code, stdout, stderr } = await warm(['explain', ...args], { cwd })
      expect(code).toBeGreaterThan(0)
      expect(stdout).toBe('')
      expect(stderr).not.toContain('secret-name')
      expect(stderr).not.toContain('defect')
    }
  })
})
