/** Objects of 300 MB: the memory of a command is bounded, whatever they hold. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { copyFileSync, createWriteStream } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { HeadObjectCommand } from '@aws-sdk/client-s3'
import { untouchedOf } from './job.ts'
import { eventOf, forgetPlan, type Lakes, making, POLICED, subject } from './lake.ts'
import type { StoreProof } from './store-proof.ts'

const LARGE_MB = 300
/** Of Parquet so many take 300 MB, and of NDJSON a quarter more. */
const ROWS = 1_050_000
const NOTE_BYTES = 192
/** What commands over files on a disk may take (docs/lifecycle.md), and clients of a store beside it. */
const MOST_MIB = 450
const AT_ONCE = 5000

export async function large(proof: StoreProof, lakes: Lakes): Promise<void> {
  await write(proof, lakes)
  for (const format of ['ndjson', 'parquet']) {
    const name = `s3://clean/large/all.${format}`
    const made = await proof.must(['batch', 'in-large.ndjson', '-o', name, ...making(lakes.written)])
    const { ContentLength } = await proof.s3.send(
      new HeadObjectCommand({ Bucket: 'clean', Key: `large/all.${format}` }),
    )
    const size = (ContentLength ?? 0) / 1e6
    const planned = await proof.run([
      'retain',
      'plan',
      name,
      ...POLICED,
      '--as-of',
      lakes.asOf,
      '-o',
      'large.json',
    ])
    await stoppedWhileSending(proof, 'SIGTERM')
    await killedWhileSending(proof, name)
    const applied = await proof.run(['retain', 'apply', 'large.json', ...POLICED])
    const verified = await proof.run(['retain', 'verify', 'large.json', ...POLICED])
    const ran = [planned, applied, verified]
    const most = Math.max(...ran.map((one) => one.most))
    proof.check(
      `${size.toFixed(0)} MB of ${format}: planned, applied and verified within ${MOST_MIB} MiB of memory`,
      ran.every(({ code }) => code === 0) && most < MOST_MIB && size >= LARGE_MB,
      ran.map(({ code, stderr, most: one }) => `${code} ${one.toFixed(0)} MiB ${stderr}`).join('\n'),
    )
    const told = ran.map((one) => `${one.seconds.toFixed(1)} s and ${one.most.toFixed(0)} MiB`)
    proof.say(`  plan ${told[0]}, apply ${told[1]}, verify ${told[2]}; batch ${made.seconds.toFixed(1)} s`)
    const { length } = await proof.uploads('large/')
    await proof.abortUploads('large/')
    proof.check(`of ${format} no upload is left but the one that kill -9 left`, length === 1, `${length}`)
    const { folders, others } = proof.leftInTemporary()
    proof.check(`of ${format} nothing is left in TMPDIR`, folders + others.length === 0, others.join())
  }
}

/** Ends the order while its object is sent in parts. Its code. */
async function endedWhileSending(proof: StoreProof, signal: NodeJS.Signals): Promise<number | null> {
  const { child, ended } = proof.start(['retain', 'apply', 'large.json', ...POLICED])
  let isRunning = true
  void ended.then(() => {
    isRunning = false
  })
  while (isRunning && (await proof.uploads('large/')).length === 0) await sleep(20)
  child.kill(signal)
  return (await ended).code
}

async function stoppedWhileSending(proof: StoreProof, signal: NodeJS.Signals): Promise<void> {
  const code = await endedWhileSending(proof, signal)
  const { folders, others } = proof.leftInTemporary()
  const { length } = await proof.uploads('large/')
  proof.check(
    `${signal} while a large object is sent: code ${code}, neither a copy nor an upload is left`,
    code === 130 && folders + others.length + length === 0,
    `${folders} folders, ${others}, ${length} uploads`,
  )
}

/** `kill -9` leaves an upload of what is sent in parts: it is told of. */
async function killedWhileSending(proof: StoreProof, name: string): Promise<void> {
  const code = await endedWhileSending(proof, 'SIGKILL')
  const { others } = proof.leftInTemporary()
  copyFileSync(proof.path('begun.ndjson'), proof.path('large.list'))
  const asked = await proof.run(
    forgetPlan({ base: name, targets: [name] }, 'large-forget.json', 'large.list'),
  )
  const codes = untouchedOf(proof, 'large-forget.json').map((one) => one.code)
  proof.check(
    'kill -9 while a large object is sent: the upload that it leaves is told of, and the object is as it was',
    code === null && asked.code === 1 && codes.join() === 'upload-open' && others.length === 0,
    `${code} ${asked.code} ${codes} ${others} ${asked.stderr}`,
  )
}

/** Rows of notes that do not pack. */
async function write(proof: StoreProof, lakes: Lakes): Promise<void> {
  const file = createWriteStream(proof.path('in-large.ndjson'))
  for (let at = 0; at < ROWS; at += AT_ONCE) {
    let text = ''
    for (let n = at; n < Math.min(ROWS, at + AT_ONCE); n++) {
      const note = randomBytes(NOTE_BYTES).toString('base64')
      text += `${JSON.stringify({ ...eventOf(subject(n % 10_007), 41 + (n % 89), 'DE', n, lakes.now), note })}\n`
    }
    if (!file.write(text)) await once(file, 'drain')
  }
  file.end()
  await once(file, 'close')
}
