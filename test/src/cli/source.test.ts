import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { encryptedSources, sourceDomain } from '../../../src/kafka/source-header.ts'
import { createKeysetFile } from '../../../src/keys/file.ts'
import { Keyring } from '../../../src/keys/keyring.ts'
import { addKey, createKeyset, disableKey, promoteKey } from '../../../src/keys/keyset.ts'
import { sourcesOf } from '../../source-texts.ts'
import { type Ended, folder, warm } from './lethe.ts'

const POLICY = 'policy: p\nversion: 1\npurpose: train_ai_system\nfields:\n  amount: keep\n'
const PIPELINE = (topics: string) => `pipeline: shop
brokers: [127.0.0.1:1]
keys: { file: keys.json }
routes:
  - name: events
    from: { topics: ${topics}, group: g }
    to: { topic: out }
    deadLetterTopic: dead
    policy: policy.yaml
`

const old = createKeyset(new Date(0))
const keyset = promoteKey(addKey(old, new Date(0)), 'k2')

const under = (domain: string, topic: string, ...offsets: readonly number[]): readonly string[] =>
  sourcesOf(
    encryptedSources(Keyring.fromKeyset(old).key('source', domain), 'events'),
    offsets.map((offset) => ({ topic, partition: 3, offset })),
  )

const tokens = (topic: string, ...offsets: readonly number[]): readonly string[] =>
  under(sourceDomain('shop', 'out'), topic, ...offsets)

function source(
  args: readonly string[],
  { topics = '[in]', keys = keyset, input = '' } = {},
): Promise<Ended> {
  const cwd = folder({ 'pipeline.yaml': PIPELINE(topics), 'policy.yaml': POLICY })
  createKeysetFile(join(cwd, 'keys.json'), keys)
  return warm(['source', 'pipeline.yaml', ...args], { cwd, input })
}

describe('lethe source', () => {
  it('tells topic, partition and offset, offline', async () => {
    const [one, two] = tokens('in', 17, 2 ** 40)
    const { code, stdout, stderr } = await source([one!, two!])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toBe(`${one}  in/3/17  route events\n${two}  in/3/${2 ** 40}  route events\n`)
  })

  it('reads stdin, a token a line, and writes an object a line', async () => {
    const [one] = tokens('in', 17)
    const { code, stdout } = await source(['-', '--format', 'json'], { input: `${one}\n\n oops \n` })
    expect(code).toBe(1)
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([
      {
        v: 1,
        token: one,
        route: 'events',
        topic: 'in',
        partition: 3,
        offset: 17,
        output: 'out',
        form: 'output',
        key: 'k1',
        keyStatus: 'enabled',
      },
      { v: 1, token: 'oops', unread: 'not-a-source' },
    ])
    expect((await source(['-', one!])).code).toBe(2)
  })

  it('reads under a disabled key and says so', async () => {
    const { code, stdout, stderr } = await source([tokens('in', 5)[0]!], { keys: disableKey(keyset, 'k1') })
    expect(code).toBe(0)
    expect(stdout).toContain('in/3/5')
    expect(stderr).toContain('the key k1 is disabled')
  })

  it('reads the form of 0.1.0, and says that it joins topics', async () => {
    const [token] = under('shop', 'in', 17)
    const { code, stdout, stderr } = await source([token!, ...tokens('in', 18)])
    expect([code, stdout.split('\n')[0]]).toEqual([0, `${token}  in/3/17  route events  form of 0.1.0`])
    expect(stderr).toMatch(/^lethe: 1 in the form of 0\.1\.0, .*join/)
    const { stdout: json } = await source(['--format', 'json', token!])
    expect(JSON.parse(json)).toMatchObject({ offset: 17, form: 'pipeline' })
  })

  it('reads outputs of another topic of this pipeline where --outputs names it', async () => {
    const [token] = under(sourceDomain('shop', 'backfill'), 'in', 17)
    expect((await source([token!])).stdout).toContain('unknown-topic')
    const { code, stdout } = await source(['--outputs', 'backfill', token!])
    expect([code, stdout]).toEqual([0, expect.stringContaining('in/3/17')])
  })

  it('takes the topics of a pattern, and those of former times, from --topics', async () => {
    const [token] = tokens('shop.2025', 5)
    expect((await source([token!])).stdout).toContain('unknown-topic')
    const topics = '{ pattern: "shop\\\\..*" }'
    for (const setting of [{}, { topics }]) {
      const { code, stdout } = await source(['--topics', 'a,shop.2025', token!], setting)
      expect(code).toBe(0)
      expect(stdout).toContain('shop.2025/3/5')
    }
  })

  it('shows what is not a token such that a terminal is safe', async () => {
    const { code, stdout } = await source(['\u001b[2J'])
    expect(code).toBe(1)
    expect(stdout).toContain('\\u001b[2J')
    expect(stdout).not.toContain('\u001b')
  })
})
