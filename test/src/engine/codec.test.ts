/** A codec of a format that is not text: the engine drives it over a chunk, and over records whose bounds are given. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { reconciles } from '../../../src/engine/account.ts'
import { Engine } from '../../../src/engine/engine.ts'
import { compilePolicy } from '../../../src/policy/compile.ts'
import type { Plan } from '../../../src/policy/plan.ts'
import { type Block, ResultKind, SlotKind } from '../../../src/record/block.ts'
import type { ByteSink } from '../../../src/record/byte-sink.ts'
import type { Codec, ScanCounts } from '../../../src/record/codec.ts'
import type { Format } from '../../../src/record/format.ts'
import { shapeOf } from '../../../src/record/shape.ts'

const NAMES = ['a', 'b', 'c']
const ABSENT = 0xff
/** No record with this byte in a result can be written. */
const FORBIDDEN = 0x21

const format: Format = {
  text: (block, slot) => block.decode(block.slotStart[slot]!, block.slotEnd[slot]!),
  writeString: (text) => text,
  writeNumber: (text) => text,
  read: (written) => written,
  copy: (block, slot) => block.setSource(slot, block.slotStart[slot]!, block.slotEnd[slot]!),
  null: '',
  refusesLineBreaks: false,
  takesBytes: true,
  special: new Uint8Array(256),
  quoteBytes: 0,
}

/** A record is its length in one byte, and three texts, each with its length in one byte; 255 for none. */
class Toy implements Codec {
  readonly format = format
  next = 0
  line = 0
  readonly #plan: Plan
  #block!: Block
  #bytes = new Uint8Array(0) as Uint8Array
  #slots: number[][] = []

  constructor(plan: Plan) {
    this.#plan = plan
  }

  open(block: Block, bytes: Uint8Array): void {
    this.#block = block
    this.#bytes = bytes
    this.next = 0
    this.line = 0
  }

  scan(): void {
    const end = this.next + 1 + this.#bytes[this.next]!
    this.scanSpan(this.next, end, this.line++)
    this.next = end
  }

  scanSpan(start: number, end: number, line: number): void {
    const block = this.#block
    const record = block.addRecord(line)
    const slots: number[] = []
    this.#slots[record] = slots
    let at = start + 1
    for (const name of NAMES) {
      const length = at < end ? this.#bytes[at++]! : ABSENT
      if (length === ABSENT) continue
      if (at + length > end) {
        block.fail(record, 'json-truncated', -1)
        return
      }
      const field = this.#plan.fields.find(({ path }) => path.text === name)
      if (field !== undefined) {
        const kind = length === 0 ? SlotKind.nothing : SlotKind.text
        const slot = block.addSlot(at, at + length, kind, block.recordScope[record]!)
        block.addToField(field.index, slot)
        slots[NAMES.indexOf(name)] = slot
      }
      at += length
    }
  }

  takeCounts(): ScanCounts {
    return { blank: 0, unlisted: 0, names: undefined }
  }

  write(passing: Int32Array, count: number, sink: ByteSink, ends?: Int32Array): void {
    const block = this.#block
    for (let i = 0; i < count; i++) {
      const parts = NAMES.map((_, index) => {
        const slot = this.#slots[passing[i]!]![index]
        if (slot === undefined || block.resultKind[slot] === ResultKind.dropped) return Buffer.from([ABSENT])
        const from = block.resultKind[slot] === ResultKind.source ? block.bytes : block.arena.bytes
        const text = from.subarray(block.resultStart[slot]!, block.resultEnd[slot]!)
        return Buffer.concat([Buffer.from([text.length]), text])
      })
      const body = Buffer.concat(parts)
      if (body.includes(FORBIDDEN)) {
        block.fail(passing[i]!, 'map-name-collision', -1)
        passing[i] = -1
        continue
      }
      sink.byte(body.length)
      sink.append(body)
      if (ends !== undefined) ends[i] = sink.length
    }
  }

  nextBlock(): void {
    this.#slots = []
  }
}

const text = `policy: p\nversion: 1\npurpose: train_ai_system\nfields:\n  a: keep\n  c: { use: generalize.prefix, keep: 2 }\n`
const { plan } = compilePolicy({
  file: 'p.yaml',
  text,
  readFile: () => {
    throw new Error('no file')
  },
})

const engineOf = () => {
  const shape = shapeOf(plan!)
  return new Engine({ plan: plan!, shape, codec: new Toy(plan!), gates: [] }, { now: 0 })
}

type Toys = readonly (readonly (string | undefined)[])[]

const encode = (record: readonly (string | undefined)[]): Buffer => {
  const body = Buffer.concat(
    record.map((one) =>
      one === undefined
        ? Buffer.from([ABSENT])
        : Buffer.concat([Buffer.from([Buffer.byteLength(one)]), Buffer.from(one)]),
    ),
  )
  return Buffer.concat([Buffer.from([body.length]), body])
}

/** What the policy makes of a record; undefined where the codec cannot write it. */
function expected([a, , c]: readonly (string | undefined)[]): Buffer | undefined {
  const short = c === undefined || c === '' ? c : c.slice(0, 2)
  const written = encode([a, undefined, short])
  return written.subarray(1).includes(FORBIDDEN) ? undefined : written
}

const cell = fc.option(fc.stringMatching(/^[a-z!]{3,8}$|^$/), { nil: undefined })
const toys: fc.Arbitrary<Toys> = fc.array(fc.tuple(cell, cell, cell), { maxLength: 1200 })

describe('a binary codec', () => {
  it('is driven over chunks, where it finds the records itself', () => {
    fc.assert(
      fc.property(toys, (records) => {
        const bytes = Buffer.concat([...records.map(encode), Buffer.alloc(16, 0x0a)])
        const engine = engineOf()
        const { output, deadLetters } = engine.rewrite(bytes, bytes.length - 16)
        const wanted = records.map(expected)
        expect(Buffer.from(output)).toEqual(Buffer.concat(wanted.filter((one) => one !== undefined)))
        expect(deadLetters.map(({ record, code }) => ({ record, code }))).toEqual(
          wanted.flatMap((one, record) =>
            one === undefined ? [{ record, code: 'map-name-collision' }] : [],
          ),
        )
        expect(reconciles(engine.account)).toBe(true)
        expect(engine.account.records).toBe(records.length)
      }),
      { numRuns: 30 },
    )
  })

  it('is driven over records whose bounds are given', () => {
    fc.assert(
      fc.property(toys, (records) => {
        const encoded = records.map(encode)
        const engine = engineOf()
        // Something else stands between the records.
        engine.open(Buffer.concat(encoded.flatMap((one) => [Buffer.from([7, 7]), one])), 0, 0)
        let at = 0
        for (const [line, { length }] of encoded.entries()) {
          engine.span(at + 2, at + 2 + length, line)
          at += 2 + length
        }
        const { output, deadLetters } = engine.close()
        const wanted = records.map(expected)
        expect(Buffer.from(output)).toEqual(Buffer.concat(wanted.filter((one) => one !== undefined)))
        expect(deadLetters).toHaveLength(wanted.filter((one) => one === undefined).length)
        expect(reconciles(engine.account)).toBe(true)
      }),
      { numRuns: 30 },
    )
  })

  it('fails a record that is cut off', () => {
    const whole = encode(['abc', undefined, 'defg'])
    const engine = engineOf()
    engine.open(Buffer.concat([whole, Buffer.alloc(16)]), 0, 0)
    engine.span(0, whole.length - 2, 0)
    expect(engine.close().deadLetters).toMatchObject([{ record: 0, code: 'json-truncated' }])
  })
})
