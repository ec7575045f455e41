/** Erasure from topics: tombstones where the key is the subject's token, and nowhere else; what stays is told, and no receipt closes early. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import { expect, it } from 'vitest'
import { broker, onKafka, uniqueName } from '../broker/suite.ts'
import { readTopics } from './checker/read-topics.ts'
import { makeTopics, produce } from './cluster-world.ts'
import { CANARY, event, KEEPING, LIST, PIPELINE, streamed, world } from './forget-world.ts'

onKafka('erasure from topics', () => {
  it('writes tombstones under the subject token of a compacted topic, under every key of the keyset', async () => {
    const one = await world({ settings: { 'cleanup.policy': 'compact' } }, ', compacted: true')
    const { names, run, order, cwd, said } = one
    await streamed(one, [event(CANARY, 1), event('other', 2)], 0)
    // Rotated, and what was published under the first key is still there.
    await run(0, 'keys', 'add', 'keys.json')
    await run(0, 'keys', 'promote', 'keys.json', 'k2')
    await run(0, 'keys', 'disable', 'keys.json', 'k1')
    const located = await run(0, 'locate', '--list', 'asked.txt', ...PIPELINE)
    expect(located.stdout).toContain(
      `topic ${names.output}: 1 of 2 records\n  partition 0: 1 records, offsets 0\n`,
    )
    const planned = await run(
      0,
      'forget',
      'plan',
      ...PIPELINE,
      '--list',
      'asked.txt',
      ...LIST,
      '-o',
      'o.json',
    )
    expect(planned.stderr).toContain('1 tombstones are to be written')
    expect(order().topics!.targets[0]).toMatchObject({ rows: 2, found: 1, byKey: 1, unsearched: [] })
    await run(1, 'forget', 'verify', 'o.json', ...PIPELINE, '--match-keys', 'match.json', ...LIST)
    await run(0, 'forget', 'apply', 'o.json', ...PIPELINE, ...LIST)
    const again = await run(0, 'forget', 'apply', 'o.json', ...PIPELINE, ...LIST)
    expect(again.stderr).toContain('in 1 it was done before')
    const records = await readTopics(broker.address, [names.output])
    const [token] = order().subjects[0]!.tokens.filter((text) => text.startsWith('k1.'))
    expect(
      records.filter(({ value }) => value === null).map(({ key }) => Buffer.from(key!).toString()),
    ).toEqual([token])
    const verified = await run(1, 'forget', 'verify', 'o.json', ...PIPELINE, ...LIST, '--format', 'json')
    const { targets } = JSON.parse(verified.stdout) as { targets: readonly object[] }
    expect(targets).toMatchObject([{ state: 'requested', found: 2 }, { state: 'verified absent' }])
    for (const file of ['o.json', 'erasures.ndjson']) said.push(readFileSync(join(cwd, file), 'utf8'))
    expect(said.join('')).not.toContain('canary')
  })

  it('deletes what is ordered, sealed originals too, feeds a topic, closes the receipt, and does so again after a restore', async () => {
    const identity = await generateX25519Identity()
    const one = await world(
      { settings: KEEPING },
      '',
      `deadLetters: { seal: { recipients: ["${await identityToRecipient(identity)}"] } }`,
    )
    const { names, run, cwd, said, order } = one
    const failing = { key: CANARY, value: JSON.stringify({ customer: { id: CANARY }, n: 'none' }) }
    await streamed(one, [event('other', 2), event(CANARY, 1), failing, event('other', 3)], 3)
    const before = await readTopics(broker.address, [names.output])
    const feed = uniqueName('feed')
    await makeTopics(broker.address, { [feed]: {} })
    await run(0, 'signing-key', 'create', 'host.pem')
    const located = await run(0, 'locate', '--list', 'asked.txt', ...PIPELINE, '--format', 'json')
    expect(JSON.parse(located.stdout)).toMatchObject({
      targets: [
        { target: `topic:${names.output}`, found: 1, partitions: [{ partition: 0, offsets: [[1, 1]] }] },
        { target: `topic:${names.dead}`, found: 1, unsearched: [] },
      ],
    })
    const plan = ['forget', 'plan', ...PIPELINE, '--list', 'asked.txt', ...LIST, '-o', 'o.json']
    const own = await run(0, ...plan, '--delete-records', 'own')
    expect(own.stderr).toContain('DeleteRecords would take records of others')
    await run(0, ...plan, '--delete-records', 'with-others')
    expect(order().topics!.targets[0]!.partitions[0]).toMatchObject({ before: 2, deleted: 1, others: 1 })
    const edited = JSON.stringify(order()).replace('"others":1', '"others":9')
    writeFileSync(join(cwd, 'edited.json'), edited)
    await run(2, 'forget', 'apply', 'edited.json', ...PIPELINE, ...LIST)
    await run(2, 'forget', 'apply', 'o.json', ...LIST, '-p', 'policy.yaml')
    const feeding = ['--feed', `topic:${feed}`]
    await run(2, 'forget', 'apply', 'o.json', ...PIPELINE, ...LIST, '--feed', `topic:${names.output}`)
    await run(0, 'forget', 'apply', 'o.json', ...PIPELINE, ...LIST, ...feeding)
    const receipt = ['--receipt', 'r.json', '--signing-key', 'host.pem', '--format', 'json']
    const closed = await run(0, 'forget', 'verify', 'o.json', ...PIPELINE, ...LIST, ...receipt)
    expect(JSON.parse(closed.stdout)).toMatchObject({ closed: true, open: [] })
    expect((await readTopics(broker.address, [names.output])).map(({ value }) => String(value))).toEqual([
      String(before[2]!.value),
    ])
    expect(await readTopics(broker.address, [names.dead])).toEqual([])
    // A restore brings back what was there.
    await produce(
      broker.address,
      names.output,
      before.slice(0, 2).map(({ key, value, headers = [] }) => ({
        key: Buffer.from(key!),
        value: Buffer.from(value!),
        headers: Object.fromEntries(headers.map((header) => [header.name, Buffer.from(header.value)])),
      })),
    )
    await run(1, 'forget', 'verify', 'o.json', ...PIPELINE, ...LIST)
    const again = ['forget', 'replay', 'o.json', ...PIPELINE, ...LIST, ...feeding, '-o', 'again.json']
    await run(2, 'forget', 'replay', 'o.json', '-p', 'policy.yaml', ...LIST, '-o', 'again.json')
    await run(0, ...again, '--delete-records', 'with-others', ...receipt)
    expect(await readTopics(broker.address, [names.output])).toEqual([])
    const fed = await readTopics(broker.address, [feed])
    expect(fed.map(({ key }) => String(key))).toEqual(order().subjects[0]!.tokens)
    for (const file of ['o.json', 'again.json', 'r.json', 'erasures.ndjson'])
      said.push(readFileSync(join(cwd, file), 'utf8'))
    expect(said.join('') + fed.map(({ value }) => String(value)).join('')).not.toContain('canary')
  })
})
