/** The library's batch over files, from a program, beside the command. */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { approve } from '../../../src/approval/add-approval.ts'
import { deidentifyFiles } from '../../../src/batch/deidentify-files.ts'
import { createKeysetFile } from '../../../src/keys/file.ts'
import { createKeyset } from '../../../src/keys/keyset.ts'
import { compilePolicyFile } from '../../../src/policy/compile-file.ts'
import { readPolicyFile } from '../../../src/policy/policy-file.ts'
import { createSigningKeyFiles, readSigningKey } from '../../../src/signing/private-key.ts'
import { folder, root, warm } from './lethe.ts'

const POLICY = `policy: files
version: 1
purpose: train_ai_system
fields:
  id: { use: hash.hmac, domain: c }
  amount: keep
`
const lines = (count: number): string => Array.from({ length: count }, (_, n) => `C-${n},${n}\n`).join('')

function place(rows = 500): { cwd: string; at: (name: string) => string } {
  const cwd = folder({ 'in.csv': `id,amount\n${lines(rows)}`, 'policy.yaml': POLICY })
  createKeysetFile(join(cwd, 'keys.json'), createKeyset(new Date()))
  return { cwd, at: (name) => join(cwd, name) }
}

describe('a batch over files from a program', () => {
  it('gives the bytes that the command gives, and the example in config/examples does', async () => {
    const { cwd, at } = place()
    const summary = await deidentifyFiles({
      inputs: [at('in.csv')],
      output: at('out.csv'),
      policy: at('policy.yaml'),
      keys: at('keys.json'),
      workers: 1,
    })
    expect(summary).toMatchObject({ status: 'done', records: { in: 500, published: 500 } })
    const { code } = await warm(
      ['batch', 'in.csv', '-p', 'policy.yaml', '--keys', 'keys.json', '-o', 'same.csv'],
      { cwd },
    )
    expect(code).toBe(0)
    expect(readFileSync(at('out.csv'), 'utf8')).toBe(readFileSync(at('same.csv'), 'utf8'))

    const args = ['in.csv', 'again.csv', 'policy.yaml', 'keys.json'].map(at)
    const example = spawnSync(process.execPath, [join(root, 'config/examples/batch-files.mjs'), ...args], {
      encoding: 'utf8',
    })
    expect(example.stderr).toContain('500 records')
    expect(example.stdout).toBe('500 of 500 records published\n')
    expect(readFileSync(at('again.csv'), 'utf8')).toBe(readFileSync(at('out.csv'), 'utf8'))
    expect(JSON.parse(readFileSync(at('again.csv.run.json'), 'utf8'))).toMatchObject({
      lethe: 'summary',
      status: 'done',
    })
  })

  it('leaves nothing where it is aborted', async () => {
    const { cwd, at } = place(300_000)
    const stop = new AbortController()
    const before = readdirSync(cwd)
    const run = deidentifyFiles({
      inputs: [at('in.csv')],
      output: at('out.csv'),
      policy: at('policy.yaml'),
      keys: at('keys.json'),
      deadLetters: at('dead.ndjson'),
      workers: 1,
      onProgress: () => stop.abort(new Error('enough')),
      signal: stop.signal,
    })
    await expect(run).rejects.toThrow('enough')
    expect(readdirSync(cwd)).toEqual(before)
  })

  it('runs by an approved policy only, where that is required, and looks at no input before', async () => {
    const { cwd, at } = place()
    createSigningKeyFiles(at('anna.pem'))
    const batch = {
      inputs: [at('in.csv')],
      output: at('out.csv'),
      policy: at('policy.yaml'),
      keys: at('keys.json'),
      workers: 1,
      requireApproval: { keys: at('anna.pem.pub') },
    }
    const before = readdirSync(cwd)
    const missing = { code: 'approval-missing', message: expect.stringContaining('has 0 of the 1 approvals') }
    await expect(deidentifyFiles(batch)).rejects.toMatchObject(missing)
    await expect(deidentifyFiles({ ...batch, inputs: [at('none.csv')] })).rejects.toMatchObject(missing)
    expect(readdirSync(cwd)).toEqual(before)
    const { plan } = await compilePolicyFile(readPolicyFile(at('policy.yaml')), {})
    const how = {
      role: 'owner',
      note: 'read for this test',
      key: readSigningKey(at('anna.pem')),
      now: Date.now(),
    }
    approve(at('policy.yaml'), plan!, how)
    const { status, approvals } = await deidentifyFiles(batch)
    expect([status, approvals]).toEqual([
      'done',
      [{ key: how.key.publicKey.id, role: 'owner', when: expect.any(String) }],
    ])
    for (const [wrong, code] of [
      [{ requireApproval: { keys: at('anna.pem.pub'), need: 2 } }, 'public-keys-invalid'],
      [{ requireApproval: { keys: at('anna.pem.pub'), need: 0 } }, 'bad-option'],
      [{ requireApproval: { keys: at('none.pem') } }, 'file-missing'],
      [{ input: { delimiter: ';' } }, 'approval-options'],
    ] as const)
      await expect(deidentifyFiles({ ...batch, ...wrong }), code).rejects.toMatchObject({ code })
    writeFileSync(at('policy.yaml'), POLICY.replace('amount: keep', 'amount: drop'))
    await expect(deidentifyFiles(batch)).rejects.toMatchObject({ code: 'approval-missing' })
  })

  it('says what is wrong with the policy, prints nothing, and refuses what is no file', async () => {
    const { at } = place()
    const broken = folder({ 'policy.yaml': `${POLICY}  other: kept\n` })
    const batch = { inputs: [at('in.csv')], output: at('out.csv'), keys: at('keys.json') }
    await expect(deidentifyFiles({ ...batch, policy: join(broken, 'policy.yaml') })).rejects.toMatchObject({
      code: 'policy-invalid',
      message: expect.stringContaining('policy.yaml:7:10 unknown-transform'),
    })
    await expect(deidentifyFiles({ ...batch, policy: at('policy.yaml'), output: '-' })).rejects.toMatchObject(
      { code: 'bad-option' },
    )
    await expect(
      deidentifyFiles({ ...batch, policy: at('policy.yaml'), maxDeadLetters: 'few' }),
    ).rejects.toMatchObject({ code: 'bad-option' })
    expect(existsSync(at('out.csv'))).toBe(false)
  })

  it('leaves no output where there are too many dead letters, and says so', async () => {
    const { at } = place()
    const bad = folder({ 'in.csv': `id,amount\n${'"\n'}` })
    const summary = await deidentifyFiles({
      inputs: [join(bad, 'in.csv')],
      output: at('out.csv'),
      policy: at('policy.yaml'),
      keys: at('keys.json'),
      maxDeadLetters: '0',
      deadLetters: at('dead.ndjson'),
    })
    expect(summary.status).toBe('too-many-dead-letters')
    expect([existsSync(at('out.csv')), existsSync(at('dead.ndjson'))]).toEqual([false, true])
  })
})
