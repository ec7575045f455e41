/** No command writes over a file that it reads, whatever the file is called. */
import { linkSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
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
  // Those of `lethe forget` are refused in erasure/written-files.ts, which asks the same.
  expect(readFileSync(join(root, 'src/erasure/written-files.ts'), 'utf8')).toMatch(/read-files\.ts'/)
  expect(writers).toContain('init.ts')
  for (const name of writers.filter((one) => !exempt.includes(one)))
    expect(readFileSync(join(root, 'src/cli', name), 'utf8'), name).toMatch(/(?:read|written)-files\.ts'/)
})

describe('what a command keeps beside its outputs', () => {
  const LINES = ['batch', 'in.ndjson', ...BATCH.slice(2)]
  const KEPT = ['--ledger', 'l.ndjson', '--signing-key', 'host.pem', '--anchor', 'other/heads.ndjson']
  const LOSING: readonly (readonly [name: string, args: readonly string[], kept: readonly string[]])[] = [
    ['batch -o', [...LINES, ...KEPT, '-o'], ['l.ndjson', 'host.pem', 'other/heads.ndjson']],
    ['batch --summary', [...LINES, '-o', 'out.ndjson', ...KEPT, '--summary'], ['l.ndjson', 'host.pem']],
    [
      'retain plan -o',
      ['retain', 'plan', 'clean', '-p', 'policy.yaml', '--holds', 'holds.ndjson', ...KEPT, '-o'],
      ['l.ndjson', 'host.pem', 'holds.ndjson', 'other/heads.ndjson'],
    ],
  ]

  it.each(LOSING)('is not overwritten by lethe %s, there already or not', async (_name, args, kept) => {
    const { cwd } = place()
    for (const name of ['other', 'clean']) mkdirSync(join(cwd, name))
    writeFileSync(join(cwd, 'holds.ndjson'), '')
    writeFileSync(join(cwd, 'in.ndjson'), '{"id":"1","shop":"a"}\n')
    await warm(['signing-key', 'create', 'host.pem'], { cwd })
    const refuses = async (file: string): Promise<void> => {
      const { code, stderr } = await warm([...args, file], { cwd })
      expect([code, stderr]).toEqual([2, expect.stringContaining('would be overwritten')])
      expect(readdirSync(cwd)).not.toContain('out.ndjson')
    }
    // No ledger is there yet.
    await refuses('l.ndjson')
    const begun = await warm([...LINES, '-o', 'first.ndjson', ...KEPT], { cwd })
    expect([begun.code, begun.stderr]).toEqual([0, begun.stderr])
    for (const file of kept) {
      const text = readFileSync(join(cwd, file), 'utf8')
      await refuses(file)
      // Attempts may be written down; nothing else is.
      expect(readFileSync(join(cwd, file), 'utf8').startsWith(text)).toBe(true)
    }
  })

  it.each(['LETHE_KEYS_FILE', 'LETHE_MATCH_KEYS_FILE'])(
    'is not overwritten where %s names it',
    async (name) => {
      const { cwd, texts } = place()
      mkdirSync(join(cwd, 'clean'))
      const before = texts()
      const args = ['retain', 'plan', 'clean', '-p', 'policy.yaml', '--no-holds', '-o', 'keys.json']
      const { code, stderr } = await warm(args, { cwd, env: { [name]: 'keys.json' } })
      expect([code, stderr]).toEqual([2, expect.stringContaining('would be overwritten')])
      expect(texts()).toEqual(before)
    },
  )
})
