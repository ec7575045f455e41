/** What `lethe init` proposes for `input:`, from what it sees. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { folder, warm } from './lethe.ts'

const rows = (word: string): string =>
  Array.from(
    { length: 60 },
    (_, i) => `${i};${i % 3 === 0 ? word : 'größe'};${i % 4 === 0 ? '\\N' : 'x'}\r\n`,
  ).join('')
const TABLE = `n;maß;w\r\n${rows('NULL')}`

it.each([
  ['windows-1252', Buffer.from(TABLE, 'latin1'), 'input:\n  encoding: windows-1252\n  delimiter: ";"\n'],
  [
    'UTF-16 by its mark, and sep=',
    Buffer.from(`\ufeffsep=;\r\n${TABLE}`, 'utf16le'),
    'input:\n  delimiter: ";"\n',
  ],
])('is the encoding, the delimiter and the words for nothing of a file in %s', async (_, bytes, input) => {
  const cwd = folder({ 'in.csv': bytes })
  const { code, stderr } = await warm(['init', '--from', 'in.csv', '-o', 'p.yaml'], { cwd })
  expect([code, stderr]).toEqual([0, expect.stringContaining('60 records')])
  const draft = readFileSync(join(cwd, 'p.yaml'), 'utf8')
  expect(draft).toContain(input)
  expect(draft).toContain('each was met: "NULL" 20, "\\\\N" 15.')
  expect(draft).toContain('  nulls: ["NULL", "\\\\N"]\n')
  expect((await warm(['lint', 'p.yaml'], { cwd })).stdout).not.toMatch(/bad-input|yaml-/)
})

it('is nothing where a file needs nothing, and no draft where no row can be read', async () => {
  const cwd = folder({ 'a.csv': 'n,w\n1,x\n', 'z.csv': 'PK\x03\x04', 'bad.csv': 'a,b,c\n1\n2,3\n4,5,6,7\n' })
  expect((await warm(['init', '--from', 'a.csv'], { cwd })).stdout).not.toContain('input:')
  const bad = await warm(['init', '--from', 'bad.csv'], { cwd })
  expect([bad.code, bad.stdout, bad.stderr]).toEqual([2, '', expect.stringContaining('--skip-lines')])
  expect((await warm(['init', '--from', 'z.csv'], { cwd })).stderr).toContain('this is a ZIP archive')
})

it('is what the options say, where they say it', async () => {
  const cwd = folder({ 'in.csv': 'made by hand\n1#"x\n! no row\n2#y\n' })
  const flags = [
    '--delimiter',
    '#',
    '--quote',
    'none',
    '--skip-lines',
    '1',
    '--comment',
    '!',
    '--header',
    'n,w',
  ]
  const { code, stdout, stderr } = await warm(['init', '--from', 'in.csv', ...flags], { cwd })
  expect([code, stderr]).toEqual([0, expect.stringContaining('read 2 records')])
  for (const line of ['delimiter: "#"', 'quote: none', 'skipLines: 1', 'comment: "!"', 'header: ["n", "w"]'])
    expect(stdout).toContain(`  ${line}\n`)
  const both = await warm(['init', '--from', 'in.csv', '--quote', 'none', '--escape', 'backslash'], { cwd })
  expect([both.code, both.stderr]).toEqual([2, expect.stringContaining('nothing to escape')])
})

it('says of a text dump of a database that its backslashes stay, and takes zero dates for nothing', async () => {
  const dump = Array.from(
    { length: 60 },
    (_, i) =>
      `u${i}@x.example\t${i % 2 ? '0000-00-00 00:00:00' : '2025-01-02 03:04:05'}\t${i % 3 ? 'a' : 'a\\tb'}\n`,
  ).join('')
  const cwd = folder({
    'in.tsv': `email\tlast_login\tnote\n${dump}`,
    'in.csv': `email,note\n${'a,b\\t\n'.repeat(60)}`,
  })
  const { stdout } = await warm(['init', '--from', 'in.tsv'], { cwd })
  expect(stdout).toContain('20 cells hold backslash sequences such as \\t or \\\\, ')
  expect(stdout).toContain('  last_login: { use: generalize.date, to: hour, format: date-time, zone: UTC }\n')
  expect(stdout).toContain('  nulls: ["0000-00-00 00:00:00"]\n')
  expect((await warm(['init', '--from', 'in.csv'], { cwd })).stdout).not.toContain('backslash')
})
