/** `lethe tap`, and `lethe source` behind it, against a real broker. */
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { createKeysetFile } from '../../src/keys/file.ts'
import { createKeyset } from '../../src/keys/keyset.ts'
import { broker, onKafka, uniqueName } from '../broker/suite.ts'
import { type Ended, lethe, warm } from '../src/cli/lethe.ts'
import { makeTopics, pipelineFile, produce } from './cluster-world.ts'

const POLICY = `policy: p
version: 1
purpose: train_ai_system
time: at
fields:
  amount: keep
  at: { use: generalize.date, to: day }
  $key: { use: hash.hmac, domain: customer }
`

interface World {
  readonly file: string
  readonly input: string
  readonly output: string
}

async function world({ partitions = 2, pattern = false } = {}): Promise<World> {
  const all = { input: uniqueName('in'), output: uniqueName('out'), dead: uniqueName('dead') }
  await makeTopics(broker.address, {
    [all.input]: { partitions },
    [all.output]: { partitions, settings: { 'cleanup.policy': 'compact' } },
    [all.dead]: {},
  })
  const file = pipelineFile({
    brokers: [broker.address],
    ...all,
    input: pattern ? `{ pattern: '${all.input.replaceAll('.', '\\.')}' }` : `[${all.input}]`,
    group: uniqueName('group'),
    to: 'compacted: true',
    policy: POLICY,
    top: 'keys: { file: keys.json }\nsource: encrypted\nmaxDeadLetters: 50%\nbatch: { records: 3 }',
  })
  createKeysetFile(join(dirname(file), 'keys.json'), createKeyset(new Date(0)))
  return { file, ...all }
}

const event = (amount: number) => ({
  key: `customer-${amount}`,
  value: JSON.stringify({ amount, at: '2024-07-15T13:45:00Z', email: `canary-${amount}@example.com` }),
})

interface Line {
  readonly partition: number
  readonly offset: number
  readonly timestamp: string
  readonly tombstone: boolean
  readonly key: string
  readonly value: string | null
  readonly headers: Readonly<Record<string, string>>
}

const lines = ({ stdout }: Ended): readonly Line[] =>
  stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Line]))

onKafka('lethe tap', () => {
  it('shows the last outputs, tombstones too, and of nothing what it was before', async () => {
    const { file, input } = await world()
    expect((await warm(['tap', file])).stderr).toContain('has no outputs')
    await produce(broker.address, input, [
      ...Array.from({ length: 20 }, (_, i) => event(i)),
      { key: 'customer-0', value: null },
      { key: 'customer-1', value: 'broken' },
    ])
    expect((await lethe(['stream', file, '--until-end', '-q'])).code).toBe(3)
    const all = await warm(['tap', file, '--limit', '100', '--format', 'json'])
    expect(all.code).toBe(0)
    const records = lines(all)
    const amounts = records.flatMap(({ value }) =>
      value === null ? [] : [(JSON.parse(value) as { amount: number }).amount],
    )
    expect(amounts.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i))
    expect(records.filter(({ tombstone }) => tombstone)).toHaveLength(1)
    for (const { key, headers, timestamp, tombstone } of records) {
      expect(key).toMatch(/^k1\./)
      expect(headers).toMatchObject({ 'lethe-policy': expect.stringMatching(/^p@1#/) as string })
      if (!tombstone) expect(timestamp).toBe('2024-07-15T00:00:00.000Z')
    }
    expect(all.stdout).not.toMatch(/canary|customer-/)

    const few = lines(await warm(['tap', file, '--limit', '4', '--format', 'json']))
    expect(few).toHaveLength(4)
    for (const { partition, offset } of few)
      expect(records.filter((one) => one.partition === partition && one.offset > offset).length).toBeLessThan(
        4,
      )

    const text = await warm(['tap', file, '--limit', '100'])
    expect(text.stdout).toContain('none: a tombstone')
    expect(text.stdout).toContain('"at":"2024-07-15"')
    expect(text.stdout).not.toMatch(/canary|customer-/)

    const [dead, ...others] = lines(await warm(['tap', file, '--dead-letters', '--format', 'json']))
    expect(others).toEqual([])
    expect(dead!.value).toContain('json-syntax')
    expect(dead!.value).not.toContain('broken')
  })

  it('gives lethe source what it reads, by a pattern too', async () => {
    const { file, input } = await world({ partitions: 1, pattern: true })
    await produce(broker.address, input, [event(1), event(2)])
    expect((await lethe(['stream', file, '--until-end', '-q'])).code).toBe(0)
    const tokens = lines(await warm(['tap', file, '--format', 'json'])).map(
      ({ headers }) => headers['lethe-source']!,
    )
    const { code, stdout } = await warm(['source', file, '-'], { input: tokens.join('\n') })
    expect(code).toBe(0)
    expect(stdout).toContain(`${input}/0/0`)
    expect(stdout).toContain(`${input}/0/1`)
  })

  it('shows no record that Lethe did not write', async () => {
    const { file, output } = await world()
    await produce(broker.address, output, [{ key: 'a', value: '{"email":"canary@example.com"}' }])
    const { code, stdout, stderr } = await warm(['tap', file])
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' })
    expect(stderr).toContain('Lethe did not write them')
    expect(stderr).not.toContain('canary')
  })

  it('waits for new ones, and ends when there are enough or the time is over', async () => {
    const { file, output } = await world({ partitions: 1 })
    const headers = { 'lethe-policy': 'p@1#x' }
    await produce(broker.address, output, [{ key: 'k', value: 'old', headers }])
    const began = performance.now()
    const tapped = lethe(['tap', file, '--duration', '30s', '--limit', '1', '--format', 'json'])
    const isOver = tapped.then(() => true)
    const wait = () => new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 500))
    while (!(await Promise.race([isOver, wait()])))
      await produce(broker.address, output, [{ key: 'k', value: '\u001b[2Jnew', headers }])
    expect(lines(await tapped).map(({ value }) => value)).toEqual(['\u001b[2Jnew'])
    expect(performance.now() - began).toBeLessThan(45_000)
    const text = await warm(['tap', file])
    expect(text.stdout).toContain('\\u001b[2Jnew')
    expect(text.stdout).not.toContain('\u001b')
    expect((await warm(['tap', file, '--duration', '200ms'])).stderr).toContain('no new outputs')
  })

  it('says which routes there are, and that a topic is missing', async () => {
    const { file } = await world()
    const unknown = await warm(['tap', file, '--route', 'clicks'])
    expect(unknown.code).toBe(2)
    expect(unknown.stderr).toContain('events')
    const none = await warm(['tap', pipelineFile({ brokers: [broker.address], output: uniqueName('none') })])
    expect(none.code).toBe(4)
    expect(none.stderr).toContain('does not exist')
  })
})
