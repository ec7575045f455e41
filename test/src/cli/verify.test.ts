/** What a summary says of the files of a run, and `lethe verify`, which compares. */
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { batch, csvOf, ndjsonOf, POLICY, place, rows } from './batch-inputs.ts'
import { warm } from './lethe.ts'

const digestOf = (path: string) => ({
  bytes: statSync(path).size,
  sha256: createHash('sha256').update(readFileSync(path)).digest('hex'),
})

interface Summary {
  readonly inputs: readonly { readonly bytes: number; readonly sha256?: string }[]
  readonly outputs: readonly {
    readonly output: number
    readonly inputs: readonly number[]
    readonly bytes: number
    readonly sha256: string
  }[]
  readonly deadLetterFile?: { readonly bytes: number; readonly sha256: string }
  readonly kept: readonly unknown[]
  readonly rules: readonly { readonly rule: string; readonly use: string; readonly options?: object }[]
  readonly warnings: readonly string[]
}

const summaryOf = (cwd: string): Summary => JSON.parse(readFileSync(join(cwd, 'run.json'), 'utf8')) as Summary

describe('the summary of a batch', () => {
  it('holds size and SHA-256 of each input as read and each output as written, gzip too', async () => {
    const cwd = place({
      'a.ndjson': `\ufeff${ndjsonOf(rows(3000))}`,
      'b.csv.gz': gzipSync(csvOf(rows(4000))),
      'c.ndjson': 'not json\n',
    })
    mkdirSync(join(cwd, 'out'))
    const inputs = ['a.ndjson', 'b.csv.gz', 'c.ndjson']
    const args = [...inputs, '-o', 'out/', '--dead-letter', 'dead.ndjson', '--summary', 'run.json']
    expect((await batch(cwd, [...args, '--workers', '2', '--chunk-bytes', '5000'])).code).toBe(3)
    const summary = summaryOf(cwd)
    expect(summary.inputs.map(({ bytes, sha256 }) => ({ bytes, sha256 }))).toEqual(
      inputs.map((name) => digestOf(join(cwd, name))),
    )
    expect(summary.outputs).toEqual(
      inputs.map((name, at) => ({ output: at + 1, inputs: [at + 1], ...digestOf(join(cwd, 'out', name)) })),
    )
    expect(summary.deadLetterFile).toEqual(digestOf(join(cwd, 'dead.ndjson')))
  })

  it('holds them of standard input and output, and of one output for all', async () => {
    const cwd = place({ 'a.ndjson': ndjsonOf(rows(20)), 'b.ndjson': ndjsonOf(rows(30)) })
    const input = ndjsonOf(rows(10))
    const args = ['a.ndjson', '-', 'b.ndjson', '--format', 'ndjson', '-o', '-', '--summary', 'run.json']
    const { stdout } = await batch(cwd, args, { input })
    const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
    expect(summaryOf(cwd)).toMatchObject({
      inputs: [{}, { bytes: Buffer.byteLength(input), sha256: sha256(input) }, {}],
      outputs: [{ output: 1, inputs: [1, 2, 3], bytes: Buffer.byteLength(stdout), sha256: sha256(stdout) }],
    })
  })

  it('names no output where none was published', async () => {
    const cwd = place({ 'a.ndjson': 'x\n'.repeat(3000) })
    expect((await batch(cwd, ['a.ndjson', '-o', 'out.ndjson', '--summary', 'run.json'])).code).toBe(3)
    expect(summaryOf(cwd)).toMatchObject({ status: 'too-many-dead-letters', outputs: [] })
    expect((await batch(cwd, ['a.ndjson', '--dry-run', '--summary', 'no.json'])).code).toBe(3)
  })

  it('says what each rule does, defaults included, and lists what is kept', async () => {
    const cwd = place({ 'a.ndjson': ndjsonOf(rows(2)) })
    const { stderr } = await batch(cwd, ['a.ndjson', '-o', 'out.ndjson', '--summary', 'run.json'])
    const { rules, kept } = summaryOf(cwd)
    expect(rules.find(({ rule }) => rule === 'id hash.hmac')).toMatchObject({
      use: 'hash.hmac',
      options: { bits: 128, domain: 'id', encoding: 'base64url', normalize: 'none' },
    })
    expect(rules.find(({ rule }) => rule === 'gone drop')).toMatchObject({ use: 'drop' })
    expect(kept).toEqual([{ field: 'note', use: 'keep', role: 'other' }])
    expect(stderr).toContain('kept as they are: note')
  })
})

