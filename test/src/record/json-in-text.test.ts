/** `read: json` and `shape: either`: what becomes of texts and single values as people's files hold them. */
import { describe, expect, it } from 'vitest'
import { resolveColumns } from '../../../src/record/csv/csv-columns.ts'
import { runShape } from '../../../src/run/engines.ts'
import { cell, chunk, compiled, csvLayout, inCsv, inMessages, inNdjson } from './in-text.ts'

const accept = 'it is only a test'
const star = { use: 'mask.replace', with: 'M' }
const SHOP = {
  fields: {
    id: 'keep',
    'contacts[]': star,
    'owner.email': star,
    'owner.age': { use: 'generalize.number', width: 10 },
  },
  read: { contacts: ['json'], owner: ['json'] },
}
const json = (policy: object, ...lines: readonly string[]): string[] =>
  inNdjson(compiled(policy), lines).map(({ text }) => text)
const owner = (text: string): string => JSON.stringify({ owner: text })

describe('JSON in a cell', () => {
  const header = ['id', 'name', 'contacts', 'owner']
  const csv = (policy: object, ...rows: readonly string[]): string[] =>
    inCsv(compiled(policy), header, rows).map(({ text }) => text)

  it('is read by its paths, and what no field names is dropped', () => {
    expect(
      csv(
        SHOP,
        '1,Shop One,"[""anna.k@one.example""]","{""email"":""own@one.example"",""x"":1,""age"":42}"',
        '2,Shop Two,,',
        '3,Shop Three,[],{}',
        '4,Shop Four,null, {  } ',
      ),
    ).toEqual(['1,"[""M""]","{""email"":""M"",""age"":""[40,50)""}"', '2,,', '3,[],{}', '4,null,{}'])
  })

  it('is a dead letter where it is none', () => {
    const bad = [
      'x',
      '{',
      '{"email":1,}',
      '{"email":1}{',
      '{"email":1,"\\u0065mail":2}',
      '{"email":"\\ud800"}',
      ' ',
    ]
    for (const text of bad) expect(csv(SHOP, `1,,,${cell(text)}`), text).toEqual(['inner-json'])
    expect(csv(SHOP, `1,,{},`, `1,,,[]`, `1,,,1`)).toEqual(Array(3).fill('scalar-for-container'))
    expect(csv(SHOP, `1,,,"{""email"":{}}"`)).toEqual(['container-for-scalar'])
    expect(
      csv({ ...SHOP, unlisted: 'reject', fields: { ...SHOP.fields, name: 'drop' } }, `1,,,"{""x"":1}"`),
    ).toEqual(['unlisted-field'])
  })

  it('takes a column by its name in `columns:`, and lacks none without a word', () => {
    const policy = compiled({ ...SHOP, columns: { own: 'owner' } })
    const layout = csvLayout(['id', 'contacts', 'own'])
    expect(chunk(policy.plan, layout, '1,,"{""email"":""own@x""}"\n').text).toBe('1,,"{""email"":""M""}"')
    // A column that is called as a path below the text is none of the policy.
    expect(
      inCsv(compiled(SHOP), ['id', 'owner.email', 'owner', 'contacts'], ['1,a@x,{},']).map(
        ({ text }) => text,
      ),
    ).toEqual(['1,{},'])
    const late = compiled({ ...SHOP, optional: ['owner'] })
    expect(inCsv(late, ['id', 'contacts'], ['1,'])[0]!.text).toBe('1,')
  })

  it('goes into other columns, and takes from them', () => {
    const policy = {
      fields: {
        id: 'keep',
        mail: { use: 'keep', from: 'owner.email', accept },
        'owner.whose': { use: 'keep', from: 'id' },
        'owner.age': { use: 'keep', accept },
        aged: { use: 'keep', from: 'owner.age', accept },
      },
      read: { owner: 'json' },
    }
    const read = inCsv(
      compiled(policy),
      ['id', 'owner'],
      ['7,"{""email"":""a,\\""b"",""age"":1.50}"', '"q""",', ',"{""email"":"""",""age"":null}"'],
    )
    expect(read.map(({ text }) => text)).toEqual([
      '7,"{""age"":1.50,""whose"":""7""}","a,""b",1.50',
      '"q""","{""whose"":""q\\""""}",,',
      ',"{""age"":null,""whose"":""""}",,',
    ])
  })

  it('is looked at alike for any size of chunks', () => {
    const { plan } = compiled({ fields: { id: 'keep', 'owner.kind': 'keep' }, read: { owner: 'json' } })
    const rows = Array.from({ length: 400 }, (_, i) => `${i},"{""x"":[],""kind"":""n${i}""}"\n`)
    const layout = csvLayout(['id', 'owner'])
    const from = 10 << 20
    const whole = chunk(plan, layout, rows.join(''), from).counts.map(({ looked }) => looked)
    const sums = [0, 0]
    let offset = from
    for (const row of rows) {
      for (const [rule, { looked }] of chunk(plan, layout, row, offset).counts.entries())
        sums[rule]! += looked
      offset += row.length
    }
    expect(sums).toEqual(whole)
    expect(whole[1]).toBeGreaterThan(0)
    expect(whole[1]).toBeLessThan(100)
  })

  it('may hold an address that is not kept unseen', () => {
    const policy = { suspects: 'dead-letter', fields: { 'owner.kind': 'keep' }, read: { owner: 'json' } }
    expect(inCsv(compiled(policy), ['owner'], ['"{""kind"":""\\u0061b@x.example""}"'])[0]!.text).toBe(
      'suspect-value',
    )
  })
})

