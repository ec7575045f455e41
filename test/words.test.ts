/** Plain words: none of the phrases and names that this project once had, wherever a person reads. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { warm } from './src/cli/lethe.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

const PHRASES = /\b(whoever|nobody|somebody|as usual|of no use any ?more|the way out|hears of (a|it))\b/i
const NAMES = /\b(Workshop|Surroundings|isForsaken|ESTRANGED|neverLate)\b/

/** A text of an invented record. */
const LEFT = ['src/demo/event.ts']

const texts = ['src', 'transforms', 'docs', 'docker', 'README.md', 'CHANGELOG.md'].flatMap((top) =>
  top.endsWith('.md')
    ? [join(root, top)]
    : readdirSync(join(root, top), { recursive: true, withFileTypes: true })
        .filter(
          (entry) => entry.isFile() && /\.(ts|md|ya?ml)$/.test(entry.name) && !/\.wasm\.ts$/.test(entry.name),
        )
        .map((entry) => join(entry.parentPath, entry.name)),
)

describe('plain words', () => {
  it('stand in every text and comment', () => {
    expect(texts.length).toBeGreaterThan(300)
    const found = texts
      .map((file) => relative(root, file))
      .filter((file) => !LEFT.some((left) => file.startsWith(left)))
      .flatMap((file) =>
        readFileSync(join(root, file), 'utf8')
          .split('\n')
          .flatMap((line, at) =>
            PHRASES.test(line) || NAMES.test(line) ? [`${file}:${at + 1}: ${line.trim()}`] : [],
          ),
      )
    expect(found).toEqual([])
  })

  it('stand in the help of every command', async () => {
    const help = async (...args: string[]) => (await warm([...args, '--help'])).stdout
    const commands = [...(await help()).matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name!)
    expect(commands).toEqual(expect.arrayContaining(['batch', 'stream', 'lint']))
    for (const command of commands) expect(await help(command)).not.toMatch(PHRASES)
  })
})
