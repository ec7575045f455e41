/** Edits of a text as a unified diff, as `git apply` and `patch` take it. */

/** What stands from `start` to `end` becomes `text`. */
export interface TextEdit {
  readonly start: number
  readonly end: number
  readonly text: string
}

interface Change {
  /** Lines of the text before: from this one on, from 0, so many. */
  readonly from: number
  readonly count: number
  readonly lines: readonly string[]
}

const CONTEXT = 3

/** @param name of the file, in relation to where the diff is applied; empty where there are no edits */
export function unifiedDiff(name: string, text: string, edits: readonly TextEdit[]): string {
  const before = linesOf(text)
  const changes = changesOf(text, before, edits)
  if (changes.length === 0) return ''
  const hunks: Change[][] = []
  for (const change of changes) {
    const last = hunks.at(-1)?.at(-1)
    if (last !== undefined && change.from - (last.from + last.count) <= 2 * CONTEXT)
      hunks.at(-1)!.push(change)
    else hunks.push([change])
  }
  let shift = 0
  const body = hunks.map((hunk) => {
    const first = hunk[0]!
    const last = hunk.at(-1)!
    const from = Math.max(0, first.from - CONTEXT)
    const to = Math.min(before.length, last.from + last.count + CONTEXT)
    const printed: string[] = []
    let at = from
    let added = 0
    for (const { from: start, count, lines } of hunk) {
      for (; at < start; at++) printed.push(` ${before[at]!}`)
      for (; at < start + count; at++) printed.push(`-${before[at]!}`)
      printed.push(...lines.map((line) => `+${line}`))
      added += lines.length - count
    }
    for (; at < to; at++) printed.push(` ${before[at]!}`)
    const header = `@@ -${spanOf(from, to - from)} +${spanOf(from + shift, to - from + added)} @@\n`
    shift += added
    return (
      header +
      printed.map((line) => (line.endsWith('\n') ? line : `${line}\n\\ No newline at end of file\n`)).join('')
    )
  })
  return `--- a/${name}\n+++ b/${name}\n${body.join('')}`
}

/** Of no lines, the one before. */
const spanOf = (from: number, count: number): string => `${count === 0 ? from : from + 1},${count}`

/** Each with its line break, where it has one. */
const linesOf = (text: string): string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? []

function changesOf(text: string, lines: readonly string[], edits: readonly TextEdit[]): Change[] {
  const starts = [0]
  for (const line of lines) starts.push(starts.at(-1)! + line.length)
  const lineAt = (at: number): number => {
    let [low, high] = [0, lines.length]
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (starts[middle]! <= at) low = middle
      else high = middle - 1
    }
    return low
  }
  const blocks: { from: number; to: number; edits: TextEdit[] }[] = []
  for (const edit of [...edits].sort((a, b) => a.start - b.start || a.end - b.end)) {
    let from = lineAt(edit.start)
    // Behind the last line break there is no line; before it, a line that has none is the last.
    if (from === lines.length && from > 0 && !lines[from - 1]!.endsWith('\n')) from--
    const isBetween = edit.start === edit.end && edit.start === starts[from] && edit.text.endsWith('\n')
    const to = isBetween ? from : Math.min(lines.length, lineAt(Math.max(edit.start, edit.end - 1)) + 1)
    const last = blocks.at(-1)
    if (last !== undefined && from <= last.to) {
      last.to = Math.max(last.to, to)
      last.edits.push(edit)
    } else blocks.push({ from, to: Math.max(from, to), edits: [edit] })
  }
  return blocks.flatMap(({ from, to, edits: own }) => {
    const [start, end] = [starts[from]!, starts[to]!]
    let after = text.slice(start, end)
    for (const edit of own.toReversed())
      after = after.slice(0, edit.start - start) + edit.text + after.slice(edit.end - start)
    return after === text.slice(start, end) ? [] : [{ from, count: to - from, lines: linesOf(after) }]
  })
}
