/**
 * `npm run proof:s3`: Lethe over a real server of S3, versitygw, which checks signatures and judges conditions. Ends with 1 where something does not hold.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import {
  AbortMultipartUploadCommand,
  CreateBucketCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { startProxy } from '../integration/proxy.mjs'
import { Versitygw } from './versitygw.ts'

/** Of the large input, MB. */
const LARGE_MB = 130
/** The most that a run over it may hold, MiB. */
const MOST_MIB = 400
const script = fileURLToPath(new URL('../../dist/bin/lethe.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'lethe-s3-'))
let failed = false
const check = (what: string, holds: boolean, more = ''): void => {
  process.stdout.write(`${holds ? 'holds' : 'FAILS'}: ${what}\n${holds || more === '' ? '' : `${more}\n`}`)
  failed ||= !holds
}

interface Ran {
  readonly code: number | null
  readonly stderr: string
  /** The most memory that it held, MiB. */
  readonly most: number
}

interface Running {
  readonly child: ChildProcess
  readonly ended: Promise<Ran>
}

const server = await Versitygw.start(join(folder, 'data'))
const { address, secret, keyId } = server
const proxy = await startProxy(address)
const env = { ...process.env, ...server.env }
const throughProxy = { AWS_ENDPOINT_URL_S3: `http://${proxy.address}` }
const s3 = server.client()

let told = ''
function start(
  args: readonly string[],
  more: Readonly<Record<string, string>> = {},
  input?: string,
): Running {
  const child = spawn(process.execPath, [script, ...args], { cwd: folder, env: { ...env, ...more } })
  let stderr = ''
  let most = 0
  const look = setInterval(() => {
    try {
      const line = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))
      if (line !== null) most = Number(line[1]) / 1024
    } catch {
      // It has ended.
    }
  }, 50)
  child.stdout.on('data', (text: Buffer) => {
    told += text.toString()
  })
  child.stderr.on('data', (text: Buffer) => {
    stderr += text.toString()
  })
  child.stdin.on('error', () => {})
  if (input !== undefined) child.stdin.end(input)
  const ended = once(child, 'close').then(([code]) => {
    clearInterval(look)
    told += stderr
    return { code: code as number | null, stderr, most }
  })
  return { child, ended }
}

const batch = (args: readonly string[], more?: Readonly<Record<string, string>>): Running =>
  start(['batch', ...args, '-p', 'policy.yaml', '-q'], more, '')

const put = (bucket: string, key: string, text: string | Buffer) =>
  s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: text }))
async function digest(bucket: string, key: string): Promise<string> {
  const got = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
  const hash = createHash('sha256')
  for await (const piece of got.Body as AsyncIterable<Uint8Array>) hash.update(piece)
  return hash.digest('hex')
}
const names = async (): Promise<string[]> =>
  ((await s3.send(new ListObjectsV2Command({ Bucket: 'clean' }))).Contents ?? []).map(({ Key }) => Key!)
const uploads = async (): Promise<{ readonly Key: string; readonly UploadId: string }[]> =>
  ((await s3.send(new ListMultipartUploadsCommand({ Bucket: 'clean' }))).Uploads ?? []) as never
/** Waits until parts of an output are on their way. */
async function underWay(): Promise<void> {
  for (let tries = 0; tries < 600 && (await uploads()).length === 0; tries++) await sleep(20)
}

const row = (at: number): string => `{"id":"CanaryId${at}","note":"${'n'.repeat(200)}${at}"}\n`

