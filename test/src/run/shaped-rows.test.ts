/** Rows are lines: whatever white space a producer writes between tokens. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { OutcomeBatch } from '../../../src/engine/outcome-batch.ts'
import { rowsOf } from '../../../src/run/shaped-rows.ts'

it('puts each published value on a line of its own, with its meaning', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.jsonValue(), fc.constantFrom('\n', '\r\n', '\r', ' ', ''), fc.boolean()), {
        maxLength: 8,
      }),
      (made) => {
        const texts = made.map(([value, space]) => JSON.stringify(value, null, space))
        const outcomes = new OutcomeBatch(made.length)
        outcomes.values = new Uint8Array(Buffer.from(texts.join('')))
        let at = 0
        for (const [index, text] of texts.entries()) {
          const length = Buffer.byteLength(text)
          if (made[index]![2]) outcomes.publish(index, at, at + length)
          else outcomes.suppress(index, 'x')
          at += length
        }
        const rows = rowsOf(outcomes).toString()
        const published = made.filter(([, , is]) => is).map(([value]) => value)
        const lines = rows === '' ? [] : rows.replace(/\n$/, '').split(/\r\n|\n|\r/)
        expect(lines.map((line) => JSON.parse(line))).toEqual(JSON.parse(JSON.stringify(published)))
      },
    ),
  )
})
