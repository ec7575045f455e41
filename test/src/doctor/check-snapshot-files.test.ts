/** What `lethe doctor` says of the files of snapshots. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { checkSnapshots } from '../../../src/doctor/check-snapshot-files.ts'
import { Report } from '../../../src/doctor/finding.ts'
import { folder } from '../cli/lethe.ts'

it('tells whether each can be written, and what stands there', () => {
  const at = folder({ 'not-one': 'notes\n', one: '{"lethe":"snapshot","v":1,"by":"x"}\n', empty: '' })
  mkdirSync(join(at, 'dir'))
  const findings = (snapshot: string | undefined) => {
    const report = new Report()
    const place = { topic: 't', maxLag: 1000, snapshot: snapshot && join(at, snapshot) }
    checkSnapshots(report, {
      tables: new Map<string, string | typeof place>([
        ['a', place],
        ['b', 'file'],
      ]),
    })
    return report.findings.map(({ level, what }) => [level, what.replaceAll(at, '')])
  }
  expect(findings(undefined)).toEqual([])
  const there = expect.stringMatching(/can be written to .*; one is there, written \d+ ?s ago/)
  expect(findings('one')).toEqual([['ok', there]])
  expect(findings('empty')).toEqual([['ok', there]])
  expect(findings('none')).toEqual([['ok', expect.stringContaining('none is there yet')]])
  expect(existsSync(join(at, 'none'))).toBe(false)
  for (const name of ['not-one', 'dir'])
    expect(findings(name)).toEqual([['warning', expect.stringContaining('is something else')]])
  for (const name of ['no/one', 'one/one'])
    expect(findings(name)).toEqual([['warning', expect.stringMatching(/the folder .* is not there/)]])
  writeFileSync(join(at, 'one'), 'notes')
  expect(findings('one')).toMatchObject([['warning', expect.anything()]])
})
