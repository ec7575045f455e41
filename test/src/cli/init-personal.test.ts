/** What `lethe init` must not propose to keep, and must not show: attack.md 10, field.md 1 and 4. */
import { de, en, Faker } from '@faker-js/faker'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { draftFrom } from '../../../src/init/draft.ts'
import { writeDraft } from '../../../src/init/write.ts'
import { compilePolicy } from '../../../src/policy/compile.ts'
import { corpus } from '../identify/corpora.ts'
import { folder, warm } from './lethe.ts'

type Rule =
  | string
  | { readonly use: string; readonly domain?: string; readonly role?: string; readonly category?: string }
interface DraftPolicy {
  readonly subject?: string
  readonly fields: Readonly<Record<string, Rule>>
}

async function init(input: string, ...args: string[]) {
  const { code, stdout, stderr } = await warm(['init', '--from', '-', ...args], { input })
  expect(code, stderr).toBe(0)
  const draft = parse(stdout) as DraftPolicy
  const uses = Object.fromEntries(
    Object.entries(draft.fields).map(([path, rule]) => [path, typeof rule === 'object' ? rule.use : rule]),
  )
  return { draft, uses, text: stdout }
}

async function lintCodes(text: string): Promise<Set<string>> {
  const cwd = folder({ 'p.yaml': text })
  const { stdout } = await warm(['lint', 'p.yaml', '--format', 'json'], { cwd })
  return new Set((JSON.parse(stdout) as { code: string }[]).map(({ code }) => code))
}

const csv = (header: string, rows: readonly (readonly unknown[])[]) =>
  `${[header, ...rows.map((row) => row.join(','))].join('\n')}\n`
const ndjson = (records: readonly object[]) => records.map((record) => `${JSON.stringify(record)}\n`).join('')
const times = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i))

const PEOPLE = ['Nora Berg', 'Jan Kowalski', 'Анна Петрова', '山田太郎', 'Lena Ott']
const STREETS = ['3 Elm Street', '12 Elm Street', 'Hauptstr. 5', 'ul. Długa 7', '1 Rue Haute']
const PLATES = ['B-AB 1234', 'KR 5AB12', 'AB12 CDE', 'WX 901Y', 'M-XY 77']
const at = (i: number) => new Date(Date.UTC(2026, 2, 1) + i * 3_600_000).toISOString()

