/** `lethe audit`: ledgers, verified with public keys alone, and shown. */
import { Argument, Command, Option } from 'commander'
import { readTrustedKeys } from '../approval/required-approval.ts'
import { EXIT, LetheError } from '../errors.ts'
import { oldSegments } from '../ledger/drop-segments.ts'
import { linesOf, readEntry } from '../ledger/entry.ts'
import {
  type EntryFilter,
  entryText,
  entryView,
  passes,
  verifiedJson,
  verifiedText,
} from '../ledger/print-ledgers.ts'
import { readLedgers, readWhole } from '../ledger/read-ledgers.ts'
import { type LedgerFile, type PlacedEntry, verifyLedgers } from '../ledger/verify-chains.ts'
import { deleteFile } from '../lifecycle/delete-stored.ts'
import { fileTarget, mayDelete } from '../lifecycle/may-delete.ts'
import { parseTime } from './arguments.ts'
import { addHoldsOptions, type HoldsOptions, heldOf } from './holds-option.ts'
import { isPipelineName, type LedgerOptions, ledgerOf, parseRole } from './ledger-option.ts'
import { addPassphraseOptions } from './signing-key.ts'

type Format = 'text' | 'json'

interface VerifyOptions {
  readonly keys: string
  readonly anchor?: readonly string[]
  readonly format: Format
}

async function verify(logs: readonly string[], { keys, anchor = [], format }: VerifyOptions): Promise<void> {
  const anchors: LedgerFile[] = []
  for (const name of anchor)
    if (!isPipelineName(name)) anchors.push({ file: name, bytes: readWhole(name) })
    else {
      const { readPipelineAnchor } = await import('../run/stream/topic-anchor.ts')
      anchors.push(...(await readPipelineAnchor(name, readWhole)))
    }
  const verified = verifyLedgers(readLedgers(logs), readTrustedKeys(keys), anchors)
  process.stdout.write(format === 'json' ? verifiedJson(verified) : verifiedText(verified))
  if (verified.findings.length > 0 || verified.chains.length === 0) process.exitCode = EXIT.violations
}

function show(
  logs: readonly string[],
  { format, ...filter }: EntryFilter & { readonly format: Format },
): void {
  const entries: PlacedEntry[] = []
  for (const { file, bytes } of readLedgers(logs))
    for (const { line, bytes: of } of linesOf(bytes)) {
      const entry = readEntry(of)
      if (entry !== undefined) entries.push({ file, line, entry })
      else {
        process.stderr.write(`lethe: ${file}:${line} is no entry: it was changed, or cut short\n`)
        process.exitCode = EXIT.violations
      }
    }
  const shown = entries
    .filter((entry) => passes(entry, filter))
    .sort((a, b) => (a.entry.time < b.entry.time ? -1 : a.entry.time > b.entry.time ? 1 : 0))
  process.stdout.write(
    format === 'json'
      ? `${JSON.stringify({ v: 1, verified: false, entries: shown.map(entryView) }, null, 2)}\n`
      : shown.map((entry) => `${entryText(entry)}\n`).join(''),
  )
}

async function seal(log: string, options: LedgerOptions): Promise<void> {
  const sealed = await ledgerOf({ ...options, ledger: log })!.seal()
  process.stderr.write(
    sealed === undefined ? `lethe: ${log} holds no entry: nothing to seal\n` : `lethe: sealed as ${sealed}\n`,
  )
}

interface DropOptions extends LedgerOptions, HoldsOptions {
  readonly before: number
}

