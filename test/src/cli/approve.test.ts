/** `lethe approve`, `lethe signing-key`, and what requires approvals. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { folder, lethe, warm } from './lethe.ts'

const POLICY = 'policy: p\nversion: 1\npurpose: train_ai_system\nfields:\n  amount: keep\n'
const PIPELINE = `pipeline: shop
brokers: [127.0.0.1:1]
source: none
approval: { need: 2, keys: { file: trusted.pem } }
routes:
  - name: r
    from: { topics: [in], group: g }
    to: { topic: out }
    deadLetterTopic: dead
    policy: policy.yaml
`
const NOTE = 'review of March, ticket 512'
const approveArgs = (key: string, ...more: string[]): string[] => [
  'approve',
  'policy.yaml',
  '--as',
  'privacy-officer',
  '--note',
  NOTE,
  '--signing-key',
  key,
  ...more,
]

/** A folder with two keys that are trusted, a policy, a pipeline and an input. */
async function place(): Promise<string> {
  const cwd = folder({ 'policy.yaml': POLICY, 'pipeline.yaml': PIPELINE, 'in.csv': 'amount,x\n1,2\n' })
  for (const key of ['anna.pem', 'ben.pem'])
    expect((await warm(['signing-key', 'create', key], { cwd })).code).toBe(0)
  const keys = ['anna.pem.pub', 'ben.pem.pub'].map((file) => readFileSync(join(cwd, file), 'utf8'))
  writeFileSync(join(cwd, 'trusted.pem'), keys.join(''))
  return cwd
}
const batch = (cwd: string, ...more: string[]) =>
  warm(['batch', 'in.csv', '-p', 'policy.yaml', '-o', 'out.csv', '--summary', 'run.json', ...more], { cwd })

describe('lethe batch --require-approval', () => {
  it('runs once so many people approved the policy, and names them in the summary', async () => {
    const cwd = await place()
    const none = await batch(cwd, '--require-approval', 'trusted.pem,2')
    expect([none.code, existsSync(join(cwd, 'out.csv'))]).toEqual([2, false])
    expect(none.stderr).toContain('has 0 of the 2 approvals that are required; nothing was read')
    expect(none.stderr).toContain('lethe approve policy.yaml')
    // Twice by one key is one.
    for (const key of ['anna.pem', 'anna.pem']) expect((await warm(approveArgs(key), { cwd })).code).toBe(0)
    const one = await batch(cwd, '--require-approval', 'trusted.pem,2')
    expect([one.code, one.stderr]).toEqual([2, expect.stringContaining('has 1 of the 2')])
    expect((await warm(approveArgs('ben.pem'), { cwd })).code).toBe(0)
    const two = await batch(cwd, '--require-approval', 'trusted.pem,2')
    expect(two.code).toBe(0)
    const summary = JSON.parse(readFileSync(join(cwd, 'run.json'), 'utf8'))
    expect(summary.approvals).toHaveLength(2)
    expect(summary.approvals[0]).toEqual({
      key: expect.stringMatching(/^[0-9a-f]{16}$/),
      role: 'privacy-officer',
      when: expect.stringMatching(/Z$/),
    })
    const explained = await warm(['explain', '-p', 'policy.yaml', '--approval-keys', 'trusted.pem'], { cwd })
    expect(explained.stdout).toContain(`${NOTE} (it counts)`)
    const page = await warm(['explain', '-p', 'policy.yaml', '--format', 'markdown'], { cwd })
    expect(page.stdout).toContain('## Approvals')
  })

  it('refuses a policy that changed since, and an approval of which a byte changed', async () => {
    const cwd = await place()
    await warm(approveArgs('anna.pem'), { cwd })
    expect((await batch(cwd, '--require-approval', 'trusted.pem')).code).toBe(0)
    writeFileSync(join(cwd, 'policy.yaml'), `${POLICY}  x: keep\n`)
    const changed = await batch(cwd, '--require-approval', 'trusted.pem')
    expect([changed.code, changed.stderr]).toEqual([2, expect.stringContaining('another fingerprint')])
    writeFileSync(join(cwd, 'policy.yaml'), POLICY)
    const file = join(cwd, 'policy.yaml.approval')
    writeFileSync(file, readFileSync(file, 'utf8').replace('March', 'April'))
    const tampered = await batch(cwd, '--require-approval', 'trusted.pem')
    expect([tampered.code, tampered.stderr]).toEqual([
      2,
      expect.stringContaining('its signature does not hold'),
    ])
  })

  it('refuses options that say how bytes become cells, unless the policy says the same', async () => {
    const cwd = await place()
    writeFileSync(join(cwd, 'policy.yaml'), `${POLICY}input: { delimiter: "," }\n`)
    await warm(approveArgs('anna.pem'), { cwd })
    expect((await batch(cwd, '--require-approval', 'trusted.pem', '--delimiter', ',')).code).toBe(0)
    for (const [option, value] of [
      ['--encoding', 'latin1'],
      ['--quote', 'none'],
      ['--escape', 'backslash'],
      ['--header', 'x,amount'],
      ['--skip-lines', '1'],
      ['--comment', '#'],
      ['--delimiter', ';'],
    ] as const) {
      const { code, stderr } = await batch(cwd, '--require-approval', 'trusted.pem', option, value)
      expect([code, stderr], option).toEqual([
        2,
        expect.stringContaining(`${option} says how bytes become cells`),
      ])
    }
  })

  it('refuses before the input is looked at', async () => {
    const cwd = await place()
    const { code, stderr } = await warm(
      ['batch', 'none.csv', '-p', 'policy.yaml', '-o', 'out.csv', '--require-approval', 'trusted.pem'],
      { cwd },
    )
    expect([code, stderr]).toEqual([2, expect.stringContaining('approvals that are required')])
  })
})

