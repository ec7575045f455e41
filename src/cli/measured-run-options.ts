/** Options of commands that run a policy over files to measure what it would make: keys, and how records are read and judged. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { parseExpectedKey, parseTime, whole } from './arguments.ts'

/** Output paths, commas between them. */
export const parseFields = (text: string): readonly string[] => text.split(',').map((one) => one.trim())

/** Fields and the files of their hierarchies. */
export function parseHierarchy(
  text: string,
  before: ReadonlyMap<string, string> = new Map(),
): ReadonlyMap<string, string> {
  const at = text.indexOf('=')
  if (at <= 0 || at === text.length - 1)
    throw new InvalidArgumentError('It is a field and a file, as occupation=occupation.csv.')
  return new Map([...before, [text.slice(0, at), text.slice(at + 1)]])
}

export const addMeasuredRunOptions = (command: Command): Command =>
  command
    .option('--keys <file>', 'the keyset file (default: LETHE_KEYS_FILE)')
    .addOption(
      new Option('--expect-key <id:check>', 'a key that the run must use; may be repeated').argParser(
        parseExpectedKey,
      ),
    )
    .addOption(
      new Option('--input-format <format>', 'what the inputs are (default: by name)').choices([
        'csv',
        'ndjson',
        'json',
        'parquet',
      ]),
    )
    .addOption(
      new Option('--as-of <time>', 'the instant that retention is judged at (default: now)').argParser(
        parseTime,
      ),
    )
    .addOption(
      new Option('--max-record-bytes <n>', 'a longer record is a dead letter')
        .argParser(whole(1, 1 << 29))
        .default(1 << 20, '1 MiB'),
    )
