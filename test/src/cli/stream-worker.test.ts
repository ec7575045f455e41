/** A worker process of `lethe stream`: it runs what its parent hands it, from no file, or nothing. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createKeysetFile } from '../../../src/keys/file.ts'
import { createKeyset } from '../../../src/keys/keyset.ts'
import { fromPost, toPost } from '../../../src/run/configuration.ts'
import { type Prepared, prepareFrom, prepareFromDisk } from '../../../src/run/stream/prepare.ts'
import type { Begin, LeadMessage } from '../../../src/run/stream/worker-messages.ts'
import { folder, lethe, script } from './lethe.ts'

const FILES = {
  'policy.yaml': `policy: p
version: 1
purpose: train_ai_system
fields:
  id: { use: hash.hmac, domain: customer }
  shop: { use: generalize.hierarchy, file: shops.csv, level: 1 }
`,
  'shops.csv': 'a;north\nb;north\nc;south\nd;south\n',
  'pipeline.yaml': `pipeline: shop
brokers: ["127.0.0.1:1"]
sasl: { mechanism: plain, username: u, password: { file: password } }
keys: { file: keys.json }
routes:
  - name: r
    from: { topics: [in], group: g }
    to: { topic: out }
    deadLetterTopic: dead
    policy: policy.yaml
`,
}

function place(): { file: string; cwd: string; prepared: Prepared } {
  const cwd = folder(FILES)
  createKeysetFile(join(cwd, 'keys.json'), createKeyset(new Date()))
  writeFileSync(join(cwd, 'password'), 'first', { mode: 0o600 })
  const file = join(cwd, 'pipeline.yaml')
  return { file, cwd, prepared: prepareFromDisk(file).prepared }
}

const beginOf = ({ configuration, digest, instance, groupsKey }: Prepared): Begin => ({
  kind: 'begin',
  configuration: toPost(configuration),
  digest,
  instance,
  groupsKey,
  untilEnd: true,
  progress: 10,
})

/** What becomes of a worker that is told this once it listens. */
async function worker(file: string, told: LeadMessage): Promise<{ code: number | null; said: string }> {
  const child = fork(script, ['stream', file, '--worker', '0'], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    serialization: 'advanced',
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let said = ''
  child.stderr!.on('data', (chunk: Buffer) => {
    said += chunk.toString()
  })
  child.on('message', ({ kind }: { kind: string }) => {
    if (kind === 'listening') child.send(told)
  })
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, said }
}

describe('a worker process', () => {
  it('runs what it is handed, and looks at no file of it', { timeout: 60_000 }, async () => {
    const { file, cwd, prepared } = place()
    const begin = beginOf(prepared)
    for (const name of [...Object.keys(FILES), 'keys.json']) rmSync(join(cwd, name))
    const { code, said } = await worker(file, begin)
    // It came as far as the broker, which is not there.
    expect([code, said]).toEqual([4, expect.stringContaining(prepared.routes[0]!.plan.fingerprint)])
    expect(said).toContain('no broker')
  })

  it('refuses to run another configuration than its parent', async () => {
    const { file, prepared } = place()
    const { code, said } = await worker(file, { ...beginOf(prepared), digest: 'ab'.repeat(32) })
    expect([code, said]).toEqual([2, expect.stringContaining('another configuration')])
    expect(said).not.toContain('policy-loaded')
  })

  it('ends in order where it is told to stop before it began', async () => {
    expect(await worker(place().file, { kind: 'stop' })).toEqual({ code: 0, said: '' })
  })

  it('is nothing that people start', async () => {
    const { file } = place()
    const { code, stderr } = await lethe(['stream', file, '--worker', '1'])
    expect([code, stderr]).toEqual([2, expect.stringContaining('lethe stream PIPELINE --workers N')])
  })
})

describe('what a process runs', () => {
  it('is the same in its parent, though the files are others by now; passwords are read again', () => {
    const { file, cwd, prepared } = place()
    const posted = fromPost(structuredClone(toPost(prepared.configuration)))
    writeFileSync(join(cwd, 'policy.yaml'), 'policy: q')
    writeFileSync(join(cwd, 'password'), 'second')
    const there = prepareFrom(file, posted, 'there', prepared.groupsKey)
    expect(there.digest).toBe(prepared.digest)
    expect(there.instance).toBe('there')
    for (const one of [there, prepared]) expect(one.connect().sasl!.password).toBe('second')
  })
})
