/** `lethe measure FILES -p POLICY`: risk before and after, what was lost, and who was left out. */
import { Argument, Command, Option } from 'commander'
import { PolicyProblems } from '../batch/batch-files.ts'
import type { MeasureOptions } from '../batch/measure-files.ts'
import { MEASURED } from '../batch/measuring.ts'
import { checkMeasured, type SketchFilesOptions } from '../batch/merged-sketches.ts'
import { LetheError } from '../errors.ts'
import { measureLines } from '../explain/measurement-lines.ts'
import { inspectInputs } from '../files/objects/inspect-objects.ts'
import { formatProblems } from '../policy/problems.ts'
import type { InputFlags } from '../run/input-flags.ts'
import { keysFile } from '../run/named-key-files.ts'
import { paint } from '../terminal.ts'
import { parseShare, whole } from './arguments.ts'
import { addBalanceOptions, type BalanceOptions, balanceOf } from './balance-options.ts'
import { addInputOptions } from './input-options.ts'
import { keyringFrom } from './keyring-option.ts'
import { addListOptions, gateOptions, type ListOptions } from './list-options.ts'
import { addMeasuredRunOptions, parseFields, parseHierarchy } from './measured-run-options.ts'
import { progressLine } from './progress.ts'

interface Options
  extends Pick<
      MeasureOptions,
      'policy' | 'side' | 'over' | 'sensitive' | 'k' | 'smallestGroup' | 'maxRecords'
    >,
    Pick<MeasureOptions, 'expectKey' | 'asOf' | 'maxRecordBytes'>,
    Omit<InputFlags, 'change'>,
    ListOptions,
    BalanceOptions {
  readonly keys?: string
  readonly suppressed: MeasureOptions['nothing']
  readonly hierarchy?: ReadonlyMap<string, string>
  readonly population?: readonly string[]
  readonly inputFormat?: NonNullable<MeasureOptions['format']>
  readonly format: 'text' | 'json'
  readonly quiet?: boolean
}

type Given = Omit<Options, 'policy'> & Partial<SketchFilesOptions> & { readonly policy?: string }

async function start(names: readonly string[], given: Given): Promise<void> {
  const { sketches, merged, maxAtRisk, policy, ...options } = given
  checkMeasured({ names, policy, sketches, merged, maxAtRisk })
  if (sketches === undefined) return await run(names, { ...options, policy: policy ?? '' })
  const { measureSketches } = await import('./measure-sketches.ts')
  await measureSketches({ sketches, merged, maxAtRisk, k: options.k, format: options.format })
}

async function run(names: readonly string[], options: Options): Promise<void> {
  const { suppressed, hierarchy, inputFormat, population = [], format, quiet, keys: _k, ...rest } = options
  const { list: _l, listRemoved: _r, table: _t, matchKeys: _m, ...listed } = rest
  const { by: _by, byScript: _script, byRegion: _region, label: _label, ...told } = listed
  const inputs = await inspectInputs(names, inputFormat)
  if (inputs.filter((input) => input.name === '-').length > 1)
    throw new LetheError('bad-option', 'standard input is named twice')
  const file = keysFile(options)
  const progress = quiet === true ? undefined : progressLine(undefined)
  try {
    const { measureFiles } = await import('../batch/measure-files.ts')
    const whole = population.length === 0 ? undefined : await inspectInputs(population, inputFormat)
    const measured = await measureFiles(
      inputs,
      {
        ...told,
        ...gateOptions(options),
        ...balanceOf(options),
        ...(inputFormat === undefined ? {} : { format: inputFormat }),
        ...(hierarchy === undefined ? {} : { hierarchies: hierarchy }),
        ...(whole === undefined ? {} : { population: whole }),
        nothing: suppressed,
        maxDeadLetters: { kind: 'count', most: Number.MAX_SAFE_INTEGER },
        chunkBytes: 1 << 20,
      },
      { keyring: keyringFrom(file), file },
      { progress: (made) => progress?.show(made) },
    )
    progress?.clear()
    process.stdout.write(
      format === 'json'
        ? `${JSON.stringify(measured, null, 2)}\n`
        : `${measureLines(measured, paint(process.stdout)).join('\n')}\n`,
    )
  } catch (error) {
    if (error instanceof PolicyProblems) process.stderr.write(formatProblems(error.problems, 'text'))
    throw error
  } finally {
    progress?.clear()
  }
}

