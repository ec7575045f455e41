/** The watch on kept values over topics: how many are looked at, and that none passes where the policy says so. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { broker, onKafka } from '../broker/suite.ts'
import { codesOf, World } from './stream-world.ts'

const policy = (suspects: string): string =>
  `policy: watched\nversion: 1\npurpose: train_ai_system\nsuspects: ${suspects}\nfields:\n  id: { use: hash.hmac, domain: id }\n  label: keep\n`

const PLANTED = 'lena.o@mail.example'
const isPlanted = (n: number): boolean => n % 5 === 0
const records = (count: number) =>
  Array.from({ length: count }, (_, n) => ({
    key: `k${n}`,
    value: JSON.stringify({ id: n, label: isPlanted(n) ? `write to ${PLANTED}` : `parcel ${n}` }),
  }))

onKafka('the watch on kept values of a stream', () => {
  it('looks at the first 10,000 of a partition and each 64th behind, and says so once', async (test) => {
    const count = 12_000
    const world = await World.make(broker.address, test, { policy: policy('warn'), partitions: 1 })
    await world.send(records(count))
    const file = join(world.folder, 'summary.json')
    const ended = await world.run('--until-end', '--summary', file)
    expect(ended.code, ended.stderr).toBe(0)
    const offsets = Array.from({ length: count }, (_, n) => n).filter((n) => n < 10_000 || n % 64 === 0)
    const email = offsets.filter(isPlanted).length
    const [route] = JSON.parse(readFileSync(file, 'utf8')).routes
    const kept = route.rules.find(({ rule }: { rule: string }) => rule === 'label keep')
    expect([kept.looked, kept.suspects]).toEqual([offsets.length, { email }])
    const [one, all] = [email.toLocaleString('en'), offsets.length.toLocaleString('en')]
    expect(route.warnings).toContain(`${one} of ${all} looked at in \`label\` look like an email address`)
    expect(ended.stderr.match(/"kind":"suspect-values"/g)).toHaveLength(1)
    expect(ended.stderr).toMatch(/"kind":"suspect-values".*"rule":"label keep","looksLike":"email"/)
    expect(ended.stderr).not.toContain(PLANTED)
  })

  it('lets none of them pass with `suspects: dead-letter`', async (test) => {
    // More than are looked at one by one where they only warn.
    const count = 11_000
    const world = await World.make(broker.address, test, { policy: policy('dead-letter'), partitions: 1 })
    await world.send(records(count))
    const ended = await world.run('--until-end')
    expect(ended.code, ended.stderr).toBe(3)
    const outputs = await world.read(world.output)
    expect(outputs).toHaveLength(count - count / 5)
    for (const { value } of outputs) expect(String(value)).not.toContain(PLANTED)
    const dead = await world.read(world.dead)
    expect(dead).toHaveLength(count / 5)
    expect(new Set(Object.values(codesOf(dead)))).toEqual(new Set(['suspect-value']))
    for (const { value } of dead) expect(String(value)).not.toContain(PLANTED)
    expect(ended.stderr).not.toContain(PLANTED)
  })
})
