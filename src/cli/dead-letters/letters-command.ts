/** `lethe dead-letters open`: the originals that dead letters carry, decrypted for who holds an identity. */
import { Command, InvalidArgumentError } from 'commander'
import { EXIT } from '../../errors.ts'
import { REASON_NAME } from '../../ledger/entry.ts'
import { addLedgerOptions } from '../ledger-option.ts'
import type { OpenOptions } from './open-letters.ts'

function parseReason(text: string): string {
  if (!REASON_NAME.test(text)) throw new InvalidArgumentError('It has 10 to 200 characters, on one line.')
  return text
}

const EXAMPLES = `
Prints what is raw: one object of JSON for each original, with the dead letter's coordinates. The entry in the ledger stands before
the first original is decrypted. Where one cannot be opened, nothing is printed, and the error says which; --skip-unopened
leaves those out and counts them. The file of -o is for its owner alone.

Examples:
  $ age-keygen -o operator.key && age-keygen -y operator.key > recipients.txt
  $ lethe batch in.csv -p policy.yaml -o out.csv --dead-letter dead.ndjson --seal recipients.txt
  $ lethe dead-letters open dead.ndjson --identity operator.key --reason "ticket 4711: dates of shop 3" \\
      --ledger ledger.ndjson --signing-key host1.pem -o originals.ndjson
  $ lethe dead-letters open pipeline.yaml --route orders --identity operator.key --reason "ticket 4712"

Exit codes: 0 opened, 1 some were left out, 2 usage, or an original cannot be opened, 4 input, output or broker.`

export const command = (): Command => {
  const letters = new Command('dead-letters')
    .description('Works on what dead letters carry.')
    .addHelpText('after', EXAMPLES)
  addLedgerOptions(
    letters
      .command('open')
      .summary('decrypt the originals that dead letters carry')
      .description('Decrypts the originals that dead letters carry (docs/sealing.md).')
      .argument('<file>', 'a list of dead letters (NDJSON), or a pipeline (.yaml, .yml)')
      .requiredOption('--identity <file>', 'the age identities, as age-keygen makes them')
      .requiredOption(
        '--reason <text>',
        'why, for the ledger: 10 to 200 characters, without personal data',
        parseReason,
      )
      .option('-o, --output <file>', 'where to write them (default: standard output)')
      .option('--route <name>', 'of a pipeline: the route, where there are several')
      .option('--skip-unopened', 'leave out those that cannot be opened')
      .option('--unrecorded', 'open them though no ledger is named'),
  )
    .addHelpText('after', EXAMPLES)
    .action(async (file: string, options: OpenOptions) => {
      const { open } = await import('./open-letters.ts')
      if (await open(file, options)) process.exitCode = EXIT.violations
    })
  return letters
}
