/**
 * Every word of the policy language, in every place where it may stand, over files and messages: whoever adds a word to the
 * schema and no case here is told.
 */

import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import type { GateData } from '../../../src/gates/gate-data.ts'
import { Keyring } from '../../../src/keys/keyring.ts'
import { testKeyset } from '../../../src/keys/test-keyset.ts'
import { ConsentTable } from '../../../src/lists/consent-table.ts'
import { TokenTable } from '../../../src/lists/token-table.ts'
import { type Compiled, compilePolicy } from '../../../src/policy/compile.ts'
import { importedModules, withTransforms } from '../../../src/policy/custom/modules.ts'
import { policyJsonSchema } from '../../../src/policy/json-schema.ts'
import { type PolicyFile, policyFileOf } from '../../../src/policy/policy-file.ts'
import { padded } from '../../../src/record/codec.ts'
import type { Layout } from '../../../src/run/chunk.ts'
import { ChunkRewriter } from '../../../src/run/chunk-work.ts'
import { messageEngine } from '../../../src/run/engines.ts'
import { createMessageDeidentifier } from '../../../src/run/message-deidentifier.ts'
import { flatOf } from '../engine/flat-outcome.ts'
import { AVRO_FORM, framed, outcomesOf, textOf, typeOf } from '../record/avro/avro-world.ts'
import { acme } from './acme.ts'

const MODULE = new Uint8Array(Buffer.from(acme()))
// As each command does before it compiles.
await withTransforms(() => importedModules([MODULE]))

const keys = Keyring.fromKeyset(testKeyset())
const HEAD = { policy: 'p', version: 1, purpose: 'train_ai_system' }
const TIME = '2026-03-10T10:00:00.000Z'
const NOW = Date.parse('2026-03-10T12:00:00Z')

/** Empty lists and tables, as a run with empty files has them. */
const emptyData = ({ suppression, consentTables }: NonNullable<Compiled['plan']>): GateData => ({
  lists: new Map(
    suppression.map(({ list }) => [
      list,
      { list, sha256: '', count: 0, domain: '', keys: [], memory: TokenTable.create(0).memory },
    ]),
  ),
  tables: new Map(
    consentTables.map(({ table, purpose }) => [
      table,
      { table, purpose, sha256: '', count: 0, domain: '', keys: [], memory: ConsentTable.create(0).memory },
    ]),
  ),
  matchKeys: undefined,
  // Its cases are of one record each: test/src/run/crowd.property.test.ts has runs.
  crowd: 'unjudged',
})

type Record_ = Readonly<Record<string, unknown>>

/** What becomes of a record: what leaves, as text by path, or why nothing does. */
type Result = Readonly<Record<string, string>> | string

interface Made {
  readonly source: PolicyFile
  readonly result: Compiled
}

/** By their text: a policy runs over files and messages, and is compiled once. */
const made = new Map<string, Made>()

function compiled(policy: object): Made {
  const text = stringify({ ...HEAD, ...policy })
  const known = made.get(text)
  if (known !== undefined) return known
  const source = policyFileOf('policy.yaml', text, () => MODULE)
  const one = { source, result: compilePolicy(source, { keys }) }
  made.set(text, one)
  return one
}

/** Texts by path; what is absent, null or empty is left out, as CSV cannot tell these apart. */
function flat(value: unknown, path = ''): [string, string][] {
  if (value === null || value === '') return []
  if (typeof value !== 'object') return [[path, String(value)]]
  return Object.entries(value as object).flatMap(([name, member]) =>
    flat(member, path ? `${path}.${name}` : name),
  )
}

function chunks(plan: NonNullable<Compiled['plan']>, layout: Layout, lines: readonly string[]): Result[] {
  return lines.map((line) => {
    const bytes = Buffer.from(`${line}\n`)
    const rewriter = new ChunkRewriter(plan, { now: NOW, data: emptyData(plan) }, undefined)
    const done = rewriter.rewrite({
      layoutId: 0,
      layout,
      bytes: padded(bytes) as Uint8Array<ArrayBuffer>,
      length: bytes.length,
      offset: 0,
    })
    if (done.deadLetters.length > 0) return done.deadLetters[0]!.code
    const text = Buffer.from(done.output).toString().trimEnd()
    if (done.output.length === 0) return 'suppress'
    return layout.format === 'csv' ? { csv: text } : Object.fromEntries(flat(JSON.parse(text)))
  })
}

const inNdjson = (policy: object, records: readonly Record_[]): Result[] =>
  chunks(
    compiled(policy).result.plan!,
    { format: 'ndjson' },
    records.map((one) => JSON.stringify(one)),
  )

