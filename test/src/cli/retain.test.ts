/** `lethe retain`: with a ledger, with a limit, and killed. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { folder, lethe, warm } from './lethe.ts'

const POLICY = `policy: events
version: 1
purpose: train_ai_system
time: at
unlisted: drop
fields:
  at: { use: generalize.date, to: month }
  postcode: { use: generalize.prefix, keep: 3 }
retention:
  steps:
    - { after: 400d, fields: { postcode: { use: generalize.prefix, keep: 1 } } }
    - { after: 1000y, then: suppress }
`
const CANARY = '77canary77'
const DAY = 86_400_000
const rows = (count: number): string =>
  `at,postcode\n${Array.from({ length: count }, (_, n) => `2019-0${(n % 9) + 1}-05T10:00:00Z,${CANARY}${n}\n`).join('')}`

describe('lethe retain', () => {
  it('plans, applies and verifies, and a ledger says so', async () => {
    const cwd = folder({ 'p.yaml': POLICY, 'in.csv': rows(20), 'clean/.keep': '' })
    mkdirSync(join(cwd, 'other'))
    const run = (...args: string[]) => warm(args, { cwd })
    await run('signing-key', 'create', 'host.pem')
    const ledger = ['--ledger', 'l.ndjson', '--signing-key', 'host.pem', '--anchor', 'other/heads.ndjson']
    await run('batch', 'in.csv', '-p', 'p.yaml', '-o', 'clean/', '--as-of', '2019-12-01', '-q')
    const plan = ['retain', 'plan', 'clean', '-p', 'p.yaml', '-o', 'o.json']
    expect((await run(...plan)).stderr).toContain('--no-holds')
    const planned = await run(...plan, '--no-holds', ...ledger)
    expect(planned.stderr).toMatch(
      /20 rows.*\n {2}step 20 rows: step 1\n {2}a row may outlive its period by up to 768 h/,
    )
    expect(planned.code).toBe(0)
    const before = readFileSync(join(cwd, 'clean/in.csv'), 'utf8')
    const shared = ['-p', 'p.yaml', '--no-holds', ...ledger]
    expect((await run('retain', 'verify', 'o.json', ...shared)).code).toBe(1)
    expect((await run('retain', 'apply', 'o.json', ...shared)).code).toBe(0)
    expect(readFileSync(join(cwd, 'clean/in.csv'), 'utf8')).toBe(before.replaceAll(/,77c/g, ',7'))
    const verified = await run('retain', 'verify', 'o.json', ...shared)
    expect(verified).toMatchObject({ code: 0 })
    expect(verified.stdout).toContain('verified absent')
    const log = readFileSync(join(cwd, 'l.ndjson'), 'utf8')
    expect(
      [...log.matchAll(/"action":"(retain\.\w+)".*?"state":"(\w+)"/g)].map(([, a, s]) => [a, s]),
    ).toEqual([
      ['retain.plan', 'done'],
      ['retain.verify', 'failed'],
      ['retain.apply', 'begins'],
      ['retain.apply', 'done'],
      ['retain.verify', 'done'],
    ])
    for (const file of ['l.ndjson', 'o.json', 'clean/in.csv.lethe.json', 'other/heads.ndjson'])
      expect(readFileSync(join(cwd, file), 'utf8')).not.toContain('canary')
  })

  it('does not end with 0 where rows are too old for a step that cannot be taken', async () => {
    const other = POLICY.replace('version: 1', 'version: 2')
    const cwd = folder({ 'p.yaml': POLICY, 'q.yaml': other, 'in.csv': rows(20) })
    const run = (...args: string[]) => warm(args, { cwd })
    await run('batch', 'in.csv', '-p', 'p.yaml', '-o', 'out.csv', '--as-of', '2019-12-01', '-q')
    const ran = await run(
      'retain',
      'run',
      'out.csv',
      '-p',
      'q.yaml',
      '--no-holds',
      '--max-delete',
      '100%',
      '-o',
      'o.json',
    )
    expect([ran.code, ran.stdout]).toEqual([
      1,
      expect.stringMatching(/not stepped: 20 rows are too old for a step/),
    ])
    const verified = await run('retain', 'verify', 'o.json', '-p', 'q.yaml', '--no-holds')
    expect([verified.code, verified.stdout]).toEqual([1, expect.stringContaining('not stepped')])
  })

  it('goes on after kill -9, and deletes no more than --max-delete', async () => {
    const cwd = folder({
      'p.yaml': POLICY,
      'short.yaml': POLICY.replace('1000y', '500d'),
      'in.csv': rows(60_000),
    })
    const run = (...args: string[]) => warm(args, { cwd })
    await run('batch', 'in.csv', '-p', 'p.yaml', '-o', 'out.csv', '--as-of', '2019-12-01', '-q')
    const before = readFileSync(join(cwd, 'out.csv'), 'utf8')
    await run('retain', 'plan', 'out.csv', '-p', 'p.yaml', '--no-holds', '-o', 'o.json')
    const apply = ['retain', 'apply', 'o.json', '-p', 'p.yaml', '--no-holds']
    for (const killAfter of [350, 450]) await lethe(apply, { cwd, killAfter })
    expect((await run(...apply)).code).toBe(0)
    expect(readFileSync(join(cwd, 'out.csv'), 'utf8')).toBe(before.replaceAll(/,77c/g, ',7'))
    expect(readdirSync(cwd).filter((name) => name.startsWith('.'))).toEqual([])
    const limited = [
      'retain',
      'run',
      'out.csv',
      '-p',
      'short.yaml',
      '--no-holds',
      '-o',
      'n.json',
      '--max-delete',
    ]
    const refused = await run(...limited, '5%')
    expect(refused).toMatchObject({ code: 1 })
    expect(refused.stderr).toContain('--max-delete allows 3000')
    expect(existsSync(join(cwd, 'out.csv'))).toBe(true)
    // Nor does the next run do what was refused.
    expect(await run(...limited, '5%')).toMatchObject({ code: 1 })
    expect(existsSync(join(cwd, 'out.csv'))).toBe(true)
    expect((await run(...limited, '100%')).code).toBe(0)
    expect(existsSync(join(cwd, 'out.csv')) || existsSync(join(cwd, 'out.csv.lethe.json'))).toBe(false)
  })

  it('judges an order that stands there by what it is still to delete', async () => {
    const cwd = folder({
      'p.yaml': POLICY.replace(/- \{ after: 400d.*\n/, '').replace('1000y', '500d'),
      'old.csv': rows(20),
      'new.csv': rows(30).replaceAll(
        /2019-0\d-05/g,
        new Date(Date.now() - 40 * DAY).toISOString().slice(0, 10),
      ),
    })
    const run = (...args: string[]) => warm(args, { cwd })
    await run('batch', 'old.csv', '-p', 'p.yaml', '-o', 'clean/', '--as-of', '2019-12-01', '-q')
    await run('batch', 'new.csv', '-p', 'p.yaml', '-o', 'clean/', '-q')
    const shared = ['-p', 'p.yaml', '--no-holds', '-o', 'o.json']
    const limited = (share: string) => run('retain', 'run', 'clean', ...shared, '--max-delete', share)
    const refused = await limited('5%')
    expect([refused.code, existsSync(join(cwd, 'o.json'))]).toEqual([1, false])
    // What would go is said all the same, file by file.
    expect(refused.stderr).toMatch(/old\.csv: 20 rows.*20 of 50 rows would be deleted.*lethe retain plan/s)
    await run('retain', 'plan', 'clean', ...shared)
    expect(await limited('5%')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/the order o\.json is not done: 20 of its 50 rows are still/),
    })
    rmSync(join(cwd, 'o.json'))
    expect((await limited('50%')).code).toBe(0)
    expect(existsSync(join(cwd, 'clean/old.csv'))).toBe(false)
    // The order of the night before is done, however much it deleted.
    expect((await limited('1%')).code).toBe(0)
  })
})
