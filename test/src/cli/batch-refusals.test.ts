/** What `lethe batch` refuses, before or instead of output: each with its exit code, and nothing left behind. */
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  existsSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { batch, csvOf, KEYS, ndjsonOf, POLICY, place, rows } from './batch-inputs.ts'
import { type Ended, root, script, warm } from './lethe.ts'

/** Runs it, and expects `code`, this text on stderr, and no change to the folder. */
async function refused(
  cwd: string,
  run: Promise<Ended>,
  code: number,
  message: RegExp | string,
): Promise<void> {
  const before = readdirSync(cwd, { recursive: true }).sort()
  const ended = await run
  expect(ended.stderr).toMatch(message)
  expect({ code: ended.code, stdout: ended.stdout }).toEqual({ code, stdout: '' })
  expect(readdirSync(cwd, { recursive: true }).sort()).toEqual(before)
  expect(ended.stderr).not.toContain('defect')
}

describe('lethe batch refuses inputs', () => {
  it('that do not exist, or have a name that tells no format, below folders too', async () => {
    const cwd = place({ 'data.txt': 'x', 'f.csv/x': '' })
    await refused(cwd, batch(cwd, ['no.csv', '-o', 'out']), 4, 'no.csv does not exist')
    await refused(cwd, batch(cwd, ['f.csv', '-o', 'out']), 2, 'f.csv/x: the name does not tell a format')
    await refused(cwd, batch(cwd, ['data.txt', '-o', 'out']), 2, '--format')
    await refused(cwd, batch(cwd, ['-', '-o', 'out']), 2, '--format')
    await refused(cwd, batch(cwd, ['-', '-', '--format', 'csv', '-o', 'out']), 2, 'twice')
  })

  it('that are one file, whatever they are called', async () => {
    const cwd = place({ 'in.csv': csvOf(rows(3)) })
    linkSync(join(cwd, 'in.csv'), join(cwd, 'hard.csv'))
    symlinkSync('in.csv', join(cwd, 'soft.csv'))
    for (const other of ['in.csv', './in.csv', 'hard.csv', 'soft.csv'])
      await refused(
        cwd,
        batch(cwd, ['in.csv', other, '-p', 'policy.yaml', '--keys', 'keys.json', '-o', 'out.csv']),
        2,
        'would be read twice',
      )
  })

  it('that are gzip cut short, empty or damaged, whatever came before', async () => {
    const whole = gzipSync(ndjsonOf(rows(5000)))
    const damaged = Buffer.from(whole)
    damaged.fill(0xff, whole.length >> 1, (whole.length >> 1) + 50)
    const cwd = place({
      'good.ndjson': ndjsonOf(rows(3)),
      'cut.ndjson.gz': whole.subarray(0, whole.length - 9),
      'half.ndjson.gz': whole.subarray(0, whole.length >> 1),
      'empty.ndjson.gz': '',
      'damaged.ndjson.gz': damaged,
    })
    for (const name of ['cut', 'half', 'empty'])
      await refused(
        cwd,
        batch(cwd, [
          'good.ndjson',
          `${name}.ndjson.gz`,
          '-o',
          'out.ndjson',
          '--summary',
          's',
          '--dead-letter',
          'd',
        ]),
        4,
        'cut short',
      )
    await refused(cwd, batch(cwd, ['damaged.ndjson.gz', '-o', 'out.ndjson.gz']), 4, 'damaged')
  })

  it('that are packed twice, or archives', async () => {
    for (const ending of ['csv', 'ndjson']) {
      const cwd = place({
        [`twice.${ending}.gz`]: gzipSync(gzipSync(csvOf(rows(3)))),
        [`zip.${ending}`]: Buffer.from('PK\x03\x04\x14', 'latin1'),
      })
      const run = (name: string) => batch(cwd, [name, '-o', `out.${ending}`])
      await refused(cwd, run(`twice.${ending}.gz`), 2, /packed in it is gzip[\s\S]*gzip -dc/)
      await refused(cwd, run(`zip.${ending}`), 2, /ZIP[\s\S]*export the sheet as CSV/)
    }
  })

  it('whose header repeats a name of the policy, or cannot be read', async () => {
    const cwd = place({
      'twice.csv': 'id,note,id\n1,2,3\n',
      'open.csv': 'id,"no\nte\n1,2\n',
      'stray.csv': 'id,no"te\n1,2\n',
      'bytes.csv': Buffer.from('id,\xff\n1,2\n', 'latin1'),
      'other.csv': 'who,what\n1,2\n',
    })
    const run = (name: string) => batch(cwd, [name, '-o', 'out.csv'])
    await refused(cwd, run('twice.csv'), 2, /names `id`, and columns 1, 3 have that name[\s\S]*NAME\[2\]/)
    await refused(cwd, run('open.csv'), 2, 'header never closes')
    await refused(cwd, run('stray.csv'), 2, 'RFC 4180')
    await refused(cwd, run('bytes.csv'), 2, /UTF-8[\s\S]*iconv/)
    await refused(cwd, run('other.csv'), 2, 'no column of this file may leave')
    for (const name of ['twice.csv', 'other.csv'])
      expect((await run(name)).stderr).not.toMatch(/\bwho\b|\bwhat\b/)
  })

  it('with columns that a strict policy does not name', async () => {
    const cwd = place({ 'a.csv': 'id,secretcolumn\n1,2\n', 'strict.yaml': `${POLICY}unlisted: reject\n` })
    const run = warm(['batch', 'a.csv', '-p', 'strict.yaml', '--keys', 'keys.json', '-o', 'out.csv'], {
      cwd,
    })
    await refused(cwd, run, 2, 'does not name column 2')
    expect((await run).stderr).not.toContain('secretcolumn')
  })

  it('that do not go into one output: other headers, delimiters, formats', async () => {
    const cwd = place({
      'a.csv': 'id,note\n1,2\n',
      'b.csv': 'note,id\n1,2\n',
      'c.tsv': 'id\tnote\n1\t2\n',
      'd.ndjson': '{}\n',
    })
    await refused(cwd, batch(cwd, ['a.csv', 'b.csv', '-o', 'out.csv']), 2, 'header differs')
    await refused(cwd, batch(cwd, ['a.csv', 'c.tsv', '-o', 'out.csv']), 2, 'delimiter')
    await refused(cwd, batch(cwd, ['a.csv', 'd.ndjson', '-o', 'out.csv']), 2, 'CSV and JSON')
  })
})

