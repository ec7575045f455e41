/**
 * `npm run proof:shards`: the shards of a manifest, run by xargs, by Spark and with `kill -9` of random ones, give what one `lethe batch`
 * over all files gives, to the byte; and so do processes of one group that read the same records from a topic of Kafka to its end.
 * Fetches PySpark through pip into a cache once (450 MB), and needs Java 17, Python 3 and xargs.
 * Ends with 1 where something does not hold.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import {
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { gzipSync } from 'node:zlib'
import { createKeyset } from '../../src/keys/keyset.ts'
import { formatKeyset } from '../../src/keys/keyset-format.ts'
import { proveQueue } from './kafka-queue.ts'

const { values } = parseArgs({
  options: {
    megabytes: { type: 'string', default: '1000' },
    shards: { type: 'string', default: '8' },
    'no-spark': { type: 'boolean', default: false },
    'no-kafka': { type: 'boolean', default: false },
    /** Only Kafka as the queue. */
    'only-kafka': { type: 'boolean', default: false },
  },
})
const MEGABYTES = Number(values.megabytes)
const PYSPARK = '4.3.0'
/** Of processes that are killed, how long they may run. */
const LONGEST_MS = 1500
const MOST_KILLS = 4

const script = fileURLToPath(new URL('../../dist/bin/lethe.js', import.meta.url))
const tasks = fileURLToPath(new URL('shards.py', import.meta.url))
const cache = join(
  process.env['LETHE_CACHE'] ?? join(process.env['HOME'] ?? tmpdir(), '.cache', 'lethe'),
  'shards',
)
const folder = mkdtempSync(join(tmpdir(), 'lethe-shards-'))
const common = ['-p', 'policy.yaml', '--keys', 'keys.json']

let failed = false
const say = (text: string): void => void process.stdout.write(`${text}\n`)
const check = (what: string, holds: boolean, more = ''): void => {
  say(`${holds ? 'holds' : 'FAILS'}: ${what}${more === '' ? '' : ` (${more})`}`)
  failed ||= !holds
}

const lethe = (...args: readonly string[]) =>
  spawnSync(process.execPath, [script, ...args], { cwd: folder, encoding: 'utf8', maxBuffer: 1 << 26 })

function must(codes: readonly number[], ...args: readonly string[]): string {
  const { status, stdout, stderr } = lethe(...args)
  if (!codes.includes(status ?? -1))
    throw new Error(`lethe ${args.join(' ')} ended with ${status}\n${stderr}`)
  return stdout
}

const POLICY = `policy: shards
version: 1
purpose: train_ai_system
subject: id
fields:
  id: { use: hash.hmac, domain: customer }
  name: { use: mask.replace, with: name }
  note: { use: keep, lineBreaks: allow }
  born: { use: generalize.date, to: year }
  amount: { use: noise.number, span: 10 }
`

const quoted = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

/** Rows of made-up events: some with line breaks, quotes and faults. */
function rows(from: number, count: number, isTable: boolean): string {
  const all: string[] = []
  for (let n = from; n < from + count; n++) {
    const row = {
      id: `c-${n % 9973}`,
      name: `Zoë "${n}"`,
      note: n % 11 === 0 ? `two\nlines, "${n}"` : `note ${n}`,
      born: `${1950 + (n % 50)}-0${1 + (n % 9)}-11`,
      amount: String(n % 1000),
    }
    const isFaulty = n % 5003 === 0
    if (isTable) all.push(isFaulty ? 'a,row,too,short' : Object.values(row).map(quoted).join(','))
    else all.push(isFaulty ? '{"id":' : JSON.stringify(row))
  }
  return `${all.join('\n')}\n`
}

const BATCH = 20_000

async function write(name: string, bytes: number, isTable: boolean): Promise<void> {
  const file = await open(join(folder, 'in', name), 'w')
  if (isTable) await file.write('id,name,note,born,amount\n')
  for (let at = 0, written = 0; written < bytes; at += BATCH)
    written += (await file.write(rows(at, BATCH, isTable))).bytesWritten
  await file.close()
}

