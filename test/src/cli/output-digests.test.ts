import { createHash } from 'node:crypto'
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { expect, it } from 'vitest'
import { folder, root, warm } from './lethe.ts'

/**
 * What `lethe batch` writes for the policies of golden-0.1.0, as digests: outputs, dead letters and summaries. A change of
 * structure changes none of them. A change of behaviour writes the new digests, which this test prints, into the file.
 */
const DIGESTS = join(root, 'test/fixtures/output-digests.json')
const GOLDEN = join(root, 'test/fixtures/golden-0.1.0')

const KEYSET = {
  lethe: 'keyset',
  version: 1,
  primary: 'k1',
  keys: [
    {
      id: 'k1',
      status: 'enabled',
      created: '2026-01-01T00:00:00Z',
      secret: Buffer.from(createHash('sha256').update('output digests').digest()).toString('base64url'),
    },
  ],
}

interface Digests {
  readonly code: number | null
  readonly output: string
  readonly deadLetters: string
  readonly summary: string
}

const inputs = readdirSync(GOLDEN)
  .filter((name) => /\.(ndjson|csv)$/.test(name) && !name.startsWith('steps'))
  .sort()

/** Columns that a policy of 0.1.0 names and a file lacks, as 0.1.0 did not ask for them. */
const LACKING: Readonly<Record<string, string>> = {
  'customer-events.csv':
    'customer.phone, customer.name, customer.birth_date, payment.card, device.ip, geo.lat, geo.lon',
}

/** Where the policy for a file stands. */
function policyFor(input: string, cwd: string): string {
  const file = join(GOLDEN, `${basename(input).split('.')[0]}.yaml`)
  const lacking = LACKING[input]
  if (lacking === undefined) return file
  writeFileSync(join(cwd, 'policy.yaml'), `${readFileSync(file, 'utf8')}\noptional: [${lacking}]\n`)
  return 'policy.yaml'
}

async function digestsOf(input: string): Promise<Digests> {
  const cwd = folder({ 'keys.json': JSON.stringify(KEYSET) })
  chmodSync(join(cwd, 'keys.json'), 0o600)
  const from = join(GOLDEN, input)
  const head = readFileSync(from, 'utf8').split('\n', 1)[0]!
  const args = [
    'batch',
    from,
    '--policy',
    policyFor(input, cwd),
    ...['--keys', 'keys.json', '--as-of', '2026-06-01T00:00:00Z', '--max-dead-letters', '100%', '--quiet'],
    ...['--output', 'output', '--dead-letter', 'dead', '--summary', 'summary.json'],
    ...(input.endsWith('.csv') && head.includes(';') ? ['--delimiter', ';'] : []),
  ]
  const { code, stderr } = await warm(args, { cwd })
  if (code !== 0 && code !== 3) throw new Error(stderr)
  const digest = (text: string | Buffer) => createHash('sha256').update(text).digest('hex').slice(0, 32)
  const summary = JSON.parse(readFileSync(join(cwd, 'summary.json'), 'utf8'))
  // Of the Unicode version of this Node, not of Lethe.
  delete summary.policy.platform
  return {
    code,
    output: digest(readFileSync(join(cwd, 'output'))),
    deadLetters: digest(readFileSync(join(cwd, 'dead'))),
    summary: digest(JSON.stringify(summary)),
  }
}

it('are as recorded', async () => {
  const expected = JSON.parse(readFileSync(DIGESTS, 'utf8')) as Record<string, Digests>
  const found: Record<string, Digests> = {}
  const waiting = [...inputs]
  const work = async () => {
    for (let input = waiting.pop(); input !== undefined; input = waiting.pop())
      found[input] = await digestsOf(input)
  }
  await Promise.all([work(), work()])
  expect(inputs.length).toBeGreaterThan(20)
  expect(found).toEqual(expected)
  // Some twenty processes.
}, 180_000)
