/** What README prints is run as it is printed: the policy, the library's snippet, the commands' names. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'
import { commands } from '../src/cli/commands.ts'
import { folder, lethe, root } from './src/cli/lethe.ts'

const README = readFileSync(join(root, 'README.md'), 'utf8')

/** The only block of README in this language. */
function block(language: string): string {
  const blocks = [...README.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'gm'))]
  expect(blocks.map(([, text]) => text?.length)).toEqual([expect.any(Number)])
  return blocks[0]![1]!
}

describe('README', () => {
  it('prints a policy that lint takes, and explain can show', async () => {
    const cwd = folder({ 'policy.yaml': block('yaml') })
    const lint = await lethe(['lint', 'policy.yaml'], { cwd })
    expect(lint).toMatchObject({ code: 0, stdout: '' })
    const explain = await lethe(['explain', '-p', 'policy.yaml'], { cwd })
    expect(explain.stdout).toContain('the record is published')
    expect(explain.stdout).not.toContain('FAILED')
  })

  it('prints a snippet that publishes a record under that policy', async () => {
    const url = pathToFileURL(join(root, 'dist/src/index.js')).href
    const snippet = block('ts')
    expect(snippet).toContain("from 'lethe'")
    const cwd = folder({
      'policy.yaml': block('yaml'),
      'snippet.mjs': snippet.replace("from 'lethe'", `from '${url}'`),
    })
    await lethe(['keys', 'create', 'keys.json'], { cwd })
    const published = execFileSync(process.execPath, ['snippet.mjs'], { cwd, encoding: 'utf8' })
    expect(JSON.parse(published)).toEqual({
      occurred_at: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T\d{2}:00:00Z$/),
      customer: { id: expect.stringMatching(/^k1\.[\w-]{22}$/) },
    })
  })

  it('names every command, and no other', () => {
    const table = README.slice(README.indexOf('## The commands'), README.indexOf('### `lethe batch`'))
    const named = [...table.matchAll(/^\| `lethe ([\w-]+)/gm)].map(([, name]) => name)
    expect(named.sort()).toEqual(commands.map(({ name }) => name).sort())
  })

  it('links to files that are there', () => {
    const links = [...README.matchAll(/\]\(([^)#:]+)\)/g)].map(([, path]) => path!)
    expect(links.length).toBeGreaterThan(4)
    for (const path of links) expect(() => readFileSync(join(root, path)), path).not.toThrow(/ENOENT/)
  })
})
