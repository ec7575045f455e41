/** `lethe retain`: what is stored and too old, by a work order that people read. */
import { existsSync } from 'node:fs'
import { Command, Option } from 'commander'
import { EXIT, LetheError } from '../errors.ts'
import { takeLock } from '../files/lock-file.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { HeldSetting } from '../lifecycle/may-delete.ts'
import { verifiedLines } from '../lifecycle/print-orders.ts'
import { refuseTooMuch } from '../lifecycle/retention-orders.ts'
import { type AnyOrder, readOrder, totalOf } from '../lifecycle/work-order.ts'
import { printable } from '../terminal.ts'
import { objectVersionsOption, parseShare, parseSpan, parseTime, storedTargets } from './arguments.ts'
import {
  addHoldsOptions,
  type HoldsOptions,
  heldOf,
  heldRowsOf,
  type MatchKeysOption,
  matchKeysOf,
} from './holds-option.ts'
import { addLedgerOptions, type LedgerOptions, ledgerOf, recorded } from './ledger-option.ts'
import {
  type JobOptions,
  jobOf,
  type PlanningOptions,
  type RetainJob,
  writeOrder,
} from './retain/retain-job.ts'

interface SharedOptions extends LedgerOptions, HoldsOptions, MatchKeysOption, JobOptions {}

type PlanOptions = SharedOptions & PlanningOptions

const say = (text: string): boolean => process.stderr.write(`lethe: ${text}\n`)

/** Where a hold is on subjects, records of topics are held whose subject is not looked for: no keys are asked for there. */
const heldFor = (options: SharedOptions): HeldSetting =>
  options.pipeline === undefined ? heldRowsOf(options, () => matchKeysOf(options)) : heldOf(options)

/** Does something with a job, whose clients are closed then. */
async function withJob<T>(options: JobOptions, use: (job: RetainJob) => Promise<T>): Promise<T> {
  const job = await jobOf(options)
  try {
    return await use(job)
  } finally {
    await job.close()
  }
}

/** `most`: where more would be deleted than this share, the order is refused and not written. */
async function makeOrder(
  job: RetainJob,
  names: readonly string[],
  options: PlanOptions,
  held: HeldSetting,
  most: number = 1,
): Promise<AnyOrder> {
  if (options.asOf !== undefined && options.asOf > Date.now())
    throw new LetheError(
      'bad-option',
      '--as-of lies in the future: rows would go that are not too old',
      'leave it out, or name a time that has passed',
    )
  const order = await job.plan(names, options, held)
  try {
    refuseTooMuch(order, most)
  } catch (error) {
    process.stderr.write(`${job.lines(order).join('\n')}\n`)
    throw error
  }
  await writeOrder(options.output, order, async () => {
    await ledgerOf(options)?.append({ action: 'retain.plan', state: 'done', ...factOf(order, job) })
  })
  process.stderr.write(`${job.lines(order).map(printable).join('\n')}\n`)
  return order
}

/** What a ledger says of an order. */
function factOf(order: AnyOrder, job: RetainJob) {
  const { rows, deleted, stepped } = totalOf(order)
  const policy = order.kind === 'retain' ? { policy: order.policy.fingerprint } : {}
  return {
    names: job.names(order),
    fingerprints: { order: order.hash, ...policy },
    counts: {
      targets: order.targets.length,
      untouched: order.untouched.length,
      ...{ rows, deleted, stepped },
    },
  }
}

async function plan(names: readonly string[], options: PlanOptions): Promise<void> {
  const held = heldFor(options)
  const order = await withJob(options, (job) => makeOrder(job, names, options, held))
  const cannotStep =
    order.kind === 'retain' &&
    order.targets.some((target) => target.cannotStep > 0 || (target.unstepped ?? 0) > 0)
  if (order.untouched.length > 0 || cannotStep) process.exitCode = EXIT.violations
}

/** One apply of an order at a time. */
async function applied(
  file: string,
  order: AnyOrder,
  job: RetainJob,
  held: HeldSetting,
  ledger: Ledger | undefined,
): Promise<void> {
  const release = await takeLock(file, { waitMs: 0 })
  try {
    const apply = () => job.apply(order, held)
    const done = await recorded(ledger, { action: 'retain.apply', ...factOf(order, job) }, apply, (made) => ({
      counts: { ...made },
      fingerprints: { order: order.hash },
    }))
    say(`applied to ${done.applied} targets; at ${done.wasApplied} it was done before`)
  } finally {
    release()
  }
}

async function apply(file: string, options: SharedOptions): Promise<void> {
  const held = heldFor(options)
  const order = readOrder(file)
  await withJob(options, async (job) => {
    // Refuses an order of the other kind; one of another policy is refused where it is applied.
    job.isOf(order)
    await applied(file, order, job, held, ledgerOf(options))
  })
}

type Format = { readonly format?: 'text' | 'json' }

async function verified(order: AnyOrder, job: RetainJob, held: HeldSetting, options: LedgerOptions & Format) {
  const targets = await job.verify(order, held)
  // What a hold keeps has to be there, so it fails nothing.
  const isAbsent = targets.every(({ state }) => state === 'verified absent' || state === 'held')
  const isUnstepped = targets.every(({ state }) => !['not absent', 'cannot be read'].includes(state))
  await ledgerOf(options)?.append({
    action: 'retain.verify',
    state: isAbsent ? 'done' : 'failed',
    ...(isAbsent ? {} : { code: isUnstepped ? 'not-stepped' : 'not-absent' }),
    ...factOf(order, job),
    counts: {
      targets: targets.length,
      absent: targets.filter(({ state }) => state === 'verified absent').length,
      held: targets.filter(({ state }) => state === 'held').length,
    },
  })
  process.stdout.write(
    options.format === 'json'
      ? `${JSON.stringify({ v: 1, order: order.hash, verified: isAbsent, targets }, null, 2)}\n`
      : `${verifiedLines(targets).map(printable).join('\n')}\n`,
  )
  if (!isAbsent) process.exitCode = EXIT.violations
}

