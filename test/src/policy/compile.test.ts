import { describe, expect, it } from 'vitest'
import { compilePolicy } from '../../../src/policy/compile.ts'

const noFiles = (): Uint8Array => {
  throw new Error('no file')
}
const head = 'policy: p\nversion: 1\npurpose: train_ai_system\n'

describe('compilePolicy', () => {
  it('compiles a simple policy', () => {
    const { plan, problems } = compilePolicy({
      file: 'p.yaml',
      text: `${head}subject: customer.id\ntime: occurred_at\nfields:\n  customer.id: { use: hash.hmac, domain: customer }\n  occurred_at: { use: generalize.date, to: hour }\n  "items[].sku": keep\n  $key: { use: hash.hmac, domain: customer }\nretention:\n  steps:\n    - { after: 30d, fields: { occurred_at: { use: generalize.date, to: year } } }\n    - { after: 400d, then: suppress }\ncolumns: { cust: customer.id }\n`,
      readFile: noFiles,
    })
    expect(problems).toEqual([])
    expect(plan?.fields.map((f) => f.path.text)).toEqual(['customer.id', 'occurred_at', 'items[].sku'])
    expect(plan?.envelope.map((f) => f.path.text)).toEqual(['$key'])
    expect(plan?.needsKeys).toBe(true)
    expect(plan?.runnable).toBe(false)
  })
})
