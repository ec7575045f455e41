/** Forty edits that let nothing more be known: none may be an alarm. */
import { describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { type ChangeKind, isWeaker } from '../../../src/diff/change.ts'
import { comparePolicies } from '../../../src/diff/compare-policies.ts'
import { BASE, compiled, edited, LISTS } from './policies.ts'

/** Kinds of changes that are said, and are no alarm. */
type Harmless = readonly [is: string, text: string, said?: readonly ChangeKind[]]

const parsed = parse(BASE) as Record<string, unknown>
const reversed = (object: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(object).reverse())
const deep = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(deep)
    : typeof value === 'object' && value !== null
      ? reversed(Object.fromEntries(Object.entries(value).map(([name, one]) => [name, deep(one)])))
      : value
const withFields = (change: (fields: Record<string, unknown>) => Record<string, unknown>): string =>
  stringify({ ...parsed, fields: change(parsed['fields'] as Record<string, unknown>) })

const HARMLESS: readonly Harmless[] = [
  ['nothing changes', BASE],
  ['comments come', `# for the team\n${BASE}# the end\n`],
  ['comments stand behind rules', edited(['customer.tier: keep', 'customer.tier: keep # gold, silver'])],
  ['blank lines', BASE.replaceAll('\n', '\n\n')],
  ['a byte order mark', `\ufeff${BASE}`],
  ['line ends of Windows', BASE.replaceAll('\n', '\r\n')],
  ['no line end at the end', BASE.trimEnd()],
  ['written as JSON', JSON.stringify(parsed)],
  ['written by another tool', stringify(parsed)],
  [
    'every text in double quotes',
    stringify(parsed, { defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'QUOTE_DOUBLE' }),
  ],
  ['every text in single quotes', stringify(parsed, { defaultStringType: 'QUOTE_SINGLE' })],
  ['another indentation', stringify(parsed, { indent: 6 })],
  ['flow style', stringify(parsed, { collectionStyle: 'flow' })],
  ['the words at the top in another order', stringify(reversed(parsed))],
  [
    'options in another order',
    stringify({
      ...parsed,
      fields: Object.fromEntries(
        Object.entries(parsed['fields'] as object).map(([path, rule]) => [
          path,
          Array.isArray(rule) || typeof rule === 'string' ? rule : deep(rule),
        ]),
      ),
    }),
  ],
  ['columns in another order', stringify({ ...parsed, columns: reversed(parsed['columns'] as object) })],
  ['fields in another order', withFields(reversed)],
  [
    'a quoted name',
    edited(
      ['  customer.tier: keep', '  "customer"."tier": keep'].map((text, at) =>
        at === 0 ? text : '  \'customer."tier"\': keep',
      ) as [string, string],
    ),
  ],
  ['a quoted path', edited(['  amount:', '  "amount":'])],
  ['another description', edited(['version: 3', 'version: 3\ndescription: for the team'])],
  ['a new version', edited(['version: 3', 'version: 4']), ['version']],
  ['another name', edited(['policy: customer-events', 'policy: shop-events']), ['name']],
  ['a word in place of a mapping', edited(['customer.extra: drop', 'customer.extra: { use: drop }'])],
  ['a mapping in place of a word', edited(['customer.tier: keep', 'customer.tier: { use: keep }'])],
  ['a list of one rule', edited(['customer.extra: drop', 'customer.extra: [drop]'])],
  ['a default is written out', edited(['keepLast: 4', 'keepLast: 4, keepFirst: 0'])],
  ['the default of else is written out', edited(['domain: tax }', 'domain: tax, else: dead-letter }'])],
  ['else as a word', edited(['role: sensitive }', "role: sensitive, else: 'dead-letter' }"])],
  ['a condition on one value as a list', edited(['[gold, trial] } }', '[trial, gold] } }'])],
  [
    'values of a list in another order',
    edited(['allow: [DE, FR, US]', 'allow: [US, DE, FR]']),
    ['options', 'version'],
  ],
  [
    'conditions of a list as several rules',
    edited([
      '    - { use: drop, when: { customer.tier: [gold, trial] } }',
      '    - { use: drop, when: { customer.tier: gold } }\n    - { use: drop, when: { customer.tier: trial } }',
    ]),
    ['when', 'version'],
  ],
  [
    'rules that cannot meet in another order',
    edited([
      'when: { customer.tier: [gold, trial, null] } }]',
      'when: { customer.tier: [trial] } }, { use: hash.hmac, domain: plan, when: { customer.tier: [null, gold] } }]',
    ]),
    ['when', 'version'],
  ],
  ['the event time as a path', edited(['time: { path: occurred_at }', 'time: occurred_at'])],
  [
    'the format of the event time is written out',
    edited(['{ path: occurred_at }', '{ path: occurred_at, format: rfc3339 }']),
  ],
  ['a default of retention is left out', edited(['  futureTolerance: 5m\n', ''])],
  [
    'a tolerance in another unit',
    edited(['futureTolerance: 5m', 'futureTolerance: 300m']).replace('300m', '5m'),
  ],
  ['a tolerance of as long', edited(['futureTolerance: 5m', 'futureTolerance: 60m']).replace('60m', '5m')],
  ['a step in another unit', edited(['after: 180d', 'after: 4320h']), ['step', 'version']],
  ['an end in another unit', edited(['after: 400d', 'after: 9600h']), ['retention', 'version']],
  [
    'a reason is corrected',
    edited(['notes are typed by staff only', 'notes are typed by our staff only']),
    ['accept', 'version'],
  ],
  ['a file has another name', edited(['file: shops.csv', 'file: copy.csv']), ['file', 'version']],
  ['another sign of a mask', edited(['keepLast: 4', 'keepLast: 4, with: "#"']), ['options', 'version']],
  [
    'the role that the category implies is written out',
    edited(['category: user.contact.email', 'category: user.contact.email, role: direct-identifier']),
  ],
  [
    'from its own path',
    edited(['  customer.tier: keep', '  customer.tier: { use: keep, from: customer.tier }']),
  ],
  [
    'lines that are not skipped',
    edited(['input: { delimiter: ";"', 'input: { skipLines: 0, delimiter: ";"']),
    ['input', 'version'],
  ],
  [
    'what entries are is written out',
    edited(['by: customer.id }', 'by: customer.id, entries: match, normalize: trim }']),
  ],
  ['values that allow in another order', edited(['is: [granted, yes]', 'is: [yes, granted]'])],
  [
    'the default of consent is written out',
    edited(['is: [granted, yes] }', 'is: [granted, yes] }, default: deny']),
  ],
  [
    'the purpose of the policy is written out',
    edited(['{ from: consent.training', '{ purpose: train_ai_system, from: consent.training']),
  ],
  [
    'why silence is consent is corrected',
    edited(['the signal is rare', 'the signal is rarely sent']),
    ['consent', 'version'],
  ],
  ['words for nothing in another order', edited(['required: [amount]', 'required: [ "amount" ]'])],
]

describe('lethe diff', () => {
  it('knows at least forty harmless edits', () => {
    expect(HARMLESS.length).toBeGreaterThanOrEqual(40)
  })

  it.each(HARMLESS.map(([is, text, said = []]) => ({ is, text, said })))(
    'raises no alarm where $is',
    ({ text, said }) => {
      for (const [before, after] of [
        [BASE, text],
        [text, BASE],
      ] as const) {
        const changes = comparePolicies(compiled(before), compiled(after))
        expect(changes.filter(isWeaker)).toEqual([])
        expect(changes.filter(({ verdict }) => verdict === 'stronger')).toEqual([])
        expect(new Set(changes.map(({ kind }) => kind))).toEqual(new Set(said))
      }
    },
  )

  it('finds nothing where a list that no rule names changed', () => {
    expect(comparePolicies(compiled(BASE), compiled(BASE, { ...LISTS, 'copy.csv': 'x,y\n' }))).toEqual([])
  })
})
