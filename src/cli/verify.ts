/** `lethe verify SUMMARY OUT…`: are these the files that the summary speaks of? */
import { statSync } from 'node:fs'
import { Argument, Command, Option } from 'commander'
import { isPublished, type Match, matchesOf } from '../batch/compare.ts'
import { readSummary } from '../batch/read-summary.ts'
import { verifyDataSet } from '../batch/verify-data-set.ts'
import { EXIT, LetheError } from '../errors.ts'
import { digestOf } from '../files/digest.ts'
import { isObjectFolder } from '../files/objects/object-name.ts'
import type { ReadSummary } from '../forms/summaries.ts'
import { compilePolicyFile } from '../policy/compile-file.ts'
import { formatProblems } from '../policy/problems.ts'
import {
  describeVersionNotRaised,
  isVersionNotRaised,
  RAISE_VERSION,
  type SeenPolicy,
  VERSION_NOT_RAISED,
} from '../policy/seen.ts'
import { paint, printable } from '../terminal.ts'

interface Options {
  readonly policy?: string
  readonly format: 'text' | 'json'
}

interface Verified {
  readonly file: string
  readonly bytes: number
  readonly sha256: string
  /** Whether it is an output, or the list of dead letters. */
  readonly ok: boolean
  readonly is: readonly Match[]
}

async function run(name: string, files: readonly string[], options: Options): Promise<void> {
  if (files.filter((file) => file === '-').length > 1)
    throw new LetheError('bad-option', 'standard input is named twice')
  const summary = readSummary(name)
  if (summary.outputs === undefined)
    throw new LetheError(
      'file-malformed',
      `${name} was written by 0.1.0 and holds no digest of an output`,
      'run it again',
    )
  const policy = options.policy === undefined ? undefined : await seen(options.policy)
  const verified: Verified[] = []
  for (const file of files) {
    const dataSet = isFolder(file) || isObjectFolder(file) ? await verifyDataSet(file, summary) : undefined
    if (dataSet !== undefined) {
      verified.push(...dataSet.files.map((one) => ({ ...one, ok: isPublished(one.is) })))
      if (dataSet.wasChanged)
        process.stderr.write(
          `lethe: ${file}: retain or forget changed this data set since; its manifest names the orders\n`,
        )
      continue
    }
    const digest = await digestOf(file)
    const is = matchesOf(digest, summary)
    verified.push({ file, ...digest, ok: isPublished(is), is })
  }
  const samePolicy = policy && policy.fingerprint === summary.policy.fingerprint
  const missing = missingOutputs(summary, verified)
  if (options.format === 'json') {
    const { status, dryRun } = summary
    const asked = samePolicy === undefined ? {} : { samePolicy }
    const all = { v: 1, policy: summary.policy, status, dryRun, files: verified, missing, ...asked }
    process.stdout.write(`${JSON.stringify(all, null, 2)}\n`)
  } else for (const one of verified) process.stdout.write(`${line(one, summary)}\n`)
  if (missing.length > 0)
    process.stderr.write(`lethe: not given: ${missing.map((output) => `output ${output}`).join(', ')}\n`)
  if (samePolicy === false)
    process.stderr.write(`lethe: the run was made by another policy than ${options.policy}\n`)
  if (policy !== undefined && isVersionNotRaised(policy, summary.policy))
    process.stderr.write(
      `lethe: ${VERSION_NOT_RAISED}: ${describeVersionNotRaised(policy, `in ${name}`)}\n  -> ${RAISE_VERSION}\n`,
    )
  if (samePolicy === false || verified.some(({ ok }) => !ok)) process.exitCode = EXIT.violations
}

const isFolder = (name: string): boolean =>
  name !== '-' && statSync(name, { throwIfNoEntry: false })?.isDirectory() === true

/** A policy as it is now. Fingerprints do not depend on keys. */
async function seen(file: string): Promise<SeenPolicy> {
  const { plan, problems } = await compilePolicyFile(file)
  if (plan !== undefined) return plan
  process.stderr.write(formatProblems(problems, 'text'))
  throw new LetheError('policy-invalid', `the policy ${file} has errors`, 'correct them')
}

function missingOutputs(summary: ReadSummary, verified: readonly Verified[]): number[] {
  const given = new Set(
    verified.flatMap(({ is }) => is.filter((one) => one.kind === 'output').map((one) => one.number)),
  )
  return (summary.outputs ?? []).map(({ output }) => output).filter((output) => !given.has(output))
}

function line({ file, bytes, sha256, ok, is }: Verified, { policy }: ReadSummary): string {
  const { green, red, dim } = paint(process.stdout)
  const what = (ok ? is.filter(({ kind }) => kind !== 'input') : is).map(wordsOf).join(' and ')
  const told = ok
    ? green(what)
    : red(is.length === 0 ? 'is not a file of this run' : `${what}: raw data, and no output`)
  const name = file === '-' ? 'standard input' : printable(file)
  return `${name}: ${told} ${dim(`${bytes} bytes, sha256 ${sha256}${ok ? `, by ${policy.name}@${policy.version}#${policy.fingerprint.slice(0, 16)}…` : ''}`)}`
}

function wordsOf({ kind, number }: Match): string {
  return kind === 'dead-letters' ? 'the list of dead letters' : `${kind} ${number}`
}

const EXAMPLES = `
Compares size and SHA-256 of each file with those that \`lethe batch --summary\` wrote down. Names may differ. A file that
is an input of the run is told as such, and is no output. Of a data set name the folder: every file below it is read, and has to
be as its manifest says, but for documents of \`lethe card\`. With -p it also says whether the run was made by that policy.

Examples:
  $ lethe batch in.csv -p policy.yaml --keys keys.json -o out.csv --summary run.json
  $ lethe verify run.json out.csv
  $ lethe verify run.json clean/*.ndjson -p policy.yaml
  $ lethe verify run.json training/
  $ aws s3 cp s3://feed/out.csv - | lethe verify run.json -

Exit codes: 0 all of them are outputs of that run, 1 one is not, 2 usage, 4 a file cannot be read.`

export const command = (): Command =>
  new Command('verify')
    .description('Says whether files are the ones that a summary of `lethe batch` speaks of.')
    .addArgument(new Argument('<summary>', 'what --summary wrote'))
    .addArgument(
      new Argument('<out...>', 'the files to compare, or the folder of a data set; - is standard input'),
    )
    .option('-p, --policy <file>', 'also: was the run made by this policy?')
    .addOption(new Option('--format <format>', 'how to print it').choices(['text', 'json']).default('text'))
    .addHelpText('after', EXAMPLES)
    .action(run)
