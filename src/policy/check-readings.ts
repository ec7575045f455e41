/** What `read:` of the fields of a policy may say: each by itself, and all that read one input. */
import { Failure } from '../../transforms/transform.ts'
import type { PolicyField, PolicyRequired, PolicyRule, PolicyStep } from './policy.ts'
import { type Findings, quote, type TextPosition } from './problems.ts'
import { canonicalReading, readerOf } from './reading.ts'

/** Gives the text of a value as rules take it; undefined where it stands for nothing, or cannot be read so. */
export type ReadText = (text: string) => string | undefined

/** What of the record is read beside the rules. */
interface TopPaths {
  readonly subject: PolicyRequired | undefined
  readonly time: PolicyRequired | undefined
}

/**
 * Checks the readings of `fields`, those that patterns match among them, and gives by input path how its values are read
 * outside of rules: the data subject, the event time, required values. `nulls`: words that stand for nothing.
 */
export function checkReadings(
  fields: readonly PolicyField[],
  steps: readonly PolicyStep[],
  top: TopPaths,
  nulls: readonly string[],
  findings: Findings,
): ReadonlyMap<string, ReadText> {
  const readers = new Map<string, ReadText>()
  const byInput = new Map<string, PolicyField[]>()
  for (const field of fields) {
    const rules = [...field.rules, ...steps.flatMap((step) => step.fields.get(field.path.text) ?? [])]
    checkOne(field, rules, findings)
    // What keeps or drops a value reads none.
    if (rules.every((rule) => READS_NOTHING.has(rule.use))) continue
    const text = field.from.text
    byInput.set(text, [...(byInput.get(text) ?? []), field])
  }
  for (const [input, sharing] of byInput) {
    checkTogether(input, sharing, findings)
    const read = sharing.find((field) => field.read !== undefined)?.read
    if (read === undefined) continue
    for (const [word, one] of Object.entries(top))
      if (one?.path.text === input && read.split !== undefined)
        findings.add(
          read.at,
          'bad-read',
          `${quote(input)} is the ${word === 'subject' ? 'data subject' : 'event time'}, one value, and \`split\` makes several of it`,
          'remove split',
        )
    const reader = readerOf(read, new Set(nulls))
    readers.set(input, (value) => {
      const text = reader(value)
      return text instanceof Failure || text === '' || nulls.includes(text) ? undefined : text
    })
  }
  return readers
}

const READS_NOTHING: ReadonlySet<string> = new Set(['keep', 'keep.subtree', 'drop', 'undecided'])

function checkOne({ path, read }: PolicyField, rules: readonly PolicyRule[], findings: Findings): void {
  if (read === undefined) return
  const bad = (message: string, suggestion: string, at: TextPosition = read.at) =>
    findings.add(at, 'bad-read', message, suggestion)
  if (!read.trim && read.prefix === '' && read.suffix === '' && read.split === undefined)
    bad('it is not said what is done to a value', 'trim, strip with a prefix or suffix, or split')
  else if (read.prefix === '' && read.suffix === '' && read.mayMiss)
    bad('neither a prefix nor a suffix is stated that could be missing', 'add prefix or suffix')
  if (path.envelope === 'timestamp')
    bad('the timestamp of a record is a number, with nothing around it', 'remove read')
  if (path.segments.at(-1)?.kind === 'names' && read.split !== undefined)
    bad('the name of a member is one, and no list', 'remove split')
  for (const { use, useAt } of rules)
    if (use === 'keep' || use === 'keep.subtree')
      bad(
        `${quote(use)} writes what stands in the input, so it cannot stand under \`read\``,
        'use a transform, or remove read',
        useAt,
      )
  if (rules.every(({ use }) => use === 'drop')) bad('a dropped field is not read', 'remove read')
}

/** One value that is read in two ways would have two tokens. */
function checkTogether(input: string, [first, ...others]: readonly PolicyField[], findings: Findings): void {
  const said = (field: PolicyField): string =>
    field.read === undefined ? '' : JSON.stringify(canonicalReading(field.read))
  for (const other of others)
    if (said(other) !== said(first!))
      findings.add(
        other.read?.at ?? other.at,
        'bad-read',
        `${quote(first!.path.text)} and ${quote(other.path.text)} take ${quote(input)}, and do not read it in the same way`,
        'write the same `read` in both',
      )
}
