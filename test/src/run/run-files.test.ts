import { mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { RunFiles } from '../../../src/run/run-files.ts'
import { folder } from '../cli/lethe.ts'

const MOST = 1 << 20

function made(): { files: RunFiles; policy: string; read: () => string } {
  const policy = join(folder({ 'policy.yaml': 'one' }), 'policy.yaml')
  const files = new RunFiles()
  const read = () => Buffer.from(files.read(policy, 'the policy', MOST)).toString()
  expect(read()).toBe('one')
  return { files, policy, read }
}

describe('the files of a run', () => {
  it('are read once: what came first is what everybody gets', () => {
    const { files, policy, read } = made()
    writeFileSync(policy, 'two')
    expect(read()).toBe('one')
    expect(files.changed()).toMatchObject([{ kind: 'policy', file: policy }])
    expect(() => files.refuseChanged()).toThrow(`the policy ${policy} changed while the run began`)
  })

  it('are the same where only their dates differ, or where they are what they were again', () => {
    const { files, policy } = made()
    utimesSync(policy, 1, 1)
    expect(files.changed()).toEqual([])
    writeFileSync(policy, 'longer')
    expect(files.changed()).toHaveLength(1)
    writeFileSync(policy, 'one')
    expect(files.changed()).toEqual([])
    expect(() => files.refuseChanged()).not.toThrow()
  })

  it('are gone where they are gone, and each change has a stamp of its own', () => {
    const { files, policy } = made()
    writeFileSync(policy, 'two')
    const [first] = files.changed()
    expect(files.changed()).toEqual([first])
    rmSync(policy)
    const [second] = files.changed()
    expect(second!.stamp).not.toBe(first!.stamp)
  })

  it('are watched through links, as Kubernetes mounts them', () => {
    const cwd = folder({ 'one/policy.yaml': 'one', 'two/policy.yaml': 'two' })
    symlinkSync('one', join(cwd, '..data'))
    const files = new RunFiles()
    files.read(join(cwd, '..data', 'policy.yaml'), 'the policy', MOST)
    mkdirSync(join(cwd, 'other'))
    symlinkSync('two', join(cwd, '..new'))
    renameSync(join(cwd, '..new'), join(cwd, '..data'))
    expect(files.changed()).toHaveLength(1)
  })

  it('says of a keyset what its keys are, not how the file is written', () => {
    const file = join(folder({ 'keys.json': '1' }), 'keys.json')
    const files = new RunFiles()
    let keys = 'k1'
    const read = () =>
      files.readOnce(
        'keyset',
        file,
        () => keys,
        (first, again) => first === again,
      )
    expect(read()).toBe('k1')
    writeFileSync(file, '1 ')
    expect(files.changed()).toEqual([])
    keys = 'k2'
    writeFileSync(file, '2')
    expect(files.changed()).toMatchObject([{ kind: 'keyset', file }])
  })
})