it('lethe batch refuses a table of which two columns would have one name', async () => {
  const yaml = `${POLICY}  who: { from: id, use: mask.replace, with: x }\ncolumns: { who: id }\n`
  const cwd = place({ 'in.csv': 'who,note\n1,2\n', 'p.yaml': yaml })
  const run = warm(['batch', 'in.csv', '-p', 'p.yaml', '--keys', 'keys.json', '-o', 'out.csv'], { cwd })
  await refused(cwd, run, 2, 'two columns of the name that who gets')
})

describe('lethe batch refuses a header', () => {
  const yaml = (more = '') => `policy: test
version: 1
purpose: train_ai_system
${more}fields:
  customer_id: { use: hash.hmac, domain: id }
  email: { use: mask.replace, with: "[email]", when: { plan: [pro, free] } }
  gone: drop
`
  const run = (cwd: string, ...args: string[]) =>
    warm(['batch', ...args, '-p', 'p.yaml', '--keys', 'keys.json'], { cwd })

  it('that lacks columns which the policy names, in whichever file, and says what they may be called', async () => {
    const cwd = place({
      'a.csv': 'customer_id,email,plan\n1,a,pro\n',
      'b.csv': 'Customer ID,E-Mail,updated_at\n1,2,3\n',
      'c.csv': 'customer_id,E-Mail,plan\n1,2,3\n',
      'p.yaml': yaml(),
    })
    const missing =
      /c\.csv: the header lacks a column that the policy names: email \(did you mean column 2, "E-Mail"\?\)/
    await refused(cwd, run(cwd, 'c.csv', '-o', 'out.csv'), 2, missing)
    await refused(cwd, run(cwd, 'a.csv', 'c.csv', '-o', 'out.csv'), 2, missing)
    await refused(cwd, run(cwd, 'b.csv', '-o', 'out.csv'), 2, 'no column of this file may leave')
  })

  it('unless the policy says that it may: then the columns are absent', async () => {
    const cwd = place({ 'a.csv': 'customer_id,more\n1,2\n', 'p.yaml': yaml('optional: [email, plan]\n') })
    const { code } = await run(cwd, 'a.csv', '-o', 'out.csv')
    expect(code).toBe(0)
    expect(readFileSync(join(cwd, 'out.csv'), 'utf8')).toMatch(/^customer_id\nk1\.[\w-]{22}\n$/)
  })
})

