/**
 * The JSON Schema (draft-07) of a policy, made from the same zod schemas that check it, so that editors complete
 * and explain as people write. What it cannot say (paths that overlap, weak choices) `lethe lint` does.
 */
import { z } from 'zod'
import { transforms as registered } from '../../transforms/index.ts'
import type { Transform } from '../../transforms/transform.ts'
import { DATA_CATEGORIES } from '../identify/categories.ts'
import { DATA_USES } from './fideslang.ts'
import { NOT_IN_STEPS } from './read-rule.ts'
import { IGNORE } from './read-tags.ts'
import { FIELD_WORDS, PolicySchema, RULE_WORDS, RuleWords } from './schema.ts'

type Schema = Record<string, unknown> & {
  properties?: Record<string, Schema>
  required?: string[]
  description?: string | undefined
}

const PATH =
  'A path: `a.b` (member), `items[].sku` (every element), `prices.*` (every member of a map), `prices.$names` (its names), `address_*` and `**.email` (patterns: docs/patterns.md), `$key`, `$key.name` (a member of a key that is JSON), `$headers.name`, `$timestamp`.'
const STEP_WORDS = RULE_WORDS.filter((word) => !NOT_IN_STEPS.includes(word))

/** The schema, with keys in a fixed order: the same register gives the same text. */
export function policyJsonSchema(transforms: readonly Transform[] = registered): object {
  const schema = toSchema(PolicySchema)
  const properties = schema.properties!
  const { purpose, fields, tags, retention } = properties
  properties['purpose'] = { description: purpose!.description, ...taxonomy(DATA_USES) }
  properties['fields'] = { description: fields!.description, type: 'object' }
  properties['tags'] = { description: tags!.description, type: 'object' }
  const step = (retention!.properties!['steps']!['items'] as Schema).properties!
  step['fields'] = { description: step['fields']!.description, type: 'object' }
  step['tags'] = { description: step['tags']!.description, type: 'object' }
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Lethe policy',
    description: 'What leaves, field by field, and in what form. What no path names never leaves.',
    ...schema,
    // Where a policy brings transforms of its own, only `lethe lint` knows their names and options.
    if: { required: ['transforms'] },
    then: fieldsOf('openField', 'openStepField'),
    else: fieldsOf('field', 'stepField'),
    definitions: {
      field: {
        description: `${PATH} A word, the name of a transform that needs no options, a rule, or a list of rules of which the first that applies is taken.`,
        anyOf: [
          ...shorthand(transforms),
          { $ref: '#/definitions/rule' },
          { type: 'array', minItems: 1, items: { $ref: '#/definitions/rule' } },
          JSON_KEY,
        ],
      },
      stepField: {
        description: 'The rule that replaces that of the field; it has to tell less.',
        anyOf: [...shorthand(transforms), { $ref: '#/definitions/stepRule' }],
      },
      rule: ruleSchema(transforms, RULE_WORDS),
      stepRule: ruleSchema(transforms, STEP_WORDS),
      openField: { anyOf: [{ $ref: '#/definitions/field' }, ownName(transforms), ...ownRules(transforms)] },
      openStepField: {
        anyOf: [{ $ref: '#/definitions/stepField' }, ownName(transforms), ownRule(transforms, STEP_WORDS)],
      },
    },
  }
}

/** What the rules of fields, and of steps, are. */
function fieldsOf(field: string, stepField: string): object {
  const of = (definition: string) => ({ $ref: `#/definitions/${definition}` })
  const ignored = { const: IGNORE, description: 'The tag says nothing of what a field holds.' }
  const ofStep = { additionalProperties: of(stepField) }
  return {
    properties: {
      fields: { additionalProperties: of(field) },
      tags: { additionalProperties: { anyOf: [ignored, of(field)] } },
      retention: { properties: { steps: { items: { properties: { fields: ofStep, tags: ofStep } } } } },
    },
  }
}