async function verify(file: string, options: SharedOptions & Format): Promise<void> {
  const held = heldFor(options)
  const order = readOrder(file)
  await withJob(options, async (job) => {
    job.isOf(order)
    await verified(order, job, held, options)
  })
}

async function run(
  names: readonly string[],
  options: PlanOptions & { readonly maxDelete: number },
): Promise<void> {
  const held = heldFor(options)
  const { output: file, maxDelete } = options
  await withJob(options, async (job) => {
    // What a run before was cut short at is done first: its targets are not those that a plan expects.
    if (existsSync(file)) {
      const before = readOrder(file)
      if (job.isOf(before) && Date.parse(before.validUntil) >= Date.now()) {
        // It may be one that a person has planned, and not applied.
        refuseTooMuch(before, maxDelete, { file, left: await job.left(before) })
        await applied(file, before, job, held, ledgerOf(options)).catch((error) => {
          if (!(error instanceof LetheError) || error.code !== 'target-changed') throw error
        })
      }
    }
    const order = await makeOrder(job, names, options, held, maxDelete)
    await applied(file, order, job, held, ledgerOf(options))
    await verified(order, job, held, options)
    if (order.untouched.length > 0) process.exitCode = EXIT.violations
  })
}

const DAY_MS = 86_400_000

const addShared = (command: Command): Command =>
  addLedgerOptions(
    addHoldsOptions(
      command
        .option('-p, --policy <file>', 'the policy that says how long, for stored files')
        .option('--match-keys <file>', 'the match keys of holds on subjects (default: LETHE_MATCH_KEYS_FILE)')
        .option(
          '--pipeline <file>',
          'the pipeline whose outputs and dead letters are meant, with its policies',
        ),
    ),
  )

const addPlanning = (command: Command): Command =>
  addShared(
    command
      .addArgument(storedTargets())
      .requiredOption('-o, --output <order>', 'where to write the work order')
      .addOption(
        new Option('--as-of <time>', 'the instant that ages are judged at (default: now)').argParser(
          parseTime,
        ),
      )
      .addOption(
        new Option(
          '--margin <period>',
          'rows go so much later than their period says: so far a clock may be ahead',
        )
          .argParser(parseSpan)
          .default(DAY_MS, '1d'),
      )
      .addOption(
        new Option('--valid <period>', 'how long the order may be applied')
          .argParser(parseSpan)
          .default(7 * DAY_MS, '7d'),
      )
      .addOption(
        new Option(
          '--cannot-step <what>',
          'where a field cannot be taken to its next step: drop the row, or the field',
        ).choices(['drop-row', 'drop-field']),
      )
      .addOption(objectVersionsOption())
      .addOption(
        new Option(
          '--other-versions <period>',
          'of topics: the longest interval that other versions of the policies wrote as event time, such as 31d (default: their records stay)',
        ).argParser(parseSpan),
      ),
  )

const EXAMPLES = `
A file is touched only where FILE.lethe.json stands beside it, as \`lethe batch\` writes it, and names its bytes. Event time decides: a row is too
old once the end of the interval that its stored time names is. Of topics, records are deleted from the start of each partition up to the first
one that has to stay. docs/lifecycle.md says more.

Examples:
  $ lethe retain plan clean/ -p policy.yaml --holds holds.ndjson -o order.json
  $ lethe retain apply order.json -p policy.yaml --holds holds.ndjson
  $ lethe retain verify order.json -p policy.yaml --holds holds.ndjson
  $ lethe retain run clean/ -p policy.yaml --holds holds.ndjson -o order.json --max-delete 5%
  $ lethe retain plan --pipeline pipeline.yaml --holds holds.ndjson -o order.json
  $ lethe retain apply order.json --pipeline pipeline.yaml --holds holds.ndjson

Exit codes: 0 done, 1 a target was not touched, is not absent, has rows that cannot be stepped, or too much would be deleted, 2 usage, policy or order, 4 input or output.`

export const command = (): Command => {
  const retain = new Command('retain')
    .description('Deletes or coarsens stored rows that are too old, as the policy says.')
    .addHelpText('after', EXAMPLES)
  addPlanning(
    retain
      .command('plan')
      .summary('what is too old, as a work order')
      .description('Reads the targets, changes nothing, and writes a work order.'),
  ).action(plan)
  addShared(
    retain
      .command('apply')
      .summary('do what a work order says')
      .description('Does what a work order says, where nothing has changed since. It can be repeated.')
      .argument('<order>', 'the work order'),
  ).action(apply)
  addShared(
    retain
      .command('verify')
      .summary('read again, and say whether it is gone')
      .description('Reads the targets of a work order again: verified absent, or not.')
      .argument('<order>', 'the work order')
      .addOption(
        new Option('--format <format>', 'how to print it').choices(['text', 'json']).default('text'),
      ),
  ).action(verify)
  addPlanning(
    retain
      .command('run')
      .summary('plan, apply and verify, for a scheduler')
      .description('Plans, applies and verifies, unless more would be deleted than is allowed.')
      .addOption(
        new Option('--max-delete <p%>', 'delete nothing where it would be a larger share of the rows')
          .argParser(parseShare)
          .makeOptionMandatory(),
      ),
  ).action(run)
  return retain
}
