import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { transforms } from '../../../transforms/index.ts'
import { folder, root } from './lethe.ts'

it('writes the generated files, and says which are out of date', () => {
  const copy = folder()
  cpSync(join(root, 'package.json'), join(copy, 'package.json'))
  cpSync(join(root, 'dist'), join(copy, 'dist'), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  const generate = (...args: string[]) =>
    spawnSync(process.execPath, [join(copy, 'dist/src/cli/generate.js'), ...args], { encoding: 'utf8' })

  expect(generate().status).toBe(0)
  const catalogue = readFileSync(join(copy, 'transforms/README.md'), 'utf8')
  for (const { name } of transforms) expect(catalogue).toContain(`\n## ${name}\n`)
  expect(catalogue).toContain('\n## retention.expire\n')
  for (const name of ['policy', 'pipeline']) {
    const text = readFileSync(join(copy, `config/schema/${name}.schema.json`), 'utf8')
    const schema = JSON.parse(text) as { $schema: string }
    expect(schema.$schema).toBe('http://json-schema.org/draft-07/schema#')
  }
  // One is another, one is not there, and all others are as they should be.
  writeFileSync(join(copy, 'transforms/README.md'), `${catalogue}edited\n`)
  rmSync(join(copy, 'config/schema/policy.schema.json'))
  const after = generate('--check')
  expect(after.status).toBe(1)
  expect(after.stderr.match(/\S+(?= is out of date)/g)?.sort()).toEqual([
    'config/schema/policy.schema.json',
    'transforms/README.md',
  ])
  expect(readFileSync(join(copy, 'transforms/README.md'), 'utf8')).toBe(`${catalogue}edited\n`)
  expect(existsSync(join(copy, 'config/schema/policy.schema.json'))).toBe(false)
})
