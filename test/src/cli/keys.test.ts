import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { folder, root, warm } from './lethe.ts'

interface Listed {
  readonly test: boolean
  readonly keys: readonly { readonly id: string; readonly status: string; readonly primary: boolean }[]
}

const secretsOf = (file: string) =>
  (JSON.parse(readFileSync(file, 'utf8')) as { keys: { secret: string }[] }).keys.map((key) => key.secret)

describe('lethe keys', () => {
  it('takes a keyset through a rotation, and never prints a secret', async () => {
    const cwd = folder()
    const file = join(cwd, 'keys.json')
    let printed = ''
    const keys = async (...args: string[]) => {
      const { code, stdout, stderr } = await warm(['keys', ...args], { cwd })
      printed += stdout + stderr
      expect({ args, code, stderr: code === 0 ? '' : stderr }).toEqual({ args, code: 0, stderr: '' })
      return stdout
    }
    await keys('create', 'keys.json')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    await keys('add', 'keys.json')
    await keys('promote', 'keys.json', 'k2')
    await keys('disable', 'keys.json', 'k1')
    await keys('add', 'keys.json')
    await keys('compromise', 'keys.json', 'k3')
    const { keys: listed, test } = JSON.parse(await keys('list', 'keys.json', '--format', 'json')) as Listed
    expect(test).toBe(false)
    expect(listed.map(({ id, status, primary }) => [id, status, primary])).toEqual([
      ['k1', 'disabled', false],
      ['k2', 'enabled', true],
      ['k3', 'compromised', false],
    ])
    expect(await keys('list', 'keys.json')).toMatch(/k2 +enabled +[0-9a-f]{8} +\S+ +primary/)
    const secrets = secretsOf(file)
    expect(secrets).toHaveLength(3)
    for (const secret of secrets) expect(printed).not.toContain(secret)
  })

  it('refuses with exit code 2 and the way out, and leaves the file as it was', async () => {
    const cwd = folder()
    await warm(['keys', 'create', 'keys.json'], { cwd })
    const before = readFileSync(join(cwd, 'keys.json'), 'utf8')
    for (const args of [
      ['create', 'keys.json'],
      ['promote', 'keys.json', 'k9'],
      ['disable', 'keys.json', 'k1'],
      ['compromise', 'keys.json', 'k1'],
      ['promote', 'keys.json'],
      ['rotate', 'keys.json'],
    ]) {
      const { code, stderr } = await warm(['keys', ...args], { cwd })
      expect({ args, code }).toEqual({ args, code: 2 })
      expect(stderr).toMatch(/^lethe: .*\n {2}-> /)
    }
    expect(readFileSync(join(cwd, 'keys.json'), 'utf8')).toBe(before)
  })

  it('tells a missing file from a missing folder, with exit code 4', async () => {
    const cwd = folder()
    const list = await warm(['keys', 'list', 'nowhere.json'], { cwd })
    expect({ code: list.code, stderr: list.stderr }).toEqual({
      code: 4,
      stderr:
        'lethe: nowhere.json does not exist\n  -> check the path, or make a keyset with `lethe keys create FILE`\n',
    })
    const create = await warm(['keys', 'create', 'nowhere/keys.json'], { cwd })
    expect(create.code).toBe(4)
    expect(create.stderr).toContain('cannot be written: its folder does not exist\n  -> make it first\n')
  })

  it('says that the published keyset is for tests', async () => {
    const { code, stderr } = await warm(['keys', 'list', join(root, 'config/keys/test.keyset.json')])
    expect(code).toBe(0)
    expect(stderr).toContain('published')
  })
})