describe('lethe init never proposes to keep', () => {
  it.each([10, 100])('what one customer has: %i rows of each', async (each) => {
    const rows = times(5 * each, (i) => [`C-${i % 5}`, PEOPLE[i % 5], STREETS[i % 5], `plan-${i % 5}`, at(i)])
    const { draft, uses } = await init(
      csv('customer_id,client,street_line,tariff,created_at', rows),
      '--format',
      'csv',
    )
    expect(draft.subject).toBe('customer_id')
    expect(uses).toEqual({
      customer_id: 'hash.hmac',
      client: 'undecided',
      street_line: 'drop',
      tariff: 'undecided',
      created_at: 'generalize.date',
    })
  })

  it('what goes one to one with the subject, though it is a measure by its name', async () => {
    const rows = times(600, (i) => [`C-${i % 60}`, 1000 + (i % 60), i % 7, at(i)])
    const { uses } = await init(csv('customer_id,rating,visits,created_at', rows), '--format', 'csv')
    expect(uses).toMatchObject({ rating: 'undecided', visits: 'keep' })
  })

  it('people by the part they have, five names in 2,000 rows', async () => {
    const header = 'Order ID,Contact owner,Created By,agent,Account Executive,Sachbearbeiter,stage'
    const rows = times(2000, (i) => [i, ...times(5, (j) => PEOPLE[(i + j) % 5]), ['open', 'won'][i % 2]])
    const { uses } = await init(csv(header, rows), '--format', 'csv')
    const kept = Object.entries(uses).filter(([, use]) => use === 'keep')
    expect(kept).toEqual([['stage', 'keep']])
  })

  it('what looks like names, streets or plates, under names that say nothing', async () => {
    const records = times(2000, (i) => ({
      who: PEOPLE[i % 5],
      place: STREETS[i % 5],
      plate: PLATES[i % 5],
      mark: PLATES[i % 5],
      actor: { display: PEOPLE[i % 5] },
      device: { plate: PLATES[i % 5] },
      products: [{ engraving: PEOPLE[i % 5]!.split(' ')[0], sku: `s${i % 9}` }],
      shipping: { recipient: PEOPLE[i % 5] },
      label: ['Nora', 'Jan', 'Lena'][i % 3],
      lower: ['nora berg', 'jan kowalski'][i % 2],
      kind: ['view', 'add_to_cart', 'NOT_FOUND'][i % 3],
    }))
    const { uses } = await init(ndjson(records))
    const kept = Object.entries(uses).flatMap(([path, use]) => (use === 'keep' ? [path] : []))
    expect(kept.sort()).toEqual(['kind'])
  })

  it('what the values of a category are, where each belongs to few people', async () => {
    const rows = (people: number) => times(2000, (i) => [`C-${i % people}`, `t${(i % people) % 4}`, at(i)])
    const ask = async (people: number) =>
      (await init(csv('customer_id,tariff,created_at', rows(people)), '--format', 'csv')).uses['tariff']
    expect(await ask(16)).toBe('undecided')
    expect(await ask(40)).toBe('keep')
  })

  const FIRST = ['anna', 'bert', 'carl', 'dora', 'emil', 'fritz']
  const PLANS = ['free', 'basic', 'pro']

  it.each(['csv', 'ndjson'])('names in lower case, beside `uid` and its siblings: %s', async (format) => {
    for (const subject of [
      'uid',
      'userid',
      'usr_id',
      'cst_id',
      'mbr_no',
      'emp_no',
      'external_uid',
      'login_id',
    ]) {
      const rows = times(600, (i) => [`c${i % 6}x`, FIRST[i % 6]!, PLANS[i % 3]!, i % 5])
      const { draft, uses } =
        format === 'csv'
          ? await init(csv(`${subject},label,plan,visits`, rows), '--format', 'csv')
          : await init(
              ndjson(
                rows.map(([id, label, plan, visits]) => ({ [subject]: id, at: { label, plan }, visits })),
              ),
            )
      const at = format === 'csv' ? '' : 'at.'
      expect(draft.subject).toBe(subject)
      expect(uses, subject).toMatchObject({
        [subject]: 'hash.hmac',
        [`${at}label`]: 'undecided',
        [`${at}plan`]: 'undecided',
        visits: 'keep',
      })
    }
  })

  it('gives `uid` the domain of `user_id`', async () => {
    const { draft } = await init(ndjson(times(60, (i) => ({ uid: i % 9, other: { user_id: i % 9 } }))))
    expect([draft.fields['uid'], draft.fields['other.user_id']]).toMatchObject([
      { domain: 'user' },
      { domain: 'user' },
    ])
  })

  it.each(['csv', 'ndjson'])('text, where no data subject is found, but closed sets: %s', async (format) => {
    const columns = ['label', 'handled', 'payment_method', 'status', 'mixed', 'count', 'ok', 'kind']
    const rows = times(600, (i) => [
      ...[FIRST[i % 6]!, `${FIRST[i % 6]}.meier`, ['card', 'cash'][i % 2]!, ['open', 'closed'][i % 2]!],
      ...[[1, 'anna'][i % 2]!, i % 7, i % 2 === 0, `k${i % 30}`],
    ])
    const { draft, uses, text } =
      format === 'csv'
        ? await init(csv(columns.join(','), rows), '--format', 'csv')
        : await init(ndjson(rows.map((row) => Object.fromEntries(columns.map((name, i) => [name, row[i]])))))
    expect(draft.subject).toBeUndefined()
    expect(uses).toEqual({
      label: 'undecided',
      handled: 'undecided',
      payment_method: 'keep',
      status: 'keep',
      mixed: 'undecided',
      count: 'keep',
      ok: 'keep',
      kind: 'undecided',
    })
    expect(text).toContain('none was found. So the draft keeps no text but closed sets')
    expect(text).toContain('# UNDECIDED: no data subject was found to count by')
    for (const name of FIRST) expect(text).not.toContain(name)
  })

  it('what a name of the corpus speaks of, whatever the values are', async () => {
    const names = corpus('personal').filter(({ names }) => names.length === 1)
    const header = names.map(({ text }) => JSON.stringify(text)).join(',')
    const rows = times(60, (i) => names.map(() => ['a', 'b', 'c'][i % 3]))
    const { uses, text } = await init(csv(header, rows), '--format', 'csv')
    const kept = Object.entries(uses).flatMap(([path, use]) => (use === 'keep' ? [path] : []))
    expect(kept.length).toBeLessThan(0.05 * names.length)
    expect([...(await lintCodes(text))]).toEqual(['undecided'])
  })
})

