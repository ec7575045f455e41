/** `lethe test POLICY…`: runs the cases beside each policy, and says which rules no case exercised. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Argument, Command, Option } from 'commander'
import { EXIT, fileError, LetheError, type Problem } from '../errors.ts'
import { type CasesFile, readCases } from '../policy/cases.ts'
import { compilePolicy } from '../policy/compile.ts'
import { withTransforms } from '../policy/custom/modules.ts'
import { readPolicyFile } from '../policy/policy-file.ts'
import { formatProblems } from '../policy/problems.ts'
import { paint, printable } from '../terminal.ts'
import { testKeyring } from './keyring-option.ts'
import { type CaseResult, type CasesRun, runCases } from './run-cases.ts'

interface Options {
  readonly format: 'text' | 'json' | 'github'
  readonly requireCoverage?: boolean
}

interface Tested {
  readonly policy: string
  readonly cases: string
  readonly problems: readonly Problem[]
  readonly run: CasesRun | undefined
}

const CASES = /\.cases\.ya?ml$/

/** The cases beside a policy, or the policy of a cases file. Throws `LetheError` where one is missing. */
function pair(file: string): { policy: string; cases: CasesFile } {
  if (CASES.test(file)) {
    const cases = readCasesFile(file)
    const beside = file.replace(CASES, '.yaml')
    return { policy: cases.policy === undefined ? beside : join(dirname(file), cases.policy), cases }
  }
  const stem = file.replace(/\.ya?ml$/, '')
  const beside = [`${stem}.cases.yaml`, `${stem}.cases.yml`].find((name) => existsSync(name))
  if (beside === undefined) {
    // A name that is wrong altogether is the likelier mistake, and says so.
    readPolicyFile(file)
    throw new LetheError(
      'cases-missing',
      `there are no cases beside ${file}`,
      `write ${stem}.cases.yaml: see lethe test --help`,
    )
  }
  return { policy: file, cases: readCasesFile(beside) }
}

function readCasesFile(file: string): CasesFile {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw fileError(`the cases ${file}`, error)
  }
  return readCases(file, text)
}

function testOne(file: string): Tested {
  const { policy, cases } = pair(file)
  const { plan, problems } = compilePolicy(readPolicyFile(policy), { keys: testKeyring() })
  const all = [...problems, ...cases.problems]
  const run = plan === undefined || cases.problems.length > 0 ? undefined : runCases(plan, cases.cases)
  return { policy, cases: cases.file, problems: all, run }
}

function failed({ run }: Tested): readonly CaseResult[] {
  return run?.results.filter((result) => result.failure !== undefined) ?? []
}

function printText({ policy, problems, run }: Tested): void {
  const { bold, dim, green, red, yellow } = paint(process.stdout)
  const lines = [bold(policy)]
  for (const { case: one, failure, diff } of run?.results ?? []) {
    lines.push(
      failure === undefined
        ? `  ${green('ok')}    ${one.name}`
        : `  ${red('FAILS')} ${one.name}: ${printable(failure)}`,
    )
    for (const line of diff) lines.push(`        ${(line[0] === '-' ? red : green)(printable(line))}`)
  }
  if (run !== undefined) {
    const { rules, uncovered } = run
    lines.push(dim(`  ${rules - uncovered.length} of ${rules} rules exercised`))
    for (const rule of uncovered) lines.push(yellow(`  no case exercises ${rule}`))
  }
  process.stdout.write(`${lines.join('\n')}\n${formatProblems(problems, 'text')}`)
}

function printGithub({ policy, cases, problems, run }: Tested, needed: boolean): void {
  const found: Problem[] = [...problems]
  const problem = (
    file: string,
    line: number,
    code: string,
    severity: Problem['severity'],
    message: string,
  ) => found.push({ file, line, column: 1, code, severity, message })
  for (const { case: one, failure, diff } of run?.results ?? []) {
    if (failure !== undefined)
      problem(cases, one.at.line, 'case-fails', 'error', [`${one.name}: ${failure}`, ...diff].join('\n'))
  }
  for (const rule of run?.uncovered ?? [])
    problem(policy, 1, 'rule-not-exercised', needed ? 'error' : 'warning', `no case exercises ${rule}`)
  process.stdout.write(formatProblems(found, 'github'))
}

function asJson({ policy, cases, problems, run }: Tested): object {
  const results = run?.results.map(({ case: one, failure, diff }) => ({
    name: one.name,
    line: one.at.line,
    ok: failure === undefined,
    ...(failure === undefined ? {} : { failure, diff }),
  }))
  return {
    policy,
    cases,
    problems,
    results: results ?? [],
    rules: run?.rules ?? 0,
    uncovered: run?.uncovered ?? [],
  }
}

function run(files: readonly string[], { format, requireCoverage = false }: Options): void {
  const tested = files.map(testOne)
  if (format === 'json')
    process.stdout.write(`${JSON.stringify({ v: 1, policies: tested.map(asJson) }, null, 2)}\n`)
  else for (const one of tested) format === 'text' ? printText(one) : printGithub(one, requireCoverage)
  const count = (each: (one: Tested) => number) => tested.reduce((sum, one) => sum + each(one), 0)
  const cases = count((one) => one.run?.results.length ?? 0)
  const bad = count((one) => failed(one).length)
  const uncovered = count((one) => one.run?.uncovered.length ?? 0)
  const broken = count((one) => one.problems.length)
  const parts = [`${cases - bad} of ${cases} cases hold`]
  if (uncovered > 0) parts.push(`${uncovered} rules without a case`)
  if (broken > 0) parts.push(`${broken} errors in policies or cases`)
  process.stderr.write(`lethe: ${parts.join(', ')}\n`)
  if (bad > 0 || broken > 0 || (requireCoverage && uncovered > 0)) process.exitCode = EXIT.violations
}

const EXAMPLES = `
The cases of policy.yaml are in policy.cases.yaml beside it: input, and what has to come of it.
\`expect\` is the whole record that leaves. Cases run under the published test keys, so a token is the same at
each run: write any text, and copy the token that the first run prints. A case without asOf is judged at the
time of its event. These two hold for the policy in the README:

  cases:
    - name: an address becomes a token
      input: { occurred_at: 2026-01-15T09:30:00Z, customer: { email: jane@example.com } }
      expect: { occurred_at: 2026-01-15T09:00:00Z, customer: { email: k1.0wf7DLK5aPanQrwTstCDpQ } }
      must_not_contain: [jane]
    - name: a broken date
      input: { occurred_at: yesterday }
      outcome: { dead-letter: event-time-unparsable }

Examples:
  $ lethe test policy.yaml
  $ lethe test policies/*.cases.yaml --require-coverage
  $ lethe test policy.yaml --format github

Exit codes: 0 all cases hold, 1 one does not (or a policy is not sound), 2 there are no cases.`

export const command = (): Command =>
  new Command('test')
    .description('Runs the cases beside each policy, and says which rules no case exercised.')
    .addArgument(new Argument('<policy...>', 'policies, or their cases files'))
    .addOption(
      new Option('--format <format>', 'how to print the results')
        .choices(['text', 'json', 'github'])
        .default('text'),
    )
    .option('--require-coverage', 'fail where a rule has no case')
    .addHelpText('after', EXAMPLES)
    .action((...given: Parameters<typeof run>) => withTransforms(async () => run(...given)))
