/** `lethe locate`: where records of a subject are stored. Prints places and counts, no value. */
import { Argument, Command, Option } from 'commander'
import { type Located, locate } from '../erasure/locate-rows.ts'
import { EXIT } from '../errors.ts'
import { targetsOf } from '../lifecycle/retention-orders.ts'
import { fileOf } from '../lifecycle/work-order.ts'
import { addSubjects, type SubjectOptions, searchesOf, subjectsIn } from './subject-options.ts'

async function start(
  names: readonly string[],
  options: SubjectOptions & { readonly format: 'text' | 'json' },
): Promise<void> {
  const subjects = subjectsIn(options)
  const { searches, keyChecks } = await searchesOf(options)
  const located = await locate(targetsOf(names), subjects, searches, keyChecks, Date.now())
  process.stdout.write(
    options.format === 'json'
      ? `${JSON.stringify({ v: 1, targets: located }, null, 2)}\n`
      : `${located.map(lineOf).join('\n')}\n`,
  )
  for (const { target, unsearched } of located)
    for (const why of unsearched)
      process.stderr.write(`lethe: ${fileOf(target)}: not all records can be found: ${why}\n`)
  if (located.some(({ unsearched }) => unsearched.length > 0)) process.exitCode = EXIT.violations
}

function lineOf({ target, read, found, rows }: Located): string {
  const spans = rows.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`))
  const where = found === 0 ? '' : `: ${spans.join(', ')}`
  return `${fileOf(target)}: ${found} of ${read} rows${where}`
}

const EXAMPLES = `
Rows are counted from 1; the header of a CSV file is none. They are found by the tokens of the subject, under every key of the keyset.

Examples:
  $ lethe locate clean/ --list subject.txt -p policy.yaml --keys keys.json
  $ lethe locate clean/2026.ndjson.gz --subject C-1001 -p policy.yaml --keys keys.json --format json

Exit codes: 0 every target was looked through, 1 some records cannot be found, 2 usage, policy or keys, 4 input or output.`

export const command = (): Command =>
  addSubjects(
    new Command('locate')
      .description('Tells where records of a subject are stored: targets, rows and counts, no values.')
      .addArgument(new Argument('<target...>', 'files that `lethe batch` wrote, or folders of them')),
  )
    .addOption(new Option('--format <format>', 'how to print it').choices(['text', 'json']).default('text'))
    .addHelpText('after', EXAMPLES)
    .action(start)
