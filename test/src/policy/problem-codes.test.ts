import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { readCases } from '../../../src/policy/cases.ts'
import { compilePolicy } from '../../../src/policy/compile.ts'
import type { KeySource } from '../../../src/policy/key-source.ts'
import { POLICY_CODES, type PolicyCode } from '../../../src/policy/problems.ts'
import { transforms } from '../../../transforms/index.ts'
import { defineTransform } from '../../../transforms/transform.ts'

const needy = defineTransform({
  name: 'test.needy',
  summary: 'Needs everything.',
  version: 1,
  options: z.strictObject({}),
  properties: {
    ...transforms.find((t) => t.name === 'hash.hmac')!.properties,
    keyed: false,
    needs: ['subject', 'time'],
  },
  failures: {},
  doesNotStop: '',
  examples: [],
  compile: () => ({ yields: 'number', apply: (text) => text }),
})

const keys: KeySource = {
  primaryId: 'k3',
  keyset: {
    keys: [
      { id: 'k1', status: 'compromised' },
      { id: 'k2', status: 'disabled' },
      { id: 'k3', status: 'enabled' },
    ],
  },
  key: (_use, _domain, id = 'k3') => ({ id, bytes: new Uint8Array(32) }),
}

const head = 'policy: p\nversion: 1\npurpose: train_ai_system\n'
const fields = `${head}fields:\n`
const timed = `${head}time: at\nfields:\n  postcode: { use: generalize.prefix, keep: 3 }\n`
const quasi = '{ use: keep, role: quasi-identifier }'
const hmac = '{ use: hash.hmac, domain: d }'

