/** The page of the policy language: words, forms and meanings from the schema, and an example for each. */

import { policyJsonSchema } from '../policy/json-schema.ts'
import { FIELD_WORDS } from '../policy/schema.ts'

interface Schema {
  readonly description?: string
  readonly type?: string
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly default?: unknown
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
}

const HEAD = 'policy: shop-events\nversion: 1\npurpose: train_ai_system\n'

/** A policy for each word of the top: what stands below the head. */
const TOP: Readonly<Record<string, string>> = {
  policy: 'fields: { amount: keep }',
  version: 'fields: { amount: keep }',
  description: 'description: Orders of the shop, for the demand model.\nfields: { amount: keep }',
  purpose: 'fields: { amount: keep }',
  subject: 'subject: customer.id\nfields:\n  customer.id: { use: hash.hmac, domain: customer }',
  time: 'time: { path: at, format: epoch-milliseconds }\nfields:\n  at: { use: generalize.date, format: epoch-milliseconds, to: day }',
  unlisted: 'unlisted: reject\nfields: { amount: keep, note: drop }',
  suspects: 'suspects: dead-letter\nfields: { amount: keep }',
  fields:
    'fields:\n  amount: keep\n  "items[].sku": keep\n  customer.id: { use: hash.hmac, domain: customer }',
  tags: 'fields: { amount: keep }\ntags:\n  PII.email: { use: hash.hmac, domain: email, normalize: email }\n  PII: drop\n  OWNER: ignore',
  taggedWithoutRule: 'fields: { amount: keep }\ntags: { PII: drop }\ntaggedWithoutRule: refuse',
  suppression:
    'fields:\n  customer.id: { use: hash.hmac, domain: customer }\nsuppression:\n  - { list: erasures, by: customer.id }\n  - { list: drop-email, by: customer.email, normalize: lower, entries: sha256-base64 }',
  consent:
    'fields: { amount: keep }\nconsent:\n  - from: context.consent.categoryPreferences.Training   # a category and true or false\n    when: { is: true }\n  - from: "context.consent.refused[]"                     # a list of the categories that were refused\n    when: { lacks: Training }\n    default: allow\n    accept: the collector leaves the list out where nothing was refused\n  - from: context.gpc                                     # Global Privacy Control: true is an objection\n    when: { is: false }\n    default: allow\n    accept: browsers that do not know the signal send nothing',
  retention:
    'time: at\nfields:\n  at: { use: generalize.date, to: day }\n  postcode: { use: generalize.prefix, keep: 3 }\nretention:\n  futureTolerance: 10m\n  steps:\n    - { after: 180d, fields: { postcode: { use: generalize.prefix, keep: 1 } } }\n    - { after: 400d, then: suppress }',
  crowd:
    'subject: customer.id\nfields:\n  customer.id: drop\n  postcode: { use: generalize.prefix, keep: 3, role: quasi-identifier }\n  born: { use: generalize.date, to: year, format: date, role: quasi-identifier }\n  diagnosis: { use: generalize.category, allow: [flu, asthma], role: sensitive }\ncrowd: { k: 10, l: 2, maxSuppressed: 2%, onFail: suppress, window: 30d }',
  input:
    "input:\n  encoding: windows-1252\n  delimiter: ';'\n  skipLines: 1\n  comment: '#'\n  header: [order, total]\n  nulls: ['NULL', 'N/A']\nfields: { order: drop, total: keep }",
  columns: 'fields:\n  customer.id: { use: hash.hmac, domain: customer }\ncolumns: { cust_id: customer.id }',
  transforms: 'transforms: [./acme.mjs]\nfields: { note: { use: acme.cut, keep: 2 } }',
  required: 'fields: { amount: keep, currency: keep }\nrequired: [amount]',
  optional: 'fields: { amount: keep, currency: keep }\noptional: [currency]',
  read: 'fields:\n  owner.id: { use: hash.hmac, domain: customer }\n  "contacts[].kind": keep\nread: { owner: json, contacts: [trim, json] }',
  shape:
    'fields:\n  "emails[]": { use: hash.hmac, domain: email, normalize: email }\n  "items[].sku": keep\nshape: { emails: either, items: either }',
}

