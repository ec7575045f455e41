/** The splitters: however the bytes are cut, the same records come out, and no more is held than must be. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  CsvSplitter,
  LineSplitter,
  type Piece,
  type Rejected,
  type SplitOptions,
} from '../../../src/files/splitter.ts'
import { padded } from '../../../src/record/codec.ts'
import { CsvWalker } from '../../../src/record/csv/csv-walker.ts'

type Make = (options: SplitOptions) => LineSplitter

const lines: Make = (options) => new LineSplitter(options)
const csv: Make = (options) => new CsvSplitter(options, ',')

function split(splitter: LineSplitter, data: Uint8Array, sizes: readonly number[]): Piece[] {
  const pieces: Piece[] = []
  let at = 0
  for (let i = 0; at < data.length; i++) {
    const size = sizes.length === 0 ? data.length : sizes[i % sizes.length]!
    // A copy, as a stream gives it: what was pushed must not be needed any more.
    pieces.push(...splitter.push(Uint8Array.from(data.subarray(at, at + size))))
    at += size
  }
  return [...pieces, ...splitter.end()]
}

type Item = { readonly record: string } | Omit<Rejected, 'kind'>

/** The records of all pieces, one by one; what is too long is one and the same thing to splitter and rewriter. */
function itemsOf(pieces: readonly Piece[], isCsv: boolean, most: number): Item[] {
  const items: Item[] = []
  for (const piece of pieces) {
    if (piece.kind === 'rejected') {
      items.push({ code: piece.code, records: piece.records, lines: piece.lines })
      continue
    }
    const bytes = padded(piece.bytes.subarray(0, piece.length))
    const walker = new CsvWalker({ delimiter: ',' })
    let p = 0
    while (p < piece.length) {
      const start = p
      let end: number
      if (isCsv) {
        p = Math.min(walker.row(bytes, p, piece.length), piece.length)
        expect(walker.code).not.toBe('csv-quote-unclosed')
        end = walker.end
      } else {
        end = bytes.indexOf(0x0a, p)
        p = Math.min(end + 1, piece.length)
      }
      const record = Buffer.from(bytes.subarray(start, end)).toString('latin1')
      const count = record.split('\n').length
      items.push(end - start > most ? { code: 'record-too-large', records: 1, lines: count } : { record })
    }
  }
  return items
}

const lively = fc
  .array(
    fc.constantFrom(
      '"',
      '"',
      '""',
      ',',
      ',',
      '\n',
      '\n',
      '\r\n',
      '\r',
      'a',
      'bcd',
      '\xff',
      '\n"',
      ',"',
      '",',
    ),
    {
      maxLength: 80,
    },
  )
  .map((parts) => Buffer.from(parts.join(''), 'latin1'))
const bytes = fc.oneof({ weight: 4, arbitrary: lively }, fc.uint8Array({ maxLength: 100 }))
const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 })

