import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { folder, lethe } from './lethe.ts'

describe('lethe demo', () => {
  it('shows before, after and the account of both files, and leaves nothing behind', async () => {
    const cwd = folder()
    const { code, stdout, stderr } = await lethe(['demo', '--count', '1500'], { cwd, env: { TMPDIR: cwd } })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(readdirSync(cwd)).toEqual([])
    expect(stdout.match(/^ {2}records in +1,500$/gm)).toHaveLength(2)
    expect(stdout).toMatch(/customer\.email +"[^"]+@[^"]+" +"k1\.[\w-]{22}" +hash\.hmac/)
    const [, shared, ndjson, csv] = /([\d,]+) tokens stand in both files; ([\d,]+) in .*, ([\d,]+) in /.exec(
      stdout,
    )!
    expect(Number(shared!.replace(',', ''))).toBeGreaterThan(100)
    expect([ndjson, csv]).toEqual([shared, shared])
  })

  it('keeps the files where it is asked to, in a new folder only', async () => {
    const cwd = folder()
    expect((await lethe(['demo', '--count', '200', '--keep', 'kept'], { cwd })).code).toBe(0)
    for (const name of [
      'events.csv',
      'events.ndjson',
      'clean-events.csv',
      'clean-events.ndjson',
      'keys.json',
    ])
      expect(existsSync(join(cwd, 'kept', name))).toBe(true)
    const before = readFileSync(join(cwd, 'kept/keys.json'), 'utf8')
    const again = await lethe(['demo', '--keep', 'kept'], { cwd })
    expect(again.code).toBe(2)
    expect(readFileSync(join(cwd, 'kept/keys.json'), 'utf8')).toBe(before)
    expect((await lethe(['demo', '--count', 'many'], { cwd })).code).toBe(2)
  })
})