it('proposes what reads addresses with ports and lists, and says of numbers and JSON how they are read', async () => {
  const ip = (i: number) => `203.0.113.${i % 60}`
  const { draft, text } = await init(
    ndjson(
      times(120, (i) => ({
        user_id: i,
        peer: i % 2 ? ip(i) : `${ip(i)}:${5000 + i}`,
        xff: i % 3 ? ip(i) : `${ip(i)}, 10.0.0.1`,
        umsatz: i % 5 ? `${i},5` : `1.${100 + i},50`,
        meta: i % 4 ? '{"a":1}' : '{"a',
        note: `seen ${ip(i)} today`,
      })),
    ),
  )
  expect(draft.fields).toMatchObject({
    peer: { use: 'generalize.ip', endpoint: 'allow' },
    xff: { use: 'generalize.ip', list: 'first' },
  })
  const why = (path: string) =>
    text.split(`\n  ${path}: undecided`)[0]!.split('# UNDECIDED: ').at(-1)!.replaceAll('\n  #', '')
  expect(why('umsatz')).toContain('generalize.number, with `decimal: ","` and `grouping: "."`, makes bands')
  expect(why('meta')).toContain('most values hold JSON')
  expect(why('note')).toContain('within a longer text')
})

describe('words for nothing', () => {
  it('are no values and no evidence', async () => {
    const nothing = ['NULL', '\\N', 'N/A', '', '-', 'null']
    const rows = times(600, (i) => [i, i % 2 ? nothing[i % 6] : `a${i}@x.example`, nothing[i % 6]])
    const { uses, text } = await init(csv('n,email,empty', rows), '--format', 'csv')
    expect(uses).toMatchObject({ email: 'hash.hmac', empty: 'undecided' })
    expect(text).toContain('300 of 600 present; 300 null, empty or a word for nothing')
    expect(text).toContain('0 of 600 present; 600 null')
  })
})

