/**
 * What can be wrong with a policy: the closed list of codes. And, for every kind of file that people write: the
 * collector of problems, and how they are printed.
 */
import type { Problem } from '../errors.ts'

/** What can be wrong with any YAML that is read, each code with its sentence. */
export const DOCUMENT_CODES = {
  'yaml-syntax': 'the file is not YAML 1.2 that can be read without guessing',
  'yaml-tab': 'a tab stands where YAML takes spaces only',
  'yaml-documents': 'the file holds more than one document',
  'yaml-alias': 'anchors, aliases and merge keys are not taken: a file says what it means where it means it',
  'yaml-tag': 'tags are not taken',
  'duplicate-key': 'a mapping has the same key twice',
  'inexact-number': 'a number cannot be held exactly',
} as const

export type DocumentCode = keyof typeof DOCUMENT_CODES

const POLICY_ONLY_CODES = {
  'unknown-key': 'a key is not a word of a policy',
  'missing-key': 'a key is missing',
  'wrong-type': 'a value is of the wrong type or form',
  'bad-name': 'a name is not written as names are',
  'unknown-purpose': 'a purpose is not a data use of Fideslang',
  'unknown-category': 'a category is not a data category of Fideslang',
  'bad-unlisted': 'what happens to unlisted fields is neither `drop` nor `reject`',
  'bad-suspects': 'what happens to suspect values is neither `warn` nor `dead-letter`',
  'bad-input': 'the settings of `input` cannot be applied',
  'unknown-transform': 'no transform has this name',
  'bad-read': 'how the values of a field are read cannot be done, or means nothing here',
  'json-in-json': 'JSON would be read out of a text that stands in JSON out of a text',
  'bad-shape': 'what may stand in place of an array cannot be read, or means nothing here',
  'bad-transforms': 'a file of transforms cannot be used, or what it defines does not keep the contract',
  'transforms-not-loaded': 'a file of transforms is code, and no code runs here unless it is allowed',
  'unknown-option': 'the transform has no such option',
  'bad-option': 'the transform does not take this value of an option',
  'bad-file': 'a file that the policy names cannot be read',
  undecided: 'a field is left undecided',
  'misplaced-word': 'a word stands where it means nothing',
  'bad-path': 'a path cannot be read, or not be used here',
  'duplicate-path': 'a path is listed twice',
  'path-overlap': 'a path leads into, or around, what another one handles',
  'pattern-tie': 'two patterns that nothing ranks match one path',
  'bad-from': 'an output path and its `from` do not run over the same elements and members',
  'names-missing': 'a map is rewritten, but nothing says what happens to its names',
  'names-unused': 'names are ruled where no rule reaches the members',
  'bad-names-rule': 'the rule for the names of a map does not yield names',
  'bad-when': 'a condition cannot be read, or not be checked here',
  'unreachable-rule': 'a rule stands behind one that always applies',
  'drop-in-array': 'an element would be dropped, but an array keeps its length',
  'bad-else': 'what happens on failure cannot be read, or means nothing here',
  'weak-choice': 'a choice protects less than it seems to',
  'keep-subtree': 'a container is kept with whatever a producer adds to it',
  'kept-direct-identifier': 'a direct identifier is kept as it is, or nearly',
  'name-suggests-identifier':
    'a value is kept as it is, or nearly, though its name speaks of something personal',
  'kept-by-pattern': 'whatever comes under a name that a pattern matches is kept as it is, or nearly',
  'kept-by-tag': 'whatever carries a tag is kept as it is, or nearly',
  'kept-tagged': 'a value is kept as it is, or nearly, though its schema may tag it',
  'kept-statistics': 'bounds of values that are kept, or nearly, would stand beside the data',
  'bad-type': 'the type of a field cannot be read, or means nothing here',
  'bad-tags': 'a rule for a tag, or what tags mean, cannot be read, or means nothing here',
  'kept-map-names': 'the names of a map are kept as they are, or nearly',
  'kept-record-key': 'the record key is kept as it is, or nearly',
  'kept-header': 'a header is kept as it is, or nearly',
  'bad-timestamp-rule': 'what a rule makes of the timestamp of a record is not a time',
  'kept-timestamp': 'the timestamp of the record is kept as it is, or nearly',
  'reserved-header': 'a header is one of those that Lethe writes itself',
  'kept-beside-keyed':
    'a value is kept as it is, or nearly, beside a token, a surrogate, a shift or noise of the same value',
  'token-beside-part': 'a part of a value leaves beside a stable token of it',
  'noise-beside-part': 'a value leaves under noise or a shift, and beside it a part or a token of it',
  'several-noises': 'a value leaves under several noises or shifts',
  'parts-tell-all': 'several parts of a value leave, which are together nearly all of it',
  'token-beside-quasi-identifiers': 'a quasi-identifier is kept as it is, or nearly, beside a stable token',
  'token-beside-crowd':
    'a stable token leaves under `crowd`, and what the events of one person tell together singles people out',
  'accept-without-need': 'a weakness is accepted where there is none',
  'bad-accept': 'a reason is too short to be one',
  'needs-subject': 'a transform needs the data subject, and the policy names none',
  'needs-time': 'a rule needs the event time, and the policy names none',
  'bad-time': 'the format or time zone of the event time cannot be used',
  'unknown-key-id': 'the keyset has no key of this id',
  'disabled-key': 'a key is disabled',
  'compromised-key': 'a key is compromised',
  'bad-suppression': 'a list of subjects whose records must not leave cannot be used as it is stated',
  'bad-consent': 'what says that a subject agreed cannot be read, or does not cover the purpose',
  'bad-crowd': 'how many data subjects have to share the values of a record cannot be judged as it is stated',
  'bad-period': 'a period cannot be read',
  'steps-not-ascending': 'retention steps do not follow one another in time',
  'bad-step': 'a retention step cannot be read, or means nothing here',
  'step-not-coarser': 'a retention step reveals more than the rule that it replaces',
  'unknown-path': 'a path is not read by any field',
  'bad-case': 'a case cannot be read',
} as const

