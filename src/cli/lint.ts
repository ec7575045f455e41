/** `lethe lint FILE…`: everything that is wrong with policies and pipelines, offline. */
import { Argument, Command, Option } from 'commander'
import { EXIT, type Problem } from '../errors.ts'
import { compilePipeline } from '../kafka/pipeline-file/compile-pipeline.ts'
import type { Pipeline } from '../kafka/pipeline-file/pipeline.ts'
import { isPipeline } from '../kafka/pipeline-file/read-pipeline.ts'
import { type Compiled, compilePolicy } from '../policy/compile.ts'
import { withTransforms } from '../policy/custom/modules.ts'
import type { KeySource } from '../policy/key-source.ts'
import { readPolicyFile } from '../policy/policy-file.ts'
import { formatProblems, type ProblemFormat } from '../policy/problems.ts'
import { changeProblems } from '../run/change-problems.ts'
import { gateProblems } from '../run/gate-problems.ts'
import { ledgerProblems } from '../run/ledger-problems.ts'
import { examineSubjects } from '../run/stream/examine-subjects.ts'
import { approvalProblems } from '../run/unapproved.ts'
import { addChangeOption } from './change-options.ts'
import { keyringFrom } from './keyring-option.ts'

import { type LintedPolicy, versionProblems } from './lint/versions.ts'

interface Options {
  readonly format: ProblemFormat
  readonly keys?: string
  readonly allowCode?: boolean
  readonly registry?: boolean
  readonly change?: 'debezium'
}

interface Linted {
  readonly kind: 'policy' | 'pipeline'
  readonly problems: readonly Problem[]
  /** The policies without errors: itself, or those that the pipeline names. */
  readonly policies: readonly LintedPolicy[]
  /** A pipeline without errors, and its policies. */
  readonly compiled?: { readonly pipeline: Pipeline; readonly policies: ReadonlyMap<string, Compiled> }
}

async function run(files: readonly string[], options: Options): Promise<void> {
  const keys = keyringFrom(options.keys)
  const linted: Linted[] = []
  for (const file of files) {
    const one = () => lint(file, keys, options.change !== undefined)
    const found = options.allowCode === true ? await withTransforms(one) : one()
    linted.push(options.registry === true ? await withRegistry(found) : found)
  }
  const problems = withoutRepeats([
    ...linted.flatMap((one) => one.problems),
    ...versionProblems(linted.flatMap((one) => one.policies)),
  ])
  process.stdout.write(formatProblems(problems, options.format))
  const errors = problems.filter(({ severity }) => severity === 'error').length
  if (errors > 0) process.exitCode = EXIT.violations
  const of = (kind: Linted['kind']) => linted.filter((one) => one.kind === kind).length
  const warnings = problems.length - errors
  const parts = [
    ...(of('policy') > 0 ? [count(of('policy'), 'policy', 'policies')] : []),
    ...(of('pipeline') > 0 ? [count(of('pipeline'), 'pipeline', 'pipelines')] : []),
    errors === 0 ? 'no errors' : count(errors, 'error', 'errors'),
    ...(warnings > 0 ? [count(warnings, 'warning', 'warnings')] : []),
  ]
  process.stderr.write(`lethe: ${parts.join(', ')}\n`)
}

function lint(file: string, keys: KeySource | undefined, isOfChanges: boolean): Linted {
  const source = readPolicyFile(file, 'the file')
  if (isPipeline(source.text)) {
    const { problems, pipeline, policies } = compilePipeline(source, { keysOf: () => keys })
    const more =
      pipeline === undefined
        ? []
        : [
            ...approvalProblems(pipeline, policies),
            ...gateProblems(pipeline, policies),
            ...ledgerProblems(pipeline),
          ]
    const named = pipeline === undefined ? [] : [...policies].flatMap(([name, one]) => versionOf(name, one))
    return {
      kind: 'pipeline',
      problems: [...problems, ...more],
      policies: named,
      ...(pipeline !== undefined && { compiled: { pipeline, policies } }),
    }
  }
  const compiled = compilePolicy(source, { keys })
  const more = isOfChanges ? changeProblems(source.file, compiled) : []
  return {
    kind: 'policy',
    problems: [...compiled.problems, ...more],
    policies: versionOf(source.file, compiled),
  }
}

/** Adds what the schema registry of a pipeline says to it. */
async function withRegistry(linted: Linted): Promise<Linted> {
  const { compiled } = linted
  if (compiled === undefined) return linted
  const { pipeline, policies } = compiled
  const found = await examineSubjects(pipeline, ({ policy }) => policies.get(policy)?.plan)
  const problems = found.flatMap(({ route, level, code, what, way }): Problem[] => {
    const severity = level === 'problem' ? 'error' : 'warning'
    const { file } = pipeline
    return level === 'ok' ? [] : [{ file, ...route.at, code, severity, message: what, suggestion: way }]
  })
  return { ...linted, problems: [...linted.problems, ...problems] }
}

const versionOf = (file: string, { plan, policy }: Compiled): Linted['policies'] =>
  plan === undefined || policy === undefined ? [] : [{ file, plan, at: policy.versionAt }]

/** A policy may be named here and by several pipelines too. */
function withoutRepeats(problems: readonly Problem[]): readonly Problem[] {
  return [...new Map(problems.map((problem) => [JSON.stringify(problem), problem])).values()]
}

function count(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`
}

const EXAMPLES = `
Reads each policy or pipeline and the files it names, and reports all errors of all of them, a line each:
file:line:column code message -> suggestion. Opens no socket, and reads no secret that a pipeline names. Of suppression
lists and consent tables it reads the files that are here; one that is not here is a warning. With
--keys it also checks that the keys which policies name are there and enabled. Warnings fail nothing. It runs no code: a policy with transforms: is an
error until --allow-code lets it. Read these files before, as they run with your rights. With --registry it does open
a connection: it asks for the schemas of the subjects TOPIC-value, and whether what is written for them is taken.

Examples:
  $ lethe lint policy.yaml
  $ lethe lint pipeline.yaml                        and every policy that it names
  $ lethe lint policy.yaml --change debezium        and whether it goes with change events in files
  $ lethe lint pipeline.yaml --registry             and the schemas of its topics
  $ lethe lint policies/*.yaml --format github      annotations in a GitHub workflow
  $ lethe lint before.yaml policy.yaml              did it change without a new version?
  $ lethe lint policy.yaml --format json | jq '.[].code'

Exit codes: 0 sound, 1 errors found, 4 a file cannot be read.`

export const command = (): Command =>
  addChangeOption(new Command('lint'))
    .description(
      'Checks policies and pipelines: what they say, and what they choose that protects too little.',
    )
    .addArgument(new Argument('<file...>', 'policy or pipeline files'))
    .addOption(
      new Option('--format <format>', 'how to print what is found')
        .choices(['text', 'json', 'github'])
        .default('text'),
    )
    .option('--keys <file>', 'check against this keyset too')
    .option('--allow-code', 'run the files of transforms that policies name, to check what uses them')
    .option('--registry', 'ask the schema registry of a pipeline too: do schemas and policy go together?')
    .addHelpText('after', EXAMPLES)
    .action(run)
