/** Order within an output key. */
import { type Coordinates, type Finding, keyOf, type LogRecord } from './records.ts'

export interface Sourced {
  readonly source: Coordinates
  readonly output: LogRecord
}

/**
 * The first copies of an output key must stand in the order of each input partition; later copies are duplicates, and
 * not judged here. Null keys have no order.
 */
export function findReordered(outputs: readonly Sourced[]): readonly Finding[] {
  const findings: Finding[] = []
  const last = new Map<string, Sourced>()
  const copies = new Set<string>()
  for (const one of [...outputs].sort((a, b) => a.output.offset - b.output.offset)) {
    const { source, output } = one
    if (output.key === null) continue
    const key = output.key.toString('base64')
    const copy = `${keyOf(source)} ${key} ${output.value === null}`
    if (copies.has(copy)) continue
    copies.add(copy)
    const line = `${output.topic}/${output.partition} ${source.topic}/${source.partition} ${key}`
    const before = last.get(line)
    if (before === undefined || source.offset >= before.source.offset) last.set(line, one)
    else
      findings.push({
        kind: 'reordered',
        at: keyOf(output),
        what: `of ${keyOf(source)}, behind ${keyOf(before.output)} of ${keyOf(before.source)}`,
      })
  }
  return findings
}
