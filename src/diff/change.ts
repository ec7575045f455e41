/** What `lethe diff` finds: one change of a policy, and whether it lets more be known. */
import type { TextPosition } from '../policy/problems.ts'

/**
 * `unranked`: it differs, and which of the two tells more cannot be decided; it counts as weaker. `different`: it differs, and
 * nothing more can be known of a value.
 */
export type Ranking = 'weaker' | 'stronger' | 'different' | 'unranked'

/** What a change is about: a closed list; a word keeps its meaning. */
export const CHANGE_KINDS = {
  'field-added': 'a field leaves that did not',
  'field-removed': 'a field does not leave any more',
  tells: 'what a rule tells of its value',
  when: 'which rule takes which values',
  options: 'options that do not change what a result tells',
  'transform-version': 'the version of a transform',
  file: 'a list or hierarchy that the policy names',
  list: 'a list that a transform ships',
  domain: 'with which tokens a token can be joined',
  key: 'the key that a rule states',
  accept: 'a weak choice that is accepted in writing',
  else: 'what follows where a value cannot be taken',
  'line-breaks': 'whether a cell that is kept may hold a line break',
  from: 'the input that a field is made of',
  read: 'what is done to a value before its rule sees it',
  type: 'what the values of a field are where they leave',
  statistics: 'whether bounds of kept values stand beside the data',
  'json-text': 'which texts hold an object or array as JSON, and how they are read',
  shape: 'where one value may stand in place of an array',
  columns: 'which column of a CSV file a path stands for',
  role: 'what a field is to an attacker',
  category: 'the data category of a field',
  suppression: 'the lists of subjects whose records do not leave',
  consent: 'whose records leave, by what says that they agreed',
  crowd: 'how many data subjects share the values of a record that leaves',
  retention: 'the age from which records are suppressed',
  step: 'what a field tells from an age on',
  'future-tolerance': 'how far in the future an event time may lie',
  required: 'values that every record must hold',
  optional: 'columns that a file may lack',
  unlisted: 'what follows where a record holds what no field names',
  suspects: 'what follows where a kept value looks personal',
  tags: 'what the tags of schemas mean',
  tagged: 'tags that a value may carry and is kept all the same',
  input: 'how the bytes of a file become cells',
  nulls: 'words that stand for nothing, and leave as they are',
  purpose: 'what the output is for',
  subject: 'whose record it is',
  time: 'the event time',
  name: 'the name of the policy',
  version: 'the version of the policy',
  order: 'the order of columns that are made of others',
  other: 'something that this command does not know',
} as const

export type ChangeKind = keyof typeof CHANGE_KINDS

export interface Change {
  readonly verdict: Ranking
  readonly kind: ChangeKind
  /** The output path; undefined where it is about the policy as a whole. */
  readonly field: string | undefined
  /** A sentence for people, with names out of the policies and no value of data. */
  readonly what: string
  /** In the new policy; undefined where it says nothing of it any more. */
  readonly at: TextPosition | undefined
}

/** Whether a person should look: something is weaker, or may be. */
export function isWeaker({ verdict }: Change): boolean {
  return verdict === 'weaker' || verdict === 'unranked'
}

const OPPOSITE = { weaker: 'stronger', stronger: 'weaker' } as const

/** The verdict of going the other way. */
export function opposite(verdict: Ranking): Ranking {
  return verdict === 'weaker' || verdict === 'stronger' ? OPPOSITE[verdict] : verdict
}

/** Collects changes; a change that several ages or conditions show is one. */
export class Changes {
  readonly all: Change[] = []
  readonly #said: Set<string> = new Set()

  add(
    verdict: Ranking,
    kind: ChangeKind,
    what: string,
    at: TextPosition | undefined,
    field?: string | undefined,
  ): void {
    const key = `${kind} ${field} ${what}`
    if (this.#said.has(key)) return
    this.#said.add(key)
    this.all.push({ verdict, kind, field, what, at })
  }
}
