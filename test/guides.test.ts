/**
 * The guides in docs/ as a reader follows them: their files are written, their commands run in order, in one folder, and what they say is
 * printed is printed. A fence with a name behind its language is a file; `# ends with N` is the exit code of a command; `text` is part of what the
 * commands above it print. Tokens are told apart there by letters, in the order in which they come.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { folder, root, warm } from './src/cli/lethe.ts'

interface Fence {
  readonly language: string
  readonly file: string | undefined
  readonly text: string
}

const fencesOf = (page: string): readonly Fence[] =>
  [...readFileSync(join(root, 'docs', page), 'utf8').matchAll(/^```(\w+)(?: (\S+))?\n([\s\S]*?)^```$/gm)].map(
    ([, language, file, text]) => ({ language: language!, file, text: text! }),
  )

/** Each token as a letter: `k1.A…`. */
function lettered(text: string): string {
  const letters = new Map<string, string>()
  return text.replace(/\bk\d+\.[\w-]{22}/g, (token) => {
    if (!letters.has(token)) letters.set(token, `k1.${String.fromCharCode(65 + letters.size)}…`)
    return letters.get(token)!
  })
}

const wordsOf = (line: string): string[] =>
  [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare!)

/** Runs one line of a shell block; gives what it printed. */
async function run(line: string, cwd: string): Promise<string> {
  const [, command = '', code = '0'] = /^(.*?)(?:\s+# ends with (\d+))?$/.exec(line)!
  const [, what = '', target] = /^(.*?)(?:\s+> (\S+))?$/.exec(command)!
  const [name, ...args] = wordsOf(what)
  if (name === 'mkdir') {
    mkdirSync(join(cwd, args[0]!))
    return ''
  }
  expect([line, name]).toEqual([line, 'lethe'])
  const ended = await warm(args, { cwd, env: { LETHE_KAFKA: '' } })
  expect([line, ended.code], ended.stderr).toEqual([line, Number(code)])
  if (target === undefined) return ended.stdout + ended.stderr
  writeFileSync(join(cwd, target), ended.stdout)
  return ended.stderr
}

/** Follows a page in a folder of its own; gives the folder. */
async function follow(page: string): Promise<string> {
  const cwd = folder()
  let printed = ''
  let isPrinted = false
  let commands = 0
  for (const { language, file, text } of fencesOf(page)) {
    if (file !== undefined) writeFileSync(join(cwd, file), text)
    else if (language === 'sh') {
      if (isPrinted) printed = ''
      isPrinted = false
      for (const line of text.trimEnd().split('\n')) printed += await run(line, cwd)
      commands += text.trimEnd().split('\n').length
    } else {
      expect([page, language]).toEqual([page, 'text'])
      isPrinted = true
      const shown = lettered(printed)
      for (const line of text.trimEnd().split('\n')) expect(shown).toContain(line)
    }
  }
  expect(commands).toBeGreaterThan(1)
  return cwd
}

const linesOf = (cwd: string, file: string): Record<string, string & number>[] =>
  readFileSync(join(cwd, file), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, string & number>)

describe('docs/tutorial.md', () => {
  it('leads from an export to a signed training set, in which no person stands', {
    timeout: 60_000,
  }, async () => {
    const cwd = await follow('tutorial.md')
    const raw = readFileSync(join(cwd, 'shop/events.ndjson'), 'latin1')
    const people = new Set([...raw.matchAll(/"(?:id|email|phone)":"([^"]{6,})"/g)].map(([, text]) => text!))
    expect(people.size).toBeGreaterThan(500)
    for (const file of [
      'events.ndjson',
      'README.md',
      'croissant.jsonld',
      'ab2013.md',
      'contract.odcs.yaml',
      'openlineage.events',
    ]) {
      const made = readFileSync(join(cwd, 'training', file), 'latin1')
      expect([file, [...people].filter((text) => made.includes(text))]).toEqual([file, []])
    }
  })
})

describe('docs/choosing.md', () => {
  it('has an example that does what it shows, and names transforms that there are', async () => {
    await follow('choosing.md')
    const named = new Set(
      [
        ...readFileSync(join(root, 'docs/choosing.md'), 'utf8').matchAll(
          /`((?:hash|mask|generalize|fake|noise|shift)\.[\w-]+)/g,
        ),
      ].map(([, name]) => name!),
    )
    expect(named.size).toBeGreaterThan(15)
    const catalogue = (await warm(['transforms'])).stdout
    expect([...named].filter((name) => !catalogue.includes(`${name} `))).toEqual([])
  })
})

describe('docs/promises.md', () => {
  it('shows each attack as it says', async () => {
    const cwd = await follow('promises.md')
    const days = (text: string): number => Date.parse(text) / 86_400_000
    const raw = linesOf(cwd, 'stays.ndjson')
    for (const [at, { admitted, born }] of linesOf(cwd, 'shifted.ndjson').entries()) {
      expect(days(admitted!) - days(born!)).toBe(days(raw[at]!['admitted']!) - days(raw[at]!['born']!))
    }
    const clients = linesOf(cwd, 'invented.ndjson')
    expect([clients[1]!['name'], clients[3]!['wealth']]).toEqual([clients[0]!['name'], '[9150000,9160000)'])
    const [first, second, other] = linesOf(cwd, 'noisy.ndjson')
    expect(second).toEqual(first)
    expect(other!['person']).not.toBe(first!['person'])
    for (const { salary } of [first!, other!]) expect(Math.abs(salary! - 52_000)).toBeLessThanOrEqual(2000)
  })
})
