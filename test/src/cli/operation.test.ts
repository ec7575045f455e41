/** docs/operation.md: the way from a compromised key to new outputs, by the commands that stand there. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { folder, root, warm } from './lethe.ts'

const page = readFileSync(join(root, 'docs/operation.md'), 'utf8')
const compromised = page.slice(page.indexOf('## A key is compromised'))
const bridge = /```yaml\n([\s\S]*?)```/.exec(compromised)![1]!.replace(/^ {3}/gm, '')
const commands = [...compromised.matchAll(/^ {3}lethe (.*)$/gm)].map(([, args]) => args!.split(' '))

const POLICY = `policy: feed
version: 1
purpose: train_ai_system
fields:
  customer_id: { use: hash.hmac, domain: customer }
`

describe('a compromised key', () => {
  it('is found in summaries, bridged once, and gone from outputs that are made anew', {
    timeout: 240_000,
  }, async () => {
    const cwd = folder({
      'customers.csv': 'customer_id\nC-1\nC-2\n',
      'policy.yaml': POLICY,
      'bridge.yaml': bridge,
    })
    mkdirSync(join(cwd, 'runs'))
    const run = async (...args: string[]) => {
      const ended = await warm(args, { cwd })
      expect([args, ended.code, ended.stderr]).toEqual([args, 0, ended.stderr])
      return ended.stdout
    }
    const rows = (name: string) => readFileSync(join(cwd, name), 'utf8').trimEnd().split('\n').slice(1)
    await run('keys', 'create', 'keys.json')
    const first = ['batch', 'customers.csv', '-p', 'policy.yaml', '--keys', 'keys.json']
    await run(...first, '-o', 'old.csv', '--summary', 'runs/old.json')
    // Another keyset has a k1 too: it is another key.
    await run('keys', 'create', 'other.json')
    const other = ['batch', 'customers.csv', '-p', 'policy.yaml', '--keys', 'other.json']
    await run(...other, '-o', 'other.csv', '--summary', 'runs/other.json')

    expect(commands.map(([name, what]) => `${name} ${what}`)).toEqual([
      'keys list',
      'keys add',
      'keys promote',
      'batch customers.csv',
      'keys compromise',
      'batch customers.csv',
    ])
    const outputs: string[] = []
    for (const args of commands) outputs.push(await run(...args))
    const check = /k1 +enabled +([0-9a-f]{8})/.exec(outputs[0]!)![1]!
    const search = /^ {3}(grep .*)$/m.exec(compromised)![1]!.replace('CHECK', check)
    expect(execFileSync('sh', ['-c', search], { cwd, encoding: 'utf8' })).toBe('runs/old.json\n')
    expect(readFileSync(join(cwd, 'runs/again.json'), 'utf8')).toMatch(/"k2": "[0-9a-f]{8}"/)

    const pairs = rows('bridge.csv').map((row) => row.split(','))
    expect(pairs.map(([before]) => before)).toEqual(rows('old.csv'))
    expect(pairs.map(([, after]) => after)).toEqual(rows('again.csv'))
    expect(rows('again.csv').every((token) => token.startsWith('k2.'))).toBe(true)

    writeFileSync(join(cwd, 'more.yaml'), bridge.replace('version: 1', 'version: 2'))
    const refused = await warm(
      ['batch', 'customers.csv', '-p', 'more.yaml', '--keys', 'keys.json', '-o', 'more.csv'],
      { cwd },
    )
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringMatching(/(compromised|disabled)-key/)])

    // With the outputs of before and the bridge, all tokens of the key are gone, and all other outputs are there.
    const tokens = rows('old.csv')
    for (const name of ['old.csv', 'bridge.csv']) rmSync(join(cwd, name))
    const left = readdirSync(cwd, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    const texts = left.map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'utf8'))
    expect(left.map(({ name }) => name)).toEqual(expect.arrayContaining(['again.csv', 'other.csv']))
    expect(texts.filter((text) => tokens.some((token) => text.includes(token)))).toEqual([])
    const { stdout } = await warm(['keys', 'list', 'keys.json'], { cwd })
    expect(stdout).toMatch(/k1 +compromised[\s\S]*k2 +enabled/)
  })
})