describe('a pipeline that requires approvals', () => {
  it('is refused by stream before a broker is asked, and told of by lint and doctor', async () => {
    const cwd = await place()
    const refused = await warm(['stream', 'pipeline.yaml'], { cwd })
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('has 0 of the 2 approvals')])
    const lint = await warm(['lint', 'pipeline.yaml'], { cwd })
    expect([lint.code, lint.stdout]).toEqual([
      1,
      expect.stringContaining('pipeline.yaml:6:5 approval-missing'),
    ])
    const approved = await place()
    for (const key of ['anna.pem', 'ben.pem']) await warm(approveArgs(key), { cwd: approved })
    const sound = await warm(['lint', 'pipeline.yaml'], { cwd: approved })
    expect([sound.code, sound.stdout]).toEqual([0, ''])
    // Nothing listens there, which takes either a while to find out.
    const [doctor, run] = await Promise.all([
      lethe(['doctor', 'pipeline.yaml'], { cwd }),
      lethe(['stream', 'pipeline.yaml'], { cwd: approved }),
    ])
    expect(doctor.stdout).toMatch(/approvals\n {2}problem {2}r: the policy p, version 1, has 0 of the 2/)
    // It got as far as that.
    expect([run.code, run.stderr]).toEqual([4, expect.not.stringContaining('approval')])
  })

  it('names the file of keys where it cannot be read', async () => {
    const cwd = folder({ 'policy.yaml': POLICY, 'pipeline.yaml': PIPELINE })
    const { code, stdout } = await warm(['lint', 'pipeline.yaml'], { cwd })
    expect([code, stdout]).toEqual([
      1,
      expect.stringContaining('bad-file the public keys trusted.pem does not exist'),
    ])
    expect((await warm(['stream', 'pipeline.yaml'], { cwd })).code).toBe(4)
  })
})

describe('lethe approve', () => {
  it('shows what changed since the last approval', async () => {
    const cwd = await place()
    await warm(approveArgs('anna.pem'), { cwd })
    writeFileSync(join(cwd, 'old.yaml'), POLICY)
    writeFileSync(join(cwd, 'policy.yaml'), `${POLICY.replace('version: 1', 'version: 2')}  x: keep\n`)
    const { code, stdout } = await warm(approveArgs('anna.pem', '--diff-from', 'old.yaml'), { cwd })
    expect([code, stdout]).toEqual([0, expect.stringContaining('x (field-added)')])
    const other = await warm(approveArgs('anna.pem', '--diff-from', 'policy.yaml'), { cwd })
    expect(other.code).toBe(0)
    writeFileSync(join(cwd, 'other.yaml'), POLICY.replace('version: 1', 'version: 7'))
    const refused = await warm(approveArgs('anna.pem', '--diff-from', 'other.yaml'), { cwd })
    expect([refused.code, refused.stderr]).toEqual([
      2,
      expect.stringContaining('is not the policy that was approved last'),
    ])
  })

  it('refuses a policy with errors, a short note, a role of other characters and a key that is none', async () => {
    const cwd = await place()
    writeFileSync(join(cwd, 'bad.yaml'), 'policy: p\n')
    const bad = ['approve', 'bad.yaml', '--as', 'dpo', '--note', NOTE, '--signing-key', 'anna.pem']
    expect((await warm(bad, { cwd })).code).toBe(2)
    const of = (role: string, note: string, key: string) =>
      warm(['approve', 'policy.yaml', '--as', role, '--note', note, '--signing-key', key], { cwd })
    const refused: readonly [string, string, string][] = [
      ['D P O', NOTE, 'anna.pem'],
      ['dpo', 'short', 'anna.pem'],
      ['dpo', `two\nlines ${NOTE}`, 'anna.pem'],
      ['dpo', NOTE, 'policy.yaml'],
      ['dpo', NOTE, 'anna.pem.pub'],
    ]
    for (const args of refused) expect((await of(...args)).code, args.join(' ')).toBe(2)
    expect(existsSync(join(cwd, 'policy.yaml.approval'))).toBe(false)
  })
})