/** The name of a transform that is not registered. */
function ownName(transforms: readonly Transform[]): Schema {
  const known = [...Object.keys(FIELD_WORDS), ...transforms.map(({ name }) => name)]
  const others = known.map((name) => `${name.replaceAll('.', '\\.')}$`).join('|')
  return { type: 'string', pattern: `^(?!${others})[a-z][a-z0-9-]*(\\.[a-z][a-z0-9-]*)+$` }
}

function ownRules(transforms: readonly Transform[]): Schema[] {
  const rule = ownRule(transforms, RULE_WORDS)
  const either = { anyOf: [{ $ref: '#/definitions/rule' }, rule] }
  return [rule, { type: 'array', minItems: 1, items: either }]
}

function ownRule(transforms: readonly Transform[], words: readonly string[]): Schema {
  const properties = { ...wordsSchema(words), use: ownName(transforms) }
  return { type: 'object', required: ['use'], properties }
}

function toSchema(schema: z.ZodType): Schema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    target: 'draft-7',
    io: 'input',
    unrepresentable: 'any',
  }) as Schema
  return rest
}

/** Known keys for completion; a local key below one passes too. */
function taxonomy(keys: readonly string[]): Schema {
  return { anyOf: [{ enum: keys }, { type: 'string', pattern: '^[a-z][a-z0-9_]*(\\.[a-z0-9][a-z0-9_]*)+$' }] }
}

function shorthand(transforms: readonly Transform[]): Schema[] {
  const words = Object.entries(FIELD_WORDS).filter(([word]) => word !== 'keep.subtree')
  const bare = transforms.filter((transform) => transform.options.safeParse({}).success)
  return [
    ...words.map(([word, description]) => ({ const: word, description })),
    ...bare.map(({ name, summary }) => ({ const: name, description: summary })),
  ]
}

/** A rule of `$key` that says how the key is read: what else it says, lint judges. */
const JSON_KEY: Schema = {
  type: 'object',
  required: ['use', 'format'],
  properties: {
    format: {
      const: 'json',
      description:
        'Of `$key` alone: the key is a JSON string, number, true or false, and the rule takes what it says.',
    },
  },
}

/** One rule: the words that all share, and by `use` the options of the transform and nothing else. */
function ruleSchema(transforms: readonly Transform[], words: readonly string[]): Schema {
  const shared = wordsSchema(words)
  shared['use'] = {
    description: shared['use']!.description,
    oneOf: [
      ...Object.entries(FIELD_WORDS).map(([word, description]) => ({ const: word, description })),
      ...transforms.map(({ name, summary }) => ({ const: name, description: summary })),
    ],
  } as Schema
  const allowed = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, true]))
  const plain = words.filter((word) => word !== 'else' && word !== 'key')
  const unread = plain.filter((word) => word !== 'read')
  return {
    type: 'object',
    required: ['use'],
    properties: shared,
    allOf: [
      ...Object.keys(FIELD_WORDS).map((word) =>
        whenUse(word, {
          properties: allowed(
            word === 'keep'
              ? [...unread, 'else']
              : word === 'keep.subtree'
                ? unread.filter((name) => name !== 'type')
                : plain,
          ),
          additionalProperties: false,
          ...(word === 'keep.subtree' ? { required: ['accept'] } : {}),
        }),
      ),
      ...transforms.map((transform) => {
        const options = toSchema(transform.options)
        const own = transform.properties.keyed ? words : words.filter((word) => word !== 'key')
        return whenUse(transform.name, {
          ...(options.required === undefined ? {} : { required: options.required }),
          properties: { ...allowed(own), ...options.properties },
          additionalProperties: false,
        })
      }),
    ],
  } as Schema
}

function wordsSchema(words: readonly string[]): Record<string, Schema> {
  const all = toSchema(RuleWords).properties!
  const shared: Record<string, Schema> = {}
  for (const word of words) shared[word] = all[word]!
  if (shared['category'] !== undefined)
    shared['category'] = { description: all['category']!.description, ...taxonomy(DATA_CATEGORIES) }
  return shared
}

function whenUse(name: string, rule: object): object {
  return { if: { required: ['use'], properties: { use: { const: name } } }, then: rule }
}
