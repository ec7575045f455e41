/**
 * Change events hold a row twice, before and after. A policy speaks of the row; here its plan becomes one of the event: each
 * field stands in both images, under the same rules, and what the policy names by `$change` stands beside them.
 */
import { createHash } from 'node:crypto'
import { Nothing } from '../../transforms/transform.ts'
import { IMAGES, type Path, pathOf } from '../policy/path.ts'
import type { Plan, PlanCarrier, PlanField, PlanRule } from '../policy/plan.ts'

export type Image = (typeof IMAGES)[number]

/** A path of the row, in one of its images. */
export const inImage = (image: Image, { segments }: Path): Path =>
  pathOf([{ kind: 'name', name: image }, ...segments])

const ofChange = ({ path }: PlanField): boolean => path.envelope === 'change'

/**
 * The plan of events whose rows `plan` is about: fields of `before`, then of `after`, then of the event. Gates are those of
 * the row, and so are subject and event time: the plan has none.
 * @param placeholder what stands for a value that is unchanged and was not logged
 */
export function changePlanOf(plan: Plan, placeholder: string): Plan {
  const words = placeholderWords(placeholder)
  const rows = IMAGES.flatMap((image) => plan.fields.map((field) => fieldIn(image, field)))
  const beside = plan.envelope.filter(ofChange).map((field) => {
    const path = pathOf(field.path.segments)
    return { ...field, path, from: path }
  })
  return {
    ...plan,
    fields: [...rows, ...beside].map((field, index) => ({ ...field, index })),
    envelope: plan.envelope.filter((field) => !ofChange(field)).map((field, index) => ({ ...field, index })),
    subject: undefined,
    time: undefined,
    readers: new Map(),
    suppression: [],
    consent: [],
    consentTables: [],
    crowd: undefined,
    retention: undefined,
    required: [],
    optional: new Set(),
    input: { ...plan.input, nulls: [...(plan.input.nulls ?? []), ...words] },
    carriers: plan.carriers.flatMap((carrier) =>
      carrier.path.envelope === undefined
        ? IMAGES.map((image) => carrierIn(image, carrier, new Set(words)))
        : [carrier],
    ),
    either: IMAGES.flatMap((image) => plan.either.map((path) => inImage(image, path))),
  }
}

function fieldIn(image: Image, field: PlanField): PlanField {
  const path = inImage(image, field.path)
  const from = field.from === field.path ? path : inImage(image, field.from)
  const known = new Map<readonly PlanRule[], readonly PlanRule[]>()
  const rulesIn = (rules: readonly PlanRule[]): readonly PlanRule[] => {
    const made = known.get(rules) ?? rules.map((rule) => ruleIn(image, rule))
    known.set(rules, made)
    return made
  }
  return { ...field, path, from, rulesByStep: field.rulesByStep.map(rulesIn) }
}

/** The same rule, under the same id: conditions ask the row that the value stands in. */
const ruleIn = (image: Image, rule: PlanRule): PlanRule =>
  rule.when.length === 0
    ? rule
    : {
        ...rule,
        when: rule.when.map((condition) => ({ ...condition, path: inImage(image, condition.path) })),
      }

const carrierIn = (image: Image, { path, read }: PlanCarrier, words: ReadonlySet<string>): PlanCarrier => ({
  path: inImage(image, path),
  read: (text) => (words.has(text) ? new Nothing(text) : read === undefined ? text : read(text)),
})

/**
 * The texts that Debezium writes for the placeholder, by the type of the column: as it is, as bytes in each way that these
 * are written, as a UUID (version 3), and as JSON of a map.
 */
export function placeholderWords(placeholder: string): string[] {
  const bytes = Buffer.from(placeholder)
  const name = createHash('md5').update(bytes).digest()
  name[6] = (name[6]! & 0x0f) | 0x30
  name[8] = (name[8]! & 0x3f) | 0x80
  const uuid = name.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
  return [
    placeholder,
    bytes.toString('base64'),
    bytes.toString('base64url'),
    bytes.toString('hex'),
    uuid,
    JSON.stringify({ [placeholder]: placeholder }),
  ]
}