describe('names of members that are data', () => {
  it('are a map or left out, and not shown', async () => {
    const faker = new Faker({ locale: [de, en], seed: 4 })
    const people = times(12, () => faker.person.fullName())
    const records = times(60, (i) => ({
      friends: { [people[i % 12]!]: i, [people[(i + 5) % 12]!]: 2 },
      by_user: { jdoe42: i, ...(i % 9 === 0 ? { asmith7: 1 } : {}) },
      totals: { first_name: 'x', 'Order Total': 3, amount: i },
      scores: { [`zq${'abcdefghijkl'[i % 12]}ux`]: 1 },
      'Anna Schmidt': i % 4,
    }))
    const { uses, text } = await init(
      ndjson(records.map((record, i) => (i % 3 ? { ...record, 'Anna Schmidt': undefined } : record))),
    )
    for (const name of [...people, 'jdoe42', 'asmith7', 'Anna', 'zqaux']) expect(text).not.toContain(name)
    expect(Object.keys(uses)).toEqual(
      expect.arrayContaining(['friends.*', 'friends.$names', 'by_user.*', 'by_user.$names', 'scores.$names']),
    )
    expect(Object.keys(uses)).toEqual(expect.arrayContaining(['totals.first_name', 'totals."Order Total"']))
    expect(uses['friends.$names']).toBe('undecided')
    expect([...(await lintCodes(text))]).toEqual(['undecided'])
  })

  it('do not come out of a first row that is not a header', async () => {
    for (const rows of [
      [
        ['Anna Schmidt', 'Elm Street'],
        ['Bert Maier', 'Oak Street'],
        ['Carl Ott', 'Ash Street'],
        ['Dora Lind', 'Elm Road'],
      ],
      [
        ['Anna', 'Kiel'],
        ['Bert', 'Bonn'],
        ['Carl', 'Ulm'],
        ['Dora', 'Trier'],
      ],
      [
        ['山田太郎', '東京'],
        ['佐藤花子', '大阪'],
        ['鈴木一郎', '京都'],
        ['田中次郎', '奈良'],
      ],
    ]) {
      const input = `${rows.map((row) => row.join(',')).join('\n')}\n`
      const { code, stdout, stderr } = await warm(['init', '--from', '-', '--format', 'csv'], { input })
      // A word that headers have, too, such as Street, leaves it to a person.
      expect([0, 2]).toContain(code)
      expect((stdout + stderr).replace(/\n[# ]*/g, ' ')).toContain('looks like the values below it')
      for (const cell of rows.flat()) expect(stdout + stderr).not.toContain(cell)
    }
  })

  it('are headers where they are words that headers have, or one word among headers', async () => {
    const input = csv(
      'Order Total,Genre,Product Line',
      times(60, (i) => [i, 'Rock', 'Garden Tools']),
    )
    const { uses } = await init(input, '--format', 'csv')
    expect(Object.keys(uses)).toHaveLength(3)
  })
})

describe('a draft', () => {
  it('gives one domain to a column before and after, and to the same thing elsewhere', async () => {
    const records = times(100, (i) => ({
      before: i % 2 ? { id: i, email: `a${i}@mail.example`, customer_id: i % 20 } : null,
      after: { id: i, email: `b${i}@mail.example`, customer_id: i % 20 },
      customer: { id: i % 20 },
      op: 'c',
    }))
    const { draft } = await init(ndjson(records))
    const domain = (path: string) => (draft.fields[path] as { domain?: string }).domain
    expect(domain('after.id')).toBeDefined()
    expect(domain('before.id')).toBe(domain('after.id'))
    expect(domain('before.email')).toBe(domain('after.email'))
    expect([domain('before.customer_id'), domain('after.customer_id'), domain('customer.id')]).toEqual(
      times(3, () => 'customer'),
    )
  })

  it('says which fields are quasi-identifiers', async () => {
    const rows = times(300, (i) => [`C-${i}`, 20 + (i % 50), 'f', 'DE', 'Kiel', `2${i + 1000}`, '1985-03-12'])
    const { draft } = await init(
      csv('customer_id,age,gender,country,city,postcode,birth_date', rows),
      '--format',
      'csv',
    )
    for (const path of ['age', 'gender', 'country', 'city', 'postcode', 'birth_date'])
      expect(draft.fields[path], path).toMatchObject({ role: 'quasi-identifier' })
  })

  it('is accepted by lint but for what is undecided', () => {
    const personal = corpus('personal').map(({ names }) => names)
    const harmless = corpus('harmless').map(({ names }) => names)
    const valuesOf = (faker: Faker): readonly (() => unknown)[] => [
      () => faker.internet.email(),
      () => faker.person.fullName(),
      () => faker.number.int(9_999_999_999),
      () => faker.datatype.boolean(),
      () => faker.helpers.arrayElement(['a', 'b', 'c']),
      () => faker.date.past().toISOString(),
      () => faker.date.past().toISOString().slice(0, 10),
      () => faker.internet.ip(),
      () => faker.string.uuid(),
      () => faker.location.latitude(),
      () => faker.internet.url(),
      () => faker.phone.number(),
      () => faker.location.zipCode(),
      () => faker.lorem.sentence(8),
      () => null,
    ]
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const faker = new Faker({ locale: [de, en], seed })
        const values = valuesOf(faker)
        const names = faker.helpers.arrayElements([...personal, ...harmless], 120)
        const shape = names.map((path) => ({ path, make: faker.helpers.arrayElement(values) }))
        const records = times(80, () => {
          const record: Record<string, unknown> = {}
          for (const { path, make } of shape) {
            let place = record
            for (const name of path.slice(0, -1)) {
              const next = place[name]
              if (typeof next !== 'object' || next === null) place[name] = {}
              place = place[name] as Record<string, unknown>
            }
            place[path.at(-1)!] ??= make()
          }
          return record
        })
        const sample = { format: 'ndjson', header: [], records, unreadable: 0 } as const
        const frame = {
          name: 'p',
          schema: 's',
          columns: new Map<string, string>(),
          unreadable: 0,
          nameless: 0,
        }
        const text = writeDraft(draftFrom(sample, [], 2026), frame)
        const { problems } = compilePolicy({ file: 'p.yaml', text, readFile: () => new Uint8Array() })
        expect(problems.filter(({ code }) => code !== 'undecided')).toEqual([])
        expect(problems.length).toBeGreaterThan(0)
      }),
      // A draft of 120 names takes half a second.
      { numRuns: 4 },
    )
  })
})

it('says of ages among which some are words what makes bands of them', async () => {
  const rows = times(200, (i) => [`C-${i % 60}`, i % 50 === 0 ? 'unknown' : 20 + (i % 60)])
  const { uses, text } = await init(csv('customer_id,age', rows))
  expect(uses).toMatchObject({ age: 'undecided' })
  expect(text.replaceAll(/\n *# /g, ' ')).toContain('generalize.number with `width: 10, top: 90` makes bands')
})

it('says of times that are written in several ways how they are read', async () => {
  const rows = times(200, (i) => {
    const day = String(1 + (i % 28)).padStart(2, '0')
    return [`C-${i % 60}`, i % 5 === 0 ? `${day}.07.2024 10:00` : `2024-07-${day}T10:00:00Z`]
  })
  const { uses, text } = await init(csv('customer_id,admitted_at', rows))
  expect(uses).toMatchObject({ admitted_at: 'undecided' })
  expect(text.replaceAll(/\n *# /g, ' ')).toContain('generalize.date with `formats: [auto, …]`')
})
