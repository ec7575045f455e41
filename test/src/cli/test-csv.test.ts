/** Cases in CSV, cases that state a part, and `lethe test --update`. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { folder, warm } from './lethe.ts'

const POLICY = `policy: shop
version: 1
purpose: train_ai_system
time: at
fields:
  at: { use: generalize.date, to: hour }
  customer.email: { use: hash.hmac, domain: email, normalize: email, category: user.contact.email }
  amount: keep
columns: { mail: customer.email }
`
const TOKEN = 'k1.lbA-rcjQh8Pcz3tNmC4KKg'

const run = (cases: string, args: readonly string[] = [], policy = POLICY) => {
  const cwd = folder({ 'p.yaml': policy, 'p.cases.yaml': cases })
  return warm(['test', 'p.yaml', ...args], { cwd }).then((ended) => ({
    ...ended,
    cwd,
    cases: readFileSync(join(cwd, 'p.cases.yaml'), 'utf8'),
  }))
}

describe('a case in CSV (study, no. 37)', () => {
  const CASES = `cases:
  - name: by paths
    csv: |
      at,mail,amount,other
      2024-07-15T13:45:00Z, Jane.Doe@Example.com,1.50,x
    expect: { at: 2024-07-15T13:00:00Z, customer: { email: ${TOKEN} }, amount: 1.50 }
    must_not_contain: [jane, Jane]
  - name: by lines
    csv: |
      at,mail,amount
      2024-07-15T13:45:00Z,jane.doe@example.com,
    expectCsv: |
      at,mail,amount
      2024-07-15T13:00:00Z,${TOKEN},
  - name: a part
    csv: |
      at,mail,amount
      2024-07-15T13:45:00Z,,7
    part: { amount: 7 }
    absent: [customer.email]
  - name: a broken date
    csv: |
      at,mail,amount
      yesterday,,
    outcome: { dead-letter: unparsable }
`

  it('is read with its header, and compared by paths or as lines', async () => {
    const { code, stdout, stderr } = await run(CASES)
    expect(stdout).not.toContain('FAILS')
    expect([code, stderr]).toEqual([0, 'lethe: 4 of 4 cases hold\n'])
    const wrong = await run(
      CASES.replace('amount: 1.50', 'amount: 1.5')
        .replace(`${TOKEN},\n`, 'k1.x,\n')
        .replace('part: { amount: 7', 'part: { amount: 8'),
    )
    expect(wrong.code).toBe(1)
    for (const line of [
      '- amount: "1.5"',
      '+ amount: "1.50"',
      `+ line 2: 2024-07-15T13:00:00Z,${TOKEN},`,
      '+ amount: "7"',
    ])
      expect(wrong.stdout).toContain(line)
  })

  it('is read as `input:` of the policy and the options say, which may not contradict', async () => {
    const policy = `${POLICY}input: { header: [at, mail, amount] }\n`
    const cases = `cases:
  - name: no header
    csv: 2024-07-15T13:45:00Z;jane.doe@example.com;"7;5"
    part: { amount: "7;5" }
`
    expect((await run(cases, ['--delimiter', ';'], policy)).stderr).toBe('lethe: 1 of 1 cases hold\n')
    const both = await run(cases, ['--header', 'a,b,c'], policy)
    expect([both.code, both.stderr]).toEqual([2, expect.stringContaining('--header contradicts')])
  })

  it('fails where its columns do not fit the policy, or it has more rows than one', async () => {
    const { code, stdout } = await run(`cases:
  - { name: one, csv: "at,amount\\n2024-07-15T13:45:00Z,1\\n", part: {} }
  - { name: two, csv: "at,mail,amount\\n2024-07-15T13:45:00Z,,1\\n2024-07-15T13:45:00Z,,2\\n", part: {} }
  - { name: three, csv: "at,mail,amount\\n", part: {} }
`)
    expect(code).toBe(1)
    expect(stdout).toContain(
      'the header lacks a column that the policy names: customer.email (column "mail")',
    )
    expect(stdout).toContain('has more than one row')
    expect(stdout).toContain('holds one line')
  })

  it('says what is wrong with the form of a case', async () => {
    const { code, stdout } = await run(`cases:
  - { name: one, csv: "a", input: {}, part: {} }
  - { name: two, input: {}, expectCsv: a }
  - { name: three, input: {}, expect: {}, absent: [a] }
  - { name: four, input: {}, part: {}, absent: ["a..b"] }
  - { name: five, input: {}, part: {}, expect: {} }
`)
    expect(code).toBe(1)
    for (const line of [2, 3, 4, 5, 6])
      expect(stdout).toMatch(new RegExp(`^p\\.cases\\.yaml:${line}:\\d+ bad-case`, 'm'))
  })
})

describe('a part of what is published', () => {
  it('judges what it states and nothing else, lists with their length', async () => {
    const policy = POLICY.replace('  amount: keep\n', '  amount: keep\n  "items[].n": keep\n')
    const cases = `cases:
  - { name: part, input: { at: 2024-07-15T13:45:00Z, amount: 1, items: [{ n: 1 }, { n: 2 }] }, part: { items: [{}, { n: 2 }] } }
  - { name: length, input: { at: 2024-07-15T13:45:00Z, items: [{ n: 1 }, { n: 2 }] }, part: { items: [{ n: 1 }] } }
  - { name: missing, input: { at: 2024-07-15T13:45:00Z }, part: { amount: 1 } }
  - { name: absent, input: { at: 2024-07-15T13:45:00Z, amount: 3 }, part: {}, absent: [amount] }
`
    const { code, stdout } = await run(cases, [], policy)
    expect(code).toBe(1)
    expect(stdout).toContain('ok    part')
    for (const line of ['- items: [{"n":1}]', '- amount: 1', '+ amount: 3']) expect(stdout).toContain(line)
  })
})

describe('lethe test --update', () => {
  const BEFORE = `# kept
policy: p.yaml   # beside
cases:
  # the first
  - name: one # why
    input: { at: 2024-07-15T13:45:00Z, customer: { email: jane.doe@example.com }, amount: 9007199254740993 }
    expect:
      amount: 1   # exact
      # the token
      customer: { email: k1.old }
      gone: x

  - name: two
    csv: |
      at,mail,amount
      2024-07-15T13:45:00Z,jane.doe@example.com,1.50
  - name: three
    input: { at: 2024-07-15T13:45:00Z, amount: 1.50 }
    part: { amount: 2 }
    absent: [customer.email]
  - { name: four, input: { at: soon }, outcome: { dead-letter: unparsable } }
`

  it('writes what came, and leaves all else as it is', async () => {
    const { code, stdout, stderr, cases, cwd } = await run(BEFORE, ['--update'])
    expect([code, stderr]).toEqual([0, expect.stringContaining('4 of 4 cases hold, 3 updated')])
    expect(stdout).toContain('updated: one\n')
    expect(cases).toBe(
      BEFORE.replace('amount: 1   # exact', 'amount: 9007199254740993 # exact')
        .replace('p.yaml   #', 'p.yaml #')
        .replace('k1.old', TOKEN)
        .replace('      gone: x\n', '      at: 2024-07-15T13:00:00Z\n')
        .replace(
          '1.50\n  - name: three',
          `1.50\n    expectCsv: |\n      at,mail,amount\n      2024-07-15T13:00:00Z,${TOKEN},1.50\n  - name: three`,
        )
        .replace('part: { amount: 2 }', 'part: { amount: 1.50 }')
        .replace('[customer.email]', '[ customer.email ]'),
    )
    expect(readdirSync(cwd).sort()).toEqual(['p.cases.yaml', 'p.yaml'])
    const again = await warm(['test', 'p.yaml', '--update'], { cwd })
    expect(again.stderr).not.toContain('updated')
    expect(readFileSync(join(cwd, 'p.cases.yaml'), 'utf8')).toBe(cases)
  })

  it('writes nothing where the policy is at fault, or a record has another outcome', async () => {
    const outcome = 'cases:\n  - { name: one, input: { at: soon, amount: 1 }, expect: { amount: 1 } }\n'
    const other = await run(outcome, ['--update'])
    expect([other.code, other.cases]).toEqual([1, outcome])
    expect(other.stdout).toContain('not updated: one: expected to be published, but it was dead-lettered')
    expect(other.stderr).toContain('p.cases.yaml is as it was')
    const leak =
      'cases:\n  - { name: one, input: { at: 2024-07-15T13:45:00Z, amount: Jane }, part: { amount: x }, must_not_contain: [Jane] }\n'
    const leaking = await run(leak, ['--update'])
    expect([leaking.code, leaking.cases]).toEqual([1, leak])
    const there =
      'cases:\n  - { name: one, input: { at: 2024-07-15T13:45:00Z, amount: 1 }, part: {}, absent: [amount] }\n'
    expect((await run(there, ['--update'])).cases).toBe(there)
    const broken = await run(outcome, ['--update'], POLICY.replace('keep', 'kept'))
    expect([broken.code, broken.cases]).toEqual([1, outcome])
    const json = await run(outcome, ['--update', '--format', 'json'])
    expect([json.code, json.stderr]).toEqual([2, expect.stringContaining('--update prints text')])
  })
})
