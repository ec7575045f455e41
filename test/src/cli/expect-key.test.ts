/** Keys that a run is held to: by their check values, before a byte is read. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkValueOf } from '../../../src/keys/keyring.ts'
import { createKeyset } from '../../../src/keys/keyset.ts'
import { batch, place, secretBytes } from './batch-inputs.ts'
import { type Ended, warm } from './lethe.ts'

const CHECK = checkValueOf(createKeyset(new Date(0), secretBytes).keys[0]!)
const OTHER = CHECK === '00000000' ? '00000001' : '00000000'

const PIPELINE = `pipeline: shop
brokers: ["127.0.0.1:1"]
keys: { file: keys.json }
routes:
  - name: events
    from: { topics: [raw], group: g }
    to: { topic: clean }
    deadLetterTopic: dead
    policy: policy.yaml
`

const keysetText = (secret: Uint8Array): string =>
  JSON.stringify({
    lethe: 'keyset',
    version: 1,
    primary: 'k1',
    keys: [
      {
        id: 'k1',
        status: 'enabled',
        created: '2026-01-01T00:00:00Z',
        secret: Buffer.from(secret).toString('base64url'),
      },
    ],
  })

describe('--expect-key', () => {
  // The input does not exist: a run that reads it ends with 4.
  const run = (cwd: string, ...args: string[]): Promise<Ended> =>
    batch(cwd, ['in.ndjson', '-o', 'out.ndjson', ...args])

  it('lets a run with that key go on, and the summary names it', async () => {
    const cwd = place({ 'in.ndjson': '{"id":"a"}\n' })
    const args = ['--expect-key', `k1:${CHECK}`, '--summary', 'run.json']
    expect(await run(cwd, ...args)).toMatchObject({ code: 0 })
    const summary = JSON.parse(readFileSync(join(cwd, 'run.json'), 'utf8')) as object
    expect(summary).toMatchObject({ keys: ['k1'], keyChecks: { k1: CHECK } })
    const listed = await warm(['keys', 'list', 'keys.json'], { cwd })
    expect(listed.stdout).toMatch(new RegExp(`k1 +enabled +${CHECK}`))
    const json = await warm(['keys', 'list', 'keys.json', '--format', 'json'], { cwd })
    expect(JSON.parse(json.stdout)).toMatchObject({ keys: [{ id: 'k1', check: CHECK }] })
    const told = await warm(['explain', '-p', 'policy.yaml', '--keys', 'keys.json'], { cwd })
    expect(told.stdout).toMatch(new RegExp(`keys +k1 \\(${CHECK}\\)`))
  })

  it.each<[string, string[], RegExp]>([
    ['another key', ['--expect-key', `k1:${OTHER}`], /check value/],
    ['one of two', ['--expect-key', `k1:${CHECK}`, '--expect-key', `k2:${CHECK}`], /k2 was expected/],
    ['no check value', ['--expect-key', 'k1'], /k1:3fa9c012/],
  ])('ends with 2 and reads nothing: %s', async (_name, args, message) => {
    const cwd = place({ 'in.ndjson': '{"id":"a"}\n' })
    const before = readdirSync(cwd)
    const ended = await run(cwd, ...args)
    expect(ended).toMatchObject({ code: 2, stdout: '' })
    expect(ended.stderr).toMatch(message)
    expect(readdirSync(cwd)).toEqual(before)
  })

  it('ends with 2 where rules use a key that it does not name', async () => {
    const cwd = place({ 'in.ndjson': '{"id":"a"}\n' })
    await warm(['keys', 'add', 'keys.json'], { cwd })
    await warm(['keys', 'promote', 'keys.json', 'k2'], { cwd })
    const ended = await run(cwd, '--expect-key', `k1:${CHECK}`)
    expect(ended.code).toBe(2)
    expect(ended.stderr).toContain('rules use the key k2')
  })

  it('holds a stream to the same, before it opens a socket', async () => {
    const cwd = place({ 'pipeline.yaml': PIPELINE })
    const ended = await warm(['stream', 'pipeline.yaml', '--expect-key', `k1:${OTHER}`], { cwd })
    expect(ended.code).toBe(2)
    expect(ended.stderr).toContain(`has the check value ${CHECK}`)
  })
})

describe('keys that everybody knows', () => {
  const counting = Buffer.from(Array.from({ length: 32 }, (_, at) => at))
  it.each<[string, Buffer, RegExp]>([
    ['the published secret without its flag', counting, /published/],
    ['zeros', Buffer.alloc(32), /k1 is a run of equal or counting bytes/],
    ['words', Buffer.from('correct horse battery staple yes'), /k1 is text that was typed/],
  ])('are refused in files and streams alike: %s', async (_name, secret, message) => {
    const cwd = place({ 'in.ndjson': '{"id":"a"}\n', 'pipeline.yaml': PIPELINE })
    writeFileSync(join(cwd, 'keys.json'), keysetText(secret))
    const files = await batch(cwd, ['in.ndjson', '-o', 'out.ndjson'])
    const topics = await warm(['stream', 'pipeline.yaml'], { cwd })
    for (const ended of [files, topics]) {
      expect(ended.code).toBe(2)
      expect(ended.stderr).toMatch(message)
    }
    expect(readdirSync(cwd)).not.toContain('out.ndjson')
    const listed = await warm(['keys', 'list', 'keys.json'], { cwd })
    expect(listed.code).toBe(0)
    expect(listed.stderr).toMatch(message)
  })
})
