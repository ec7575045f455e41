/** A server that breaks connections, is slow, or answers 503: codes of the docs, nothing half done, and the order can be applied again. */
import { setTimeout as sleep } from 'node:timers/promises'
import { startBusyServer } from './busy-server.ts'
import { fresh, type Job, jobOf, strangers, untouchedOf, wrongBetween } from './job.ts'
import type { Lakes } from './lake.ts'
import type { Env, Ran, StoreProof } from './store-proof.ts'

/** `store-unavailable`, also where an answer was lost for good. */
const UNAVAILABLE = /does not answer|has no time|does not say|refuses for now|object store/

interface Fault {
  readonly what: string
  /** To which ones it happens. */
  readonly commands: readonly ('retain' | 'forget')[]
  readonly tries: number
  /** Whether tries are enough. */
  readonly passes: boolean
  readonly env: Env
  readonly begin: () => void
  /** What goes on while a command runs. */
  readonly meanwhile?: () => Promise<void>
}

export async function faultyServer(proof: StoreProof, lakes: Lakes): Promise<void> {
  const { proxy, draw } = proof
  const busy = await startBusyServer(proof.server.address, draw)
  const throughBusy = { AWS_ENDPOINT_URL_S3: `http://${busy.address}` }
  const cut = (mostMs: number) => async (): Promise<void> => {
    await sleep(20 + draw(mostMs))
    proxy.cut()
  }
  const faults: readonly Fault[] = [
    {
      what: 'cuts now and then',
      commands: ['retain'],
      tries: 8,
      passes: true,
      env: proof.throughProxy,
      begin: () => {},
      meanwhile: cut(600),
    },
    {
      what: 'cuts all the time',
      commands: ['retain', 'forget'],
      tries: 2,
      passes: false,
      env: proof.throughProxy,
      begin: () => {},
      meanwhile: cut(40),
    },
    {
      what: 'is slow',
      commands: ['retain'],
      tries: 3,
      passes: true,
      env: proof.throughProxy,
      begin: () => proxy.throttle(1_000_000, 'answers'),
    },
    {
      what: 'answers 503 now and then',
      commands: ['forget'],
      tries: 8,
      passes: true,
      env: throughBusy,
      begin: () => {
        busy.percent = 5
      },
    },
    {
      what: 'answers 503 often',
      commands: ['retain', 'forget'],
      tries: 2,
      passes: false,
      env: throughBusy,
      begin: () => {
        busy.percent = 25
      },
    },
  ]
  try {
    for (const command of ['retain', 'forget'] as const) {
      const job = await jobOf(proof, lakes, command, `faulty-${command}`)
      await fresh(proof, job)
      await proof.must(job.plan(job.order))
      const before = await proof.tags(job.lakes.prefix)
      await proof.must(job.apply)
      const after = await proof.tags(job.lakes.prefix)
      for (const fault of faults.filter(({ commands }) => commands.includes(command))) {
        await fresh(proof, job)
        fault.begin()
        const ran = await during(fault, proof, job)
        proxy.calm()
        busy.percent = 0
        const troubles = await wrongAfter(proof, job, ran, fault, before, after)
        proof.check(
          `${command}, a server that ${fault.what}: it ends with ${ran.code} after ${ran.seconds.toFixed(1)} s, nothing is half done, and applied again it is whole`,
          troubles.length === 0,
          troubles.join('\n'),
        )
      }
    }
    proof.say(`  ${busy.refused} requests were answered by 503`)
  } finally {
    await busy.close()
  }
}

async function during(fault: Fault, proof: StoreProof, { apply }: Job): Promise<Ran> {
  const running = proof.start(apply, { ...fault.env, AWS_MAX_ATTEMPTS: String(fault.tries) })
  let isRunning = true
  const ended = running.ended.finally(() => {
    isRunning = false
  })
  while (isRunning && fault.meanwhile !== undefined) await fault.meanwhile()
  return await ended
}

async function wrongAfter(
  proof: StoreProof,
  job: Job,
  { code, stderr }: Ran,
  { passes }: Fault,
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): Promise<readonly string[]> {
  const { prefix } = job.lakes
  const wrong: string[] = []
  if (code !== 0 && !(code === 4 && UNAVAILABLE.test(stderr))) wrong.push(`it ended with ${code}: ${stderr}`)
  if (passes && code !== 0) wrong.push(`it did not pass: ${stderr}`)
  const { folders, others } = proof.leftInTemporary()
  if (folders + others.length > 0) wrong.push(`${folders} folders are left in TMPDIR ${others.join()}`)
  const between = await proof.tags(prefix)
  wrong.push(...wrongBetween(between, before, after))
  await proof.run(job.plan('faulty-between.json'))
  wrong.push(
    ...untouchedOf(proof, 'faulty-between.json')
      .filter(({ code: one }) => one !== 'changed-since')
      .map(({ target, code: one }) => `${target}: ${one}`),
  )
  const again = await proof.run(job.apply)
  if (again.code !== 0) wrong.push(`applied again, it ends with ${again.code}: ${again.stderr}`)
  const now = await proof.tags(prefix)
  for (const key of new Set([...strangers(now, [after]), ...strangers(after, [now])]))
    wrong.push(`in the end ${key} is not as after an undisturbed run`)
  for (const { Key } of await proof.uploads(prefix)) wrong.push(`an upload of ${Key} is left`)
  await proof.abortUploads(prefix)
  return wrong
}
