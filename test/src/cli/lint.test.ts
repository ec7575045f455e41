import { describe, expect, it } from 'vitest'
import { folder, lethe, warm } from './lethe.ts'

const SOUND = `policy: sound
version: 1
purpose: train_ai_system
unlisted: drop
fields:
  id: { use: hash.hmac, domain: customer }
  amount: keep
`
const BROKEN = SOUND.replace('hash.hmac', 'hash.hmca').replace('amount: keep', 'amount: undecided')

describe('lethe lint', () => {
  it('is silent on stdout for a sound policy', async () => {
    const { code, stdout, stderr } = await lethe(['lint', 'p.yaml'], { cwd: folder({ 'p.yaml': SOUND }) })
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: 'lethe: 1 policy, no errors\n' })
  })

  it('reports every error of every policy with its place, exit code 1', async () => {
    const cwd = folder({ 'a.yaml': BROKEN, 'b.yaml': SOUND, 'c.yaml': 'policy: [\n' })
    const { code, stdout } = await warm(['lint', 'a.yaml', 'b.yaml', 'c.yaml'], { cwd })
    expect(code).toBe(1)
    expect(stdout).toMatch(/^a\.yaml:6:\d+ unknown-transform .* -> did you mean `hash\.hmac`\?$/m)
    expect(stdout).toMatch(/^a\.yaml:7:\d+ undecided /m)
    expect(stdout).toMatch(/^c\.yaml:/m)
    expect(stdout).not.toContain('b.yaml')
  })

  it('prints for programs and for GitHub', async () => {
    const cwd = folder({ 'a.yaml': BROKEN })
    const json = await warm(['lint', 'a.yaml', '--format', 'json'], { cwd })
    const problems = JSON.parse(json.stdout) as { code: string; line: number }[]
    expect(problems.map(({ code, line }) => [line, code])).toEqual([
      [6, 'unknown-transform'],
      [7, 'undecided'],
    ])
    const github = await warm(['lint', 'a.yaml', '--format', 'github'], { cwd })
    expect(github.stdout).toMatch(/^::error file=a\.yaml,line=6,col=\d+,title=unknown-transform::/m)
    expect([json.code, github.code]).toEqual([1, 1])
  })

  it('checks the keys that a policy names, where a keyset is given', async () => {
    const cwd = folder({ 'p.yaml': SOUND.replace('customer }', 'customer, key: k7 }') })
    await warm(['keys', 'create', 'keys.json'], { cwd })
    expect((await warm(['lint', 'p.yaml'], { cwd })).code).toBe(0)
    const { code, stdout } = await warm(['lint', 'p.yaml', '--keys', 'keys.json'], { cwd })
    expect(code).toBe(1)
    expect(stdout).toContain('unknown-key-id')
  })

  it('ends with 4 where a policy is missing, with 2 where none is named', async () => {
    expect((await warm(['lint', 'nowhere.yaml'])).code).toBe(4)
    expect((await warm(['lint'])).code).toBe(2)
  })

  it('finds in a draft of `lethe init` nothing but what is undecided', async () => {
    const row = (i: number) =>
      `C-${i},u${i}@example.com,2024-01-0${(i % 9) + 1}T10:00:00Z,19${50 + (i % 40)}-02-03,10.1.2.${i},10${i}15,+49 30 ${1000000 + i},DE,${i % 3 === 0 ? 'a' : 'b'},${i}.25`
    const csv = `customer_id,email,occurred_at,birth_date,ip,zip,phone,country,tier,amount\n${Array.from({ length: 90 }, (_, i) => row(i + 10)).join('\n')}\n`
    const cwd = folder({ 'x.csv': csv })
    expect((await warm(['init', '--from', 'x.csv', '-o', 'p.yaml'], { cwd })).code).toBe(0)
    const { code, stdout } = await warm(['lint', 'p.yaml', '--format', 'json'], { cwd })
    const problems = JSON.parse(stdout) as { code: string }[]
    expect(new Set(problems.map((problem) => problem.code))).toEqual(new Set(['undecided']))
    expect(code).toBe(1)
  })
})
