/** Which patterns a draft has for many paths, and what it lists all the same. */
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { draftOf } from '../../../src/init/draft.ts'
import type { Sample } from '../../../src/init/sample.ts'

interface Policy {
  readonly fields: Readonly<Record<string, { readonly use?: string } | string>>
  readonly columns?: Readonly<Record<string, string>>
}

const times = <T>(count: number, make: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i))

function draft(sample: Sample, patterns?: boolean) {
  const made = draftOf(sample, { from: 'in', name: 'p', schema: 's', year: 2026, patterns })
  return { ...made, policy: parse(made.text) as Policy }
}

const uses = ({ policy: { fields } }: { policy: Policy }) =>
  Object.fromEntries(
    Object.entries(fields).map(([path, rule]) => [path, typeof rule === 'string' ? rule : rule.use]),
  )

type Value = (row: number, column: number) => string | number | boolean | object

function table(columns: readonly (readonly [name: string, value: Value])[], rows = 12): Sample {
  const header = columns.map(([name]) => name)
  const records = times(rows, (i) => columns.map(([, value], column) => String(value(i, column))))
  return { format: 'csv', header, records, unreadable: 0 }
}

const events = (make: (i: number) => object, count = 12): Sample => ({
  format: 'ndjson',
  header: [],
  records: times(count, make),
  unreadable: 0,
})

const id: Value = (i) => `C-${1000 + i}`
const email: Value = (i, column) => `u${i}.${column}@x.example`
const street: Value = (i, column) => `Long Street ${i + column}`
const letters = (i: number): string => String.fromCharCode(98 + (i % 24), 98 + (Math.floor(i / 24) % 24), 122)