/** The records' members as columns; `header` renames some. */
function inCsv(
  policy: object,
  records: readonly Record_[],
  header: Readonly<Record<string, string>>,
): Result[] {
  const { plan } = compiled(policy).result
  const names = [...new Set(records.flatMap((one) => flat(one).map(([path]) => path)))]
  const style = { delimiter: ',', lineBreak: '\n', escapeFormulas: false } as const
  const layout: Layout = {
    format: 'csv',
    header: names.map((name) => header[name] ?? name),
    style,
    input: 'in.csv',
  }
  const lines = records.map((one) => {
    const cells = Object.fromEntries(flat(one))
    return names.map((name) => cells[name] ?? '').join(',')
  })
  const columns = outputColumns(plan!, names)
  return chunks(plan!, layout, lines).map((one) =>
    typeof one === 'string'
      ? one
      : Object.fromEntries(
          one['csv']!.split(',').flatMap((cell, at): [string, string][] =>
            cell === '' || cell === '""' ? [] : [[columns[at]!, cell]],
          ),
        ),
  )
}

/** Columns stand in the order of the input; those with `from:` behind them, in the order of the policy. */
function outputColumns(plan: NonNullable<Compiled['plan']>, names: readonly string[]): string[] {
  const isDropped = (path: string): boolean =>
    plan.fields
      .find((field) => field.path.text === path)
      ?.rulesByStep.every((rules) => rules.every(({ action }) => action.kind === 'drop')) ?? true
  const own = names.filter((name) =>
    plan.fields.some(({ path, from }) => path.text === name && from.text === name),
  )
  const derived = plan.fields.filter(({ path, from }) => path.text !== from.text && names.includes(from.text))
  return [...own.filter((name) => !isDropped(name)), ...derived.map(({ path }) => path.text)]
}

interface Beside {
  readonly key?: string
  readonly header?: string
  readonly timestamp?: number
}

/** As `inNdjson`; what leaves beside a value stands under `$key`, `$header` and `$timestamp`. */
function inMessages(
  policy: object,
  records: readonly Record_[],
  { key, header, timestamp }: Beside = {},
): Result[] {
  const { source, result } = compiled(policy)
  const deidentifier = createMessageDeidentifier(source, result, {
    keys,
    now: NOW,
    data: emptyData(result.plan!),
  })
  const outcomes = deidentifier.deidentify(
    records.map((one) => ({
      key: key === undefined ? null : Buffer.from(key),
      value: Buffer.from(JSON.stringify(one)),
      headers: header === undefined ? [] : [{ name: 'h', value: Buffer.from(header) }],
      timestamp: timestamp ?? -1,
    })),
  )
  return outcomes.map(flatOf).map(({ kind, code, value, key: outKey, headers, timestamp: outTimestamp }) => {
    if (kind !== 'publish') return code ?? kind
    const beside = {
      $key: outKey && Buffer.from(outKey).toString(),
      $header: headers[0]?.value.toString() ?? null,
      ...(timestamp === undefined ? {} : { $timestamp: outTimestamp ?? null }),
    }
    return Object.fromEntries([...flat(JSON.parse(Buffer.from(value!).toString())), ...flat(beside)])
  })
}

/** As `inMessages`, of records by a schema: their texts may be null. */
function inAvro(policy: object, records: readonly Record_[], schema: unknown): Result[] {
  const plan = compiled(policy).result.plan!
  const engine = messageEngine(plan, { now: NOW, compacted: false, keyRules: [] }, AVRO_FORM)
  engine.learn({ known: [{ id: 1, part: 'value', schema: textOf(schema) }], forgotten: [] })
  const values = records.map((one) => {
    const wrapped = Object.entries(one).map(([name, value]) => [
      name,
      name === 'c' && value !== null ? { string: value } : value,
    ])
    return framed(1, typeOf(schema).toBuffer(Object.fromEntries(wrapped)))
  })
  return outcomesOf(engine, values).map((one) =>
    'value' in one ? Object.fromEntries(flat(one.value)) : one.code,
  )
}

// The words that the schema knows, and those that a policy uses

type Schema = { readonly [name: string]: unknown } & {
  readonly properties?: Readonly<Record<string, Schema>>
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly items?: Schema
  readonly enum?: readonly unknown[]
  readonly const?: unknown
}

const schema = policyJsonSchema([]) as Schema
const rule = (schema['definitions'] as Readonly<Record<string, Schema>>)['rule']!

/** `time.format=date`, `retention.steps.after`, `rule.else=null` …; of a taxonomy one word is as good as another. */
function wordsOf(node: Schema, path: string): string[] {
  const inner = [
    ...(node.anyOf ?? []),
    ...(node.oneOf ?? []),
    ...(node.items === undefined ? [] : [node.items]),
  ]
  const isTaxonomy = path === 'purpose' || path === 'rule.category'
  return [
    ...Object.entries(node.properties ?? {}).flatMap(([name, member]) => {
      const word = path === '' ? name : `${path}.${name}`
      return [word, ...wordsOf(member, word)]
    }),
    ...(isTaxonomy
      ? []
      : (node.enum ?? (node.const === undefined ? [] : [node.const])).map((one) => `${path}=${one}`)),
    ...(isTaxonomy ? [] : inner.flatMap((one) => wordsOf(one, path))),
  ]
}

const known = new Set(
  [...wordsOf(schema, ''), ...wordsOf(rule, 'rule')].filter((word) => word !== 'rule.use=undecided'),
)

