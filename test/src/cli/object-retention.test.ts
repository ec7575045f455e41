/** `lethe retain`, `forget`, `locate` and `hold` over objects, as commands. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { TestStore } from '../../objects.ts'
import { folder, script, warm } from './lethe.ts'

const CANARY = 'QzCanary'
const POLICY = `policy: shop
version: 1
purpose: train_ai_system
subject: id
time: at
fields:
  id: { use: hash.hmac, domain: customer }
  at: { use: generalize.date, to: day }
  n: keep
suppression: [{ list: erasures, by: id }]
retention: { steps: [{ after: 100d, then: suppress }] }
`
const day = (days: number): string => new Date(Date.now() - days * 86_400_000).toISOString()

let store: TestStore
beforeAll(async () => {
  store = await TestStore.start()
  store.pageSize = 1000
})
afterAll(async () => {
  await store.stop()
})

it('delete rows there, keep what is held, and say what older versions keep', async () => {
  const rows = [
    [`${CANARY}1`, 20],
    [`${CANARY}2`, 20],
    [`${CANARY}2`, 105],
  ] as const
  const cwd = folder({
    'p.yaml': POLICY,
    'in.csv': `id,at,n\n${rows.map(([id, days], n) => `${id},${day(days)},${n}\n`).join('')}`,
  })
  writeFileSync(join(cwd, 'asked.txt'), `${CANARY}1\n`, { mode: 0o600 })
  const env = { ...store.env, LETHE_KEYS_FILE: 'keys.json', LETHE_MATCH_KEYS_FILE: 'match.json' }
  let told = ''
  const run = async (...args: string[]) => {
    const { code, stdout, stderr } = await warm(args, { cwd, env })
    told += stdout + stderr
    return { code, said: stdout + stderr }
  }
  await run('keys', 'create', 'keys.json')
  await run('keys', 'create', '--match', 'match.json')
  await run('forget', 'begin', '-p', 'p.yaml', '--suppression', 'list.ndjson')
  const list = ['--list', 'erasures=list.ndjson', '--as-of', day(10), '-q']
  const batch = (...args: string[]) => run('batch', 'in.csv', '-p', 'p.yaml', ...list, ...args)
  expect((await batch('-o', 's3://clean/a.csv')).code).toBe(0)
  expect((await batch('-o', 's3://clean/set/', '--partition-by', 'n')).code).toBe(0)

  const who = ['--owner', 'legal', '--reason', 'case 512, all of it', '--expires', '2999-01-01']
  const hold = (target: string) => run('hold', 'add', '--holds', 'holds.ndjson', '--target', target, ...who)
  expect((await hold('s3://clean/a.csv')).said).not.toContain('nothing stands')
  expect((await hold('s3://clean/typo/')).said).toContain('nothing stands at s3://clean/typo/ now')
  const holds = ['--holds', 'holds.ndjson']
  expect(await batch('-o', 's3://clean/a.csv', '--replace', ...holds)).toMatchObject({
    code: 2,
    said: expect.stringContaining('s3://clean/a.csv is under the legal hold'),
  })

  const retain = ['retain', 'run', 's3://clean/', '-p', 'p.yaml', '-o', 'r.json', '--max-delete', '60%']
  const versions = ['--object-versions', 'delete']
  store.versioned.add('clean')
  const kept = await run(...retain, '--no-holds')
  expect(kept).toMatchObject({ code: 1, said: expect.stringContaining('not touched (versions-stay)') })
  expect(store.versions.size).toBe(0)
  const retained = await run(...retain, ...holds, ...versions)
  expect(retained.code).toBe(0)
  expect([
    store.text('clean/a.csv')!.split('\n').length,
    store.objects.has('clean/set/n=2/part-00002.csv'),
  ]).toEqual([5, false])

  const shared = ['-p', 'p.yaml', '--suppression', 'list.ndjson', '--no-holds']
  const located = await run('locate', 's3://clean', '--list', 'asked.txt', '-p', 'p.yaml')
  expect(located.said).toMatch(/s3:\/\/clean\/a\.csv: 1 of 3 rows/)
  await run('forget', 'plan', 's3://clean', '--list', 'asked.txt', ...shared, ...versions, '-o', 'o.json')
  const backup = new Map(store.objects)
  expect((await run('forget', 'apply', 'o.json', ...shared)).code).toBe(0)
  expect(await run('forget', 'verify', 'o.json', ...shared)).toMatchObject({ code: 0 })
  expect((await run('locate', 's3://clean', '--list', 'asked.txt', '-p', 'p.yaml')).said).not.toMatch(
    /: [1-9]\d* of/,
  )
  // What comes back from a backup is erased again.
  for (const name of ['clean/a.csv', 'clean/a.csv.lethe.json'])
    store.remember(name, () => store.objects.set(name, backup.get(name)!))
  const replay = ['forget', 'replay', 'o.json', '-o', 'again.json', ...shared, ...versions]
  expect((await run(...replay)).said).toMatch(/rows erased in 1 targets/)
  expect(store.text('clean/a.csv')!.split('\n').length).toBe(4)
  const older = [...store.versions].filter(([name, all]) => !/\/\.|^clean\/\./.test(name) && all.length > 1)
  expect(older).toEqual([])
  // What orders leave beside is no input.
  store.put('clean/.gone.csv.0123456789ab.erased', '{}')
  const again = [
    's3://clean/',
    '-p',
    'p.yaml',
    '--list',
    'erasures=list.ndjson',
    '-q',
    '-o',
    '-',
    '--dry-run',
  ]
  expect((await run('batch', ...again)).said).not.toContain('not-a-file')
  expect(told).not.toContain(CANARY)
  for (const { bytes } of store.objects.values()) expect(bytes.includes(CANARY)).toBe(false)
})

it('leave no copy and no upload when they are interrupted, and show no name that steers a terminal', async () => {
  // More than goes in one request.
  const long = 'x'.repeat(18_000)
  const rows = Array.from({ length: 1000 }, (_, n) => `${CANARY}${n},${day(n === 7 ? 105 : 20)},${long}\n`)
  const cwd = folder({ 'p.yaml': POLICY, 'in.csv': `id,at,n\n${rows.join('')}` })
  const env = { ...store.env, LETHE_KEYS_FILE: 'keys.json', TMPDIR: join(cwd, 'tmp') }
  mkdirSync(env.TMPDIR)
  await warm(['keys', 'create', 'keys.json'], { cwd, env })
  await warm(['forget', 'begin', '-p', 'p.yaml', '--suppression', 'list.ndjson'], { cwd, env })
  const batch = ['in.csv', '-p', 'p.yaml', '--list', 'erasures=list.ndjson', '--as-of', day(10), '-q']
  await warm(['keys', 'create', '--match', 'match.json'], { cwd, env })
  const made = await warm(['batch', ...batch, '-o', 's3://raw/a.csv'], {
    cwd,
    env: { ...env, LETHE_MATCH_KEYS_FILE: 'match.json' },
  })
  expect(made.code).toBe(0)
  store.put('raw/odd\u001b[2J\nlethe: forged/a.csv', 'x')
  const plan = await warm(['retain', 'plan', 's3://raw', '-p', 'p.yaml', '--no-holds', '-o', 'r.json'], {
    cwd,
    env,
  })
  expect(plan.stderr).toContain('\\u001b[2J\\u000alethe: forged')
  store.objects.delete('raw/odd\u001b[2J\nlethe: forged/a.csv')
  const before = store.text('raw/a.csv')
  const args = ['retain', 'apply', 'r.json', '-p', 'p.yaml', '--no-holds']
  const child = spawn(process.execPath, [script, ...args], { cwd, env: { ...process.env, ...env } })
  store.fault = (request) => {
    if (!/^PUT .*\?partNumber/.test(request)) return undefined
    expect(readdirSync(env.TMPDIR).length).toBeGreaterThan(0)
    child.kill('SIGTERM')
    // It is never answered.
    return new Promise(() => {})
  }
  const [code] = await once(child, 'close')
  store.fault = undefined
  expect([code, readdirSync(env.TMPDIR), [...store.uploads]]).toEqual([130, [], []])
  expect(store.text('raw/a.csv')).toBe(before)
})