export type PolicyCode = DocumentCode | keyof typeof POLICY_ONLY_CODES

/** Every code of a problem in a policy or cases file, each with its sentence. */
export const POLICY_CODES: Readonly<Record<PolicyCode, string>> = { ...DOCUMENT_CODES, ...POLICY_ONLY_CODES }

/** A place in a file. Both count from 1; columns count UTF-16 code units. */
export interface TextPosition {
  readonly line: number
  readonly column: number
}

/**
 * Collects problems, so that all of a file are reported and not the first. `Code` is the closed list of that kind of
 * file; a reporter of fewer codes takes a collector of more.
 */
export class Findings<in Code extends string = PolicyCode> {
  readonly #file: string
  readonly #found: Problem[] = []
  readonly #said: Set<string> = new Set()

  constructor(file: string) {
    this.#file = file
  }

  add(at: TextPosition, code: Code, message: string, suggestion?: string): void {
    this.#put(at, code, 'error', message, suggestion)
  }

  /** A choice that is allowed and worth a word: it does not keep the file from being used. */
  warn(at: TextPosition, code: Code, message: string, suggestion?: string): void {
    this.#put(at, code, 'warning', message, suggestion)
  }

  #put(
    { line, column }: TextPosition,
    code: Code,
    severity: Problem['severity'],
    message: string,
    suggestion: string | undefined,
  ): void {
    const place = `${line}:${column} ${message}`
    if (this.#said.has(place)) return
    this.#said.add(place)
    this.#found.push({ file: this.#file, line, column, code, severity, message, suggestion })
  }

  /** How many errors there are. */
  get count(): number {
    return this.#found.filter(({ severity }) => severity === 'error').length
  }

  /** By line, column, code. */
  sorted(): readonly Problem[] {
    return [...this.#found].sort(
      (a, b) => a.line - b.line || a.column - b.column || (a.code < b.code ? -1 : a.code > b.code ? 1 : 0),
    )
  }
}

/** Text of the file for a message: cut short, control characters escaped. */
export function quote(text: string): string {
  const cut = text.length > 60 ? `${text.slice(0, 57)}...` : text
  return `\`${cut.replace(/[\p{Cc}\p{Cf}\p{Cs}`]/gu, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)}\``
}

export type ProblemFormat = 'text' | 'json' | 'github'

/**
 * Problems for people (`text`: a line each, `file:line:column code message -> suggestion`), programs (`json`:
 * one array) or GitHub (`github`: workflow commands). Ends with a newline unless there is nothing to print.
 */
export function formatProblems(problems: readonly Problem[], format: ProblemFormat): string {
  if (format === 'json') return `${JSON.stringify(problems, null, 2)}\n`
  const line = format === 'github' ? asWorkflowCommand : asText
  return problems.map((problem) => `${line(problem)}\n`).join('')
}

function asText(p: Problem): string {
  const level = p.severity === 'warning' ? ' warning' : ''
  return `${p.file}:${p.line}:${p.column} ${p.code}${level} ${p.message}${p.suggestion ? ` -> ${p.suggestion}` : ''}`
}

/** https://docs.github.com/actions/reference/workflow-commands: what has to be escaped in data and properties. */
function asWorkflowCommand(p: Problem): string {
  const data = (text: string) => text.replace(/%/g, '%25').replace(/\r/g, '%0D').replace(/\n/g, '%0A')
  const property = (text: string) => data(text).replace(/:/g, '%3A').replace(/,/g, '%2C')
  const message = p.suggestion ? `${p.message} -> ${p.suggestion}` : p.message
  return `::${p.severity} file=${property(p.file)},line=${p.line},col=${p.column},title=${property(p.code)}::${data(message)}`
}
