/** Whether two outputs say the same: as many lines, and equal field by field at their start and end. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { parseString } from 'fast-csv'

const SAMPLE = 1 << 20

function look(file) {
  const fd = openSync(file, 'r')
  const { size } = fstatSync(fd)
  const part = (at) => {
    const block = Buffer.alloc(Math.min(SAMPLE, size))
    readSync(fd, block, 0, block.length, at)
    return block.toString('utf8').split('\n')
  }
  const head = part(0).slice(0, -1)
  const tail = part(Math.max(0, size - SAMPLE))
    .slice(1)
    .filter((line) => line !== '')
  let lines = 0
  const block = Buffer.allocUnsafe(1 << 22)
  for (let got = readSync(fd, block); got > 0; got = readSync(fd, block)) {
    for (let at = block.indexOf(10); at >= 0 && at < got; at = block.indexOf(10, at + 1)) lines++
  }
  closeSync(fd)
  return { head, tail, lines }
}

const cells = (text) =>
  new Promise((resolve, reject) => {
    const rows = []
    parseString(text, { headers: true })
      .on('data', (row) => rows.push({ ...row }))
      .on('error', reject)
      .on('end', () => resolve(rows))
  })

const readers = {
  csv: (header, lines) => cells([header, ...lines].join('\n')),
  ndjson: async (_, lines) => lines.map((line) => JSON.parse(line)),
}

/** Throws where they differ. Gives the number of records compared. */
export async function assertEqual(kind, ours, theirs) {
  const a = look(ours)
  const b = look(theirs)
  if (a.lines !== b.lines) throw new Error(`${ours} has ${a.lines} lines, ${theirs} ${b.lines}`)
  const header = [a.head[0], b.head[0]]
  const first = kind === 'csv' ? 1 : 0
  const heads = Math.min(a.head.length, b.head.length)
  const tails = Math.min(a.tail.length, b.tail.length)
  let compared = 0
  for (const [left, right] of [
    [a.head.slice(first, heads), b.head.slice(first, heads)],
    [a.tail.slice(-tails), b.tail.slice(-tails)],
  ]) {
    const ourRows = await readers[kind](header[0], left)
    const theirRows = await readers[kind](header[1], right)
    for (let i = 0; i < ourRows.length; i++) {
      if (isDeepStrictEqual(ourRows[i], theirRows[i])) compared++
      else
        throw new Error(
          `${ours} and ${theirs} differ:\n${JSON.stringify(ourRows[i])}\n${JSON.stringify(theirRows[i])}`,
        )
    }
  }
  return compared
}
