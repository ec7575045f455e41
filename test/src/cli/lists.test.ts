/** Lists and match keys as a person meets them: `lethe keys`, `lethe batch`, and what is prepared for a stream. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { deserialize, serialize } from 'node:v8'
import { expect, it } from 'vitest'
import { loadMatchKeys } from '../../../src/keys/match-keys.ts'
import { changeList, createList } from '../../../src/lists/list-writer.ts'
import { fromPost, gateDataOf, toPost } from '../../../src/run/configuration.ts'
import { prepareFrom, prepareFromDisk } from '../../../src/run/stream/prepare.ts'
import { place } from './batch-inputs.ts'
import { warm } from './lethe.ts'

const POLICY = `policy: listed
version: 1
purpose: train_ai_system
fields:
  id: { use: hash.hmac, domain: id }
  n: keep
suppression: [{ list: erasures, by: id }]
`

const NOW = new Date('2026-03-01T10:00:00Z')

it('suppresses who is on a list in files, and keeps the match key that tells them', async () => {
  const rows = Array.from({ length: 3000 }, (_, at) => `{"id":"C-${at}","n":${at}}\n`).join('')
  const cwd = place({ 'policy.yaml': POLICY, 'in.ndjson': rows })
  const run = (...args: string[]) => warm(args, { cwd })
  const made = await run('keys', 'create', '--match', 'match.json')
  expect(made.stderr).toContain('match key k1')
  const keys = loadMatchKeys(join(cwd, 'match.json'))
  const list = join(cwd, 'erasures.ndjson')
  await createList(list, { purpose: 'suppression', domain: 'erasures', normalize: 'trim' })
  await changeList(list, 'add', ['C-7', 'C-2999', 'other'], keys, NOW)

  const batch = ['batch', 'in.ndjson', '-p', 'policy.yaml', '--keys', 'keys.json', '-o', 'out.ndjson']
  const without = await run(...batch)
  expect([without.code, without.stderr]).toEqual([2, expect.stringContaining('is not told where it is')])
  const unkeyed = await run(...batch, '--list', 'erasures=erasures.ndjson')
  expect([unkeyed.code, unkeyed.stderr]).toEqual([2, expect.stringContaining('no match keys are given')])
  expect(existsSync(join(cwd, 'out.ndjson'))).toBe(false)

  const told = ['--list', 'erasures=erasures.ndjson', '--match-keys', 'match.json']
  const done = await run(...batch, ...told, '--summary', 'run.json', '--workers', '2', '--chunk-bytes', '900')
  expect(done.code, done.stderr).toBe(0)
  const out = readFileSync(join(cwd, 'out.ndjson'), 'utf8').trim().split('\n')
  expect(out.map((line) => JSON.parse(line).n)).toEqual(
    Array.from({ length: 3000 }, (_, at) => at).filter((at) => at !== 7 && at !== 2999),
  )
  const summary = JSON.parse(readFileSync(join(cwd, 'run.json'), 'utf8'))
  expect(summary.lists).toEqual([
    { list: 'erasures', sha256: expect.stringMatching(/^[0-9a-f]{64}$/), entries: 3, suppressed: 2 },
  ])
  expect(summary.records.suppressed).toEqual({ 'suppression list erasures': 2 })
  // Nothing is written over the list.
  const over = await run(...batch.slice(0, -1), 'erasures.ndjson', ...told)
  expect([over.code, over.stderr]).toEqual([2, expect.stringContaining('a list of subjects')])

  await run('keys', 'add', 'match.json')
  await run('keys', 'promote', 'match.json', 'k2')
  const blind = await run('keys', 'disable', 'match.json', 'k1')
  expect([blind.code, blind.stderr]).toEqual([2, expect.stringContaining('name every list and table')])
  const used = await run('keys', 'disable', 'match.json', 'k1', '--list', 'erasures.ndjson')
  expect([used.code, used.stderr]).toEqual([2, expect.stringContaining('3 entries under k1')])
  await changeList(list, 'remove', ['C-7', 'C-2999', 'other'], loadMatchKeys(join(cwd, 'match.json')), NOW)
  const unused = await run('keys', 'disable', 'match.json', 'k1', '--list', 'erasures.ndjson')
  expect(unused.code, unused.stderr).toBe(0)
  const wrong = await run('keys', 'disable', 'keys.json', 'k1', '--unused')
  expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('are for match keys')])
  // Neither does the work of the other.
  const asTokens = await run(...batch.slice(0, 4), '--keys', 'match.json', '-o', 'x', ...told)
  expect([asTokens.code, asTokens.stderr]).toEqual([
    2,
    expect.stringContaining('no token may be made with it'),
  ])
  const asMatch = await run(...batch, '--list', told[1]!, '--match-keys', 'keys.json')
  expect([asMatch.code, asMatch.stderr]).toEqual([2, expect.stringContaining('this keyset is for tokens')])
})

it('warns of a large list that matches no record', async () => {
  const rows = Array.from({ length: 1000 }, (_, at) => `{"id":"C-${at}","n":1}\n`).join('')
  const raw = POLICY.replace('by: id', 'by: id, entries: raw')
  const cwd = place({ 'policy.yaml': raw, 'in.ndjson': rows })
  writeFileSync(join(cwd, 'list'), Array.from({ length: 1000 }, (_, at) => `c-${at}\n`).join(''), {
    mode: 0o600,
  })
  const ended = await warm(
    [
      'batch',
      'in.ndjson',
      '-p',
      'policy.yaml',
      '--keys',
      'keys.json',
      '-o',
      'out',
      '--format',
      'ndjson',
      '--list',
      'erasures=list',
    ],
    { cwd },
  )
  expect(ended.code, ended.stderr).toBe(0)
  expect(ended.stderr).toContain('the list erasures matched no record, and it has 1000 entries')
})

it('goes to the processes of a stream, as bytes, with its keys', async () => {
  const cwd = place({
    'policy.yaml': POLICY,
    'pipeline.yaml': `pipeline: p
brokers: [127.0.0.1:9092]
keys: { file: keys.json }
matchKeys: { file: match.json }
lists: { erasures: { file: erasures.ndjson } }
routes:
  - { name: r, from: { topics: [in], group: g }, to: { topic: out }, deadLetterTopic: dead, policy: policy.yaml }
`,
  })
  await warm(['keys', 'create', '--match', 'match.json'], { cwd })
  const list = join(cwd, 'erasures.ndjson')
  await createList(list, { purpose: 'suppression', domain: 'd', normalize: 'trim' })
  await changeList(list, 'add', ['C-7'], loadMatchKeys(join(cwd, 'match.json')), NOW)
  const { prepared, files } = prepareFromDisk(join(cwd, 'pipeline.yaml'))
  const posted = fromPost(deserialize(serialize(toPost(prepared.configuration))))
  const there = gateDataOf(posted)
  expect(there.lists.get('erasures')).toMatchObject({ count: 1, domain: 'd' })
  const again = prepareFrom(join(cwd, 'pipeline.yaml'), posted, prepared.instance, prepared.groupsKey)
  expect(again.digest).toBe(prepared.digest)
  expect(files.changed()).toEqual([])
  await changeList(list, 'add', ['C-8'], loadMatchKeys(join(cwd, 'match.json')), NOW)
  expect(files.changed().map(({ kind }) => kind)).toEqual(['subjects'])
  expect(prepareFromDisk(join(cwd, 'pipeline.yaml')).prepared.digest).not.toBe(prepared.digest)
})

it('keeps tables of consent, which runs go by', async () => {
  const rows = ['a', 'b', 'c', 'd'].map((id) => `{"id":"${id}","at":"2026-01-15T00:00:00Z"}\n`).join('')
  const policy = `policy: agreed
version: 1
purpose: train_ai_system
time: at
fields: { id: { use: hash.hmac, domain: id }, at: keep }
consent: { table: training, by: id }
`
  const cwd = place({ 'policy.yaml': policy, 'in.ndjson': rows })
  const env = { LETHE_MATCH_KEYS_FILE: 'match.json' }
  const run = (...args: string[]) => warm(args, { cwd, env })
  const consent = (verb: string, ...args: string[]) => run('consent', verb, 'training.ndjson', ...args)
  await run('keys', 'create', '--match', 'match.json')
  expect((await consent('create')).code).toBe(0)
  const of = (subject: string, at: string) => [
    '--subject',
    subject,
    '--purpose',
    'train_ai_system',
    '--at',
    at,
  ]
  expect((await consent('grant', ...of('a', '2026-01-01'), '--source', 'web', '--notice', 'v3')).code).toBe(0)
  const csv =
    'subject,purpose,state,from\nb,train_ai_system,granted,2026-01-01T00:00:00Z\nb,train_ai_system,withdrawn,2026-01-20T00:00:00Z\nc,train_ai_system,granted,2026-01-16T00:00:00Z\n'
  writeFileSync(join(cwd, 'said.csv'), csv, { mode: 0o600 })
  const imported = await consent('import', 'said.csv')
  expect(imported.stderr).toContain('3 statements read; 2 histories are others now')
  const shown = await consent('show', '--subject', 'b', '--format', 'json')
  expect(JSON.parse(shown.stdout).statements).toEqual([
    { purpose: 'train_ai_system', state: 'granted', from: '2026-01-01T00:00:00Z' },
    { purpose: 'train_ai_system', state: 'withdrawn', from: '2026-01-20T00:00:00Z' },
  ])
  const future = await consent('grant', ...of('d', '2100-01-01'))
  expect([future.code, future.stderr]).toEqual([2, expect.stringContaining('lies in the future')])
  const batch = [
    'batch',
    'in.ndjson',
    '-p',
    'policy.yaml',
    '--keys',
    'keys.json',
    '-o',
    'out.ndjson',
    '--summary',
    'run.json',
  ]
  const done = await run(...batch, '--table', 'training=training.ndjson')
  expect(done.code, done.stderr).toBe(0)
  const summary = JSON.parse(readFileSync(join(cwd, 'run.json'), 'utf8'))
  expect(summary.records).toMatchObject({
    published: 1,
    suppressed: { 'consent denied by table training': 1, 'consent unknown to table training': 2 },
  })
  expect(summary.tables).toMatchObject([{ table: 'training', purpose: 'train_ai_system', subjects: 3 }])
  await run('keys', 'add', 'match.json')
  await run('keys', 'promote', 'match.json', 'k2')
  const used = await run('keys', 'disable', 'match.json', 'k1', '--list', 'training.ndjson')
  expect([used.code, used.stderr]).toEqual([2, expect.stringContaining('3 entries under k1')])
})
