/** `lethe stream` and `lethe replay` of a pipeline that requires approvals, by a policy with transforms of its own. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { approve } from '../../src/approval/add-approval.ts'
import { compilePolicyFile } from '../../src/policy/compile-file.ts'
import { readPolicyFile } from '../../src/policy/policy-file.ts'
import { createSigningKeyFiles, readSigningKey } from '../../src/signing/private-key.ts'
import { onKafka } from '../broker/suite.ts'
import { acme } from '../src/policy/acme.ts'
import { events, MARK, mend, POLICY, placesOf, replayWorld } from './replay-world.ts'
import type { World } from './stream-world.ts'

const withOwn = (policy: string): string =>
  policy
    .replace('subject: id\n', 'subject: id\ntransforms: [./acme.mjs]\n')
    .replace('  kind: keep\n', '  kind: { use: acme.reverse, mark: "~" }\n')
const OWN = withOwn(POLICY)
const MENDED = OWN.replace('version: 1', 'version: 2').replace('else: dead-letter', "else: 'null'")
const PIPELINE = 'approval: { need: 2, keys: { file: trusted.pem } }\n'

const PEOPLE = ['anna', 'ben'] as const

/** Each person has a key that is trusted. */
function people(world: World): void {
  const keys = PEOPLE.map((name) => {
    createSigningKeyFiles(join(world.folder, `${name}.pem`))
    return readFileSync(join(world.folder, `${name}.pem.pub`), 'utf8')
  })
  writeFileSync(join(world.folder, 'trusted.pem'), keys.join(''))
}

/** The policy as it stands is approved by a person. */
async function approved(world: World, ...names: readonly (typeof PEOPLE)[number][]): Promise<void> {
  const file = join(world.folder, 'policy.yaml')
  const { plan } = await compilePolicyFile(readPolicyFile(file), {})
  for (const name of names)
    approve(file, plan!, {
      role: 'privacy-officer',
      note: 'read for this test',
      key: readSigningKey(join(world.folder, `${name}.pem`)),
      now: Date.now(),
    })
}

onKafka('a pipeline that requires approvals, and a policy with transforms of its own', () => {
  it.concurrent('streams and replays by what two people approved, and by nothing else', async (test) => {
    const world = await replayWorld(test, {
      policy: OWN,
      files: { 'acme.mjs': acme() },
      pipeline: PIPELINE,
    })
    people(world)
    await world.send(events(120))
    const untouched = { out: 0, waiting: 0, markers: 0 }
    await approved(world, 'anna')
    const early = await world.run('--until-end')
    expect([early.code, early.stderr]).toEqual([2, expect.stringContaining('has 1 of the 2 approvals')])
    expect(await placesOf(world)).toMatchObject(untouched)

    await approved(world, 'ben')
    const summary = join(world.folder, 'summary.json')
    const first = await world.run('--until-end', '--workers', '2', '--summary', summary)
    expect(first.code, first.stderr).toBe(3)
    const before = await placesOf(world)
    expect(before).toMatchObject({ out: 72, waiting: 48, wrong: [] })
    expect(JSON.parse(readFileSync(summary, 'utf8')).routes[0].approvals).toHaveLength(2)
    const kinds = (await world.read(world.output)).map(({ value }) => JSON.parse(String(value)).kind)
    expect(new Set(kinds)).toEqual(new Set(['~redro']))

    // Mended, the policy is another one: it has to be approved again, also for a replay.
    mend(world, MENDED)
    const refused = await world.replay()
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('has 0 of the 2 approvals')])
    expect(await placesOf(world)).toEqual(before)
    await approved(world, 'anna', 'ben')
    const replayed = await world.replay(['--summary', summary])
    expect([replayed.code, replayed.stderr]).toEqual([3, expect.stringContaining('json-truncated')])
    expect(await placesOf(world)).toMatchObject({ out: 108, waiting: 12, wrong: [] })
    expect(JSON.parse(readFileSync(summary, 'utf8')).approvals).toHaveLength(2)
    const all = (await world.read(world.output)).map(({ value }) => JSON.parse(String(value)).kind)
    expect(new Set(all)).toEqual(new Set(['~redro']))

    // The code of a transform belongs to what was approved.
    writeFileSync(join(world.folder, 'acme.mjs'), `${acme()}// more\n`)
    for (const ended of [await world.run('--until-end'), await world.replay()])
      expect([ended.code, ended.stderr]).toEqual([2, expect.stringContaining('another fingerprint')])
    expect(replayed.stderr + first.stderr).not.toContain(MARK)
  })
})