/** Each policy has ▸ where its problem stands; the part behind the code tells cases of one code apart. */
const cases: readonly (readonly [code: PolicyCode, about: string, text: string])[] = [
  ['yaml-syntax', 'a bracket that never closes', 'fields: [1▸'],
  ['yaml-syntax', 'nothing', '▸'],
  ['yaml-syntax', 'deep nesting', `▸${'['.repeat(500_000)}`],
  ['yaml-syntax', 'deep nesting of lists in blocks', `▸${'- '.repeat(100_000)}`],
  ['yaml-syntax', 'a mapping as key', `${head}? ▸{ a: 1 }\n: 2\n`],
  ['yaml-syntax', 'another YAML', `▸%YAML 1.1\n---\n${fields}  a: keep\n`],
  ['yaml-tab', 'indentation', `${head}fields:\n▸\ta: keep\n`],
  ['yaml-documents', 'two policies in one file', `${fields}  a: keep\n▸---\n${fields}  a: keep\n`],
  ['yaml-alias', 'an anchor', `${fields}  a: &x ▸keep\n`],
  ['yaml-alias', 'an alias', `${fields}  a: &x keep\n  b: ▸*x\n`],
  ['yaml-alias', 'a merge key', `${fields}  a: { ▸<<: { use: keep } }\n`],
  ['yaml-tag', 'a tag', `${head}fields: !mine ▸{ a: keep }\n`],
  ['yaml-tag', 'a known tag', `${fields}  a: !!str ▸keep\n`],
  ['duplicate-key', 'of the policy', `${head}▸version: 2\nfields: { a: keep }\n`],
  ['duplicate-key', 'of fields, quoted or not', `${fields}  a: keep\n  ▸"a": drop\n`],
  [
    'inexact-number',
    'an option',
    `${fields}  a: { use: mask.replace, with: ok, else: { constant: ▸9007199254740993 } }\n`,
  ],
  ['unknown-key', 'at the top', `${head}▸feilds: { a: keep }\nfields: { a: keep }\n`],
  ['unknown-key', '__proto__', `${head}▸__proto__: { a: keep }\nfields: { a: keep }\n`],
  ['missing-key', 'at the top', '▸policy: p\nversion: 1\nfields: { a: keep }\n'],
  ['missing-key', 'an option', `${fields}  a: ▸{ use: hash.hmac }\n`],
  ['missing-key', 'an option of a bare name', `${fields}  a: ▸hash.hmac\n`],
  ['missing-key', 'use', `${fields}  a: ▸{ role: other }\n`],
  ['missing-key', 'any field', `${head}fields: ▸{}\n`],
  ['wrong-type', 'the whole', '▸- a\n'],
  ['wrong-type', 'the version', 'policy: p\nversion: ▸"1"\npurpose: train_ai_system\nfields: { a: keep }\n'],
  ['wrong-type', 'a field', `${fields}  a: ▸12\n`],
  ['wrong-type', 'a field without a rule', `${fields}  ▸a:\n`],
  ['wrong-type', 'an empty list of rules', `${fields}  a: ▸[]\n`],
  ['wrong-type', 'a role', `${fields}  a: { use: keep, role: ▸identifier }\n`],
  ['bad-name', 'capitals', 'policy: ▸My Policy\nversion: 1\npurpose: train_ai_system\nfields: { a: keep }\n'],
  ['unknown-purpose', 'a slip', 'policy: p\nversion: 1\npurpose: ▸train_ai_sistem\nfields: { a: keep }\n'],
  ['unknown-category', 'a slip', `${fields}  a: { use: drop, category: ▸user.contact.emial }\n`],
  ['bad-unlisted', 'keep', `${head}unlisted: ▸keep\nfields: { a: keep }\n`],
  ['bad-input', 'an encoding', `${head}input: { encoding: ▸klingon }\nfields: { a: keep }\n`],
  ['bad-input', 'a delimiter', `${head}input: { delimiter: ▸"ab" }\nfields: { a: keep }\n`],
  ['bad-input', 'quotes', `${head}input: { quote: ▸single }\nfields: { a: keep }\n`],
  ['bad-input', 'escapes', `${head}input: { escape: ▸caret }\nfields: { a: keep }\n`],
  [
    'bad-input',
    'escapes without quotes',
    `${head}input: { quote: none, escape: ▸backslash }\nfields: { a: keep }\n`,
  ],
  ['bad-input', 'a header', `${head}input: { header: ▸[] }\nfields: { a: keep }\n`],
  ['bad-input', 'a name', `${head}input: { header: ▸["a\\nb"] }\nfields: { a: keep }\n`],
  ['bad-input', 'a word with a quote', `${head}input: { nulls: [▸'"'] }\nfields: { a: keep }\n`],
  ['bad-input', 'lines', `${head}input: { skipLines: ▸-1 }\nfields: { a: keep }\n`],
  ['bad-input', 'a letter for comments', `${head}input: { comment: ▸a }\nfields: { a: keep }\n`],
  [
    'bad-input',
    'one sign for two things',
    `${head}input: { delimiter: ";", comment: ▸";" }\nfields: { a: keep }\n`,
  ],
  ['bad-suspects', 'drop', `${head}suspects: ▸drop\nfields: { a: keep }\n`],
  ['unknown-transform', 'a slip', `${fields}  a: { use: ▸hash.hmca, domain: d }\n`],
  ['unknown-transform', 'what judges the whole record', `${fields}  a: { use: ▸retention.expire }\n`],
  ['unknown-transform', 'a member of Object', `${fields}  a: ▸toString\n`],
  ['unknown-option', 'of a transform', `${fields}  a: { use: hash.hmac, ▸domian: d }\n`],
  ['unknown-option', 'of keep', `${fields}  a: { use: keep, ▸domain: d }\n`],
  ['bad-option', 'a type', `${fields}  a: { use: generalize.prefix, keep: ▸three }\n`],
  [
    'bad-option',
    'refused by compile',
    `${fields}  a: { use: generalize.date, to: day, zone: ▸Mars/Olympus }\n`,
  ],
  ['bad-file', 'missing', `${fields}  a: { use: generalize.hierarchy, file: ▸gone.csv, level: 1 }\n`],
  ['bad-file', 'no table', `${fields}  a: { use: generalize.hierarchy, file: ▸broken.csv, level: 1 }\n`],
  ['undecided', 'a field', `${fields}  a: ▸undecided\n`],
  ['misplaced-word', 'else of keep', `${fields}  a: { use: keep, ▸else: null }\n`],
  ['misplaced-word', 'key of an unkeyed transform', `${fields}  a: { use: generalize.zip3, key: ▸k3 }\n`],
  ['misplaced-word', 'key of drop', `${fields}  a: { use: drop, key: ▸k3 }\n`],
  ['misplaced-word', 'from of a dropped field', `${fields}  a: { use: drop, from: ▸b }\n`],
  [
    'misplaced-word',
    'role of a further rule',
    `${fields}  a: [{ when: { b: [x] }, use: drop }, { use: keep, ▸role: other }]\n`,
  ],
  [
    'misplaced-word',
    'when in a step',
    `${timed}retention: { steps: [{ after: 1d, fields: { postcode: { use: drop, ▸when: { b: [x] } } } }] }\n`,
  ],
  ['bad-path', 'a number in brackets', `${fields}  ▸"a[0]": keep\n`],
  ['bad-path', 'from', `${fields}  a: { use: keep, from: ▸b. }\n`],
  ['bad-path', 'the subject in an array', `${head}subject: ▸a[]\nfields: { "a[]": keep }\n`],
  ['bad-path', 'required in an array', `${head}required: [▸"a[]"]\nfields: { "a[]": keep }\n`],
  [
    'bad-path',
    'a required object',
    `${head}required: [▸a]\nfields: { a: { use: keep.subtree, accept: a plain object } }\n`,
  ],
  ['bad-path', 'an unknown $', `${fields}  ▸$value: keep\n`],
  [
    'bad-path',
    'a subtree of a header',
    `${fields}  $headers.h: { use: ▸keep.subtree, accept: long enough }\n`,
  ],
  ['duplicate-path', 'written in two ways', `${fields}  a.b: keep\n  ▸a."b": drop\n`],
  ['duplicate-path', 'two columns', `${head}fields: { a: keep }\ncolumns: { x: a, y: ▸a }\n`],
  ['path-overlap', 'inside a scalar', `${fields}  a: keep\n  ▸a.b: keep\n`],
  ['path-overlap', 'around another', `${fields}  a.b: keep\n  ▸a: drop\n`],
  ['path-overlap', 'map and member', `${fields}  p.$names: keep\n  p.*: keep\n  ▸p.x: keep\n`],
  ['path-overlap', 'array and object', `${fields}  a[]: keep\n  ▸a.b: keep\n`],
  [
    'path-overlap',
    'an output through an input',
    `${fields}  b: { use: keep, from: a }\n  ▸a.c: { use: keep, from: d }\n`,
  ],
  [
    'path-overlap',
    'the subject in a subtree',
    `${head}subject: ▸a.b\nfields:\n  a: { use: keep.subtree, accept: long enough }\n`,
  ],
  [
    'path-overlap',
    'a condition on a container',
    `${fields}  a.b: keep\n  c: { use: keep, when: { ▸a: [x] } }\n`,
  ],
  [
    'path-overlap',
    'container and scalar in one list',
    `${fields}  a: [{ when: { b: [x] }, use: keep.subtree, accept: long enough }, ▸{ use: keep }]\n`,
  ],
  [
    'path-overlap',
    'one input as container and as scalar',
    `${fields}  a: { use: keep.subtree, accept: long enough }\n  b: { from: ▸a, use: keep }\n`,
  ],
  [
    'path-overlap',
    'one input as scalar, dropped and as container',
    `${fields}  b: { from: a, use: keep }\n  a: drop\n  c: { from: ▸a, use: keep.subtree, accept: long enough }\n`,
  ],
  ['bad-path', 'two of `**`', `${fields}  ▸"**.a.**.b": drop\n`],
  ['bad-path', '`**` without a name', `${fields}  ▸"**.*": drop\n`],
  ['bad-path', '`**` at the end', `${fields}  ▸a.**: drop\n`],
  ['bad-path', 'two of `*` in a row', `${fields}  ▸a**: drop\n`],
  ['bad-path', 'four of `*` in a name', `${fields}  ▸a*b*c*d*: drop\n`],
  ['bad-path', 'a pattern in a map', `${fields}  ▸"a_*.*": drop\n`],
  ['bad-path', 'a pattern of headers', `${fields}  ▸"$headers.x-*": drop\n`],
  ['bad-path', 'a pattern that names the subject', `${head}subject: ▸id_*\nfields: { a: drop }\n`],
  ['bad-path', 'a pattern in from', `${fields}  a: { from: ▸b_*, use: drop }\n`],
  ['bad-path', 'a pattern that is required', `${head}required: [▸b_*]\nfields: { b_*: drop }\n`],
  [
    'bad-path',
    'a pattern that keeps containers',
    `${fields}  b_*: { use: ▸keep.subtree, accept: because I say so }\n`,
  ],
  ['path-overlap', 'a pattern into a map', `${fields}  "**.email": drop\n  m.$names: drop\n  ▸m.*: drop\n`],
  [
    'path-overlap',
    'a pattern into a kept container',
    `${fields}  m_*.email: drop\n  ▸m_1: { use: keep.subtree, accept: because I say so }\n`,
  ],
  ['path-overlap', 'a pattern into a pattern', `${fields}  ▸m_*: drop\n  m_*.email: drop\n`],
  ['duplicate-path', 'a pattern twice', `${fields}  m_*: drop\n  ▸'"m_"*': drop\n`],
  ['bad-from', 'a pattern that is derived', `${fields}  m_*: { from: ▸a, use: hash.hmac, domain: d }\n`],
  [
    'pattern-tie',
    'of an input',
    `${fields}  m_*: { use: hash.hmac, domain: d }\n  "*_m": drop\n  a: { from: ▸m_m, use: hash.hmac, domain: d }\n`,
  ],
  [
    'pattern-tie',
    'of a column',
    `${head}columns: { M: ▸m_m }\nfields:\n  m_*: { use: hash.hmac, domain: d }\n  "*_m": drop\n`,
  ],
  ['bad-option', 'no domain under a pattern', `${fields}  m_*: { use: ▸noise.number, span: 3 }\n`],
  ['bad-tags', 'no tag', `${fields}tags: { ▸"a b": drop }\n`],
  ['bad-tags', 'a list', `${fields}tags: ▸[PII]\n`],
  ['bad-tags', 'another word', `${fields}tags: {}\ntaggedWithoutRule: ▸keep\n`],
  ['bad-tags', 'what follows without tags', `${fields}▸taggedWithoutRule: refuse\n`],
  [
    'bad-tags',
    'no list of tags',
    `${fields}  a: { use: keep, accept: a reason for it, tagged: ▸PII }\ntags: {}\n`,
  ],
  ['bad-type', 'no type', `${fields}  a: { use: keep, type: ▸int }\n`],
  ['bad-type', 'a constant', `${fields}  a: { use: keep, type: integer, ▸else: { constant: x } }\n`],
  [
    'bad-type',
    'parts',
    `${fields}  a: { use: hash.integer, domain: d, max: 9999999999, read: { split: ; }, type: ▸integer }\n`,
  ],
  [
    'bad-type',
    'a container',
    `${fields}  a: { use: keep.subtree, accept: a reason for it, type: ▸string }\n`,
  ],
  ['bad-type', 'a dropped field', `${fields}  a: { use: drop, type: ▸string }\n`],
  ['bad-type', 'a header', `${fields}  $headers.h: { use: hash.hmac, domain: d, type: ▸string }\n`],
  ['bad-else', 'of what every text is', `${fields}  a: { use: keep, type: string, else: ▸x }\n`],
  ['misplaced-word', 'else of a kept text', `${fields}  a: { use: keep, type: string, ▸else: null }\n`],
  ['kept-statistics', 'without a reason', `${fields}  a: { use: ▸keep, statistics: true }\n`],
  [
    'misplaced-word',
    'statistics of a token',
    `${fields}  a: { use: hash.hmac, domain: d, ▸statistics: true }\n`,
  ],
  [
    'misplaced-word',
    'statistics in a text',
    `${fields}  a.b: { use: keep, accept: a reason for it, ▸statistics: true }\nread: { a: json }\n`,
  ],
  ['kept-by-tag', 'without a reason', `${fields}tags: { PII: ▸keep }\n`],
  ['kept-tagged', 'without a reason', `${fields}  a: { use: ▸keep, tagged: [PII] }\ntags: {}\n`],
  [
    'misplaced-word',
    'tags of what is not kept',
    `${fields}  a: { use: mask.email, ▸tagged: [PII] }\ntags: {}\n`,
  ],
  [
    'misplaced-word',
    'tags without tags',
    `${fields}  a: { use: keep, accept: a reason for it, ▸tagged: [PII] }\n`,
  ],
  [
    'bad-path',
    'a container by its tag',
    `${fields}tags: { PII: { use: ▸keep.subtree, accept: a reason } }\n`,
  ],
  ['bad-from', 'of a tag', `${fields}tags: { PII: { use: mask.email, from: ▸b } }\n`],
  [
    'bad-option',
    'no domain under a tag',
    `${fields}  a: drop\ntags: { PII: { use: ▸noise.number, span: 3 } }\n`,
  ],
  [
    'unknown-path',
    'a tag without a rule',
    `${head}time: t\nfields: { t: drop }\ntags: { A: drop }\nretention: { steps: [{ after: 1d, tags: { ▸B: drop } }] }\n`,
  ],
  ['kept-by-pattern', 'without a reason', `${fields}  m_*: ▸keep\n`],
  [
    'kept-beside-keyed',
    'of a pattern',
    `${fields}  m_*: { use: hash.hmac, domain: d }\n  a: { from: m_1, use: ▸keep }\n`,
  ],
  ['bad-read', 'another word', `${fields}  a: { use: hash.hmac, domain: d, read: ▸strip }\n`],
  ['bad-read', 'no word', `${fields}  a: { use: hash.hmac, domain: d, ▸read: {} }\n`],
  ['bad-read', 'a separator of no characters', `${fields}  a: { use: mask.email, read: { split: ▸"" } }\n`],
  [
    'bad-read',
    'a prefix with a line break',
    `${fields}  a: { use: mask.email, read: { strip: { prefix: ▸"a\\n" } } }\n`,
  ],
  [
    'bad-read',
    'nothing that may be missing',
    `${fields}  a: { use: mask.email, ▸read: { trim: true, strip: { missing: allow } } }\n`,
  ],
  ['bad-read', 'nothing to strip', `${fields}  a: { use: mask.email, ▸read: { strip: {} } }\n`],
  ['bad-read', 'of what is kept', `${fields}  a: { use: ▸keep, read: trim }\n`],
  ['bad-read', 'of what is dropped', `${fields}  a: { use: drop, ▸read: trim }\n`],
  [
    'bad-read',
    'of a timestamp',
    `${fields}  a: keep\n  $timestamp: { use: generalize.date, to: day, ▸read: trim }\n`,
  ],
  [
    'bad-read',
    'names that are lists',
    `${fields}  p.*: keep\n  p.$names: { use: mask.email, ▸read: { split: ";" } }\n`,
  ],
  [
    'bad-read',
    'one input in two ways',
    `${fields}  a: { use: mask.email, read: trim }\n  ▸b: { from: a, use: mask.email }\n`,
  ],
  [
    'bad-read',
    'a list for a subject',
    `${head}subject: a\nfields:\n  a: { use: hash.hmac, domain: d, ▸read: { split: ";" } }\n`,
  ],
  [
    'bad-read',
    'a list for a time',
    `${head}time: a\nfields:\n  a: { use: generalize.date, to: day, ▸read: { split: ";" } }\n`,
  ],
  [
    'bad-read',
    'kept by a step',
    `${timed}  a: { use: mask.email, read: trim }\nretention: { steps: [{ after: 1d, fields: { a: { use: ▸keep, accept: it is a test } } }] }\n`,
  ],
  [
    'misplaced-word',
    'read in a step',
    `${timed}  a: { use: mask.email, read: trim }\nretention: { steps: [{ after: 1d, fields: { a: { use: mask.null, ▸read: trim } } }] }\n`,
  ],
  ['bad-read', 'a text without json', `${fields}  a.b: keep\nread: { a: [▸trim] }\n`],
  ['bad-read', 'json and more', `${fields}  a.b: keep\nread: { a: [json, ▸trim] }\n`],
  ['bad-read', 'another form', `${fields}  a.b: keep\nread: { a: ▸trim }\n`],
  ['bad-read', 'a strip of nothing', `${fields}  a.b: keep\nread: { a: [▸{ strip: {} }, json] }\n`],
  ['bad-read', 'nothing below', `${fields}  a: keep\nread: { ▸b: json }\n`],
  [
    'bad-read',
    'only another output below',
    `${fields}  a: keep\n  b.c: { use: keep, from: a }\nread: { ▸b: json }\n`,
  ],
  ['bad-read', 'a header', `${fields}  a: keep\nread: { ▸$headers.h: json }\n`],
  ['bad-read', 'json of a field', `${fields}  a: { use: mask.email, read: ▸json }\n`],
  ['path-overlap', 'a text that is kept, and read', `${fields}  a.b: keep\n  ▸a: keep\nread: { a: json }\n`],
  ['json-in-json', 'twice', `${fields}  a.b.c: keep\nread: { a: json, ▸a.b: json }\n`],
  ['bad-shape', 'no array', `${fields}  a.b: keep\nshape: { ▸a: either }\n`],
  ['bad-shape', 'another word', `${fields}  "a[].b": keep\nshape: { a: ▸one }\n`],
  ['bad-path', 'a container that is required', `${fields}  a.b: keep\nread: { a: json }\nrequired: [▸a]\n`],
  ['bad-from', 'names of a map', `${fields}  p.*: keep\n  p.$names: { use: keep, from: ▸q.$names }\n`],
  ['bad-from', 'other elements', `${fields}  a[].b: { use: keep, from: ▸"c[].b" }\n`],
  ['bad-from', 'elements into one', `${fields}  a: { use: keep, from: ▸"c[]" }\n`],
  ['bad-from', 'a key from a field', `${fields}  $key: { from: ▸c, use: hash.hmac, domain: d }\n`],
  ['names-missing', 'a map', `${fields}  ▸a.*: keep\n`],
  ['names-unused', 'no map', `${fields}  ▸a.$names: keep\n`],
  [
    'bad-names-rule',
    'a number',
    `${head}subject: s\ntime: t\nfields:\n  a.*: keep\n  a.$names: ▸test.needy\n`,
  ],
  ['bad-names-rule', 'drop', `${fields}  a.*: keep\n  a.$names: ▸drop\n`],
  [
    'bad-names-rule',
    'a constant',
    `${fields}  a.*: keep\n  a.$names: { use: generalize.prefix, keep: 1, ▸else: { constant: x } }\n`,
  ],
  ['bad-when', 'nothing', `${fields}  a: { use: keep, when: ▸{} }\n`],
  ['bad-when', 'a mapping', `${fields}  a: { use: keep, when: { b: ▸{ c: d } } }\n`],
  ['bad-when', 'an empty text', `${fields}  a: { use: keep, when: { b: [▸""] } }\n`],
  ['bad-when', 'another element', `${fields}  a: { use: keep, when: { ▸"b[]": [x] } }\n`],
  ['bad-when', 'the record key', `${fields}  a: { use: keep, when: { ▸$key: [x] } }\n`],
  ['bad-when', 'a path twice', `${fields}  a: { use: keep, when: { b: [x], ▸'"b"': [y] } }\n`],
  ['unreachable-rule', 'behind another', `${fields}  a: [{ use: keep }, ▸{ use: drop }]\n`],
  ['drop-in-array', 'a rule', `${fields}  a[]: ▸drop\n`],
  ['drop-in-array', 'else', `${fields}  a[]: { use: generalize.prefix, keep: 1, ▸else: drop }\n`],
  ['bad-else', 'raw', `${fields}  a: { use: generalize.prefix, keep: 1, else: ▸raw }\n`],
  ['weak-choice', 'few bits', `${fields}  a: { use: hash.hmac, domain: d, bits: ▸64 }\n`],
  [
    'weak-choice',
    'in a step',
    `${timed}retention: { steps: [{ after: 1d, fields: { postcode: ▸hash.sha256 } }] }\n`,
  ],
  ['keep-subtree', 'without a reason', `${fields}  a: ▸keep.subtree\n`],
  [
    'kept-direct-identifier',
    'by category',
    `${fields}  a: { use: ▸keep, category: user.contact.email.work }\n`,
  ],
  [
    'kept-direct-identifier',
    'whatever the role says',
    `${fields}  a: { use: ▸keep, category: user.name, role: other }\n`,
  ],
  [
    'kept-direct-identifier',
    'by another field of the same input',
    `${fields}  a: { use: drop, category: user.name }\n  b: { from: a, use: ▸keep }\n`,
  ],
  ['kept-map-names', 'without a reason', `${fields}  m.*: keep\n  m.$names: ▸keep\n`],
  ['name-suggests-identifier', 'of a value', `${fields}  contact_owner: ▸keep\n`],
  ['name-suggests-identifier', 'of an input', `${fields}  a: { from: e_mail, use: ▸keep }\n`],
  ['name-suggests-identifier', 'of a header', `${fields}  $headers.x-user-email: ▸keep\n`],
  ['name-suggests-identifier', 'of a column', `${fields}  a: ▸keep\ncolumns: { Kundennummer: a }\n`],
  [
    'name-suggests-identifier',
    'of a parameter',
    `${fields}  a: { use: generalize.url, keepParams: ▸[utm_*, email] }\n`,
  ],
  ['name-suggests-identifier', 'of a mere user', `${fields}  ssn: { use: ▸keep, category: user }\n`],
  ['kept-header', 'without a reason', `${fields}  a: keep\n  $headers.h: ▸keep\n`],
  ['kept-timestamp', 'without a reason', `${fields}  a: keep\n  $timestamp: ▸keep\n`],
  ['bad-timestamp-rule', 'a token', `${fields}  a: keep\n  $timestamp: { use: ▸hash.hmac, domain: d }\n`],
  ['reserved-header', 'the policy of another run', `${fields}  a: keep\n  ▸$headers.Lethe-Policy: ${hmac}\n`],
  [
    'token-beside-part',
    'the last digits',
    `${fields}  a: ${hmac}\n  b: { from: a, use: ▸mask.characters, keepLast: 4 }\n`,
  ],
  [
    'noise-beside-part',
    'the year of a shifted date',
    `${head}subject: s\nfields:\n  a: shift.date\n  b: { from: a, use: ▸generalize.date, to: year }\n`,
  ],
  [
    'several-noises',
    'two shifts',
    `${head}subject: s\nfields:\n  a: shift.date\n  b: { from: a, use: ▸shift.date, domain: other }\n`,
  ],
  [
    'parts-tell-all',
    'a number in two',
    `${fields}  a: { use: mask.characters, keepFirst: 4 }\n  b: { from: a, use: ▸mask.characters, keepLast: 4 }\n`,
  ],
  ['kept-record-key', 'without a category', `${fields}  a: keep\n  $key: ▸keep\n`],
  ['kept-direct-identifier', 'the subject', `${head}subject: a\nfields: { a: ▸keep }\n`],
  [
    'token-beside-quasi-identifiers',
    'a token in a step',
    `${head}time: t\nfields:\n  a: keep\n  b: { use: ▸keep, role: quasi-identifier }\nretention: { steps: [{ after: 1d, fields: { a: ${hmac} } }] }\n`,
  ],
  ['duplicate-path', 'required twice', `${head}required: [a, ▸a]\nfields: { a: keep }\n`],
  ['duplicate-path', 'required and optional', `${head}required: [a]\noptional: [▸a]\nfields: { a: keep }\n`],
  ['duplicate-path', 'a column that is a path', `${head}fields: { a: keep, b: keep }\ncolumns: { ▸a: b }\n`],
  [
    'token-beside-quasi-identifiers',
    'by role',
    `${fields}  a: ${hmac}\n  b: { use: ▸keep, role: quasi-identifier }\n`,
  ],
  ['kept-beside-keyed', 'a token', `${fields}  a: ${hmac}\n  b: { from: a, use: ▸keep }\n`],
  [
    'kept-beside-keyed',
    'a shift, under a condition',
    `${head}subject: s\nfields:\n  b: { from: a, use: keep }\n  a: [{ use: drop, when: { c: x } }, { use: ▸shift.date }]\n`,
  ],
  [
    'kept-beside-keyed',
    'a shift, which the day tells',
    `${head}subject: s\nfields:\n  b: { from: a, use: generalize.date, to: day }\n  a: { use: ▸shift.date }\n`,
  ],
  [
    'token-beside-quasi-identifiers',
    'a birth date to its week',
    `${fields}  a: ${hmac}\n  b: { use: ▸generalize.date, to: week, role: quasi-identifier }\n`,
  ],
  [
    'kept-direct-identifier',
    'to the hour',
    `${fields}  a: { use: ▸generalize.date, to: hour, role: direct-identifier }\n`,
  ],
  ['accept-without-need', 'a strong rule', `${fields}  a: { use: drop, ▸accept: because I say so }\n`],
  ['bad-accept', 'too short', `${fields}  a: { use: keep, role: direct-identifier, accept: ▸ok }\n`],
  ['needs-subject', 'a transform', `${head}time: t\nfields:\n  a: ▸test.needy\n`],
  ['needs-time', 'a transform', `${head}subject: s\nfields:\n  a: ▸test.needy\n`],
  [
    'needs-time',
    'retention',
    `${head}fields: { a: keep }\n▸retention: { steps: [{ after: 1d, then: suppress }] }\n`,
  ],
  [
    'bad-time',
    'a zone',
    `${head}time: { path: t, format: date-time, zone: ▸Mars/Olympus }\nfields: { t: keep }\n`,
  ],
  ['bad-time', 'a format', `${head}time: { path: t, format: ▸rfc822 }\nfields: { t: keep }\n`],
  ['unknown-key-id', 'an id', `${fields}  a: { use: hash.hmac, domain: d, key: ▸k9 }\n`],
  ['disabled-key', 'an id', `${fields}  a: { use: hash.hmac, domain: d, key: ▸k2 }\n`],
  ['compromised-key', 'an id', `${fields}  a: { use: hash.hmac, domain: d, key: ▸k1 }\n`],
  ['bad-suppression', 'entries', `${fields}  a: keep\nsuppression: [{ list: l, by: a, entries: ▸md5 }]\n`],
  ['bad-suppression', 'a form', `${fields}  a: keep\nsuppression: [{ list: l, by: a, normalize: ▸upper }]\n`],
  ['bad-suppression', 'a name', `${fields}  a: keep\nsuppression: [{ list: ▸My List, by: a }]\n`],
  ['bad-suppression', 'parts of a token', `${fields}  a: keep\nsuppression: [{ list: l, by: ▸[a, b] }]\n`],
  [
    'bad-suppression',
    'forms of parts',
    `${fields}  a: keep\nsuppression: [{ list: l, by: [a, b, c], entries: sha256-hex, normalize: ▸[trim, lower] }]\n`,
  ],
  [
    'bad-suppression',
    'one list in two forms',
    `${fields}  a: keep\nsuppression: [{ list: l, by: a }, ▸{ list: l, by: b, normalize: email }]\n`,
  ],
  [
    'bad-suppression',
    'twice',
    `${fields}  a: keep\nsuppression: [{ list: l, by: a }, ▸{ list: l, by: a }]\n`,
  ],
  ['bad-crowd', 'k', `${fields}  a: ${quasi}\ncrowd: { k: ▸1 }\n`],
  ['bad-crowd', 'a list', `${fields}  a: ${quasi}\ncrowd: ▸[5]\n`],
  ['bad-crowd', 'no quasi-identifier', `${fields}  a: keep\n▸crowd: { k: 5 }\n`],
  ['bad-crowd', 'l of nothing', `${fields}  a: ${quasi}\ncrowd: { k: 5, l: ▸2 }\n`],
  ['bad-crowd', 't above 1', `${fields}  a: ${quasi}\ncrowd: { k: 5, t: ▸1.5, sensitive: [a] }\n`],
  ['bad-crowd', 'a class of one value', `${fields}  a: ${quasi}\ncrowd: { k: 5, l: 2, sensitive: ▸[a] }\n`],
  ['bad-crowd', 'sensitive alone', `${fields}  a: ${quasi}\n  b: keep\ncrowd: { k: 5, sensitive: ▸[b] }\n`],
  ['bad-crowd', 'no share', `${fields}  a: ${quasi}\ncrowd: { k: 5, maxSuppressed: ▸2, onFail: suppress }\n`],
  [
    'bad-crowd',
    'over 100 %',
    `${fields}  a: ${quasi}\ncrowd: { k: 5, maxSuppressed: ▸101%, onFail: suppress }\n`,
  ],
  ['bad-crowd', 'a share of none', `${fields}  a: ${quasi}\ncrowd: { k: 5, maxSuppressed: ▸2% }\n`],
  ['bad-crowd', 'what follows', `${fields}  a: ${quasi}\ncrowd: { k: 5, onFail: ▸drop }\n`],
  ['bad-crowd', 'a dropped field', `${fields}  a: ${quasi}\n  b: drop\ncrowd: { k: 5, over: [▸b] }\n`],
  [
    'bad-crowd',
    'a pattern',
    `${fields}  b_*: { use: generalize.prefix, keep: 1, role: quasi-identifier }\n▸crowd: { k: 5 }\n`,
  ],
  ['bad-crowd', 'below elements', `${fields}  "a[].b": ${quasi}\n▸crowd: { k: 5 }\n`],
  ['bad-crowd', 'lists in lists', `${fields}  "a[][]": ${quasi}\n▸crowd: { k: 5 }\n`],
  [
    'bad-crowd',
    'members without their names',
    `${fields}  a.*: ${quasi}\n  a.$names: { use: generalize.prefix, keep: 1 }\n▸crowd: { k: 5 }\n`,
  ],
  ['bad-crowd', 'tags', `${fields}  a: ${quasi}\ntags: { PII: drop }\n▸crowd: { k: 5 }\n`],
  [
    'bad-crowd',
    'a container',
    `${fields}  a: { use: keep.subtree, accept: wanted in this test }\ncrowd: { k: 5, over: ▸[a] }\n`,
  ],
  ['unknown-path', 'of a crowd', `${fields}  a: ${quasi}\ncrowd: { k: 5, over: [a, ▸b] }\n`],
  ['duplicate-path', 'of a crowd', `${fields}  a: ${quasi}\ncrowd: { k: 5, over: [a, ▸a] }\n`],
  ['bad-period', 'of a crowd', `${fields}  a: ${quasi}\ncrowd: { k: 5, window: ▸soon }\n`],
  [
    'token-beside-crowd',
    'of the subject',
    `${head}subject: s\nfields:\n  s: { use: ▸hash.hmac, domain: d }\n  a: { use: generalize.prefix, keep: 1, role: quasi-identifier }\ncrowd: { k: 5 }\n`,
  ],
  [
    'token-beside-crowd',
    'of another identifier',
    `${fields}  m: { use: ▸hash.hmac, domain: d, role: direct-identifier }\n  a: { use: generalize.prefix, keep: 1, role: quasi-identifier }\ncrowd: { k: 5 }\n`,
  ],
  ['bad-path', 'a list beside the value', `${fields}  a: keep\nsuppression: [{ list: l, by: ▸$key }]\n`],
  ['bad-path', 'names on a list', `${fields}  a: keep\nsuppression: [{ list: l, by: ▸b.$names }]\n`],
  [
    'bad-path',
    'parts of several',
    `${fields}  a: keep\nsuppression: [{ list: l, by: [a, ▸"b[].c"], entries: sha256-hex }]\n`,
  ],
  ['bad-consent', 'a table and no identifier', `${timed}consent: ▸{ table: t }\n`],
  ['bad-consent', 'an event and a table', `${timed}consent: { table: t, by: a, ▸from: c }\n`],
  ['bad-consent', 'a word of tables', `${timed}consent: { from: c, when: { is: 1 }, ▸by: a }\n`],
  ['bad-consent', 'nothing', `${timed}consent: ▸{ from: c }\n`],
  ['bad-consent', 'a table twice', `${timed}consent: [{ table: t, by: a }, ▸{ table: t, by: a }]\n`],
  ['needs-time', 'a consent table', `${fields}  a: keep\nconsent: ▸{ table: t, by: a }\n`],
  ['bad-path', 'a table by several', `${timed}consent: { table: t, by: ▸"a[]" }\n`],
  ['bad-consent', 'no form', `${fields}  a: keep\nconsent: { from: c, when: ▸{} }\n`],
  ['bad-consent', 'two forms', `${fields}  a: keep\nconsent: { from: c, when: ▸{ is: 1, lists: [x] } }\n`],
  [
    'bad-consent',
    'a word of it',
    `${fields}  a: keep\nconsent: { from: c, when: { is: 1 }, default: ▸keep }\n`,
  ],
  ['bad-consent', 'silence', `${fields}  a: keep\nconsent: { from: c, when: { is: 1 }, default: ▸allow }\n`],
  [
    'bad-consent',
    'another purpose',
    `${fields}  a: keep\nconsent: { purpose: ▸marketing, from: c, when: { is: 1 } }\n`,
  ],
  [
    'bad-consent',
    'the same twice',
    `${fields}  a: keep\nconsent: [{ from: c, when: { is: 1 } }, ▸{ from: c, when: { is: 2 } }]\n`,
  ],
  [
    'bad-consent',
    'a separator of one value',
    `${fields}  a: keep\nconsent: { from: c, split: ▸",", when: { is: 1 } }\n`,
  ],
  [
    'bad-consent',
    'no section of GPP',
    `${fields}  a: keep\nconsent: { from: c, when: ▸{ gpp: { section: usxx, fields: { SaleOptOut: 2 } } } }\n`,
  ],
  [
    'bad-consent',
    'no field of GPP',
    `${fields}  a: keep\nconsent: { from: c, when: ▸{ gpp: { section: usnat, fields: { SaleOptIn: 2 } } } }\n`,
  ],
  [
    'bad-consent',
    'nothing of GPP',
    `${fields}  a: keep\nconsent: { from: c, when: ▸{ gpp: { section: usnat, fields: {} } } }\n`,
  ],
  [
    'unknown-purpose',
    'of consent',
    `${fields}  a: keep\nconsent: { purpose: ▸train_ai_sistem, from: c, when: { is: 1 } }\n`,
  ],
  ['bad-path', 'a map of consent', `${fields}  a: keep\nconsent: { from: ▸c.*, when: { is: 1 } }\n`],
  ['bad-path', 'consent beside the value', `${fields}  a: keep\nconsent: { from: ▸$key, when: { is: 1 } }\n`],
  ['bad-path', 'consents of elements', `${fields}  a: keep\nconsent: { from: ▸"c[].d", when: { is: 1 } }\n`],
  ['bad-path', 'a list for a value', `${fields}  a: keep\nconsent: { from: ▸"c[]", when: { is: 1 } }\n`],
  ['bad-path', 'a value for a list', `${fields}  a: keep\nconsent: { from: ▸c, when: { lists: x } }\n`],
  ['path-overlap', 'consent', `${fields}  a.b: keep\nconsent: { from: ▸a, when: { is: 1 } }\n`],
  [
    'accept-without-need',
    'of consent',
    `${fields}  a: keep\nconsent: { from: c, when: { is: 1 }, ▸accept: it is only a test }\n`,
  ],
  [
    'bad-accept',
    'of consent',
    `${fields}  a: keep\nconsent: { from: c, when: { is: 1 }, default: allow, accept: ▸because }\n`,
  ],
  ['bad-period', 'a unit', `${timed}retention: { steps: [{ after: ▸30 days, then: suppress }] }\n`],
  ['bad-period', 'too long', `${timed}retention: { steps: [{ after: ▸9999y, then: suppress }] }\n`],
  [
    'bad-period',
    'a tolerance',
    `${timed}retention: { futureTolerance: ▸2d, steps: [{ after: 1d, then: suppress }] }\n`,
  ],
  [
    'steps-not-ascending',
    'days and a month',
    `${timed}retention: { steps: [{ after: 30d, fields: { postcode: drop } }, { after: ▸1mo, then: suppress }] }\n`,
  ],
  ['bad-step', 'nothing', `${timed}retention: { steps: [▸{ after: 1d }] }\n`],
  [
    'bad-step',
    'suppress before the end',
    `${timed}retention: { steps: [{ after: 1d, ▸then: suppress }, { after: 2d, fields: { postcode: drop } }] }\n`,
  ],
  [
    'bad-step',
    'both',
    `${timed}retention: { steps: [{ after: 1d, then: suppress, ▸fields: { postcode: drop } }] }\n`,
  ],
  [
    'bad-step',
    'a subtree made a scalar',
    `${head}time: t\nfields: { a: { use: keep.subtree, accept: long enough } }\nretention: { steps: [{ after: 1d, fields: { a: ▸hash.sha256 } }] }\n`,
  ],
  [
    'step-not-coarser',
    'finer',
    `${timed}retention: { steps: [{ after: 1d, fields: { postcode: { use: ▸generalize.prefix, keep: 4 } } }] }\n`,
  ],
  [
    'step-not-coarser',
    'after drop',
    `${head}time: t\nfields: { a: drop }\nretention: { steps: [{ after: 1d, fields: { a: ▸keep } }] }\n`,
  ],
  [
    'unknown-path',
    'in a step',
    `${timed}retention: { steps: [{ after: 1d, fields: { ▸post_code: drop } }] }\n`,
  ],
  [
    'transforms-not-loaded',
    'code that nobody allowed',
    `${head}transforms: [▸acme.mjs]\nfields: { a: acme.reverse }\n`,
  ],
  ['bad-file', 'of transforms', `${head}transforms: [▸gone.mjs]\nfields: { a: keep }\n`],
  ['unknown-path', 'in required', `${head}required: [▸b]\nfields: { a: keep }\n`],
  ['unknown-path', 'in columns', `${head}fields: { a: keep }\ncolumns: { x: ▸b }\n`],
]

