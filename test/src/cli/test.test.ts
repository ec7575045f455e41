import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { folder, root, warm } from './lethe.ts'

const POLICY = `policy: shop
version: 1
purpose: train_ai_system
time: at
fields:
  at: { use: generalize.date, to: hour }
  email: { use: hash.hmac, domain: email, normalize: email, category: user.contact.email }
  amount: keep
  country:
    - { use: keep, when: { country: [US] } }
    - { use: mask.replace, with: other }
retention:
  steps:
    - { after: 400d, then: suppress }
`
const PASSING = `cases:
  - name: an address becomes a token, a number keeps its digits
    input: { at: 2024-07-15T13:45:00Z, email: " Jane.Doe@Example.com", amount: 1.50, country: US, other: x }
    expect: { amount: 1.50, country: US, email: k1.lbA-rcjQh8Pcz3tNmC4KKg, at: 2024-07-15T13:00:00Z }
    must_not_contain: [jane, Jane]
  - name: other countries are one
    input: { at: 2024-07-15T13:45:00Z, country: FR }
    expect: { at: 2024-07-15T13:00:00Z, country: other }
  - name: old events go
    asOf: 2026-01-01T00:00:00Z
    input: { at: 2024-07-15T13:45:00Z }
    outcome: suppress
  - name: a broken date
    input: { at: yesterday }
    outcome: { dead-letter: event-time-unparsable }
`

describe('lethe test', () => {
  it('runs the cases beside a policy, however old they get', async () => {
    const cwd = folder({ 'p.yaml': POLICY, 'p.cases.yaml': PASSING })
    const { code, stdout, stderr } = await warm(['test', 'p.yaml', '--require-coverage'], { cwd })
    expect(stdout).not.toContain('FAILS')
    expect({ code, stderr }).toEqual({ code: 0, stderr: 'lethe: 4 of 4 cases hold\n' })
    expect(stdout).toContain('6 of 6 rules exercised')
    expect((await warm(['test', 'p.cases.yaml'], { cwd })).code).toBe(0)
  })

  it('holds the example of its own help against the policy of the README', async () => {
    const readme = readFileSync(join(root, 'README.md'), 'utf8')
    const policy = /^## A first policy\n+```yaml\n([\s\S]*?)^```/m.exec(readme)![1]!
    const { stdout: help } = await warm(['test', '--help'])
    const cases = /^ {2}cases:\n(?: {4}.*\n)+/m.exec(help)![0]
    const cwd = folder({ 'p.yaml': policy, 'p.cases.yaml': cases })
    const { code, stdout, stderr } = await warm(['test', 'p.yaml'], { cwd })
    expect(stdout).not.toContain('FAILS')
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: 'lethe: 2 of 2 cases hold, 7 rules without a case\n',
    })
  })

  it('shows the difference of expected and actual, exit code 1', async () => {
    const cases = PASSING.replace('amount: 1.50, country: US, email', 'amount: 1.5, extra: 1, email')
    const cwd = folder({ 'p.yaml': POLICY, 'p.cases.yaml': cases })
    const { code, stdout } = await warm(['test', 'p.yaml'], { cwd })
    expect(code).toBe(1)
    for (const line of ['- amount: 1.5', '+ amount: 1.50', '- extra: 1', '+ country: "US"'])
      expect(stdout).toMatch(new RegExp(`^ +${line.replace(/[+.]/g, '\\$&')}$`, 'm'))
    expect(stdout).not.toContain('at:')
  })

  it('fails a case whose outcome is another, or whose output holds what it must not', async () => {
    const cases = `cases:
  - { name: one, input: { at: soon }, expect: {} }
  - { name: two, input: { at: soon }, outcome: suppress }
  - { name: three, input: { at: soon }, outcome: { dead-letter: json-syntax } }
  - { name: four, text: '{"at":"2024-07-15T13:45:00Z","country":"U\\u0053"}', expect: { at: 2024-07-15T13:00:00Z, country: US }, must_not_contain: [US] }
`
    const cwd = folder({ 'p.yaml': POLICY, 'p.cases.yaml': cases })
    const { code, stdout } = await warm(['test', 'p.yaml', '--format', 'json'], { cwd })
    expect(code).toBe(1)
    const { policies } = JSON.parse(stdout) as {
      policies: { results: { ok: boolean; failure?: string; line: number }[] }[]
    }
    const results = policies[0]!.results
    expect(results.map(({ ok, line }) => [ok, line])).toEqual([
      [false, 2],
      [false, 3],
      [false, 4],
      [false, 5],
    ])
    expect(results[2]!.failure).toContain('dead-lettered with event-time-unparsable')
    expect(results[3]!.failure).toContain('"US", which it must not')
  })

  it('names the rules that no case exercises, and fails for them only where asked to', async () => {
    const cases =
      'cases:\n  - { name: one, input: { at: 2024-07-15T13:45:00Z }, expect: { at: 2024-07-15T13:00:00Z } }\n'
    const cwd = folder({ 'p.yaml': POLICY, 'p.cases.yaml': cases })
    const lenient = await warm(['test', 'p.yaml'], { cwd })
    expect(lenient.code).toBe(0)
    for (const rule of [
      'email hash.hmac',
      'amount keep',
      'country keep [1]',
      'retention suppress after 400d',
    ])
      expect(lenient.stdout).toContain(`no case exercises ${rule}`)
    expect(lenient.stdout).not.toContain('exercises at ')
    expect((await warm(['test', 'p.yaml', '--require-coverage'], { cwd })).code).toBe(1)
    const github = await warm(['test', 'p.yaml', '--format', 'github'], { cwd })
    expect(github.stdout).toMatch(/^::warning file=p\.yaml,.*title=rule-not-exercised::/m)
  })

  it('reports a broken policy and broken cases with their places', async () => {
    const cwd = folder({
      'p.yaml': POLICY.replace('hash.hmac', 'hash.hmca'),
      'p.cases.yaml': PASSING.replace('outcome: suppress', 'outcome: gone'),
      'q.yaml': POLICY,
    })
    const { code, stdout } = await warm(['test', 'p.yaml'], { cwd })
    expect(code).toBe(1)
    expect(stdout).toMatch(/^p\.yaml:7:\d+ unknown-transform /m)
    expect(stdout).toMatch(/^p\.cases\.yaml:\d+:\d+ /m)
    const missing = await warm(['test', 'q.yaml'], { cwd })
    expect(missing.code).toBe(2)
    expect(missing.stderr).toContain('-> write q.cases.yaml')
    const nowhere = await warm(['test', 'r.yaml'], { cwd })
    expect(nowhere).toMatchObject({
      code: 4,
      stderr: 'lethe: the policy r.yaml does not exist\n  -> correct the name\n',
    })
  })
})
