/** `lethe test POLICY…`: runs the cases beside each policy, and says which rules no case exercised. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve as resolvePath } from 'node:path'
import { Argument, Command, Option } from 'commander'
import { EXIT, fileError, LetheError, type Problem } from '../errors.ts'
import { readCaseRows } from '../explain/parquet-cases.ts'
import { type CaseFiles, type CaseResult, type CasesRun, runCases } from '../explain/run-cases.ts'
import { loadMatchKeys } from '../keys/match-keys.ts'
import { type CasesFile, readCases } from '../policy/cases.ts'
import { compilePolicy } from '../policy/compile.ts'
import { withTransforms } from '../policy/custom/modules.ts'
import { readPolicyFile } from '../policy/policy-file.ts'
import { formatProblems } from '../policy/problems.ts'
import { formOf, type InputFlags } from '../run/input-flags.ts'
import { paint, printable } from '../terminal.ts'
import { addInputOptions } from './input-options.ts'
import { testKeyring } from './keyring-option.ts'
import { type Updated, update } from './test/update.ts'

interface Options extends InputFlags {
  readonly format: 'text' | 'json' | 'github'
  readonly requireCoverage?: boolean
  readonly update?: boolean
}

interface Tested {
  readonly policy: string
  readonly cases: string
  readonly problems: readonly Problem[]
  readonly run: CasesRun | undefined
  /** Where expectations were to be written. */
  readonly updated?: Updated
}

const CASES = /\.cases\.ya?ml$/

/** The cases beside a policy, or the policy of a cases file. Throws `LetheError` where one is missing. */
function pair(file: string, mayLack: boolean): { policy: string; cases: CasesFile; text: string } {
  if (CASES.test(file)) {
    const text = readCasesFile(file)
    const cases = readCases(file, text, mayLack)
    const beside = file.replace(CASES, '.yaml')
    return { policy: cases.policy === undefined ? beside : join(dirname(file), cases.policy), cases, text }
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
  const text = readCasesFile(beside)
  return { policy: file, cases: readCases(beside, text, mayLack), text }
}

function readCasesFile(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw fileError(`the cases ${file}`, error)
  }
}

async function testOne(file: string, options: Options): Promise<Tested> {
  const mayLack = options.update === true
  const { policy, cases, text } = pair(file, mayLack)
  const { plan, problems } = compilePolicy(readPolicyFile(policy), { keys: testKeyring() })
  const tested = { policy, cases: cases.file, problems: [...problems, ...cases.problems] }
  if (plan === undefined || cases.problems.length > 0) return { ...tested, run: undefined }
  const form = formOf(plan.input, options)
  const files = filesOf(cases)
  const runAll = async (all: CasesFile['cases']): Promise<CasesRun> =>
    runCases(plan, all, form, { ...files, row: await readCaseRows(plan, all, files.resolve) })
  const run = await runAll(cases.cases)
  if (!mayLack) return { ...tested, run }
  const updated = await update(policy, cases, text, run)
  // What was written holds now, and is read again to say so.
  const again = updated.refused.length > 0 ? cases : readCases(cases.file, readCasesFile(cases.file), mayLack)
  return { ...tested, run: await runAll(again.cases), updated }
}

/** Files of lists and tables stand beside the cases, and so do their keys unless the environment names some. */
function filesOf({ file, matchKeys }: CasesFile): Omit<CaseFiles, 'row'> {
  const resolve = (name: string): string => resolvePath(dirname(file), name)
  return {
    resolve,
    matchKeys: () => {
      const keys = matchKeys === undefined ? process.env['LETHE_MATCH_KEYS_FILE'] : resolve(matchKeys)
      return keys === undefined || keys === '' ? undefined : loadMatchKeys(keys)
    },
  }
}

function failed({ run }: Tested): readonly CaseResult[] {
  return run?.results.filter((result) => result.failure !== undefined) ?? []
}

function printText({ policy, problems, run, updated }: Tested): void {
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
    for (const what of run.notJudged) lines.push(yellow(`  no case judges ${what}`))
  }
  for (const name of updated?.names ?? []) lines.push(yellow(`  updated: ${name}`))
  for (const why of updated?.refused ?? []) lines.push(red(`  not updated: ${printable(why)}`))
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
  for (const what of run?.notJudged ?? [])
    problem(policy, 1, 'not-judged', 'warning', `no case judges ${what}`)
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
    notJudged: run?.notJudged ?? [],
  }
}

