/** The options that say how the bytes of files become cells. The meaning of the values is set by the policy alone. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { COMMENT, ENCODINGS_HINT, encodingOf, headerFault, MOST_SKIPPED } from '../policy/input-form.ts'
import { parseDelimiter, whole } from './arguments.ts'

export function parseEncoding(text: string): string {
  const encoding = encodingOf(text)
  if (encoding === undefined) throw new InvalidArgumentError(`It is ${ENCODINGS_HINT}.`)
  return encoding
}

/** Names between commas, as a row of CSV has them; a name that holds one stands in quotes. */
function parseHeader(text: string): readonly string[] {
  const names = [...text.matchAll(/("(?:[^"]|"")*"|[^",]*)(?:,|$)/g)].map(([, name]) => name!)
  // The end of the text is met twice where no comma stands before it.
  if (!text.endsWith(',')) names.pop()
  const plain = names.map((name) => (name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name))
  const fault = names.join(',') === text ? headerFault(plain) : 'a quote stands in the middle of a name'
  if (fault !== undefined) throw new InvalidArgumentError(`It is names between commas: ${fault}.`)
  return plain
}

function parseComment(text: string): string {
  if (!COMMENT.test(text))
    throw new InvalidArgumentError('It must be one ASCII punctuation character other than a quote.')
  return text
}

/** Adds the options; `defaults` says what holds without them: of all that have none here, that there is none. */
export const addInputOptions = (
  command: Command,
  defaults: { readonly delimiter: string; readonly encoding?: string },
): Command =>
  command
    .addOption(
      new Option(
        '--encoding <label>',
        `what the bytes are in (default: ${defaults.encoding ?? 'UTF-8, or UTF-16 by its byte order mark'})`,
      ).argParser(parseEncoding),
    )
    .addOption(
      new Option('--delimiter <char>', `of CSV (default: ${defaults.delimiter})`).argParser(parseDelimiter),
    )
    .addOption(
      new Option('--quote <how>', 'of CSV: none, where quotes are ordinary characters').choices(['none']),
    )
    .addOption(new Option('--escape <how>', 'of CSV: backslash, where \\" is a quote').choices(['backslash']))
    .addOption(
      new Option('--header <names>', 'of CSV without a header: its names, between commas').argParser(
        parseHeader,
      ),
    )
    .addOption(
      new Option('--skip-lines <n>', 'of CSV: the number of lines above the table').argParser(
        whole(0, MOST_SKIPPED),
      ),
    )
    .addOption(
      new Option('--comment <char>', 'of CSV: the sign that begins lines which are not rows').argParser(
        parseComment,
      ),
    )
