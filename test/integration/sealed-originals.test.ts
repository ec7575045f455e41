/** A stream that seals the originals of its dead letters: in their transaction, readable for the holder of an identity alone. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import { expect, it } from 'vitest'
import { topicDeadLetterForm } from '../../src/forms/dead-letters.ts'
import { streamSummaryForm } from '../../src/forms/summaries.ts'
import { onKafka } from '../broker/suite.ts'
import { warm } from '../src/cli/lethe.ts'
import { events, MARK, mend, placesOf, replayWorld } from './replay-world.ts'

onKafka('sealed originals', () => {
  it('are in dead letters, 100 a batch, and come back whole', async (test) => {
    const world = await replayWorld(test, {
      pipeline:
        'batch: { records: 200, time: 2s }\nmatchKeys: { file: match.json }\ndeadLetters: { seal: { recipients: { file: recipients.txt } } }\n',
    })
    const { folder } = world
    const identity = await generateX25519Identity()
    writeFileSync(join(folder, 'operator.key'), identity, { mode: 0o600 })
    writeFileSync(join(folder, 'recipients.txt'), await identityToRecipient(identity))
    const made = await warm(['keys', 'create', '--match', join(folder, 'match.json')])
    expect(made.code).toBe(0)
    const sent = events(600)
    // One is larger than a dead letter of its topic may be.
    const large = `{"id":"${MARK}","at":"${MARK}","pad":"${'x'.repeat(900_000)}"}`
    await world.send([...sent, { key: MARK, value: large, headers: { kind: 'a', other: MARK } }])
    const summary = join(folder, 'run.json')
    const ran = await world.run('--until-end', '--summary', summary)
    expect(ran.code).toBe(3)
    expect(await placesOf(world)).toMatchObject({ out: 360, waiting: 241, wrong: [] })
    const account = JSON.parse(readFileSync(summary, 'utf8'))
    expect(streamSummaryForm.parse(account)).toEqual(account)
    const { sealed, unsealed, deadLetters } = account.routes[0].emitted
    expect([sealed + unsealed, deadLetters]).toEqual([241, 241])
    expect(unsealed).toBeGreaterThan(0)
    expect(readFileSync(summary, 'utf8') + ran.stderr + ran.stdout).not.toContain(MARK)

    const letters = (await world.read(world.dead)).map(({ value }) => JSON.parse(String(value)))
    for (const letter of letters) expect(topicDeadLetterForm.parse(letter)).toEqual(letter)
    const carrying = letters.filter((letter) => letter.sealed !== undefined)
    expect(carrying).toHaveLength(sealed)
    for (const { code, subject } of carrying)
      if (code === 'json-truncated') expect(subject).toBe('unknown')
      else expect(subject).toMatchObject({ domain: 'dead-letters', token: expect.stringMatching(/^k1\./) })

    const open = await warm(
      [
        ...['dead-letters', 'open', world.pipeline, '--identity', join(folder, 'operator.key')],
        ...['--reason', 'a test of sealing', '--unrecorded'],
      ],
      { env: { CHAOS_INSTANCE: 'a' } },
    )
    expect([open.code, open.stderr]).toEqual([0, expect.stringContaining(`${sealed} originals were opened`)])
    const inputs = new Map(
      (await world.read(world.input)).map((record) => [
        `${record.topic}/${record.partition}/${record.offset}`,
        record,
      ]),
    )
    const opened = open.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(opened).toHaveLength(sealed)
    for (const { topic, partition, offset, original } of opened) {
      const { key, value, headers } = inputs.get(`${topic}/${partition}/${offset}`)!
      expect(original).toMatchObject({
        key: String(key),
        value: String(value),
        headers: headers.map((header) => ({ name: header.name, value: String(header.value) })),
      })
    }
    // A replay takes them as any dead letters, and seals what dies again.
    mend(world)
    expect((await world.replay()).code).toBe(3)
    expect(await placesOf(world)).toMatchObject({ waiting: 60, wrong: [] })
  })
})
