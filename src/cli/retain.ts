/** `lethe retain`: what is stored and too old, by a work order that people read. */
import { existsSync } from 'node:fs'
import { Argument, Command, Option } from 'commander'
import { EXIT, LetheError } from '../errors.ts'
import { takeLock } from '../files/lock-file.ts'
import { openOutput } from '../files/output.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Hold } from '../lifecycle/legal-hold.ts'
import { orderLines, verifiedLines } from '../lifecycle/print-orders.ts'
import {
  type ApplySetting,
  applyOrder,
  planRetention,
  refuseTooMuch,
  targetsOf,
  verifyOrder,
} from '../lifecycle/retention-orders.ts'
import type { CannotStep } from '../lifecycle/stored-plan.ts'
import { orderText, readOrder, totalOf, type WorkOrder } from '../lifecycle/work-order.ts'
import { ReadFiles } from '../run/read-files.ts'
import { parseSpan, parseTime } from './arguments.ts'
import { parseShare } from './groups.ts'
import { addHoldsOptions, type HoldsOptions, holdsOf } from './holds-option.ts'
import { addLedgerOptions, type LedgerOptions, ledgerOf } from './ledger-option.ts'
import { planOf } from './policy-option.ts'

interface SharedOptions extends LedgerOptions, HoldsOptions {
  readonly policy: string
}

interface PlanningOptions extends SharedOptions {
  readonly output: string
  readonly asOf?: number
  readonly margin: number
  readonly valid: number
  readonly cannotStep?: CannotStep
}

const say = (text: string): boolean => process.stderr.write(`lethe: ${text}\n`)

/** `most`: where more would be deleted than this share, the order is refused and not written. */
async function makeOrder(
  names: readonly string[],
  options: PlanningOptions,
  most: number = 1,
): Promise<WorkOrder> {
  const { asOf, margin, valid, cannotStep, policy } = options
  const holds = holdsOf(options)
  const plan = await planOf(policy)
  const now = Date.now()
  if (asOf !== undefined && asOf > now)
    throw new LetheError(
      'bad-option',
      '--as-of lies in the future: rows would go that are not too old',
      'leave it out, or name a time that has passed',
    )
  const reads = new ReadFiles()
  reads.add('the policy', policy)
  const targets = targetsOf(names)
  for (const { name } of targets) reads.add('a target', name.slice('file:'.length))
  reads.refuse(options.output)
  const setting = { asOf: asOf ?? now, now, marginMs: margin, validMs: valid, cannotStep, holds }
  const order = await planRetention(targets, plan, setting)
  refuseTooMuch(order, most)
  const output = openOutput(options.output, 'none')
  try {
    await output.append(Buffer.from(orderText(order)))
    await output.finish()
    await ledgerOf(options)?.append({ action: 'retain.plan', state: 'done', ...factOf(order) })
    output.publish()
  } finally {
    output.discard()
  }
  process.stderr.write(`${orderLines(order).join('\n')}\n`)
  return order
}

/** What a ledger says of an order. */
function factOf(order: WorkOrder) {
  const { rows, deleted, stepped } = totalOf(order)
  return {
    names: { policy: order.policy.name, version: String(order.policy.version) },
    fingerprints: { order: order.hash, policy: order.policy.fingerprint },
    counts: {
      targets: order.targets.length,
      untouched: order.untouched.length,
      ...{ rows, deleted, stepped },
    },
  }
}

async function plan(names: readonly string[], options: PlanningOptions): Promise<void> {
  const order = await makeOrder(names, options)
  if (order.untouched.length > 0 || order.targets.some(({ cannotStep }) => cannotStep > 0))
    process.exitCode = EXIT.violations
}

/** One apply of an order at a time. */
async function applied(file: string, order: WorkOrder, setting: ApplySetting, ledger: Ledger | undefined) {
  const release = await takeLock(file, { waitMs: 0 })
  try {
    const apply = () => applyOrder(order, setting)
    const fact = { action: 'retain.apply', ...factOf(order) } as const
    const done =
      ledger === undefined
        ? await apply()
        : await ledger.record(fact, apply, (made) => ({
            counts: { ...made },
            fingerprints: { order: order.hash },
          }))
    say(`applied to ${done.applied} targets; at ${done.wasApplied} it was done before`)
  } finally {
    release()
  }
}

