/** The two lists of names in `test/fixtures/names/`; its README says what they are. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

export interface Listed {
  /** As the schema writes it. */
  readonly text: string
  /** From the outermost on; `[]` is left out. */
  readonly names: readonly string[]
  readonly source: string
  /** Categories that are right; empty for a harmless name. */
  readonly categories: readonly string[]
  readonly half: 'design' | 'held-out'
}

export function corpus(file: 'personal' | 'harmless'): Listed[] {
  const lines = readFileSync(new URL(`../../fixtures/names/${file}.txt`, import.meta.url), 'utf8').split('\n')
  let source = ''
  const found: Listed[] = []
  for (const line of lines) {
    if (line === '') continue
    if (line.startsWith('@')) {
      source = line.slice(2)
      continue
    }
    const [, categories = '', list] = file === 'personal' ? /^(\S+): (.*)$/.exec(line)! : [line, '', line]
    for (const text of list!.split(' | '))
      found.push({
        text,
        names: text.replaceAll('[]', '').split('.'),
        source,
        categories: categories.split('/').filter((category) => category !== ''),
        half: createHash('sha256').update(text).digest()[0]! % 2 === 0 ? 'design' : 'held-out',
      })
  }
  return found
}
