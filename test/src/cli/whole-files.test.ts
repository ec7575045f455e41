/** What commands write stands there whole, or what stood there before stays; and what they say of it is so. */

import { spawnSync } from 'node:child_process'
import { existsSync, lstatSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { writeWhole } from '../../../src/files/whole-file.ts'
import { folder, lethe, root, script, warm } from './lethe.ts'

const CSV = `${Array.from({ length: 30 }, (_, i) => `column_${i}`).join(',')}\n${'1,'.repeat(29)}1\n`

describe.runIf(process.platform !== 'win32')('a draft on a disk that is full', () => {
  /** A limit on the size of files stands for the disk: one block, which is less than a draft. */
  const init = (cwd: string, ...more: string[]) =>
    spawnSync(
      'sh',
      [
        '-c',
        'ulimit -f 1; exec "$0" "$@"',
        process.execPath,
        script,
        'init',
        '--from',
        'in.csv',
        '-o',
        'p.yaml',
        ...more,
      ],
      { cwd, encoding: 'utf8' },
    )

  it('leaves nothing (study, no. 40)', () => {
    const cwd = folder({ 'in.csv': CSV })
    const { status, stderr } = init(cwd)
    expect([status, stderr]).toEqual([4, expect.stringContaining('p.yaml cannot be written: it is larger')])
    expect(stderr).toContain('nothing was left under its name')
    expect(readdirSync(cwd)).toEqual(['in.csv'])
  })

  it('leaves the older draft as it was, and says so', () => {
    const cwd = folder({ 'in.csv': CSV, 'p.yaml': 'older' })
    const { status, stderr } = init(cwd, '--force')
    expect([status, stderr]).toEqual([4, expect.stringContaining('is the older file, as it was')])
    expect(readdirSync(cwd)).toEqual(['in.csv', 'p.yaml'])
    expect(readFileSync(join(cwd, 'p.yaml'), 'utf8')).toBe('older')
  })

  it.runIf(existsSync('/dev/full'))('is told of a device', async () => {
    const cwd = folder({ 'in.csv': CSV })
    const { code, stderr } = await lethe(['init', '--from', 'in.csv', '-o', '/dev/full', '--force'], { cwd })
    expect([code, stderr]).toEqual([4, 'lethe: /dev/full cannot be written: the disk is full\n'])
  })
})

it('goes where a link leads, and the link stays', async () => {
  const cwd = folder({ 'there.txt': 'older' })
  const link = join(cwd, 'link.txt')
  symlinkSync('there.txt', link)
  await writeWhole(link, 'newer')
  expect(lstatSync(link).isSymbolicLink()).toBe(true)
  expect(readFileSync(join(cwd, 'there.txt'), 'utf8')).toBe('newer')
  expect(readdirSync(cwd)).toEqual(['link.txt', 'there.txt'])
})

describe('a batch that fails', () => {
  const POLICY =
    'policy: p\nversion: 1\npurpose: train_ai_system\nfields:\n  n: { use: generalize.date, to: day }\n'
  const batch = (cwd: string, ...out: string[]) =>
    warm(['batch', 'a.csv', '-p', 'p.yaml', '--max-dead-letters', '0', '-q', ...out], { cwd })

  it('says that no output was left, or that the older one stands', async () => {
    const cwd = folder({ 'p.yaml': POLICY, 'a.csv': 'n\nx\n' })
    const first = await batch(cwd, '-o', 'out.csv')
    expect([first.code, first.stderr]).toEqual([3, expect.stringContaining('read; no output was left\n')])
    writeFileSync(join(cwd, 'out.csv'), 'n\n2026-01-01\n')
    const again = await batch(cwd, '-o', 'out.csv')
    expect(again.stderr).toMatch(
      /read; no output was left; what stands at \S*out\.csv is an older one, as it was\n/,
    )
    expect(readFileSync(join(cwd, 'out.csv'), 'utf8')).toBe('n\n2026-01-01\n')
  })

  it('says that standard output got a part', async () => {
    const cwd = folder({ 'p.yaml': POLICY, 'a.csv': 'n\n2026-01-01\nx\n' })
    const { stderr, stdout } = await batch(cwd, '-o', '-')
    expect(stderr).toContain('read; what standard output was given is no whole output: discard it\n')
    expect(stdout).toBe('n\n')
  })
})

it('goes through one writer', () => {
  const writers = ['src/cli', 'src/run', 'src/init', 'src/explain', 'src/doctor'].flatMap((room) =>
    readdirSync(join(root, room), { recursive: true, encoding: 'utf8' })
      .filter((name) =>
        /\bwriteFile(?:Sync)?\(/.test(
          name.endsWith('.ts') ? readFileSync(join(root, room, name), 'utf8') : '',
        ),
      )
      .map((name) => `${room}/${name}`),
  )
  // Into a new, empty folder; files of this repository; and a file that goes when it was read.
  expect(writers.sort()).toEqual(['src/cli/demo.ts', 'src/cli/generate.ts', 'src/explain/parquet-cases.ts'])
})
