/** `lethe forget` for people: what it says of subjects that are nowhere, and of a list that a crash cut short. */
import { statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { folder, warm } from './lethe.ts'

const POLICY = `policy: shop
version: 1
purpose: train_ai_system
subject: id
fields:
  id: { use: hash.hmac, domain: customer }
  n: keep
suppression: [{ list: erasures, by: id }]
`
const LIST = ['--suppression', 'list.ndjson', '--no-holds']

async function place() {
  const cwd = folder({
    'p.yaml': POLICY,
    'q.yaml': POLICY.replace('policy: shop', 'policy: app')
      .replace(/\bid\b(?!:)/g, 'user')
      .replace('  id:', '  user:'),
    'in.csv': 'id,n\nC-1,1\nC-2,2\n',
  })
  const env = { LETHE_KEYS_FILE: 'keys.json', LETHE_MATCH_KEYS_FILE: 'match.json' }
  const run = (...args: string[]) => warm(args, { cwd, env })
  await run('keys', 'create', 'keys.json')
  await run('keys', 'create', '--match', 'match.json')
  await run('forget', 'begin', '-p', 'p.yaml', '--suppression', 'list.ndjson')
  await run('batch', 'in.csv', '-p', 'p.yaml', '--list', 'erasures=list.ndjson', '-o', 'out.csv', '-q')
  return { cwd, run }
}

const asked = (cwd: string, ...subjects: string[]): void =>
  writeFileSync(join(cwd, 'asked.txt'), `${subjects.join('\n')}\n`, { mode: 0o600 })

it('says how many subjects are nowhere, and names none', async () => {
  const { cwd, run } = await place()
  const plan = ['forget', 'plan', 'out.csv', '--list', 'asked.txt', '-p', 'p.yaml', ...LIST, '-o']
  asked(cwd, 'C-1', 'Q-2')
  const { code, stderr } = await run(...plan, 'a.json')
  expect([code, stderr]).toEqual([
    0,
    expect.stringContaining('1 of the 2 subjects stand in no row or record that was read'),
  ])
  expect(stderr).not.toContain('Q-2')
  asked(cwd, 'C-1', 'C-2')
  expect((await run(...plan, 'b.json')).stderr).not.toContain('stand in no row')
})

it('says what an order comes to in each data set', async () => {
  const { cwd, run } = await place()
  asked(cwd, 'C-1')
  writeFileSync(join(cwd, 'more.csv'), 'id,n\nC-1,1\nC-1,2\nC-2,2\n')
  const list = ['--list', 'erasures=list.ndjson', '-q']
  for (const set of ['one', 'two'])
    await run('batch', 'more.csv', '-p', 'p.yaml', ...list, '-o', set, '--partition-by', 'n')
  const plan = ['forget', 'plan', 'one', 'two', 'out.csv', '--list', 'asked.txt', '-p', 'p.yaml', ...LIST]
  const { code, stderr } = await run(...plan, '-o', 'a.json')
  expect(code, stderr).toBe(0)
  const lines = stderr.split('\n').filter((line) => line.includes('data set'))
  expect(lines).toHaveLength(2)
  for (const [at, set] of ['one', 'two'].entries())
    expect(lines[at]).toMatch(new RegExp(`data set .*/${set}: 2 files, of 3 rows 2 go$`))
})

it('takes off the line that a crash left in the list, and says so; a run that meets it says what to do', async () => {
  const { cwd, run } = await place()
  asked(cwd, 'C-1')
  const shared = ['-p', 'p.yaml', ...LIST]
  await run('forget', 'plan', 'out.csv', '--list', 'asked.txt', ...shared, '-o', 'a.json')
  expect((await run('forget', 'apply', 'a.json', ...shared)).stderr).not.toContain('cut short')
  const list = join(cwd, 'list.ndjson')
  truncateSync(list, statSync(list).size - 9)
  const batch = ['batch', 'in.csv', '-p', 'p.yaml', '--list', 'erasures=list.ndjson', '-o', 'again.csv', '-q']
  const refused = await run(...batch)
  expect([refused.code, refused.stderr]).toEqual([
    2,
    expect.stringMatching(
      /list\.ndjson:3: the last line is cut short.*; nothing was read\n {2}-> .*do again what was cut short/,
    ),
  ])
  const again = await run('forget', 'apply', 'a.json', ...shared)
  expect(again.stderr).toMatch(
    /was cut short, by a command that did not end, and was taken off.*\n.*1 subjects put/,
  )
  expect((await run(...batch)).code).toBe(0)
})

it('says in statements that the policies of an order have other columns', async () => {
  const { cwd, run } = await place()
  asked(cwd, 'C-1')
  const emit = ['--emit', 'sql', '--table', 'delta:lake.orders']
  const plan = ['forget', 'plan', 'out.csv', '--list', 'asked.txt', ...LIST, ...emit]
  const words = 'take out the statements of columns that a table does not have'
  expect((await run(...plan, '-p', 'p.yaml', '-o', 'a.json')).stdout).not.toContain(words)
  const both = await run(...plan, '-p', 'p.yaml', '-p', 'q.yaml', '-o', 'b.json')
  expect(both.stdout).toContain(words)
  expect(both.stdout.match(/DELETE FROM/g)).toHaveLength(2)
})

it('says of a run that it was given the list of another name', async () => {
  const { cwd, run } = await place()
  writeFileSync(join(cwd, 'o.yaml'), POLICY.replace('list: erasures', 'list: objections'))
  await run('forget', 'begin', '-p', 'o.yaml', '--suppression', 'other.ndjson')
  const batch = (list: string) =>
    run('batch', 'in.csv', '-p', 'p.yaml', '--list', `erasures=${list}`, '-o', 'again.csv')
  expect((await batch('other.ndjson')).stderr).toContain(
    'warning: the file of the list erasures was made as the list objections',
  )
  expect((await batch('list.ndjson')).stderr).not.toContain('was made as')
})
