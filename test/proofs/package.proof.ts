/**
 * The package as npm installs it: from a copy of the sources where no script of a dependency ran (no compiler), and from the
 * packed file in a folder of its own without optional dependencies. What is in it, `test/package.test.ts` says.
 */
import { execFileSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

const folder = mkdtempSync(join(tmpdir(), 'lethe-package-'))
const copy = join(folder, 'copy')
const user = join(folder, 'user')

function run(cwd: string, command: string, ...args: string[]): string {
  const env = { ...process.env, NO_COLOR: '1', npm_config_audit: 'false', npm_config_fund: 'false' }
  return execFileSync(command, args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

beforeAll(() => {
  const left = new Set(['node_modules', 'dist', '.git', 'coverage'])
  cpSync(root, copy, {
    recursive: true,
    filter: (source) =>
      !relative(root, source)
        .split(/[/\\]/)
        .some((part) => left.has(part)),
  })
  run(copy, 'npm', 'ci', '--ignore-scripts', '--prefer-offline')
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('without a compiler', () => {
  it('a copy of the sources builds and runs the demo', () => {
    const said = run(copy, 'npm', 'run', 'demo', '--', '--count', '500')
    expect(said).toContain('Before and after')
    expect(said).toContain('One policy, one token')
  })

  it('what it packs is installed without optional dependencies, and has the command and the library', () => {
    run(copy, 'npm', 'pack', '--pack-destination', folder)
    const packed = readdirSync(folder).find((name) => name.endsWith('.tgz'))!
    mkdirSync(user)
    writeFileSync(join(user, 'package.json'), '{ "name": "user", "private": true, "type": "module" }')
    run(user, 'npm', 'install', '--omit=optional', '--prefer-offline', join(folder, packed))
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
    const lethe = join(user, 'node_modules/.bin/lethe')
    expect(run(user, lethe, '--version').trim()).toBe(version)
    expect(run(user, lethe, 'demo', '--count', '300', '--keep', 'kept')).toContain('One policy, one token')
    for (const name of [
      'events.csv',
      'events.ndjson',
      'clean-events.csv',
      'clean-events.ndjson',
      'keys.json',
    ])
      expect(existsSync(join(user, 'kept', name)), name).toBe(true)
    const program = "import { transforms } from 'lethe'; console.log(transforms.length)"
    expect(Number(run(user, process.execPath, '--input-type=module', '-e', program))).toBeGreaterThan(20)
  })
})
