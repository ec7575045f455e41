/** All that cards are made of, and what is to be asked of a person. */
import type { Measurement } from '../forms/measurement.ts'
import type { Policy } from '../policy/policy.ts'
import type { CardFacts } from './card-facts.ts'
import type { CardField } from './card-fields.ts'
import type { CardedFiles } from './carded-files.ts'
import type { ReadRun } from './read-run.ts'
import { type WithheldCounts, withheldCounts } from './small-counts.ts'

export interface Card {
  readonly run: ReadRun
  readonly policy: Policy
  readonly fields: readonly CardField[]
  readonly measured: Measurement | undefined
  readonly facts: CardFacts
  readonly published: CardedFiles
  readonly withheld: WithheldCounts
  /** What people call it: facts, or the name of the policy. */
  readonly title: string
}

export function cardOf(parts: Omit<Card, 'withheld' | 'title'>): Card {
  const { run, facts } = parts
  return { ...parts, withheld: withheldCounts(run.account.records), title: facts.name ?? run.name }
}

/** Facts that a document needs or asks for, by their keys in `card.yaml`, each with its question. */
export const QUESTIONS = {
  description: 'What is this data set?',
  version: 'Which version of the data set is this?',
  license: 'Under which licence may it be used?',
  url: 'At which address is its page?',
  creator: 'Who made it?',
  contact: 'Whom does one ask about it?',
  published: 'When was it published?',
  languages: 'In which languages are its texts?',
  uses: 'What is it meant for?',
  outOfScope: 'What must it not be used for?',
  limitations: 'Which limits does it have, beside what the run measured?',
  biases: 'Which biases does it have, beside what the run measured?',
  'collection.sources': 'Whose are the raw data, and where do they come from?',
  'collection.how': 'How were the raw data collected?',
  'collection.from': 'When did the collection begin, and when did it end, or is it ongoing?',
  'rights.protected':
    'Does it hold data that copyright, trademark or patent protects, or is all of it in the public domain?',
  'rights.acquired': 'Was it bought or licensed by the developer?',
  'training.purpose': 'How does it serve the purpose of the system that is trained?',
  'training.labels': 'Does it have labels, and of which types?',
  'training.aggregate': 'Does it hold aggregate consumer information?',
  'training.firstUsed': 'When was it first used in the development of the system?',
  'training.synthetic': 'Is the system trained on synthetic data as well?',
} as const

export type CardQuestion = keyof typeof QUESTIONS

/** The fact under a key, as text; undefined where no person stated it. */
export function factOf({ facts }: Card, key: CardQuestion): string | undefined {
  const value = key
    .split('.')
    .reduce<unknown>((at, name) => (at as Readonly<Record<string, unknown>> | undefined)?.[name], facts)
  if (value === undefined) return undefined
  if (key === 'creator') return facts.creator!.name
  if (key === 'collection.from') return timeOf(facts.collection!)
  return Array.isArray(value) ? value.join(', ') : String(value)
}

function timeOf({ from, to }: NonNullable<CardFacts['collection']>): string {
  return to === undefined
    ? `from ${from}`
    : to === 'ongoing'
      ? `from ${from}, and it is ongoing`
      : `from ${from} to ${to}`
}

/** What is asked for and not stated. */
export const openQuestions = (card: Card): readonly CardQuestion[] =>
  (Object.keys(QUESTIONS) as CardQuestion[]).filter((key) => factOf(card, key) === undefined)
