/** No command writes over a file that it reads, whatever the file is called. */
import { linkSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createKeysetFile } from '../../../src/keys/file.ts'
import { createKeyset } from '../../../src/keys/keyset.ts'
import { folder, root, warm } from './lethe.ts'

const POLICY = `policy: p
version: 1
purpose: train_ai_system
fields:
  id: { use: hash.hmac, domain: customer }
  shop: { use: generalize.hierarchy, file: shops.csv, level: 1 }
`

const PIPELINE = `pipeline: shop
brokers: ["127.0.0.1:1"]
sasl: { mechanism: plain, username: u, password: { file: password } }
keys: { file: keys.json }
routes:
  - name: r
    from: { topics: [in], group: g }
    to: { topic: out }
    deadLetterTopic: dead
    policy: policy.yaml
`

const FILES = ['pipeline.yaml', 'policy.yaml', 'shops.csv', 'keys.json', 'password', 'in.csv'] as const

function place(): { cwd: string; texts: () => Record<string, string> } {
  const cwd = folder({
    'pipeline.yaml': PIPELINE,
    'policy.yaml': POLICY,
    'shops.csv': 'a;north\nb;south\nc;north\nd;south\n',
    'in.csv': 'id,shop\n1,a\n',
  })
  createKeysetFile(join(cwd, 'keys.json'), createKeyset(new Date()))
  createKeysetFile(join(cwd, 'password'), createKeyset(new Date()))
  for (const name of FILES) linkSync(join(cwd, name), join(cwd, `hard-${name}`))
  for (const name of FILES) symlinkSync(name, join(cwd, `soft-${name}`))
  return {
    cwd,
    texts: () => Object.fromEntries(FILES.map((name) => [name, readFileSync(join(cwd, name), 'utf8')])),
  }
}

const BATCH = ['batch', 'in.csv', '-p', 'policy.yaml', '--keys', 'keys.json']
const FORMS = ['', 'hard-', 'soft-']

/** What each command may write, and what it reads. */
const WRITES: readonly (readonly [name: string, args: readonly string[], read: readonly string[]])[] = [
  [
    'stream --summary',
    ['stream', 'pipeline.yaml', '--summary'],
    ['pipeline.yaml', 'policy.yaml', 'shops.csv', 'keys.json', 'password'],
  ],
  ['batch --summary', [...BATCH, '-o', 'out.csv', '--summary'], ['policy.yaml', 'shops.csv', 'keys.json']],
  ['batch --dead-letter', [...BATCH, '-o', 'out.csv', '--dead-letter'], ['shops.csv', 'keys.json', 'in.csv']],
  ['batch -o', [...BATCH, '-o'], ['shops.csv', 'in.csv']],
  ['init -o', ['init', '--from', 'in.csv', '--force', '-o'], ['in.csv']],
]

describe.each(WRITES)('lethe %s', (_name, args, read) => {
  it.each(read)('does not overwrite %s', { timeout: 60_000 }, async (file) => {
    const { cwd, texts } = place()
    const before = texts()
    const names = readdirSync(cwd)
    const ends = await Promise.all(FORMS.map((form) => warm([...args, `${form}${file}`], { cwd })))
    for (const { code, stderr } of ends)
      expect([code, stderr]).toEqual([2, expect.stringContaining('would be overwritten')])
    expect(texts()).toEqual(before)
    expect(readdirSync(cwd)).toEqual(names)
  })
})

it('is asked by everything in src/cli that writes a file by a name it was given', () => {
  const exempt = [
    // A new, empty folder.
    'demo.ts',
    'demo/stream.ts',
    // Files of this repository.
    'generate.ts',
  ]
  const files = readdirSync(join(root, 'src/cli'), { recursive: true, encoding: 'utf8' })
  const writers = files.filter(
    (name) =>
      name.endsWith('.ts') &&
      /\b(writeFile|appendFile|createWriteStream|openOutput|writeWhole)(Sync)?\(/.test(
        readFileSync(join(root, 'src/cli', name), 'utf8'),
      ),
  )
  expect(writers).toContain('init.ts')
  for (const name of writers.filter((one) => !exempt.includes(one)))
    expect(readFileSync(join(root, 'src/cli', name), 'utf8'), name).toMatch(/read-files\.ts'/)
})