describe('lethe verify', () => {
  const made = async (): Promise<string> => {
    const cwd = place({ 'a.ndjson': ndjsonOf(rows(50)), 'b.ndjson': ndjsonOf(rows(70)) })
    mkdirSync(join(cwd, 'out'))
    const ended = await batch(cwd, ['a.ndjson', 'b.ndjson', '-o', 'out/', '--summary', 'run.json'])
    expect(ended.code).toBe(0)
    return cwd
  }
  const verify = (cwd: string, ...args: string[]) => warm(['verify', 'run.json', ...args], { cwd })

  it('knows the outputs by their bytes, whatever they are called, and says which', async () => {
    const cwd = await made()
    writeFileSync(join(cwd, 'renamed'), readFileSync(join(cwd, 'out/b.ndjson')))
    const both = await verify(cwd, 'out/a.ndjson', 'renamed')
    expect(both).toMatchObject({ code: 0, stderr: '' })
    expect(both.stdout).toMatch(/^out\/a\.ndjson: output 1 .*\nrenamed: output 2 /)
    const one = await warm(['verify', 'run.json', '-', '--format', 'json'], {
      cwd,
      input: readFileSync(join(cwd, 'renamed')),
    })
    expect(one.code).toBe(0)
    expect(one.stderr).toContain('not given: output 1')
    expect(JSON.parse(one.stdout)).toMatchObject({
      v: 1,
      policy: { name: 'test', version: 1 },
      files: [
        { file: '-', ok: true, is: [{ kind: 'output', number: 2 }], ...digestOf(join(cwd, 'renamed')) },
      ],
      missing: [1],
    })
  })

  it('ends with 1 for a changed byte, a missing one, and for the raw data', async () => {
    const cwd = await made()
    const bytes = readFileSync(join(cwd, 'out/a.ndjson'))
    const changed = Buffer.from(bytes)
    changed[bytes.length >> 1]! ^= 1
    writeFileSync(join(cwd, 'changed'), changed)
    writeFileSync(join(cwd, 'short'), bytes.subarray(1))
    for (const name of ['changed', 'short']) {
      const ended = await verify(cwd, 'out/a.ndjson', name)
      expect(ended).toMatchObject({ code: 1 })
      expect(ended.stdout).toContain(`${name}: is not a file of this run`)
    }
    const raw = await verify(cwd, 'a.ndjson')
    expect(raw).toMatchObject({ code: 1 })
    expect(raw.stdout).toContain('a.ndjson: input 1: raw data, and no output')
  })

  it('ends with 2 for what is not a summary, and 4 for what is not there', async () => {
    const cwd = await made()
    const run = async (...args: string[]) => (await warm(['verify', ...args], { cwd })).code
    expect(await run('policy.yaml', 'out/a.ndjson')).toBe(2)
    expect(await run('keys.json', 'out/a.ndjson')).toBe(2)
    expect(await run('run.json')).toBe(2)
    expect(await run('run.json', '-', '-')).toBe(2)
    expect(await run('run.json', 'out')).toBe(2)
    expect(await run('run.json', 'nowhere')).toBe(4)
    expect(await run('nowhere.json', 'out/a.ndjson')).toBe(4)
    const old = JSON.parse(readFileSync(join(cwd, 'run.json'), 'utf8')) as { outputs?: unknown }
    delete old.outputs
    writeFileSync(join(cwd, 'old.json'), JSON.stringify(old))
    expect(await run('old.json', 'out/a.ndjson')).toBe(2)
  })
})

describe('a policy that changed under the same version', () => {
  const CHANGED = POLICY.replace('domain: id', 'domain: id, bits: 256')

  it('is noticed by batch, where an earlier summary or list of dead letters stands', async () => {
    const cwd = place({ 'a.ndjson': `${ndjsonOf(rows(5))}x\n` })
    const outputs = ['--summary', 'run.json', '--dead-letter', 'dead.ndjson']
    const run = () => batch(cwd, ['a.ndjson', '-o', 'out.ndjson', ...outputs, '--max-dead-letters', '9'])
    expect((await run()).stderr).not.toContain('version-not-raised')
    expect((await run()).stderr).not.toContain('version-not-raised')
    writeFileSync(join(cwd, 'policy.yaml'), CHANGED)
    const { stderr } = await run()
    expect(stderr.match(/warning: version-not-raised: /g)).toHaveLength(2)
    expect(summaryOf(cwd).warnings.filter((text) => text.startsWith('version-not-raised'))).toHaveLength(2)
    writeFileSync(join(cwd, 'policy.yaml'), POLICY.replace('version: 1', 'version: 2'))
    expect((await run()).stderr).not.toContain('version-not-raised')
  })

  it('is noticed by verify -p, which then fails, and by lint of both', async () => {
    const cwd = place({
      'a.ndjson': ndjsonOf(rows(5)),
      'new.yaml': CHANGED,
      'same.yaml': `# a comment\n${POLICY}`,
    })
    await batch(cwd, ['a.ndjson', '-o', 'out.ndjson', '--summary', 'run.json'])
    const verify = (policy: string) => warm(['verify', 'run.json', 'out.ndjson', '-p', policy], { cwd })
    expect(await verify('same.yaml')).toMatchObject({ code: 0, stderr: '' })
    const other = await verify('new.yaml')
    expect(other.code).toBe(1)
    expect(other.stderr).toContain('version-not-raised')
    const lint = (...files: string[]) => warm(['lint', ...files], { cwd })
    const both = await lint('policy.yaml', 'new.yaml')
    expect(both).toMatchObject({ code: 0 })
    expect(both.stdout).toMatch(/^new\.yaml:2:10 version-not-raised warning .*in policy\.yaml/)
    expect((await lint('policy.yaml', 'same.yaml', 'policy.yaml')).stdout).toBe('')
  })
})
