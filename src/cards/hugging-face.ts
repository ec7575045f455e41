/**
 * A data set card for Hugging Face: `README.md`, with YAML in front and the headings of their template. What only a person knows is
 * asked for where it belongs.
 */
import { code, row } from '../explain/markdown-text.ts'
import { type Card, type CardQuestion, factOf, QUESTIONS } from './card.ts'
import { list, paragraphs, plain } from './markdown.ts'
import { shownYaml } from './shown-text.ts'
import { biases, limitations, personalInformation, processing, tellsOf } from './statements.ts'

/** What the Hub and its tools look for where something is missing. */
const MISSING = '[More Information Needed]'

export function huggingFaceCard(card: Card): string {
  const ask = (key: CardQuestion): string => {
    const fact = factOf(card, key)
    return fact === undefined ? `${MISSING}: ${QUESTIONS[key]}` : paragraphs(fact)
  }
  const { facts, title } = card
  return `---
${frontMatter(card)}---

# Dataset Card for ${plain(title)}

## Dataset Details

### Dataset Description

${ask('description')}

- **Curated by:** ${ask('creator')}
- **Language(s) (NLP):** ${ask('languages')}
- **License:** ${ask('license')}
- **Version:** ${ask('version')}

### Dataset Sources

- **Repository:** ${ask('url')}

## Uses

### Direct Use

${ask('uses')}

The purpose of the policy is ${code(card.run.account.policy.purpose)}.

### Out-of-Scope Use

${ask('outOfScope')}

Do not use it to find out who a person in it is.

## Dataset Structure

${fieldTable(card)}

## Dataset Creation

### Source Data

#### Data Collection and Processing

${ask('collection.how')}

Time of collection: ${ask('collection.from')}

${list(processing(card))}

#### Who are the source data producers?

${ask('collection.sources')}

#### Personal and Sensitive Information

${list(personalInformation(card))}

## Bias, Risks, and Limitations

### Discussion of Biases

${ask('biases')}

${list(biases(card))}

### Known Limitations

${ask('limitations')}

${list(limitations(card))}
${facts.citation === undefined ? '' : `\n## Citation\n\n${paragraphs(facts.citation)}\n`}
## Dataset Card Contact

${ask('contact')}
`
}

function fieldTable({ fields }: Card): string {
  const head = ['field', 'role', 'what was done', 'what it tells']
  return [
    row(head),
    row(head.map(() => '---')),
    ...fields.map((field) =>
      row([
        code(field.path.text),
        plain(field.role),
        field.rules
          .map(({ use, after }) => `${after === undefined ? '' : `after ${code(after)} `}${code(use)}`)
          .join('<br>'),
        plain(tellsOf(field)),
      ]),
    ),
  ].join('\n')
}

const SIZES = ['1K', '10K', '100K', '1M', '10M', '100M', '1B', '10B', '100B', '1T'] as const

/** As the Hub names sizes. */
export function sizeCategory(records: number): string {
  const above = SIZES.findIndex((_, index) => records < 1000 * 10 ** index)
  if (above === 0) return 'n<1K'
  return above < 0 ? 'n>1T' : `${SIZES[above - 1]}<n<${SIZES[above]}`
}

function frontMatter({ facts, title, run, published }: Card): string {
  const { license } = facts
  const isKnown = license !== undefined && !license.startsWith('https://')
  return shownYaml({
    pretty_name: title,
    ...(license === undefined
      ? {}
      : isKnown
        ? { license: license.toLowerCase() }
        : { license: 'other', license_name: 'other', license_link: license }),
    ...(facts.languages === undefined ? {} : { language: facts.languages }),
    size_categories: [sizeCategory(run.account.records.published)],
    tags: ['de-identified', ...(facts.keywords ?? [])],
    ...(published.files.length === 0
      ? {}
      : { configs: [{ config_name: 'default', data_files: published.files.map(({ name }) => name) }] }),
  })
}
