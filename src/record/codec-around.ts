/** A codec around another one: what it does not do itself, the inner one does. */
import type { Codec } from './codec.ts'

/** What a codec around another one does itself. Where records stand, and what was met, are the inner one's to say. */
export type OwnPart = Partial<Pick<Codec, 'open' | 'scan' | 'scanSpan' | 'write' | 'nextBlock' | 'flush'>>

/** `own`: functions, not methods: they are called by themselves. */
export function codecAround(inner: Codec, own: OwnPart): Codec {
  const flush = own.flush ?? inner.flush?.bind(inner)
  return {
    format: inner.format,
    get next() {
      return inner.next
    },
    get line() {
      return inner.line
    },
    open: own.open ?? ((block, bytes, length, utf8) => inner.open(block, bytes, length, utf8)),
    scan: own.scan ?? (() => inner.scan()),
    scanSpan: own.scanSpan ?? ((start, end, line) => inner.scanSpan(start, end, line)),
    takeCounts: () => inner.takeCounts(),
    write: own.write ?? ((passing, count, sink, ends) => inner.write(passing, count, sink, ends)),
    nextBlock: own.nextBlock ?? (() => inner.nextBlock()),
    ...(flush === undefined ? {} : { flush }),
  }
}
