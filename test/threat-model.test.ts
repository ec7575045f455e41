/** docs/threat-model.md: every attacker has promises and what is not promised, and every promise names tests that exist. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { root } from './src/cli/lethe.ts'

const text = readFileSync(join(root, 'docs/threat-model.md'), 'utf8')

/** What stands below a heading of this depth, by heading. */
function sections(of: string, depth: number): Map<string, string> {
  const parts = of.split(new RegExp(`^#{${depth}} (.*)$`, 'm'))
  return new Map(
    Array.from({ length: (parts.length - 1) / 2 }, (_, at) => [parts[2 * at + 1]!, parts[2 * at + 2]!]),
  )
}

/** The items of a list, each on one line. */
const items = (of: string): string[] =>
  of
    .split(/^- /m)
    .slice(1)
    .map((item) => item.replace(/\s+/g, ' ').trim())

const attackers = [...sections(text, 2)].filter(([name]) => name !== 'What is protected')

describe('the threat model', () => {
  it('is about everyone who can attack', () => {
    expect(attackers.map(([name]) => name)).toEqual([
      'The producer',
      'The consumer',
      'The broker operator',
      'The operator of the object store',
      'The policy author',
      'The key holder',
      'Who has what Lethe keeps',
      'Readers of logs',
    ])
  })

  it.each(attackers)(
    '%s: what is promised names tests that exist, and what is not is said',
    (_name, section) => {
      const parts = sections(section, 3)
      expect([...parts.keys()]).toEqual(['Promised', 'Not promised'])
      expect(items(parts.get('Not promised')!).length).toBeGreaterThanOrEqual(2)
      const promises = items(parts.get('Promised')!)
      expect(promises.length).toBeGreaterThanOrEqual(3)
      for (const promise of promises) {
        const [, tests] = / Tests: (.*)\.$/.exec(promise) ?? []
        expect(tests, promise).toBeDefined()
        const files = tests!
          .split(', ')
          .map((file) => /^`(test\/[\w./-]+\.(?:test|proof)\.ts)`$/.exec(file)?.[1])
        for (const file of files) {
          expect(file, promise).toBeDefined()
          expect(existsSync(join(root, file!)), file).toBe(true)
        }
      }
    },
  )
})
