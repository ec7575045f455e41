/** Sealed originals in lists of dead letters: those of subjects go, the dead letters stay, and what is not told keeps the receipt open. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import { expect, it } from 'vitest'
import { folder, warm } from '../cli/lethe.ts'
import { policyText } from './topics-world.ts'

const CANARY = 'c-77canary77'
const row = (id: string | null, n: string): string =>
  `${JSON.stringify(id === null ? { n } : { customer: { id }, n })}\n`

it('takes sealed originals of subjects out of lists of dead letters, and says what is not told', async () => {
  const fields = '  customer.id: { use: hash.hmac, domain: customer }'
  const cwd = folder({
    'p.yaml': policyText(fields).replace('n: keep', 'n: { use: generalize.number, width: 10 }'),
    'in.ndjson': row(CANARY, 'none') + row('C-2', 'none') + row('C-2', '7'),
    'other.ndjson': row(null, 'none'),
    'recipients.txt': await identityToRecipient(await generateX25519Identity()),
  })
  writeFileSync(join(cwd, 'asked.txt'), `${CANARY}\n`, { mode: 0o600 })
  const said: string[] = []
  const run = async (code: number, ...args: readonly string[]) => {
    const ended = await warm(args, { cwd })
    expect([args.join(' '), ended.stderr, ended.code]).toEqual([args.join(' '), ended.stderr, code])
    said.push(ended.stdout, ended.stderr)
    return ended
  }
  await run(0, 'keys', 'create', 'keys.json')
  await run(0, 'keys', 'create', '--match', 'match.json')
  await run(0, 'forget', 'begin', '-p', 'p.yaml', '--suppression', 'erasures.ndjson')
  const keys = ['-p', 'p.yaml', '--keys', 'keys.json', '--match-keys', 'match.json']
  for (const name of ['in', 'other'])
    await run(
      3,
      ...[
        'batch',
        `${name}.ndjson`,
        ...keys,
        '--list',
        'erasures=erasures.ndjson',
        '-o',
        `${name}.out.ndjson`,
      ],
      ...[
        '--dead-letter',
        `${name}.dead.ndjson`,
        '--seal',
        'recipients.txt',
        '--max-dead-letters',
        '9',
        '-q',
      ],
    )
  const list = join(cwd, 'in.dead.ndjson')
  const before = readFileSync(list, 'utf8').split('\n')
  const rest = ['--suppression', 'erasures.ndjson', '--no-holds']
  const plan = (...lists: readonly string[]) => [
    ...[
      'forget',
      'plan',
      '--list',
      'asked.txt',
      ...keys,
      ...rest,
      '-o',
      'o.json',
      '--dead-letters',
      ...lists,
    ],
  ]
  const order = ['o.json', '-p', 'p.yaml', '--match-keys', 'match.json', ...rest]
  await run(2, ...plan('in.ndjson'))
  const planned = await run(0, ...plan('in.dead.ndjson'))
  expect(planned.stderr).toContain('2 dead letters, of 1 the sealed originals go')
  const open = await run(1, 'forget', 'verify', ...order, '--format', 'json')
  expect(JSON.parse(open.stdout).targets).toMatchObject([{ state: 'not absent', found: 1, read: 2 }])
  writeFileSync(list, before.toReversed().join('\n').trimStart())
  await run(4, 'forget', 'apply', ...order)
  writeFileSync(list, before.join('\n'))
  await run(
    0,
    'hold',
    'add',
    '--holds',
    'holds.ndjson',
    '--target',
    'in.dead.ndjson',
    '--owner',
    'legal',
    '--reason',
    'case 512, all of it',
    '--expires',
    '2099-01-01',
  )
  await run(2, 'forget', 'apply', ...order.filter((word) => word !== '--no-holds'), '--holds', 'holds.ndjson')
  expect(readFileSync(list, 'utf8')).toBe(before.join('\n'))
  await run(0, 'forget', 'apply', ...order)
  await run(0, 'forget', 'apply', ...order)
  const after = readFileSync(list, 'utf8').split('\n')
  const { sealed, subject, ...letter } = JSON.parse(before[0]!)
  expect([JSON.parse(after[0]!), after.slice(1)]).toEqual([letter, before.slice(1)])
  expect([sealed, subject.domain]).toEqual([expect.any(String), 'erasures'])
  const closed = await run(0, 'forget', 'verify', ...order, '--format', 'json')
  expect(JSON.parse(closed.stdout)).toMatchObject({ closed: true, open: [] })
  // Whose the other one was could not be read.
  const unknown = await run(1, ...plan('in.dead.ndjson', 'other.dead.ndjson'))
  expect(unknown.stderr).toContain('1 originals are of subjects that are not told')
  await run(1, 'forget', 'verify', ...order)
  expect(said.join('') + readFileSync(join(cwd, 'o.json'), 'utf8')).not.toContain('canary')
})
