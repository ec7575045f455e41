import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { compilePolicy } from '../../../src/policy/compile.ts'
import { readPolicyFile } from '../../../src/policy/read.ts'
import { compileAgain, type PlanSetup } from '../../../src/run/compile-again.ts'
import { RunFiles } from '../../../src/run/run-files.ts'
import { folder } from '../cli/lethe.ts'

const HEAD = 'policy: p\nversion: 1\npurpose: train_ai_system\n'
const text = `${HEAD}fields:\n  n: { use: generalize.hierarchy, file: list.csv, level: 1 }\n`

function setup(): { setup: PlanSetup; cwd: string } {
  const cwd = folder({ 'policy.yaml': text, 'list.csv': 'a;letter\nb;letter\n1;digit\n2;digit\n' })
  const policyFile = join(cwd, 'policy.yaml')
  const files = new RunFiles()
  const { plan, problems } = compilePolicy(readPolicyFile(policyFile, 'the policy', files.read))
  expect(problems).toEqual([])
  const configuration = { files: files.bytes, keyset: undefined }
  return { setup: { policyFile, fingerprint: plan!.fingerprint, configuration }, cwd }
}

describe('compiling again in a thread', () => {
  it('takes what its parent read, whatever stands on disk by now', () => {
    const { setup: given, cwd } = setup()
    writeFileSync(join(cwd, 'policy.yaml'), `${HEAD}fields:\n  n: keep\n`)
    writeFileSync(join(cwd, 'list.csv'), 'a;other\n')
    const { plan } = compileAgain(structuredClone(given))
    expect(plan.fingerprint).toBe(given.fingerprint)
  })

  it('refuses a plan that is not its parent’s', () => {
    expect(() => compileAgain({ ...setup().setup, fingerprint: 'another' })).toThrow('another plan')
  })

  it('reads nothing that its parent did not read', () => {
    const { setup: given } = setup()
    const files = new Map([...given.configuration.files].slice(0, 1))
    const less = { ...given, configuration: { files, keyset: undefined } }
    expect(() => compileAgain(less)).toThrow('another plan')
  })
})
