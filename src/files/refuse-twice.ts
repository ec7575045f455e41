/** Inputs of one run that are one file: its records would be read, and written, twice. */
import { statSync } from 'node:fs'
import { LetheError } from '../errors.ts'
import type { Input } from './input.ts'

/** @throws LetheError (usage) where two inputs are the same file, or the same object */
export function refuseTwice(inputs: readonly Input[]): void {
  const seen = new Map<string, string>()
  for (const { name, identity, part } of inputs) {
    if (identity === undefined || part !== undefined) continue
    const other = seen.get(identity)
    if (other !== undefined && isSame(name, other))
      throw new LetheError(
        'bad-option',
        other === name
          ? `${name} is named twice, and would be read twice`
          : `${name} is the file ${other}, and would be read twice`,
        'name each file once',
      )
    seen.set(identity, name)
  }
}

/** Numbers of files may be too long for the numbers that `identity` is of. */
function isSame(one: string, other: string): boolean {
  if (one === other) return true
  const [a, b] = [one, other].map((name) => statSync(name, { bigint: true, throwIfNoEntry: false }))
  return a === undefined || b === undefined || (a.dev === b.dev && a.ino === b.ino)
}
