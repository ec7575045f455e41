/** What the proof over releases of Node.js rests on: the copy, and the environment. */
import { execFileSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { copyCheckout } from './checkout.ts'
import { environmentOn } from './node-release.ts'

function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), 'lethe-proofs-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

describe('the clean copy', () => {
  it('has what is committed or new, as it stands, and nothing that git leaves out', () => {
    const folder = temporary()
    const root = join(folder, 'root')
    mkdirSync(join(root, 'src/deep'), { recursive: true })
    mkdirSync(join(root, 'node_modules'))
    const write = (file: string, content: string): void => writeFileSync(join(root, file), content)
    write('.gitignore', 'node_modules/\n*.json\n')
    write('src/deep/ä b.ts', 'old')
    write('gone.ts', '')
    write('node_modules/one.ts', '')
    symlinkSync('src/deep/ä b.ts', join(root, 'link'))
    const git = (...args: string[]) => execFileSync('git', args, { cwd: root, stdio: 'ignore' })
    git('init', '--quiet')
    git('add', '.')
    rmSync(join(root, 'gone.ts'))
    write('src/deep/ä b.ts', 'new')
    write('added.ts', '')
    write('keys.json', '')
    const copy = join(folder, 'copy')
    copyCheckout(root, copy)
    const files = readdirSync(copy, { recursive: true, encoding: 'utf8' }).sort()
    expect(files).toEqual(['.gitignore', 'added.ts', 'link', 'src', 'src/deep', 'src/deep/ä b.ts'])
    expect(readlinkSync(join(copy, 'link'))).toBe('src/deep/ä b.ts')
    expect(readFileSync(join(copy, 'link'), 'utf8')).toBe('new')
  })
})

describe('the environment', () => {
  it('finds the release before any other, and nothing of the npm that started the proof', () => {
    expect(
      environmentOn('/releases/22', {
        PATH: '/lethe/node_modules/.bin:/npm/node-gyp-bin:/usr/bin',
        HOME: '/home',
        NODE: '/usr/bin/node',
        INIT_CWD: '/lethe',
        npm_execpath: '/npm/cli.js',
        npm_package_json: '/lethe/package.json',
        npm_config_prefix: '/usr',
        npm_config_registry: 'https://npm.example',
        npm_config_nodedir: '/usr',
      }),
    ).toEqual({
      PATH: '/releases/22/bin:/usr/bin',
      HOME: '/home',
      npm_config_registry: 'https://npm.example',
      npm_config_nodedir: '/releases/22',
    })
  })
})