async function runAll(): Promise<void> {
  for (const bucket of ['raw', 'clean']) await s3.send(new CreateBucketCommand({ Bucket: bucket }))
  writeFileSync(
    join(folder, 'policy.yaml'),
    'policy: p\nversion: 1\npurpose: train_ai_system\nfields:\n  id: { use: mask.replace, with: someone }\n  note: keep\n',
  )
  const count = Math.ceil((LARGE_MB * 1e6) / row(100_000).length)
  const large = Buffer.from(Array.from({ length: count }, (_, at) => row(at)).join(''))
  writeFileSync(join(folder, 'large.ndjson'), large)
  await put('raw', 'large.ndjson', large)
  const local = await batch(['large.ndjson', '-o', 'local.ndjson']).ended
  if (local.code !== 0) throw new Error(local.stderr)
  const wanted = createHash('sha256')
    .update(readFileSync(join(folder, 'local.ndjson')))
    .digest('hex')

  const began = performance.now()
  const whole = await batch(['s3://raw/large.ndjson', '-o', 's3://clean/large.ndjson']).ended
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  check(`${LARGE_MB} MB from object to object, in parts`, whole.code === 0, whole.stderr)
  check('the same bytes as from file to file', (await digest('clean', 'large.ndjson')) === wanted)
  check(`at most ${MOST_MIB} MiB of memory`, whole.most < MOST_MIB, `${whole.most} MiB`)
  process.stdout.write(
    `  ${seconds} s, ${Math.round(whole.most)} MiB; from file to file ${Math.round(local.most)} MiB\n`,
  )
  check('no upload is left', (await uploads()).length === 0)

  const again = await batch(['s3://raw/large.ndjson', '-o', 's3://clean/large.ndjson']).ended
  check(
    'what stands there is not overwritten',
    again.code === 2 && /exists already/.test(again.stderr),
    again.stderr,
  )
  writeFileSync(join(folder, 'small.ndjson'), row(1))
  const replaced = await batch(['small.ndjson', '-o', 's3://clean/large.ndjson', '--replace']).ended
  check('unless that is asked for', replaced.code === 0, replaced.stderr)

  const killed = batch(['s3://raw/large.ndjson', '-o', 's3://clean/killed.ndjson'])
  await underWay()
  killed.child.kill('SIGKILL')
  await killed.ended
  check('kill -9: nothing stands under the name', !(await names()).includes('killed.ndjson'))
  const rerun = await batch(['s3://raw/large.ndjson', '-o', 's3://clean/killed.ndjson']).ended
  check(
    'and the same run again is whole',
    rerun.code === 0 && (await digest('clean', 'killed.ndjson')) === wanted,
  )
  for (const { Key, UploadId } of await uploads())
    await s3.send(new AbortMultipartUploadCommand({ Bucket: 'clean', Key, UploadId }))

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const stopped = batch(['s3://raw/large.ndjson', '-o', 's3://clean/stopped.ndjson'])
    await underWay()
    stopped.child.kill(signal)
    const { code, stderr } = await stopped.ended
    const left = [await uploads(), (await names()).filter((name) => name.startsWith('stopped'))].flat()
    check(
      `${signal}: neither object nor upload is left`,
      code === 130 && left.length === 0,
      `${code} ${stderr}`,
    )
  }

  const wrong: readonly (readonly [string, Record<string, string>, number, RegExp])[] = [
    ['a wrong secret', { AWS_SECRET_ACCESS_KEY: 'x'.repeat(40) }, 4, /refuses the credentials/],
    ['an unknown key', { AWS_ACCESS_KEY_ID: 'AKUNKNOWN' }, 4, /refuses the credentials/],
    ['no server', { AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:1' }, 4, /does not answer/],
    ['no name', { AWS_ENDPOINT_URL_S3: 'http://nowhere.invalid' }, 4, /does not answer/],
    ['no credentials', { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' }, 2, /no credentials/],
  ]
  for (const [what, more, code, says] of wrong)
    for (const args of [
      ['s3://raw/large.ndjson', '-o', 'none.ndjson'],
      ['small.ndjson', '-o', 's3://clean/none.ndjson'],
    ]) {
      const ran = await batch(args, { AWS_MAX_ATTEMPTS: '2', ...more }).ended
      check(
        `${what}: ${args.join(' ')}`,
        ran.code === code && says.test(ran.stderr),
        `${ran.code} ${ran.stderr}`,
      )
    }
  const bucket = await batch(['small.ndjson', '-o', 's3://nowhere/none.ndjson']).ended
  check('an unknown bucket', bucket.code === 4 && /bucket nowhere/.test(bucket.stderr), bucket.stderr)

  proxy.throttle(20e6, 'answers')
  const changing = batch(['s3://raw/large.ndjson', '-o', 's3://clean/changed.ndjson'], throughProxy)
  await underWay()
  await put('raw', 'large.ndjson', Buffer.concat([large, Buffer.from(row(0))]))
  const changed = await changing.ended
  check(
    'an object that changes while it is read ends the run',
    changed.code === 4 && /another object/.test(changed.stderr),
    changed.stderr,
  )
  check(
    'and nothing is left of it',
    (await uploads()).length === 0 && !(await names()).includes('changed.ndjson'),
  )
  await put('raw', 'large.ndjson', large)

  const cutting = batch(['s3://raw/large.ndjson', '-o', 's3://clean/cut.ndjson'], throughProxy)
  let cuts = 0
  const cutter = setInterval(() => {
    if (proxy.open > 0 && cuts < 8) {
      proxy.cut()
      cuts++
    }
  }, 900)
  const cut = await cutting.ended
  clearInterval(cutter)
  proxy.calm()
  check(
    `${cuts} cuts of all connections change nothing`,
    cut.code === 0 && cuts > 2 && (await digest('clean', 'cut.ndjson')) === wanted,
    cut.stderr,
  )

  const vanishing = start(
    ['batch', '-', '--format', 'ndjson', '-o', 's3://clean/vanished.ndjson', '-p', 'policy.yaml', '-q'],
    { ...throughProxy, AWS_MAX_ATTEMPTS: '2' },
  )
  vanishing.child.stdin!.write(large.subarray(0, 40 << 20))
  await underWay()
  await proxy.refuse()
  vanishing.child.stdin!.end(large.subarray(40 << 20))
  const vanished = await vanishing.ended
  check(
    'a server that goes away',
    vanished.code === 4 && /does not answer/.test(vanished.stderr),
    vanished.stderr,
  )
  check('leaves no object', !(await names()).includes('vanished.ndjson'))
  await proxy.accept()
  for (const { Key, UploadId } of await uploads())
    await s3.send(new AbortMultipartUploadCommand({ Bucket: 'clean', Key, UploadId }))

  proxy.hold('answers')
  const silent = await batch(['s3://raw/large.ndjson', '-o', 'none.ndjson'], {
    ...throughProxy,
    AWS_MAX_ATTEMPTS: '1',
  }).ended
  proxy.calm()
  check('a server that is silent', silent.code === 4 && /does not answer/.test(silent.stderr), silent.stderr)

  const writers = [1, 2].map((at) => {
    const args = [
      'batch',
      '-',
      '--format',
      'ndjson',
      '-o',
      's3://clean/raced.ndjson',
      '-p',
      'policy.yaml',
      '-q',
    ]
    const running = start(args)
    running.child.stdin!.write(row(at).repeat(200_000))
    return running
  })
  await underWay()
  await sleep(500)
  for (const { child } of writers) child.stdin!.end()
  const raced = await Promise.all(writers.map(({ ended }) => ended))
  const codes = raced.map(({ code }) => code).sort()
  check('of two writers of one name one wins', codes[0] === 0 && codes[1] === 2, JSON.stringify(raced))
  const winner = raced.findIndex(({ code }) => code === 0) + 1
  const its = createHash('sha256')
    .update(
      row(winner)
        .replace(/CanaryId\d+/, 'someone')
        .repeat(200_000),
    )
    .digest('hex')
  check('and its object is whole', (await digest('clean', 'raced.ndjson')) === its)
  check('and the other leaves no upload', (await uploads()).length === 0)

  const MANY = 1_100
  for (let at = 0; at < MANY; at += 50)
    await Promise.all(Array.from({ length: 50 }, (_, i) => put('raw', `many/${at + i}.ndjson`, row(at + i))))
  const many = await batch(['s3://raw/many/', '-o', 's3://clean/many.ndjson']).ended
  const got = await s3.send(new GetObjectCommand({ Bucket: 'clean', Key: 'many.ndjson' }))
  const lines = (await got.Body!.transformToString()).trimEnd().split('\n')
  check(`${MANY} objects below a prefix, in pages`, many.code === 0 && lines.length === MANY, many.stderr)
  check('in the order of their names', lines[1]!.includes('n1"') && lines[2]!.includes('n10"'))

  await dataSets()
  await shards()
  check('no secret and no value is told', ![secret, keyId, 'CanaryId'].some((one) => told.includes(one)))
}

const below = async (prefix: string): Promise<string[]> =>
  (await names()).filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length))
const localDigest = (file: string): string =>
  createHash('sha256')
    .update(readFileSync(join(folder, file)))
    .digest('hex')

/** Whether what lies below a prefix is what lies in a folder. */
async function isSame(prefix: string, local: string): Promise<boolean> {
  const files = readdirSync(join(folder, local), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(join(folder, local), join(parentPath, name)))
    .sort()
  if (JSON.stringify(files) !== JSON.stringify((await below(prefix)).sort())) return false
  for (const file of files)
    if ((await digest('clean', prefix + file)) !== localDigest(join(local, file))) return false
  return true
}

async function dataSets(): Promise<void> {
  const many = Array.from(
    { length: 60_000 },
    (_, at) => `{"id":"CanaryId${at}","country":"C${at % 20}","note":"${'n'.repeat(200)}${at}"}\n`,
  ).join('')
  writeFileSync(join(folder, 'parted.ndjson'), many)
  writeFileSync(
    join(folder, 'policy.yaml'),
    'policy: p\nversion: 1\npurpose: train_ai_system\nfields:\n  id: { use: mask.replace, with: someone }\n  country: keep\n  note: keep\n',
  )
  const args = ['parted.ndjson', '--partition-by', 'country', '--as-of', '2026-01-01']
  const local = await batch([...args, '-o', 'set']).ended
  const whole = await batch([...args, '-o', 's3://clean/set/']).ended
  check('a data set below a prefix is that of a folder', local.code === 0 && whole.code === 0, whole.stderr)
  check('to the byte, and nothing else is left', await isSame('set/', 'set'))
  const again = await batch([...args, '-o', 's3://clean/set/']).ended
  check('and takes no place of another', again.code === 2, again.stderr)
  const killed = batch([...args, '-o', 's3://clean/cut/'])
  for (let tries = 0; tries < 2000 && (await below('cut/')).length < 5; tries++) await sleep(5)
  killed.child.kill('SIGKILL')
  await killed.ended
  const left = await below('cut/')
  check(
    `kill -9 while it is published: ${left.length} objects, and no _SUCCESS`,
    left.length > 0 && !left.includes('_SUCCESS'),
  )
  const refused = await batch(['s3://clean/cut/', '-o', 'none.ndjson']).ended
  check('which no batch reads', refused.code === 2 && /_writing/.test(refused.stderr), refused.stderr)
  const racers = [1, 2].map(() => batch([...args, '-o', 's3://clean/race/']))
  const codes = (await Promise.all(racers.map(({ ended }) => ended))).map(({ code }) => code)
  check('of two runs one writes the data set', codes.sort().join() === '0,2', codes.join())
  check('which is whole', await isSame('race/', 'set'))
}

async function shards(): Promise<void> {
  await s3.send(
    new PutObjectCommand({
      Bucket: 'raw',
      Key: 'run/parted.ndjson',
      Body: readFileSync(join(folder, 'parted.ndjson')),
    }),
  )
  await put('raw', 'run/small.csv', 'id,country,note\nCanaryId1,C1,n\n')
  mkdirSync(join(folder, 'run-in'))
  writeFileSync(join(folder, 'run-in/parted.ndjson'), readFileSync(join(folder, 'parted.ndjson')))
  writeFileSync(join(folder, 'run-in/small.csv'), 'id,country,note\nCanaryId1,C1,n\n')
  const plan = ['-p', 'policy.yaml', '--min-shard-bytes', '2000000', '--as-of', '2026-01-01', '-q']
  const made = await start(['manifest', 's3://raw/run/', ...plan, '-o', 's3://clean/m.json']).ended
  await start(['manifest', 'run-in', ...plan, '-o', 'm.json']).ended
  const count = JSON.parse(readFileSync(join(folder, 'm.json'), 'utf8')).shards.length as number
  check(`a manifest of objects, with ${count} shards`, made.code === 0 && count > 3, made.stderr)
  const shard = (at: number): Running =>
    batch(['--manifest', 's3://clean/m.json', '--shard', String(at), '-o', 's3://clean/run/'])
  let kills = 0
  for (let at = 0; at < count; at++) {
    const first = shard(at)
    await sleep(250 + at * 60)
    if (first.child.kill('SIGKILL')) kills++
    await first.ended
    const [one, other] = await Promise.all([shard(at).ended, shard(at).ended])
    const worst = one.code === 0 && other.code === 0 ? undefined : await shard(at).ended
    check(
      `shard ${at}: killed, and run twice at once`,
      (one.code === 0 || other.code === 0) && (worst?.code ?? 0) === 0,
      `${one.code} ${one.stderr} ${other.code} ${other.stderr}`,
    )
    await batch(['--manifest', 'm.json', '--shard', String(at), '-o', 'run']).ended
  }
  check(`${kills} kills; nothing counts before the merge`, !(await below('run/data/')).includes('_SUCCESS'))
  const merged = await start([
    'account',
    'merge',
    's3://clean/run/',
    '-o',
    's3://clean/run/data/',
    '-q',
    '--digests',
  ]).ended
  const local = await start(['account', 'merge', 'run', '-o', 'merged', '-q']).ended
  check('the merge', merged.code === 0 && local.code === 0, merged.stderr + local.stderr)
  check('publishes what a run in a folder does, to the byte', await isSame('run/data/', 'merged'))
}

try {
  await runAll()
} finally {
  await proxy.close()
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
}
// A connection that the proxy cut may stay open on this side.
process.exit(failed ? 1 : 0)
