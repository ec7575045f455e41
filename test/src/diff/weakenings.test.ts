/** Forty edits that let more be known, each of which has to be named; and that going back is no alarm. */
import { describe, expect, it } from 'vitest'
import { type ChangeKind, isWeaker } from '../../../src/diff/change.ts'
import { comparePolicies } from '../../../src/diff/compare-policies.ts'
import { BASE, changesOf, compiled, edited, LISTS } from './policies.ts'

const REASON = 'accept: "the reason is written here"'
type Edit = readonly [string, string]

interface Weakening {
  readonly is: string
  readonly edits: readonly Edit[]
  readonly kind: ChangeKind
  readonly field?: string
  /** It cannot be ranked, or the way back cannot. */
  readonly unranked?: true | 'back'
}

const of = (
  is: string,
  edit: Edit | readonly Edit[],
  kind: ChangeKind,
  field?: string,
  unranked?: Weakening['unranked'],
): Weakening => ({
  is,
  edits: (typeof edit[0] === 'string' ? [edit] : edit) as readonly Edit[],
  kind,
  ...(field === undefined ? {} : { field }),
  ...(unranked === undefined ? {} : { unranked }),
})

const WEAKENINGS: readonly Weakening[] = [
  of(
    'a token becomes the value',
    [
      'customer.email: { use: hash.hmac, domain: email, normalize: email, category',
      `customer.email: { use: keep, ${REASON}, category`,
    ],
    'tells',
    'customer.email',
  ),
  of('a mask shows more', ['keepLast: 4', 'keepLast: 4, keepFirst: 1'], 'tells', 'customer.phone'),
  of(
    'a date is finer',
    ['to: year, format: date', 'to: month, format: date'],
    'tells',
    'customer.birth_date',
  ),
  of('a prefix is longer', ['keep: 2, role', 'keep: 3, role'], 'tells', 'customer.postcode'),
  of('an interval is narrower', ['width: 10000', 'width: 1000'], 'tells', 'customer.income'),
  of(
    'one more value is told',
    ['allow: [DE, FR, US]', 'allow: [DE, FR, US, LI]'],
    'tells',
    'customer.country',
  ),
  of('a network is smaller', ['v4: 16', 'v4: 24'], 'tells', 'customer.ip'),
  of('a hierarchy is climbed less', ['level: 2', 'level: 1'], 'tells', 'customer.shop'),
  of(
    'a dropped field leaves',
    ['customer.extra: drop', 'customer.extra: mask.null'],
    'tells',
    'customer.extra',
  ),
  of('a field is newly kept', ['  amount:', '  items_count: keep\n  amount:'], 'field-added', 'items_count'),
  of(
    'a field newly leaves as a token',
    ['  amount:', '  customer.iban: { use: hash.hmac, domain: iban }\n  amount:'],
    'field-added',
    'customer.iban',
  ),
  of(
    'a field is listed to be dropped where unlisted ones are refused',
    ['  amount:', '  blob: drop\n  amount:'],
    'field-added',
    'blob',
  ),
  of(
    'a header newly leaves',
    ['  $key:', '  $headers.trace: { use: hash.hmac, domain: trace }\n  $key:'],
    'field-added',
    '$headers.trace',
  ),
  of(
    'an element is kept with what is below it',
    ['"items[].sku": keep', `"items[].sku": { use: keep.subtree, ${REASON} }`],
    'tells',
    'items[].sku',
  ),
  of(
    'an own list of a container is kept whole',
    ['"items[].sku": keep', `items: { use: keep.subtree, ${REASON} }`],
    'field-added',
    'items',
  ),
  of('another regular expression', ['"[0-9]+"', '"[0-9]{4}"'], 'tells', 'customer.note', true),
  of(
    'a weak choice is accepted',
    [
      'customer.tier: keep',
      `customer.tier: { use: keep, lineBreaks: allow, category: user.contact.email, ${REASON} }`,
    ],
    'accept',
    'customer.tier',
    'back',
  ),
  of(
    'another transform that cannot be compared',
    ['{ use: mask.characters, keepLast: 4 }', '{ use: hash.hmac, domain: phone }'],
    'tells',
    'customer.phone',
    true,
  ),
  of(
    'tokens can be joined with those of another field',
    ['domain: tax', 'domain: customer'],
    'domain',
    'customer.tax_id',
    'back',
  ),
  of(
    'a token with a domain of its own shares one',
    ['from: customer.login }', 'from: customer.login, domain: logins }'],
    'domain',
    'customer.alias',
  ),
  of('a token moves to another domain', ['domain: email', 'domain: mail'], 'domain', 'customer.email', true),
  of('an older key', ['key: k2', 'key: k1'], 'key', '$key'),
  of(
    'a rule stays with one key',
    ['{ use: hash.hmac, domain: tax }', '{ use: hash.hmac, domain: tax, key: k3 }'],
    'key',
    'customer.tax_id',
  ),
  of('fewer values are dropped by a condition', ['[gold, trial]', '[gold]'], 'when', 'customer.tax_id'),
  of(
    'the rule for all other values tells more',
    ['- { use: hash.hmac, domain: tax }', `- { use: keep, ${REASON} }`],
    'tells',
    'customer.tax_id',
  ),
  of(
    'records that no rule took leave',
    [
      'when: { customer.tier: [gold, trial, null] } }]',
      'when: { customer.tier: [gold, trial, null] } }, drop]',
    ],
    'when',
    'customer.plan',
  ),
  of(
    'what cannot be taken does not hold the record back',
    [
      '{ use: generalize.number, width: 10000, role: sensitive }',
      '{ use: generalize.number, width: 10000, role: sensitive, else: null }',
    ],
    'else',
    'customer.income',
    true,
  ),
  of(
    'a cell may hold a line break',
    ['customer.tier: keep', 'customer.tier: { use: keep, lineBreaks: allow }'],
    'line-breaks',
    'customer.tier',
  ),
  of(
    'bounds of kept values stand beside the data',
    ['customer.tier: keep', `customer.tier: { use: keep, statistics: true, ${REASON} }`],
    'statistics',
    'customer.tier',
  ),
  of(
    'a field is made of another input',
    ['from: customer.login', 'from: customer.mail2'],
    'from',
    'customer.alias',
    true,
  ),
  of(
    'another column stands for a path',
    ['mail: customer.email', 'mail: customer.note'],
    'columns',
    undefined,
    true,
  ),
  of('a role is lowered', ['keep: 2, role: quasi-identifier', 'keep: 2'], 'role', 'customer.postcode'),
  of('a category is removed', [', category: user.contact.email', ''], 'category', 'customer.email'),
  of(
    'a kept field gets a category',
    ['customer.tier: keep', 'customer.tier: { use: keep, category: user.telemetry }'],
    'category',
    'customer.tier',
    true,
  ),
  of('retention is longer', ['after: 400d', 'after: 2y'], 'retention'),
  of('nothing is suppressed any more', ['    - { after: 400d, then: suppress }\n', ''], 'retention'),
  of('a step comes later', ['after: 180d', 'after: 300d'], 'step', 'customer.phone'),
  of(
    'a step is finer',
    ['customer.postcode: { use: generalize.prefix, keep: 1 }, ', ''],
    'step',
    'customer.postcode',
  ),
  of(
    'an event may lie further in the future',
    ['futureTolerance: 5m', 'futureTolerance: 1d'],
    'future-tolerance',
  ),
  of('a list is asked no more', ['  - { list: erasures, by: customer.id }\n', ''], 'suppression'),
  of(
    'a list goes by another form',
    ['entries: sha256-hex, normalize: lower', 'entries: sha256-hex, normalize: email'],
    'suppression',
    undefined,
    true,
  ),
  of(
    'one consent is asked no more',
    ['  - { from: consent.training, when: { is: [granted, yes] } }\n', ''],
    'consent',
  ),
  of('another value counts as consent', ['is: [granted, yes]', 'is: [granted, yes, ok]'], 'consent'),
  of('fewer categories are needed', ['lists: [ads, training]', 'lists: [training]'], 'consent'),
  of(
    'silence is taken for consent',
    ['is: [granted, yes] }', `is: [granted, yes] }, default: allow, ${REASON}`],
    'consent',
  ),
  of(
    'other values count as consent',
    ['is: [granted, yes]', 'is: [granted, ok]'],
    'consent',
    undefined,
    true,
  ),
  of(
    'a text is read as JSON',
    ['required: [amount]', 'required: [amount]\nread: { items: json }'],
    'json-text',
    undefined,
    true,
  ),
  of(
    'one value may stand for a list',
    ['required: [amount]', 'required: [amount]\nshape: { items: either }'],
    'shape',
  ),
  of('a value is not required any more', ['required: [amount]\n', ''], 'required'),
  of(
    'a column may be missing',
    ['optional: [customer.note]', 'optional: [customer.note, customer.phone]'],
    'optional',
  ),
  of(
    'unlisted members are left out, and refused the record',
    ['unlisted: reject', 'unlisted: drop'],
    'unlisted',
  ),
  of('suspect values leave', ['suspects: dead-letter', 'suspects: warn'], 'suspects'),
  of('one more word passes as nothing', ['nulls: ["N/A"]', 'nulls: ["N/A", none]'], 'nulls'),
  of('bytes become other cells', ['delimiter: ";"', 'delimiter: ","'], 'input', undefined, true),
  of('another purpose', ['purpose: train_ai_system', 'purpose: marketing'], 'purpose', undefined, true),
  of('another subject', ['subject: customer.id', 'subject: customer.login'], 'subject', undefined, true),
  of(
    'the event time is read in another way',
    ['{ path: occurred_at }', '{ path: occurred_at, format: date-time, zone: Europe/Berlin }'],
    'time',
    undefined,
    true,
  ),
  of('another persona', ['persona: shopper', 'persona: visitor'], 'domain', 'customer.first', true),
  of('a date moves by fewer days', ['maxDays: 60', 'maxDays: 20'], 'tells', 'customer.seen'),
  of('noise is smaller', ['span: 20', 'span: 10'], 'tells', 'amount'),
  of('another file', ['file: shops.csv', 'file: shops-2.csv'], 'file', 'customer.shop', true),
]

