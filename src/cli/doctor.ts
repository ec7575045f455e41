/** `lethe doctor PIPELINE`: whether the cluster is as the pipeline needs it, and what to do where it is not. */
import { Argument, Command, Option } from 'commander'
import { checkDriver, checkKeys } from '../doctor/check-client.ts'
import { checkDatasets } from '../doctor/check-dataset-folders.ts'
import { checkGateFiles } from '../doctor/check-gate-files.ts'
import { checkLedger } from '../doctor/check-ledger.ts'
import { checkSnapshots } from '../doctor/check-snapshot-files.ts'
import { checkApprovals, examine, findTopics, policiesOf } from '../doctor/examine.ts'
import { plural, Report } from '../doctor/finding.ts'
import { makeTopics, planTopics, waitingTopics } from '../doctor/fix.ts'
import { count, type FindingsFormat, formatReport } from '../doctor/print-findings.ts'
import { EXIT, LetheError } from '../errors.ts'
import type { Admin } from '../kafka/admin.ts'
import { openAdmin } from '../kafka/open-admin.ts'
import { resolveConnection } from '../kafka/pipeline-file/pipeline-secrets.ts'
import { examineSubjects } from '../run/stream/examine-subjects.ts'
import { readPipeline } from '../run/stream/prepare.ts'

interface Options {
  readonly format: FindingsFormat
  readonly fix?: boolean
  readonly yes?: boolean
}

async function run(file: string, options: Options): Promise<void> {
  const pipeline = await readPipeline(file, 'all')
  const report = new Report()
  const driver = await checkDriver(report, pipeline)
  const keys = checkKeys(report, pipeline, Date.now())
  await checkApprovals(report, pipeline)
  checkLedger(report, pipeline)
  checkSnapshots(report, pipeline)
  await checkDatasets(report, pipeline)
  const policies = await policiesOf(pipeline, keys)
  const matchKeys = checkGateFiles(
    report,
    pipeline,
    [...policies.values()].map(({ plan }) => plan),
  )
  const subjects = await examineSubjects(pipeline, ({ name }) => policies.get(name)?.plan)
  report.add(
    subjects.map(({ route, level, what, way }) => ({
      check: 'registry',
      level,
      route: route.name,
      what,
      way,
    })),
  )
  const connection = resolveConnection(pipeline)
  let admin: Admin | undefined
  let failure: unknown
  try {
    admin = await openAdmin(connection)
    if (options.fix === true) {
      const found = await findTopics(admin, pipeline)
      const plans = planTopics(pipeline, policies, found)
      await makeTopics(admin, plans, options.yes === true, waitingTopics(pipeline, plans, found))
    }
    await examine(report, pipeline, policies, connection, admin, driver, matchKeys)
  } catch (error) {
    // What was found until then is worth knowing.
    if (!(error instanceof LetheError) || error.exitCode !== EXIT.io) throw error
    failure = error
    report.failed('brokers', error)
  } finally {
    await admin?.close()
  }
  process.stdout.write(formatReport(pipeline, report.findings, options.format))
  if (failure !== undefined) throw failure
  const problems = count(report.findings, 'problem')
  const warnings = count(report.findings, 'warning')
  process.stderr.write(`lethe: ${plural(problems, 'problem')}, ${plural(warnings, 'warning')}\n`)
  if (problems > 0) process.exitCode = EXIT.violations
}

const EXAMPLES = `
Looks at everything that a pipeline needs: driver, keys, ledger, suppression lists and consent tables, data sets, the
schema registry, brokers, topics
and their settings, rights, groups, clocks;
whether an output topic outlives what the policy says of retention; and whether it takes the timestamps that the policy
makes. Each finding is ok, a warning or a problem, with what to do. It changes nothing and joins no group. With --fix
it makes output and dead letter topics that are missing: as many partitions as the input, three replicas where there
are three brokers, retention by the policy. Inputs are never made: a wrong name would look like an empty topic.

Examples:
  $ lethe doctor pipeline.yaml
  $ lethe doctor pipeline.yaml --fix                shows the plan, asks, and makes what is missing
  $ lethe doctor pipeline.yaml --fix --yes          without asking
  $ lethe doctor pipeline.yaml --format json | jq '.findings[] | select(.level == "problem")'

Exit codes: 0 no problems (warnings perhaps), 1 problems, 2 usage, pipeline or policy, 4 no broker answers.`

export const command = (): Command =>
  new Command('doctor')
    .description('Checks brokers, topics, rights and keys of a pipeline.')
    .addArgument(new Argument('<pipeline>', 'the pipeline file'))
    .option('--fix', 'make topics that are missing, after showing the plan')
    .option('--yes', 'with --fix: do not ask')
    .addOption(
      new Option('--format <format>', 'how to print what is found')
        .choices(['text', 'json', 'github'])
        .default('text'),
    )
    .addHelpText('after', EXAMPLES)
    .action(run)
