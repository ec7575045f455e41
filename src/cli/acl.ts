/** `lethe acl PIPELINE`: the commands that grant a pipeline's user the least it needs. */
import { Argument, Command, InvalidArgumentError, Option } from 'commander'
import { LetheError } from '../errors.ts'
import type { Right } from '../kafka/admin.ts'
import type { Pipeline } from '../kafka/pipeline-file/pipeline.ts'
import { forgetRightsOf, type Grant, retainRightsOf, rightsOf } from '../kafka/rights.ts'
import { readPipeline } from '../run/stream/prepare.ts'

interface Options {
  readonly principal?: string
  readonly commandConfig?: string
  readonly replay?: boolean
  readonly for?: 'retain' | 'forget'
  readonly deleteRecords?: boolean
}

async function run(file: string, options: Options): Promise<void> {
  const pipeline = await readPipeline(file)
  const { for: job, deleteRecords = false } = options
  if (deleteRecords && job !== 'forget')
    throw new LetheError('bad-option', '--delete-records is of --for forget', 'leave it out')
  const grants =
    job === 'retain'
      ? retainRightsOf(pipeline)
      : job === 'forget'
        ? forgetRightsOf(pipeline, deleteRecords)
        : rightsOf(pipeline, options.replay)
  if (options.principal === undefined && pipeline.sasl?.mechanism === 'oauthbearer')
    throw new LetheError(
      'bad-option',
      'with oauthbearer a broker takes the name of the user from the token, by default from its claim `sub`',
      'name it: --principal User:NAME',
    )
  const principal = options.principal ?? `User:${pipeline.sasl?.username ?? 'lethe'}`
  const isGuarded = pipeline.tls !== undefined || pipeline.sasl !== undefined
  const config = options.commandConfig ?? (isGuarded ? 'admin.properties' : undefined)
  const lines = [
    comment(
      job !== undefined
        ? `What ${principal} needs for lethe ${job} on the topics of the pipeline ${pipeline.name}, and nothing more. Give it a user of its own.`
        : `What ${principal} needs to run ${options.replay === true ? 'and to replay ' : ''}the pipeline ${pipeline.name}, and nothing more.`,
    ),
    ...(isGuarded && options.commandConfig === undefined
      ? [
          comment(
            'admin.properties: how a user who may alter ACLs connects; name your own with --command-config.',
          ),
        ]
      : []),
  ]
  for (const grant of grants) {
    lines.push(
      '',
      comment(`${grant.use} (${grant.routes.length === 1 ? 'route' : 'routes'} ${grant.routes.join(', ')})`),
    )
    if (grant.wider !== undefined) lines.push(comment(`Caution: ${grant.wider}.`))
    lines.push(commandOf(grant, pipeline, principal, config))
  }
  if (job !== undefined)
    lines.push(
      '',
      comment(
        `Not granted: ${job === 'retain' ? 'Write, ' : deleteRecords ? '' : 'Delete (--delete-records), '}Alter and rights on inputs and groups. The user that publishes needs no Delete.`,
      ),
      ...(job === 'forget'
        ? [comment('A feed in a topic (--feed topic:NAME) needs Read, Describe and Write on that topic.')]
        : []),
    )
  else
    lines.push(
      '',
      comment(
        'Not granted: Create, so that a wrong name is an error and not a new topic. The training job needs Read of the',
      ),
      comment(
        'output topics only. Brokers older than 2.8 want --operation IdempotentWrite --cluster as well.',
      ),
    )
  process.stdout.write(`${lines.join('\n')}\n`)
  for (const { wider } of grants) if (wider !== undefined) process.stderr.write(`lethe: warning: ${wider}\n`)
}

/** Nothing that stands behind it may begin a line of its own. */
const comment = (text: string): string => `# ${text.replace(/[\r\n]/g, ' ')}`

const RESOURCES: Readonly<Record<Grant['resource'], string>> = {
  topic: '--topic',
  group: '--group',
  'transactional-id': '--transactional-id',
}

/** Kafka's tool knows its operations by these names: `DescribeConfigs`. */
const operation = (right: Right): string =>
  right.replace(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase())

function commandOf(
  { resource, name, match, rights }: Grant,
  { brokers }: Pipeline,
  principal: string,
  config: string | undefined,
): string {
  return [
    'kafka-acls.sh',
    '--bootstrap-server',
    brokers.join(','),
    ...(config === undefined ? [] : ['--command-config', config]),
    '--add',
    '--allow-principal',
    principal,
    ...rights.flatMap((right) => ['--operation', operation(right)]),
    ...(match === 'prefixed' ? ['--resource-pattern-type', 'prefixed'] : []),
    RESOURCES[resource],
    name,
  ]
    .map(quoted)
    .join(' ')
}

/** A word as every POSIX shell reads it. */
const quoted = (word: string): string =>
  /^[A-Za-z0-9_./:,=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`

function readPrincipal(text: string): string {
  if (!/^[A-Za-z]+:\S/.test(text) || /\p{Cc}/u.test(text))
    throw new InvalidArgumentError('It is a type and a name, such as User:lethe.')
  return text
}

const EXAMPLES = `
Prints a kafka-acls.sh command for each input, group, output, dead letter topic and transactional id. Opens no socket
and reads no secret. A route that reads by a pattern needs a prefixed ACL, which may allow more than the pattern says:
a line says so. The right to create topics is not granted: see lethe doctor --fix.

Examples:
  $ lethe acl pipeline.yaml
  $ lethe acl pipeline.yaml --principal User:lethe-prod | sh
  $ lethe acl pipeline.yaml --command-config admin.properties > grant.sh
  $ lethe acl pipeline.yaml --replay                  for a user that runs \`lethe replay\` as well
  $ lethe acl pipeline.yaml --for retain --principal User:retention
  $ lethe acl pipeline.yaml --for forget --principal User:erasure

Exit codes: 0 printed, 2 usage, pipeline or policy, 4 a file cannot be read.`

export const command = (): Command =>
  new Command('acl')
    .description("Prints the commands that grant a pipeline's user the least it needs.")
    .addArgument(new Argument('<pipeline>', 'the pipeline file'))
    .addOption(
      new Option(
        '--principal <principal>',
        'whom to allow (default: User: and the name under `sasl:`, else User:lethe; needed with oauthbearer)',
      ).argParser(readPrincipal),
    )
    .option('--replay', 'also what `lethe replay` needs: to read dead letters, and transactions')
    .addOption(
      new Option(
        '--for <job>',
        'only what another job needs: `lethe retain`, or `lethe forget` and `lethe locate`, on the topics of the pipeline',
      )
        .choices(['retain', 'forget'])
        .conflicts('replay'),
    )
    .option('--delete-records', 'with --for forget: also Delete, for orders that say --delete-records')
    .option('--command-config <file>', "how the administrator's tool connects, for kafka-acls.sh")
    .addHelpText('after', EXAMPLES)
    .action(run)