describe('JSON in a string', () => {
  it('is read by its paths, and written as a string again', () => {
    expect(
      json(
        SHOP,
        '{"owner":"{\\"email\\":\\"\\\\u00e9@x\\",\\"x\\":1}","contacts":"[\\"b@x\\",null]"}',
        '{"owner":null,"contacts":""}',
      ),
    ).toEqual([
      '{"owner":"{\\"email\\":\\"M\\"}","contacts":"[\\"M\\",null]"}',
      '{"owner":null,"contacts":""}',
    ])
  })

  it('is a dead letter where it is none, and where it is no string', () => {
    expect(
      json(
        SHOP,
        owner('x'),
        owner('{"email":1}x'),
        '{"owner":{"email":"a"}}',
        '{"owner":1}',
        '{"owner":"\\ud800"}',
        owner('""'),
      ),
    ).toEqual([
      'inner-json',
      'inner-json',
      'container-for-scalar',
      'scalar-for-container',
      'json-lone-surrogate',
      'scalar-for-container',
    ])
    // The record as a whole is judged first.
    expect(json(SHOP, '{"owner":"x"')).toEqual(['json-truncated'])
  })

  it('nests as deep as it would without the text', () => {
    const deep = (levels: number): string => owner(`{"x":${'['.repeat(levels)}${']'.repeat(levels)}}`)
    expect(json(SHOP, deep(62), deep(63))).toEqual(['{"owner":"{}"}', 'json-too-deep'])
  })

  it('may have white space, a prefix or a suffix around it, which go', () => {
    const strip = { prefix: 'json:', suffix: ';' }
    const policy = { ...SHOP, read: { owner: ['trim', { strip }, 'json'] } }
    const fields = { id: 'keep', 'owner.email': star }
    const texts = ['\u00a0json: {"email":"a@x"};\t', '{"email":"a@x"}', ' ', 'json:;']
    expect(json({ ...policy, fields }, ...texts.map(owner))).toEqual([
      owner('{"email":"M"}'),
      'inner-json',
      owner(''),
      owner(''),
    ])
    const lax = { owner: ['trim', { strip: { ...strip, missing: 'allow' } }, 'json'] }
    expect(json({ fields, read: lax }, owner(' {"email":"a@x"}'))).toEqual([owner('{"email":"M"}')])
  })

  it('may be a word for nothing', () => {
    const policy = {
      ...SHOP,
      input: { nulls: ['NULL'] },
      read: { owner: ['trim', 'json'] },
      fields: { 'owner.email': star },
    }
    expect(json(policy, owner('NULL'), owner(' NULL'), owner('{"email":"NULL"}'))).toEqual([
      owner('NULL'),
      owner('NULL'),
      owner('{"email":"NULL"}'),
    ])
    expect(inCsv(compiled(policy), ['owner'], ['NULL'])[0]!.text).toBe('NULL')
  })

  it('stands in elements of arrays and members of maps', () => {
    const policy = {
      fields: { 'list[].a': star, 'map.*.a': star, 'map.$names': { use: 'keep', accept } },
      read: { 'list[]': 'json', 'map.*': 'json' },
    }
    expect(json(policy, '{"list":["{\\"a\\":\\"xyz\\"}",null],"map":{"k":"{\\"a\\":\\"xyz\\"}"}}')).toEqual([
      '{"list":["{\\"a\\":\\"M\\"}",null],"map":{"k":"{\\"a\\":\\"M\\"}"}}',
    ])
  })

  it('keeps a container whole, line breaks and all', () => {
    const policy = { fields: { 'owner.all': { use: 'keep.subtree', accept } }, read: { owner: 'json' } }
    const text = '{"all":{"a":\n[1,\t"\\n"]}}'
    expect(json(policy, owner(text))).toEqual([owner('{"all":{"a":\n[1,\t"\\n"]}}')])
    expect(inCsv(compiled(policy), ['owner'], [cell(text)])[0]!.text).toBe(cell(text))
  })

  it('stands in values and keys of messages', () => {
    const policy = compiled({
      ...SHOP,
      fields: { ...SHOP.fields, '$key.payload.id': star },
      read: { ...SHOP.read, '$key.payload': ['json'] },
    })
    const value = owner('{"email":"a@x"}')
    const key = '{"payload":"{\\"id\\":\\"C-1\\",\\"x\\":1}"}'
    expect(inMessages(policy, [value], key)).toEqual([
      { text: owner('{"email":"M"}'), key: '{"payload":"{\\"id\\":\\"M\\"}"}' },
    ])
    expect(inMessages(policy, [value], '{"payload":"{"}')[0]!.text).toBe('inner-json')
  })

  it('leaves policies without it to the kernel', () => {
    const { read: _, ...plain } = SHOP
    expect(runShape(compiled(plain).plan).hasForms).toBe(false)
    expect(runShape(compiled(SHOP).plan).hasForms).toBe(true)
  })
})

