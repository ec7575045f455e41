/** `lethe crowd solve FILES -p POLICY`: the coarser options of a policy that hold k, l and t at the least loss. */
import { dirname, relative, resolve } from 'node:path'
import { Argument, Command, InvalidArgumentError, Option } from 'commander'
import { PolicyProblems } from '../batch/batch-files.ts'
import type { SolveOptions } from '../batch/solve-options.ts'
import { EXIT, LetheError } from '../errors.ts'
import { solutionLines } from '../explain/solution-lines.ts'
import { inspectInputs } from '../files/objects/inspect-objects.ts'
import { formatProblems } from '../policy/problems.ts'
import type { InputFlags } from '../run/input-flags.ts'
import { keysFile } from '../run/named-key-files.ts'
import { paint } from '../terminal.ts'
import { parseShare, whole } from './arguments.ts'
import { addInputOptions } from './input-options.ts'
import { keyringFrom } from './keyring-option.ts'
import { addListOptions, gateOptions, type ListOptions } from './list-options.ts'
import { addMeasuredRunOptions, parseFields, parseHierarchy } from './measured-run-options.ts'
import { progressLine } from './progress.ts'

interface Options
  extends Pick<
      SolveOptions,
      'policy' | 'k' | 'l' | 't' | 'maxSuppressed' | 'over' | 'sensitive' | 'fixed' | 'fair' | 'metric'
    >,
    Pick<SolveOptions, 'smallestGroup' | 'maxRecords' | 'exactNodes' | 'maxChecks'>,
    Pick<SolveOptions, 'expectKey' | 'asOf' | 'maxRecordBytes'>,
    Omit<InputFlags, 'change'>,
    ListOptions {
  readonly by?: readonly string[]
  readonly keys?: string
  readonly hierarchy?: ReadonlyMap<string, string>
  readonly inputFormat?: NonNullable<SolveOptions['format']>
  readonly format: 'text' | 'json' | 'patch'
  readonly quiet?: boolean
}

async function run(names: readonly string[], options: Options): Promise<void> {
  const { hierarchy = new Map(), inputFormat, format, quiet, keys: _k, by = [], ...rest } = options
  const { list: _l, listRemoved: _r, table: _t, matchKeys: _m, ...told } = rest
  const inputs = await inspectInputs(names, inputFormat)
  if (inputs.filter((input) => input.name === '-').length > 1)
    throw new LetheError('bad-option', 'standard input is named twice')
  const file = keysFile(options)
  const beside = dirname(resolve(options.policy))
  const progress = quiet === true ? undefined : progressLine(undefined)
  try {
    const { solveFiles } = await import('../batch/solve-files.ts')
    const found = await solveFiles(
      inputs,
      {
        ...told,
        ...gateOptions(options),
        ...(inputFormat === undefined ? {} : { format: inputFormat }),
        by,
        hierarchies: new Map(
          [...hierarchy].map(([path, name]) => [path, relative(beside, resolve(name)).replaceAll('\\', '/')]),
        ),
        maxDeadLetters: { kind: 'count', most: Number.MAX_SAFE_INTEGER },
        chunkBytes: 1 << 20,
      },
      { keyring: keyringFrom(file), file },
      { progress: (made) => progress?.show(made) },
    )
    progress?.clear()
    const { patch = '' } = found
    if (format === 'json') process.stdout.write(`${JSON.stringify(found, null, 2)}\n`)
    else {
      const lines = `${solutionLines(found, paint(format === 'patch' ? process.stderr : process.stdout)).join('\n')}\n`
      if (format === 'patch') process.stderr.write(lines)
      process.stdout.write(format === 'patch' ? patch : lines + patch)
    }
    if (!found.found) process.exitCode = EXIT.violations
  } catch (error) {
    if (error instanceof PolicyProblems) process.stderr.write(formatProblems(error.problems, 'text'))
    throw error
  } finally {
    progress?.clear()
  }
}

function parseRatio(text: string): number {
  const ratio = /^(?:0?\.\d{1,9}|1(?:\.0+)?)$/.test(text) ? Number(text) : 0
  if (!(ratio > 0)) throw new InvalidArgumentError('It is a number above 0 and up to 1, as 0.8.')
  return ratio
}

