/**
 * A summary of training data with the twelve items that the Civil Code of California, section 3111 (a), asks of developers of generative
 * AI (Assembly Bill 2013, 2024): what the run knows is stated, the rest is a question. It is no legal advice.
 */
import { type Card, type CardQuestion, factOf, QUESTIONS } from './card.ts'
import { list, paragraphs, plain } from './markdown.ts'
import { shownCount } from './small-counts.ts'
import { hasSurrogates, personalInformation, processing } from './statements.ts'

interface Item {
  readonly title: string
  /** What the run says; none: it knows nothing of it. */
  readonly known: (card: Card) => readonly string[]
  readonly asks: readonly CardQuestion[]
}

const nothing = (): readonly string[] => []

const ITEMS: readonly Item[] = [
  { title: 'Sources or owners of the data', known: nothing, asks: ['collection.sources'] },
  {
    title: 'How the data further the purpose of the system',
    known: ({ run }) => [`The policy allows one purpose: ${run.account.policy.purpose}.`],
    asks: ['training.purpose'],
  },
  {
    title: 'Number of data points',
    known: ({ run }) => [`Records that the run published: ${shownCount(run.account.records.published)}.`],
    asks: [],
  },
  {
    title: 'Types of data points',
    known: ({ fields }) => [
      `Each record has up to ${fields.length} fields: ${fields.map(({ path }) => path.text).join(', ')}.`,
    ],
    asks: ['training.labels'],
  },
  { title: 'Copyright, trademark, patent, or public domain', known: nothing, asks: ['rights.protected'] },
  { title: 'Bought or licensed', known: nothing, asks: ['rights.acquired'] },
  {
    title: 'Personal information (section 1798.140 (v))',
    known: personalInformation,
    asks: [],
  },
  {
    title: 'Aggregate consumer information (section 1798.140 (b))',
    known: () => ['The run writes a record for each record that it publishes, and adds none up.'],
    asks: ['training.aggregate'],
  },
  {
    title: 'Cleaning, processing and other changes, and what they are for',
    known: (card) => ['It was changed so that people are harder to find in it.', ...processing(card)],
    asks: [],
  },
  { title: 'Time of collection', known: nothing, asks: ['collection.from'] },
  { title: 'First use in development', known: nothing, asks: ['training.firstUsed'] },
  {
    title: 'Synthetic data',
    known: (card) =>
      hasSurrogates(card)
        ? ['Some values were replaced by made-up ones; records are those of the source.']
        : ['The run replaced no value by a made-up one, and added no record.'],
    asks: ['training.synthetic'],
  },
]

export function trainingSummary(card: Card): string {
  const { facts, title } = card
  const head = [
    `# Training data: ${plain(title)}`,
    ...(facts.description === undefined ? [] : [paragraphs(facts.description)]),
    'The twelve items of section 3111 (a) of the Civil Code of California (AB 2013). What stands here comes from one run of Lethe and from the people who keep the data; an open question is marked as one. This is no legal advice.',
  ]
  const items = ITEMS.map(({ title: heading, known, asks }, index) => {
    const said = list(known(card))
    return [
      `## ${index + 1}. ${heading}`,
      ...(said === '' ? [] : [said]),
      ...asks.map((key) => {
        const fact = factOf(card, key)
        return fact === undefined ? `**Open question:** ${QUESTIONS[key]}` : paragraphs(fact)
      }),
    ].join('\n\n')
  })
  return `${[...head, ...items].join('\n\n')}\n`
}
