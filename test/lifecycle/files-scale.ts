/** Erasure of many subjects among many rows of files: a scan that is not Lethe's finds none of them, and every other row. */
import assert from 'node:assert/strict'
import { createWriteStream, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import type { Lethe, Ran } from './files-world.ts'
import { linesWith, restOf, wholeOf } from './scan.ts'
import { tokensOf } from './tokens.ts'

export interface ScaleOptions {
  readonly folder: string
  readonly lethe: Lethe
  readonly rows: number
  readonly subjects: number
  readonly say: (line: string) => void
}

const FILES = 10
/** Of subjects that are erased, there are so many that are not. */
const OTHERS = 49
const FORMS = ['csv', 'ndjson', 'ndjson.gz', 'csv.gz'] as const
export const SCALE_POLICY: string = `policy: scale
version: 1
purpose: train_ai_system
subject: id
time: at
fields:
  id: { use: hash.hmac, domain: customer }
  at: { use: generalize.date, to: day, zone: UTC }
  v: keep
  $key: { use: hash.hmac, domain: customer }
suppression: [{ list: erasures, by: id }]
`

export const scaleSubject = (who: number): string => `C-${String(who).padStart(7, '0')}`

/** Whose the row is: spread evenly, and the same for every run. */
export function whose(row: number, population: number): number {
  let hash = Math.imul(row ^ (row >>> 16), 0x45d9f3b)
  hash = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b)
  return ((hash ^ (hash >>> 16)) >>> 0) % population
}

function* texts(name: string, first: number, count: number, population: number): Generator<string> {
  const isCsv = name.includes('.csv')
  if (isCsv) yield 'id,at,v\n'
  let lines: string[] = []
  for (let row = first; row < first + count; row++) {
    const id = scaleSubject(whose(row, population))
    const at = `2026-0${1 + (row % 9)}-1${row % 10}T08:00:00Z`
    lines.push(isCsv ? `${id},${at},${row}\n` : `{"id":"${id}","at":"${at}","v":"${row}"}\n`)
    if (lines.length === 5000) {
      yield lines.join('')
      lines = []
    }
  }
  yield lines.join('')
}

const rate = (count: number, ms: number): string =>
  `${Math.round(count / (ms / 1000)).toLocaleString('en')}/s`