describe.each([
  ['LineSplitter', lines, false],
  ['CsvSplitter', csv, true],
] as const)('%s', (_, make, isCsv) => {
  it('gives the same records however the bytes are cut', () => {
    fc.assert(
      fc.property(
        bytes,
        sizes,
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 40 }),
        (data, cut, chunk, most) => {
          const whole = split(make({ chunkBytes: 1 << 20, maxRecordBytes: most }), data, [])
          const parts = split(make({ chunkBytes: chunk, maxRecordBytes: most }), data, cut)
          expect(itemsOf(parts, isCsv, most)).toEqual(itemsOf(whole, isCsv, most))
        },
      ),
      { numRuns: 1250 },
    )
  })

  it('loses no byte and no line', () => {
    fc.assert(
      fc.property(bytes, sizes, fc.integer({ min: 1, max: 60 }), (data, cut, chunk) => {
        const pieces = split(make({ chunkBytes: chunk, maxRecordBytes: 1 << 20 }), data, cut)
        const text = Buffer.concat(
          pieces.map((p) => (p.kind === 'records' ? p.bytes.subarray(0, p.length) : new Uint8Array(0))),
        ).toString('latin1')
        const all = Buffer.from(data).toString('latin1')
        const rejected = pieces.filter((p) => p.kind === 'rejected')
        if (rejected.length === 0) expect(text).toBe(all)
        else {
          // What never closes is at the end, and every line of it is counted.
          expect(rejected).toHaveLength(1)
          expect(all.startsWith(text)).toBe(true)
          const rest = all.slice(text.length)
          const count = rest.split('\n').length - (rest.endsWith('\n') ? 1 : 0)
          expect(rejected[0]).toMatchObject({ code: 'csv-quote-unclosed', records: count, lines: count })
        }
      }),
      { numRuns: 500 },
    )
  })

  it('says where each piece stands in the stream, whatever was skipped before', () => {
    fc.assert(
      fc.property(
        bytes,
        sizes,
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 40 }),
        (data, cut, chunk, most) => {
          for (const piece of split(make({ chunkBytes: chunk, maxRecordBytes: most }), data, cut)) {
            if (piece.kind === 'rejected') continue
            const { offset, length } = piece
            expect([...piece.bytes.subarray(0, length)]).toEqual([...data.subarray(offset, offset + length)])
            if (offset > 0) expect(data[offset - 1]).toBe(0x0a)
          }
        },
      ),
      { numRuns: 500 },
    )
  })

  it('ends every piece but the last with a whole record, and pads it', () => {
    fc.assert(
      fc.property(bytes, sizes, fc.integer({ min: 1, max: 60 }), (data, cut, chunk) => {
        const pieces = split(make({ chunkBytes: chunk, maxRecordBytes: 1 << 20 }), data, cut)
        pieces.forEach((piece, i) => {
          if (piece.kind === 'rejected') return
          if (i < pieces.length - 1) expect(piece.bytes[piece.length - 1]).toBe(0x0a)
          expect([...piece.bytes.subarray(piece.length)]).toEqual(Array(16).fill(0x0a))
        })
      }),
      { numRuns: 250 },
    )
  })

  it('holds no more than a chunk and a record of one that never ends', () => {
    const splitter = make({ chunkBytes: 1 << 16, maxRecordBytes: 1 << 16 })
    const block = new Uint8Array(1 << 16).fill(isCsv ? 0x0a : 0x61)
    let most = 0
    const start = [...splitter.push(Buffer.from(isCsv ? 'a,b\n1,"' : 'a\n'))]
    const before = process.memoryUsage().arrayBuffers
    const pieces: Piece[] = []
    for (let i = 0; i < 500; i++) {
      pieces.push(...splitter.push(block.slice()))
      if (i % 100 === 0) {
        globalThis.gc?.()
        most = Math.max(most, process.memoryUsage().arrayBuffers - before)
      }
    }
    pieces.push(...splitter.end())
    expect(start.length + pieces.length).toBe(2)
    // 33 MB went in. Without a collection on demand the dead blocks still count.
    expect(most).toBeLessThan(globalThis.gc === undefined ? 33 << 20 : 8 << 20)
    expect(pieces.at(-1)).toEqual(
      isCsv
        ? { kind: 'rejected', code: 'csv-quote-unclosed', records: 500 * 65536, lines: 500 * 65536 }
        : { kind: 'rejected', code: 'record-too-large', records: 1, lines: 1 },
    )
  })
})

describe('CsvSplitter', () => {
  it('takes a quote for one only where a field begins', () => {
    const items = itemsOf(
      split(csv({ chunkBytes: 1, maxRecordBytes: 100 }), Buffer.from('a"b\nc"d,"e\nf"\ng\n'), [3]),
      true,
      100,
    )
    expect(items).toEqual([{ record: 'a"b' }, { record: 'c"d,"e\nf"' }, { record: 'g' }])
  })

  it('counts every line from a quote that never closes', () => {
    const data = Buffer.from('a,b\n1,2\n3,"4\n5,6\n7,8\n')
    expect(split(csv({ chunkBytes: 1 << 20, maxRecordBytes: 100 }), data, []).at(-1)).toEqual({
      kind: 'rejected',
      code: 'csv-quote-unclosed',
      records: 3,
      lines: 3,
    })
  })

  it('goes on after a record that is too long', () => {
    const data = Buffer.from(`a,b\n1,"${'x\n'.repeat(50)}"\n3,4\n`)
    for (const cut of [[1], [7], [13], []])
      expect(itemsOf(split(csv({ chunkBytes: 10, maxRecordBytes: 20 }), data, cut), true, 20)).toEqual([
        { record: 'a,b' },
        { code: 'record-too-large', records: 1, lines: 51 },
        { record: '3,4' },
      ])
  })
})
