/** What vitest's JSON reports say in short; `test/check.mjs` ends with it. */

/** Sums of the reports; undefined is a report that is missing. */
export function countsOf(reports) {
  const counts = { passed: 0, failed: 0, skipped: 0, retried: [], failures: [] }
  for (const report of reports) {
    if (report === undefined) continue
    counts.passed += report.numPassedTests
    counts.failed += report.numFailedTests
    counts.skipped += report.numPendingTests + (report.numTodoTests ?? 0)
    for (const { name, status, message, assertionResults } of report.testResults) {
      // A file that cannot be loaded, or a hook that fails, has no failed test of its own.
      if (status === 'failed' && !assertionResults.some((one) => one.status === 'failed')) {
        counts.failed++
        counts.failures.push({ name, message: message ?? '' })
      }
      for (const one of assertionResults) {
        const told = { name: one.fullName, message: one.failureMessages[0] ?? '' }
        if (one.status === 'failed') counts.failures.push(told)
        else if (one.status === 'passed' && one.failureMessages.length > 0) counts.retried.push(told)
      }
    }
  }
  return counts
}

export const closingLine = ({ passed, failed, skipped }) =>
  `${passed} passed, ${failed} failed, ${skipped} skipped`
