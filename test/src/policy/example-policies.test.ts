import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { runCases } from '../../../src/explain/run-cases.ts'
import { Keyring } from '../../../src/keys/keyring.ts'
import { testKeyset } from '../../../src/keys/test-keyset.ts'
import { readCases } from '../../../src/policy/cases.ts'
import { compilePolicy } from '../../../src/policy/compile.ts'
import { readPolicyFile } from '../../../src/policy/policy-file.ts'

const folder = 'config/policies'
const keys = Keyring.fromKeyset(testKeyset())
const policies = readdirSync(folder).filter((name) => name.endsWith('.yaml') && !name.endsWith('.cases.yaml'))

describe('the example policies', () => {
  it('are there', () => {
    expect(policies).toEqual(expect.arrayContaining(['customer-events.yaml', 'hipaa-safe-harbor.yaml']))
  })

  it.each(policies)('%s has no problem, and its cases hold and reach every rule', (name) => {
    const { plan, problems } = compilePolicy(readPolicyFile(join(folder, name)), { keys })
    expect(problems).toEqual([])
    const file = join(folder, name.replace(/\.yaml$/, '.cases.yaml'))
    const cases = readCases(file, readFileSync(file, 'utf8'))
    expect(cases.problems).toEqual([])
    const { results, uncovered } = runCases(plan!, cases.cases, plan!.input, {
      resolve: (name) => join(folder, name),
      row: () => {
        throw new Error('no example is about Parquet')
      },
      matchKeys: () => undefined,
    })
    expect(
      results.filter((r) => r.failure !== undefined).map((r) => [r.case.name, r.failure, r.diff]),
    ).toEqual([])
    expect(uncovered).toEqual([])
  })

  it('make no token and use no key where they follow HIPAA Safe Harbor', () => {
    const { plan, policy } = compilePolicy(readPolicyFile(join(folder, 'hipaa-safe-harbor.yaml')))
    expect(plan!.needsKeys).toBe(false)
    expect(plan!.envelope).toEqual([])
    const rules = policy!.fields.flatMap((field) => field.rules)
    expect(rules.filter((rule) => rule.transform?.properties.stableToken)).toEqual([])
  })
})

const adult = '../shared/data/adult'

describe('the policy for Adult', () => {
  it.skipIf(!existsSync(adult))(`compiles with the hierarchies of ARX (needs ${adult})`, () => {
    const template = readFileSync('test/fixtures/adult/adult.template.yaml', 'utf8')
    const { plan, problems } = compilePolicy({
      file: 'adult.yaml',
      text: template.replaceAll('{{hierarchies}}', adult),
      readFile: (file) => readFileSync(file),
    })
    expect(problems).toEqual([])
    const [header] = readFileSync(join(adult, 'adult.csv'), 'utf8').split(/\r?\n/, 1)
    expect(plan!.fields.map((field) => field.path.text)).toEqual(header!.split(';'))
  })
})
