/** Changes of rules and words in the text of a policy: what is not changed stays as it is written. */
import { expect, it } from 'vitest'
import { applyEdits, editPolicy, type RuleChange, type WordChange } from '../../../src/policy/edit-policy.ts'

const TEXT = `# of the team
policy: people   # its name
fields:
  id:       drop
  "a.b":    { use: generalize.prefix, keep: 4, accept: "it is so, really", role: quasi-identifier }  # area
  born:
    use: generalize.date   # of birth
    to: day
    zone: UTC

    role: quasi-identifier
  ip: generalize.ip
  last: { role: quasi-identifier, use: keep }
crowd:
  k: 3   # at least
`
const change = (
  path: string,
  use: string,
  options: RuleChange['options'],
  ...without: string[]
): RuleChange => ({
  path,
  use,
  options,
  without,
})
const edited = (rules: RuleChange[], words: WordChange[] = [], text = TEXT): string =>
  applyEdits(text, editPolicy(text, rules, words)!)

it('changes, adds and removes words of rules, and leaves comments, order and spaces', () => {
  const after = edited(
    [
      change('a.b', 'generalize.prefix', { keep: 2 }, 'accept'),
      change('born', 'generalize.date', { to: 'year', zone: undefined, notBefore: '1900-01-01' }),
      change('ip', 'generalize.ip', { v4: 16, v6: 32 }),
      change('last', 'generalize.hierarchy', { file: 'a, b.csv', level: 1 }),
    ],
    [{ word: 'crowd', values: { k: 5, maxSuppressed: '4%', over: ['a.b', 'items[].x'] } }],
  )
  expect(after).toBe(`# of the team
policy: people   # its name
fields:
  id:       drop
  "a.b":    { use: generalize.prefix, keep: 2, role: quasi-identifier }  # area
  born:
    use: generalize.date   # of birth
    notBefore: 1900-01-01
    to: year
    role: quasi-identifier
  ip: { use: generalize.ip, v4: 16, v6: 32 }
  last: { role: quasi-identifier, use: generalize.hierarchy, file: "a, b.csv", level: 1 }
crowd:
  k: 5   # at least
  maxSuppressed: 4%
  over: [a.b, "items[].x"]
`)
})

it('takes options away where nothing is to leave, and adds words to the end', () => {
  const text = TEXT.slice(0, TEXT.indexOf('crowd:')).trimEnd()
  const after = edited(
    [
      change('a.b', 'drop', { keep: undefined }, 'accept', 'else'),
      change('born', 'drop', { to: undefined, zone: undefined }),
    ],
    [{ word: 'crowd', values: { k: 5 } }],
    text,
  )
  expect(after).toContain('"a.b":    { use: drop, role: quasi-identifier }  # area')
  expect(after).toContain('  born:\n    use: drop   # of birth\n    role: quasi-identifier\n')
  expect(after.endsWith('\ncrowd: { k: 5 }')).toBe(true)
})

it('keeps line breaks of Windows, and says where it cannot', () => {
  const windows = TEXT.replaceAll('\n', '\r\n')
  const after = edited([change('born', 'generalize.date', { to: 'year', pivot: 30 })], [], windows)
  expect(after.replaceAll('\r\n', '')).not.toContain('\n')
  expect(editPolicy(TEXT, [change('nowhere', 'drop', {})])).toBeUndefined()
  expect(editPolicy('policy: x\nfields: []\n', [])).toBeUndefined()
})
