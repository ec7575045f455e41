/** The watch on kept values, on files that are longer than what is looked at as a whole: equal for all ways to run. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { batch, place } from './batch-inputs.ts'
import { warm } from './lethe.ts'

/** Invented, and each followed by what differs, so that lines have all lengths. */
const PLANTED = ['lena.o@mail.example', 'tel +48600100200', '4111 1111 1111 1111', '203.0.113.9']
const RECORDS = 40_000

const note = (index: number): string => {
  const filling = 'well, '.repeat((index * 7) % 84)
  return index % 9 === 0 ? `${filling}${PLANTED[index % 4]}, ${index}` : `${filling}"${index}"`
}

const CSV = `id,name,note,gone\n${Array.from({ length: RECORDS }, (_, index) => `${index},x,"${note(index).replaceAll('"', '""')}",z\n`).join('')}`
const NDJSON = Array.from(
  { length: RECORDS },
  (_, index) => `${JSON.stringify({ id: index, note: note(index) })}\n`,
).join('')

interface Rule {
  readonly rule: string
  readonly looked?: number
  readonly suspects?: Readonly<Record<string, number>>
}

const rulesIn = (file: string): readonly Rule[] =>
  (JSON.parse(readFileSync(file, 'utf8')) as { readonly rules: readonly Rule[] }).rules

describe.each([
  ['NDJSON', NDJSON, 'ndjson'],
  ['CSV', CSV, 'csv'],
])('of %s', (_, text, extension) => {
  it('as many are looked at with 1, 2 and 3 workers, small and large chunks, zipped or not', async () => {
    expect(text.length).toBeGreaterThan(9 << 20)
    const here = place({ [`in.${extension}`]: text })
    writeFileSync(join(here, `zipped.${extension}.gz`), gzipSync(text, { level: 1 }))
    const ways: readonly (readonly string[])[] = [
      [`in.${extension}`, '--workers', '1'],
      [`in.${extension}`, '--workers', '3', '--chunk-bytes', '70001'],
      [`zipped.${extension}.gz`, '--workers', '2', '--chunk-bytes', '1000003'],
    ]
    const all: (readonly Rule[])[] = []
    for (const [index, way] of ways.entries()) {
      const ended = await batch(here, [...way, '-o', `out${index}`, '--summary', `sum${index}.json`])
      expect(ended.code, ended.stderr).toBe(0)
      expect(ended.stderr).toMatch(/[\d,]+ of [\d,]+ looked at in `note` look like an email address/)
      for (const planted of PLANTED) expect(ended.stderr).not.toContain(planted)
      all.push(rulesIn(join(here, `sum${index}.json`)))
    }
    for (const rules of all) expect(rules).toEqual(all[0])
    const kept = all[0]!.find(({ rule }) => rule === 'note keep')!
    expect(kept.looked).toBeGreaterThan(20_000)
    expect(kept.looked).toBeLessThan(RECORDS)
    expect(Object.keys(kept.suspects!).sort()).toEqual(['card', 'email', 'ip', 'phone'])
    // Only what is kept is looked at.
    expect(all[0]!.filter(({ looked }) => looked !== undefined).map(({ rule }) => rule)).toEqual([
      'note keep',
    ])
  }, 120_000)
})

it('looks at the parameters of a URL that are kept', async () => {
  const policy = `policy: p\nversion: 1\npurpose: train_ai_system\nsuspects: dead-letter\nfields:\n  page: { use: generalize.url, keepParams: [utm_*] }\n`
  const page = (content: string) => `https://x.example/p?email=a&utm_content=${content}`
  const here = place({
    'p.yaml': policy,
    'in.csv': `page\n${page('spring')}\n${page('lena%40mail.example')}\n${page('lena.o@mail.example')}\n`,
  })
  const { code, stderr } = await warm(
    [
      ...['batch', 'in.csv', '-p', 'p.yaml', '-o', 'out.csv', '--dead-letter', 'dead.ndjson'],
      ...['--max-dead-letters', '3'],
    ],
    { cwd: here },
  )
  expect(stderr).toContain('2 of 3 looked at in `page` look like an email address')
  expect(code).toBe(3)
  expect(readFileSync(join(here, 'out.csv'), 'utf8')).toBe('page\nhttps://x.example?utm_content=spring\n')
  expect(readFileSync(join(here, 'dead.ndjson'), 'utf8')).toContain('suspect-value')
})
