import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { folder, warm } from './lethe.ts'

const POLICY = `policy: test
version: 1
purpose: train_ai_system
subject: id
fields:
  cluster: { use: keep, role: quasi-identifier }
  age: { use: generalize.number, width: 10, role: quasi-identifier }
`

/** 3,000 people of two files; of each hundred, one lives alone in a cluster, and 99 with many others. */
const people = Array.from({ length: 3_000 }, (_, id) => ({
  id: `C-${id}`,
  cluster: id % 100 === 0 ? `Village ${id}` : `Cluster ${id % 4}`,
  age: 20 + ((id >> 2) % 30),
}))
const ndjson = (from: number, to: number): string =>
  people
    .slice(from, to)
    .map((one) => `${JSON.stringify(one)}\n`)
    .join('')
const csv = `id,cluster,age\n${people
  .slice(1_500)
  .map(({ id, cluster, age }) => `${id},${cluster},${age}\n`)
  .join('')}`

describe('lethe batch, where the policy names quasi-identifiers', () => {
  it.each(['1', '3'])('says who stands alone, over all inputs, with --workers %s', async (workers) => {
    const cwd = folder({ 'p.yaml': POLICY, 'a.ndjson': ndjson(0, 1_500), 'b.csv': csv, 'out/.keep': '' })
    const args = [
      'a.ndjson',
      'b.csv',
      '-p',
      'p.yaml',
      '-o',
      'out/',
      '--workers',
      workers,
      '--chunk-bytes',
      '9000',
    ]
    const { code, stderr } = await warm(['batch', ...args, '--summary', 's.json'], { cwd })
    expect(code).toBe(0)
    expect(stderr).toMatch(/stand alone +1\.00 %/)
    expect(stderr).toContain('quasi-identifiers: cluster, age')
    expect(JSON.parse(readFileSync(join(cwd, 's.json'), 'utf8')).groups).toEqual({
      quasiIdentifiers: ['cluster', 'age'],
      counted: 'subjects',
      estimated: false,
      records: 3_000,
      withoutSubject: 0,
      subjects: 3_000,
      combinations: 42,
      alone: { share: 0.01, error: 0 },
      fewerThan5: { share: 0.01, error: 0 },
      fewerThan10: { share: 0.01, error: 0 },
    })
  })

  it('counts records where it names no subject, and says so', async () => {
    const cwd = folder({ 'p.yaml': POLICY.replace('subject: id\n', ''), 'a.ndjson': ndjson(0, 300) })
    const { stderr } = await warm(['batch', 'a.ndjson', '-p', 'p.yaml', '-o', 'o.ndjson'], { cwd })
    expect(stderr).toContain('the policy names no subject: each record counts as one')
  })

  it('says nothing of groups where it names none', async () => {
    const cwd = folder({
      'p.yaml': POLICY.replaceAll(', role: quasi-identifier', ''),
      'a.ndjson': ndjson(0, 300),
    })
    const args = ['batch', 'a.ndjson', '-p', 'p.yaml', '-o', 'o.ndjson', '--summary', 's.json']
    const { code, stderr } = await warm(args, { cwd })
    expect([code, stderr.includes('stand alone')]).toEqual([0, false])
    expect(JSON.parse(readFileSync(join(cwd, 's.json'), 'utf8'))).not.toHaveProperty('groups')
  })
})

describe('--max-unique', () => {
  const run = (args: readonly string[], policy = POLICY) => {
    const cwd = folder({ 'p.yaml': policy, 'a.ndjson': `${ndjson(0, 3_000)}{"id":\n` })
    const all = [
      'batch',
      'a.ndjson',
      '-p',
      'p.yaml',
      '--summary',
      's.json',
      '--dead-letter',
      'd.ndjson',
      ...args,
    ]
    return warm(all, { cwd }).then((ended) => ({ ...ended, cwd }))
  }

  it('lets less than that pass', async () => {
    const { code, cwd } = await run(['-o', 'o.ndjson', '--max-unique', '1.1%'])
    expect(code).toBe(3)
    expect(JSON.parse(readFileSync(join(cwd, 's.json'), 'utf8')).status).toBe('done')
    expect(existsSync(join(cwd, 'o.ndjson'))).toBe(true)
  })

  it('leaves no output otherwise, but the summary and the dead letters', async () => {
    const { code, cwd, stderr } = await run(['-o', 'o.ndjson', '--max-unique', '1%'])
    expect(code).toBe(1)
    expect(stderr).toContain('too many data subjects stand alone: 1.00 %')
    expect(existsSync(join(cwd, 'o.ndjson'))).toBe(false)
    expect(JSON.parse(readFileSync(join(cwd, 's.json'), 'utf8')).status).toBe('too-many-stand-alone')
    expect(readFileSync(join(cwd, 'd.ndjson'), 'utf8')).toContain('json-truncated')
  })

  it('names the subject, where no record has one: its path has a slip', async () => {
    const args = ['-o', 'o.ndjson', '--max-unique', '1%']
    const slip = await run(args, POLICY.replace('subject: id', 'subject: ids'))
    expect(slip.code).toBe(1)
    expect(slip.stderr).toContain('-> correct `subject:` of the policy')
    expect((await run(args)).stderr).toContain('-> generalize')
  })

  it.each([
    [
      'a policy without quasi-identifiers',
      ['-o', 'o.ndjson', '--max-unique', '1%'],
      POLICY.replaceAll(', role: quasi-identifier', ''),
    ],
    ['standard output, which cannot be taken back', ['-o', '-', '--max-unique', '1%'], POLICY],
    ['what is no share', ['-o', 'o.ndjson', '--max-unique', '0%'], POLICY],
  ])('refuses %s', async (_, args, policy) => {
    const { code, cwd, stdout } = await run(args, policy)
    expect([code, stdout]).toEqual([2, ''])
    expect(existsSync(join(cwd, 'o.ndjson'))).toBe(false)
  })
})
