/** `lethe batch` under a policy with `crowd:`: threads, formats, data sets, and what cannot hold it. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { deidentifyFiles } from '../../../src/batch/deidentify-files.ts'
import type { Summary } from '../../../src/run/account/account-view.ts'
import { parquetOf } from '../../parquet.ts'
import { folder, warm } from './lethe.ts'

const POLICY = `policy: p
version: 1
purpose: train_ai_system
subject: id
fields:
  id: drop
  zip: { use: generalize.prefix, keep: 1, role: quasi-identifier }
  sex: { use: keep, role: quasi-identifier }
  illness: { use: keep, role: sensitive }
crowd: { k: 3, l: 2, onFail: suppress, maxSuppressed: 50%, window: 30d }
`
const CSV = [
  'id,zip,sex,illness',
  // 1 and f: three people, two illnesses. 2 and f: three records of two people. 3 and m: three people, one illness.
  ...['a,10,f,flu', 'b,11,f,flu', 'c,12,f,cold', 'd,20,f,flu', 'd,21,f,cold', 'e,22,f,flu'],
  ...['f,30,m,flu', 'g,31,m,flu', 'h,32,m,flu', 'a,13,f,ache'],
].join('\n')
const LEFT = 'zip,sex,illness\n1,f,flu\n1,f,flu\n1,f,cold\n1,f,ache\n'
const MOST = POLICY.replace('50%', '60%')

const read = (cwd: string, name: string): string => readFileSync(join(cwd, name), 'utf8')
const summaryIn = (cwd: string): Summary => JSON.parse(read(cwd, 's.json')) as Summary

describe('lethe batch with a crowd', () => {
  it('suppresses records of classes that are too small, says how many, and what holds', async () => {
    const cwd = folder({ 'p.yaml': MOST, 'in.csv': `${CSV}\n` })
    const ended = await warm(['batch', 'in.csv', '-p', 'p.yaml', '-o', 'out.csv', '--summary', 's.json'], {
      cwd,
    })
    expect([ended.stderr, ended.code]).toEqual([ended.stderr, 0])
    expect(ended.stderr).toMatch(/suppressed +6\n +crowd +6/)
    expect(read(cwd, 'out.csv')).toBe(LEFT)
    expect(summaryIn(cwd)).toMatchObject({
      records: { in: 10, published: 4, suppressed: { crowd: 6 } },
      crowd: {
        k: 3,
        l: 2,
        over: ['zip', 'sex'],
        sensitive: ['illness'],
        counted: 'subjects',
        classes: { published: 1, suppressed: 2 },
      },
    })
    const verified = await warm(['verify', 's.json', 'out.csv'], { cwd })
    expect(verified.code).toBe(0)
    const measured = await warm(['measure', 'in.csv', '-p', 'p.yaml', '--format', 'json'], { cwd })
    expect(JSON.parse(measured.stdout)).toMatchObject({
      records: { published: 4, suppressed: { crowd: 6 } },
      output: { risk: { k: 3 } },
    })
    const tested = folder({ 'p.yaml': MOST, 'p.cases.yaml': CASES })
    const cases = await warm(['test', 'p.yaml'], { cwd: tested })
    expect([cases.stdout, cases.code]).toEqual([cases.stdout, 0])
    expect(cases.stdout).toContain('no case judges crowd: a case is one record')
  })

  it('leaves no output where more would go than may', async () => {
    const cwd = folder({ 'p.yaml': POLICY, 'in.csv': CSV })
    const ended = await warm(['batch', 'in.csv', '-p', 'p.yaml', '-o', 'out.csv', '--summary', 's.json'], {
      cwd,
    })
    expect(ended.code).toBe(1)
    expect(ended.stderr).toContain('6 of the 10 records that would leave (60.00 %), in 2 of 3 classes')
    expect(readdirSync(cwd).sort()).toEqual(['in.csv', 'p.yaml'])
  })

  it('takes a number for one subject, and for one value, in any form', async () => {
    const row = (id: string, illness: string) => `{"id":${id},"zip":"10","sex":"f","illness":${illness}}\n`
    const oneSubject = ['1', '1.0', '"1e0"', '10e-1'].map((id, at) => row(id, `"${at}"`))
    const oneValue = ['3', '"3.0"', '3e0', '0.3e1'].map((illness, at) => row(`${at}`, illness))
    for (const rows of [oneSubject, oneValue]) {
      const cwd = folder({ 'p.yaml': MOST.replace('60%', '100%'), 'in.ndjson': rows.join('') })
      const ended = await warm(
        ['batch', 'in.ndjson', '-p', 'p.yaml', '-o', 'out.ndjson', '--summary', 's.json'],
        { cwd },
      )
      expect([ended.stderr, ended.code]).toEqual([ended.stderr, 0])
      expect(summaryIn(cwd).records).toMatchObject({ published: 0, suppressed: { crowd: 4 } })
      // A measure counts the same people.
      const measured = await warm(
        ['measure', 'in.ndjson', '-p', 'p.yaml', '--side', 'input', '--over', 'sex', '--format', 'json'],
        { cwd },
      )
      const { input } = JSON.parse(measured.stdout) as { input: { risk: { k: number } } }
      expect(input.risk.k).toBe(rows === oneSubject ? 1 : 4)
    }
  })

  it('takes no harm from records that cannot be written and are in small classes', async () => {
    const policy = MOST.replace('60%', '100%').replace(
      'crowd:',
      '  m.$names: { use: generalize.prefix, keep: 1 }\n  m.*: keep\ncrowd:',
    )
    const row = (id: string, sex: string, m: object) =>
      `${JSON.stringify({ id, zip: '10', sex, illness: id, m })}\n`
    const rows = [...['a', 'b', 'c'].map((id) => row(id, 'f', { xy: 1 })), row('d', 'm', { xy: 1, xz: 2 })]
    const cwd = folder({ 'p.yaml': policy, 'in.ndjson': rows.join('') })
    const args = ['batch', 'in.ndjson', '-p', 'p.yaml', '-o', 'out.ndjson', '--summary', 's.json']
    const ended = await warm([...args, '--dead-letter', 'd.ndjson'], { cwd })
    expect([ended.stderr, ended.code]).toEqual([ended.stderr, 0])
    expect(summaryIn(cwd).records).toMatchObject({ published: 3, suppressed: { crowd: 1 }, deadLettered: {} })
  })

  it('gives the same bytes in threads, as Parquet, and from it', async () => {
    const rows = Array.from(
      { length: 4000 },
      (_, n) =>
        `${n % 977},${100 + Math.floor(((n * 7919) % 900) ** 2 / 900)},${'fm'[n % 2]},${['flu', 'cold'][(n >> 3) % 2]}`,
    )
    const cwd = folder({
      'p.yaml': POLICY.replace('k: 3, l: 2', 'k: 150, l: 2, t: 0.4').replace('50%', '90%'),
      'in.csv.gz': gzipSync(`id,zip,sex,illness\n${rows.join('\n')}\n`),
    })
    const args = ['batch', 'in.csv.gz', '-p', 'p.yaml', '--summary', 's.json']
    for (const workers of ['1', '3']) {
      const ended = await warm([...args, '-o', `out${workers}.csv`, '--workers', workers], { cwd })
      expect([ended.stderr, ended.code]).toEqual([ended.stderr, 0])
    }
    const { records } = summaryIn(cwd)
    expect(records.published).toBeGreaterThan(100)
    expect(records.suppressed['crowd']).toBeGreaterThan(100)
    expect(read(cwd, 'out3.csv')).toBe(read(cwd, 'out1.csv'))
    for (const [from, to] of [
      ['in.csv.gz', 'out.parquet'],
      ['in.csv.gz', 'set'],
    ] as const) {
      const parted = to === 'set' ? ['--partition-by', 'sex'] : []
      const ended = await warm(['batch', from, '-p', 'p.yaml', '--summary', 's.json', '-o', to, ...parted], {
        cwd,
      })
      expect([ended.stderr, ended.code]).toEqual([ended.stderr, 0])
      expect(summaryIn(cwd).records).toEqual(records)
    }
    writeFileSync(
      join(cwd, 'in.parquet'),
      parquetOf(
        ['id', 'zip', 'sex', 'illness'].map((name, at) => ({
          name,
          data: rows.map((row) => row.split(',')[at]!),
          type: 'STRING',
        })),
      ),
    )
    const ended = await warm(
      ['batch', 'in.parquet', '-p', 'p.yaml', '--summary', 's.json', '-o', 'back.csv'],
      { cwd },
    )
    expect([ended.stderr, ended.code]).toEqual([ended.stderr, 0])
    expect(summaryIn(cwd).records).toEqual(records)
  })

  it('leaves nothing where there are too many dead letters, and lists them', async () => {
    const dated = MOST.replace('id: drop', 'id: drop\n  sex2: { use: generalize.date, to: year, from: sex }')
    const cwd = folder({ 'p.yaml': dated, 'in.csv': CSV })
    const args = ['batch', 'in.csv', '-p', 'p.yaml', '-o', 'out.csv', '--dead-letter', 'd.ndjson']
    const ended = await warm([...args, '--max-dead-letters', '3'], { cwd })
    expect([ended.stderr, ended.code]).toEqual([ended.stderr, 3])
    expect(readdirSync(cwd).sort()).toEqual(['d.ndjson', 'in.csv', 'p.yaml'])
    expect(read(cwd, 'd.ndjson').trimEnd().split('\n')).toHaveLength(10)
  })

  it('refuses inputs that change between its passes', async () => {
    const cwd = folder({ 'p.yaml': MOST, 'in.csv': CSV })
    const ended = deidentifyFiles({
      inputs: [join(cwd, 'in.csv')],
      output: join(cwd, 'out.csv'),
      policy: join(cwd, 'p.yaml'),
      // One of a class that was large enough is another's now.
      onProgress: () => writeFileSync(join(cwd, 'in.csv'), CSV.replace('c,12,f', 'a,12,f')),
    })
    await expect(ended).rejects.toMatchObject({ code: 'input-changed' })
    expect(readdirSync(cwd).sort()).toEqual(['in.csv', 'p.yaml'])
  })

  it('refuses what it cannot judge, before anything is read', async () => {
    const cwd = folder({
      'p.yaml': POLICY.replace('id: drop', 'id: drop\n  at: { use: generalize.date, to: year }'),
      'in.csv': CSV,
      'in.ndjson': '{}\n',
    })
    for (const args of [
      ['batch', '-', '--format', 'csv', '-o', 'out.csv'],
      ['batch', 'in.csv', '-o', '-'],
      ['batch', 'in.ndjson', '-o', 'out.ndjson', '--change', 'debezium'],
      ['measure', '-', '--format', 'json'],
    ]) {
      const ended = await warm([...args, '-p', 'p.yaml'], { cwd, input: CSV })
      expect([args, ended.code]).toEqual([args, 2])
      if (args[0] === 'batch') expect(ended.stderr).toContain('the policy states `crowd:`')
    }
    expect(readdirSync(cwd).sort()).toEqual(['in.csv', 'in.ndjson', 'p.yaml'])
  })

  it('refuses to add a replay to what left', async () => {
    const dated = MOST.replace('60%', '70%').replace(
      'id: drop',
      'id: drop\n  born: { use: generalize.date, to: year }',
    )
    const cwd = folder({
      'p.yaml': dated,
      'in.csv': `${CSV.replaceAll('\n', ',2000-01-01\n').replace('illness,2000-01-01', 'illness,born')},no date\n`,
    })
    const files = [
      '--summary',
      's.json',
      '--dead-letter',
      'd.ndjson',
      '-o',
      'out.csv',
      '--max-dead-letters',
      '9',
    ]
    expect((await warm(['batch', 'in.csv', '-p', 'p.yaml', ...files], { cwd })).code).toBe(3)
    const ended = await warm(
      [
        'replay',
        'in.csv',
        '--dead-letter',
        'd.ndjson',
        '--summary',
        's.json',
        '-p',
        'p.yaml',
        '-o',
        'more.csv',
      ],
      { cwd },
    )
    expect([ended.stderr, ended.code]).toEqual([ended.stderr, 2])
    expect(ended.stderr).toContain('a replay reads dead letters alone')
  })
})

const CASES = `cases:
  - name: a row
    input: { id: a, zip: "10", sex: f, illness: flu }
    expect: { zip: "1", sex: f, illness: flu }
`