/** The words of `known` that a policy uses. */
function used(policy: object): Set<string> {
  const found = new Set<string>()
  const visit = (value: unknown, path: string): void => {
    if (known.has(path)) found.add(path)
    if (Array.isArray(value)) for (const one of value) visit(one, path)
    else if (typeof value === 'object' && value !== null) {
      for (const [name, member] of Object.entries(value)) {
        const word = path === '' ? name : `${path}.${name}`
        if (['fields', 'tags', 'retention.steps.fields', 'retention.steps.tags'].includes(word)) {
          found.add(word)
          for (const [field, one] of Object.entries(member as object)) {
            visit(one, 'rule')
            visit(one, `${word}.${field}`)
          }
        } else if (word === 'columns') found.add(word)
        else if (word === 'rule.when') found.add(word)
        else visit(member, word)
      }
    } else {
      found.add(`${path}=${value}`)
      if (path === 'rule') found.add(`rule.use=${value}`)
    }
  }
  visit({ ...HEAD, ...policy }, '')
  return new Set([...found].filter((word) => known.has(word)))
}

const ran = new Set<string>()

interface Case {
  readonly policy: object
  readonly records: readonly Record_[]
  readonly expected: readonly Result[]
  /** False for values that no CSV file has; else what columns are called there. */
  readonly csv?: false | Readonly<Record<string, string>>
}

const day = { use: 'generalize.date', to: 'day' }
const year = { use: 'generalize.date', to: 'year' }
const accept = 'it is only a test'