async function run(files: readonly string[], options: Options): Promise<void> {
  const { format, requireCoverage = false } = options
  if (options.update === true && format !== 'text')
    throw new LetheError('bad-option', '--update prints text', 'run the cases again with --format afterwards')
  const tested: Tested[] = []
  for (const file of files) tested.push(await testOne(file, options))
  if (format === 'json')
    process.stdout.write(`${JSON.stringify({ v: 1, policies: tested.map(asJson) }, null, 2)}\n`)
  else for (const one of tested) format === 'text' ? printText(one) : printGithub(one, requireCoverage)
  const count = (each: (one: Tested) => number) => tested.reduce((sum, one) => sum + each(one), 0)
  const cases = count((one) => one.run?.results.length ?? 0)
  const bad = count((one) => failed(one).length)
  const uncovered = count((one) => one.run?.uncovered.length ?? 0)
  const broken = count((one) => one.problems.length)
  const parts = [`${cases - bad} of ${cases} cases hold`]
  if (uncovered > 0) parts.push(`${uncovered} ${uncovered === 1 ? 'rule' : 'rules'} without a case`)
  const updates = count((one) => one.updated?.names.length ?? 0)
  if (updates > 0) parts.push(`${updates} updated`)
  const refused = tested.filter((one) => (one.updated?.refused.length ?? 0) > 0)
  for (const { cases: file } of refused) parts.push(`${file} is as it was`)
  if (broken > 0) parts.push(`${broken} ${broken === 1 ? 'error' : 'errors'} in policies or cases`)
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

\`part\` states some members, and those alone are judged: what must be absent is named in \`absent: [paths]\`, or
the case has the full form, \`expect\`. A row of CSV is \`csv:\`, its header and the row, read as \`input:\` of the
policy and the options say (without a header where they give one); \`expect\` and \`part\` say its cells by paths,
\`expectCsv\` header and row. Cases are text: --encoding and --skip-lines change nothing there.

A row of Parquet is one of a file beside the cases, or an input with the types of its columns:

    - name: the second row of a sample
      parquet: sample.parquet
      row: 2
      expect: { price: 12.50, at: 2026-01-15T09:00:00.000Z }
    - name: an amount of two digits
      columns: { price: "decimal(10,2)", at: timestamp, "tags[]": string }
      input: { price: 12.5, at: 2026-01-15T10:00:00+01:00 }
      expect: { price: 12.50, at: 2026-01-15T09:00:00.000Z, tags: null }

A policy that goes by suppression lists or consent tables needs a word on each, in the case or above all cases:

  lists: { erasures: [C-7], register: { file: register.csv } }
  tables: { training: [{ subject: C-1, state: granted }, { subject: C-1, state: withdrawn, from: 2026-03-01T00:00:00Z }] }

[] is an empty list, or an empty table. Identifiers are written as records have them. Files are those of a run, with \`matchKeys:\` above the cases. A case that would be published, and says nothing of a list, fails.

--update writes what came into the cases file: \`expect\`, \`part\` and \`expectCsv\`, also where a case says none
of them; comments and order stay. It changes no outcome: a record that should have been published and was
not, or that holds what it must not, is an error of the policy, and nothing is written then. Read the
difference before you keep it.

Examples:
  $ lethe test policy.yaml
  $ lethe test policies/*.cases.yaml --require-coverage
  $ lethe test policy.yaml --format github
  $ lethe test policy.yaml --update && git diff policy.cases.yaml

Exit codes: 0 all cases hold, 1 one does not (or a policy is not sound), 2 there are no cases.`

export const command = (): Command =>
  addInputOptions(new Command('test'), { delimiter: 'comma' })
    .description('Runs the cases beside each policy, and says which rules no case exercised.')
    .addArgument(new Argument('<policy...>', 'policies, or their cases files'))
    .addOption(
      new Option('--format <format>', 'how to print the results')
        .choices(['text', 'json', 'github'])
        .default('text'),
    )
    .option('--update', 'write what was published into the cases, as what they expect')
    .option('--require-coverage', 'fail where a rule has no case')
    .addHelpText('after', EXAMPLES)
    .action((...given: Parameters<typeof run>) => withTransforms(() => run(...given)))
