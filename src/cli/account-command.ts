/** `lethe account merge`: the shards of a run, added up, and what they left, published. */
import { Argument, Command, Option } from 'commander'
import { sum } from '../engine/account.ts'
import { DEFAULT_DEAD_LETTER_LIMIT } from '../engine/limit.ts'
import { EXIT, LetheError } from '../errors.ts'
import { accountLines, verboseLines } from '../explain/account-lines.ts'
import { deadLetterAdvice } from '../run/account/dead-letter-advice.ts'
import { keysFile } from '../run/named-key-files.ts'
import { ReadFiles } from '../run/read-files.ts'
import { type Merged, type MergeOptions, type PreparedMerge, prepareMerge } from '../shards/merge-shards.ts'
import { readManifest } from '../shards/read-manifest.ts'
import { RunFolder } from '../shards/run-folder.ts'
import { paint } from '../terminal.ts'
import { parseLimit } from './arguments.ts'
import { keyringFrom } from './keyring-option.ts'
import { addLedgerOptions, type LedgerOptions, ledgerOf, recorded } from './ledger-option.ts'

interface Options extends Omit<MergeOptions, 'keyring'>, LedgerOptions {
  readonly keys?: string
  readonly format: 'text' | 'json'
  readonly verbose?: boolean
  readonly quiet?: boolean
}

async function merge(folder: string, options: Options): Promise<void> {
  const ledger = ledgerOf(options)
  const reads = new ReadFiles()
  reads.addOptions(options)
  const file = keysFile(options)
  reads.add('the keyset file', file)
  const prepared = await prepareMerge(folder, { ...options, keyring: keyringFrom(file) }, reads)
  const merged = await recorded(ledger, factOf(prepared), () => prepared.finish(), outcomeOf)
  const { summary, isPublished } = merged
  if (options.format === 'json') process.stdout.write(`${JSON.stringify(summary, null, 2)}\n`)
  else if (options.quiet !== true) {
    process.stdout.write(`${accountLines(summary, paint(process.stdout)).join('\n')}\n`)
    if (options.verbose === true) process.stdout.write(`${verboseLines(summary).join('\n')}\n`)
  }
  const dead = sum(summary.records.deadLettered)
  if (summary.status === 'too-many-dead-letters')
    throw new LetheError(
      'too-many-dead-letters',
      `too many dead letters: ${dead} of the ${summary.records.in} records read, over all shards; nothing was published`,
      deadLetterAdvice(summary, `${options.deadLetter ?? '--dead-letter FILE'} lists where and why`),
    )
  if (options.quiet !== true && options.output !== undefined && isPublished)
    process.stderr.write(`lethe: the outputs of ${summary.shards!.of} shards are in ${options.output}\n`)
  if (dead > 0) process.exitCode = EXIT.deadLetters
}

async function classes(name: string, { keys, quiet }: Pick<Options, 'keys' | 'quiet'>): Promise<void> {
  const { openClasses } = await import('../shards/shard-classes.ts')
  const folder = new RunFolder(name)
  const read = await readManifest(folder.manifestFile)
  const opened = await openClasses(read, folder, keyringFrom(keysFile({ ...(keys && { keys }) })))
  if (quiet === true) return
  const { published, suppressed, records, recordsSuppressed } = opened
  process.stderr.write(
    `lethe: ${published} classes may leave, and ${suppressed} are too small: ${recordsSuppressed} of ${records} records\n`,
  )
}

function factOf({ summary, manifest }: PreparedMerge) {
  const { policy, keys, shards } = summary
  return {
    action: 'account.merge' as const,
    names: {
      policy: policy.name,
      version: String(policy.version),
      ...(keys.length === 0 ? {} : { keys: keys.join('-') }),
    },
    fingerprints: { policy: policy.fingerprint, manifest },
    counts: { shards: shards!.of },
  }
}

