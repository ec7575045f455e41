/**
 * What a run says of its data set, in sentences that several documents share. Text, not markup: a document escapes it for itself.
 * Names of groups are values of the data, so they are told only where a measure left those of few subjects out.
 */
import { crowdInWords } from '../explain/in-plain-words.ts'
import type { MeasuredBalance } from '../forms/measurement.ts'
import type { Card } from './card.ts'
import type { CardField } from './card-fields.ts'
import { SMALLEST_COUNT, shownCount, shownShare } from './small-counts.ts'

/** What identifies in the output, and in which form it leaves. */
export function personalInformation(card: Card): readonly string[] {
  const personal = card.fields.filter(({ role }) => role !== 'other')
  const lines = personal.map(
    (field) =>
      `${field.path.text} (${field.category === undefined ? '' : `${field.category}, `}${field.role}): tells ${tellsOf(field)}`,
  )
  return [
    ...lines,
    ...(personal.length === 0
      ? ['The policy gives no field that leaves a role of an identifier or a sensitive value.']
      : []),
    ...(hasTokens(card)
      ? [
          'Tokens stand for values: equal values have equal tokens. They are pseudonyms, so the data set is still personal data.',
        ]
      : []),
    'De-identified is not anonymous: whether a person can be found depends on what a reader knows beside the data.',
  ]
}

export const hasTokens = ({ fields }: Card): boolean =>
  fields.some(({ rules }) => rules.some(({ isToken }) => isToken))
export const hasSurrogates = ({ fields }: Card): boolean =>
  fields.some(({ rules }) => rules.some(({ isSurrogate }) => isSurrogate))

export const tellsOf = ({ rules }: CardField): string =>
  rules.map(({ tells, after }) => (after === undefined ? tells : `after ${after} ${tells}`)).join('; ')

/** What was done to records and fields, in order. */
export function processing({ run, policy, fields, withheld }: Card): readonly string[] {
  const { name, version, fingerprint, purpose } = run.account.policy
  return [
    `Lethe ${run.version} de-identified it under the policy ${name}, version ${version} (fingerprint ${fingerprint}), for the purpose ${purpose}.`,
    policy.unlisted === 'drop'
      ? 'What the policy does not name was left out.'
      : 'Records with anything that the policy does not name were left out.',
    ...(run.batch?.inputForm.change === undefined
      ? []
      : [
          'Records are change events of Debezium: the fields are those of the row, before and after the change.',
        ]),
    ...fields.map(({ path, rules }) => `${path.text}: ${rules.map(doneOf).join('; ')}`),
    ...(policy.retention?.steps ?? [])
      .filter(({ suppress }) => suppress)
      .map(
        ({ after }) =>
          `Records of events older than ${after} were left out${run.batch === undefined ? '' : `, as of ${run.batch.asOf}`}.`,
      ),
    ...policy.suppression.map(({ list }) => `Records of subjects on the list ${list} were left out.`),
    ...policy.consent.map(
      ({ purpose: of }) => `Records were left out whose event does not hold consent to ${of}.`,
    ),
    ...policy.consentTables.map(
      ({ purpose: of, table }) =>
        `Records were left out whose subject has not given consent to ${of}, by the table ${table}.`,
    ),
    ...(policy.crowd === undefined
      ? []
      : [
          `How many share the values of a record: ${crowdInWords(policy.crowd, policy.subject !== undefined)}.`,
        ]),
    ...(withheld.read === undefined ? [] : [`Records read: ${shownCount(withheld.read)}.`]),
    `Records published: ${shownCount(run.account.records.published)}.`,
    ...withheld.reasons.map(([reason, count]) => `Records withheld (${reason}): ${count}.`),
  ]
}

const doneOf = ({ done, after, conditions }: CardField['rules'][number]): string =>
  `${after === undefined ? '' : `after ${after} `}${done}${conditions.length === 0 ? '' : `, for some values of ${conditions.join(' and ')}`}`

const countedIn = ({ counted }: { readonly counted: 'subjects' | 'records' }): string =>
  counted === 'subjects' ? 'data subjects' : 'records'

