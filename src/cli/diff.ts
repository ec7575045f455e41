/** `lethe diff OLD NEW`: what became weaker, stronger or different from one policy to another. */
import { readFileSync } from 'node:fs'
import { Argument, Command, Option } from 'commander'
import { isWeaker } from '../diff/change.ts'
import { comparePolicies } from '../diff/compare-policies.ts'
import { type DiffFormat, formatDiff } from '../diff/print-diff.ts'
import type { Compared } from '../diff/side.ts'
import { EXIT, fileError, LetheError } from '../errors.ts'
import { compilePolicy } from '../policy/compile.ts'
import { compilePolicyFile } from '../policy/compile-file.ts'
import { type PolicyFile, readPolicyFile, textOfPolicy } from '../policy/policy-file.ts'
import { formatProblems } from '../policy/problems.ts'

interface Options {
  readonly format: DiffFormat
  readonly allowCode?: boolean
}

async function run(old: string, current: string, { format, allowCode }: Options): Promise<void> {
  if (old === '-' && current === '-')
    throw new LetheError('bad-option', 'standard input is named twice', 'name a file for one of the policies')
  const named = readPolicyFile(old === '-' ? current : old)
  const before = await compared(old === '-' ? beside(named) : named, allowCode)
  const second = current === '-' ? beside(named) : old === '-' ? named : readPolicyFile(current)
  const after = await compared(second, allowCode)
  const changes = comparePolicies(before, after, { sharesFiles: old === '-' || current === '-' })
  const files = { before: old, after: current === '-' ? old : current }
  process.stdout.write(formatDiff({ before, after, files, changes }, format))
  const weaker = changes.filter(isWeaker).length
  process.stderr.write(
    `lethe: ${weaker === 0 ? 'nothing is weaker' : `${weaker} of ${changes.length} changes are weaker, or may be`}\n`,
  )
  if (weaker > 0) process.exitCode = EXIT.violations
}

/** A policy on standard input; the files that it names stand beside the other one. */
function beside({ readFile }: PolicyFile): PolicyFile {
  let bytes: Uint8Array
  try {
    bytes = readFileSync(0)
  } catch (error) {
    throw fileError('standard input', error)
  }
  return { file: 'standard input', text: textOfPolicy(bytes, 'standard input'), readFile }
}

/** Runs the files of transforms that it names only where `allowsCode`. @throws LetheError (usage) where it has errors */
export async function compared(source: PolicyFile, allowsCode = false): Promise<Compared> {
  const { plan, policy, problems, sources } = allowsCode
    ? await compilePolicyFile(source)
    : compilePolicy(source)
  if (plan !== undefined && policy !== undefined) return { plan, policy, sources }
  process.stderr.write(formatProblems(problems, 'text'))
  throw new LetheError('policy-invalid', `the policy ${source.file} has errors`, 'correct them')
}

const EXAMPLES = `
Compares field by field, in plain words, what can be known of each value. Weaker is also what only may be: what
cannot be ranked, such as another regular expression, counts as weaker. Reads no data, opens no socket, and runs no
code: a policy with transforms: is an error until --allow-code lets it.
A policy on standard input reads the lists that it names beside the other policy.

Examples:
  $ lethe diff old.yaml policy.yaml
  $ git show origin/main:policy.yaml | lethe diff - policy.yaml
  $ lethe diff old.yaml policy.yaml --format markdown > changes.md     for the person who approves it
  $ lethe diff old.yaml policy.yaml --format github                    annotations in a GitHub workflow

Exit codes: 0 nothing is weaker, 1 something is, or may be, 2 a policy has errors, 4 a file cannot be read.`

export const command = (): Command =>
  new Command('diff')
    .description('Says what became weaker, stronger or different from one policy to another.')
    .addArgument(new Argument('<old>', 'the policy before; - is standard input'))
    .addArgument(new Argument('<new>', 'the policy after; - is standard input'))
    .addOption(
      new Option('--format <format>', 'how to print it')
        .choices(['text', 'markdown', 'json', 'github'])
        .default('text'),
    )
    .option('--allow-code', 'run the files of transforms that policies name')
    .addHelpText('after', EXAMPLES)
    .action(run)
