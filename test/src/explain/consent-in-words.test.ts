import { expect, it } from 'vitest'
import { overview } from '../../../src/explain/in-plain-words.ts'
import { compilePolicy } from '../../../src/policy/compile.ts'

it('says of each consent what allows, and what silence means', () => {
  const text = `policy: p
version: 1
purpose: train_ai_system
fields: { a: keep }
consent:
  - { from: c.training, when: { is: [granted, true] } }
  - { from: "c.allowed[]", when: { lists: [C2, C4] } }
  - { from: c.refused, split: ",", when: { lacks: C4 }, default: allow, accept: it is only a test }
  - { from: tcf, when: { tcf: { purposes: [1, 10, 3], vendor: 755 } } }
  - { from: gpp, when: { gpp: { section: usnat, fields: { SaleOptOut: [0, 2], Gpc: false } } } }
`
  const readFile = () => new Uint8Array()
  const { policy } = compilePolicy({ file: 'p.yaml', text, readFile })
  const said = overview(policy!).filter(([name]) => name === 'consent')
  const suppressed = 'without it, or where it cannot be read, the record is suppressed'
  expect(said.map(([, what]) => what)).toEqual([
    `a record leaves only where c.training is granted or true, as consent to train_ai_system; ${suppressed}`,
    `a record leaves only where c.allowed[] lists C2 and C4, as consent to train_ai_system; ${suppressed}`,
    'a record leaves only where c.refused lists something, and not C4, as consent to train_ai_system; where it is absent the record leaves too (accepted: it is only a test)',
    `a record leaves only where the TCF string tcf holds consent to purpose 1, 10 and 3, and to vendor 755, as consent to train_ai_system; ${suppressed}`,
    `a record leaves only where in section usnat of the GPP string gpp SaleOptOut is 0 or 2 and Gpc is false, as consent to train_ai_system; ${suppressed}`,
  ])
})

it('says of each suppression list by what it goes', () => {
  const text = `policy: p
version: 1
purpose: train_ai_system
fields: { a: keep }
suppression:
  - { list: erasures, by: customer.id }
  - { list: drop, by: [first, last], entries: sha256-base64, normalize: [letters, lower] }
`
  const { policy } = compilePolicy({ file: 'p.yaml', text, readFile: () => new Uint8Array() })
  const said = overview(policy!).filter(([name]) => name === 'suppression')
  expect(said.map(([, what]) => what)).toEqual([
    'a record whose customer.id is on the list erasures (tokens under a match key, of the form trim) is suppressed',
    'a record whose first and last is on the list drop (SHA-256 digests in Base64, of the form letters, lower) is suppressed',
  ])
})
