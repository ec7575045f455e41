/**
 * The package as a stranger gets it, in a folder of its own: what is packed, beside the libraries that it names.
 * `npm run proof:package` lets npm install it, from a copy of the sources without optional dependencies and
 * runs its demo.
 */
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const MINUTES = 60_000

const folder = mkdtempSync(join(tmpdir(), 'lethe-package-'))
const user = join(folder, 'user')

function run(cwd: string, command: string, ...args: string[]): string {
  const env = { ...process.env, NO_COLOR: '1', npm_config_audit: 'false', npm_config_fund: 'false' }
  return execFileSync(command, args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

const lethe = (...args: string[]): string => run(user, join(user, 'node_modules/.bin/lethe'), ...args)

/** As npm lays it out; a library that the package does not name is not there. */
function install(packed: string): void {
  const modules = join(user, 'node_modules')
  mkdirSync(join(modules, '.bin'), { recursive: true })
  run(modules, 'tar', '-xzf', packed)
  run(modules, 'mv', 'package', 'lethe')
  const { dependencies, bin } = JSON.parse(readFileSync(join(modules, 'lethe/package.json'), 'utf8')) as {
    readonly dependencies: Readonly<Record<string, string>>
    readonly bin: Readonly<Record<string, string>>
  }
  for (const name of Object.keys(dependencies)) {
    mkdirSync(dirname(join(modules, name)), { recursive: true })
    symlinkSync(join(root, 'node_modules', name), join(modules, name))
  }
  chmodSync(join(modules, 'lethe', bin['lethe']!), 0o755)
  symlinkSync(join('../lethe', bin['lethe']!), join(modules, '.bin/lethe'))
}

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the packed package, in a folder of its own', () => {
  beforeAll(() => {
    mkdirSync(user)
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      readonly scripts: Readonly<Record<string, string>>
    }
    // It is built for the tests.
    expect(scripts['prepack']).toBe('npm run build')
    run(root, 'npm', 'pack', '--ignore-scripts', '--pack-destination', folder)
    const packed = readdirSync(folder).find((name) => name.endsWith('.tgz'))!
    install(join(folder, packed))
    writeFileSync(join(user, 'package.json'), '{ "name": "user", "private": true, "type": "module" }')
    writeFileSync(
      join(user, 'policy.yaml'),
      [
        'policy: mine',
        'version: 1',
        'purpose: train_ai_system',
        'fields:',
        '  id: { use: hash.hmac, domain: customer }',
        '  note: { use: mine.reverse }',
      ].join('\n'),
    )
  }, 5 * MINUTES)

  it('has the command', { timeout: 4 * MINUTES }, () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
    expect(lethe('--version').trim()).toBe(version)
    lethe('keys', 'create', 'keys.json')
    const policy = join(user, 'node_modules/lethe/config/policies/customer-events.yaml')
    lethe('lint', policy)
  })

  it('has the library, which takes a transform of the user', { timeout: 4 * MINUTES }, () => {
    writeFileSync(
      join(user, 'user.mjs'),
      `
      import { compilePolicy, createDeidentifier, defineTransform, loadKeyring, readPolicyFile, transforms } from 'lethe'
      import { z } from 'zod'
      const reverse = defineTransform({
        name: 'mine.reverse', summary: 'Backwards.', version: 1, options: z.strictObject({}),
        properties: { reversible: 'yes', repeatable: 'yes', uniqueness: 'preserved', formatKept: 'length',
          accepts: 'text', yields: 'text', keyed: false, stableToken: false, mayReturnInput: true },
        failures: {}, doesNotStop: 'Anybody.', examples: [],
        compile: () => ({ yields: 'string', apply: (text) => [...text].reverse().join('') }),
      })
      const { plan, problems } = compilePolicy(readPolicyFile('policy.yaml'), {
        keys: loadKeyring('keys.json'), transforms: [...transforms, reverse],
      })
      if (plan === undefined) throw new Error(JSON.stringify(problems))
      const deidentifier = createDeidentifier(plan, { format: 'json' })
      for (const text of ['{"id":"C-1","note":"abc","secret":"raw"}', '{"id":', '{"id":"C-1"}']) {
        const outcome = deidentifier.deidentify(Buffer.from(text))
        console.log(outcome.kind === 'publish' ? Buffer.from(outcome.value).toString() : outcome.kind + ' ' + outcome.code)
      }
      `,
    )
    const [first, second, third] = run(user, 'node', 'user.mjs').trim().split('\n')
    expect(first).toMatch(/^\{"id":"k1\.[\w-]{22}","note":"cba"\}$/)
    expect(second).toBe('dead-letter json-truncated')
    expect(JSON.parse(third!)).toEqual({ id: (JSON.parse(first!) as { id: string }).id })
  })

  it('has what its live page asks for', () => {
    const modules = join(user, 'node_modules')
    expect(existsSync(join(modules, 'lethe/dist/bin/telemetry-live-live-client.js'))).toBe(true)
    expect(existsSync(join(modules, 'uplot/dist/uPlot.iife.min.js'))).toBe(true)
    expect(existsSync(join(modules, 'uplot/dist/uPlot.min.css'))).toBe(true)
    expect(readFileSync(join(modules, 'uplot/LICENSE'), 'utf8')).toMatch(/MIT License/)
  })

  it('has types that a strict program compiles against', { timeout: 2 * MINUTES }, () => {
    writeFileSync(
      join(user, 'user.ts'),
      `
      import { compilePolicy, createDeidentifier, type Outcome, readPolicyFile } from 'lethe'
      const { plan } = compilePolicy(readPolicyFile('policy.yaml'))
      if (plan !== undefined) {
        const outcome: Outcome = createDeidentifier(plan, { format: 'json', now: 0 }).deidentify(new Uint8Array())
        if (outcome.kind === 'dead-letter') console.log(outcome.code satisfies string)
        // @ts-expect-error a dead letter has no value
        if (outcome.kind === 'dead-letter') console.log(outcome.value)
      }
      `,
    )
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    const flags = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2023', '--skipLibCheck']
    const types = ['--typeRoots', join(root, 'node_modules/@types'), '--types', 'node']
    run(user, process.execPath, tsc, ...flags, ...types, 'user.ts')
  })

  it('holds what it needs and no more', () => {
    const files = readdirSync(join(user, 'node_modules/lethe'))
    expect(files.sort()).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'config',
      'dist',
      'docker',
      'docs',
      'package.json',
      'src',
      'test',
      'transforms',
    ])
    const texts = readdirSync(join(user, 'node_modules/lethe'), { recursive: true }) as string[]
    const inSources = texts.filter((file) => /^(src|test|transforms)\//.test(file) && /\.[a-z]+$/.test(file))
    expect(inSources.filter((file) => !file.endsWith('.md'))).toEqual([])
    expect(readdirSync(join(user, 'node_modules/lethe/dist')).sort()).toEqual(['bin', 'src', 'transforms'])
  })

  it('no. 39: holds what its texts link to', () => {
    for (const [text, fewest] of [
      ['README.md', 8],
      ['src/README.md', 2],
      ['docker/README.md', 0],
    ] as const) {
      const file = join(user, 'node_modules/lethe', text)
      const links = [...readFileSync(file, 'utf8').matchAll(/\]\(((?!\w+:|#)[^)#]+)/g)].map(
        ([, link]) => link!,
      )
      expect(links.length).toBeGreaterThanOrEqual(fewest)
      for (const link of links) expect(existsSync(join(file, '..', link)), `${text}: ${link}`).toBe(true)
    }
  })
})
