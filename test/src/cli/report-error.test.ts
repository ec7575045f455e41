import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { reportError, wantsJson } from '../../../src/cli/report-error.ts'
import { LetheError } from '../../../src/errors.ts'

let written = ''
const stderr = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
  written += String(text)
  return true
})
afterAll(() => stderr.mockRestore())
afterEach(() => {
  written = ''
})

it('prints the message and the way out of an error meant for people', () => {
  expect(reportError(new LetheError('keys-missing', 'no keys', 'give --keys FILE'))).toBe(2)
  expect(written).toContain('no keys\n  -> give --keys FILE\n')
})

it('calls anything else a defect, says where, and withholds its text', () => {
  const text = 'anna@example.com\n    at /anna@example.com:1:1\nanna'
  expect(reportError(new TypeError(text))).toBe(4)
  expect(written).toContain('defect of Lethe (TypeError)')
  expect(written).toMatch(/at \S*report-error\.test\.ts:\d+:\d+/)
  expect(written).not.toContain('anna')
})

it('says nothing of a thrown value that is not an error', () => {
  expect(reportError('anna@example.com')).toBe(4)
  expect(written).not.toContain('anna')
})

it('shows controls of names that others gave as escapes', () => {
  expect(reportError(new LetheError('file-missing', 'a\u001b[2J\rb\u202ec', 'x\u0007y'))).toBe(4)
  expect(written).toContain('a\\u001b[2J\\u000db\\u202ec\n  -> x\\u0007y\n')
})

it('names the call and the path of a system error', () => {
  const error = Object.assign(new Error('x'), { code: 'ENOENT', syscall: 'open', path: 'data.csv' })
  expect(reportError(error)).toBe(4)
  expect(written).toContain('ENOENT on open data.csv')
})

describe('as JSON', () => {
  const told = () => JSON.parse(written).error

  it('is one line with code, message, suggestion and whether it may pass', () => {
    expect(reportError(new LetheError('keys-missing', 'no\nkeys', 'give --keys FILE'), true)).toBe(2)
    expect(written).toMatch(/^[^\n]+\n$/)
    expect(told()).toEqual({
      code: 'keys-missing',
      message: 'no\nkeys',
      suggestion: 'give --keys FILE',
      retryable: false,
    })
    written = ''
    expect(reportError(new LetheError('broker-unreachable', 'no broker answers'), true)).toBe(4)
    expect(told()).toEqual({ code: 'broker-unreachable', message: 'no broker answers', retryable: true })
  })

  it('calls anything else a defect with its places, and withholds its text', () => {
    expect(reportError(new TypeError('anna@example.com'), true)).toBe(4)
    expect(told()).toMatchObject({ code: 'defect', retryable: false })
    expect(told().places[0]).toMatch(/report-error\.test\.ts:\d+:\d+$/)
    expect(written).not.toContain('anna')
  })

  it('has a code for a system error', () => {
    const error = Object.assign(new Error('x'), { code: 'ENOENT', syscall: 'open', path: 'data.csv' })
    expect(reportError(error, true)).toBe(4)
    expect(told()).toMatchObject({ code: 'system-error', message: 'ENOENT on open data.csv' })
  })

  it.each([
    [['lint', 'p.yaml', '--format', 'json'], true],
    [['lint', '--format=json', 'p.yaml'], true],
    [['lint', '--format', 'text', 'json'], false],
    [['lint', 'json'], false],
    [['lint', '--', '--format', 'json'], false],
    // There it says what the inputs are.
    [['batch', 'in', '--format', 'json'], false],
  ])('%j asks for it: %s', (args, asks) => {
    expect(wantsJson(args)).toBe(asks)
  })
})
