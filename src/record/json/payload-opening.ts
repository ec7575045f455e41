/**
 * Takes the record out of an object of `schema` and `payload`, as the JSON converter of Kafka Connect writes it. What stands
 * under `schema` is read over: it describes columns, and holds their defaults.
 */
import { isUtf8 } from 'node:buffer'
import { Block, SlotKind } from '../block.ts'
import { padded } from '../codec.ts'
import { shapeOfMember } from '../shape.ts'
import type { Open } from '../wire-form.ts'
import { JsonWalker } from './json-walker.ts'

/** Each gives the bytes of the payload, whatever it is, or why there is none. */
export function payloadOpening(): Open {
  const walker = new JsonWalker(shapeOfMember('payload', ['schema']), true)
  const block = new Block(1, 0, new Set())
  return (value) => {
    if (value.length === 0) return 'value-empty'
    if (!isUtf8(value)) return 'bad-utf8'
    const bytes = padded(value)
    block.open(bytes, false)
    walker.open(bytes, block)
    block.addRecord(0)
    const code = walker.walk(0, value.length, block.recordScope[0]!)
    if (code !== undefined) return code === 'unlisted-field' ? 'not-connect-json' : code
    const slot = block.fieldSlots[0]![0]
    if (block.fieldCount[0] !== 1 || slot === undefined) return 'not-connect-json'
    // A text is no record, but may be a key: with its quotes.
    const around = block.slotKind[slot]! <= SlotKind.escaped ? 1 : 0
    return value.subarray(block.slotStart[slot]! - around, block.slotEnd[slot]! + around)
  }
}