/** A field for each word of rules. */
const RULE: Readonly<Record<string, string>> = {
  use: 'customer.phone: { use: mask.characters, keepLast: 2, length: 8 }',
  when: 'price:\n    - { use: keep, when: { country: [US, CA] } }\n    - { use: drop }',
  else: 'born: { use: generalize.date, to: year, else: { constant: unknown } }',
  key: 'before: { use: hash.hmac, domain: customer, from: customer.id, key: k1 }\n  customer.id: { use: hash.hmac, domain: customer }',
  accept: 'remarks: { use: keep.subtree, accept: written by our own staff from a closed list }',
  lineBreaks: 'article: { use: keep, lineBreaks: allow }',
  read: 'mails:\n    { use: hash.hmac, domain: email, normalize: email, read: { trim: true, strip: { prefix: "mailto:", missing: allow }, split: ";" } }\n  weight: { use: generalize.number, width: 5, read: trim }',
  type: 'price: { use: keep, type: "decimal(10,2)" }\n  clicks: { use: keep, type: integer, else: null }\n  born: { use: generalize.date, to: year, type: integer }',
  statistics:
    'clicks: { use: keep, type: integer, statistics: true, accept: how often a page was clicked tells of no person }',
  from: 'customer.age: { use: generalize.prefix, keep: 1, from: customer.age_text }',
  category:
    'customer.email: { use: hash.hmac, domain: email, normalize: email, category: user.contact.email }',
  role: 'postcode: { use: generalize.prefix, keep: 2, role: quasi-identifier }',
  tagged:
    'country: { use: keep, tagged: [PII], accept: a country alone singles no person out }\ntags: { PII: drop }',
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replace(/\s+/g, ' ')
const yaml = (text: string): string => `\`\`\`yaml\n${text}\n\`\`\`\n`

/** What may be written, in a few words. */
function formOf(schema: Schema): string {
  if (schema.const !== undefined) return `\`${schema.const}\``
  if (schema.enum !== undefined && schema.enum.length <= 6)
    return schema.enum.map((one) => `\`${one}\``).join(', ')
  const parts = schema.anyOf ?? schema.oneOf
  if (parts !== undefined) {
    const words = [...new Set(parts.map(formOf))]
    return words.length > 6 ? 'text' : words.join(' or ')
  }
  if (schema.type === 'array')
    return `list of ${schema.items === undefined ? 'values' : formOf(schema.items)}`
  return schema.type === 'string' || schema.enum !== undefined
    ? 'text'
    : (schema.type ?? 'any value').replace('object', 'mapping')
}

function table(properties: Readonly<Record<string, Schema>>, required: readonly string[] = []): string {
  const rows = Object.entries(properties).map(([word, schema]) => {
    const needed = required.includes(word) && schema.default === undefined
    const unless = schema.default === undefined ? '' : ` Unless stated: \`${schema.default}\`.`
    return `| \`${word}\`${needed ? ' (needed)' : ''} | ${cell(formOf(schema))} | ${cell(schema.description ?? '')}${unless} |`
  })
  return ['| word | what is written | what it means |', '| --- | --- | --- |', ...rows, ''].join('\n')
}

/** Members of a word that is a mapping, or a list of mappings. */
const membersOf = (schema: Schema): Schema | undefined =>
  [schema, ...(schema.anyOf ?? []), ...(schema.items === undefined ? [] : [schema.items])].find(
    ({ properties }) => properties !== undefined,
  )

export function policyPage(): string {
  const schema = policyJsonSchema() as Schema & { readonly definitions: Readonly<Record<string, Schema>> }
  const top = schema.properties!
  const rule = schema.definitions['rule']!.properties!
  const sections = Object.entries(top).flatMap(([word, one]) => {
    const members = membersOf(one)
    const steps = one.properties?.['steps']?.items
    return [
      `### \`${word}\`\n`,
      `${one.description}\n`,
      ...(members === undefined ? [] : [table(members.properties!, members.required)]),
      ...(steps === undefined ? [] : ['A step:\n', table(steps.properties!, steps.required)]),
      yaml(`${HEAD}${TOP[word] ?? missing(word)}`),
    ]
  })
  const rules = Object.keys(rule).flatMap((word) => [
    `### \`${word}\` in a rule\n`,
    `${rule[word]!.description}\n`,
    yaml(`${HEAD}fields:\n  ${RULE[word] ?? missing(word)}`),
  ])
  const words = Object.entries(FIELD_WORDS).map(([word, what]) => `| \`${word}\` | ${cell(what)} |`)
  return [
    '# The policy language\n',
    'Generated from the schema that checks policies; `npm run docs` writes it. A policy is one YAML file. It is strict: a word that',
    'is not on this page is an error at its line. `lethe lint` finds what a table cannot say: paths that overlap, weak choices.',
    'The options of each transform are in the [catalogue](../transforms/README.md). An unchanged policy keeps its fingerprint.\n',
    '## Words of a policy\n',
    table(top, schema.required ?? []),
    ...sections,
    '## Paths\n',
    'A field is called by the path of its output:\n',
    '| path | what it names |',
    '| --- | --- |',
    '| `a.b` | the member `b` of the object `a` |',
    '| `items[].sku` | the member of every element of an array |',
    '| `prices.*` | every member of a map |',
    '| `prices.$names` | the names of a map, which are values too |',
    '| `$key`, `$headers.name`, `$timestamp` | what stands beside the value of a Kafka record |\n' +
      '| `$change.op`, `$change.source.table` | what stands beside the row in a change event ([change-streams.md](change-streams.md)) |\n',
    '## Rules\n',
    'A field is a word, the name of a transform that needs no options, a mapping, or a list of mappings of which the first that',
    'applies is taken.\n',
    '| word | what happens |',
    '| --- | --- |',
    ...words,
    '',
    table(rule, ['use']),
    ...rules,
  ]
    .join('\n')
    .trimEnd()
    .concat('\n')
}

function missing(word: string): never {
  throw new Error(`${word} has no example on the page of the policy language`)
}