const CASES: Readonly<Record<string, Case>> = {
  'transforms of files': {
    policy: { transforms: ['./acme.mjs'], fields: { v: 'acme.reverse' } },
    records: [{ v: 'abc' }],
    expected: [{ v: 'cba' }],
  },
  'words of the head, and fields that are kept, dropped or unlisted': {
    policy: { description: 'text', unlisted: 'drop', suspects: 'warn', fields: { v: 'keep', w: 'drop' } },
    records: [
      { v: 'a', w: 'b' },
      { v: 'a', w: 'b', x: 'c' },
    ],
    expected: [{ v: 'a' }, { v: 'a' }],
  },
  'unlisted: reject': {
    policy: { unlisted: 'reject', fields: { v: 'keep' } },
    records: [{ v: 'a' }, { v: 'a', x: 'c' }],
    expected: [{ v: 'a' }, 'unlisted-field'],
    // A file with such a column is refused as a whole.
    csv: false,
  },
  // How a key is read, with records that have none: test/src/engine/json-keys.test.ts has others.
  '$key with format: json': {
    policy: { fields: { v: 'keep', $key: { use: 'mask.null', format: 'json' } } },
    records: [{ v: 'a' }],
    expected: [{ v: 'a' }],
  },
  'read: json': {
    policy: { fields: { 'o.v': year }, read: { o: ['trim', 'json'] } },
    records: [{ o: ` {"v":"${TIME}","w":1}` }, { o: '{' }],
    expected: [{ o: '{"v":"2026"}' }, 'inner-json'],
    // It has quotes: test/src/record/json-in-text.test.ts has cells.
    csv: false,
  },
  'shape: either': {
    policy: { fields: { 'v[]': year }, shape: { v: 'either' } },
    records: [{ v: TIME }, { v: [TIME] }],
    expected: [{ v: '2026' }, { 'v.0': '2026' }],
    csv: false,
  },
  'suspects: dead-letter': {
    policy: { suspects: 'dead-letter', fields: { v: 'keep' } },
    records: [{ v: 'a' }, { v: 'lena@example.com' }],
    expected: [{ v: 'a' }, 'suspect-value'],
  },
  // How bytes become records is over by then: test/src/cli/input-*.test.ts run these words with files.
  'input: nulls': {
    policy: {
      input: { nulls: ['NULL', '\\N', '-1'] },
      fields: { v: year, w: { use: 'keep', when: { v: [null] } } },
    },
    records: [{ v: 'NULL', w: 'a' }, { v: '\\N', w: '-1' }, { v: TIME }, { v: 'null' }],
    expected: [{ v: 'NULL', w: 'a' }, { v: '\\N', w: '-1' }, { v: '2026' }, 'unparsable'],
  },
  ...Object.fromEntries(
    [
      { encoding: 'windows-1252', delimiter: ';', escape: 'backslash' },
      { quote: 'none', header: ['v'], skipLines: 1, comment: '#' },
    ].map((input): [string, Case] => [
      `input: changes nothing of records: ${Object.keys(input).join(', ')}`,
      { policy: { input, fields: { v: 'keep' } }, records: [{ v: 'a' }], expected: [{ v: 'a' }] },
    ]),
  ),
  'subject and time as paths, and what needs them': {
    policy: { subject: 's', time: 't', fields: { s: 'drop', t: day, v: { use: 'shift.date', maxDays: 30 } } },
    records: [{ s: 'C-1', t: TIME, v: '2020-01-01' }],
    expected: [{ t: '2026-03-10', v: expect.stringMatching(/^(2019|2020)-/) as unknown as string }],
  },
  ...Object.fromEntries(
    (
      [
        ['rfc3339', TIME],
        ['date', '2026-03-10'],
        ['date-time', '2026-03-10T10:00:00'],
        ['epoch-seconds', String(NOW / 1000 - 7200)],
        ['epoch-milliseconds', String(NOW - 7_200_000)],
        ['epoch-microseconds', `${NOW - 7_200_000}000`],
        ['epoch-nanoseconds', `${NOW - 7_200_000}000000`],
        ['epoch-days', String((NOW - 7_200_000) / 86_400_000)],
        ['auto', '2026-03-10 11:00:00.000+01'],
        ['rfc1123', '10 Mar 2026 10:00:00 GMT'],
      ] as const
    ).map(([format, text]): [string, Case] => [
      `time in ${format}, and retention`,
      {
        policy: {
          time: {
            path: 't',
            format,
            ...(format === 'date' || format === 'date-time' ? { zone: 'UTC' } : {}),
          },
          fields: { t: 'drop', v: 'keep', w: day },
          retention: {
            futureTolerance: '1h',
            steps: [
              { after: '3h', fields: { w: year } },
              { after: '6d', then: 'suppress' },
            ],
          },
        },
        records: [{ t: text, v: 'a', w: TIME }, { t: 'no time', v: 'a' }, { v: 'a' }],
        expected: [
          { v: 'a', w: format === 'date' ? '2026' : '2026-03-10' },
          'event-time-unparsable',
          'event-time-missing',
        ],
      },
    ]),
  ),
  'time in one of several formats, within a range': {
    policy: {
      time: {
        path: 't',
        formats: [
          'dd/MM/yyyy HH:mm',
          ...['date-time', 'rfc3339', 'auto', 'date', 'rfc1123', 'epoch-seconds', 'epoch-milliseconds'],
          ...['epoch-microseconds', 'epoch-nanoseconds', 'epoch-days'],
        ],
        zone: 'Europe/Warsaw',
        notBefore: '2000-01-01',
        notAfter: '2026-03-10T10:30:00Z',
      },
      fields: { t: 'drop', v: 'keep', w: day },
      retention: { futureTolerance: '1d', steps: [{ after: '1d', fields: { w: year } }] },
    },
    records: [
      { t: '10/03/2026 11:00', v: 'a', w: TIME },
      { t: '20260310T100000Z', v: 'b', w: TIME },
      { t: String(NOW - 7_200_000), v: 'c', w: TIME },
      { t: '2026-03-10T10:30:00.001Z', v: 'd' },
      { t: '20260310', v: 'e' },
      { t: '1999-12-31', v: 'f' },
      { t: '03/25/2026 11:00', v: 'g' },
    ],
    expected: [
      { v: 'a', w: '2026-03-10' },
      { v: 'b', w: '2026-03-10' },
      { v: 'c', w: '2026-03-10' },
      'event-time-out-of-domain',
      'event-time-out-of-domain',
      'event-time-out-of-domain',
      'event-time-unparsable',
    ],
  },
  'steps of retention': {
    policy: {
      time: 't',
      fields: { t: 'drop', v: { use: 'generalize.date', to: 'day' } },
      retention: {
        steps: [
          { after: '1d', fields: { v: year } },
          { after: '6d', then: 'suppress' },
        ],
      },
    },
    records: [
      { t: TIME, v: TIME },
      { t: '2026-03-08T10:00:00Z', v: TIME },
      { t: '2026-03-01T10:00:00Z', v: TIME },
      { t: '2026-03-11T10:00:00Z', v: TIME },
    ],
    expected: [{ v: '2026-03-10' }, { v: '2026' }, 'suppress', 'event-time-future'],
  },
  'columns that are called otherwise': {
    policy: { fields: { 'a.v': 'keep' }, columns: { 'The V': 'a.v' } },
    records: [{ a: { v: 'x' } }],
    expected: [{ 'a.v': 'x' }],
    csv: { 'a.v': 'The V' },
  },
  'what every record must hold, and what a file may lack': {
    policy: { required: ['a.v'], optional: ['w'], fields: { 'a.v': 'keep', w: 'keep' } },
    records: [{ a: { v: 'x' } }, { a: { v: '' } }, { w: 'y' }],
    expected: [{ 'a.v': 'x' }, 'required-missing', 'required-missing'],
  },
  'consent in the event': {
    policy: {
      fields: { v: 'keep' },
      consent: [
        { purpose: 'train_ai_system', from: 'c', when: { is: ['yes', true] }, default: 'deny' },
        { from: 'l', split: ',', when: { lists: ['a'] } },
        { from: 'm', split: ',', when: { lacks: 'b' }, default: 'allow', accept },
        { from: 't', when: { tcf: { purposes: [1], vendor: 2 } }, default: 'allow', accept },
        {
          from: 'g',
          when: { gpp: { section: 'usnat', fields: { SaleOptOut: 2 } } },
          default: 'allow',
          accept,
        },
      ],
    },
    // consent.test.ts of the gates has strings that allow.
    records: [
      { v: 'x', c: 'yes', l: 'a', m: 'c', t: '', g: '' },
      { v: 'x', c: 'no', l: 'a' },
      { v: 'x', c: 'yes', l: 'b' },
      { v: 'x', c: 'yes', l: 'a', m: 'b' },
      { v: 'x', c: 'yes', l: 'a', t: 'C' },
      { v: 'x', c: 'yes', l: 'a', g: 'D' },
      { v: 'x', l: 'a' },
    ],
    expected: [{ v: 'x' }, 'suppress', 'suppress', 'suppress', 'suppress', 'suppress', 'suppress'],
    // The first record has one column for two categories there.
    csv: false,
  },
  // The table is empty here: table-consent.test.ts of the gates has histories.
  'consent tables': {
    policy: {
      time: 't',
      fields: { v: 'keep', t: 'drop' },
      consent: [
        { table: 'objections', by: 'i', normalize: 'lower', default: 'allow', accept },
        ...[
          'none',
          'trim',
          'lower',
          'email',
          'phone',
          'nfkc',
          'digits',
          'last-10-digits',
          'zip5',
          'letters',
        ].map((normalize) => ({ table: normalize, by: 'i', normalize, default: 'allow', accept })),
      ],
    },
    records: [
      { v: 'a', i: '+491701234567', t: TIME },
      { v: 'a', t: TIME },
      { v: 'a', i: 'no number', t: TIME },
    ],
    expected: [{ v: 'a' }, { v: 'a' }, 'suppress'],
  },
  ...Object.fromEntries(
    ['fail', 'suppress'].map((onFail): [string, Case] => [
      `a crowd, which one record does not tell: ${onFail}`,
      {
        policy: {
          subject: 's',
          fields: { s: 'drop', v: { use: 'keep', role: 'quasi-identifier' }, w: 'keep' },
          crowd: {
            k: 5,
            l: 2,
            t: 0.2,
            over: ['v'],
            sensitive: ['w'],
            maxSuppressed: onFail === 'fail' ? '0%' : '2.5%',
            onFail,
            window: '30d',
          },
        },
        records: [{ s: 'C-1', v: 'a', w: 'b' }],
        expected: [{ v: 'a', w: 'b' }],
      },
    ]),
  ),
  // The lists are empty here: suppression.test.ts of the gates has entries.
  'suppression lists': {
    policy: {
      fields: { v: 'keep' },
      suppression: [
        ...['match', 'raw', 'sha256-hex', 'sha256-base64'].map((entries) => ({
          list: entries,
          by: 'i',
          entries,
        })),
        ...[
          ...[
            'none',
            'trim',
            'lower',
            'email',
            'phone',
            'nfkc',
            'digits',
            'last-10-digits',
            'zip5',
            'letters',
          ],
        ].map((normalize) => ({ list: normalize, by: ['i'], normalize })),
      ],
    },
    records: [{ v: 'a', i: '+491701234567' }, { v: 'a' }, { v: 'a', i: 'not a number' }],
    expected: [{ v: 'a' }, { v: 'a' }, 'identifier-unparsable'],
  },
  'patterns, which a path goes before': {
    policy: {
      fields: { v_1: day, 'v_*': year, '**.w': { ...year } },
    },
    records: [
      { v_1: TIME, v_2: TIME, u: TIME },
      { a: { b: { w: TIME } }, c: { d: 1 } },
      { v_2: 'no date' },
      { v_3: { w: TIME } },
    ],
    expected: [{ v_1: '2026-03-10', v_2: '2026' }, { 'a.b.w': '2026' }, 'unparsable', 'container-for-scalar'],
    // patterns.property.test.ts has columns.
    csv: false,
  },
  'how values are read, in steps of retention too': {
    policy: {
      time: 't',
      input: { nulls: ['NULL'] },
      fields: {
        t: { ...day, read: 'trim' },
        v: { use: 'generalize.date', to: 'day', read: { trim: true, split: ';' } },
        w: { ...year, read: { strip: { prefix: 'on ' } }, else: { constant: 'none' } },
      },
      retention: { steps: [{ after: '1d', fields: { v: year } }] },
    },
    records: [
      { t: ` ${TIME}`, v: ` ${TIME} ;;NULL; 2025-01-01`, w: 'on 2024-01-01' },
      { t: '2026-03-08T10:00:00Z ', v: `${TIME};no date`, w: '2024-01-01' },
      { t: '2026-03-08T10:00:00Z ', v: `${TIME};2025-01-01`, w: '2024-01-01' },
      { t: TIME, v: ' NULL ', w: 'NULL' },
    ],
    expected: [
      { t: '2026-03-10', v: '2026-03-10;;NULL;2025-01-01', w: '2024' },
      'unparsable',
      { t: '2026-03-08', v: '2026;2025', w: 'none' },
      { t: '2026-03-10', v: 'NULL', w: 'NULL' },
    ],
  },
  'a subtree': {
    policy: { fields: { v: { use: 'keep.subtree', accept } } },
    records: [{ v: { a: [1, 'b'] } }],
    expected: [{ 'v.a.0': '1', 'v.a.1': 'b' }],
    csv: false,
  },
}

