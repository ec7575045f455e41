import { afterEach, expect, it, vi } from 'vitest'
import { reportError } from '../../../src/cli/report-error.ts'
import { LetheError } from '../../../src/errors.ts'

let written = ''
vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
  written += String(text)
  return true
})
afterEach(() => {
  written = ''
})

it('prints the message and the way out of an error meant for people', () => {
  expect(reportError(new LetheError(2, 'no keys', 'give --keys FILE'))).toBe(2)
  expect(written).toContain('no keys\n  -> give --keys FILE\n')
})

it('calls anything else a defect, says where, and withholds its text', () => {
  const text = 'anna@example.com\n    at /anna@example.com:1:1\nanna'
  expect(reportError(new TypeError(text))).toBe(4)
  expect(written).toContain('defect of Lethe (TypeError)')
  expect(written).toMatch(/at \S*report-error\.test\.ts:\d+:\d+/)
  expect(written).not.toContain('anna')
})

it('says nothing of a thrown value that is no error', () => {
  expect(reportError('anna@example.com')).toBe(4)
  expect(written).not.toContain('anna')
})

it('names the call and the path of a system error', () => {
  const error = Object.assign(new Error('x'), { code: 'ENOENT', syscall: 'open', path: 'data.csv' })
  expect(reportError(error)).toBe(4)
  expect(written).toContain('ENOENT on open data.csv')
})
