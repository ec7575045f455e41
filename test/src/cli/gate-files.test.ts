/** Files of lists and tables in `lethe lint` of a pipeline, and in a replay of files. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { place } from './batch-inputs.ts'
import { warm } from './lethe.ts'

const POLICY = `policy: gated
version: 1
purpose: train_ai_system
time: at
fields: { n: keep, at: drop }
suppression: [{ list: register, by: id, entries: sha256-hex }]
consent: [{ table: training, by: id }]
`
const PIPELINE = `pipeline: shop
brokers: [localhost:9092]
source: none
matchKeys: { file: gone.json }
lists: { register: { file: register.txt } }
tables: { training: { file: training.ndjson } }
routes:
  - name: events
    from: { topics: [in], group: g }
    to: { topic: out }
    deadLetterTopic: dead
    policy: p.yaml
`
const DIGEST = 'a'.repeat(64)

it('lint reads the files that are here, and no keys', async () => {
  const cwd = place({ 'p.yaml': POLICY, 'pipeline.yaml': PIPELINE })
  const lint = () => warm(['lint', 'pipeline.yaml'], { cwd })
  const away = await lint()
  expect(away.code).toBe(0)
  expect(away.stdout.split('\n')).toEqual([
    expect.stringMatching(
      /^pipeline\.yaml:8:5 file-missing warning the list \S*register\.txt does not exist$/,
    ),
    expect.stringMatching(
      /^pipeline\.yaml:8:5 file-missing warning the consent table \S*training\.ndjson does not exist -> name the file/,
    ),
    '',
  ])
  await warm(['consent', 'create', 'training.ndjson'], { cwd })
  writeFileSync(join(cwd, 'register.txt'), `${DIGEST}\n`, { mode: 0o600 })
  expect(await lint()).toMatchObject({ code: 0, stdout: '', stderr: 'lethe: 1 pipeline, no errors\n' })
  writeFileSync(join(cwd, 'register.txt'), `${DIGEST}\n${'b'.repeat(40)}\n`)
  writeFileSync(join(cwd, 'training.ndjson'), '{"lethe":"consent"}\n')
  const wrong = await lint()
  expect(wrong.code).toBe(1)
  expect(wrong.stdout).toMatch(/register\.txt:2: /)
  expect(wrong.stdout).toMatch(/training\.ndjson:1: a consent table begins with/)
  expect(wrong.stdout).not.toContain('bbbb')
})

it('a replay of files goes by the lists and tables of now', async () => {
  const rows = ['anna', 'ben', 'cora'].map((id) => JSON.stringify({ id, n: [1], at: '2026-02-01T00:00:00Z' }))
  const cwd = place({ 'p.yaml': POLICY, 'in.ndjson': `${rows.join('\n')}\n` })
  const run = async (code: number, ...args: string[]): Promise<void> => {
    const done = await warm(args, { cwd })
    expect(done.code, done.stderr).toBe(code)
  }
  await run(0, 'keys', 'create', '--match', 'match.json')
  await run(0, 'consent', 'create', 'training.ndjson')
  const say = (word: string, subject: string, at: string) =>
    run(
      0,
      'consent',
      word,
      'training.ndjson',
      '--subject',
      subject,
      '--purpose',
      'train_ai_system',
      '--at',
      at,
      '--match-keys',
      'match.json',
    )
  for (const subject of ['anna', 'ben', 'cora']) await say('grant', subject, '2026-01-01T00:00:00Z')
  writeFileSync(join(cwd, 'register.txt'), `${DIGEST}\n`, { mode: 0o600 })
  const gates = [
    '--list',
    'register=register.txt',
    '--table',
    'training=training.ndjson',
    '--match-keys',
    'match.json',
  ]
  await run(
    3,
    'batch',
    'in.ndjson',
    '-p',
    'p.yaml',
    '-o',
    'out.ndjson',
    '--dead-letter',
    'dead.ndjson',
    '--summary',
    'run.json',
    '--max-dead-letters',
    '100%',
    ...gates,
  )
  await say('withdraw', 'ben', '2026-01-02T00:00:00Z')
  writeFileSync(join(cwd, 'p.yaml'), POLICY.replace('n: keep', '"n[]": keep'))
  await run(
    0,
    'replay',
    'in.ndjson',
    '--dead-letter',
    'dead.ndjson',
    '--summary',
    'run.json',
    '-p',
    'p.yaml',
    '-o',
    'more.ndjson',
    '--new-summary',
    'run2.json',
    ...gates,
  )
  expect(readFileSync(join(cwd, 'more.ndjson'), 'utf8')).toBe('{"n":[1]}\n{"n":[1]}\n')
  const { records } = JSON.parse(readFileSync(join(cwd, 'run2.json'), 'utf8'))
  expect(records.suppressed).toEqual({ 'consent denied by table training': 1 })
})

it('a large table that knows the subject of no record is a warning', async () => {
  const rows = (of: string): string[] => Array.from({ length: 1000 }, (_, n) => `${of}-${n}`)
  const cwd = place({
    'p.yaml': POLICY.replace(/^suppression.*\n/m, ''),
    'in.ndjson': rows('b')
      .map((id) => `{"id":"${id}","n":1,"at":"2026-02-01T00:00:00Z"}\n`)
      .join(''),
  })
  const said = rows('a').map((id) => `${id},train_ai_system,granted,2026-01-01T00:00:00Z\n`)
  writeFileSync(join(cwd, 'said.csv'), `subject,purpose,state,from\n${said.join('')}`, { mode: 0o600 })
  const keys = ['--match-keys', 'match.json']
  const batch = [
    'batch',
    'in.ndjson',
    '-p',
    'p.yaml',
    '-o',
    'out.ndjson',
    '--table',
    'training=t.ndjson',
    ...keys,
  ]
  for (const args of [
    ['keys', 'create', '--match', 'match.json'],
    ['consent', 'create', 't.ndjson'],
    ['consent', 'import', 't.ndjson', 'said.csv', ...keys],
  ])
    expect((await warm(args, { cwd })).code).toBe(0)
  const warned = /the consent table training knew the subject of no record, and it has 1000 subjects/
  expect((await warm(batch, { cwd })).stderr).toMatch(warned)
  const one = ['--subject', 'b-7', '--purpose', 'train_ai_system', '--at', '2026-01-01T00:00:00Z', ...keys]
  await warm(['consent', 'grant', 't.ndjson', ...one], { cwd })
  const again = await warm(batch, { cwd })
  expect([again.code, again.stderr]).toEqual([0, expect.not.stringMatching(warned)])
})