describe('lethe batch refuses outputs', () => {
  it('that are an input, by whatever name', async () => {
    const cwd = place({ 'in.csv': csvOf(rows(3)), 'x/y': '' })
    symlinkSync('in.csv', join(cwd, 'link.csv'))
    linkSync(join(cwd, 'in.csv'), join(cwd, 'hard.csv'))
    symlinkSync('.', join(cwd, 'here'))
    for (const out of ['in.csv', './x/../in.csv', 'link.csv', 'hard.csv', 'here/in.csv', '.'])
      await refused(cwd, batch(cwd, ['in.csv', '-o', out]), 2, 'would be overwritten')
    await refused(cwd, batch(cwd, ['link.csv', '-o', 'in.csv']), 2, 'would be overwritten')
    await refused(
      cwd,
      batch(cwd, ['in.csv', '-o', 'o', '--dead-letter', 'in.csv']),
      2,
      'would be overwritten',
    )
    await refused(cwd, batch(cwd, ['in.csv', '-o', 'o', '--summary', 'hard.csv']), 2, 'would be overwritten')
    expect(readFileSync(join(cwd, 'in.csv'), 'utf8')).toBe(csvOf(rows(3)))
  })

  it('that standard input or output is redirected from or to', async () => {
    const cwd = place({ 'in.csv': csvOf(rows(3)) })
    const run = (args: readonly string[], stdio: [number | 'ignore', number | 'ignore']) =>
      spawnSync(process.execPath, [script, 'batch', ...args, '-p', 'policy.yaml', '--keys', 'keys.json'], {
        cwd,
        stdio: [...stdio, 'pipe'],
        encoding: 'utf8',
      })
    const from = openSync(join(cwd, 'in.csv'), 'r')
    const read = run(['-', '--format', 'csv', '-o', 'in.csv'], [from, 'ignore'])
    closeSync(from)
    const to = openSync(join(cwd, 'in.csv'), 'a')
    const written = run(['in.csv', '-o', '-'], ['ignore', to])
    closeSync(to)
    for (const { status, stderr } of [read, written]) {
      expect(stderr).toContain('would be overwritten')
      expect(status).toBe(2)
    }
    expect(readFileSync(join(cwd, 'in.csv'), 'utf8')).toBe(csvOf(rows(3)))
  })

  it('that are the policy or the keys', async () => {
    const cwd = place({ 'in.csv': csvOf(rows(3)) })
    await refused(cwd, batch(cwd, ['in.csv', '-o', 'policy.yaml']), 2, 'policy')
    await refused(cwd, batch(cwd, ['in.csv', '-o', 'o', '--summary', 'keys.json']), 2, 'keys')
    expect(readFileSync(join(cwd, 'keys.json'), 'utf8')).toBe(KEYS)
    expect(readFileSync(join(cwd, 'policy.yaml'), 'utf8')).toBe(POLICY)
  })

  it('named twice, in a folder that is not there, or that are no files', async () => {
    const cwd = place({ 'in.csv': csvOf(rows(3)), 'x/in.csv': csvOf(rows(3)), 'out/.keep': '' })
    symlinkSync('out', join(cwd, 'alias'))
    await refused(cwd, batch(cwd, ['in.csv', '-o', 'o.csv', '--summary', './o.csv']), 2, 'written twice')
    await refused(
      cwd,
      batch(cwd, ['in.csv', '-o', 'out/o.csv', '--summary', 'alias/o.csv']),
      2,
      'written twice',
    )
    await refused(cwd, batch(cwd, ['in.csv', 'x/in.csv', '-o', 'out/']), 2, 'written twice')
    await refused(cwd, batch(cwd, ['in.csv', '-o', 'no/o.csv']), 4, 'folder does not exist')
    await refused(cwd, batch(cwd, ['in.csv', '-o', 'in.csv/no/']), 4, 'folder does not exist')
    await refused(cwd, batch(cwd, ['in.csv', '-o', 'in.csv/o.csv']), 4, 'folder is a file')
    await refused(cwd, batch(cwd, ['in.csv', '-o', 'o.csv', '--summary', 'out']), 2, 'is a folder')
    await refused(cwd, batch(cwd, ['in.csv']), 2, 'no output is named')
  })

  it('that may not be written to', async () => {
    // Where the tests run as root, rights mean nothing; /proc takes no file from anybody.
    const cwd = place({ 'in.csv': csvOf(rows(3)) })
    await refused(cwd, batch(cwd, ['in.csv', '-o', '/proc/out.csv']), 4, 'cannot be written')
  })

  it.runIf(process.platform === 'linux')(
    'that are not regular files, rather than put a file in their place',
    async () => {
      const cwd = place({ 'in.csv': csvOf(rows(3)) })
      // Never try this with /dev/null: a Lethe that is broken would replace it.
      spawnSync('mkfifo', [join(cwd, 'pipe')])
      await refused(cwd, batch(cwd, ['in.csv', '-o', 'pipe']), 2, 'not a regular file')
      await refused(
        cwd,
        batch(cwd, ['in.csv', '-o', 'o.csv', '--dead-letter', 'pipe']),
        2,
        'not a regular file',
      )
    },
  )
})