function outcomeOf({ summary, isPublished }: Merged) {
  const { status, records, outputs } = summary
  return {
    ...(status === 'done' ? {} : { code: status }),
    counts: {
      in: records.in,
      published: isPublished ? records.published : 0,
      suppressed: sum(records.suppressed),
      deadLettered: sum(records.deadLettered),
      outputs: isPublished ? outputs.length : 0,
    },
  }
}

const EXAMPLES = `
The folder is the one that -o of \`lethe batch --manifest\` named. Every shard of its manifest must have left its outputs there,
made by one policy, key and instant. With -o the folder of outputs gets its name at once, as the last step, with _SUCCESS and
_manifest.json in it, which lists files, records and digests.

Examples:
  $ lethe account merge run/                          adds up, and publishes nothing
  $ lethe account merge run/ -o clean/ --summary run.json --dead-letter dead.ndjson
  $ lethe account merge run/ -o clean/ --manifest run-manifest.json --digests
  $ lethe account merge s3://clean/2026/ -o s3://clean/2026/data/     objects stay where they are; _SUCCESS is written last
  $ lethe account classes run/ --keys keys.json       of a policy with \`crowd:\`, between its two passes

Exit codes: 0 done, 1 a shard is missing, there twice, foreign or damaged, or by another policy or key (nothing published), 2 usage,
3 records were dead-lettered (with too many of them, nothing published), 4 input or output.`

const CLASSES = `
A policy with \`crowd:\` lets a record leave where enough data subjects share its values, in all shards. So each shard is run twice:
first with --count-classes, then, once this has made one set of classes of all counts, without it. \`lethe account merge\` holds
what was published to the policy. What shards counted is of people: it is encrypted under a key of the keyset, for the
owner of the files alone, and is removed when the run is published.

Examples:
  $ lethe batch --manifest run.json --shard 0 -p policy.yaml --keys keys.json -o run/ --count-classes
  $ lethe account classes run/ --keys keys.json
  $ lethe batch --manifest run.json --shard 0 -p policy.yaml --keys keys.json -o run/
  $ lethe account merge run/ --keys keys.json -o clean/

Exit codes: 0 done, 1 the classes of a shard are missing, or more records would be suppressed than the policy allows, 2 usage, 4 input or output.`

export const command = (): Command => {
  const account = new Command('account')
    .description('Adds up accounts of runs.')
    .addHelpText('after', EXAMPLES)
  addLedgerOptions(account.command('merge'))
    .description('Adds up the shards of a run over many machines, and publishes what they left.')
    .addArgument(new Argument('<folder>', 'the folder of the run'))
    .option('-o, --output <folder>', 'publish the outputs as this folder, which must not be there')
    .option('--manifest <file>', 'the run must be of this manifest')
    .addOption(
      new Option(
        '--max-dead-letters <n|p%>',
        'publish nothing with more than this, over all shards; a share counts from 1,000 records on',
      )
        .argParser(parseLimit)
        .default(DEFAULT_DEAD_LETTER_LIMIT, '1%'),
    )
    .option('--keys <file>', 'where the policy states a crowd: the keyset file (default: LETHE_KEYS_FILE)')
    .option('--digests', 'read all outputs, and compare their digests, not their sizes alone')
    .option('--summary <file>', 'where to write the account as JSON')
    .option('--dead-letter <file>', 'where to list the dead letters of all shards, in the order of the files')
    .addOption(new Option('--format <format>', 'how to print it').choices(['text', 'json']).default('text'))
    .option('-v, --verbose', 'say more: the whole fingerprint, keys, and each file')
    .option('-q, --quiet', 'no account')
    .addHelpText('after', EXAMPLES)
    .action(merge)
  account
    .command('classes')
    .description('Adds up the classes that shards counted with --count-classes, and says which may leave.')
    .addArgument(new Argument('<folder>', 'the folder of the run'))
    .option('--keys <file>', 'the keyset file of the run (default: LETHE_KEYS_FILE)')
    .option('-q, --quiet', 'no counts')
    .addHelpText('after', CLASSES)
    .action(classes)
  return account
}