describe('a policy', () => {
  it.each(Object.entries(CASES))(
    'means the same in NDJSON, CSV and messages: %s',
    (_, { policy, records, expected, csv }) => {
      expect(compiled(policy).result.problems).toEqual([])
      expect(inNdjson(policy, records)).toEqual(expected)
      expect(inMessages(policy, records)).toEqual(expected)
      if (csv !== false) expect(inCsv(policy, records, csv ?? {})).toEqual(expected)
      for (const word of used(policy)) ran.add(word)
    },
  )
})

// Rules, by place

/** Rules that use each word, the text that they meet, and what a field of the value makes of it. */
const RULES: Readonly<
  Record<string, { readonly rule: unknown; readonly text?: string; readonly more?: Record_ }>
> = {
  'a transform': { rule: day },
  keep: { rule: { use: 'keep' } },
  'keep, accepted': { rule: { use: 'keep', accept } },
  drop: { rule: { use: 'drop' } },
  'keep.subtree': { rule: { use: 'keep.subtree', accept } },
  'when, which holds': { rule: [{ ...day, when: { c: ['x', 'y'] } }, year], more: { c: 'x' } },
  'when, which does not': { rule: [{ ...day, when: { c: ['x', 'y'] } }, year], more: { c: 'z' } },
  'when, of null': { rule: [{ ...day, when: { c: [null, 'y'] } }, year] },
  'when, and no rule': { rule: [{ ...day, when: { c: 'x' } }], more: { c: 'z' } },
  'else: dead-letter': { rule: { ...day, else: 'dead-letter' }, text: 'no date' },
  'else: "null"': { rule: { ...day, else: 'null' }, text: 'no date' },
  'else: null': { rule: { ...day, else: null }, text: 'no date' },
  'else: drop': { rule: { ...day, else: 'drop' }, text: 'no date' },
  'else: constant': { rule: { ...day, else: { constant: 'none' } }, text: 'no date' },
  key: { rule: { use: 'hash.hmac', domain: 'd', key: 'k1' } },
  category: { rule: { ...day, category: 'user.behavior' } },
  'role: direct-identifier': { rule: { use: 'hash.hmac', domain: 'd', role: 'direct-identifier' } },
  'role: quasi-identifier': { rule: { ...day, role: 'quasi-identifier' } },
  'role: sensitive': { rule: { ...day, role: 'sensitive' } },
  'role: other': { rule: { ...day, role: 'other' } },
  lineBreaks: { rule: { use: 'keep', lineBreaks: 'allow' } },
  from: { rule: { ...day, from: 'f' } },
  'read: trim': { rule: { ...day, read: 'trim' }, text: `\t ${TIME}\u00a0` },
  'read: strip': {
    rule: { ...day, read: { trim: true, strip: { prefix: 'at:', suffix: '!' } } },
    text: ` at: ${TIME}! `,
  },
  'read: strip, and nothing to strip': {
    rule: { ...day, read: { strip: { prefix: 'at:' } } },
  },
  'read: strip, which may be missing': {
    rule: { ...day, read: { strip: { prefix: 'at:', missing: 'allow' } } },
  },
  'read: split': { rule: { ...day, read: { split: '; ' } }, text: `${TIME}; 2025-01-01` },
  tagged: { rule: { use: 'keep', tagged: ['T'], accept } },
  type: { rule: { ...day, type: 'date' } },
  'type, of what is kept': { rule: { use: 'keep', type: 'timestamp' } },
  'type, which a value is not of': { rule: { use: 'keep', type: 'integer' } },
  'type, and else': { rule: { use: 'keep', type: 'integer', else: 'null' } },
  statistics: { rule: { use: 'keep', statistics: true, accept } },
}

