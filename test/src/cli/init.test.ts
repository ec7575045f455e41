import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { de, en, Faker, ja } from '@faker-js/faker'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { folder, warm } from './lethe.ts'

interface DraftPolicy {
  readonly subject?: string
  readonly time?: unknown
  readonly fields: Readonly<
    Record<string, string | { readonly use: string; readonly [option: string]: unknown }>
  >
  readonly columns?: Readonly<Record<string, string>>
}

const read = (text: string) => parse(text) as DraftPolicy
const useOf = (draft: DraftPolicy, path: string) => {
  const rule = draft.fields[path]
  return typeof rule === 'object' ? rule.use : rule
}

function events(count: number): Record<string, unknown>[] {
  const faker = new Faker({ locale: [ja, de, en], seed: 7 })
  const western = new Faker({ locale: [de, en], seed: 8 })
  return Array.from({ length: count }, (_, i) => {
    const f = i % 5 === 0 ? faker : western
    return {
      event_id: f.string.uuid(),
      occurred_at: f.date.recent({ days: 300, refDate: '2024-07-15T00:00:00Z' }).toISOString(),
      customer: {
        id: `C-${f.number.int({ min: 10_000, max: 99_999 })}`,
        email: western.internet.email(),
        full_name: f.person.fullName(),
        birth_date: f.date.birthdate().toISOString().slice(0, 10),
        phone: western.phone.number({ style: 'international' }),
        address: {
          street: f.location.streetAddress(),
          postcode: western.location.zipCode(),
          city: f.location.city(),
        },
        plan: f.helpers.arrayElement(['free', 'basic', 'professional', 'enterprise-wide']),
        iban: western.finance.iban(),
      },
      ip: f.internet.ipv4(),
      card: western.finance.creditCardNumber({ issuer: 'mastercard' }),
      position: { lat: f.location.latitude({ precision: 6 }), lon: f.location.longitude({ precision: 6 }) },
      items: [{ sku: f.string.alphanumeric(10), quantity: f.number.int({ min: 1, max: 9 }) }],
      prices: {
        USD: f.number.float({ max: 999, fractionDigits: 2 }),
        EUR: f.number.float({ max: 999, fractionDigits: 2 }),
      },
      by_user: { [western.internet.email()]: true },
      is_new: f.datatype.boolean(),
      comment: western.lorem.sentence(9),
      [western.internet.email()]: 1,
    }
  })
}

function texts(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(texts)
  if (typeof value !== 'object' || value === null) return [String(value)]
  return Object.entries(value).flatMap(([name, member]) => [
    ...(name.includes('@') ? [name] : []),
    ...texts(member),
  ])
}

const ndjson = (records: readonly object[]) => records.map((record) => `${JSON.stringify(record)}\n`).join('')