const EXAMPLES = `
Runs the policy over the files, writes nothing, and searches the coarser options of its quasi-identifiers (levels of
hierarchies, widths, units of dates, lengths of prefixes and networks, cells of grids, and dropping the field) for those
that hold k, l and t over all records at the least loss. It never proposes an option that tells more than the policy says
now. What it prints last is the change of the policy as a patch. docs/crowd-solve.md says what it can move and how it
counts.

Examples:
  $ lethe crowd solve customers.csv -p policy.yaml --keys keys.json --k 5 --max-suppressed 4%
  $ lethe crowd solve customers.csv -p policy.yaml --keys keys.json --by country --fair 0.8
  $ lethe crowd solve customers.csv -p policy.yaml --keys keys.json --format patch | git apply
  $ lethe crowd solve adult.csv --delimiter ';' -p adult.yaml --hierarchy age=age.csv --hierarchy race=race.csv --k 5

Exit codes: 0 solved, 1 nothing holds what was asked for, 2 usage or policy, 4 input or output, 130 interrupted.`

const solve = (): Command =>
  addMeasuredRunOptions(
    addListOptions(addInputOptions(new Command('solve'), { delimiter: 'comma; tab for .tsv' })),
  )
    .description('Finds the coarser options of a policy that hold k, l and t at the least loss.')
    .addArgument(new Argument('<in...>', 'input files as of lethe batch'))
    .requiredOption('-p, --policy <file>', 'the policy')
    .addOption(
      new Option(
        '--k <n>',
        'data subjects in a class (default: `crowd:` of the policy, also of the next ones)',
      ).argParser(whole(1, 100_000)),
    )
    .addOption(
      new Option('--l <n>', 'distinct values of each sensitive field in a class').argParser(
        whole(2, 100_000),
      ),
    )
    .addOption(
      new Option('--t <x>', 'how far the values of a class may be from those of all, up to 1').argParser(
        parseRatio,
      ),
    )
    .addOption(
      new Option('--max-suppressed <share>', 'records that may be suppressed, as 4% (default: 0%)').argParser(
        parseShare,
      ),
    )
    .addOption(
      new Option(
        '--over <fields>',
        'the quasi-identifiers: output paths, commas between them (default: fields of that role)',
      ).argParser(parseFields),
    )
    .addOption(
      new Option('--sensitive <fields>', 'the sensitive values (default: fields of that role)').argParser(
        parseFields,
      ),
    )
    .addOption(
      new Option('--fixed <fields>', 'quasi-identifiers whose rules stay as they are').argParser(parseFields),
    )
    .addOption(
      new Option(
        '--hierarchy <field=file>',
        'levels for a field that is kept now: CSV in the format of ARX; may be repeated',
      ).argParser(parseHierarchy),
    )
    .addOption(
      new Option('--metric <metric>', 'what is made least')
        .choices(['loss', 'entropy', 'entropy-before-suppression', 'discernibility', 'class-squares'])
        .default('loss'),
    )
    .addOption(
      new Option(
        '--by <fields>',
        'say by the values of these fields, as they came, what would be published',
      ).argParser(parseFields),
    )
    .addOption(
      new Option(
        '--fair <ratio>',
        'with --by: each group of 30 subjects or more is kept at this ratio to the best',
      ).argParser(parseRatio),
    )
    .addOption(
      new Option('--smallest-group <n>', 'groups of fewer data subjects are not named')
        .argParser(whole(1, 1_000_000))
        .default(10),
    )
    .addOption(
      new Option(
        '--exact-nodes <n>',
        'of more combinations than these a good one is looked for, not the best',
      )
        .argParser(whole(1, 5_000_000))
        .default(200_000),
    )
    .addOption(
      new Option(
        '--max-checks <n>',
        'so many combinations are looked at (default: 20000; of many distinct records fewer)',
      ).argParser(whole(1, 10_000_000)),
    )
    .addOption(
      new Option('--max-records <n>', 'more records are refused: all are held in memory')
        .argParser(whole(1, 100_000_000))
        .default(1_000_000),
    )
    .addOption(
      new Option('--format <format>', 'how to print; patch: figures on stderr')
        .choices(['text', 'json', 'patch'])
        .default('text'),
    )
    .option('-q, --quiet', 'no progress on stderr')
    .addHelpText('after', EXAMPLES)
    .action(run)

export const command = (): Command =>
  new Command('crowd')
    .description('Policies by how many data subjects share their values.')
    .addCommand(solve())
    .addHelpText(
      'after',
      '\nExamples:\n  $ lethe crowd solve customers.csv -p policy.yaml --k 10 --max-suppressed 2% --format patch > crowd.patch',
    )