/** By file: the digest of its slices, one behind the other; the header of CSV once. */
async function digestsOf(outputs: string): Promise<string> {
  const hashes = new Map<string, ReturnType<typeof createHash>>()
  for (const name of readdirSync(join(folder, outputs)).sort()) {
    const own = name.replace(/^\d{5}-\d{5}-/, '')
    if (own.endsWith('.lethe.json') || own.startsWith('_')) continue
    const isLater = hashes.has(own)
    const hash = hashes.get(own) ?? createHash('sha256')
    hashes.set(own, hash)
    let skip = isLater && own.endsWith('.csv')
    for await (const data of createReadStream(join(folder, outputs, name)) as AsyncIterable<Buffer>) {
      hash.update(skip ? data.subarray(data.indexOf('\n') + 1) : data)
      skip = false
    }
  }
  return [...hashes]
    .map(([name, hash]) => `${name} ${hash.digest('hex')}`)
    .sort()
    .join('\n')
}

/** Merges a run, and compares it with one batch. */
async function compare(how: string, run: string, seconds: number): Promise<void> {
  must(
    [3],
    'account',
    'merge',
    run,
    '-o',
    `${run}-out`,
    '--digests',
    '-q',
    '--dead-letter',
    `${run}.dead`,
    '--summary',
    `${run}.json`,
  )
  check(
    `${how}: outputs are those of one batch`,
    (await digestsOf(`${run}-out`)) === whole,
    `${seconds.toFixed(1)} s`,
  )
  check(
    `${how}: dead letters are those of one batch`,
    readFileSync(join(folder, `${run}.dead`)).equals(letters),
  )
  const { outputs: _, shards: _s, ...told } = JSON.parse(readFileSync(join(folder, `${run}.json`), 'utf8'))
  const { outputs: _o, ...one } = JSON.parse(readFileSync(join(folder, 'whole.json'), 'utf8'))
  const canonical = (object: object) =>
    JSON.stringify(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)))
  check(`${how}: the account is that of one batch`, canonical(told) === canonical(one))
}

async function timed(work: () => Promise<void> | void): Promise<number> {
  const began = performance.now()
  await work()
  return (performance.now() - began) / 1000
}

function byXargs(run: string, shards: number): void {
  const numbers = Array.from({ length: shards }, (_, shard) => shard).join('\n')
  const command = [
    '-P',
    '2',
    '-I{}',
    process.execPath,
    script,
    'batch',
    '--manifest',
    'm.json',
    '--shard',
    '{}',
  ]
  const { status, stderr } = spawnSync('xargs', [...command, ...common, '-o', run, '--workers', '1', '-q'], {
    cwd: folder,
    input: numbers,
    encoding: 'utf8',
  })
  check('xargs ends with 0', status === 0, stderr)
}

/** Each shard is begun by two processes, which are killed after random times; the last try of each runs to its end. */
async function withKills(run: string, shards: number): Promise<number> {
  let kills = 0
  const once_ = async (shard: number, mayKill: boolean): Promise<void> => {
    const args = [
      script,
      'batch',
      '--manifest',
      'm.json',
      '--shard',
      String(shard),
      ...common,
      '-o',
      run,
      '--workers',
      '1',
      '-q',
    ]
    const child = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] })
    const ended = once(child, 'close') as Promise<[number | null, string | null]>
    if (mayKill) {
      const first = await Promise.race([ended, sleep(Math.random() * LONGEST_MS)])
      if (first === undefined && child.kill('SIGKILL')) kills++
    }
    const [code, signal] = await ended
    if (signal === null && code !== 0) check(`shard ${shard} ends with 0`, false, String(code))
  }
  for (let shard = 0; shard < shards; shard++) {
    for (let round = 0; round < MOST_KILLS; round++)
      await Promise.all([once_(shard, true), once_(shard, round % 2 === 0)])
    const data = existsSync(join(folder, run, 'data')) ? readdirSync(join(folder, run, 'data')) : []
    if (data.some((name) => name.endsWith('.part'))) check('no half file has a name', false)
    await once_(shard, false)
  }
  return kills
}

function python(): string {
  const found = join(cache, 'python', 'bin', 'python')
  const mark = join(cache, `pyspark-${PYSPARK}`)
  if (existsSync(mark)) return found
  say('fetching PySpark through pip (450 MB, once)')
  mkdirSync(cache, { recursive: true })
  execFileSync('python3', ['-m', 'venv', join(cache, 'python')], { stdio: 'inherit' })
  execFileSync(found, ['-m', 'pip', 'install', '-q', `pyspark==${PYSPARK}`], { stdio: 'inherit' })
  writeFileSync(mark, '')
  return found
}