interface Place {
  policy(rule: unknown): object
  record(text: string): Record_
  /** Where the result stands among all texts. */
  result(all: Readonly<Record<string, string>>): string | undefined
  readonly beside?: (text: string) => Beside
  readonly csv?: Readonly<Record<string, string>>
  /** By its schema alone a record has such values. */
  readonly avro?: unknown
}

const members = { 'm.$names': { use: 'mask.replace', with: 'n' } }
const PLACES: Readonly<Record<string, Place>> = {
  'a tag': {
    policy: (one) => ({ fields: { u: 'keep' }, tags: { T: one }, taggedWithoutRule: 'refuse' }),
    record: (text) => ({ v: text, u: 'x', c: null }),
    result: (all) => all['v'],
    avro: {
      type: 'record',
      name: 'R',
      fields: [
        { name: 'v', type: 'string', 'confluent:tags': ['T'] },
        { name: 'u', type: 'string' },
        { name: 'c', type: ['null', 'string'] },
      ],
    },
  },
  'a value': {
    policy: (one) => ({ fields: { v: one, u: 'keep' } }),
    record: (text) => ({ v: text, f: text, u: 'x' }),
    result: (all) => all['v'],
    csv: {},
  },
  'a value deeper down, and a column': {
    policy: (one) => ({ fields: { 'a.b': one, u: 'keep' }, columns: { B: 'a.b' } }),
    record: (text) => ({ a: { b: text }, f: text, u: 'x' }),
    result: (all) => all['a.b'],
    csv: { 'a.b': 'B' },
  },
  'an element': {
    policy: (one) => ({ fields: { 'a[]': one } }),
    record: (text) => ({ a: [text], f: text }),
    result: (all) => all['a.0'],
  },
  'a member of a map': {
    policy: (one) => ({ fields: { 'm.*': one, ...members } }),
    record: (text) => ({ m: { k: text }, f: text }),
    result: (all) => all['m.n'],
  },
  'the names of a map': {
    policy: (one) => ({ fields: { 'm.$names': one, 'm.*': 'keep' } }),
    record: (text) => ({ m: { [text]: 'x' }, f: text }),
    result: (all) =>
      Object.keys(all)
        .find((path) => path.startsWith('m.'))
        ?.slice(2),
  },
  'a step': {
    policy: (one) => ({
      time: 't',
      fields: { t: 'drop', v: 'keep', u: 'keep' },
      retention: { steps: [{ after: '1h', fields: { v: one } }] },
    }),
    record: (text) => ({ t: TIME, v: text, f: text, u: 'x' }),
    result: (all) => all['v'],
    csv: {},
  },
  $key: {
    policy: (one) => ({ fields: { $key: one, u: 'keep' } }),
    record: (text) => ({ u: 'x', f: text }),
    result: (all) => all['$key'],
    beside: (text) => ({ key: text }),
  },
  'a member of $key': {
    policy: (one) => ({ fields: { '$key.k': one, u: 'keep' } }),
    record: (text) => ({ u: 'x', f: text }),
    result: (all) => JSON.parse(String(all['$key'])).k,
    beside: (text) => ({ key: JSON.stringify({ k: text }) }),
  },
  '$headers.h': {
    policy: (one) => ({ fields: { '$headers.h': one, u: 'keep' } }),
    record: (text) => ({ u: 'x', f: text }),
    result: (all) => all['$header'],
    beside: (text) => ({ header: text }),
  },
  $timestamp: {
    policy: (one) => ({ fields: { $timestamp: one, u: 'keep' } }),
    record: (text) => ({ u: 'x', f: text }),
    result: (all) => all['$timestamp'] && new Date(Number(all['$timestamp'])).toISOString(),
    beside: (text) => ({ timestamp: Date.parse(text) }),
  },
}

