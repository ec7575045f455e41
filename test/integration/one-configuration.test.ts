/**
 * One configuration per run: whatever becomes of the files, and whichever process dies, all outputs are of one policy
 * and one key, and nothing is lost or there twice. LETHE_DIST names another build, to see that it does not hold there.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Message } from 'kafkajs'
import { expect, it } from 'vitest'
import { checkValueOf } from '../../src/keys/keyring.ts'
import { addKey, createKeyset, disableKey, promoteKey } from '../../src/keys/keyset.ts'
import { formatKeyset, parseKeyset } from '../../src/keys/keyset-format.ts'
import { broker, onKafka } from '../broker/suite.ts'
import { CANARY, POLICY } from './chaos/events.ts'
import type { Worker } from './chaos/worker.ts'
import type { LogRecord } from './checker/records.ts'
import { World } from './stream-world.ts'

const events = (from: number, count: number): Message[] =>
  Array.from({ length: count }, (_, at) => ({
    key: `${CANARY}-${from + at}`,
    value: JSON.stringify({
      occurred_at: new Date(Date.now() - 3_600_000).toISOString(),
      customer: { id: `${CANARY}-${from + at}`, email: `${CANARY}.${from + at}@example.com` },
      items: [{ sku: 's', serial: `${CANARY}-${at}` }],
    }),
  }))

/** Transactions that a killed worker leaves open, and its membership, end soon. */
const QUICK = 'client: { session.timeout.ms: 12000, transaction.timeout.ms: 1500 }\n'

/** As a ConfigMap does it: the new file takes the place of the old one at once. */
function replace(file: string, text: string): void {
  writeFileSync(`${file}.new`, text, { mode: 0o600 })
  renameSync(`${file}.new`, file)
}

const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)

/** Kills a worker process: they follow each other as they were started. */
async function killOne(worker: Worker, at: number): Promise<void> {
  const pid = childrenOf(worker.pid)[at]
  expect(pid, worker.said.slice(-2000)).toBeGreaterThan(0)
  process.kill(pid!, 'SIGKILL')
  expect(await worker.says(/"worker-ended"/, 30_000)).toBe(true)
}

const header = (record: LogRecord): string =>
  String(record.headers.find(({ name }) => name === 'lethe-policy')?.value)

/** How many outputs there are of each policy, and of each key. */
function kindsOf(outputs: readonly LogRecord[]): {
  policies: Record<string, number>
  keys: Record<string, number>
} {
  const policies: Record<string, number> = {}
  const keys: Record<string, number> = {}
  for (const record of outputs) {
    policies[header(record)] = (policies[header(record)] ?? 0) + 1
    const key = String(record.key).split('.')[0]!
    keys[key] = (keys[key] ?? 0) + 1
  }
  return { policies, keys }
}

onKafka('one configuration per run', () => {
  it('holds while policy, keys and pipeline file are replaced and workers are killed', {
    timeout: 240_000,
  }, async (test) => {
    const now = new Date()
    const first = addKey(createKeyset(now), now)
    const world = await World.make(broker.address, test, {
      pipeline: `${QUICK}maxDeadLetters: 100%\n`,
      keyset: formatKeyset(first),
    })
    const elsewhere = `${world.output}.elsewhere`
    await world.create([{ topic: elsewhere, numPartitions: 3 }])
    const files = ['policy.yaml', 'keys.json', 'pipeline.yaml'].map((name) => join(world.folder, name))
    const kept = files.map((file) => readFileSync(file, 'utf8'))
    const summary = join(world.folder, 'summary.json')

    const worker = world.start('a', '--workers', '2', '--progress', '2', '--summary', summary)
    const assigned = (number: number, times: number): Promise<boolean> =>
      worker.says(new RegExp(`(?:"worker":${number},"kind":"assigned"[^]*){${times}}`), 60_000)
    expect(await assigned(0, 1)).toBe(true)
    expect(await assigned(1, 1)).toBe(true)
    await world.send(events(0, 1000))
    expect((await world.until(world.output, 1000)).length, worker.said.slice(-2000)).toBe(1000)
    // Another policy with fewer rules, another primary key, another output topic: each of them is sound.
    const other = POLICY.replace(/ {2}"items.*\n/g, '').replace('to: hour', 'to: day')
    replace(files[0]!, other)
    replace(files[1]!, formatKeyset(disableKey(promoteKey(first, 'k2'), 'k1')))
    replace(files[2]!, kept[2]!.replace(`topic: ${world.output},`, `topic: ${elsewhere},`))
    await killOne(worker, 0)
    // Its successor has a share of what follows.
    expect(await assigned(0, 2), worker.said.slice(-2000)).toBe(true)
    await world.send(events(1000, 1000))
    await world.until(world.output, 2000)
    worker.kill('SIGTERM')
    expect(await worker.within(60_000), worker.said.slice(-3000)).toEqual({ code: 0, signal: null })

    const outputs = await world.read(world.output)
    const strays = await world.read(elsewhere)
    const { policies, keys } = kindsOf([...outputs, ...strays])
    expect([Object.values(policies), keys]).toEqual([[2000], { k1: 2000 }])
    expect(strays.length).toBe(0)
    files.forEach((file, at) => {
      replace(file, kept[at]!)
    })
    expect(await world.verdict()).toBe('clean')

    for (const what of ['pipeline', 'policy', 'keyset'])
      expect(worker.said).toMatch(new RegExp(`"configuration-changed".*"what":"${what}"`))
    // The killed one took its last second's counts along, and the account says so.
    const { complete, routes } = JSON.parse(readFileSync(summary, 'utf8'))
    const { in: read, published } = routes[0].records
    expect([complete, published]).toEqual([false, read])
    expect(read).toBeGreaterThanOrEqual(1000)
    expect(read).toBeLessThanOrEqual(2000)
  })

  it('says at the start what it runs, and that the outputs before were made under another policy', {
    timeout: 120_000,
  }, async (test) => {
    const world = await World.make(broker.address, test)
    const policy = join(world.folder, 'policy.yaml')
    const keys = parseKeyset(readFileSync(join(world.folder, 'keys.json'), 'utf8'), 'keys')
    const run = async (text: string): Promise<string> => {
      replace(policy, text)
      await world.send(events(0, 50))
      const { code, stderr } = await world.run('--until-end')
      expect(code, stderr).toBe(0)
      return stderr
    }
    const first = await run(POLICY)
    expect(first).toMatch(/"policy-loaded".*"policy":"chaos","policyVersion":1,"fingerprint":"[0-9a-f]{64}"/)
    expect(first).toContain(
      `"key":"k1","status":"enabled","check":"${checkValueOf(keys.keys[0]!)}","primary":"yes"`,
    )
    expect(first).not.toMatch(/mixed-fingerprints|version-not-raised|last-policy-unknown/)
    expect(await run(POLICY)).not.toMatch(/mixed-fingerprints|version-not-raised/)
    const changed = POLICY.replace('to: hour', 'to: day')
    const second = await run(changed)
    expect(second).toMatch(/"mixed-fingerprints".*"policyVersion":1/)
    expect(second).toMatch(/"version-not-raised".*"policyVersion":1/)
    const third = await run(changed.replace('version: 1', 'version: 2'))
    expect(third).toContain('"mixed-fingerprints"')
    expect(third).not.toContain('"version-not-raised"')
  })
})