const spark = (interpreter: string, what: string, ...args: readonly string[]): string =>
  execFileSync(interpreter, [tasks, what, process.execPath, script, ...args], {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim()

let whole = ''
let letters: Buffer = Buffer.alloc(0)

async function proveShards(): Promise<void> {
  const bytes = MEGABYTES * 1e6
  await write('a.csv', bytes * 0.5, true)
  await write('b.ndjson', bytes * 0.35, false)
  await write('c.ndjson', bytes * 0.14, false)
  writeFileSync(join(folder, 'in', 'd.ndjson.gz'), gzipSync(rows(0, Math.ceil(MEGABYTES * 60), false)))
  const size = readdirSync(join(folder, 'in')).reduce(
    (sum, name) => sum + statSync(join(folder, 'in', name)).size,
    0,
  )
  say(`${(size / 1e6).toFixed(0)} MB of input`)

  const least = [
    '--shards',
    values.shards,
    '--min-shard-bytes',
    String(Math.floor(bytes / Number(values.shards) / 2)),
  ]
  const planning = await timed(
    () => void must([0], 'manifest', 'in', ...common, ...least, '-o', 'm.json', '-q'),
  )
  const manifest = JSON.parse(readFileSync(join(folder, 'm.json'), 'utf8'))
  const shards: number = manifest.shards.length
  const sizes: number[] = manifest.shards.map((shard: { bytes: number }) => shard.bytes)
  check(
    'shards are balanced',
    shards > 1 && Math.max(...sizes) < 1.3 * (size / shards),
    `${shards} of ${(Math.min(...sizes) / 1e6).toFixed(0)} to ${(Math.max(...sizes) / 1e6).toFixed(0)} MB; planned in ${planning.toFixed(1)} s`,
  )
  const names: string[] = manifest.files.map(({ file }: { file: string }) => file)
  const alone = await timed(
    () =>
      void must(
        [3],
        'batch',
        ...names,
        ...common,
        '-o',
        'whole/',
        '-q',
        '--as-of',
        manifest.asOf,
        '--dead-letter',
        'whole.dead',
        '--summary',
        'whole.json',
      ),
  )
  say(`one batch over all files: ${alone.toFixed(1)} s`)
  whole = await digestsOf('whole')
  letters = readFileSync(join(folder, 'whole.dead'))

  await compare('xargs -P 2', 'xargs', await timed(() => byXargs('xargs', shards)))
  let kills = 0
  const killing = await timed(async () => {
    kills = await withKills('killed', shards)
  })
  check('processes were killed', kills > 0, `${kills} with SIGKILL, two at once on each shard`)
  await compare('kill -9 and retries', 'killed', killing)

  if (!values['no-spark']) {
    const interpreter = python()
    let done = ''
    const seconds = await timed(() => {
      done = spark(interpreter, 'run', String(shards), 'spark')
    })
    check('Spark local[2]: each task ends with its shard', done === String(shards))
    await compare('Spark local[2]', 'spark', seconds)
    const { records } = JSON.parse(readFileSync(join(folder, 'spark-out', '_manifest.json'), 'utf8'))
    check(
      'Spark reads the published NDJSON',
      Number(spark(interpreter, 'read', '0', 'spark-out')) === manifestRecords(records),
    )
    check(
      'rdd.pipe takes a failed process for success, which is why it is not used',
      spark(interpreter, 'pipe', '0', '-') === '10',
      'exit code 3 after 10 of 1,000 rows',
    )
  }
}

try {
  mkdirSync(join(folder, 'in'))
  mkdirSync(join(folder, 'whole'))
  writeFileSync(join(folder, 'policy.yaml'), POLICY)
  writeFileSync(join(folder, 'keys.json'), formatKeyset(createKeyset(new Date())), { mode: 0o600 })
  if (!values['only-kafka']) await proveShards()
  if (!values['no-kafka']) {
    const records = rows(0, Math.max(60_000, MEGABYTES * 100), false)
      .trimEnd()
      .split('\n')
    await proveQueue({ folder, script, records, check })
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** Of all records those in NDJSON that is not packed. */
function manifestRecords(all: number): number {
  const { files } = JSON.parse(readFileSync(join(folder, 'spark-out', '_manifest.json'), 'utf8')) as {
    files: { file: string; records: number }[]
  }
  return (
    all - files.filter(({ file }) => !file.endsWith('.ndjson')).reduce((sum, { records }) => sum + records, 0)
  )
}
process.exitCode = failed ? 1 : 0
