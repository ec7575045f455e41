/** `lethe diff` as a process: what it prints, and how it ends. */
import { describe, expect, it } from 'vitest'
import { BASE, edited, LISTS } from '../diff/policies.ts'
import { folder, lethe, warm } from './lethe.ts'

const WEAKER = edited(['to: year, format', 'to: month, format'], ['version: 3', 'version: 4'])
const STRONGER = edited(['keepLast: 4', 'keepLast: 2'])
const place = (): string =>
  folder({ 'old.yaml': BASE, 'weaker.yaml': WEAKER, 'stronger.yaml': STRONGER, ...LISTS })

describe('lethe diff', () => {
  it('ends with 1 where something is weaker, and names it', async () => {
    const cwd = place()
    const { code, stdout, stderr } = await warm(['diff', 'old.yaml', 'weaker.yaml'], { cwd })
    expect(code).toBe(1)
    expect(stdout).toContain('customer.birth_date (tells): it tells the month; before, it tells the year')
    expect(stderr).toBe('lethe: 1 of 2 changes are weaker, or may be\n')
  })

  it('ends with 0 where nothing is weaker', async () => {
    const cwd = place()
    const same = await warm(['diff', 'old.yaml', 'old.yaml'], { cwd })
    expect([same.code, same.stdout]).toEqual([0, expect.stringContaining('nothing differs')])
    const stronger = await warm(['diff', 'old.yaml', 'stronger.yaml'], { cwd })
    expect([stronger.code, stronger.stderr]).toEqual([0, 'lethe: nothing is weaker\n'])
  })

  it('ends with 2 where a policy does not compile, and with 4 where one is missing', async () => {
    const cwd = folder({ 'old.yaml': BASE, 'bad.yaml': 'policy: p\n', ...LISTS })
    for (const files of [
      ['old.yaml', 'bad.yaml'],
      ['bad.yaml', 'old.yaml'],
    ]) {
      const { code, stdout, stderr } = await warm(['diff', ...files], { cwd })
      expect([code, stdout]).toEqual([2, ''])
      expect(stderr).toContain('missing-key')
    }
    expect((await warm(['diff', 'old.yaml', 'none.yaml'], { cwd })).code).toBe(4)
    expect((await warm(['diff', '-', '-'], { cwd })).code).toBe(2)
  })

  it('takes one policy from standard input, and says that it cannot know whether its lists changed', async () => {
    const cwd = place()
    const { code, stdout } = await lethe(['diff', '-', 'old.yaml'], { cwd, input: BASE })
    expect(code).toBe(1)
    expect(stdout).toContain('whether `shops.csv` changed is not known')
    const without = BASE.replace(/ {2}customer\.shop:.*\n/, '')
    const alone = folder({ 'policy.yaml': without })
    const same = await lethe(['diff', '-', 'policy.yaml'], { cwd: alone, input: without })
    expect(same.code).toBe(0)
  })

  it('prints JSON and annotations', async () => {
    const cwd = place()
    const json = await warm(['diff', 'old.yaml', 'weaker.yaml', '--format', 'json'], { cwd })
    expect(JSON.parse(json.stdout)).toMatchObject({
      lethe: 'diff',
      v: 1,
      before: { policy: 'customer-events', version: 3 },
      after: { version: 4 },
      weaker: 1,
      changes: [
        { verdict: 'weaker', kind: 'tells', field: 'customer.birth_date', line: 12 },
        { kind: 'version' },
      ],
    })
    const github = await warm(['diff', 'old.yaml', 'weaker.yaml', '--format', 'github'], { cwd })
    expect(github.stdout).toBe(
      '::error file=weaker.yaml,line=12,col=31,title=tells::customer.birth_date: it tells the month; before, it tells the year\n',
    )
  })

  it('prints Markdown in which nothing of a policy is markup', async () => {
    const evil = 'policy: p\nversion: 1\npurpose: train_ai_system\nfields:\n  a: keep\n'
    const path = '"<img src=x>|`b`[l](http://x.example)"'
    const cwd = folder({ 'old.yaml': evil, 'new.yaml': `${evil}  '${path}': keep\n` })
    const { code, stdout } = await warm(['diff', 'old.yaml', 'new.yaml', '--format', 'markdown'], { cwd })
    expect(code).toBe(1)
    const row = stdout.split('\n').find((line) => line.includes('field-added'))!
    expect(row.replaceAll(/`[^`]*`/g, '')).not.toMatch(/[<>[\]]/)
    expect(row.match(/(?<!&#124;)\|/g)).toHaveLength(4)
  })
})
