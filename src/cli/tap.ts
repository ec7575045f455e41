/** `lethe tap PIPELINE`: the last outputs of a route, as the training job reads them. After, never before. */
import { Argument, Command, Option } from 'commander'
import { isMarker } from '../kafka/dead-letter.ts'
import { openAdmin } from '../kafka/open-admin.ts'
import { resolveConnection } from '../kafka/pipeline-file/pipeline-secrets.ts'
import { partitionsOf } from '../kafka/readable-partitions.ts'
import type { InputRecord } from '../kafka/record.ts'
import { POLICY_HEADER } from '../kafka/source-header.ts'
import { tappedTopic } from '../kafka/tapped-topic.ts'
import { readPipeline } from '../run/stream/prepare.ts'
import { readableValues } from '../run/stream/readable-values.ts'
import { paint } from '../terminal.ts'
import { parseDuration, whole } from './arguments.ts'
import { routeOf } from './route-option.ts'
import { recordJson, recordLines } from './tap/print-record.ts'
import { readLast, readNew } from './tap/read-last.ts'

interface Options {
  readonly route?: string
  readonly limit: number
  readonly duration?: number
  readonly deadLetters?: boolean
  readonly format: 'text' | 'json'
}

async function run(file: string, options: Options): Promise<void> {
  const pipeline = await readPipeline(file)
  const route = routeOf(pipeline, options.route)
  const topic = tappedTopic(route, options.deadLetters === true)
  const { limit, duration } = options
  let foreign = 0
  let shown = 0
  let markers = 0
  // Another producer's record may hold anything: this command shows what a policy let through.
  const isOurs = ({ headers }: InputRecord): boolean => {
    const ours = headers?.some(({ name }) => name === POLICY_HEADER) ?? false
    if (!ours) foreign++
    // What says that a dead letter was replayed is none.
    const isLetter = !isMarker({ headers })
    if (ours && !isLetter) markers++
    return ours && isLetter
  }
  const admin = await openAdmin(resolveConnection(pipeline))
  try {
    const partitions = await partitionsOf(admin, topic)
    const records =
      duration === undefined
        ? await readLast(admin, partitions, limit, isOurs)
        : readNew(admin, partitions, limit, duration, isOurs)
    const colours = paint(process.stdout)
    const asJson = options.deadLetters === true ? undefined : readableValues(pipeline, route)
    for await (const found of records) {
      shown++
      const record = asJson === undefined ? found : { ...found, value: await asJson(found.value) }
      const text =
        options.format === 'json' ? recordJson(record) : `${recordLines(record, colours).join('\n')}\n`
      process.stdout.write(`${text}\n`)
    }
  } finally {
    await admin.close()
  }
  if (shown === 0)
    process.stderr.write(`lethe: ${topic} has no ${duration === undefined ? '' : 'new '}outputs\n`)
  if (markers > 0)
    process.stderr.write(
      `lethe: ${topic} holds markers of dead letters that were replayed, which are not shown; some of the dead letters shown may be theirs\n`,
    )
  if (foreign > 0)
    process.stderr.write(
      `lethe: ${topic} holds records that are not shown: they have no header ${POLICY_HEADER}, so Lethe did not write them\n`,
    )
}

const EXAMPLES = `
Shows key, headers, timestamp and value of the last outputs that were committed, spread over the partitions; tombstones
too. Values of Avro are shown as JSON, by the schemas that the registry holds. With --duration it waits for new ones instead. It joins no group and commits nothing. Inputs are never shown, nor
records in the output topic that lack the header lethe-policy: Lethe did not write them. The user needs READ of the topic.

Examples:
  $ lethe tap pipeline.yaml
  $ lethe tap pipeline.yaml --limit 100 --format json | jq .value
  $ lethe tap pipeline.yaml --duration 30s          what comes in the next 30 seconds
  $ lethe tap pipeline.yaml --dead-letters          coordinates and codes of what was left out

Exit codes: 0 shown, 2 usage or pipeline, 4 broker, 130 interrupted.`

export const command = (): Command =>
  new Command('tap')
    .description('Shows the last records that a pipeline has written; never its inputs.')
    .addArgument(new Argument('<pipeline>', 'the pipeline file'))
    .option('--route <name>', 'the route, where there are several')
    .addOption(new Option('--limit <n>', 'the most records to show').argParser(whole(1, 10_000)).default(10))
    .addOption(
      new Option('--duration <time>', 'show new records for this time, such as 30s').argParser(parseDuration),
    )
    .option('--dead-letters', 'show the records of the dead-letter topic')
    .addOption(
      new Option('--format <format>', 'json: one object per line').choices(['text', 'json']).default('text'),
    )
    .addHelpText('after', EXAMPLES)
    .action(run)