describe('one value in place of an array', () => {
  const policy = {
    fields: {
      'emails[]': star,
      'items[].sku': 'keep',
      'items[].tags[]': 'keep',
      n: { use: 'keep', from: 'id' },
    },
    shape: { emails: 'either', items: 'either', 'items[].tags': 'either' },
  }

  it('passes as it is', () => {
    const one = '{"emails":"c@x","items":{"sku":1,"x":2,"tags":"t"}}'
    const many = '{"emails":["c@x","d@x"],"items":[{"sku":1,"tags":["t"]},{}]}'
    expect(json(policy, one, many, '{"emails":null,"items":null}', '{"emails":12,"items":[]}')).toEqual([
      '{"emails":"M","items":{"sku":1,"tags":"t"}}',
      '{"emails":["M","M"],"items":[{"sku":1,"tags":["t"]},{}]}',
      '{"emails":null,"items":null}',
      '{"emails":"M","items":[]}',
    ])
  })

  it('is a dead letter where elements would be one', () => {
    expect(json(policy, '{"emails":{"a":"c@x"}}', '{"items":"x"}', '{"emails":[["c@x"]]}')).toEqual([
      'container-for-scalar',
      'scalar-for-container',
      'container-for-scalar',
    ])
    const { shape: _, ...without } = policy
    expect(json(without, '{"emails":"c@x"}')).toEqual(['scalar-for-container'])
  })

  it('may stand in a text, and be read for conditions alone', () => {
    const read = { ...policy, read: { emails: 'json' } }
    expect(json(read, '{"emails":"\\"c@x\\""}', '{"emails":"[\\"c@x\\"]"}')).toEqual([
      '{"emails":"\\"M\\""}',
      '{"emails":"[\\"M\\"]"}',
    ])
    const when = {
      fields: {
        'list[].v': { use: 'keep', from: 'list[].a', when: { 'list[].kind': ['x'] } },
      },
      shape: { list: 'either' },
    }
    expect(json(when, '{"list":{"a":1,"kind":"x"}}', '{"list":{"a":1,"kind":"y"}}')).toEqual([
      '{"list":{"v":1}}',
      'no-rule-matches',
    ])
  })
})

it('a file lacks the column, and not what is below it', () => {
  const { plan } = compiled(SHOP)
  expect(resolveColumns(plan, runShape(plan), ['id', 'owner.email'], 'in.csv').missing).toEqual([
    'contacts',
    'owner',
  ])
})

it('compiles to another fingerprint, and only where it is written', () => {
  const fingerprint = (more: object): string =>
    compiled({ fields: { 'a.b[]': 'keep' }, ...more }).plan.fingerprint
  const all = [{}, { read: { a: 'json' } }, { read: { a: ['trim', 'json'] } }, { shape: { 'a.b': 'either' } }]
  expect(new Set(all.map(fingerprint)).size).toBe(4)
})