const EXAMPLES = `
Runs the policy over the files, writes nothing, and measures the records as they came and as they leave: classes of
records that are equal in all quasi-identifiers, by distinct data subjects; the risk of finding a subject again; how
diverse the sensitive values of a class are; what was lost; and, with --by, of which group how much was published,
for which reasons the rest was not, and how far its records were generalized.
Figures, output paths and the names of groups that are large enough are all that it prints. docs/measure.md says how
each figure is defined.

Examples:
  $ lethe measure customers.csv -p policy.yaml --keys keys.json
  $ lethe measure customers.csv -p policy.yaml --keys keys.json --sensitive diagnosis --by country
  $ lethe measure customers.csv -p policy.yaml --keys keys.json --by country --by-script name --label churned=yes
  $ lethe measure clean/*.ndjson -p policy.yaml --side output
  $ lethe measure training/ -p policy.yaml --side output
  $ lethe measure --sketches sketches/*.sketch --max-at-risk 5%      what a stream has counted
  $ lethe measure adult.csv --delimiter ';' -p adult.yaml --over age,sex,race --format json > measure.json

Exit codes: 0 measured, 1 not below --max-at-risk, 2 usage or policy, 4 input or output, 130 interrupted.`

export const command = (): Command =>
  addBalanceOptions(
    addMeasuredRunOptions(
      addListOptions(addInputOptions(new Command('measure'), { delimiter: 'comma; tab for .tsv' })),
    ),
  )
    .description('Measures the risk that is left, what was lost, and who was left out.')
    .addArgument(
      new Argument(
        '[in...]',
        'input files or folders as of lethe batch; with --side output, what was published',
      ),
    )
    .option('-p, --policy <file>', 'the policy')
    .option('--sketches <files...>', 'merge sketches of streams, batches and shards, and say what they say')
    .option('--merged <file>', 'of sketches: write them as one')
    .addOption(
      new Option(
        '--max-at-risk <p%>',
        'of sketches: end with 1 unless the share of subjects in classes of fewer than --k is below it, by two standard deviations',
      ).argParser(parseShare),
    )
    .addOption(
      new Option(
        '--side <side>',
        'what is measured; output: the files are what was published under the policy',
      )
        .choices(['both', 'input', 'output'])
        .default(MEASURED.side),
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
      new Option(
        '--hierarchy <field=file>',
        'the hierarchy of a sensitive field, for its distances: CSV in the format of ARX; may be repeated',
      ).argParser(parseHierarchy),
    )
    .addOption(
      new Option('--smallest-group <n>', 'groups of fewer data subjects are not named')
        .argParser(whole(1, 1_000_000))
        .default(MEASURED.smallestGroup),
    )
    .addOption(
      new Option('--k <n>', 'classes of fewer subjects are at risk')
        .argParser(whole(1, 1_000_000))
        .default(5),
    )
    .addOption(
      new Option(
        '--suppressed <how>',
        'what is not there: a category of its own, or a wildcard that may be any value',
      )
        .choices(['category', 'wildcard'])
        .default(MEASURED.nothing),
    )
    .option(
      '--population <file>',
      'files of all people that the records are a sample of, for the journalist risk; may be repeated',
      (file: string, before: readonly string[] = []) => [...before, file],
    )
    .addOption(
      new Option('--max-records <n>', 'more records are refused: all are held in memory')
        .argParser(whole(1, 100_000_000))
        .default(MEASURED.maxRecords),
    )
    .addOption(new Option('--format <format>', 'how to print').choices(['text', 'json']).default('text'))
    .option('-q, --quiet', 'no progress on stderr')
    .addHelpText('after', EXAMPLES)
    .action(start)
