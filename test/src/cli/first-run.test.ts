/** What a newcomer meets first: drafts, explanations and runs that nobody has tuned yet. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { batch, place } from './batch-inputs.ts'
import { folder, root, warm } from './lethe.ts'

const HEAD = 'policy: p\nversion: 1\npurpose: train_ai_system\nfields:\n'

describe('a first run of lethe batch', () => {
  it('names the delimiter where the header came out as one column', async () => {
    const cwd = place({ 'in.csv': 'id;name;note\n1;a;b\n' })
    const { code, stderr } = await batch(cwd, ['in.csv', '-o', 'out.csv'])
    expect(code).toBe(2)
    expect(stderr).toContain("say --delimiter ';'\n")
    const again = await batch(cwd, ['in.csv', '-o', 'out.csv', '--delimiter', ';'])
    expect(again.code).toBe(0)
  })

  it('goes the way that the README shows, from a file to a verified output', async () => {
    const readme = readFileSync(join(root, 'README.md'), 'utf8')
    const block = /```sh\n(lethe init [\s\S]*?)```/.exec(readme)![1]!
    const commands = [...block.matchAll(/^lethe ([^#>\n]*)/gm)].map(([, args]) => args!.trim().split(/ +/))
    expect(commands.map(([name]) => name)).toEqual(['init', 'lint', 'explain', 'keys', 'batch', 'verify'])
    const people = Array.from({ length: 60 }, (_, i) => `C-${i},open,p${i}@example.com\n`)
    const cwd = folder({ 'events.csv': `customer_id,status,email\n${people.join('')}` })
    for (const args of commands) {
      const { code, stderr } = await warm(args, { cwd })
      expect({ args, code, stderr: code === 0 ? '' : stderr }).toEqual({ args, code: 0, stderr: '' })
      // What a person decides.
      const policy = join(cwd, 'policy.yaml')
      if (args[0] === 'init')
        writeFileSync(policy, readFileSync(policy, 'utf8').replace(/(: |use: )undecided/g, '$1drop'))
    }
    expect(readFileSync(join(cwd, 'out.csv'), 'utf8')).not.toContain('@')
  })

  it('refuses an output whose name promises another format', async () => {
    const cwd = place({ 'in.csv': 'id\n1\n' })
    const { code, stderr } = await batch(cwd, ['in.csv', '-o', 'out.ndjson'])
    expect(code).toBe(2)
    expect(stderr).toContain('the output of CSV is CSV\n  -> name it .csv\n')
    expect((await batch(cwd, ['in.csv', '-o', 'out.txt'])).code).toBe(0)
  })

  it('says of a folder what in it is no input', async () => {
    const { code, stderr } = await batch(place(), ['.', '-o', 'out.csv'])
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining('lethe: policy.yaml: the name does not tell a format'),
    })
  })

  it('blames no path where every record was dead-lettered before', async () => {
    const cwd = place({
      'policy.yaml': `${HEAD}  at: { use: generalize.date, to: day }\n  note: keep\n`,
      'bad.ndjson': '{"at":"once","note":"x"}\n',
      'good.ndjson': '{"at":"2024-07-15"}\n',
    })
    const bad = await batch(cwd, ['bad.ndjson', '-o', 'out.ndjson'])
    expect(bad.code).toBe(3)
    expect(bad.stderr).not.toContain('warning')
    expect((await batch(cwd, ['good.ndjson', '-o', 'out.ndjson'])).stderr).toContain(
      'warning: the rule for note',
    )
  })
})

describe('a first look with lethe explain', () => {
  it('makes up values in the format that a rule states, and says what is left out', async () => {
    const cwd = folder({
      'p.yaml':
        `${HEAD}  ordered: { use: generalize.date, to: hour, format: date-time, zone: UTC }\n` +
        '  seen: { use: generalize.date, to: day, format: epoch-milliseconds }\n  gone: drop\n',
    })
    const { stdout } = await warm(['explain', '-p', 'p.yaml'], { cwd })
    expect(stdout).toContain('the record is published')
    expect(stdout).toMatch(/^gone\n(?: {2}.*\n)*? {2}after +\(left out\)$/m)
    // No role was stated: that is not to say that the field identifies nobody.
    expect(stdout).toMatch(/^gone\n {2}is +nothing that the policy calls identifying$/m)
  })
})
