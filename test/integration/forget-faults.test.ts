/** Erasure from topics that is cut short, asked for twice at once, or done by a user with the least rights. */
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { passwordOf } from '../broker/guarded.ts'
import { broker, guarded, onKafka, onOwnKafka, uniqueName } from '../broker/suite.ts'
import { readTopics } from './checker/read-topics.ts'
import { grant, makeTopics } from './cluster-world.ts'
import { APPLY, applied, CANARY, event, LIST, PIPELINE, streamed, type World, world } from './forget-world.ts'

/** Tombstones reach it, and it takes DeleteRecords; nothing is deleted by itself. */
const BOTH = { settings: { 'cleanup.policy': 'compact,delete', 'retention.ms': '-1' } }
const ordered = async (more: readonly string[]): Promise<World> => {
  const one = await world(BOTH, ', compacted: true')
  await streamed(one, [event(CANARY, 1), event('other', 2), event(CANARY, 3), event('more', 4)], 0)
  await one.run(0, 'forget', 'plan', ...PIPELINE, '--list', 'asked.txt', ...LIST, '-o', 'o.json', ...more)
  expect(one.order().topics!.targets[0]!.partitions[0]).toMatchObject({ tombstones: 1, before: 3 })
  return one
}

const isTombstone = ({ value }: { readonly value: Uint8Array | null }): boolean => value === null

/** What is there of the subject are tombstones alone, and the record behind them is still there. */
async function isErased({ names, run, order }: World, tombstones: number): Promise<void> {
  const records = await readTopics(broker.address, [names.output])
  const tokens = order().subjects[0]!.tokens
  const own = records.filter(({ key }) => tokens.includes(Buffer.from(key!).toString()))
  expect(own.every(isTombstone)).toBe(true)
  expect(own).toHaveLength(tombstones)
  expect(records.filter((one) => !isTombstone(one))).toHaveLength(1)
  const verified = await run(1, 'forget', 'verify', 'o.json', ...PIPELINE, ...LIST, '--format', 'json')
  expect(JSON.parse(verified.stdout)).toMatchObject({
    targets: [{ state: 'requested', found: own.length }, { state: 'verified absent' }],
  })
}

onKafka('erasure from topics, cut short or twice at once', () => {
  it('goes on after kill -9 between tombstones and deletions', async () => {
    const one = await ordered(['--delete-records', 'with-others'])
    const { cwd, names, run } = one
    const killed = await applied(cwd, `prototype.deleteRecords = () => process.kill(process.pid, 'SIGKILL')`)
    expect(killed.signal).toBe('SIGKILL')
    const between = await readTopics(broker.address, [names.output])
    expect([between.length, between.filter(isTombstone).length]).toEqual([5, 1])
    const again = await run(0, ...APPLY)
    expect(again.stderr).toContain('1 targets')
    await isErased(one, 1)
    const third = await run(0, ...APPLY)
    expect(third.stderr).toContain('in 1 it was done before')
  })

  it('may run twice at once over the same topics', async () => {
    const one = await ordered(['--delete-records', 'with-others'])
    // Both have read the topics before either changes them.
    const wait = (call: string): string => `prototype.${call} = async function (...all) {
  writeFileSync('${call}.' + process.pid, '')
  for (let n = 0; n < 600 && readdirSync('.').filter((name) => name.startsWith('${call}.')).length < 2; n++)
    await new Promise((resolve) => setTimeout(resolve, 20))
  return await ${call}.apply(this, all)
}`
    const hook = `${wait('produce')}\n${wait('deleteRecords')}`
    // Of one file, the second is refused by its lock; of copies, on two hosts, none is.
    copyFileSync(join(one.cwd, 'o.json'), join(one.cwd, 'copy.json'))
    const both = await Promise.all([applied(one.cwd, hook), applied(one.cwd, hook, 'copy.json')])
    expect(both.map(({ code, stderr }) => [code, code === 0 ? '' : stderr])).toEqual([
      [0, ''],
      [0, ''],
    ])
    // The second tombstone of a key says the same.
    await isErased(one, 2)
    const again = await one.run(0, ...APPLY)
    expect(again.stderr).toContain('in 1 it was done before')
  })
})

onOwnKafka('erasure from topics, as a user of its own', () => {
  it('does with what `lethe acl --for forget` prints, and names the right that is missing', async () => {
    const password = passwordOf('erasure')
    const own = await guarded()
    const one = await world(BOTH, ', compacted: true', '', own.address)
    const { cwd, run, said, order } = one
    await streamed(one, [event(CANARY, 1), event('other', 2)], 0)
    const pipeline = readFileSync(join(cwd, 'pipeline.yaml'), 'utf8')
    writeFileSync(join(cwd, 'password'), password, { mode: 0o600 })
    writeFileSync(
      join(cwd, 'pipeline.yaml'),
      `${pipeline.replace(own.address, own.saslAddress)}
sasl: { mechanism: scram-sha-256, username: erasure, password: { file: password } }
`,
    )
    /** Grants what the printed commands grant. */
    const granted = async (...more: readonly string[]): Promise<void> => {
      const { stdout } = await run(0, 'acl', 'pipeline.yaml', '--for', 'forget', ...more)
      const commands = stdout.split('\n').filter((line) => line.startsWith('kafka-acls.sh '))
      expect(commands.length).toBe(2)
      for (const line of commands) {
        const topic = / --topic (\S+)$/.exec(line)![1]!
        expect(line).toContain(' --allow-principal User:erasure ')
        const rights = [...line.matchAll(/ --operation (\S+)/g)].map(([, right]) =>
          right!.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase(),
        )
        await grant(own.address, 'erasure', [['TOPIC', topic, ...(rights as ['READ'])]])
      }
    }
    const plan = ['forget', 'plan', ...PIPELINE, '--list', 'asked.txt', ...LIST, '-o', 'o.json']
    const none = await run(1, ...plan)
    expect(none.stderr).toContain('may not')
    await granted()
    await run(0, ...plan)
    expect((await run(0, ...APPLY)).stderr).toContain('1 targets')
    await run(0, ...plan, '--delete-records', 'own')
    expect(order().topics!.targets[0]!.partitions[0]).toMatchObject({ tombstones: 0, before: 1 })
    const refused = await run(4, ...APPLY)
    expect(refused.stderr).toContain('lacks the right Delete')
    await granted('--delete-records')
    const feed = uniqueName('feed')
    await makeTopics(own.address, { [feed]: {} })
    await grant(own.address, 'erasure', [['TOPIC', feed, 'READ', 'DESCRIBE', 'WRITE']])
    await run(0, ...APPLY, '--feed', `topic:${feed}`)
    expect(await readTopics(own.address, [feed])).toHaveLength(1)
    const left = await readTopics(own.address, [one.names.output])
    expect(left.map(isTombstone)).toEqual([false, true])
    await run(1, 'forget', 'verify', 'o.json', ...PIPELINE, ...LIST)
    expect(said.join('')).not.toContain(password)
    expect(said.join('')).not.toContain('canary')
  })
})
