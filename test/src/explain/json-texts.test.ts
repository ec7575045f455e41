/** JSON in a text where one such text may stand in place of an array: cases and explanations see what it holds. */
import { describe, expect, it } from 'vitest'
import { compareRecord } from '../../../src/explain/compare-record.ts'
import { printJson, valuesAt } from '../../../src/explain/json-tree.ts'
import { runRecord } from '../../../src/explain/run-record.ts'
import { parsePath } from '../../../src/policy/path.ts'
import { compiled } from '../record/in-text.ts'

const { plan } = compiled({
  fields: { 'l[].k': 'keep' },
  read: { 'l[]': 'json' },
  shape: { l: 'either' },
})
const path = parsePath('l[].k')
const inner = JSON.stringify({ k: 'K' })

describe.each([
  ['one text', inner, { k: 'K' }],
  ['a list of texts', [inner], [{ k: 'K' }]],
])('%s', (_, l, held) => {
  const run = runRecord(plan, { kind: 'json', text: JSON.stringify({ l }) }, 0)

  it('has the values that it holds, before and after', () => {
    for (const tree of [run.before!, run.after!])
      expect(valuesAt(tree, path, run.forms.either).map(printJson)).toEqual(['"K"'])
  })

  it('fails a case that says that nothing stands there', () => {
    const part = { kind: 'publish', how: 'part', json: '{}', absent: [path] } as const
    expect(compareRecord(part, 'json', run)).toEqual(['+ l[].k: "K"'])
  })

  it('is as a case states it, as text or as what it holds', () => {
    for (const wanted of [l, held])
      expect(
        compareRecord({ kind: 'publish', how: 'whole', json: JSON.stringify({ l: wanted }) }, 'json', run),
      ).toEqual([])
  })
})