describe('patterns of a draft', () => {
  it('make three fields of 502 columns', () => {
    const addresses = times(500, (i) => [`address_${i + 1}`, street] as const)
    const made = draft(table([['customer_id', id], ['email', email], ...addresses], 3))
    expect(uses(made)).toEqual({ customer_id: 'hash.hmac', email: 'hash.hmac', 'address_*': 'drop' })
    expect([made.paths, made.draft.fields.length]).toEqual([502, 3])
    expect(made.text.split('\n').filter((line) => !line.startsWith('#')).length).toBeLessThan(20)
    expect(made.text).toContain('# 500 paths of the sample; 3 values in each; 3 distinct')
  })

  it('leave a path with another proposal in the list, and the subject', () => {
    const columns = times(20, (i) => [`customer_${letters(i)}`, i === 7 ? street : email] as const)
    const made = draft(table([['customer_email', email], ...columns]))
    const other = `customer_${letters(7)}`
    expect(Object.keys(uses(made))).toEqual(['customer_email', 'customer_*', other])
    expect(made.draft.subject).toBe('customer_email')
    expect(uses(made)['customer_*']).toBe('hash.hmac')
    expect(uses(made)[other]).not.toBe('hash.hmac')
  })

  it('are not proposed for few', () => {
    const nine = table([['customer_id', id], ...times(9, (i) => [`address_${i}`, street] as const)])
    expect(Object.keys(draft(nine).policy.fields)).toHaveLength(10)
    const ten = table([['customer_id', id], ...times(10, (i) => [`address_${i}`, street] as const)])
    expect(Object.keys(draft(ten).policy.fields)).toEqual(['customer_id', 'address_*'])
    expect(Object.keys(draft(ten, false).policy.fields)).toHaveLength(11)
  })

  it('stay undecided where what they match would be kept, and the list would not let new names through', () => {
    const flags = (count: number) =>
      table([
        ['customer_id', id],
        ...times(count, (i) => [`has_${letters(i)}`, (row: number) => row % 2 === 0] as const),
      ])
    const few = uses(draft(flags(49)))
    expect(few[`has_${letters(0)}`]).toBe('keep')
    expect(Object.keys(few)).toHaveLength(50)
    const made = draft(flags(50))
    expect(uses(made)).toEqual({ customer_id: 'hash.hmac', 'has_*': 'undecided' })
    expect(made.text.replaceAll(/\n\s*# /g, ' ')).toContain(
      'UNDECIDED: proposed one by one: keep (50). What a pattern keeps, it also keeps of names that are added later',
    )
    expect(made.draft.undecided).toBe(1)
  })

  it('match headers that are no paths as they stand, so that `columns:` need not name them', () => {
    const columns = times(30, (i) => [`Contact (${letters(i)})`, email] as const)
    const made = draft(table([['customer_id', id], ['Last seen', street], ...columns]))
    expect(Object.keys(made.policy.fields)).toEqual(['customer_id', 'last_seen', '"Contact ("*'])
    expect(made.policy.columns).toEqual({ 'Last seen': 'last_seen' })
  })

  it('are for columns under one name, and for suffixes', () => {
    const columns = times(30, (i) => [`custom.${letters(i)}`, email] as const)
    const suffixed = times(30, (i) => [`${letters(i)}_kontakt`, email] as const)
    const made = draft(table([['customer_id', id], ...columns, ...suffixed]))
    expect(uses(made)).toEqual({
      customer_id: 'hash.hmac',
      '"custom."*': 'hash.hmac',
      '*_kontakt': 'hash.hmac',
    })
  })

  it('are for one name in many places of JSON, but not over a map', () => {
    const record = (i: number) => {
      const mail = { email: `u${i}@x.example` }
      return {
        customer_id: `C-${i}`,
        email: mail.email,
        a: mail,
        b: { c: mail },
        list: [mail],
        d: mail,
        e: mail,
      }
    }
    expect(uses(draft(events(record)))).toEqual({ customer_id: 'hash.hmac', '**.email': 'hash.hmac' })
    const mapped = draft(events((i) => ({ ...record(i), by_user: { [`x${i}@x.example`]: i } })))
    expect(Object.keys(mapped.policy.fields)).not.toContain('**.email')
  })

  it('take a name above the last', () => {
    const homes = (i: number) =>
      times(12, (n) => [`home_${letters(n)}`, { street: `Long Street ${i}`, open: true }])
    const made = draft(events((i) => ({ customer_id: `C-${i}`, ...Object.fromEntries(homes(i)) })))
    expect(uses(made)['home_*.street']).toBe('drop')
    expect(uses(made)[`home_${letters(0)}.open`]).toBe('keep')
  })

  it('make a map of an object with many members of one kind, whose names are to be decided', () => {
    const custom = (i: number) => Object.fromEntries(times(60, (n) => [letters(n), `u${i}.${n}@x.example`]))
    const made = draft(events((i) => ({ customer_id: `C-${i}`, custom: custom(i) })))
    expect(uses(made)).toEqual({
      customer_id: 'hash.hmac',
      'custom.$names': 'undecided',
      'custom.*': 'hash.hmac',
    })
    const texts = (i: number) =>
      times(60, (n) => [letters(n), `Long words about it in row ${i} and in ${n} too`])
    const noted = draft(events((i) => ({ customer_id: `C-${i}`, custom: Object.fromEntries(texts(i)) })))
    expect(uses(noted)).toEqual({ customer_id: 'hash.hmac', custom: 'drop' })
  })

  it('never let a name leave that the list leaves out, since it looks like data', () => {
    const record = (i: number, more: object) => ({
      customer_id: `C-${i}`,
      contact: {
        ...Object.fromEntries(times(20, (n) => [`mail_${letters(n)}`, `u${i}@x.example`])),
        ...more,
      },
    })
    expect(Object.keys(uses(draft(events((i) => record(i, {})))))).toContain('contact.mail_*')
    const made = draft(events((i) => record(i, i === 3 ? { mail_4815: 'u@x.example' } : {})))
    expect(Object.keys(uses(made)).some((path) => path.includes('*'))).toBe(false)
  })
})
