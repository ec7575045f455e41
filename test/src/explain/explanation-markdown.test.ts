/** `lethe explain --format markdown`: one page, one table, and nothing of a policy that becomes markup. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { code, prose, row } from '../../../src/explain/markdown-text.ts'
import { printable } from '../../../src/terminal.ts'
import { transforms } from '../../../transforms/index.ts'
import { folder, warm } from '../cli/lethe.ts'

/** A cell of the table as it is shown: code spans and entities, and nothing else. */
const CODE_CELL = /^(?:`[^`|\\\n]+`|&#\d+;)+$/
const shown = (cell: string): string =>
  cell.replace(
    /`([^`]+)`|&#(\d+);/g,
    (_, text: string | undefined, code: string) => text ?? String.fromCodePoint(+code),
  )

const hostile = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({
    unit: fc.constantFrom(
      '`',
      '|',
      '\\',
      ' ',
      '\n',
      '\r',
      '<',
      '>',
      '&',
      '#',
      'a',
      '[',
      ']',
      '(',
      '\u202e',
      '*',
    ),
  }),
  fc.constantFrom(
    'a | b',
    '`x`',
    '<img src=x onerror=alert(1)>',
    '[a](javascript:x)',
    'http://x.example',
    '\\|',
    '&#124;',
  ),
)

describe('text in Markdown', () => {
  it('of others is code and entities, shows every character, and ends no cell', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const cell = code(text)
        expect(row([cell, 'x']).split('|')).toHaveLength(4)
        if (printable(text).trim() === '') expect(cell).toBe('–')
        else {
          expect(cell).toMatch(CODE_CELL)
          expect(cell).not.toContain('``')
          expect(shown(cell).replaceAll('\u00a0', ' ').trim().replace(/ +/g, ' ')).toBe(
            printable(text).replaceAll('\u00a0', ' ').trim().replace(/ +/g, ' '),
          )
        }
      }),
      { numRuns: 2000 },
    )
  })

  it('of ours has code where its backticks are, and ends no cell', () => {
    for (const { doesNotStop, summary } of transforms)
      for (const text of [doesNotStop, summary]) {
        expect(prose(text)).not.toMatch(/[|<>\\\n]/)
        expect((text.match(/`/g) ?? []).length % 2).toBe(0)
        // An entity within code would be shown as it is written.
        for (const [, span] of prose(text).matchAll(/`([^`]*)`/g)) expect(span).not.toContain('&#')
      }
  })
})

const EVIL = `policy: page
version: 3
description: "<script>alert(1)</script> | # not a heading"
purpose: train_ai_system
subject: '"a|b"'
time: at
fields:
  '"a|b"': { use: hash.hmac, domain: d1 }
  '"<img src=x>"': { use: mask.replace, with: "x | y \`z\` \\\\| <b>" }
  f1: { from: "f\`2", use: generalize.ip }
  kind:
    - { when: { '"a|b"': ["1 | 2"] }, use: mask.null }
    - { use: generalize.category, allow: ["|", "www.example.com"], other: "</td>" }
  at: { use: generalize.date, to: hour }
retention:
  steps:
    - { after: 30d, fields: { at: { use: generalize.date, to: year } } }
    - { after: 400d, then: suppress }
`

describe('lethe explain --format markdown', () => {
  it('is one table with a row for each rule, says defaults, and takes nothing of the policy for markup', async () => {
    const cwd = folder({ 'p.yaml': EVIL })
    const {
      code: exit,
      stdout,
      stderr,
    } = await warm(['explain', '-p', 'p.yaml', '--format', 'markdown'], { cwd })
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' })
    const lines = stdout.split('\n')
    const table = lines.filter((line) => line.startsWith('|'))
    expect(table).toHaveLength(2 + 6 + 1)
    for (const line of table) expect(line.split('|')).toHaveLength(8)
    // Outside of code there is no tag but our line breaks, and one heading.
    const bare = stdout.replace(/`[^`\n]+`/g, '')
    expect(bare.replaceAll('<br>', '')).not.toMatch(/[<>]|www\.|\]\(/)
    expect(lines.filter((line) => line.startsWith('#'))).toEqual(['# Policy `page`, version 3'])
    expect(stdout).toMatch(/fingerprint: `[0-9a-f]{64}`/)
    expect(stdout).toContain('`v4: 24, v6: 48`')
    expect(stdout).toContain('the first 24 bits of IPv4')
    expect(stdout).toContain('after `30d`:<br>`generalize.date`')
  })

  it('names the keys that are given, and shows no record', async () => {
    const cwd = folder({ 'p.yaml': EVIL, 'r.json': '{"kind":"secret"}' })
    await warm(['keys', 'create', 'keys.json'], { cwd })
    const page = (...args: string[]) =>
      warm(['explain', '-p', 'p.yaml', '--format', 'markdown', ...args], { cwd })
    expect((await page('--keys', 'keys.json')).stdout).toMatch(/- keys: `k1 \([0-9a-f]{8}\)`/)
    expect(await page('r.json')).toMatchObject({ code: 2, stdout: '' })
  })
})
