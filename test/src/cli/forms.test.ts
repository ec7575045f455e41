/** What runs write beside their outputs, against the JSON Schemas that are published, and what 0.1.0 wrote. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readSummary } from '../../../src/batch/read-summary.ts'
import { fileDeadLetterForm } from '../../../src/forms/dead-letters.ts'
import { formSchemas } from '../../../src/forms/json-schemas.ts'
import { fits, type Schema } from '../draft-07.ts'
import { batch, ndjsonOf, place, rows } from './batch-inputs.ts'
import { folder } from './lethe.ts'

const open = formSchemas() as Readonly<Record<string, Schema>>
const closed = formSchemas({ closed: true }) as Readonly<Record<string, Schema>>
const form = (name: string) => ({
  takes: (value: unknown) => fits(value, open[`${name}.schema.json`]!, open[`${name}.schema.json`]!),
  knows: (value: unknown) => fits(value, closed[`${name}.schema.json`]!, closed[`${name}.schema.json`]!),
})

const json = (cwd: string, file: string): Record<string, unknown> =>
  JSON.parse(readFileSync(join(cwd, file), 'utf8'))

describe('the form of a summary and of dead letters', () => {
  it('holds every member that a batch writes, and takes members of later versions', async () => {
    const cwd = place()
    const args = ['--dead-letter', 'dead.ndjson', '--summary', 'run.json', '--max-dead-letters', '5']
    writeFileSync(join(cwd, 'c.ndjson'), `${ndjsonOf(rows(3))}not json\n{"id":"C-1"\n`)
    const { code, stderr } = await batch(cwd, ['c.ndjson', '-o', 'out.ndjson', ...args])
    expect(code, stderr).toBe(3)
    const summary = json(cwd, 'run.json')
    expect(form('summary').knows(summary)).toBe(true)
    expect(form('summary').takes({ ...summary, later: 1 })).toBe(true)
    expect(form('summary').knows({ ...summary, later: 1 })).toBe(false)
    for (const member of Object.keys(summary).filter((name) => name !== 'deadLetterFile')) {
      const { [member]: _, ...others } = summary
      expect([member, form('summary').takes(others)]).toEqual([member, false])
    }
    const lines = readFileSync(join(cwd, 'dead.ndjson'), 'utf8').trimEnd().split('\n')
    expect(lines).toHaveLength(2)
    for (const line of lines) {
      expect(form('dead-letter').knows(JSON.parse(line))).toBe(true)
      expect(JSON.parse(line)).toMatchObject({ v: 1 })
    }
  })

  it('takes what 0.1.0 wrote where it is read', () => {
    const fingerprint = 'ab'.repeat(32)
    const policy = { name: 'p', version: 1, purpose: 'train_ai_system', fingerprint, platform: '' }
    const records = { in: 1, published: 1, suppressed: {}, deadLettered: {}, blank: 0 }
    const rules = [{ rule: 'a keep', applied: 1, absent: 0, null: 0, failed: 0 }]
    const inputs = [{ input: 1, format: 'csv', bytes: 10, records: 1 }]
    const head = { lethe: 'summary', v: 1, version: '0.1.0', status: 'done', dryRun: false }
    const cwd = folder({
      'run.json': JSON.stringify({
        ...head,
        policy,
        keys: [],
        asOf: '2026-01-01T00:00:00.000Z',
        inputs,
        records,
        unlisted: 0,
        rules,
        warnings: [],
      }),
    })
    expect(readSummary(join(cwd, 'run.json'))).toMatchObject({
      status: 'done',
      policy: { name: 'p', fingerprint },
    })
    const line = { input: 1, line: 2, code: 'bad-utf8', policy: `p@1#${fingerprint}` }
    expect(fileDeadLetterForm.safeParse(line).success).toBe(true)
    expect(form('dead-letter').takes(line)).toBe(true)
    expect(form('dead-letter').takes({ ...line, v: 2 })).toBe(false)
  })

  it('of a summary that another version wrote is refused by its number', () => {
    const cwd = folder({ 'run.json': JSON.stringify({ lethe: 'summary', v: 2 }) })
    expect(() => readSummary(join(cwd, 'run.json'))).toThrow(/that this version reads/)
  })
})
