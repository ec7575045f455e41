/** `lethe source PIPELINE TOKEN…`: which record an output was made of, for the holder of the keys. */
import { createInterface } from 'node:readline'
import { Argument, Command, Option } from 'commander'
import { EXIT, LetheError } from '../errors.ts'
import { openAdmin } from '../kafka/open-admin.ts'
import { outputTopicsOf, type Pipeline } from '../kafka/pipeline-file/pipeline.ts'
import { resolveConnection, resolveKeyring } from '../kafka/pipeline-file/pipeline-secrets.ts'
import { topicMatcher } from '../kafka/pipeline-file/topics.ts'
import { type Reading, SourceReader, type SourceRoute, UNREAD_CODES } from '../kafka/source-reader.ts'
import { readPipeline } from '../run/stream/prepare.ts'
import { paint, printable, shorten } from '../terminal.ts'

interface Options {
  readonly topics?: readonly string[]
  readonly outputs?: readonly string[]
  readonly format: 'text' | 'json'
}

async function run(file: string, tokens: readonly string[], options: Options): Promise<void> {
  const pipeline = await readPipeline(file)
  const keyring = resolveKeyring(pipeline)
  const reader = new SourceReader(pipeline.name, keyring, await routesOf(pipeline, options))
  const write = options.format === 'json' ? asJson : asText
  const kept = new Set<string>()
  let unread = 0
  let old = 0
  for await (const token of tokens.includes('-') ? lines(tokens) : tokens) {
    const reading = reader.read(token)
    if ('unread' in reading) unread++
    else {
      const { key, form } = reading.source
      if (key !== undefined && key.status !== 'enabled') kept.add(`${key.id} is ${key.status}`)
      if (form === 'pipeline') old++
    }
    process.stdout.write(`${write(token, reading)}\n`)
  }
  for (const one of kept)
    process.stderr.write(`lethe: the key ${one}: old coordinates are read under it, new ones are not made\n`)
  if (old > 0)
    process.stderr.write(
      `lethe: ${old} in the form of 0.1.0, under a key of the pipeline alone: they join the output topics of the pipeline\n`,
    )
  if (unread > 0) process.exitCode = EXIT.violations
}

async function* lines(tokens: readonly string[]): AsyncGenerator<string> {
  if (tokens.length > 1)
    throw new LetheError('bad-option', '- stands for standard input, and nothing else goes with it')
  for await (const line of createInterface({ input: process.stdin }))
    if (line.trim() !== '') yield line.trim()
}

/** The topics of each route, with those named. A pattern's are asked of the brokers, unless they are named. */
async function routesOf(
  pipeline: Pipeline,
  { topics: inputs, outputs = [] }: Options,
): Promise<readonly SourceRoute[]> {
  const { routes } = pipeline
  const hasPattern = routes.some(({ from }) => 'pattern' in from.topics)
  const there = hasPattern && inputs === undefined ? await topicsThere(pipeline) : []
  return routes.map(({ name, from: { topics }, to }) => {
    const own = 'pattern' in topics ? there.filter(topicMatcher(topics)) : topics
    // Whatever is named may have been an input or an output once.
    return { route: name, inputs: [...own, ...(inputs ?? [])], outputs: [...outputTopicsOf(to), ...outputs] }
  })
}

async function topicsThere(pipeline: Pipeline): Promise<readonly string[]> {
  const admin = await openAdmin(resolveConnection(pipeline))
  try {
    return (await admin.topics()).map(({ name }) => name)
  } finally {
    await admin.close()
  }
}

function asText(token: string, reading: Reading): string {
  const { dim, red } = paint(process.stdout)
  const shown = dim(shorten(printable(token), 60))
  if ('unread' in reading) return `${shown}  ${red(reading.unread)}  ${UNREAD_CODES[reading.unread]}`
  const { route, topic, partition, offset, form } = reading.source
  const said = [
    ...(route === undefined ? [] : [`route ${route}`]),
    ...(form === 'pipeline' ? ['form of 0.1.0'] : []),
  ]
  return [shown, `${topic}/${partition}/${offset}`, ...said.map((one) => dim(one))].join('  ')
}

function asJson(token: string, reading: Reading): string {
  if ('unread' in reading) return JSON.stringify({ v: 1, token, unread: reading.unread })
  const { route, topic, partition, offset, output, form, key } = reading.source
  return JSON.stringify({
    v: 1,
    token,
    route,
    topic,
    partition,
    offset,
    output,
    form,
    key: key?.id,
    keyStatus: key?.status,
  })
}

const namesOf = (text: string): string[] => text.split(',').filter((name) => name !== '')

const EXAMPLES = `
Every output carries the header lethe-source: the coordinates of the record that it was made of, encrypted under a key
of the pipeline and its output topic. The holder of the keyset reads them back, to audit an output or to find the record
behind it. Within a topic, equal headers are duplicates; two topics cannot be joined by them. It works offline, unless a
route reads by a pattern and --topics names no topics.

Headers that 0.1.0 wrote, under a key of the pipeline alone, are read as well, and told: these do join the topics.

Coordinates under a disabled or compromised key are read as long as the keyset holds it, and stderr says so: old
outputs still carry them, reading makes no new token, and after a key got out an audit is wanted most.

Examples:
  $ lethe source pipeline.yaml k1.Zr4u7w0bQH0nV4mYk2b8Xg
  $ lethe tap pipeline.yaml --format json | jq -r '.headers["lethe-source"]' | lethe source pipeline.yaml -
  $ lethe source pipeline.yaml --topics shop.events.2025 --format json k1.Zr4u7w0bQH0nV4mYk2b8Xg

Exit codes: 0 all read, 1 some could not be read, 2 usage, pipeline or keys, 4 a file or a broker.`

export const command = (): Command =>
  new Command('source')
    .description('Tells which record an output was made of, by its header lethe-source.')
    .addArgument(new Argument('<pipeline>', 'the pipeline file'))
    .addArgument(new Argument('<token...>', 'values of the header; - reads them from stdin, one a line'))
    .addOption(
      new Option('--topics <names>', 'input topics of now or once, with commas between').argParser(namesOf),
    )
    .addOption(
      new Option(
        '--outputs <names>',
        'output topics of former times, or of another file of this pipeline, with commas between',
      ).argParser(namesOf),
    )
    .addOption(
      new Option('--format <format>', 'json: an object a line').choices(['text', 'json']).default('text'),
    )
    .addHelpText('after', EXAMPLES)
    .action(run)