/** What each combination comes to: a text, nothing, a code of a dead letter, or codes of lint. */
function outcome(place: Place, { rule: one, text = TIME, more = {} }: (typeof RULES)[string]): string {
  const codes = (policy: object): string[] => [
    ...new Set(compiled(policy).result.problems.map(({ code }) => code)),
  ]
  let policy = place.policy(one)
  // What nearly keeps is weak in some places, and has to be accepted there.
  if (codes(policy).every((code) => code.startsWith('kept-')))
    policy = place.policy(accepted(one, codes(policy)))
  if (codes(policy).length > 0) return `lint: ${codes(policy).sort().join(', ')}`
  for (const word of used(policy)) ran.add(word)
  const records = [{ ...place.record(text), ...more }]
  const told = (results: readonly Result[]): string => {
    const [result] = results
    return typeof result === 'string' ? result : (place.result(result!) ?? 'nothing')
  }
  if (place.avro !== undefined) return told(inAvro(policy, records, place.avro))
  const messages = told(inMessages(policy, records, place.beside?.(text)))
  if (place.beside === undefined) expect(told(inNdjson(policy, records))).toBe(messages)
  else {
    // Beside the value there is nothing in a file, and rules for it change nothing there.
    expect(inNdjson(policy, records)).toEqual([{ u: 'x' }])
    expect(inCsv(policy, records, {})).toEqual([{ u: 'x' }])
  }
  if (place.csv !== undefined) expect(told(inCsv(policy, records, place.csv))).toBe(messages)
  return messages
}

function accepted(one: unknown, codes: readonly string[]): unknown {
  if (codes.length === 0) return one
  return Array.isArray(one) ? [{ ...one[0], accept }, ...one.slice(1)] : { ...(one as object), accept }
}

const token = 'k1.RHU5phC_6Qe-ZRkR0r0YNw'
const aDay = '2026-03-10'

