import { describe, expect, it } from 'vitest'
import { compileAgain, type PlanSetup } from '../../../src/pipeline/compile-again.ts'
import { compilePolicy } from '../../../src/policy/compile.ts'
import { policyFileOf } from '../../../src/policy/read.ts'

const file = '/nowhere/policy.yaml'
const text =
  'policy: p\nversion: 1\npurpose: train_ai_system\nfields:\n  n: { use: generalize.number, width: 10 }\n'

function setup(changes: Partial<PlanSetup>): PlanSetup {
  const fingerprint = compilePolicy(policyFileOf(file, text)).plan!.fingerprint
  return { policyFile: file, policyText: text, fingerprint, keyset: undefined, ...changes }
}

describe('compiling again in a thread', () => {
  it('takes the text that it is given: a policy from a pipe cannot be read twice', () => {
    expect(compileAgain(setup({})).plan.fingerprint).toBe(setup({}).fingerprint)
  })

  it('refuses a plan that is not its parent’s', () => {
    expect(() => compileAgain(setup({ fingerprint: 'another' }))).toThrow('changed')
  })
})
