/** `lethe lint POLICY…`: everything that is wrong with a policy, offline. */
import { Argument, Command, Option } from 'commander'
import { EXIT, type Problem } from '../errors.ts'
import { compilePolicy } from '../policy/compile.ts'
import { formatProblems, type ProblemFormat } from '../policy/problems.ts'
import { readPolicyFile } from '../policy/read.ts'
import { keyringFrom } from './keyring.ts'

interface Options {
  readonly format: ProblemFormat
  readonly keys?: string
}

function run(files: readonly string[], options: Options): void {
  const keys = keyringFrom(options.keys)
  const problems: Problem[] = files.flatMap((file) => compilePolicy(readPolicyFile(file), { keys }).problems)
  process.stdout.write(formatProblems(problems, options.format))
  const errors = problems.filter((problem) => problem.severity === 'error').length
  if (errors > 0) process.exitCode = EXIT.violations
  const policies = files.length === 1 ? '1 policy' : `${files.length} policies`
  const found = errors === 0 ? 'no errors' : errors === 1 ? '1 error' : `${errors} errors`
  process.stderr.write(`lethe: ${policies}, ${found}\n`)
}

const EXAMPLES = `
Reads each policy and the files it names, and reports all errors of all of them, a line each:
file:line:column code message -> suggestion. Opens no socket. With --keys it also checks that the keys
which the policy names are there and enabled.

Examples:
  $ lethe lint policy.yaml
  $ lethe lint policies/*.yaml --format github      annotations in a GitHub workflow
  $ lethe lint policy.yaml --format json | jq '.[].code'

Exit codes: 0 sound, 1 errors found, 4 a policy cannot be read.`

export const command = (): Command =>
  new Command('lint')
    .description('Checks policies: what they say, and what they choose that protects too little.')
    .addArgument(new Argument('<policy...>', 'policy files'))
    .addOption(
      new Option('--format <format>', 'how to print what is found')
        .choices(['text', 'json', 'github'])
        .default('text'),
    )
    .option('--keys <file>', 'check against this keyset too')
    .addHelpText('after', EXAMPLES)
    .action(run)
