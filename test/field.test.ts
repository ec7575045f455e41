/**
 * Small inputs of the field, by number: what is right for them, through the library. Those that are about `init`, `explain` and
 * `lint` stand in test/src/cli/study.test.ts and test/src/init; those about topics
 * in test/integration; the links of no. 39 in test/package.test.ts.
 */
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { compress } from '@cloudpss/zstd/napi'
import { describe, expect, it } from 'vitest'
import { compilePolicy, createDeidentifier, defineTransform, Keyring, transforms } from '../src/index.ts'
import { createKeyset } from '../src/keys/keyset.ts'
import { policyFileOf } from '../src/policy/policy-file.ts'
import { again, HEAD, published, resultsOf, run } from './field-run.ts'
import { COLUMNS_OF_DATES, CONTACTS, NUMBERS, TIMES, type Values } from './field-values.ts'
import { folder } from './src/cli/lethe.ts'

const gives = (values: Values): void => {
  for (const [rule, pairs] of Object.entries(values))
    expect([
      rule,
      resultsOf(
        rule,
        pairs.map(([value]) => value),
      ),
    ]).toEqual([rule, pairs.map(([, result]) => result)])
}

describe('times and numbers', () => {
  it('no. 7: twenty ways to write a time are read, and a shop’s export', () => gives(TIMES))

  it('no. 7: a date of Extended JSON is read one level lower', async () => {
    const policy = `fields:\n  'at."$date"': { use: generalize.date, to: hour }\n`
    const { dead, out } = await run('in.ndjson', '{"at":{"$date":"2026-03-10T10:00:00.123Z"}}\n', policy)
    expect([dead, out]).toEqual([[], '{"at":{"$date":"2026-03-10T10:00:00Z"}}\n'])
  })

  it('no. 8: days since 1970 are no seconds, and no years', () => gives(COLUMNS_OF_DATES))

  it('no. 9: numbers as people write them are read as the rule states, and not otherwise', () =>
    gives(NUMBERS))
})

