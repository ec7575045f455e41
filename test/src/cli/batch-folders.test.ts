/** Folders as inputs, and as outputs that are not there yet. */
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { batch, place } from './batch-inputs.ts'
import { warm } from './lethe.ts'

const LINE = '{"id":"x","name":"y","note":"z"}\n'

/** A folder `in` with these files. */
function given(files: Readonly<Record<string, string>>): string {
  const cwd = place()
  for (const [name, text] of Object.entries(files)) {
    const path = join(cwd, 'in', name)
    mkdirSync(join(path, '..'), { recursive: true })
    writeFileSync(path, text)
  }
  return cwd
}

const FILES = {
  'b.ndjson': LINE,
  'a/x.ndjson': LINE.repeat(2),
  'a.ndjson': LINE.repeat(3),
  'a/deep/x.csv': 'id,name,note\n1,2,3\n',
  // No data: hidden, marks of other systems, sidecars.
  '.hidden.ndjson': 'ZqCanary',
  _SUCCESS: '',
  '_temporary/part.ndjson': 'ZqCanary',
  'a.ndjson.lethe.json': 'ZqCanary',
}

const below = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.lethe.json'))
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort()

describe('a folder as input', () => {
  it('is all files with records below it, by their names; outputs stand as they do, in a folder that is made', async () => {
    const cwd = given(FILES)
    const { code, stderr } = await batch(cwd, ['in', '-o', 'new/clean/', '--summary', 'run.json'])
    expect([code, stderr], stderr).toEqual([0, expect.any(String)])
    const { inputs } = JSON.parse(readFileSync(join(cwd, 'run.json'), 'utf8'))
    // As objects below a prefix: by bytes of the whole name.
    const sizes = ['a.ndjson', 'a/deep/x.csv', 'a/x.ndjson', 'b.ndjson'].map(
      (name) => FILES[name as keyof typeof FILES].length,
    )
    expect(inputs.map(({ bytes }: { bytes: number }) => bytes)).toEqual(sizes)
    expect(below(join(cwd, 'new/clean'))).toEqual(['a.ndjson', 'a/deep/x.csv', 'a/x.ndjson', 'b.ndjson'])
    expect(readFileSync(join(cwd, 'new/clean/a/x.ndjson'), 'utf8').trimEnd().split('\n')).toHaveLength(2)
    const manifest = ['manifest', 'in', '-p', 'policy.yaml', '--keys', 'keys.json', '-o', 'm.json']
    expect((await warm(manifest, { cwd })).code).toBe(0)
    const { files } = JSON.parse(readFileSync(join(cwd, 'm.json'), 'utf8'))
    expect(files.map(({ bytes }: { bytes: number }) => bytes)).toEqual(sizes)
    // A sample is its first file.
    expect((await warm(['init', '--from', 'in'], { cwd })).stderr).toContain('3 records of in')
    const explained = await warm(['explain', '-p', 'policy.yaml', 'in'], { cwd })
    expect([explained.code, explained.stdout]).toEqual([0, expect.stringContaining('"x"')])
  })

  it('goes into one file too', async () => {
    const cwd = given({ 'b.ndjson': LINE, 'a/b.ndjson.gz': LINE, 'c.json': `[${LINE}]` })
    expect((await batch(cwd, ['in/', '-o', 'out.ndjson'])).code).toBe(0)
    expect(readFileSync(join(cwd, 'out.ndjson'), 'utf8').trimEnd().split('\n')).toHaveLength(3)
  })

  it('is refused where a name tells no format, a link stands there, nothing does, or outputs would', async () => {
    const cwd = given({ 'a.ndjson': LINE, 'notes.txt': 'x' })
    const refused = async (args: readonly string[], why: string, code: number): Promise<void> => {
      const ended = await batch(cwd, args)
      expect([ended.code, ended.stderr]).toEqual([code, expect.stringContaining(why)])
    }
    await refused(['in', '-o', 'o.ndjson'], 'in/notes.txt: the name does not tell a format', 2)
    mkdirSync(join(cwd, 'links'))
    symlinkSync('../in/a.ndjson', join(cwd, 'links/a.ndjson'))
    await refused(['links', '-o', 'o.ndjson'], 'links/a.ndjson is a link', 2)
    mkdirSync(join(cwd, 'none/_temporary'), { recursive: true })
    await refused(['none', '-o', 'o.ndjson'], 'no file with records lies below none', 4)
    mkdirSync(join(cwd, 'one'))
    writeFileSync(join(cwd, 'one/a.ndjson'), LINE)
    await refused(['one', '-o', 'one/clean/'], 'lies in the folder', 2)
    await refused(['one', '-o', 'one/'], 'lies in the folder', 2)
    expect(below(cwd).filter((name) => name.startsWith('o'))).toEqual(['one/a.ndjson'])
  })
})

describe('an output folder that is not there', () => {
  it('is made, and goes again where the run leaves nothing', async () => {
    const cwd = place({ 'in.ndjson': LINE, 'bad.ndjson': `${LINE}no json\n` })
    expect((await batch(cwd, ['in.ndjson', '-o', 'a/b/', '--dry-run'])).code).toBe(0)
    expect(existsSync(join(cwd, 'a'))).toBe(false)
    const { code } = await batch(cwd, ['bad.ndjson', '-o', 'a/b/', '--max-dead-letters', '0'])
    expect(code).toBe(3)
    expect(existsSync(join(cwd, 'a'))).toBe(false)
    expect((await batch(cwd, ['in.ndjson', '-o', 'a/b/'])).code).toBe(0)
    expect(below(join(cwd, 'a'))).toEqual(['b/in.ndjson'])
  })

  it('says of too many dead letters which rules could not take values', async () => {
    const policy =
      'policy: p\nversion: 1\npurpose: train_ai_system\nfields:\n  born: { use: generalize.date, to: year }\n'
    const cwd = place({ 'in.csv': 'born\nZqCanary\nZqCanary 2\n', 'policy.yaml': policy })
    const { code, stderr } = await batch(cwd, ['in.csv', '-o', 'out.csv', '--max-dead-letters', '0', '-q'])
    expect(code).toBe(3)
    expect(stderr).toContain(
      '`born generalize.date` could not take 2 values (unparsable): say by `else:` what follows',
    )
    expect(stderr).not.toContain('ZqCanary')
    // Whose `else:` takes them has made no dead letter.
    const taken = policy.replace('to: year', 'to: year, else: null') + '  n: { use: keep, type: integer }\n'
    const other = place({ 'in.csv': 'born,n\nZqCanary,ZqCanary\n', 'policy.yaml': taken })
    const { stderr: advice } = await batch(other, [
      'in.csv',
      '-o',
      'out.csv',
      '--max-dead-letters',
      '0',
      '-q',
    ])
    expect(advice).toContain('-> `n keep` could not take 1 value (not-of-type): say')
  })
})
