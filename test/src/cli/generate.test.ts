import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
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

  const before = generate('--check')
  expect(before.status).toBe(1)
  expect(before.stderr).toContain('transforms/README.md is out of date')
  expect(before.stderr).toContain('config/schema/policy.schema.json is out of date')
  expect(before.stderr).toContain('config/schema/pipeline.schema.json is out of date')
  expect(existsSync(join(copy, 'transforms/README.md'))).toBe(false)

  expect(generate().status).toBe(0)
  const catalogue = readFileSync(join(copy, 'transforms/README.md'), 'utf8')
  for (const { name } of transforms) expect(catalogue).toContain(`\n## ${name}\n`)
  expect(catalogue).toContain('\n## retention.expire\n')
  for (const name of ['policy', 'pipeline']) {
    const text = readFileSync(join(copy, `config/schema/${name}.schema.json`), 'utf8')
    const schema = JSON.parse(text) as { $schema: string }
    expect(schema.$schema).toBe('http://json-schema.org/draft-07/schema#')
  }
  expect(generate('--check').status).toBe(0)

  writeFileSync(join(copy, 'transforms/README.md'), `${catalogue}edited\n`)
  expect(generate('--check').status).toBe(1)
})