describe('CSV as it comes', () => {
  const JIRA = 'Issue key,Summary,Reporter,Reporter Id,Created,Comment,Comment,Comment,Labels,Labels\n'
  it('no. 10: names that repeat are no matter where the policy does not name them', async () => {
    const came = await run(
      'in.csv',
      `${JIRA}K-1,s,r,7,2026-03-01,a,b,c,d,e\n`,
      'fields:\n  Created: keep\n  "Comment[2]": keep\n',
    )
    expect([came.refused, came.out]).toEqual([undefined, 'Created,Comment[2]\n2026-03-01,b\n'])
  })

  it('no. 11: blanks around names and an empty last column are none of the policy’s', async () => {
    const came = await run(
      'in.csv',
      'id, tag ,created_at,\n1,x,2026-03-01,\n',
      'fields:\n  id: keep\n  tag: keep\n',
    )
    expect([came.refused, came.out]).toEqual([undefined, 'id,tag\n1,x\n'])
  })

  it('no. 12: a spreadsheet’s file is read: sep=, windows-1252 or UTF-16, a decimal comma', async () => {
    const text = 'sep=;\r\nitem;total\r\nGröße;1.234,50\r\n'
    const fields =
      'fields:\n  item: keep\n  total: { use: generalize.number, width: 10, decimal: ",", grouping: "." }\n'
    const out = 'item;total\r\nGröße;[1230,1240)\r\n'
    const west = await run(
      'in.csv',
      Buffer.from(text, 'latin1'),
      `input: { encoding: windows-1252 }\n${fields}`,
    )
    expect([west.refused, west.dead, west.out]).toEqual([undefined, [], out])
    const wide = await run('in.csv', Buffer.from(`\ufeff${text}`, 'utf16le'), fields)
    expect([wide.refused, wide.dead, wide.out]).toEqual([undefined, [], out])
    const unsaid = await run('in.csv', Buffer.from(text, 'latin1'), fields)
    expect(unsaid.dead).toEqual([[3, 'bad-utf8']])
  })

  it('no. 13: stray quotes lose no row under quote: none, and backslashes none under escape: backslash', async () => {
    const tsv = 'n\tlabel\n1\t"Big" mug\n2\t6" plate\n3\t"unclosed\n4\tplain\n5\tlast\n'
    const none = await run('in.tsv', tsv, 'input: { quote: none }\nfields:\n  n: keep\n')
    expect([none.dead, none.out]).toEqual([[], 'n\n1\n2\n3\n4\n5\n'])
    const csv = 'n,label\n1,"Main St (at \\"B\\" gate)"\n2,x\n'
    const escaped = await run(
      'in.csv',
      csv,
      'input: { escape: backslash }\nfields:\n  n: keep\n  label: keep\n',
    )
    expect([escaped.dead, escaped.out]).toEqual([[], 'n,label\n1,"Main St (at ""B"" gate)"\n2,x\n'])
  })

  it('no. 17: a member of two shapes: the one that the policy means leaves, the other is a dead letter', async () => {
    const lines =
      '{"tags":["a","b"],"box":{"size":"1"}}\n{"tags":"c","box":{"size":"2"}}\n{"tags":["d"],"box":"large"}\n'
    const came = await run('in.ndjson', lines, 'fields:\n  "tags[]": keep\n  box.size: keep\n')
    expect(came.dead).toEqual([
      [2, 'scalar-for-container'],
      [3, 'scalar-for-container'],
    ])
    expect(came.out).toBe('{"tags":["a","b"],"box":{"size":"1"}}\n')
  })

  it('no. 18: a policy of ten lines for 5,002 columns', async () => {
    const columns = ['customer_id', 'email_home', ...Array.from({ length: 5_000 }, (_, i) => `feature_${i}`)]
    const row = columns.map((_, i) => (i === 1 ? 'lena@x.example' : String(i)))
    const policy =
      'fields:\n  customer_id: drop\n  email_*: { use: mask.replace, with: x }\n' +
      '  feature_*: { use: keep, accept: "numbers that our own pipeline computes" }\n  feature_7*: drop\n'
    const came = await run('in.csv', `${columns.join(',')}\n${row.join(',')}\n`, policy)
    expect([came.refused, came.dead]).toEqual([undefined, []])
    const kept = columns.flatMap((name, i) =>
      i > 0 && !name.startsWith('feature_7') ? [[name, i === 1 ? 'x' : row[i]]] : [],
    )
    expect(came.out).toBe(
      `${kept.map(([name]) => name).join(',')}\n${kept.map(([, cell]) => cell).join(',')}\n`,
    )
  })

  it('no. 18: custom.* takes columns custom.NAME', async () => {
    const policy = 'fields:\n  custom.$names: { use: generalize.category, allow: [size] }\n  custom.*: keep\n'
    expect((await run('in.csv', 'id,custom.size\n1,XL\n', policy)).out).toBe('custom.size\nXL\n')
  })

  it('no. 19: gzip and zstd are unpacked whatever the file is called, and a ZIP is told by name', async () => {
    const fields = 'fields:\n  n: keep\n'
    for (const bytes of [gzipSync('n,w\n1,x\n'), compress(Buffer.from('n,w\n1,x\n'))])
      expect((await run('in.csv', bytes, fields)).out).toBe('n\n1\n')
    const zip = await run('in.csv', 'PK\x03\x04', fields)
    expect(zip.refused).toMatch(/^file-malformed: .*this is a ZIP.* -> .*unpack/)
  })

  it('no. 20: records one behind the other, over several lines, or in an array', async () => {
    const fields = 'fields:\n  n: keep\n'
    const records = [
      { n: 1, w: 'x' },
      { n: 2, w: [{}] },
    ]
    const plain = records.map((record) => JSON.stringify(record))
    const pretty = records.map((record) => JSON.stringify(record, null, 2))
    for (const text of [
      plain.join(''),
      pretty.join('\n'),
      `[${plain.join()}]`,
      JSON.stringify(records, null, 1),
    ]) {
      const { dead, out } = await run('in.json', text, fields)
      expect([dead, out]).toEqual([[], '{"n":1}\n{"n":2}\n'])
    }
  })
})

