/** `--sketch` of batches and `lethe measure --sketches`: what is merged, what is refused, and what is told. */
import { copyFileSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { formSchemas } from '../../../src/forms/json-schemas.ts'
import type { SketchMeasurement } from '../../../src/forms/sketch-measurement.ts'
import { fits, type Schema } from '../draft-07.ts'
import { folder, warm } from './lethe.ts'

const FORM = formSchemas({ closed: true })['sketch-measurement.schema.json'] as Schema
const POLICY = (more = ''): string => `policy: people
version: 1
purpose: train_ai_system
subject: id
fields:
  town: { use: generalize.prefix, keep: 3, role: quasi-identifier }
  age: { use: generalize.number, width: 5, role: quasi-identifier }
${more}`

/** Events of 300 people, two each, some in a text and some as numbers. */
const rows = Array.from({ length: 600 }, (_, n) => {
  const id = n % 300
  const age = 20 + (id % 40)
  return JSON.stringify({ id: `ZqId-${id}`, town: `ZqTown ${id % 11}`, age: n % 2 === 0 ? age : String(age) })
})

async function place(policy = POLICY()): Promise<string> {
  const cwd = folder({
    'p.yaml': policy,
    'all.ndjson': `${rows.join('\n')}\nnot json\n`,
    'a.ndjson': `${rows.slice(0, 350).join('\n')}\n`,
    'b.ndjson': `${rows.slice(300).join('\n')}\n`,
  })
  expect((await warm(['keys', 'create', 'keys.json'], { cwd })).code).toBe(0)
  return cwd
}
const batch = async (cwd: string, name: string, ...more: readonly string[]) =>
  await warm(
    [
      'batch',
      `${name}.ndjson`,
      '-p',
      'p.yaml',
      '--keys',
      'keys.json',
      '-o',
      `${name}.out.ndjson`,
      '--max-dead-letters',
      '9',
      ...more,
    ],
    { cwd },
  )
async function sketch(cwd: string, name: string, to: string, ...more: readonly string[]): Promise<void> {
  const { code, stderr } = await batch(cwd, name, '--sketch', to, ...more)
  expect([0, 3], stderr).toContain(code)
}
async function said(cwd: string, ...args: readonly string[]): Promise<SketchMeasurement> {
  const { code, stdout, stderr } = await warm(['measure', '--sketches', ...args, '--format', 'json'], { cwd })
  expect(code, stderr).toBe(0)
  expect(stdout + stderr).not.toContain('Zq')
  const measured = JSON.parse(stdout) as SketchMeasurement
  expect(fits(measured, FORM, FORM)).toBe(true)
  return measured
}

describe('sketches of batches', () => {
  it('add up to that of all files, byte for byte, and say what an exact measure says', async () => {
    const cwd = await place()
    for (const side of ['input', 'output']) {
      const as = ['--sketch-side', side]
      await sketch(cwd, 'all', `all.${side}`, ...as, '--workers', '2')
      await sketch(cwd, 'a', `a.${side}`, ...as)
      await sketch(cwd, 'b', `b.${side}`, ...as)
      const whole = await said(cwd, `all.${side}`)
      const merged = await said(cwd, `b.${side}`, `a.${side}`, '--merged', `ab.${side}`)
      expect(merged.figures).toEqual(whole.figures)
      expect(merged.sketches).toEqual({ parts: 2, open: 0 })
      // Behind the head, which says when it was made, and before the digest.
      const body = (name: string): string => {
        const bytes = readFileSync(join(cwd, name))
        return bytes.subarray(12 + bytes.readUInt32BE(8), -32).toString('hex')
      }
      expect(body(`ab.${side}`)).toBe(body(`all.${side}`))
      for (const name of ['all', 'ab'])
        expect(statSync(join(cwd, `${name}.${side}`)).mode & 0o777).toBe(0o600)
      const bytes = readFileSync(join(cwd, `all.${side}`))
      for (const canary of ['ZqId', 'ZqTown']) expect(bytes.includes(canary)).toBe(false)
      const exact = [
        'measure',
        'all.ndjson',
        '-p',
        'p.yaml',
        '--keys',
        'keys.json',
        '--side',
        side === 'input' ? 'input' : 'both',
        '--format',
        'json',
      ]
      const { stdout } = await warm(exact, { cwd })
      const { risk, sizes } = JSON.parse(stdout)[side]
      const alone = sizes.find(({ from }: { from: number }) => from === 1).classes
      expect(whole.figures).toMatchObject({
        sampled: false,
        combinations: { value: risk.classes, error: 0 },
        subjects: { value: risk.subjects },
        unique: { value: alone / risk.classes, error: 0 },
        smallestSeen: risk.k,
      })
      expect(whole.figures.atRisk.value).toBeCloseTo(risk.atRisk, 12)
      expect(whole.figures.marketer.value).toBeCloseTo(risk.average, 12)
    }
  })

  it('are refused where they are of other keys, policies or sides, damaged, or past their period', async () => {
    const cwd = await place()
    await sketch(cwd, 'a', 'a.sketch')
    await sketch(cwd, 'b', 'input.sketch', '--sketch-side', 'input')
    await warm(['keys', 'create', 'other.json'], { cwd })
    await sketch(cwd, 'b', 'other-key.sketch', '--keys', 'other.json')
    writeFileSync(join(cwd, 'p.yaml'), POLICY('  race: drop\n'))
    await sketch(cwd, 'b', 'other-policy.sketch')
    copyFileSync(join(cwd, 'a.sketch'), join(cwd, 'copy.sketch'))
    const bytes = readFileSync(join(cwd, 'a.sketch'))
    for (const [name, make] of [
      ['changed', () => bytes.with(bytes.length - 40, bytes.at(-40)! ^ 1)],
      ['cut', () => bytes.subarray(0, -1)],
      ['longer', () => Buffer.concat([bytes, Buffer.from([0])])],
      ['none', () => Buffer.from('lethesk1')],
      ['empty', () => Buffer.alloc(0)],
    ] as const)
      writeFileSync(join(cwd, `${name}.sketch`), make())
    const refused = async (code: number, text: string, ...args: readonly string[]): Promise<void> => {
      const ended = await warm(['measure', '--sketches', ...args], { cwd })
      expect([ended.code, ended.stdout], ended.stderr).toEqual([code, ''])
      expect(ended.stderr).toContain(text)
    }
    await refused(2, 'other-key.sketch has another key than a.sketch', 'a.sketch', 'other-key.sketch')
    await refused(2, 'other-policy.sketch has another policy', 'a.sketch', 'other-policy.sketch')
    await refused(2, 'input.sketch has another side', 'a.sketch', 'input.sketch')
    await refused(2, 'named twice', 'a.sketch', './a.sketch')
    await refused(4, 'gone.sketch', 'a.sketch', 'gone.sketch')
    for (const name of ['changed', 'cut', 'longer', 'none', 'empty'])
      await refused(4, `${name}.sketch is no whole sketch`, 'a.sketch', `${name}.sketch`)
    await refused(2, '--k 100', 'a.sketch', '--k', '100')
    await refused(2, 'a sketch was made under a policy already', 'a.sketch', '-p', 'p.yaml')
  })

  it('holds no limit that lies within two standard deviations, or that is not met', async () => {
    // More combinations than are kept, so that it is an estimate: half of the people share theirs with nobody.
    const cwd = await place()
    const many = Array.from({ length: 12_000 }, (_, i) => {
      const town = i < 6_000 ? i : 6_000 + (i % 1_000)
      return JSON.stringify({ id: i, town: `Town ${town}`, age: 1 })
    })
    writeFileSync(join(cwd, 'all.ndjson'), many.join('\n'))
    await sketch(cwd, 'all', 'all.sketch', '--sketch-side', 'input')
    const { figures } = await said(cwd, 'all.sketch')
    expect(figures.sampled).toBe(true)
    expect(Math.abs(figures.atRisk.value - 0.5)).toBeLessThan(4 * figures.atRisk.error)
    const judged = async (limit: string): Promise<readonly [number | null, string]> => {
      const { code, stderr } = await warm(['measure', '--sketches', 'all.sketch', '--max-at-risk', limit], {
        cwd,
      })
      return [code, stderr]
    }
    expect(await judged('80%')).toEqual([0, ''])
    expect(await judged('20%')).toEqual([1, expect.stringContaining('is not below')])
    const near = `${((figures.atRisk.value + figures.atRisk.error) * 100).toFixed(3)}%`
    expect(await judged(near)).toEqual([1, expect.stringContaining('is not known')])
  })

  it('need keys, a subject and quasi-identifiers, and leave nothing where a batch fails', async () => {
    const cwd = await place()
    const refused = async (policy: string, text: string, ...more: readonly string[]): Promise<void> => {
      writeFileSync(join(cwd, 'p.yaml'), policy)
      const { code, stderr } = await batch(cwd, 'all', '--sketch', 's', ...more)
      expect([code, stderr.includes(text)], stderr).toEqual([2, true])
      expect(() => statSync(join(cwd, 's'))).toThrow('ENOENT')
    }
    await refused(POLICY().replace('subject: id\n', ''), 'names none')
    await refused(POLICY().replaceAll(', role: quasi-identifier', ''), '`role: quasi-identifier`')
    await refused(POLICY(), 'is not a regular file', '--sketch', '-')
    writeFileSync(join(cwd, 'p.yaml'), POLICY())
    const { code } = await batch(cwd, 'all', '--sketch', 's', '--max-dead-letters', '0')
    expect(code).toBe(3)
    expect(() => statSync(join(cwd, 's'))).toThrow('ENOENT')
    const none = await warm(['batch', 'a.ndjson', '-p', 'p.yaml', '-o', 'x.ndjson', '--sketch', 's'], { cwd })
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('no keys are given')])
  })
})
