/** A policy with a file of transforms, through the commands. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { acme } from '../policy/acme.ts'
import { folder, warm } from './lethe.ts'

const POLICY = `policy: custom
version: 1
purpose: train_ai_system
transforms: [./acme.mjs]
fields:
  id: { use: hash.hmac, domain: c }
  note: acme.reverse
`
const CASES = 'cases:\n  - name: backwards\n    input: { note: abc }\n    expect: { note: cba }\n'
const rows = (count: number): string =>
  Array.from({ length: count }, (_, n) => `C-${n},note ${n}x\n`).join('')

const place = (module = acme()): string =>
  folder({
    'p/policy.yaml': POLICY,
    'p/policy.cases.yaml': CASES,
    'p/acme.mjs': module,
    'in.csv': `id,note\n${rows(60_000)}`,
  })

describe('a policy with transforms of its own', () => {
  it('is linted without running them, unless that is allowed', async () => {
    const cwd = place(`process.stdout.write('RAN')\n${acme()}`)
    const plain = await warm(['lint', 'p/policy.yaml'], { cwd })
    expect([plain.code, plain.stdout]).toEqual([
      1,
      expect.stringContaining('p/policy.yaml:4:14 transforms-not-loaded'),
    ])
    expect(plain.stdout.split('\n')).toHaveLength(2)
    expect(plain.stdout).not.toContain('RAN')
    const allowed = await warm(['lint', 'p/policy.yaml', '--allow-code'], { cwd })
    expect([allowed.code, allowed.stdout]).toEqual([0, 'RAN'])
  })

  it('is tested, explained, and run over files with the same result for any number of threads', {
    timeout: 120_000,
  }, async () => {
    const cwd = place()
    expect((await warm(['test', 'p/policy.yaml'], { cwd })).stderr).toContain('1 of 1 cases hold')
    const explained = await warm(['explain', '-p', 'p/policy.yaml'], { cwd, input: '' })
    expect([explained.code, explained.stdout]).toEqual([0, expect.stringContaining('acme.reverse')])
    expect((await warm(['keys', 'create', 'keys.json'], { cwd })).code).toBe(0)
    const run = async (workers: string) => {
      const args = [
        'batch',
        'in.csv',
        '-p',
        'p/policy.yaml',
        '--keys',
        'keys.json',
        '-o',
        '-',
        '--workers',
        workers,
      ]
      const { code, stdout, stderr } = await warm(
        [...args, '--summary', `run${workers}.json`, '--chunk-bytes', '65536'],
        { cwd },
      )
      expect(code, stderr).toBe(0)
      return stdout
    }
    const one = await run('1')
    expect(one.split('\n')[1]).toMatch(/,x0 eton$/)
    expect(await run('3')).toBe(one)
    const verified = await warm(['verify', 'run1.json', '-', '-p', 'p/policy.yaml'], { cwd, input: one })
    expect(verified.code, verified.stderr).toBe(0)
    writeFileSync(join(cwd, 'p/acme.mjs'), `${acme()}// changed\n`)
    const changed = await warm(['verify', 'run1.json', '-', '-p', 'p/policy.yaml'], { cwd, input: one })
    expect(changed.code).toBe(1)
  })

  it('may not have its file of transforms overwritten, and its errors stop the run', async () => {
    const cwd = place()
    await warm(['keys', 'create', 'keys.json'], { cwd })
    const batch = ['batch', 'in.csv', '-p', 'p/policy.yaml', '--keys', 'keys.json']
    const over = await warm([...batch, '-o', 'p/acme.mjs'], { cwd })
    expect([over.code, over.stderr]).toEqual([2, expect.stringContaining('it would be overwritten')])
    writeFileSync(join(cwd, 'p/acme.mjs'), "import 'zod'")
    const broken = await warm([...batch, '-o', 'out.csv'], { cwd })
    expect([broken.code, broken.stderr]).toEqual([
      2,
      expect.stringContaining('p/policy.yaml:4:14 bad-transforms'),
    ])
  })
})