describe('lethe init', () => {
  it('proposes a rule for every path of nested events, and shows no value', async () => {
    const records = events(600)
    const cwd = folder({ 'events.ndjson': ndjson(records) })
    const { code, stdout, stderr } = await warm(['init', '--from', 'events.ndjson'], { cwd })
    expect(code).toBe(0)
    for (const text of new Set(texts(records))) {
      if (text.length >= 8)
        expect(stdout + stderr, 'a value of the sample is in the draft').not.toContain(text)
    }
    expect(stdout.split('\n')[0]).toMatch(/^# yaml-language-server: \$schema=.*policy\.schema\.json$/)
    const draft = read(stdout)
    expect(draft.subject).toBe('customer.id')
    expect(draft.time).toBe('occurred_at')
    const expected = {
      event_id: 'hash.hmac',
      occurred_at: 'generalize.date',
      'customer.id': 'hash.hmac',
      'customer.email': 'hash.hmac',
      'customer.full_name': 'drop',
      'customer.birth_date': 'generalize.age',
      'customer.phone': 'mask.characters',
      'customer.address.street': 'drop',
      'customer.address.postcode': 'generalize.prefix',
      'customer.address.city': 'undecided',
      'customer.plan': 'keep',
      'customer.iban': 'mask.characters',
      ip: 'generalize.ip',
      card: 'mask.card',
      'position.lat': 'generalize.geo',
      'position.lon': 'generalize.geo',
      'items[].sku': 'undecided',
      'items[].quantity': 'keep',
      'prices.$names': 'undecided',
      'by_user.$names': 'hash.hmac',
      'by_user.*': 'keep',
      is_new: 'keep',
      comment: 'drop',
    }
    expect(Object.fromEntries(Object.keys(expected).map((path) => [path, useOf(draft, path)]))).toEqual(
      expected,
    )
    expect(Object.keys(draft.fields).filter((path) => path.includes('@'))).toEqual([])
  })

  it('reads CSV by its header, gzip too, and names columns whose header is not a path', async () => {
    const rows = events(200).map((event) => {
      const { id, email } = event['customer'] as { id: string; email: string }
      return `${id};"${email}";${event['occurred_at'] as string};x`
    })
    const cwd = folder({
      'Orders 2024.csv.gz': gzipSync(['customer.id;E-Mail Address;occurred_at;"a[0]"', ...rows].join('\r\n')),
    })
    const { code, stdout } = await warm(['init', '--from', 'Orders 2024.csv.gz'], { cwd })
    expect(code).toBe(0)
    const draft = read(stdout)
    expect(stdout).toContain('input:\n  delimiter: ";"\n')
    expect(stdout).toContain('policy: orders-2024\n')
    expect(draft.columns).toEqual({ 'E-Mail Address': 'e_mail_address', 'a[0]': 'a_0' })
    expect(useOf(draft, 'e_mail_address')).toBe('hash.hmac')
    expect(draft.subject).toBe('customer.id')
  })

  it('reads a sample from stdin, and only so many records', async () => {
    const input = ndjson(events(50))
    const { code, stderr } = await warm(['init', '--from', '-', '--rows', '20'], { input })
    expect(code).toBe(0)
    expect(stderr).toContain('read 20 records of the standard input')
  })

  it('refuses a first row that may be either, or is empty, without quoting it, and says the way out', async () => {
    const cases = {
      'name,42\nx,17\n': 'column 2 of the first row looks like a whole number',
      ',\nx,17\n': 'no header: it is empty',
    }
    for (const [csv, reason] of Object.entries(cases)) {
      const cwd = folder({ 'x.csv': csv })
      const { code, stdout, stderr } = await warm(['init', '--from', 'x.csv'], { cwd })
      expect(code).toBe(2)
      expect(stdout).toBe('')
      expect(stderr).toContain(reason)
      expect(stderr).toContain('  -> ')
    }
  })

  it('takes a first row that is data for data, and says why', async () => {
    const cases = {
      'anna.smith@example.com,42\nbert@example.com,17\n':
        'column 1 of the first row looks like an email address',
      'Anna,Berlin\nBert,Paris\nCarl,Berlin\n': 'column 2 of the first row occurs again below',
    }
    for (const [csv, reason] of Object.entries(cases)) {
      const { code, stdout, stderr } = await warm(['init', '--from', '-', '--format', 'csv'], { input: csv })
      expect([code, stderr]).toEqual([
        0,
        expect.stringContaining(`read ${csv.trim().split('\n').length} records`),
      ])
      expect(stdout).toContain(`# The file has no header: ${reason}`)
      expect(stdout).toContain('  header: ["column_1", "column_2"]\n')
      expect(stdout).not.toMatch(/anna|bert|Paris/i)
    }
  })

  it('takes such a row as a header where somebody vouches for it, but not an empty one', async () => {
    const cwd = folder({ 'x.csv': 'name,2024\nx,17\n', 'y.csv': ',\nx,1\n' })
    expect((await warm(['init', '--from', 'x.csv', '--trust-header'], { cwd })).code).toBe(0)
    expect((await warm(['init', '--from', 'y.csv', '--trust-header'], { cwd })).code).toBe(2)
  })

  it('does not overwrite a policy unless forced', async () => {
    const cwd = folder({ 'x.csv': 'name\nx\n', 'p.yaml': 'mine' })
    const args = ['init', '--from', 'x.csv', '-o', 'p.yaml']
    expect((await warm(args, { cwd })).code).toBe(2)
    expect(readFileSync(join(cwd, 'p.yaml'), 'utf8')).toBe('mine')
    expect((await warm([...args, '--force'], { cwd })).code).toBe(0)
    expect(readFileSync(join(cwd, 'p.yaml'), 'utf8')).toContain('policy: x\n')
  })

  it('counts records that cannot be read, and fails where there is none', async () => {
    const cwd = folder({
      'some.ndjson': '{"a":1}\n{"a":\n[1]\n\n{"a":2}\n',
      'none.ndjson': 'secret-value\n',
      'array.ndjson': '[{"a":1}]',
      'empty.csv': '',
    })
    expect((await warm(['init', '--from', 'some.ndjson'], { cwd })).stdout).toContain('could not be read: 2.')
    for (const name of ['none.ndjson', 'array.ndjson', 'empty.csv']) {
      const { code, stderr } = await warm(['init', '--from', name], { cwd })
      expect({ name, code }).toEqual({ name, code: 2 })
      expect(stderr).not.toContain('secret')
      expect(stderr).not.toContain('defect')
    }
    const missing = await warm(['init', '--from', 'missing.csv'], { cwd })
    expect(missing).toMatchObject({
      code: 4,
      stderr: 'lethe: missing.csv does not exist\n  -> correct the name\n',
    })
    const aFolder = await warm(['init', '--from', '.'], { cwd })
    // Of a folder its first file counts.
    expect(aFolder).toMatchObject({ code: 2, stderr: expect.stringContaining('begins with a JSON array') })
    const nowhere = await warm(['init', '--from', 'some.ndjson', '-o', 'none/p.yaml'], { cwd })
    expect(nowhere).toMatchObject({
      code: 4,
      stderr: 'lethe: none/p.yaml cannot be written: its folder does not exist\n  -> make it first\n',
    })
    const packed = gzipSync('name\nx\n')
    writeFileSync(join(cwd, 'cut.csv.gz'), packed.subarray(0, packed.length - 9))
    expect((await warm(['init', '--from', 'cut.csv.gz'], { cwd })).code).toBe(4)
  })

  it('treats a rare value of another kind as broken, and a frequent one as undecided', async () => {
    const rows = Array.from({ length: 100 }, (_, i) => ({
      rare: i < 3 ? { inner: 'x' } : `u${i}@example.com`,
      often: i < 40 ? { inner: 1 } : 'text',
      deep: i < 3 ? 'text' : { ok: i % 2 === 0 },
    }))
    const { stdout } = await warm(['init', '--from', '-'], { input: ndjson(rows) })
    const draft = read(stdout)
    expect(Object.keys(draft.fields)).toEqual(['rare', 'often', 'deep.ok'])
    expect(['rare', 'often', 'deep.ok'].map((path) => useOf(draft, path))).toEqual([
      'hash.hmac',
      'undecided',
      'keep',
    ])
    expect(stdout).toContain('3 objects or arrays')
  })
})
