/** Personas in policies: what is refused, and that files and messages get one person. */
import { describe, expect, it } from 'vitest'
import { Keyring } from '../../../src/keys/keyring.ts'
import { testKeyset } from '../../../src/keys/test-keyset.ts'
import { compilePolicy } from '../../../src/policy/compile.ts'
import { createDeidentifier } from '../../../src/run/deidentifier.ts'
import { createMessageDeidentifier } from '../../../src/run/message-deidentifier.ts'

const keys = Keyring.fromKeyset(testKeyset())
const policyOf = (head: string, ...fields: string[]) => ({
  file: 'p.yaml',
  text: `policy: p\nversion: 1\npurpose: train_ai_system\n${head}fields:\n${fields.map((one) => `  ${one}\n`).join('')}`,
  readFile: () => Buffer.from(''),
})
const problems = (head: string, ...fields: string[]) =>
  compilePolicy(policyOf(head, ...fields), { keys }).problems.map(
    ({ line, code, message }) => `${line} ${code} ${message}`,
  )

const SUBJECT = 'subject: id\n'
const ID = 'id: { use: hash.hmac, domain: customer }'

describe('a policy with a persona', () => {
  it('names a subject', () => {
    expect(problems('', 'name: { use: fake.person, persona: c }')).toEqual([
      '5 needs-subject fake.person needs the data subject, and the policy names none',
    ])
    expect(problems('', 'name: { use: fake.person }')).toEqual([])
    expect(problems(SUBJECT, ID, 'name: { use: fake.person, persona: c }')).toEqual([])
  })

  it('has one locale for it, and a country that fits', () => {
    const name = 'name: { use: fake.person, persona: c, locale: fr }'
    expect(problems(SUBJECT, ID, name, 'mail: { use: fake.email, persona: c }')).toEqual([
      '8 bad-option the persona `c` has two locales, fr and en',
    ])
    expect(problems(SUBJECT, ID, name, 'tel: { use: fake.phone, persona: c }')).toEqual([
      '8 bad-option the persona `c` has the locale fr and phone numbers of US',
    ])
    expect(problems(SUBJECT, ID, 'tel: { use: fake.phone, persona: c }', name)).toEqual([
      '7 bad-option the persona `c` has the locale fr and phone numbers of US',
    ])
    expect(problems(SUBJECT, ID, name, 'tel: { use: fake.phone, persona: c, country: FR }')).toEqual([])
    expect(problems(SUBJECT, ID, name, 'mail: { use: fake.email, persona: d }')).toEqual([])
    // No number of Poland is kept for films.
    expect(
      problems(
        SUBJECT,
        ID,
        'name: { use: fake.person, persona: c, locale: pl }',
        'tel: { use: fake.phone, persona: c, country: GB }',
      ),
    ).toEqual([])
  })

  it('counts as a token of the subject', () => {
    expect(
      problems(
        SUBJECT,
        ID,
        'name: { use: fake.person, persona: c }',
        'zip: { use: keep, category: user.contact.address.postal_code }',
      ),
    ).toEqual([expect.stringContaining('8 token-beside-quasi-identifiers')])
  })

  it('gives a subject one person in files and messages', () => {
    const source = policyOf(
      SUBJECT,
      ID,
      'name: { use: fake.person, persona: c }',
      'contact.mail: { use: fake.email, persona: c }',
      'contact.first: { use: fake.person, persona: c, part: first }',
    )
    const compiled = compilePolicy(source, { keys })
    const records = [7, 8, 7].map((id, at) =>
      JSON.stringify({ id, name: `n${at}`, contact: { mail: `m${at}`, first: 'f' } }),
    )
    const file = createDeidentifier(compiled.plan!, { format: 'json' })
    const stream = createMessageDeidentifier(source, compiled, { keys })
    const timestamp = Date.UTC(2026, 0, 1)
    const messages = stream.deidentify(
      records.map((value) => ({ key: null, value: Buffer.from(value), headers: [], timestamp })),
    )
    const texts = records.map((record, at) => {
      const [one, two] = [file.deidentify(Buffer.from(record)), messages[at]!]
      if (one.kind !== 'publish' || two.kind !== 'publish') throw new Error(`${one.kind} ${two.kind}`)
      expect(Buffer.from(two.value!).toString()).toBe(Buffer.from(one.value!).toString())
      return Buffer.from(one.value!).toString()
    })
    expect(texts[2]).toBe(texts[0])
    expect(texts[1]).not.toBe(texts[0])
    for (const text of texts) {
      const { name, contact } = JSON.parse(text)
      expect(name.startsWith(`${contact.first} `)).toBe(true)
      const plain = name
        .toLowerCase()
        .replace(/[^a-z ]/g, '')
        .replace(' ', '\\.')
      expect(contact.mail).toMatch(new RegExp(`^${plain}[0-9]{4}@example\\.com$`))
    }
  })
})
