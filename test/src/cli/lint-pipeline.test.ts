import { describe, expect, it } from 'vitest'
import { folder, root, warm } from './lethe.ts'

const POLICY = `policy: sound
version: 1
purpose: train_ai_system
fields:
  id: { use: hash.hmac, domain: customer }
  amount: keep
`
const PIPELINE = `pipeline: sound
brokers: [localhost:9092]
keys: { file: keys.json }
routes:
  - name: events
    from: { topics: [in], group: g }
    to: { topic: out }
    deadLetterTopic: dead
    policy: ../policies/p.yaml
`
const SECRET = 'hunter2-correct-horse'

describe('lethe lint of pipelines', () => {
  it('is silent on stdout for the example, whose keys are not there', async () => {
    const { code, stdout, stderr } = await warm(['lint', 'config/pipelines/customer-events.yaml'], {
      cwd: root,
    })
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: '',
      stderr: 'lethe: 1 pipeline, no errors\n',
    })
  })

  it('tells pipelines from policies, and reports a policy once, at its own place', async () => {
    const cwd = folder({
      'policies/p.yaml': POLICY.replace('amount: keep', 'amount: kepe'),
      'pipelines/a.yaml': PIPELINE,
      'pipelines/b.yaml': PIPELINE.replace('topic: out', 'topic: in'),
    })
    const { code, stdout, stderr } = await warm(
      ['lint', 'policies/p.yaml', 'pipelines/a.yaml', 'pipelines/b.yaml'],
      { cwd },
    )
    expect(code).toBe(1)
    expect(stdout.split('\n')).toEqual([
      expect.stringMatching(/^policies\/p\.yaml:6:11 unknown-transform .* -> did you mean `keep`\?$/),
      expect.stringMatching(
        /^pipelines\/b\.yaml:7:18 output-among-inputs .* -> write to a topic that no route reads$/,
      ),
      '',
    ])
    expect(stderr).toBe('lethe: 1 policy, 2 pipelines, 2 errors\n')
  })

  it('does not fail for warnings, and counts them', async () => {
    const cwd = folder({
      'policies/p.yaml': POLICY,
      'pipelines/a.yaml': PIPELINE.replace('routes:', 'source: clear\nroutes:'),
    })
    const { code, stdout, stderr } = await warm(['lint', 'pipelines/a.yaml'], { cwd })
    expect(code).toBe(0)
    expect(stdout).toMatch(
      /^pipelines\/a\.yaml:4:9 clear-source warning each output tells .* -> source: encrypted\n$/,
    )
    expect(stderr).toBe('lethe: 1 pipeline, no errors, 1 warning\n')
    const github = await warm(['lint', 'pipelines/a.yaml', '--format', 'github'], { cwd })
    expect(github.stdout).toMatch(/^::warning file=pipelines\/a\.yaml,line=4,col=9,title=clear-source::/)
  })

  it('shows no password that somebody wrote into the file', async () => {
    const sasl = `sasl: { mechanism: plain, username: u, password: ${SECRET} }\n`
    const cwd = folder({ 'policies/p.yaml': POLICY, 'pipelines/a.yaml': sasl + PIPELINE })
    for (const format of ['text', 'json', 'github']) {
      const { code, stdout, stderr } = await warm(['lint', 'pipelines/a.yaml', '--format', format], { cwd })
      expect(code).toBe(1)
      expect(stdout).toContain('plain-secret')
      expect(stdout + stderr).not.toContain(SECRET)
    }
  })

  it('checks the keys that policies name, where a keyset is given', async () => {
    const cwd = folder({
      'policies/p.yaml': POLICY.replace('customer }', 'customer, key: k7 }'),
      'pipelines/a.yaml': PIPELINE,
    })
    await warm(['keys', 'create', 'keys.json'], { cwd })
    expect((await warm(['lint', 'pipelines/a.yaml'], { cwd })).code).toBe(0)
    const { code, stdout } = await warm(['lint', 'pipelines/a.yaml', '--keys', 'keys.json'], { cwd })
    expect(code).toBe(1)
    expect(stdout).toMatch(/^policies\/p\.yaml:5:\d+ unknown-key-id /)
  })

  it('reports a pipeline that is no YAML as one', async () => {
    const cwd = folder({ 'a.yaml': 'pipeline: a\nbrokers: [\n' })
    const { code, stderr, stdout } = await warm(['lint', 'a.yaml'], { cwd })
    expect(code).toBe(1)
    expect(stdout).toMatch(/^a\.yaml:\d+:\d+ yaml-syntax /)
    expect(stderr).toBe('lethe: 1 pipeline, 1 error\n')
  })
})
