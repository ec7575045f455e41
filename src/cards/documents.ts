/** The documents that are made of one card: their formats, files and texts. */
import type { Card } from './card.ts'
import { croissant } from './croissant.ts'
import { dataContract } from './data-contract.ts'
import { huggingFaceCard } from './hugging-face.ts'
import { openLineage } from './open-lineage.ts'
import { trainingSummary } from './training-summary.ts'

export const CARD_FORMATS = ['croissant', 'huggingface', 'openlineage', 'odcs', 'ab2013'] as const
export type CardFormat = (typeof CARD_FORMATS)[number]

/** The file of each, as those who read it look for it. */
export const CARD_FILES: Readonly<Record<CardFormat, string>> = {
  croissant: 'croissant.json',
  huggingface: 'README.md',
  openlineage: 'openlineage.ndjson',
  odcs: 'contract.odcs.yaml',
  ab2013: 'ab2013.md',
}

/** `endedAt`: when the run ended, in ms since 1970. */
export function cardText(format: CardFormat, card: Card, endedAt: number): string {
  switch (format) {
    case 'croissant':
      return croissant(card)
    case 'huggingface':
      return huggingFaceCard(card)
    case 'openlineage':
      return openLineage(card, endedAt)
        .map((event) => `${JSON.stringify(event)}\n`)
        .join('')
    case 'odcs':
      return dataContract(card)
    case 'ab2013':
      return trainingSummary(card)
  }
}
