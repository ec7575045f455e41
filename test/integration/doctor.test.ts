/** `lethe doctor` against real Apache Kafka. */
import { dirname, join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { createKeysetFile } from '../../src/keys/file.ts'
import { createKeyset } from '../../src/keys/keyset.ts'
import { ELSEWHERE, type Guarded, passwordOf } from '../broker/guarded.ts'
import { broker, guarded, onKafka, onOwnKafka, uniqueName } from '../broker/suite.ts'
import { type Ended, lethe, warm } from '../src/cli/lethe.ts'
import {
  grant,
  made,
  makeTopics,
  type Names,
  names,
  type PipelineWords,
  pipelineFile,
  produce,
  withAdmin,
} from './cluster-world.ts'

const DAY = 86_400_000
const DATED = `policy: p
version: 1
purpose: train_ai_system
time: at
fields:
  amount: keep
  at: { use: generalize.date, to: month }
retention: { steps: [{ after: 60d, then: suppress }] }
`

interface Report extends Ended {
  readonly problems: number
  readonly warnings: number
  readonly findings: readonly {
    readonly check: string
    readonly level: string
    readonly route?: string
    readonly what: string
    readonly way?: string
  }[]
}

const fileOf = (all: Names, more: Partial<PipelineWords> = {}): string =>
  pipelineFile({
    brokers: [broker.address],
    group: uniqueName('group'),
    ...all,
    input: `[${all.input}]`,
    ...more,
  })

async function doctor(file: string, args: readonly string[] = [], env = {}): Promise<Report> {
  const ended = await warm(['doctor', file, '--format', 'json', ...args], { env })
  return { ...ended, ...(JSON.parse(ended.stdout) as Omit<Report, keyof Ended>) }
}

/** Those that are not ok, as `check level: what`. */
const bad = ({ findings }: Report): readonly string[] =>
  findings.filter(({ level }) => level !== 'ok').map(({ check, level, what }) => `${check} ${level}: ${what}`)

const containing = (text: string): string => expect.stringContaining(text) as string

onKafka('lethe doctor', () => {
  it('finds nothing wrong where nothing is', async () => {
    const all = await made({ input: { partitions: 2 } })
    await produce(broker.address, all.input, [{ value: '{}' }, { value: '{}' }, { value: '{}' }])
    const report = await doctor(fileOf(all))
    expect(bad(report)).toEqual([])
    expect(report.code).toBe(0)
    const said = report.findings.map(({ what }) => what).join('\n')
    for (const words of [
      'Kafka 4',
      'librdkafka',
      'exactly-once',
      '2 partitions',
      'has read nothing yet',
      'no record is ahead',
    ])
      expect(said).toContain(words)
    const text = await warm(['doctor', fileOf(all)])
    expect(text.code).toBe(0)
    expect(text.stdout).toMatch(/^topics\n {2}ok/m)
    expect(text.stderr).toContain('0 problems, 0 warnings')
  })

  it('names what is missing, and annotates the file', async () => {
    const all = { ...(await made()), output: uniqueName('missing') }
    const file = fileOf(all)
    const report = await doctor(file)
    expect(report.code).toBe(1)
    expect(bad(report)).toEqual([containing(`output topic ${all.output} does not exist`)])
    const { stdout, code } = await warm(['doctor', file, '--format', 'github'])
    expect(code).toBe(1)
    expect(stdout).toMatch(
      /^::error file=.*pipeline\.yaml,line=6,col=5,title=topics::the output topic .* -> make it.*\n$/,
    )
  })

  it('makes what is missing only after it showed the plan, like the input and within the policy', async () => {
    const all = names()
    await makeTopics(broker.address, {
      [all.input]: { partitions: 3, settings: { 'retention.ms': '1000000' } },
    })
    const file = fileOf(all, { policy: DATED })
    const asked = await warm(['doctor', file, '--fix'])
    expect(asked.code).toBe(2)
    expect(asked.stderr).toContain(`${all.output}: 3 partitions`)
    expect(asked.stderr).toContain('--yes')
    await withAdmin(broker.address, async (admin) => {
      const found = await admin.topics([all.output, all.dead])
      expect(found.map(({ presence }) => presence)).toEqual(['missing', 'missing'])
    })
    const report = await doctor(file, ['--fix', '--yes'])
    expect(bad(report)).toEqual([])
    expect(report.code).toBe(0)
    await withAdmin(broker.address, async (admin) => {
      const found = await admin.topics([all.output, all.dead])
      expect(found.map(({ partitions }) => partitions.length)).toEqual([3, 3])
      const settings = await admin.settings([all.output, all.dead])
      const value = (topic: string, name: string) => Number(settings.get(topic)?.values.get(name))
      expect(value(all.output, 'retention.ms') + value(all.output, 'segment.ms')).toBe(60 * DAY)
      expect(value(all.dead, 'retention.ms')).toBe(1_000_000)
    })
    expect((await warm(['doctor', file, '--fix'])).stderr).toContain('no topic is missing')
  })

  it('never makes an input', async () => {
    const all = names()
    const report = await doctor(fileOf(all), ['--fix', '--yes'])
    expect(report.code).toBe(1)
    expect(bad(report)).toHaveLength(3)
    expect(report.stdout).not.toContain('compressed as its producers like')
    expect(report.stderr).toContain(`${all.output} and ${all.dead}: made once an input of the route is there`)
    await withAdmin(broker.address, async (admin) => {
      for (const { presence } of await admin.topics(Object.values(all))) expect(presence).toBe('missing')
    })
  })

  it('sees an output that outlives the policy, and one that deletes or refuses what is new', async () => {
    const all = await made({
      output: { settings: { 'retention.ms': '-1', 'message.timestamp.before.max.ms': String(DAY) } },
    })
    expect(bad(await doctor(fileOf(all, { policy: DATED })))).toEqual([
      containing('retention problem: the policy suppresses events after 60d'),
      containing('message.timestamp.before.max.ms'),
    ])
  })

  it('sees limits, arrival times and dead letters that do not fit', async () => {
    const all = await made({
      input: { settings: { 'max.message.bytes': '5000000', 'compression.type': 'zstd' } },
      output: { settings: { 'max.message.bytes': '50000', 'message.timestamp.type': 'LogAppendTime' } },
      dead: { settings: { 'retention.ms': '1000' } },
    })
    const lines = bad(await doctor(fileOf(all)))
    for (const words of [
      'holds records of up to 4.77 MiB',
      'takes 48.8 KiB',
      'LogAppendTime',
      'dead letters go after 1s',
    ])
      expect(lines).toContainEqual(containing(words))
  })

  it('sees where the group stands', async () => {
    const all = await made()
    await produce(broker.address, all.input, [{ value: '{"amount":1}' }, { value: '{"amount":2}' }])
    const file = fileOf(all)
    expect((await lethe(['stream', file, '--until-end', '-q'])).code).toBe(0)
    await produce(broker.address, all.input, [{ value: '{"amount":3}' }])
    const report = await doctor(file)
    expect(report.findings).toContainEqual(
      expect.objectContaining({
        check: 'group',
        level: 'ok',
        what: containing('offsets of 1 of 1 partitions, 1 to be read'),
      }),
    )
  })

  it('5, 26, 27, 31. looks at records: keys without a rule, frames, compressions that the driver cannot read', async () => {
    const all = await made({ input: { settings: { 'compression.type': 'zstd' } } })
    const frame = (text: string): Buffer => Buffer.concat([Buffer.from([0, 0, 0, 0, 7]), Buffer.from(text)])
    const key = '{"id":"SecretKey"}'
    await produce(broker.address, all.input, [
      { key, value: '{"amount":1}' },
      { key, value: frame('{"amount":2}') },
      { value: '"{}"' },
    ])
    const bare = await doctor(fileOf(all))
    for (const words of [
      'records warning: 2 of 3 records of',
      'records warning: 1 of 3 values of',
      'are JSON strings',
    ])
      expect(bad(bare)).toContainEqual(containing(words))
    const looked = bare.findings.find(({ what }) => what.includes('3 records looked at'))
    expect(looked).toMatchObject({ check: 'records', what: containing('compressed with zstd') })
    // Where node-rdkafka was built with zstd, there is nothing to say.
    const reads = bare.findings.some(({ what }) => /librdkafka .* built with .*zstd/.test(what))
    expect(bad(bare).some((line) => line.startsWith('records problem') && line.includes('zstd'))).toBe(!reads)
    const top = 'keys: { file: keys.json }'
    const ruled = fileOf(all, {
      top,
      policy: `${DATED.split('retention')[0]!}  $key: { use: hash.hmac, domain: c }\n`,
    })
    createKeysetFile(join(dirname(ruled), 'keys.json'), createKeyset(new Date()))
    const report = await doctor(ruled)
    expect(bad(report)).toContainEqual(containing('2 of them a JSON object'))
    await produce(broker.address, all.input, [{ key: 'SecretKey', value: '{"amount":1}' }])
    const members = fileOf(all, {
      top,
      policy: `${DATED.split('retention')[0]!}  $key.id: { use: hash.hmac, domain: c }\n`,
    })
    createKeysetFile(join(dirname(members), 'keys.json'), createKeyset(new Date()))
    const mixed = await doctor(members)
    const told = mixed.findings.find(({ what }) => what.includes('1 of them no JSON object'))
    expect(told).toMatchObject({ way: containing('have what writes the others write objects') })
    expect(bare.stdout + report.stdout + mixed.stdout).not.toContain('SecretKey')
  })

  it('compares the clock with what brokers stamped', async () => {
    const all = await made()
    await produce(broker.address, all.input, [{ value: '{}', timestamp: String(Date.now() + 60_000) }])
    expect(bad(await doctor(fileOf(all)))).toEqual([containing(`clock warning: a record of ${all.input}`)])
  })

  it('looks at the keys, and says no secret', async () => {
    const all = await made()
    const file = fileOf(all, { top: 'keys: { file: keys.json }' })
    const missing = await doctor(file)
    expect(missing.code).toBe(1)
    expect(bad(missing)).toEqual([containing('keys problem')])
    createKeysetFile(join(dirname(file), 'keys.json'), createKeyset(new Date(0)))
    const old = await doctor(file)
    expect(old.code).toBe(0)
    expect(bad(old)).toEqual([containing('in use for more than two years')])
    expect(old.findings).toContainEqual(
      expect.objectContaining({ check: 'keys', what: containing('enabled k1') }),
    )
  })

  it('ends with 2 for a file with errors', async () => {
    const { code, stdout } = await warm(['doctor', pipelineFile({ brokers: [broker.address], top: 'x: 1' })])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  })
})

onOwnKafka('lethe doctor, where rights and listeners are its own', () => {
  let own: Guarded
  beforeAll(async () => {
    own = await guarded()
  })
  const SASL = 'sasl: { mechanism: scram-sha-256, username: dora, password: { env: PW } }'
  const env = { PW: passwordOf('dora') }

  it('names the rights that are missing', async () => {
    const all = await made({}, own.address)
    const group = uniqueName('group')
    const file = fileOf(all, { brokers: [own.saslAddress], top: SASL, group })
    const report = await doctor(file, [], env)
    expect(report.code).toBe(1)
    const id = 'WRITE and DESCRIBE on the transactional id lethe.p.events.'
    for (const words of [`${all.input} may not be read`, `the group ${group} may not be used`, id])
      expect(bad(report)).toContainEqual(containing(words))
    await grant(own.address, 'dora', [
      ['TOPIC', all.input, 'READ'],
      ['TOPIC', all.output, 'WRITE', 'DESCRIBE_CONFIGS'],
      ['TOPIC', all.dead, 'WRITE'],
      ['GROUP', group, 'READ'],
      ['GROUP', `${group}.until-end`, 'READ'],
      ['TRANSACTIONAL_ID', 'lethe.p.*', 'WRITE'],
    ])
    const after = await doctor(file, [], env)
    expect(after.code).toBe(0)
    expect(bad(after)).toEqual([
      containing(`those of ${all.dead} may not be seen`),
      containing(`missing: DESCRIBE_CONFIGS on the topic ${all.dead}`),
    ])
  })

  it('warns of a user that may do everything', async () => {
    const all = await made({}, own.address)
    await grant(own.address, 'dora', [
      ...Object.values(all).map((topic) => ['TOPIC', topic, 'ALL'] as const),
      ['GROUP', 'g', 'ALL'],
      ['GROUP', 'g.until-end', 'ALL'],
    ])
    const file = fileOf(all, { brokers: [own.saslAddress], top: SASL, group: 'g' })
    expect(bad(await doctor(file, [], env))).toEqual([containing('may do more than the pipeline needs')])
  })

  it('says that a wrong password is one, without it', async () => {
    const file = fileOf(names(), { brokers: [own.saslAddress], top: SASL })
    const { code, stdout, stderr } = await warm(['doctor', file], { env: { PW: 'a-wrong-one' } })
    expect(code).toBe(4)
    expect(stderr).toContain('refuses the user name, the password')
    expect(stdout + stderr).not.toContain('a-wrong-one')
  })

  it('sees that the cluster sends its clients to another machine in the clear', async () => {
    const file = fileOf(names(), { brokers: [own.elsewhere] })
    const { stdout, code } = await warm(['doctor', file])
    expect(stdout).toContain(ELSEWHERE)
    expect(stdout).toContain('in the clear')
    expect(code).toBeGreaterThan(0)
  })
})

it('lethe doctor ends with 4 within 15 s where there never was a broker, and shows what it found until then', async () => {
  // Below 30 s, which a second wait would take; above 15 s by what a busy machine takes to start it.
  const began = performance.now()
  const { code, stdout, stderr } = await lethe(['doctor', pipelineFile({ brokers: ['127.0.0.1:1'] })])
  expect(code).toBe(4)
  expect(stderr).toContain('no broker answers')
  expect(stdout).toContain('rdkafka')
  expect(performance.now() - began).toBeLessThan(45_000)
})
