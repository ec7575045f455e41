/** How the tests of one project are run: `test/check.mjs` and `npm run proof:node` do it the same way. */
export const PROJECTS = ['unit', 'integration']

/** The JSON report of a project's run, from the root of the checkout. */
export const reportOf = (project) => `coverage/tests-${project}.json`

/** Arguments of `node`: prints the tests and the slowest of them, and writes the report. */
export function argumentsOf(project) {
  const reporters = ['default', './test/slowest.ts', 'json'].map((reporter) => `--reporter=${reporter}`)
  const outputFile = `--outputFile.json=${reportOf(project)}`
  return ['node_modules/vitest/vitest.mjs', 'run', '--project', project, ...reporters, outputFile]
}