/** What each of `RULES` makes of its text wherever it may stand. */
const EXPECTED: Readonly<Record<string, string>> = {
  'a transform': aDay,
  keep: TIME,
  'keep, accepted': TIME,
  drop: 'nothing',
  'keep.subtree': TIME,
  'when, which holds': aDay,
  'when, which does not': '2026',
  'when, of null': aDay,
  'when, and no rule': 'no-rule-matches',
  'else: dead-letter': 'unparsable',
  'else: "null"': 'nothing',
  'else: null': 'nothing',
  'else: drop': 'nothing',
  'else: constant': 'none',
  key: token,
  category: aDay,
  'role: direct-identifier': token,
  'role: quasi-identifier': aDay,
  'role: sensitive': aDay,
  'role: other': aDay,
  lineBreaks: TIME,
  from: aDay,
  'read: trim': aDay,
  'read: strip': aDay,
  'read: strip, and nothing to strip': 'unparsable',
  'read: strip, which may be missing': aDay,
  'read: split': `${aDay}; 2025-01-01`,
  tagged: 'lint: misplaced-word',
  type: aDay,
  'type, of what is kept': TIME,
  'type, which a value is not of': 'not-of-type',
  'type, and else': 'nothing',
  statistics: TIME,
}

const notNeeded = { 'keep, accepted': 'lint: accept-without-need' }
const noName = 'lint: bad-names-rule'
const beside = { 'keep.subtree': 'lint: bad-path', from: 'lint: bad-from' }
const whole = (code: string, ...words: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    Object.keys(RULES)
      .filter((name) => words.some((word) => name.startsWith(word)))
      .map((name) => [name, `lint: ${code}`]),
  )

/** What is different in a place: mostly what lint refuses there. */
const EXCEPT: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'a tag': {
    'keep.subtree': 'lint: bad-path',
    from: 'lint: bad-from, kept-by-tag',
    tagged: TIME,
    ...whole('bad-type, kept-by-tag', 'type'),
    statistics: 'lint: misplaced-word',
  },
  'a value': notNeeded,
  'a value deeper down, and a column': { ...notNeeded, from: 'lint: unknown-path' },
  'an element': {
    ...notNeeded,
    drop: 'lint: drop-in-array',
    'else: drop': 'lint: drop-in-array',
    from: 'lint: bad-from',
  },
  'a member of a map': { ...notNeeded, from: 'lint: bad-from' },
  'the names of a map': {
    ...whole(`${noName.slice(6)}, kept-map-names`, 'else: "null"', 'else: null', 'else: constant'),
    drop: noName,
    'keep.subtree': noName,
    from: 'lint: bad-from',
    'read: split': 'lint: bad-read, kept-map-names',
    ...whole('bad-type, kept-map-names', 'type'),
    'type, and else': 'lint: bad-names-rule, bad-type, kept-map-names',
    statistics: 'lint: misplaced-word',
  },
  'a step': {
    ...notNeeded,
    ...whole('wrong-type', 'when'),
    ...whole('misplaced-word', 'category', 'role', 'from', 'read', 'type'),
    statistics: 'lint: accept-without-need, misplaced-word',
    'keep.subtree': 'lint: accept-without-need',
    tagged: 'lint: accept-without-need, misplaced-word',
  },
  $key: besideTyped('kept-record-key'),
  'a member of $key': besideTyped('kept-record-key'),
  '$headers.h': besideTyped('kept-header'),
  $timestamp: {
    ...beside,
    ...Object.fromEntries(Object.entries(EXPECTED).map(([name, text]) => [name, instantOf(text)])),
    ...beside,
    tagged: 'lint: misplaced-word',
    ...whole('bad-timestamp-rule', 'key', 'role: direct-identifier'),
    ...whole('bad-read', 'read'),
    ...whole('bad-type, kept-timestamp', 'type'),
    type: 'lint: bad-type',
    statistics: 'lint: misplaced-word',
  },
}

function besideTyped(kept: string): Record<string, string> {
  return {
    ...beside,
    ...whole(`bad-type, ${kept}`, 'type'),
    statistics: 'lint: misplaced-word',
  }
}

/** A timestamp is an instant: the first one of what a rule yields, and none where that is not a time. */
function instantOf(text: string): string {
  if (text === 'no-rule-matches') return text
  const time = Date.parse(text)
  return Number.isNaN(time) ? 'nothing' : new Date(time).toISOString()
}

describe.each(Object.entries(PLACES))('a rule of %s', (name, place) => {
  it.each(Object.entries(RULES))('means what it does elsewhere, or is refused: %s', (rule, one) => {
    // A timestamp is never a text that is not a date.
    if (name === '$timestamp' && one.text !== undefined) return
    expect(outcome(place, one)).toBe(EXCEPT[name]![rule] ?? EXPECTED[rule])
  })
})

it('rules of tags change in steps of retention', () => {
  const policy = {
    time: 'u',
    fields: { u: 'drop' },
    tags: { T: { ...day, accept }, S: 'drop', I: 'ignore' },
    taggedWithoutRule: 'dead-letter',
    retention: { steps: [{ after: '1d', tags: { T: year } }] },
  }
  expect(compiled(policy).result.problems).toEqual([])
  const records = [TIME, '2026-03-08T10:00:00Z'].map((u) => ({ v: TIME, u, c: null }))
  expect(inAvro(policy, records, PLACES['a tag']!.avro)).toEqual([{ v: '2026-03-10' }, { v: '2026' }])
  for (const word of used(policy)) ran.add(word)
})

it('every word of the schema has a case that ran', () => {
  expect([...known].filter((word) => !ran.has(word)).sort()).toEqual([])
})
