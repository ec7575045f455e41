// Generated from csv-layout.ts by test/kernels.mjs: do not edit.

export const HEADER: usize = 1024

export const enum SlotKind {
  text = 0,
  escaped = 1,
  number = 2,
  boolean = 3,
  nothing = 4,
  subtree = 5,
}

export const enum ResultKind {
  source = 0,
  arena = 1,
  written = 2,
  dropped = 3,
}

@unmanaged export class CsvHeader {
  delimiter: i32
  quotes: i32
  comment: i32
  columns: i32
  copies: usize
  starts: usize
  ends: usize
  kinds: usize
  records: usize
  lines: usize
  input: usize
  length: usize
  maxBytes: usize
  next: usize
  line: i32
  firsts: usize
  offsets: usize
  width: i32
  crlf: i32
  resultKinds: usize
  resultStarts: usize
  resultEnds: usize
  arena: usize
  output: usize
  limit: usize
  written: usize
}

if (offsetof<CsvHeader>('delimiter') != 0) ERROR('CsvHeader.delimiter')
if (offsetof<CsvHeader>('quotes') != 4) ERROR('CsvHeader.quotes')
if (offsetof<CsvHeader>('comment') != 8) ERROR('CsvHeader.comment')
if (offsetof<CsvHeader>('columns') != 12) ERROR('CsvHeader.columns')
if (offsetof<CsvHeader>('copies') != 16) ERROR('CsvHeader.copies')
if (offsetof<CsvHeader>('starts') != 20) ERROR('CsvHeader.starts')
if (offsetof<CsvHeader>('ends') != 24) ERROR('CsvHeader.ends')
if (offsetof<CsvHeader>('kinds') != 28) ERROR('CsvHeader.kinds')
if (offsetof<CsvHeader>('records') != 32) ERROR('CsvHeader.records')
if (offsetof<CsvHeader>('lines') != 36) ERROR('CsvHeader.lines')
if (offsetof<CsvHeader>('input') != 40) ERROR('CsvHeader.input')
if (offsetof<CsvHeader>('length') != 44) ERROR('CsvHeader.length')
if (offsetof<CsvHeader>('maxBytes') != 48) ERROR('CsvHeader.maxBytes')
if (offsetof<CsvHeader>('next') != 52) ERROR('CsvHeader.next')
if (offsetof<CsvHeader>('line') != 56) ERROR('CsvHeader.line')
if (offsetof<CsvHeader>('firsts') != 60) ERROR('CsvHeader.firsts')
if (offsetof<CsvHeader>('offsets') != 64) ERROR('CsvHeader.offsets')
if (offsetof<CsvHeader>('width') != 68) ERROR('CsvHeader.width')
if (offsetof<CsvHeader>('crlf') != 72) ERROR('CsvHeader.crlf')
if (offsetof<CsvHeader>('resultKinds') != 76) ERROR('CsvHeader.resultKinds')
if (offsetof<CsvHeader>('resultStarts') != 80) ERROR('CsvHeader.resultStarts')
if (offsetof<CsvHeader>('resultEnds') != 84) ERROR('CsvHeader.resultEnds')
if (offsetof<CsvHeader>('arena') != 88) ERROR('CsvHeader.arena')
if (offsetof<CsvHeader>('output') != 92) ERROR('CsvHeader.output')
if (offsetof<CsvHeader>('limit') != 96) ERROR('CsvHeader.limit')
if (offsetof<CsvHeader>('written') != 100) ERROR('CsvHeader.written')
if (offsetof<CsvHeader>() != 104) ERROR('CsvHeader')
