/** What README prints is run as it is printed: the policy, the library's snippet, the commands' names. */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'
import { commands } from '../src/cli/commands.ts'
import { folder, lethe, root, warm } from './src/cli/lethe.ts'

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
    const explain = await warm(['explain', '-p', 'policy.yaml'], { cwd })
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
    await warm(['keys', 'create', 'keys.json'], { cwd })
    const published = execFileSync(process.execPath, ['snippet.mjs'], { cwd, encoding: 'utf8' })
    expect(JSON.parse(published)).toEqual({
      occurred_at: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T\d{2}:00:00Z$/),
      customer: { id: expect.stringMatching(/^k1\.[\w-]{22}$/) },
    })
  })

  it('names every command, and no other', () => {
    const table = README.slice(README.indexOf('## The commands'), README.indexOf('## The documentation'))
    const named = [...table.matchAll(/^\| `lethe ([\w-]+)/gm)].map(([, name]) => name)
    expect(named.sort()).toEqual(commands.map(({ name }) => name).sort())
  })

  it('names every page of docs/', () => {
    const named = [...README.matchAll(/\]\(docs\/([\w-]+\.md)/g)].map(([, name]) => name!)
    expect([...new Set(named)].sort()).toEqual(readdirSync(join(root, 'docs')).sort())
  })
})

/** The heading as an address has it. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')

describe('README and docs', () => {
  const pages = ['README.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)]

  it('link to files and headings that are there', () => {
    const links = pages.flatMap((page) =>
      [...readFileSync(join(root, page), 'utf8').matchAll(/\]\(([^):\s]+)\)/g)].map(([, to]) => ({
        page,
        to: to!,
      })),
    )
    expect(links.length).toBeGreaterThan(60)
    for (const { page, to } of links) {
      const [path, anchor] = to.split('#')
      const file = path === '' ? join(root, page) : join(root, dirname(page), path!)
      expect([page, to, existsSync(file)]).toEqual([page, to, true])
      if (anchor === undefined) continue
      const headings = [...readFileSync(file, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, text]) =>
        anchorOf(text!),
      )
      expect(headings, `${page}: ${to}`).toContain(anchor)
    }
  })
})

describe('docs/kafka.md', () => {
  const page = readFileSync(join(root, 'docs/kafka.md'), 'utf8')
  const [pipeline, ...more] = [...page.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, text]) => text!)

  it('prints pipelines that lint takes', async () => {
    const cwd = folder({
      'orders.yaml':
        'policy: orders\nversion: 1\npurpose: train_ai_system\nfields: { id: { use: hash.hmac, domain: c } }\n',
    })
    const securities = more.filter((text) => /^sasl:/m.test(text))
    const from = more.find((text) => /^from:/.test(text))!
    expect([securities.length, more.length]).toEqual([2, 3])
    const withSasl = securities.map((text) => {
      const bare = pipeline!.replace(/^(?:tls|sasl): .*\n/gm, '')
      return `${/^tls:/m.test(text) ? '' : 'tls: true\n'}${text}${bare}`
    })
    const form = `from:\n${from.split('\n').slice(1).join('\n')}`.replaceAll(/^/gm, '    ').trimStart()
    const withForm = pipeline!.replace(/from: \{.*\}/, form)
    const names = [pipeline!, ...withSasl, withForm].map((text, at) => {
      writeFileSync(join(cwd, `${at}.yaml`), text)
      return `${at}.yaml`
    })
    const { code, stdout } = await warm(['lint', ...names], { cwd })
    expect([code, stdout]).toEqual([0, ''])
  })
})
