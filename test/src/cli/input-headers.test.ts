/** Headers as exports write them: repeated and empty names, and white space around them. */
import { describe, expect, it } from 'vitest'
import { batchOf, refusal } from '../run/batch-of.ts'
import { folder, warm } from './lethe.ts'

const JIRA = 'Issue key,Summary,Reporter,Reporter Id,Created,Comment,Comment,Comment,Labels,Labels\n'
const ROW = 'K-1,text,who,7,2026-03-01,first,second,third,red,blue\n'

describe('a header', () => {
  it('may repeat names that the policy does not name: they are dropped and counted', async () => {
    const { out, account } = await batchOf('fields:\n  Created: keep\n', JIRA + ROW)
    expect([out, account.unlisted]).toEqual(['Created\n2026-03-01\n', 9])
  })

  it('is told where it repeats a name that the policy names', async () => {
    const policy = 'fields:\n  Created: keep\n  Comment: { use: mask.replace, with: x }\n'
    const why = await refusal(policy, JIRA + ROW)
    expect(why).toMatch(/^header-invalid.*names `Comment`, and columns 6, 7, 8 have that name -> .*NAME\[2\]/)
  })

  it.each([
    [
      'as a path',
      'fields:\n  "Comment[2]": keep\n  "Labels[1]": keep\n',
      'Comment[2],Labels[1]\nsecond,red\n',
    ],
    ['by `columns:`', 'fields:\n  note: keep\ncolumns: { "Comment[3]": note }\n', 'Comment[3]\nthird\n'],
    ['with `from:`', 'fields:\n  note: { use: keep, from: "Comment[3]" }\n', 'note\nthird\n'],
    ['as a quoted path', `fields:\n  '"Issue key"[1]': keep\n`, 'Issue key[1]\nK-1\n'],
    [
      'in a condition',
      'fields:\n  Created: [{ use: keep, when: { "Labels[2]": blue } }]\n',
      'Created\n2026-03-01\n',
    ],
  ])('has its columns of one name told apart by number: %s', async (_, policy, out) => {
    expect((await batchOf(policy, JIRA + ROW)).out).toBe(out)
  })

  it('is compared without white space around names, unless that could be two columns', async () => {
    const policy = 'fields:\n  id: keep\n  tag: keep\n'
    expect((await batchOf(policy, 'id, tag ,created_at,\n1,x,y,\n')).out).toBe('id,tag\n1,x\n')
    expect((await batchOf(policy, 'id, tag ,tag\n1,x,y\n')).out).toBe('id,tag\n1,y\n')
    expect(await refusal(policy, 'id, tag,tag \n1,x,y\n')).toContain('columns 2, 3 have that name')
  })

  it('may have empty names under `unlisted: reject` too, which no policy can name', async () => {
    const policy = 'unlisted: reject\nfields:\n  id: keep\n'
    expect((await batchOf(policy, 'id,,\n1,,\n')).out).toBe('id\n1\n')
    expect(await refusal(policy, 'id,id2\n1,\n')).toContain('does not name column 2')
  })

  it('that has a name with a number of its own means that', async () => {
    const policy = 'fields:\n  "Comment[2]": keep\n'
    expect((await batchOf(policy, 'Comment[2],x\n1,2\n')).out).toBe('Comment[2]\n1\n')
    expect((await batchOf(policy, 'Comment,Comment,Comment[2]\n1,2,3\n')).out).toBe('Comment[2]\n3\n')
    const both = 'fields:\n  tag: keep\n  "tag[1]": keep\n'
    expect((await batchOf(both, 'tag,tag[1]\n1,2\n')).out).toBe('tag,tag[1]\n1,2\n')
  })

  it('has no numbers in JSON', async () => {
    const policy = 'fields:\n  "Comment[2]": keep\n'
    const why = await refusal(policy, '{"Comment[2]":1}\n', { name: 'in.ndjson' })
    expect(why).toMatch(/`Comment\[2\]`.*JSON has no columns/)
  })

  it('gives a draft that lint takes and batch runs, however its names are', async () => {
    const header = 'Issue key, status ,Comment,Comment,\n'
    const rows = Array.from({ length: 60 }, (_, i) => `K-${i},${i % 2 ? 'open' : 'done'},5,7,\n`).join('')
    const cwd = folder({ 'in.csv': header + rows })
    const { code, stdout, stderr } = await warm(['init', '--from', 'in.csv'], { cwd })
    expect([code, stderr]).toEqual([0, expect.stringContaining('4 fields')])
    expect(stdout).toContain('Columns without a name are left out (1 of them)')
    expect(stdout).toMatch(/"Comment\[2\]": \w+/)
    const decided = stdout
      .replace(/: (?:undecided|\{ use.*)$/gm, ': keep')
      .replace(/^(?:policy|version|purpose):.*\n/gm, '')
    const { account } = await batchOf(decided.replace('issue_key: keep', 'issue_key: drop'), header + rows)
    expect(account.rules.map(({ applied }) => applied)).toEqual([60, 60, 60, 60])
  })
})
