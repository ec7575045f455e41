/** A batch that is told of legal holds leaves held files as they are. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { folder, warm } from './lethe.ts'

const POLICY = `policy: p
version: 1
purpose: train_ai_system
time: at
fields: { at: keep, n: keep }
`
const IN = 'at,n\n2026-01-05T10:00:00Z,1\nnone\n'
const WHO = ['--owner', 'legal', '--reason', 'case 512, all of it', '--expires', '2999-01-01']
const HOLDS = ['--holds', 'holds.ndjson']

async function place() {
  const cwd = folder({ 'p.yaml': POLICY, 'in.csv': IN })
  const run = (...args: string[]) => warm(args, { cwd })
  const batch = (...args: string[]) =>
    run(
      'batch',
      'in.csv',
      '-p',
      'p.yaml',
      '--dead-letter',
      'dead.ndjson',
      '--max-dead-letters',
      '9',
      '-q',
      ...args,
    )
  await batch('-o', 'out.csv', '--summary', 'run.json')
  const texts = () =>
    ['out.csv', 'out.csv.lethe.json', 'dead.ndjson', 'run.json'].map((name) =>
      readFileSync(join(cwd, name), 'utf8'),
    )
  return { cwd, run, batch, texts }
}

describe('batch --holds', () => {
  it.each([
    ['a file', ['--target', 'out.csv'], 'out.csv'],
    ['its folder', ['--target', '.'], 'out.csv'],
    [
      'a span of time, whose rows it does not read',
      ['--from', '2025-01-01', '--until', '2025-02-01'],
      'out.csv',
    ],
    ['the list of dead letters', ['--target', 'dead.ndjson'], 'dead.ndjson'],
  ])('does not replace what is held by %s', async (_, what, name) => {
    const { cwd, run, batch, texts } = await place()
    await run('hold', 'add', ...HOLDS, ...what, ...WHO)
    const before = texts()
    const names = readdirSync(cwd)
    writeFileSync(join(cwd, 'in.csv'), 'at,n\n2026-01-05T10:00:00Z,2\n')
    const { code, stderr } = await batch('-o', 'out.csv', ...HOLDS)
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(
        /is under the legal hold h[0-9a-f]{8}, .*; nothing was read\n {2}-> name another output/,
      ),
    ])
    expect(stderr).toContain(join(cwd, name))
    expect(texts()).toEqual(before)
    expect(readdirSync(cwd)).toEqual(names)
    const again = [
      'replay',
      'in.csv',
      '--dead-letter',
      'dead.ndjson',
      '--summary',
      'run.json',
      '-p',
      'p.yaml',
    ]
    writeFileSync(join(cwd, 'in.csv'), IN)
    if (name === 'out.csv') {
      expect(await run(...again, '-o', 'out.csv', ...HOLDS)).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('legal hold'),
      })
      expect(texts()).toEqual(before)
    }
    expect((await batch('-o', 'other.csv', '--dead-letter', 'other.ndjson', ...HOLDS)).code).toBe(3)
  })

  it('replaces what no hold is on, says where there is no file of holds, and does not write over it', async () => {
    const { run, batch, texts } = await place()
    const missing = await batch('-o', 'out.csv', ...HOLDS)
    expect([missing.code, missing.stderr]).toEqual([
      4,
      expect.stringContaining('-> name the file of `lethe hold add`'),
    ])
    await run('hold', 'add', ...HOLDS, '--target', 'elsewhere.csv', ...WHO)
    expect((await batch('-o', 'out.csv', '--summary', 'holds.ndjson', ...HOLDS)).stderr).toContain(
      'would be overwritten',
    )
    const [before] = texts()
    expect((await batch('-o', 'out.csv', ...HOLDS)).code).toBe(3)
    expect(texts()[0]).toBe(before)
  })
})

it('hold add says that nothing stands under the name of its target', async () => {
  const { run } = await place()
  const typo = await run('hold', 'add', ...HOLDS, '--target', 'ot.csv', ...WHO)
  expect([typo.code, typo.stderr]).toEqual([0, expect.stringMatching(/nothing stands at \S+ot\.csv now/)])
  expect((await run('hold', 'add', ...HOLDS, '--target', 'out.csv', ...WHO)).stderr).not.toContain(
    'nothing stands',
  )
})

it('says of a retention step that met nothing that no record may be so old', async () => {
  const cwd = folder({
    'p.yaml': `${POLICY}retention: { steps: [{ after: 100d, fields: { n: mask.null } }] }\n`,
    'in.csv': 'at,n\n2026-01-05T10:00:00Z,1\n',
  })
  const { stderr } = await warm(
    ['batch', 'in.csv', '-p', 'p.yaml', '-o', 'out.csv', '--as-of', '2026-01-06'],
    { cwd },
  )
  expect(stderr.match(/warning: .*/g)).toEqual([
    expect.stringMatching(/n mask\.null after 100d never met a value: is no record so old/),
  ])
})
