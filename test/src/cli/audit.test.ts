/** Ledgers through the command line: who writes them, and that they hold nothing out of the data. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { folder, lethe, warm } from './lethe.ts'

const POLICY = `policy: people
version: 1
purpose: train_ai_system
unlisted: drop
fields:
  email: { use: hash.hmac, domain: email }
  plan: keep
`
const CANARY = 'canary.person@example.com'

function world() {
  const cwd = folder({ 'policy.yaml': POLICY, [`${CANARY}.csv`]: `email,plan\n${CANARY},pro\n` })
  mkdirSync(join(cwd, 'other'))
  const run = (...args: string[]) => warm(args, { cwd })
  const ledger = ['--ledger', 'l.ndjson', '--signing-key', 'host.pem', '--anchor', 'other/heads.ndjson']
  return { cwd, run, ledger }
}

describe('lethe … --ledger', () => {
  it('writes each command down, and audit verifies and shows it', async () => {
    const { cwd, run, ledger } = world()
    await run('signing-key', 'create', 'host.pem')
    expect((await run('keys', 'create', 'keys.json', ...ledger)).code).toBe(0)
    // At once: one after the other, in one chain.
    const batches = await Promise.all(
      [1, 2].map((n) =>
        lethe(
          [
            ...['batch', `${CANARY}.csv`, '-p', 'policy.yaml', '--keys', 'keys.json'],
            ...['-o', `out-${n}.csv`, ...ledger, '--as', 'nightly'],
          ],
          { cwd },
        ),
      ),
    )
    expect(batches.map(({ code }) => code)).toEqual([0, 0])
    expect(
      (await run('approve', 'policy.yaml', '--as', 'dpo', '--note', 'seen and agreed to', ...ledger)).code,
    ).toBe(0)
    const verify = ['audit', 'verify', 'l.ndjson', '--keys', 'host.pem.pub', '--anchor', 'other/heads.ndjson']
    const verified = await run(...verify)
    expect(verified.stdout).toContain('verified: every entry is as it was written')
    expect(verified.code).toBe(0)
    const shown = JSON.parse(
      (await run('audit', 'show', 'l.ndjson', '--action', 'batch', '--format', 'json')).stdout,
    )
    expect(shown.entries).toHaveLength(4)
    expect(shown.entries.filter(({ state }: { state: string }) => state === 'done')).toMatchObject(
      [1, 2].map(() => ({ actor: 'nightly', counts: { in: 1, published: 1 } })),
    )
    const text = (await run('audit', 'show', 'l.ndjson', '--about', 'people')).stdout
    expect(text).toMatch(/dpo {2}approve {2}begins/)
    for (const file of ['l.ndjson', 'other/heads.ndjson'])
      expect(readFileSync(join(cwd, file), 'utf8')).not.toContain('canary')

    const bytes = readFileSync(join(cwd, 'l.ndjson'), 'utf8')
    writeFileSync(join(cwd, 'l.ndjson'), bytes.replace('"nightly"', '"weekly"'))
    const changed = await run(...verify)
    expect(changed.code).toBe(1)
    expect(changed.stdout).toMatch(/^l\.ndjson:\d+ changed /m)
    writeFileSync(join(cwd, 'l.ndjson'), `${bytes.split('\n').slice(0, 4).join('\n')}\n`)
    const cut = await run(...verify, '--format', 'json')
    expect(JSON.parse(cut.stdout)).toMatchObject({
      verified: false,
      findings: [{ code: 'cut-tail', line: 4 }],
    })
    expect(cut.code).toBe(1)
    // Nor is anything done then.
    const refused = await run(
      'batch',
      `${CANARY}.csv`,
      '-p',
      'policy.yaml',
      '--keys',
      'keys.json',
      '-o',
      'no.csv',
      ...ledger,
    )
    expect(refused).toMatchObject({ code: 4 })
    expect(refused.stderr).toContain('its end was cut off')
    expect(existsSync(join(cwd, 'no.csv'))).toBe(false)
  })

  it('reads no device and waits for no pipe', async () => {
    const { cwd, run, ledger } = world()
    await run('signing-key', 'create', 'host.pem')
    await run('keys', 'create', 'keys.json', ...ledger)
    execFileSync('mkfifo', [join(cwd, 'pipe')])
    const keys = ['--keys', 'host.pem.pub']
    const cases = ['pipe', '/dev/zero'].flatMap((name) => [
      ['audit', 'verify', name, ...keys],
      ['audit', 'verify', 'l.ndjson', ...keys, '--anchor', name],
      ['audit', 'show', name],
      ['hold', 'list', '--holds', name],
    ])
    for (const args of cases) {
      const ended = await warm(args, { cwd })
      expect([args, ended.code, ended.stderr]).toEqual([
        args,
        2,
        expect.stringContaining('is not a regular file'),
      ])
    }
  })

  it('does nothing where the ledger cannot be written', async () => {
    const { cwd, run } = world()
    await run('signing-key', 'create', 'host.pem')
    const ended = await run(
      'keys',
      'create',
      'keys.json',
      '--ledger',
      'no/l.ndjson',
      '--signing-key',
      'host.pem',
    )
    expect(ended.code).toBe(4)
    expect(ended.stderr).toContain('nothing is done without its entry')
    expect(existsSync(join(cwd, 'keys.json'))).toBe(false)
    const unsigned = await run('keys', 'create', 'keys.json', '--ledger', 'l.ndjson')
    expect(unsigned).toMatchObject({ code: 2 })
    expect(unsigned.stderr).toContain('--signing-key')
  })
})