/** The risk that is left, as the run or its measure counted it. */
export function remainingRisk({ run, measured }: Card): readonly string[] {
  const risk = measured?.output?.risk
  if (measured !== undefined && risk !== undefined)
    return [
      `Quasi-identifiers: ${measured.over.join(', ')}. Classes count ${countedIn(measured)}.`,
      `The smallest class has ${risk.k} of them; ${shownShare(risk.unique)} stand alone, ${shownShare(risk.atRisk)} are in classes of fewer than ${measured.options.k}.`,
      `Prosecutor risk: ${shownShare(risk.highest)} at most, ${shownShare(risk.average)} on average.`,
    ]
  const { groups } = run.account
  if (groups === undefined) return ['Which data subjects stand alone was not counted.']
  return [
    `Quasi-identifiers: ${groups.quasiIdentifiers.join(', ')}. Groups count ${countedIn(groups)}${groups.estimated ? ', as an estimate' : ''}.`,
    `${shownShare(groups.alone.share)} stand alone, ${shownShare(groups.fewerThan5.share)} are in groups of fewer than 5, ${shownShare(groups.fewerThan10.share)} in groups of fewer than 10.`,
  ]
}

/** What the run did to the balance of groups, and to the values of fields. */
export function biases({ measured, withheld }: Card): readonly string[] {
  const said: string[] = []
  if (withheld.reasons.length > 0)
    said.push('Records were withheld, which may concern some groups of people more than others.')
  if (measured === undefined) return [...said, 'Who was left out was not measured.']
  for (const { field, distance } of measured.utility?.columns ?? [])
    if (distance.isFlagged)
      said.push(
        `Published values of ${field} are distributed otherwise than those read (${distance.measure} ${distance.value.toFixed(2)}).`,
      )
  const { balance, options } = measured
  if (balance === undefined) return [...said, 'Of which groups records were withheld was not measured.']
  return [...said, ...balance.flatMap((one) => ofGroups(one, options.smallestGroup))]
}

const NO_BIAS = 'no large group was published less than four fifths as often as the one that was kept best.'

/** Of one field of `--by`. Groups are named where those of few subjects are not. */
function ofGroups({ by, groups }: MeasuredBalance, smallestGroup: number): readonly string[] {
  const flagged = groups.filter(({ isFlagged }) => isFlagged)
  if (flagged.length > 0 && smallestGroup < SMALLEST_COUNT)
    return [
      `By ${by}, ${flagged.length} of ${groups.length} groups were published less than four fifths as often as the one that was kept best. They are not named here, as the measure counts groups of few subjects.`,
    ]
  const withheld = flagged.map(({ name, read, published, ratio }) => {
    const group = name === null ? `records without a value of ${by}` : `the group "${name}" (${by})`
    return published < SMALLEST_COUNT
      ? `Of ${group}, ${shownCount(published)} of ${shownCount(read)} records were published.`
      : `Of ${group}, records were published ${ratio.toFixed(2)} times as often as of the one that was kept best.`
  })
  const isShifted = groups.filter(({ label }) => label?.isFlagged === true).length
  const isEmptied = groups.filter(({ emptied }) => emptied.some((field) => field.isFlagged)).length
  return [
    ...(withheld.length === 0 ? [`By ${by}, ${NO_BIAS}`] : withheld),
    ...(isShifted === 0
      ? []
      : [
          `By ${by}, the share of the label moved by more than 0.1 in ${isShifted} of ${groups.length} groups.`,
        ]),
    ...(isEmptied === 0
      ? []
      : [
          `By ${by}, values were lost more often in ${isEmptied} of ${groups.length} groups than in the one that was kept best.`,
        ]),
  ]
}

/** What a reader of the output has to reckon with. */
export function limitations(card: Card): readonly string[] {
  const { measured, fields } = card
  const coarse = fields.filter(({ rules }) => rules.some(({ isMasking, isToken }) => isMasking && !isToken))
  return [
    ...(coarse.length === 0
      ? []
      : [
          `Values are coarser than they were, masked or replaced: ${coarse.map(({ path }) => path.text).join(', ')}.`,
        ]),
    ...(hasSurrogates(card) ? ['Some values are made up, and look like real ones.'] : []),
    ...(measured?.utility === undefined
      ? []
      : [
          `Of what the quasi-identifiers said, ${shownShare(measured.utility.loss)} was lost (geometric mean of the fields).`,
        ]),
    ...remainingRisk(card),
  ]
}
