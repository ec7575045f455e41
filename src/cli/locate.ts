/** `lethe locate`: where records of a subject are stored. Prints places and counts, no value. */
import { Command, Option } from 'commander'
import { type LocatedTopic, locateRecords } from '../erasure/locate-records.ts'
import { type Located, locate, searchesFor } from '../erasure/locate-rows.ts'
import { matchKeysFor, refuseNothing, searchesOf, targetsWith, tokenKeys } from '../erasure/pipeline-job.ts'
import { locatedLines } from '../erasure/print-erasure.ts'
import { lettersOf } from '../erasure/subjects.ts'
import { EXIT } from '../errors.ts'
import { fileOf } from '../lifecycle/work-order.ts'
import { keysFile, matchKeysFile } from '../run/named-key-files.ts'
import { printable } from '../terminal.ts'
import { storedTargets } from './arguments.ts'
import {
  addSubjects,
  type PipelineOption,
  type SubjectOptions,
  subjectsIn,
  withSubjects,
} from './subject-options.ts'

async function start(
  names: readonly string[],
  options: SubjectOptions &
    PipelineOption & { readonly matchKeys?: string; readonly format: 'text' | 'json' },
): Promise<void> {
  const subjects = subjectsIn(options)
  await withSubjects(options, async (job) => {
    refuseNothing(names, job)
    const { searches, keyChecks } = await searchesOf(job, tokenKeys(keysFile(options), job))
    const now = Date.now()
    const located: (Located | LocatedTopic)[] = [
      ...(await locate(await targetsWith(names, job.topics), subjects, searches, keyChecks, now)),
    ]
    if (job.topics !== undefined) {
      const request = { searches: searchesFor(searches, subjects), keyChecks, holds: [], heldAt: now }
      const letters = lettersOf(subjects, searches, matchKeysFor(matchKeysFile(options), job))
      located.push(...(await locateRecords(request, letters, job.topics)))
    }
    print(located, options.format)
    for (const note of job.notes) process.stderr.write(`lethe: ${note}\n`)
    if (job.notes.length > 0 || located.some(({ unsearched }) => unsearched.length > 0))
      process.exitCode = EXIT.violations
  })
}

function print(located: readonly (Located | LocatedTopic)[], format: 'text' | 'json'): void {
  process.stdout.write(
    format === 'json'
      ? `${JSON.stringify({ v: 1, targets: located }, null, 2)}\n`
      : `${located.flatMap(locatedLines).map(printable).join('\n')}\n`,
  )
  for (const { target, unsearched } of located)
    for (const why of unsearched)
      process.stderr.write(`${printable(`lethe: ${fileOf(target)}: not all records can be found: ${why}`)}\n`)
}

const EXAMPLES = `
Rows are counted from 1; the header of a CSV file is none. Records of topics have partitions and offsets. They are found by the tokens of the subject, under every key of the keyset.

Examples:
  $ lethe locate clean/ --list subject.txt -p policy.yaml --keys keys.json
  $ lethe locate clean/2026.ndjson.gz --subject C-1001 -p policy.yaml --keys keys.json --format json
  $ lethe locate --list subject.txt --pipeline pipeline.yaml

Exit codes: 0 every target was looked through, 1 some records cannot be found, 2 usage, policy or keys, 4 input or output.`

export const command = (): Command =>
  addSubjects(
    new Command('locate')
      .description(
        'Tells where records of a subject are stored: targets, rows or offsets, and counts, no values.',
      )
      .addArgument(storedTargets()),
  )
    .option(
      '--match-keys <file>',
      'of topics: match keys, to find sealed originals (default: LETHE_MATCH_KEYS_FILE, or those of the pipeline)',
    )
    .addOption(new Option('--format <format>', 'how to print it').choices(['text', 'json']).default('text'))
    .addHelpText('after', EXAMPLES)
    .action(start)
