/** What `lint` says of names: attack.md 22 and field.md 2 are the first of these policies. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compilePolicy } from '../../../src/policy/compile.ts'
import { printName } from '../../../src/policy/path.ts'
import { corpus } from '../identify/corpora.ts'

const problemsOf = (body: string) =>
  compilePolicy({
    file: 'p.yaml',
    text: `policy: p\nversion: 1\npurpose: train_ai_system\n${body}`,
    readFile: () => {
      throw new Error('no such file')
    },
  }).problems
const codesOf = (body: string) => problemsOf(body).map(({ code }) => code)
const NAME = 'name-suggests-identifier'

describe('a kept field whose name speaks of something personal', () => {
  it('is refused at each rule', () => {
    const problems = problemsOf(`fields:
  id: { use: hash.hmac, domain: c }
  email: keep
  phone: keep
  contact_owner: keep
  first_name: keep
  ssn: keep
`)
    expect(problems.map(({ code, line }) => [line, code])).toEqual(
      [6, 7, 8, 9, 10].map((line) => [line, NAME]),
    )
    expect(problems[0]!.message).toBe('`email` is kept as it is, and its name speaks of an email address')
    expect(problems[0]!.suggestion).toContain('category: user.contact.email')
  })

  it('is refused by a short form, an identifier alone, and words of other languages', () => {
    for (const name of [
      'uid',
      'payload.uid',
      'full_nm',
      'house_no',
      'mob',
      'birthdt',
      'שם_משפחה',
      'ที่อยู่',
      'ईमेल',
      'ngày_sinh',
    ])
      expect(codesOf(`fields: { ${name}: keep }`), name).toEqual([NAME])
    expect(codesOf('fields: { metadata.uid: keep, ph: keep, order_no: keep }')).toEqual([])
  })

  it('is refused where a rule tells nearly all', () => {
    expect(codesOf('fields: { birth_date: { use: generalize.date, to: day } }')).toEqual([NAME])
    expect(codesOf('fields: { birth_date: { use: generalize.date, to: year } }')).toEqual([])
  })

  it('is refused by the name of its input, its column, its header, its map', () => {
    expect(codesOf('fields: { a: { from: email, use: keep } }')).toEqual([NAME])
    expect(codesOf('fields: { email: { from: a, use: keep } }')).toEqual([NAME])
    const [column] = problemsOf('fields: { a: keep }\ncolumns: { E-Mail Address: a }')
    expect(column).toMatchObject({
      code: NAME,
      message: '`a` is kept as it is, and `E-Mail Address` speaks of an email address',
    })
    expect(codesOf('fields: { $headers.x-user-email: keep }')).toEqual([NAME])
    expect(codesOf('fields: { by_user.*: keep, by_user.$names: { use: keep } }')).toEqual([
      'kept-map-names',
      NAME,
    ])
    expect(codesOf('fields: { customer.email.value: keep, actor.display: keep }')).toEqual([NAME, NAME])
    expect(codesOf('fields: { "emails[]": keep }')).toEqual([NAME])
  })

  it('is decided by a category that says something, by the role that it suggests, or by a reason', () => {
    expect(codesOf('fields: { city: { use: keep, category: user.contact.address.city } }')).toEqual([])
    expect(codesOf('fields: { city: { use: keep, role: quasi-identifier } }')).toEqual([])
    expect(codesOf('fields: { email: { use: keep, category: user.behavior } }')).toEqual([])
    expect(codesOf('fields: { email: { use: keep, accept: addresses of our own shops } }')).toEqual([])
    expect(codesOf('fields: { email: { use: keep, category: user.contact.email } }')).toEqual([
      'kept-direct-identifier',
    ])
    for (const category of ['user', 'system', 'user.contact', 'user.loyalty'])
      expect(codesOf(`fields: { email: { use: keep, category: ${category} } }`)).toEqual([NAME])
    expect(codesOf('fields: { email: { use: keep, role: other } }')).toEqual([NAME])
  })

  it('is decided for all that one input feeds', () => {
    expect(
      codesOf('fields: { email: { use: keep }, b: { from: email, use: drop, category: user.behavior } }'),
    ).not.toContain(NAME)
    expect(codesOf('fields: { a: { from: email, use: keep }, b: { from: email, use: keep } }')).toEqual([
      NAME,
      NAME,
    ])
  })

  it('needs no reason where the name says nothing', () => {
    expect(codesOf('fields: { product.name: { use: keep, accept: we know better } }')).toEqual([
      'accept-without-need',
    ])
    expect(codesOf('fields: { email: { use: keep, accept: addresses of our own shops } }')).toEqual([])
  })

  it('is refused for every personal name of the corpus, at any depth, but for those that the dictionary misses', () => {
    const personal = corpus('personal')
    const refused = personal.filter(({ names }) =>
      codesOf(`fields: { ${JSON.stringify(names.map(printName).join('.'))}: keep }`).includes(NAME),
    )
    expect(refused.length / personal.length).toBeGreaterThanOrEqual(0.95)
    const harmless = corpus('harmless').map(({ names }) => names.map(printName).join('.'))
    fc.assert(
      fc.property(fc.constantFrom(...harmless), (path) => {
        expect(codesOf(`fields: { ${JSON.stringify(path)}: keep }`)).toEqual([])
      }),
      { numRuns: 150 },
    )
  })
})