/** @throws AssertionError where anything of an erased subject is left, anything else is gone, or a receipt closes early */
export async function eraseFromFiles(options: ScaleOptions): Promise<void> {
  const { folder, lethe, rows, subjects, say } = options
  const at = (...names: string[]): string => join(folder, ...names)
  const timed = async (what: string, count: number, act: () => Promise<unknown>): Promise<void> => {
    const began = performance.now()
    await act()
    const ms = performance.now() - began
    say(`scale, files: ${what}: ${(ms / 1000).toFixed(1)} s, ${rate(count, ms)}`)
  }
  const run = async (code: number, ...args: string[]): Promise<Ran> => {
    const ran = await lethe(args, { cwd: folder })
    assert.equal(
      ran.code,
      code,
      `lethe ${args.join(' ')}\n${ran.stdout.slice(-2000)}${ran.stderr.slice(-2000)}`,
    )
    return ran
  }
  for (const name of ['in', 'clean']) mkdirSync(at(name), { recursive: true })
  writeFileSync(at('policy.yaml'), SCALE_POLICY)
  await run(0, 'keys', 'create', 'keys.json')
  await run(0, 'keys', 'create', '--match', 'match.json')
  await run(0, 'signing-key', 'create', 'host.pem')
  await run(0, 'forget', 'begin', '-p', 'policy.yaml', '--suppression', 'erasures.ndjson')

  const population = subjects * (1 + OTHERS)
  const each = Math.ceil(rows / FILES)
  const files = Array.from({ length: FILES }, (_, index) => `${index}.${FORMS[index % FORMS.length]}`)
  await timed(`${rows} rows of ${population} subjects made`, rows, async () => {
    for (const [index, name] of files.entries()) {
      const count = Math.min(each, rows - index * each)
      const out = createWriteStream(at('in', name))
      const source = texts(name, index * each, count, population)
      await (name.endsWith('.gz') ? pipeline(source, createGzip({ level: 1 }), out) : pipeline(source, out))
    }
  })
  await timed('de-identified', rows, async () => {
    for (const [index, name] of files.entries()) {
      if (index === FILES / 2) {
        await run(0, 'keys', 'add', 'keys.json')
        await run(0, 'keys', 'promote', 'keys.json', 'k2')
      }
      const more = [
        '--keys',
        'keys.json',
        '--match-keys',
        'match.json',
        '--list',
        'erasures=erasures.ndjson',
        '-q',
      ]
      await run(0, 'batch', `in/${name}`, '-p', 'policy.yaml', '-o', `clean/${name}`, ...more)
    }
    await run(0, 'keys', 'disable', 'keys.json', 'k1')
  })

  const token = tokensOf(at('keys.json'), 'customer')
  const erased = Array.from({ length: subjects }, (_, who) => scaleSubject(who))
  writeFileSync(
    at('tokens.txt'),
    `${erased.flatMap((who) => [token(who, 'k1'), token(who, 'k2')]).join('\n')}\n`,
  )
  writeFileSync(at('asked.txt'), `${erased.join('\n')}\n`, { mode: 0o600 })
  let expected = 0
  for (let row = 0; row < rows; row++) if (whose(row, population) < subjects) expected++
  const scan = async (): Promise<number> => {
    let found = 0
    for (const name of files)
      if (existsSync(at('clean', name))) found += await linesWith(at('clean', name), at('tokens.txt'))
    return found
  }
  await timed('scanned', rows, async () =>
    assert.equal(await scan(), expected, 'the scan finds what is there'),
  )
  const rest = new Map<string, string>()
  for (const name of files) rest.set(name, await restOf(at('clean', name), at('tokens.txt')))

  const list = [
    '-p',
    'policy.yaml',
    '--suppression',
    'erasures.ndjson',
    '--match-keys',
    'match.json',
    '--no-holds',
  ]
  const verify = async (
    code: number,
  ): Promise<{ closed: boolean; targets: { found: number; read: number }[] }> => {
    const signed = [
      '--receipt',
      `receipt-${performance.now()}.json`,
      '--signing-key',
      'host.pem',
      '--format',
      'json',
    ]
    return JSON.parse((await run(code, 'forget', 'verify', 'order.json', ...list, ...signed)).stdout)
  }
  await timed('forget plan', rows, async () => {
    await run(
      0,
      'forget',
      'plan',
      'clean',
      '--list',
      'asked.txt',
      '--keys',
      'keys.json',
      '-o',
      'order.json',
      ...list,
    )
  })
  const { targets } = JSON.parse(readFileSync(at('order.json'), 'utf8')) as { targets: { deleted: number }[] }
  assert.equal(
    targets.reduce((sum, { deleted }) => sum + deleted, 0),
    expected,
    'what the order is to erase',
  )

  // While the scan finds any, no receipt is closed: before apply, and where it is cut short.
  assert.equal((await verify(1)).closed, false, 'a receipt was closed early')
  const killAfter = Math.max(400, Math.min(6000, rows / 1000))
  await lethe(['forget', 'apply', 'order.json', ...list], { cwd: folder, killAfter })
  const left = await scan()
  if (left > 0) {
    assert.equal((await verify(1)).closed, false, 'a receipt was closed early')
    say(`scale, files: apply was killed with ${left} of ${expected} rows left; the receipt stayed open`)
  }
  await timed('forget apply', rows, async () => await run(0, 'forget', 'apply', 'order.json', ...list))
  await timed('forget verify', rows, async () => {
    const { closed, targets } = await verify(0)
    assert.equal(closed, true)
    assert.equal(
      targets.reduce((sum, { read }) => sum + read, 0),
      rows - expected,
      'rows that were read again',
    )
  })
  assert.equal(await scan(), 0, 'rows of erased subjects are there')
  for (const name of files)
    assert.equal(
      await wholeOf(at('clean', name)),
      rest.get(name),
      `${basename(name)}: a row is gone that had to stay`,
    )
  say(
    `scale, files: ${subjects} subjects, ${expected} of ${rows} rows erased; the scan finds none, and all other rows`,
  )
}