const files: Readonly<Record<string, string>> = { 'broken.csv': 'a;b\n"c', 'acme.mjs': 'export default 1' }

function compile(text: string) {
  return compilePolicy(
    {
      file: 'p.yaml',
      text,
      readFile: (name) => {
        const content = files[name]
        if (content === undefined) throw new Error('SECRET')
        return Buffer.from(content)
      },
    },
    { keys, transforms: [...transforms, needy] },
  )
}

function marked(text: string): { text: string; line: number; column: number } {
  const before = text.slice(0, text.indexOf('▸')).split('\n')
  return { text: text.replace('▸', ''), line: before.length, column: before.at(-1)!.length + 1 }
}

describe('problem codes of a policy', () => {
  it.each(cases)('%s: %s', (code, _about, source) => {
    const { text, line, column } = marked(source)
    const { plan, problems } = compile(text)
    expect(plan).toBeUndefined()
    expect(problems.map((p) => `${p.line}:${p.column} ${p.code}`)).toContain(`${line}:${column} ${code}`)
    expect(JSON.stringify(problems)).not.toContain('SECRET')
  })

  const inCases: readonly (readonly [string, string])[] = [
    ['neither input nor text', 'cases:\n  - ▸{ name: a, expect: {} }\n'],
    ['both', 'cases:\n  - ▸{ name: a, input: {}, text: "{}", expect: {} }\n'],
    ['nothing expected', 'cases:\n  - ▸{ name: a, input: {} }\n'],
    ['a code', 'cases:\n  - { name: a, input: {}, outcome: { dead-letter: ▸bad-utf-8 } }\n'],
    ['a time', 'cases:\n  - { name: a, input: {}, expect: {}, asOf: ▸today }\n'],
    ['a number', 'cases:\n  - { name: a, input: { n: ▸0x1F }, expect: {} }\n'],
    [
      'a name twice',
      'cases:\n  - { name: a, input: {}, expect: {} }\n  - ▸{ name: a, input: {}, expect: {} }\n',
    ],
  ]
  it.each(inCases)('bad-case: %s', (_about, source) => {
    const { text, line, column } = marked(source)
    const { cases: read, problems } = readCases('p.cases.yaml', text)
    expect(read).toEqual([])
    expect(problems.map((p) => `${p.line}:${p.column} ${p.code}`)).toEqual([`${line}:${column} bad-case`])
  })

  it('says how a case gets what it expects', () => {
    const ways = readCases('p.cases.yaml', 'cases:\n  - { name: a, input: {} }\n').problems.map(
      (p) => p.suggestion,
    )
    expect(ways).toEqual([expect.stringContaining('`lethe test --update`')])
  })

  it('says of a missing key what it is for', () => {
    const ways = (source: string) => compile(source).problems.map((p) => p.suggestion)
    expect(ways(`${fields}  a: hash.hmac\n`)).toEqual([expect.stringMatching(/^add `domain:`\. Join space/)])
    expect(ways(`${fields}  a: { role: other }\n`)).toEqual([expect.stringMatching(/^add `use:`\. /)])
    expect(ways(`${fields}  a: { use: retention.expire }\n`)).toEqual([
      expect.stringContaining('`retention:`'),
    ])
  })

  it('tells of broken YAML the first place only, and what to do there', () => {
    const lines = Array.from({ length: 20 }, (_, i) => `  field${i}: { use: keep }\n`)
    const slips: readonly (readonly [string, RegExp])[] = [
      ['\ttab: keep\n', /spaces/],
      [' short: keep\n', /same column/],
      ['  sku: { use: keep, from: items[].sku }\n', /quote/],
      ['  open: { use: keep\n', /quote/],
      ['  open: "keep\n', /quote/],
      ['   long: keep\n', /^/],
    ]
    fc.assert(
      fc.property(fc.constantFrom(...slips), fc.integer({ min: 1, max: 19 }), ([slip, way], at) => {
        const { problems } = compile(`${fields}${lines.toSpliced(at, 0, slip).join('')}`)
        expect(problems).toHaveLength(1)
        expect(problems[0]!.code).toMatch(/^yaml-/)
        expect(problems[0]!.suggestion ?? '').toMatch(way)
      }),
    )
  })

  it('has a case for every code', () => {
    const covered = new Set<string>(cases.map(([code]) => code)).add('bad-case').add('bad-transforms')
    expect([...covered].sort()).toEqual(Object.keys(POLICY_CODES).sort())
  })

  it('finds nothing wrong where the mark alone is wrong', () => {
    const sound = `${fields}  a: ${hmac}\n  b: { use: generalize.prefix, keep: 2, role: quasi-identifier }\n`
    expect(compile(sound).problems).toEqual([])
  })
})
