import { expect, it } from 'vitest'
import { closingLine, countsOf, type Report } from './counts.mjs'

const report = (counts: Partial<Report>): Report => ({
  numPassedTests: 0,
  numFailedTests: 0,
  numPendingTests: 0,
  testResults: [],
  ...counts,
})
const one = (status: string, ...failureMessages: string[]) => ({
  fullName: 'a test',
  status,
  failureMessages,
})

it('adds up the reports of a check, those that are missing apart', () => {
  const unit = report({ numPassedTests: 3, numFailedTests: 1, numPendingTests: 2, numTodoTests: 1 })
  const counts = countsOf([unit, undefined, report({ numPassedTests: 4 })])
  expect(closingLine(counts)).toBe('7 passed, 1 failed, 3 skipped')
})

it('counts a file that fails without a failed test, and no file twice', () => {
  const { failed, failures } = countsOf([
    report({
      numPassedTests: 1,
      numFailedTests: 1,
      testResults: [
        { name: 'a.test.ts', status: 'failed', message: 'cannot be loaded', assertionResults: [] },
        { name: 'b.test.ts', status: 'failed', assertionResults: [one('passed')] },
        { name: 'c.test.ts', status: 'failed', assertionResults: [one('failed', 'no')] },
        { name: 'd.test.ts', status: 'passed', assertionResults: [one('passed')] },
      ],
    }),
  ])
  expect(failed).toBe(3)
  expect(failures).toEqual([
    { name: 'a.test.ts', message: 'cannot be loaded' },
    { name: 'b.test.ts', message: '' },
    { name: 'a test', message: 'no' },
  ])
})

it('names what passed at another try', () => {
  const testResults = [
    { name: 'a.test.ts', status: 'passed', assertionResults: [one('passed', 'too late'), one('passed')] },
  ]
  expect(countsOf([report({ numPassedTests: 2, testResults })]).retried).toEqual([
    { name: 'a test', message: 'too late' },
  ])
})
