/** `lethe forget`: stored rows of subjects, by a work order that people read, and a receipt. */
import { Command, InvalidArgumentError, Option } from 'commander'
import { parseTable, type Table } from '../erasure/sql.ts'
import { objectVersionsOption, parseSpan, storedTargets } from './arguments.ts'
import { apply, begin, plan, replay, verify } from './forget/run-forget.ts'
import { addHoldsOptions } from './holds-option.ts'
import { addLedgerOptions } from './ledger-option.ts'
import { addPolicies, addPoliciesOrPipeline, addSubjects } from './subject-options.ts'

/** `FIELD=COLUMN`; may be repeated. */
function parseColumn(
  text: string,
  before: ReadonlyMap<string, string> = new Map(),
): ReadonlyMap<string, string> {
  const [, field, column] = /^(.+)=([^=`"\\\p{Cc}]+)$/u.exec(text) ?? []
  if (field === undefined || column === undefined)
    throw new InvalidArgumentError('It is an output path and a column, as customer.id=customer_id.')
  return new Map([...before, [field, column]])
}

function parseTables(text: string, before: readonly Table[] = []): readonly Table[] {
  const table = parseTable(text)
  if (table === undefined)
    throw new InvalidArgumentError(
      'It is delta, iceberg, snowflake or bigquery, a colon, and the name of a table, as delta:main.sales.events.',
    )
  return [...before, table]
}

const addEmit = (command: Command): Command =>
  command
    .addOption(
      new Option('--emit <form>', 'print statements for tables downstream; nothing runs them').choices([
        'sql',
      ]),
    )
    .addOption(
      new Option(
        '--table <dialect:name>',
        'a table: delta:, iceberg:, snowflake: or bigquery:, and its name; may be repeated',
      ).argParser(parseTables),
    )
    .addOption(
      new Option(
        '--column <field=column>',
        'what an output path is called as a column; may be repeated',
      ).argParser(parseColumn),
    )

const addErasing = (command: Command): Command =>
  addHoldsOptions(
    command
      .requiredOption('--suppression <file>', 'the suppression list; apply makes it where it is not there')
      .option('--match-keys <file>', 'the match keys of the list (default: LETHE_MATCH_KEYS_FILE)'),
  )

const addOrder = (command: Command): Command =>
  command
    .requiredOption('-o, --output <order>', 'where to write the work order')
    .addOption(
      new Option('--valid <period>', 'how long the order may be applied')
        .argParser(parseSpan)
        .default(7 * 86_400_000, '7d'),
    )
    .addOption(objectVersionsOption())
    .option(
      '--dead-letters <list...>',
      'also take sealed originals of the subjects out of lists that `lethe batch --dead-letter` wrote',
    )
    .addOption(
      new Option(
        '--delete-records <which>',
        'of topics: also delete from the start of a log: `own`, as far as records of the subjects alone stand there, or `with-others`, up to their last record, which takes records of others that the order counts (default: not at all)',
      ).choices(['own', 'with-others']),
    )

const addApplying = (command: Command): Command =>
  addLedgerOptions(
    command.option(
      '--feed <file>',
      'append the erased tokens to this file, or to topic:NAME, for those who have the outputs',
    ),
  )

const addReceipt = (command: Command): Command =>
  command
    .option('--receipt <file>', 'write a signed receipt')
    .addOption(new Option('--format <format>', 'how to print it').choices(['text', 'json']).default('text'))

const EXAMPLES = `
Subjects go on the suppression list, so that none of their records is published again; their stored rows are found by their tokens, under every key
of the keyset, and erased. Of topics of a pipeline, tombstones and deletions are requested, and verify reads whether they came. Orders, receipts and feeds hold tokens and no identifier. docs/erasure.md says more.

Examples:
  $ lethe forget plan clean/ --list asked.txt -p policy.yaml --keys keys.json --match-keys match.json --suppression erasures.ndjson --no-holds -o order.json
  $ lethe forget apply order.json -p policy.yaml --suppression erasures.ndjson --no-holds --feed feed.ndjson
  $ lethe forget verify order.json -p policy.yaml --suppression erasures.ndjson --no-holds --receipt receipt.json --signing-key host.pem
  $ lethe forget plan --pipeline pipeline.yaml --list asked.txt --suppression erasures.ndjson --no-holds -o order.json
  $ lethe forget apply order.json --pipeline pipeline.yaml --suppression erasures.ndjson --no-holds --feed topic:erasures
  $ lethe forget replay orders/*.json -p policy.yaml --suppression erasures.ndjson --no-holds -o again.json

Exit codes: 0 done, 1 a target was not touched, or the receipt is open, 2 usage, policy or order, 4 input or output.`

export const command = (): Command => {
  const forget = new Command('forget')
    .description('Erases stored rows of subjects by a work order, and says in a receipt what is gone.')
    .addHelpText('after', EXAMPLES)
  addPolicies(
    forget
      .command('begin')
      .summary('make the suppression list, empty')
      .description(
        'Makes the suppression list that the policy names, so that runs can go by it from the first on.',
      )
      .requiredOption('--suppression <file>', 'the file of the list, which must not be there'),
  ).action(begin)
  addEmit(
    addOrder(
      addLedgerOptions(
        addErasing(
          addSubjects(
            forget
              .command('plan')
              .summary('where rows of the subjects are, as a work order')
              .description('Reads the targets, changes nothing, and writes a work order.')
              .addArgument(storedTargets()),
          ),
        ),
      ),
    ),
  ).action(plan)
  addEmit(
    addApplying(
      addErasing(
        addPoliciesOrPipeline(
          forget
            .command('apply')
            .summary('do what a work order says')
            .description(
              'Puts the subjects on the suppression list and erases their rows, where nothing has changed since. It can be repeated.',
            )
            .argument('<order>', 'the work order'),
        ),
      ),
    ),
  ).action(apply)
  addReceipt(
    addLedgerOptions(
      addErasing(
        addPoliciesOrPipeline(
          forget
            .command('verify')
            .summary('read again, and say what is gone and what is open')
            .description('Reads the list and the targets of a work order again, and writes a receipt.')
            .argument('<order>', 'the work order'),
        ),
      ),
    ),
  ).action(verify)
  addReceipt(
    addApplying(
      addOrder(
        addErasing(
          addPoliciesOrPipeline(
            forget
              .command('replay')
              .summary('erase again, after a restore from backup')
              .description(
                'Looks again for the subjects of earlier orders, and erases what came back: plan, apply and verify in one.',
              )
              .argument('<order...>', 'earlier work orders'),
          ),
        ),
      ),
    ),
  )
    .option(
      '--at <target...>',
      'files or folders to look through (default: the targets of the orders that are there)',
    )
    .action(replay)
  return forget
}
