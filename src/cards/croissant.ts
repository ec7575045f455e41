/**
 * A data set as Croissant 1.1 (MLCommons, 2026) with the vocabulary of responsible AI (RAI 1.0): JSON-LD. What a person has to state
 * and did not is left out, as the format has no place for a question.
 */

import { type Card, factOf } from './card.ts'
import type { CardFacts } from './card-facts.ts'
import { croissantDistribution, croissantRecords } from './croissant-records.ts'
import { shownJson } from './shown-text.ts'
import { biases, hasSurrogates, limitations, personalInformation, processing } from './statements.ts'

const CONTEXT = {
  '@language': 'en',
  '@vocab': 'https://schema.org/',
  arrayShape: 'cr:arrayShape',
  citeAs: 'cr:citeAs',
  column: 'cr:column',
  conformsTo: 'dct:conformsTo',
  containedIn: 'cr:containedIn',
  cr: 'http://mlcommons.org/croissant/',
  data: { '@id': 'cr:data', '@type': '@json' },
  dataType: { '@id': 'cr:dataType', '@type': '@vocab' },
  dct: 'http://purl.org/dc/terms/',
  description: { '@container': '@language' },
  equivalentProperty: 'cr:equivalentProperty',
  examples: { '@id': 'cr:examples', '@type': '@json' },
  extract: 'cr:extract',
  field: 'cr:field',
  fileObject: 'cr:fileObject',
  fileProperty: 'cr:fileProperty',
  fileSet: 'cr:fileSet',
  format: 'cr:format',
  includes: 'cr:includes',
  isArray: 'cr:isArray',
  isLiveDataset: 'cr:isLiveDataset',
  jsonPath: 'cr:jsonPath',
  key: 'cr:key',
  md5: 'cr:md5',
  name: { '@container': '@language' },
  parentField: 'cr:parentField',
  path: 'cr:path',
  rai: 'http://mlcommons.org/croissant/RAI/',
  recordSet: 'cr:recordSet',
  references: 'cr:references',
  regex: 'cr:regex',
  repeated: 'cr:repeated',
  replace: 'cr:replace',
  samplingRate: 'cr:samplingRate',
  sc: 'https://schema.org/',
  separator: 'cr:separator',
  source: 'cr:source',
  subField: 'cr:subField',
  transform: 'cr:transform',
} as const

/** The members that the specification requires and only a person can state. */
export const CROISSANT_REQUIRED = ['description', 'license', 'url', 'creator', 'published'] as const

/** The text of `croissant.jsonld`. Where it is put into a page of HTML, no value ends the script that it stands in. */
export function croissant(card: Card): string {
  const { facts, run } = card
  const text = (key: Parameters<typeof factOf>[1]): string | undefined => factOf(card, key)
  const document = {
    '@context': CONTEXT,
    '@type': 'sc:Dataset',
    conformsTo: ['http://mlcommons.org/croissant/1.1', 'http://mlcommons.org/croissant/RAI/1.0'],
    name: card.title,
    description: facts.description,
    version: facts.version,
    license: licenseAddress(facts.license),
    url: facts.url,
    creator: creatorOf(facts),
    datePublished: facts.published,
    citeAs: facts.citation,
    keywords: facts.keywords,
    inLanguage: facts.languages,
    ...(run.batch === undefined ? { isLiveDataset: true } : {}),
    distribution: croissantDistribution(card),
    recordSet: croissantRecords(card),
    'rai:dataCollection': text('collection.how'),
    'rai:dataCollectionRawData': text('collection.sources'),
    'rai:dataCollectionTimeframe': timeFrame(facts),
    'rai:dataPreprocessingProtocol': processing(card),
    ...(hasSurrogates(card)
      ? { 'rai:dataImputationProtocol': 'Some values were replaced by made-up ones.' }
      : {}),
    'rai:personalSensitiveInformation': personalInformation(card),
    'rai:dataBiases': [...stated(facts.biases), ...biases(card)],
    'rai:dataLimitations': [...stated(facts.limitations), ...stated(facts.outOfScope), ...limitations(card)],
    'rai:dataUseCases': [...stated(facts.uses), `The purpose of the policy: ${run.account.policy.purpose}.`],
    'rai:dataSocialImpact': facts.socialImpact,
    'rai:dataReleaseMaintenancePlan': facts.maintenance,
  }
  return `${shownJson(JSON.stringify(document, null, 2)).replaceAll('<', '\\u003c')}\n`
}

const stated = (text: string | undefined): readonly string[] => (text === undefined ? [] : [text])

const licenseAddress = (license: string | undefined): string | undefined =>
  license === undefined || license.startsWith('https://')
    ? license
    : `https://spdx.org/licenses/${encodeURIComponent(license)}.html`

function creatorOf({ creator }: CardFacts): object | undefined {
  if (creator === undefined) return undefined
  const { name, kind, url } = creator
  return { '@type': kind === 'person' ? 'sc:Person' : 'sc:Organization', name, url }
}

function timeFrame({ collection }: CardFacts): readonly string[] | undefined {
  const days = [collection?.from, collection?.to].filter((one) => one !== undefined && one !== 'ongoing')
  return days.length === 0 ? undefined : (days as string[])
}