async function drop(log: string, options: DropOptions): Promise<void> {
  const { holds, lookAgain } = heldOf(options)
  const old = oldSegments(log, options.before)
  if (old === undefined) {
    process.stderr.write(`lethe: ${log} has no sealed segment that ended before then\n`)
    return
  }
  const permits = old.files.map((file) => {
    const verdict = mayDelete({ target: fileTarget(file) }, holds, Date.now(), lookAgain)
    if (verdict.allowed) return verdict.permit
    throw new LetheError(
      'target-held',
      `${file} is under the legal hold ${verdict.hold.id}; nothing was deleted`,
    )
  })
  await ledgerOf({ ...options, ledger: log })!.record(old.fact, () => {
    for (const [at, file] of old.files.entries()) deleteFile(file, permits[at]!)
  })
  process.stderr.write(`lethe: dropped ${old.files.join(', ')}\n`)
}

const FORMAT = (): Option =>
  new Option('--format <format>', 'how to print it').choices(['text', 'json']).default('text')
const LOGS = (): Argument => new Argument('<log...>', 'ledgers; the sealed segments beside each are read too')

const addWriting = (command: Command): Command =>
  addPassphraseOptions(
    command
      .requiredOption('--signing-key <file>', 'the key that signs the ledger')
      .option(
        '--anchor <file>',
        'the file that keeps the heads of the ledger, or the pipeline file that says where',
      )
      .option('--as <role>', 'as what (default: operator)', parseRole),
  )

const EXAMPLES = `
A ledger is what --ledger FILE --signing-key FILE of a command, or \`ledger:\` of a pipeline file, writes. Verifying needs the
public keys alone: no policy and no keyset. Without --anchor it cannot show that the end of a ledger was cut off.

Examples:
  $ lethe audit verify host1.ndjson host2.ndjson --keys ledgers.pem --anchor /mnt/other/heads.ndjson
  $ lethe audit verify host1.ndjson --keys ledgers.pem --anchor pipeline.yaml         heads in its topic
  $ lethe audit show ledger.ndjson --action keys --since 2026-01-01
  $ lethe audit seal ledger.ndjson --signing-key host.pem
  $ lethe audit drop ledger.ndjson --before 2024-01-01 --holds holds.ndjson --signing-key host.pem

Exit codes: 0 as written, 1 findings, 2 usage, 4 input or output.`

export const command = (): Command => {
  const audit = new Command('audit').description('Verifies and shows ledgers.').addHelpText('after', EXAMPLES)
  audit
    .command('verify')
    .summary('is every entry as it was written')
    .description('Checks hashes, signatures and order of all entries, and heads that are anchored elsewhere.')
    .addArgument(LOGS())
    .requiredOption('--keys <file>', 'the public keys of those who sign ledgers, in PEM')
    .option(
      '--anchor <file>',
      'a file of heads, or a pipeline file that says where they are; may be repeated',
      (file: string, before: readonly string[] = []) => [...before, file],
    )
    .addOption(FORMAT())
    .action(verify)
  audit
    .command('show')
    .summary('print entries')
    .description('Prints the entries of ledgers by their time. It does not verify them.')
    .addArgument(LOGS())
    .option('--action <action>', 'this action, or those that begin with it: keys, keys.add')
    .option('--actor <role>', 'by this role')
    .option('--about <name>', 'with this policy, pipeline, route, key or fingerprint (8 hex digits or more)')
    .addOption(new Option('--since <time>', 'from then on').argParser(parseTime))
    .addOption(new Option('--until <time>', 'before').argParser(parseTime))
    .addOption(FORMAT())
    .action(show)
  addWriting(
    audit
      .command('seal')
      .summary('close the segment, and begin another one')
      .description(
        'Renames LOG to LOG.000001 and so on, and begins another segment that carries the chain on.',
      )
      .argument('<log>', 'the ledger'),
  ).action(seal)
  addHoldsOptions(
    addWriting(
      audit
        .command('drop')
        .summary('delete sealed segments that are old')
        .description(
          'Writes down which sealed segments go, and deletes them. The rest can still be verified.',
        )
        .argument('<log>', 'the ledger')
        .addOption(
          new Option('--before <time>', 'segments that end before then')
            .argParser(parseTime)
            .makeOptionMandatory(),
        ),
    ),
  ).action(drop)
  return audit
}
