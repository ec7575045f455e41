/** The documents that are made of one card: their formats, files and texts. */
import { CARD_FILES } from '../forms/data-set.ts'
import type { Card } from './card.ts'
import { croissant } from './croissant.ts'
import { dataContract } from './data-contract.ts'
import { huggingFaceCard } from './hugging-face.ts'
import { openLineage } from './open-lineage.ts'
import { shownJson } from './shown-text.ts'
import { trainingSummary } from './training-summary.ts'

export type CardFormat = keyof typeof CARD_FILES
export const CARD_FORMATS = Object.keys(CARD_FILES) as readonly CardFormat[]

/** `endedAt`: when the run ended, in ms since 1970. */
export function cardText(format: CardFormat, card: Card, endedAt: number): string {
  switch (format) {
    case 'croissant':
      return croissant(card)
    case 'huggingface':
      return huggingFaceCard(card)
    case 'openlineage':
      return openLineage(card, endedAt)
        .map((event) => `${shownJson(JSON.stringify(event))}\n`)
        .join('')
    case 'odcs':
      return dataContract(card)
    case 'ab2013':
      return trainingSummary(card)
  }
}
