import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { folder, warm } from './lethe.ts'

describe('lethe demo', () => {
  it('shows before, after and the account of both files, and leaves nothing behind', async () => {
    const cwd = folder()
    const { code, stdout, stderr } = await warm(['demo', '--count', '1500'], { cwd, env: { TMPDIR: cwd } })
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

  it('keeps files in a new folder only, and makes a number of events', async () => {
    const cwd = folder({ 'kept/keys.json': 'of yesterday' })
    const again = await warm(['demo', '--keep', 'kept'], { cwd })
    expect(again.code).toBe(2)
    expect([readdirSync(join(cwd, 'kept')), readFileSync(join(cwd, 'kept/keys.json'), 'utf8')]).toEqual([
      ['keys.json'],
      'of yesterday',
    ])
    expect((await warm(['demo', '--count', 'many'], { cwd })).code).toBe(2)
  })
})
