/** Statements for tables downstream: whatever a token or a name holds, it stays one value. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DIALECTS, parseTable, sqlOf } from '../../../src/erasure/sql.ts'

const order = (tokens: readonly string[], field = 'customer.id', split: string | null = null) => ({
  hash: '0'.repeat(64),
  searches: [
    {
      policy: { name: 'p', version: 1, fingerprint: '0'.repeat(64) },
      finders: [{ field, by: ['token' as const], split }],
      unsearched: [],
    },
  ],
  subjects: [{ match: 'k1.AAAAAAAAAAAAAAAAAAAAAA', tokens, digests: [] }],
})

/** The text literals of statements, read as the four dialects read them; what stands outside of them and of names. */
function read(sql: string): { readonly texts: readonly string[]; readonly rest: string } {
  const texts: string[] = []
  const rest = sql
    .split('\n')
    .filter((line) => !line.startsWith('--'))
    .join('\n')
    .replace(/'((?:[^'\\]|\\u[0-9a-f]{4}|\\.)*)'|`[^`]*`|"[^"]*"/gs, (_, text: string | undefined) => {
      if (text !== undefined)
        texts.push(
          text.replace(/\\u([0-9a-f]{4})|\\(.)/gs, (_all, code, sign) =>
            code === undefined ? sign : String.fromCharCode(Number.parseInt(code, 16)),
          ),
        )
      return '?'
    })
  return { texts, rest }
}

describe('statements', () => {
  it('hold every token as one text, and nothing of it elsewhere', () => {
    const nasty = fc.stringMatching(/^[a-z'"\\`;\n\u0000\u2028)(-]{1,12}$/)
    fc.assert(
      fc.property(
        fc.uniqueArray(nasty, { minLength: 1, maxLength: 4 }),
        fc.constantFrom(...DIALECTS),
        (tokens, dialect) => {
          const table = parseTable(`${dialect}:a.b.c`)!
          const { texts, rest } = read(sqlOf(order(tokens), [table], new Map()))
          expect(texts.slice(0, tokens.length)).toEqual(tokens)
          // As of a harmless one: what is outside does not depend on the tokens.
          const plain = read(sqlOf(order(tokens.map((_, at) => `t${at}`)), [table], new Map()))
          expect(rest).toBe(plain.rest)
        },
      ),
    )
  })

  it('delete, and take the rows out of older files and snapshots, for each dialect', () => {
    const lines = (text: string): readonly string[] =>
      sqlOf(order(['k1.a']), [parseTable(text)!], new Map())
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('--'))
    expect(lines('delta:main.sales.events')).toEqual([
      "DELETE FROM `main`.`sales`.`events` WHERE CAST(`customer`.`id` AS STRING) IN ('k1.a');",
      'REORG TABLE `main`.`sales`.`events` APPLY (PURGE);',
      'VACUUM `main`.`sales`.`events`;',
    ])
    expect(lines('iceberg:lake.sales.events').map((line) => line.replace(/\(.*/, ''))).toEqual([
      'DELETE FROM `lake`.`sales`.`events` WHERE CAST',
      'CALL `lake`.system.rewrite_data_files',
      'CALL `lake`.system.expire_snapshots',
      'CALL `lake`.system.remove_orphan_files',
    ])
    expect(lines('snowflake:SALES.my events')).toEqual([
      `DELETE FROM SALES."my events" WHERE CAST(customer:"id" AS VARCHAR) IN ('k1.a');`,
      'ALTER TABLE SALES."my events" SET DATA_RETENTION_TIME_IN_DAYS = 0;',
    ])
    expect(lines('bigquery:proj.sales.events')[0]).toBe(
      "DELETE FROM `proj.sales.events` WHERE CAST(`customer`.`id` AS STRING) IN ('k1.a');",
    )
  })

  it('say what they cannot write, and take no name that leaves its quotes', () => {
    for (const one of ['delta:a`b', 'oracle:a', 'delta:', 'delta:a..b', 'snowflake:a"b', 'delta:a\nb'])
      expect([one, parseTable(one)]).toEqual([one, undefined])
    const table = parseTable('delta:t')!
    for (const [field, split] of [
      ['to[].id', null],
      ['to', ';'],
      ['"a`b"', null],
    ] as const) {
      const sql = sqlOf(order(['k1.a'], field, split), [table], new Map())
      expect(sql).toContain('write its condition by hand')
      expect(sql).not.toContain('DELETE')
    }
    expect(sqlOf(order(['k1.a'], 'to[].id'), [table], new Map([['to[].id', 'recipient']]))).toContain(
      'CAST(`recipient` AS STRING)',
    )
    expect(() => sqlOf(order(['k1.a']), [table], new Map([['other', 'x']]))).toThrow(
      'by which no subject is found',
    )
  })
})
