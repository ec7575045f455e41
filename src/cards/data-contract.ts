/** The output of a policy as a contract of the Open Data Contract Standard 3.1 (Bitol): YAML. */
import type { ColumnType } from '../record/columns/column-tree.ts'
import type { Card } from './card.ts'
import type { CardField } from './card-fields.ts'
import { nameUuid } from './name-uuid.ts'
import { shownYaml } from './shown-text.ts'
import { limitations, tellsOf } from './statements.ts'

interface Property {
  name?: string
  logicalType?: string
  properties?: Property[]
  items?: Property
  [word: string]: unknown
}

export function dataContract(card: Card): string {
  const { facts, run, policy, title } = card
  const { contract } = facts
  const { fingerprint } = run.account.policy
  const document = {
    apiVersion: 'v3.1.0',
    kind: 'DataContract',
    id: contract?.id ?? nameUuid(`contract ${policy.name}`),
    name: title,
    // What the output is follows from the policy, so its version is that of the contract.
    version: facts.version ?? `${policy.version}.0.0`,
    status: contract?.status ?? 'draft',
    ...only({ domain: contract?.domain, dataProduct: contract?.dataProduct, tenant: contract?.tenant }),
    description: only({
      purpose: [facts.description, `Purpose of the policy: ${policy.purpose}.`]
        .filter((one) => one !== undefined)
        .join('\n\n'),
      usage: facts.uses,
      limitations: [facts.limitations, facts.outOfScope, ...limitations(card)]
        .filter((one) => one !== undefined)
        .join('\n\n'),
    }),
    ...(facts.keywords === undefined ? {} : { tags: facts.keywords }),
    schema: [
      {
        name: 'records',
        logicalType: 'object',
        ...(run.batch === undefined ? {} : { physicalType: 'file' }),
        dataGranularityDescription: 'A record for each record of the source that was published.',
        properties: propertiesOf(card),
      },
    ],
    ...(facts.creator === undefined ? {} : { team: { name: facts.creator.name } }),
    ...(facts.contact === undefined
      ? {}
      : {
          support: [
            {
              channel: facts.contact,
              ...(facts.contact.startsWith('https://') ? { url: facts.contact } : {}),
            },
          ],
        }),
    ...slaOf(card),
    customProperties: [
      { property: 'lethePolicy', value: policy.name },
      { property: 'lethePolicyVersion', value: policy.version },
      { property: 'lethePolicyFingerprint', value: fingerprint },
      ...(facts.license === undefined ? [] : [{ property: 'license', value: facts.license }]),
    ],
  }
  return shownYaml(document)
}

const only = <T extends object>(members: T): Partial<T> =>
  Object.fromEntries(
    Object.entries(members).filter(([, value]) => value !== undefined && value !== ''),
  ) as Partial<T>

const PERIOD = /^(\d+)(m|h|d|w|mo|y)$/
const UNITS: Readonly<Record<string, string>> = { m: 'minutes', h: 'h', d: 'd', w: 'w', mo: 'months', y: 'y' }

/** How old an event may be, where the policy says it. */
function slaOf({ policy }: Card): object {
  const step = policy.retention?.steps.find(({ suppress }) => suppress)
  const [, count, unit] = PERIOD.exec(step?.after ?? '') ?? []
  if (count === undefined || unit === undefined) return {}
  return {
    slaProperties: [
      {
        property: 'retention',
        value: Number(count),
        unit: UNITS[unit],
        description: 'Records of older events were left out when the run was made.',
      },
    ],
  }
}

function propertiesOf(card: Card): Property[] {
  const root: Property = { properties: [] }
  for (const field of card.fields) place(root, field, card.published.partitionBy.indexOf(field.path.text))
  return root.properties!
}

/** Objects and arrays around a value are made as paths name them; from a pattern on, the rest of the path is one name. */
function place(root: Property, field: CardField, part: number): void {
  const { path } = field
  const names = path.segments.map((segment) =>
    segment.kind === 'name' ? segment.name : segment.kind === 'element' ? undefined : null,
  )
  const isPlain =
    path.envelope === undefined && names.length > 0 && !names.includes(null) && names[0] !== undefined
  if (!isPlain) {
    root.properties!.push({ name: path.text, ...leaf(field, part) })
    return
  }
  let at = root
  for (const name of names as (string | undefined)[]) {
    if (name === undefined) {
      at.logicalType = 'array'
      at.items ??= {}
      at = at.items
      continue
    }
    if (at !== root) at.logicalType = 'object'
    at.properties ??= []
    let member = at.properties.find((one) => one.name === name)
    if (member === undefined) {
      member = { name }
      at.properties.push(member)
    }
    at = member
  }
  Object.assign(at, leaf(field, part))
}

function leaf(field: CardField, part: number): Omit<Property, 'name'> {
  const { rules, from, role, category, type } = field
  return {
    ...logicalType(
      type,
      rules.some(({ use }) => use === 'keep.subtree'),
    ),
    description: `Tells ${tellsOf(field)}.`,
    required: false,
    ...(part < 0 ? {} : { partitioned: true, partitionKeyPosition: part + 1 }),
    classification: role,
    transformSourceObjects: [from.text],
    transformLogic: rules
      .map(({ use, after }) => (after === undefined ? use : `after ${after} ${use}`))
      .join('; '),
    transformDescription: rules
      .map(({ done, after }) => (after === undefined ? done : `after ${after} ${done}`))
      .join('; '),
    ...(category === undefined ? {} : { tags: [category] }),
  }
}

const LOGICAL: Readonly<Record<string, string>> = {
  integer: 'integer',
  double: 'number',
  decimal: 'number',
  boolean: 'boolean',
  date: 'date',
  timestamp: 'timestamp',
}

function logicalType(type: ColumnType | undefined, isSubtree: boolean): object {
  if (isSubtree || type === undefined || type.as === 'json') return {}
  return { logicalType: LOGICAL[type.as] ?? 'string' }
}