async function apply(file: string, options: SharedOptions): Promise<void> {
  const setting = await settingOf(options)
  await applied(file, readOrder(file), setting, ledgerOf(options))
}

async function settingOf(
  options: SharedOptions,
  holds: readonly Hold[] = holdsOf(options),
): Promise<ApplySetting> {
  return { plan: await planOf(options.policy), holds, now: Date.now() }
}

async function verified(
  order: WorkOrder,
  setting: ApplySetting,
  options: LedgerOptions & { format?: 'text' | 'json' },
) {
  const targets = await verifyOrder(order, setting)
  const isAbsent = targets.every(({ state }) => state === 'verified absent')
  await ledgerOf(options)?.append({
    action: 'retain.verify',
    state: isAbsent ? 'done' : 'failed',
    ...(isAbsent ? {} : { code: 'not-absent' }),
    ...factOf(order),
    counts: {
      targets: targets.length,
      absent: targets.filter(({ state }) => state === 'verified absent').length,
    },
  })
  process.stdout.write(
    options.format === 'json'
      ? `${JSON.stringify({ v: 1, order: order.hash, verified: isAbsent, targets }, null, 2)}\n`
      : `${verifiedLines(targets).join('\n')}\n`,
  )
  if (!isAbsent) process.exitCode = EXIT.violations
}

async function verify(
  file: string,
  options: SharedOptions & { readonly format: 'text' | 'json' },
): Promise<void> {
  await verified(readOrder(file), await settingOf(options), options)
}

async function run(
  names: readonly string[],
  options: PlanningOptions & { readonly maxDelete: number },
): Promise<void> {
  const holds = holdsOf(options)
  const { output: file } = options
  // What a run before was cut short at is done first: its targets are not those that a plan expects.
  if (existsSync(file)) {
    const before = readOrder(file)
    const setting = await settingOf(options, holds)
    const isValid = Date.parse(before.validUntil) >= setting.now
    if (isValid && before.policy.fingerprint === setting.plan.fingerprint) {
      // It may be one that a person has planned, and not applied.
      refuseTooMuch(before, options.maxDelete)
      await applied(file, before, setting, ledgerOf(options)).catch((error) => {
        if (!(error instanceof LetheError) || error.code !== 'target-changed') throw error
      })
    }
  }
  const order = await makeOrder(names, options, options.maxDelete)
  const setting = await settingOf(options, holds)
  await applied(file, order, setting, ledgerOf(options))
  await verified(order, setting, options)
  if (order.untouched.length > 0) process.exitCode = EXIT.violations
}

const DAY_MS = 86_400_000

const addShared = (command: Command): Command =>
  addLedgerOptions(
    addHoldsOptions(command.requiredOption('-p, --policy <file>', 'the policy that says how long')),
  )

const addPlanning = (command: Command): Command =>
  addShared(
    command
      .addArgument(new Argument('<target...>', 'files that `lethe batch` wrote, or folders of them'))
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
      ),
  )

const EXAMPLES = `
A file is touched only where FILE.lethe.json stands beside it, as \`lethe batch\` writes it, and names its bytes. Event time decides: a row is too
old once the end of the interval that its stored time names is. docs/lifecycle.md says more.

Examples:
  $ lethe retain plan clean/ -p policy.yaml --holds holds.ndjson -o order.json
  $ lethe retain apply order.json -p policy.yaml --holds holds.ndjson
  $ lethe retain verify order.json -p policy.yaml --holds holds.ndjson
  $ lethe retain run clean/ -p policy.yaml --holds holds.ndjson -o order.json --max-delete 5%

Exit codes: 0 done, 1 a target was not touched, is not absent, or too much would be deleted, 2 usage, policy or order, 4 input or output.`

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
