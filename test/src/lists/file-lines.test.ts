/** Lines of files that are read in parts: the same whatever stands in them, and wherever a part ends. */
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { readLines } from '../../../src/lists/file-lines.ts'
import { folder } from '../cli/lethe.ts'

const fileIn = (): string => join(folder({}), 'lines')

it('gives each line once, without its line break, over parts of ASCII and others', () => {
  const file = fileIn()
  for (const [other, last] of [
    ['', ''],
    ['é', 'end'],
    ['€\r', '\r'],
  ] as const) {
    const lines = Array.from({ length: 60_000 }, (_, n) => {
      const line = `${n}${'-'.repeat(n % 97)}`
      // Whole parts have none of the others.
      return n > 30_000 && n % 1000 === 0
        ? `${line}${other}`
        : n % 7 === 0
          ? `${line}\r`
          : n % 11 === 0
            ? ''
            : line
    })
    const text = `${lines.join('\n')}\n${last}`
    writeFileSync(file, text)
    const taken: string[] = []
    const read = readLines(file, false, (line, number) => {
      if (number === taken.length + 1) taken.push(line)
    })
    const all = last === '' ? lines : [...lines, last]
    expect(taken).toEqual(all.map((line) => line.replace(/\r$/, '')))
    expect(read).toEqual({
      sha256: createHash('sha256').update(text).digest('hex'),
      bytes: Buffer.byteLength(text),
      lines: all.length,
      isWhole: last === '',
    })
  }
})

it('names the line that is not UTF-8, in whatever part', () => {
  const file = fileIn()
  writeFileSync(
    file,
    Buffer.concat([Buffer.from('x'.repeat(99).concat('\n').repeat(30_000)), Buffer.of(0xff, 10)]),
  )
  expect(() => readLines(file, false, () => {})).toThrow(`${file}:30001: it is not UTF-8`)
})