describe('contact values', () => {
  it('nos. 22 and 24: addresses of machines, people and pages are read as the rule states', () =>
    gives(CONTACTS))

  it('no. 23: a phone number has one token, however it is written', () => {
    const rule = '{ use: hash.hmac, domain: phone, normalize: phone, countryCode: 48'
    const same = ['+48 600 100 200', '0048600100200', '600-100-200', '(0) 600 100 200', 'tel:+48600100200']
    const tokens = resultsOf(`${rule} }`, same)
    expect(new Set(tokens).size).toBe(1)
    expect(tokens[0]).toMatch(/^k1\./)
    expect(resultsOf(`${rule} }`, ['48600100200', '+48600100200 ext. 12'])).toEqual([
      'unparsable',
      'unparsable',
    ])
    expect(resultsOf(`${rule}, bareCountryCode: join }`, ['48600100200'])).toEqual([tokens[0]])
  })

  it('no. 24: an address has one token with mailto: and without, and a list has none', () => {
    const rule = '{ use: hash.hmac, domain: email, normalize: email }'
    const [bare, ...others] = resultsOf(rule, [
      'x@y.example',
      'mailto:x@y.example',
      'Name <x@y.example>',
      'a@x.example;b@x.example',
    ])
    expect(others).toEqual([bare, 'unparsable', 'unparsable'])
  })

  it('no. 25: the made-up name, address and e-mail of a persona are of one person', () => {
    const fields = [
      'first: { use: fake.person, part: first',
      'name: { use: fake.person',
      'mail: { use: fake.email',
    ]
    const policy = `${HEAD}subject: id\nfields:\n  id: drop\n${fields.map((field) => `  ${field}, persona: c }\n`).join('')}`
    const { plan, problems } = compilePolicy(policyFileOf('p.yaml', policy), { keys: published })
    expect(problems).toEqual([])
    const deidentifier = createDeidentifier(plan!, { format: 'json' })
    for (let id = 0; id < 20; id++) {
      const outcome = deidentifier.deidentify(
        Buffer.from(`{"id":${id},"first":"A","name":"A B","mail":"a@b.example"}`),
      )
      const { first, name, mail } = JSON.parse(
        Buffer.from((outcome as { value: Uint8Array }).value).toString(),
      ) as Record<string, string>
      expect(name!.split(' ')).toContain(first)
      expect(mail!.toLowerCase()).toContain(
        name!
          .split(' ')
          .at(-1)!
          .toLowerCase()
          .replace(/[^a-z]/g, '')
          .slice(0, 4),
      )
    }
  })
})

describe('around it', () => {
  it('no. 33: a rule whose values stood in records that failed has met them', async () => {
    const lines = '{"a":"bad","b":"2026-01-01"}\n{"a":"2026-01-01"}\n'
    const date = '{ use: generalize.date, to: year }'
    const { summary } = await run('in.ndjson', lines, `fields:\n  a: ${date}\n  b: ${date}\n`)
    expect(summary!.rules[1]).toMatchObject({ met: 1 })
    expect(summary!.warnings.join()).not.toContain('never met')
  })

  it('no. 34: two keysets with one key id have other check values, and a run may name the one that it means', async () => {
    const policy = 'fields:\n  id: { use: hash.hmac, domain: c }\n'
    const keysets = [createKeyset(new Date()), createKeyset(new Date())].map((keyset) =>
      Keyring.fromKeyset(keyset),
    )
    const [one, other] = await Promise.all(keysets.map((keys) => run('in.csv', 'id\n1\n', policy, { keys })))
    const checks = [one!, other!].map(
      ({ summary }) => summary!.keyChecks as unknown as Record<string, string>,
    )
    expect(Object.keys(checks[0]!)).toEqual(Object.keys(checks[1]!))
    expect(checks[0]).not.toEqual(checks[1])
    const expectKeys = Object.entries(checks[0]!).map(([id, check]) => ({ id, check }))
    const refused = await run('in.csv', 'id\n1\n', policy, { keys: keysets[1]!, expectKeys })
    expect(refused.refused).toMatch(/^key-unexpected/)
    expect(refused.out).toBeUndefined()
  })

  it('no. 35: the summary holds the digest of the output, and the options of rules with their defaults', async () => {
    const cwd = folder({ 'p.yaml': `${HEAD}fields:\n  ip: generalize.ip\n`, 'in.csv': 'ip\n203.0.113.9\n' })
    const { summary, out } = await again(cwd, 'in.csv', { summary: join(cwd, 'run.json') })
    expect(summary!.outputs).toMatchObject([{ sha256: createHash('sha256').update(out!).digest('hex') }])
    expect(summary!.rules).toMatchObject([{ use: 'generalize.ip', options: { v4: 24, v6: 48 } }])
  })

  it('no. 36: another policy under the same version is told', async () => {
    const cwd = folder({ 'p.yaml': `${HEAD}fields:\n  n: keep\n`, 'in.csv': 'n,w\n1,x\n' })
    const summary = join(cwd, 'run.json')
    expect((await again(cwd, 'in.csv', { summary })).summary!.warnings).toEqual([])
    writeFileSync(join(cwd, 'p.yaml'), `${HEAD}fields:\n  n: keep\n  w: keep\n`)
    expect((await again(cwd, 'in.csv', { summary })).summary!.warnings.join()).toMatch(/version/)
  })

  it('no. 38: transforms of one’s own stand beside the built-in ones', () => {
    const mine = defineTransform({
      ...transforms.find(({ name }) => name === 'mask.null')!,
      name: 'acme.null',
    } as never)
    const policy = policyFileOf('p.yaml', `${HEAD}fields:\n  a: acme.null\n  b: mask.null\n`)
    expect(compilePolicy(policy, { transforms: [mine] }).problems).toEqual([])
  })
})
