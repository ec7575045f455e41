/** `lethe stream PIPELINE`: topics in, de-identified topics out. */
import { Argument, Command, Option } from 'commander'
import type { StreamOptions } from '../run/stream/process-setting.ts'
import { parseExpectedKey, whole } from './arguments.ts'

async function start(file: string, options: StreamOptions): Promise<void> {
  if (options.worker === undefined) {
    const { run } = await import('./stream/run-stream.ts')
    await run(file, options)
  } else {
    const { work } = await import('../run/stream/work.ts')
    await work(file, options.worker)
  }
}

const EXAMPLES = `
Reads topics, de-identifies each record as the route's policy says, and writes to the topic that training reads.
Delivery is exactly once unless the pipeline file says otherwise: outputs and offsets are settled in one transaction.
SIGTERM settles what is on its way, leaves the group and ends with 0. More machines: the same command on each.

Examples:
  $ lethe stream pipeline.yaml
  $ lethe stream pipeline.yaml --workers 4          four processes of one group
  $ lethe stream pipeline.yaml --until-end          what is there now, then stop: backfills
  $ lethe lint pipeline.yaml                        is it sound?

Environment: LETHE_LOG=json|text, LETHE_LOG_LEVEL=error|warn|info|debug.
Exit codes: 0 done, 2 usage, pipeline or policy, 3 dead letters (too many of them; or, with --until-end, any),
4 broker, 130 interrupted.`

export const command = (): Command =>
  new Command('stream')
    .description('De-identifies Kafka topics as a pipeline file says.')
    .addArgument(new Argument('<pipeline>', 'the pipeline file'))
    .addOption(
      new Option('--workers <n>', 'processes of one group on this machine')
        .argParser(whole(1, 64))
        .default(1),
    )
    .addOption(
      new Option(
        '--expect-key <id:check>',
        'a key that the routes must use, with its check value; may be repeated',
      ).argParser(parseExpectedKey),
    )
    .option('--until-end', 'process what is there at the start, and stop')
    .addOption(
      new Option('--progress <seconds>', 'how often to log what was settled since the last time')
        .argParser(whole(1, 86_400))
        .default(10),
    )
    .option('--summary <file>', 'where to write the account as JSON when it ends')
    .option('-q, --quiet', 'no account on stderr')
    .addOption(new Option('--worker <n>').argParser(whole(0, 63)).hideHelp())
    .addHelpText('after', EXAMPLES)
    .action(start)