describe('lethe batch refuses policies and keys', () => {
  const runWith = (cwd: string, policy: string, more: readonly string[] = ['--keys', 'keys.json']) =>
    warm(['batch', 'in.csv', '-p', policy, '-o', 'out.csv', ...more], { cwd })

  it('with faults in the YAML: two policies, a bomb, tabs', async () => {
    const bomb = [
      'a: &a [x,x,x,x,x,x,x,x,x]',
      ...[...'bcdefghi'].map((c, i) => `${c}: &${c} [${Array(9).fill(`*${'abcdefgh'[i]}`).join(',')}]`),
    ].join('\n')
    const cwd = place({
      'in.csv': csvOf(rows(1)),
      'two.yaml': `${POLICY}---\n${POLICY}`,
      'bomb.yaml': `${POLICY}${bomb}\n`,
      'tabs.yaml': POLICY.replace('  id:', '\tid:'),
    })
    await refused(cwd, runWith(cwd, 'two.yaml'), 2, /two\.yaml:\d+:\d+/)
    await refused(cwd, runWith(cwd, 'bomb.yaml'), 2, /bomb\.yaml:\d+:\d+/)
    await refused(cwd, runWith(cwd, 'tabs.yaml'), 2, /tabs\.yaml:\d+:\d+.*tab/)
    await refused(cwd, runWith(cwd, 'no.yaml'), 4, 'does not exist')
  })

  it('that need keys and get none, before a byte is read', async () => {
    const cwd = place()
    // Nobody writes to it: who opened it would wait for ever.
    spawnSync('mkfifo', [join(cwd, 'in.csv')])
    const run = warm(['batch', 'in.csv', '-p', 'policy.yaml', '-o', 'out.csv'], { cwd })
    await refused(cwd, run, 2, 'no keys are given; nothing was read')
  })

  it('that are published or open to others', async () => {
    const cwd = place({ 'in.csv': csvOf(rows(1)), 'open.json': '' })
    writeFileSync(join(cwd, 'open.json'), KEYS)
    chmodSync(join(cwd, 'open.json'), 0o644)
    const test = readFileSync(join(root, 'config/keys/test.keyset.json'))
    writeFileSync(join(cwd, 'test.json'), test, { mode: 0o600 })
    await refused(cwd, runWith(cwd, 'policy.yaml', ['--keys', 'test.json']), 2, 'published')
    await refused(cwd, runWith(cwd, 'policy.yaml', ['--keys', 'open.json']), 2, /others|0?600/)
  })

  it('with a hierarchy that has a hole, and a hierarchy that misses a value kills the record only', async () => {
    const yaml = (file: string) =>
      POLICY.replace(
        'note: { use: keep, lineBreaks: allow }',
        `note: { use: generalize.hierarchy, file: ${file}, level: 1 }`,
      )
    const cwd = place({
      'in.csv': 'note\nx\nmissing\n',
      'hole.yaml': yaml('hole.csv'),
      'hole.csv': 'x;a;*\ny;b\n',
      'good.yaml': yaml('good.csv'),
      'good.csv': 'x;a;*\nz;a;*\ny;b;*\nv;b;*\n',
    })
    await refused(cwd, runWith(cwd, 'hole.yaml'), 2, /hole\.yaml:\d+:\d+/)
    const { code } = await runWith(cwd, 'good.yaml')
    expect(code).toBe(3)
    expect(readFileSync(join(cwd, 'out.csv'), 'utf8')).toBe('note\na\n')
  })
})

it('lethe batch refuses options that mean nothing', async () => {
  const cwd = place({ 'in.csv': csvOf(rows(1)) })
  mkdirSync(join(cwd, 'out'))
  for (const option of [
    ['--delimiter', '"'], ['--delimiter', 'ab'], ['--delimiter', 'é'], ['--workers', '0'], ['--workers', '1.5'],
    ['--as-of', 'yesterday'], ['--as-of', '2026-13-01'], ['--max-dead-letters', '-1'], ['--max-dead-letters', '101%'],
    ['--max-record-bytes', '0'], ['--chunk-bytes', 'x'], ['--format', 'xml'],
  ]) // biome-ignore format: pairs
    expect((await batch(cwd, ['in.csv', '-o', 'out/', ...option])).code, option.join(' ')).toBe(2)
  expect(existsSync(join(cwd, 'out/in.csv'))).toBe(false)
})