describe('lethe diff', () => {
  it('knows at least forty weakenings', () => {
    expect(WEAKENINGS.length).toBeGreaterThanOrEqual(40)
  })

  it.each(WEAKENINGS)('names it where $is', ({ edits, kind, field, unranked }) => {
    const after = edited(...edits)
    const changes = changesOf(BASE, after)
    const named = changes.find((one) => one.kind === kind && one.field === field)
    expect(named?.verdict, JSON.stringify(changes, null, 1)).toBe(unranked === true ? 'unranked' : 'weaker')
    const back = changesOf(after, BASE)
    const opposite = back.find((one) => one.field === field && one.verdict === 'stronger')
    if (unranked === undefined) {
      expect(opposite, JSON.stringify(back, null, 1)).toBeDefined()
      expect(back.filter(isWeaker)).toEqual([])
    }
  })

  it('names a field whose values are read otherwise', () => {
    const of = (read: string) =>
      `policy: p\nversion: 1\npurpose: train_ai_system\nfields:\n  a: { use: hash.hmac, domain: d${read} }\n`
    const said = (was: string, is: string) => changesOf(was, is).filter(({ kind }) => kind !== 'version')
    expect(said(of(', read: trim'), of(', read: { split: ";" }'))).toMatchObject([
      { verdict: 'unranked', kind: 'read', field: 'a' },
    ])
    expect(said(of(''), of(', read: trim'))).toMatchObject([{ verdict: 'unranked', kind: 'read' }])
    expect(said(of(', read: trim'), of(', read: { trim: true }'))).toEqual([])
  })

  it('names what the tags of schemas come to', () => {
    const of = (tags: string, a = 'keep') =>
      `policy: p\nversion: 1\npurpose: train_ai_system\nfields:\n  a: ${a}\n${tags}`
    const said = (was: string, is: string) =>
      changesOf(was, is).map(({ verdict, kind, field }) => `${verdict} ${kind} ${field ?? ''}`.trim())
    const drop = of('tags: { PII: drop }\n')
    expect(said(drop, of(''))).toContain('weaker tags')
    expect(said(of(''), drop)).toContain('stronger tags')
    expect(said(drop, of('tags: { PII: drop, PII.a: ignore }\n'))).toContain('weaker tags')
    expect(said(drop, of('tags: { PII: { use: hash.hmac, domain: d } }\n'))).toContain(
      'weaker tells $tags.PII',
    )
    expect(said(drop, of('tags: { PII: drop }\ntaggedWithoutRule: refuse\n'))).toContain('different tags')
    const tagged = of('tags: { PII: drop }\n', '{ use: keep, tagged: [PII], accept: wanted in this test }')
    expect(said(drop, tagged)).toContain('weaker tagged a')
    expect(said(tagged, drop)).toContain('stronger tagged a')
  })

  it('names every way in which a crowd becomes weaker, and that going back is none', () => {
    const CROWD =
      'crowd: { k: 10, l: 3, t: 0.2, over: [a, b], sensitive: [c, d], maxSuppressed: 2%, onFail: suppress, window: 30d }'
    const of = (crowd: string) =>
      `policy: p\nversion: 1\npurpose: train_ai_system\nsubject: s\nfields: { s: drop, a: keep, b: keep, c: keep, d: keep }\n${crowd}\n`
    const said = (was: string, is: string) =>
      changesOf(of(was), of(is))
        .filter(({ kind }) => kind !== 'version')
        .map(({ verdict, kind }) => `${verdict} ${kind}`)
    for (const [from, to] of [
      ['k: 10', 'k: 9'],
      ['l: 3', 'l: 2'],
      ['l: 3, ', ''],
      ['t: 0.2', 't: 0.3'],
      ['t: 0.2, ', ''],
      ['[a, b]', '[a]'],
      ['[c, d]', '[d]'],
      ['maxSuppressed: 2%', 'maxSuppressed: 2.5%'],
      ['maxSuppressed: 2%, ', ''],
      ['window: 30d', 'window: 31d'],
      [CROWD, ''],
    ] as const) {
      const weaker = CROWD.replace(from, to)
      expect(said(CROWD, weaker), from).toEqual(['weaker crowd'])
      expect(said(weaker, CROWD), from).toEqual(['stronger crowd'])
    }
    const fails = CROWD.replace('maxSuppressed: 2%, onFail: suppress', 'onFail: fail')
    expect(said(fails, CROWD)).toEqual(['weaker crowd', 'weaker crowd'])
    expect(said(CROWD, CROWD.replace('[a, b]', '[b, a]'))).toEqual([])
    expect(said(CROWD.replace('30d', '1mo'), CROWD)).toEqual(['unranked crowd'])
    expect(said(CROWD.replace(', window: 30d', ''), CROWD)).toEqual(['weaker crowd'])
  })

  it('names what the type of a field comes to', () => {
    const of = (a: string) => `policy: p\nversion: 1\npurpose: train_ai_system\nfields:\n  a: ${a}\n`
    const said = (was: string, is: string) =>
      changesOf(of(was), of(is)).flatMap(({ verdict, kind, field }) =>
        field === undefined ? [] : [`${verdict} ${kind} ${field}`],
      )
    const [integer, date] = ['{ use: keep, type: integer }', '{ use: keep, type: date }']
    expect(said(integer, 'keep')).toEqual(['weaker type a'])
    expect(said('keep', integer)).toEqual(['stronger type a'])
    expect(said(integer, date)).toEqual(['unranked type a'])
    expect(said(date, date)).toEqual([])
  })

  it('names a list whose content changed under the same name', () => {
    const before = compiled(BASE)
    const after = compiled(BASE, { ...LISTS, 'shops.csv': LISTS['shops-2.csv']! })
    expect(comparePolicies(before, after).filter(isWeaker)).toMatchObject([
      { verdict: 'unranked', kind: 'file', field: 'customer.shop' },
    ])
  })

  it('does not rank a path that is listed no more where a pattern may take it', () => {
    const head =
      'policy: p\nversion: 1\npurpose: train_ai_system\nfields:\n  "amount_*": { use: generalize.number, width: 10 }\n'
    expect(changesOf(`${head}  amount_x: drop\n`, head)).toContainEqual(
      expect.objectContaining({ verdict: 'unranked', kind: 'field-removed', field: 'amount_x' }),
    )
  })
})
