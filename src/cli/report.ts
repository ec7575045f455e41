/** `lethe report SUMMARY… -o report.html`: what runs did, as a page for the person who signs it. */
import { Argument, Command, Option } from 'commander'
import { EXIT } from '../errors.ts'
import type { TileState } from '../forms/report-form.ts'
import { formatProblems } from '../policy/problems.ts'
import { filesOf, makeReport } from '../report/make-report.ts'
import { PolicyErrors } from '../report/policy-source.ts'
import { ReportFileProblems } from '../report/read-yaml.ts'
import { placesOf, writeReport } from '../report/write-report.ts'
import { matching } from './arguments.ts'

interface Options {
  readonly output: string
  readonly policy?: string
  readonly route?: readonly string[]
  readonly measure?: readonly string[]
  readonly earlier?: readonly string[]
  readonly curve?: readonly string[]
  readonly findings?: string
  readonly limits?: string
  readonly ledger?: readonly string[]
  readonly ledgerKeys?: string
  readonly anchor?: readonly string[]
  readonly holds?: string
  readonly approvalKeys?: string
  readonly diffFrom?: string
  readonly docs?: string
}

const VERDICTS: Readonly<Record<TileState, string>> = {
  failed: 'a run failed, or its counts do not add up',
  beyond: 'a figure is beyond its limit',
  'not-measured': 'incomplete: a figure is missing',
  within: 'every figure is within its limit',
}

async function run(summaries: readonly string[], options: Options): Promise<void> {
  const { policy, approvalKeys, diffFrom, findings, limits, holds, ledgerKeys } = options
  const sources = {
    summaries,
    routes: options.route ?? [],
    measures: options.measure ?? [],
    earlier: options.earlier ?? [],
    ledgers: options.ledger ?? [],
    anchors: options.anchor ?? [],
    keys: ledgerKeys,
    ...(policy === undefined ? {} : { policy, approvalKeys, diffFrom }),
    curves: options.curve ?? [],
    ...{ findings, limits, holds, docs: options.docs },
    now: Date.now(),
  }
  try {
    const places = placesOf(options.output, filesOf({ ...sources, approvalKeys, diffFrom }))
    const report = await makeReport(sources)
    await writeReport(places, report)
    const { is, tiles } = report.verdict
    const by = tiles.length === 0 ? '' : ` (${tiles.join(', ')})`
    process.stderr.write(`lethe: ${VERDICTS[is]}${by}; ${places.page} and ${places.document} say more\n`)
    if (is !== 'within') process.exitCode = EXIT.violations
  } catch (error) {
    if (error instanceof ReportFileProblems || error instanceof PolicyErrors)
      process.stderr.write(formatProblems(error.problems, 'text'))
    throw error
  }
}

const several = (name: string, before: readonly string[] = []): readonly string[] => [...before, name]

const EXAMPLES = `
Writes one page of HTML without script, for a person to read and sign, and beside it a JSON file with every figure of the
page. Reads summaries, measures and ledgers; it reads no data, and shows no value of any. The verdict is the worst of four
tiles: privacy, utility, balance, operations. A tile that was not measured makes the report incomplete.
All summaries have to be of one policy and one set of keys.

Examples:
  $ lethe batch in.csv -p policy.yaml --keys keys.json -o out.csv --summary run.json
  $ lethe measure in.csv -p policy.yaml --keys keys.json --by country --format json > measure.json
  $ lethe report run.json -p policy.yaml --measure measure.json -o report.html
  $ lethe report run.json -p policy.yaml --measure measure.json --ledger ledger.ndjson --ledger-keys ledgers.pem \\
      --findings findings.yaml --limits limits.yaml --earlier last/report.json -o report.html
  $ lethe report stream.json --route orders -o orders.html

Exit codes: 0 every figure is within its limit, 1 one is beyond it, missing, or a run failed (the report is written all the
same), 2 usage, a policy or a file of findings has errors, 4 input or output.`

export const command = (): Command =>
  new Command('report')
    .description('Writes a report of runs: a page for a person to sign, and its figures as JSON.')
    .addArgument(
      new Argument('<summary...>', 'what --summary of batch, stream, replay or account merge wrote'),
    )
    .requiredOption('-o, --output <file>', 'the page, in .html; the figures go beside it, in .json')
    .option('-p, --policy <file>', 'the policy of the runs: fields in plain words, approvals')
    .option('--route <name>', 'of summaries of streams, this route; may be repeated (default: all)', several)
    .option('--measure <file>', 'a measure of the runs as JSON; may be repeated', several)
    .option('--limits <file>', 'the limits of the tiles, as YAML')
    .option('--earlier <file>', 'report.json of an earlier report, for the trend; may be repeated', several)
    .option(
      '--curve <file>',
      'a solution of `lethe crowd solve` as JSON, or `curve`: points of loss against k; may be repeated',
      several,
    )
    .option('--findings <file>', 'concerns that were raised, as YAML')
    .option('--ledger <file>', 'a ledger, with the sealed segments beside it; may be repeated', several)
    .option('--ledger-keys <file>', 'public keys to verify ledgers with')
    .option('--anchor <file>', 'heads to verify ledgers with; may be repeated', several)
    .option('--holds <file>', 'the file of legal holds')
    .option('--approval-keys <file>', 'public keys to check the approvals of the policy with')
    .option('--diff-from <old>', 'the policy that was approved last: shows what changed since')
    .addOption(
      new Option('--docs <url>', 'where the pages of docs/ are read: the page links to them').argParser(
        matching(/^https?:\/\/[^\s"<>]+$/, 'It is a URL of http or https.'),
      ),
    )
    .addHelpText('after', EXAMPLES)
    .action(run)
