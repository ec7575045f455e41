/** The ledger of a pipeline whose heads go to a topic: starts, key changes and ends are entries, and a cut end shows. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { broker, onKafka, uniqueName } from '../broker/suite.ts'
import { warm } from '../src/cli/lethe.ts'
import { makeTopics } from './cluster-world.ts'
import { events, MARK, mend, placesOf, replayWorld } from './replay-world.ts'

onKafka('a ledger that is anchored to a topic', () => {
  it('has starts, changes and ends; what is cut off shows by the topic, and stops the next run', async (test) => {
    const heads = uniqueName('heads')
    await makeTopics(broker.address, {
      [heads]: { partitions: 2, settings: { 'cleanup.policy': 'compact' } },
    })
    const world = await replayWorld(test, {
      pipeline: `ledger: { file: l.ndjson, signingKey: { file: host.pem }, anchor: { topic: ${heads} } }\n`,
    })
    const { folder, pipeline } = world
    const env = { CHAOS_INSTANCE: 'a' }
    const run = (...args: string[]) => warm(args, { cwd: folder, env })
    const ledger = join(folder, 'l.ndjson')
    // Without the key nothing is read.
    await world.send(events(60))
    const early = await world.run('--until-end')
    expect([early.code, early.stderr]).toEqual([4, expect.stringContaining('host.pem')])
    await run('signing-key', 'create', 'host.pem')
    const doctored = await run('doctor', pipeline)
    expect(doctored.stdout).toMatch(/l\.ndjson can be written, and is signed with the key [0-9a-f]{16}/)
    expect(doctored.stdout).toContain(`heads go to the topic ${heads}`)

    expect((await world.run('--until-end')).code).toBe(3)
    const signed = ['--ledger', 'l.ndjson', '--signing-key', 'host.pem', '--anchor', pipeline]
    await run('keys', 'create', 'other.json', ...signed)
    expect(await run('keys', 'add', 'other.json', ...signed)).toMatchObject({ code: 0 })
    mend(world)
    expect((await world.replay()).code).toBe(3)
    expect((await world.run('--until-end')).code).toBe(0)
    const entries = readFileSync(ledger, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(entries.map(({ action, state }) => `${action} ${state}`)).toEqual([
      'ledger.begin done',
      ...['stream begins', 'stream done', 'keys.create begins', 'keys.create done'],
      ...['keys.add begins', 'keys.add done', 'replay begins', 'replay done'],
      ...['policy.change done', 'stream begins', 'stream done'],
    ])
    expect(entries[2].counts).toEqual({ in: 60, published: 36, suppressed: 0, deadLettered: 24 })
    expect(readFileSync(ledger, 'utf8')).not.toContain(MARK)

    // Verified with what the topic holds, and with what a consumer wrote down of it.
    const verify = (anchor: string) =>
      warm(['audit', 'verify', 'l.ndjson', '--keys', 'host.pem.pub', '--anchor', anchor], {
        cwd: folder,
        env,
      })
    const sound = await verify(pipeline)
    expect([sound.code, sound.stdout]).toEqual([0, expect.stringMatching(/verified: every entry/)])
    const exported = (await world.read(heads)).map(({ value }) => `${value}\n`)
    expect(exported.length).toBe(entries.length)
    writeFileSync(join(folder, 'exported.ndjson'), exported.join(''))
    expect((await verify('exported.ndjson')).stdout).toBe(sound.stdout)

    // Its last two entries are cut off: what is left is a whole chain.
    const whole = readFileSync(ledger, 'utf8')
    const cut = whole.split('\n').slice(0, -3).join('\n')
    writeFileSync(ledger, `${cut}\n`)
    for (const anchor of [pipeline, 'exported.ndjson'])
      expect(await verify(anchor)).toMatchObject({
        code: 1,
        stdout: expect.stringMatching(/cut-tail the file ends with entry 10, and the anchor knows entry 12/),
      })
    const before = await placesOf(world)
    await world.send(events(20))
    const refused = await world.run('--until-end')
    expect([refused.code, refused.stderr]).toEqual([
      expect.any(Number),
      expect.stringContaining(`the anchor topic ${heads} has entry 12: its end was cut off`),
    ])
    expect(refused.code).not.toBe(0)
    expect(await placesOf(world)).toMatchObject({ out: before.out })

    // A ledger that cannot be written: nothing is read either.
    writeFileSync(ledger, whole)
    const text = readFileSync(pipeline, 'utf8')
    writeFileSync(pipeline, text.replace('file: l.ndjson', 'file: gone/l.ndjson'))
    const unwritten = await world.run('--until-end')
    expect([unwritten.code, unwritten.stderr]).toEqual([4, expect.stringContaining('gone/l.ndjson')])
    const linted = await warm(['lint', pipeline], { cwd: folder })
    expect([linted.code, linted.stdout]).toEqual([
      0,
      expect.stringMatching(/ledger-unwritable warning the folder .*gone of the ledger is not there/),
    ])
    // And a topic that is not there.
    writeFileSync(pipeline, text.replace(heads, `${heads}-gone`))
    const gone = await world.run('--until-end')
    expect([gone.code, gone.stderr]).toEqual([4, expect.stringContaining(`${heads}-gone`)])
    expect((await run('doctor', pipeline)).stdout).toContain('which anchors the ledger, does not exist')
    expect(await placesOf(world)).toMatchObject({ out: before.out })
  })
})
