import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { attempt, type Broken, errorOf } from '../../../src/engine/defect.ts'
import type { Outcome } from '../../../src/engine/outcome.ts'
import { LetheError } from '../../../src/errors.ts'
import { createKeysetFile, readKeysetFile } from '../../../src/keys/file.ts'
import { Keyring } from '../../../src/keys/keyring.ts'
import { createKeyset, type Keyset } from '../../../src/keys/keyset.ts'
import { compilePolicy } from '../../../src/policy/compile.ts'
import type { Plan } from '../../../src/policy/plan.ts'
import { readPolicyFile } from '../../../src/policy/policy-file.ts'
import { compileAgain, type PlanSetup } from '../../../src/run/compile-again.ts'
import { createDeidentifier } from '../../../src/run/deidentifier.ts'
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

  it('takes the keys that its parent read, whatever stands in their file by now', () => {
    const cwd = folder({ 'policy.yaml': `${HEAD}fields:\n  n: { use: hash.hmac, domain: n }\n` })
    const [policyFile, keyFile] = [join(cwd, 'policy.yaml'), join(cwd, 'keys.json')]
    createKeysetFile(keyFile, createKeyset(new Date()))
    const files = new RunFiles()
    const read = (): Keyset => readKeysetFile(keyFile)
    const keyset = files.readOnce('keyset', keyFile, read, () => false)
    const keys = Keyring.fromKeyset(keyset)
    const { plan } = compilePolicy(readPolicyFile(policyFile, 'the policy', files.read), { keys })
    rmSync(keyFile)
    createKeysetFile(keyFile, createKeyset(new Date()))
    rmSync(policyFile)
    const configuration = structuredClone({ files: files.bytes, keyset })
    const again = compileAgain({ policyFile, fingerprint: plan!.fingerprint, configuration })
    const tokenOf = (made: Plan): Outcome =>
      createDeidentifier(made, { format: 'json', now: 0 }).deidentify(Buffer.from('{"n":"1"}'))
    expect(tokenOf(again.plan)).toMatchObject({ kind: 'publish', value: expect.anything() })
    expect(tokenOf(again.plan)).toEqual(tokenOf(plan!))
    expect(tokenOf(compilePolicy(again.source, { keys: Keyring.fromKeyset(read()) }).plan!)).not.toEqual(
      tokenOf(plan!),
    )
  })

  it('refuses a plan that is not its parent’s: it names the policy and what to do', () => {
    const given = setup().setup
    const refused = attempt(() => compileAgain({ ...given, fingerprint: 'another' }))
    const told = errorOf(structuredClone(refused as Broken)) as LetheError
    expect(told).toBeInstanceOf(LetheError)
    expect(told).toMatchObject({ code: 'config-differs', exitCode: 2 })
    expect(told.message).toContain(`another plan of the policy ${given.policyFile}`)
    expect(told.suggestion).toContain('start again')
  })

  it('reads nothing that its parent did not read', () => {
    const { setup: given } = setup()
    const files = new Map([...given.configuration.files].slice(0, 1))
    const less = { ...given, configuration: { files, keyset: undefined } }
    expect(() => compileAgain(less)).toThrow('another plan')
  })
})
