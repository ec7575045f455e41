/** Commands that are at work on the same objects at once: no output of another is lost, and each ends with 0 or with what the docs name. */
import { copyFileSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fresh, type Job, jobOf, untouchedOf } from './job.ts'
import {
  contentsOf,
  DAY_MS,
  differences,
  erasing,
  eventOf,
  type Lakes,
  making,
  ndjsonOf,
  POLICED,
  subject,
} from './lake.ts'
import type { Ran, StoreProof } from './store-proof.ts'

/** Of each pair; of a batch and an order more, as its instant decides. */
const ROUNDS = 1
const BATCHES = 4
const BATCH_ROWS = 100
/** Batch and order take about so long, ms. */
const APART_MS = 1500
/** Of each request and answer of a batch. */
const BATCH_DELAY_MS = 60

/** `target-changed`, `file-busy` (docs/lifecycle.md, docs/object-stores.md), by their texts. */
const BEHIND =
  /is not what the order was made of|written or deleted by another meanwhile|another process works on/
/** `output-conflict` and `output-exists` of a batch. */
const REFUSED = /written or deleted by another while this run worked|exists already/

const endsWell = ({ code, stderr }: Ran): boolean =>
  code === 0 || (code === 4 && BEHIND.test(stderr)) || (code === 2 && REFUSED.test(stderr))

/** Rows alone: the instant that they were judged at may differ. */
const rowsOf = (contents: ReadonlyMap<string, string>): ReadonlyMap<string, string> =>
  new Map([...contents].filter(([name]) => !/\.lethe\.json$|_manifest\.json$|\.erased$/.test(name)))

export async function atOnce(proof: StoreProof, lakes: Lakes): Promise<void> {
  const job = await jobOf(proof, lakes, 'retain', 'at-once')
  const erasure: Job = { ...(await jobOf(proof, lakes, 'forget', 'at-once')), order: 'at-once-forget.json' }
  const forgetting = ['forget', 'apply', erasure.order, ...erasing(erasure.list)]
  await fresh(proof, job)
  await proof.must(job.plan(job.order))
  const { store, prefix } = job.lakes
  const earlier = new Date(lakes.now - 3 * DAY_MS).toISOString()
  await proof.must(['retain', 'plan', ...store.targets, ...POLICED, '--as-of', earlier, '-o', 'earlier.json'])
  await proof.must(erasure.plan(erasure.order))
  copyFileSync(proof.path(job.order), proof.path('copy.json'))
  const retaining = (order: string): readonly string[] => ['retain', 'apply', order, ...POLICED]

  /** Until nothing is left to do. */
  const settle = async (withErasure: boolean): Promise<string> => {
    const said: string[] = []
    for (const args of [job.plan('last.json'), retaining('last.json')]) {
      const { code, stderr } = await proof.run(args)
      if (code !== 0) said.push(`${args[1]} ends with ${code}: ${stderr}`)
    }
    if (!withErasure) return said.join('\n')
    for (const args of [
      erasure.plan('last-forget.json'),
      ['forget', 'apply', 'last-forget.json', ...erasing(erasure.list)],
    ]) {
      const { code, stderr } = await proof.run(args)
      if (code !== 0) said.push(`${args[0]} ${args[1]} ends with ${code}: ${stderr}`)
    }
    return said.join('\n')
  }
  const now = async () => rowsOf(await contentsOf(proof, job.lakes, 'store'))
  await settle(false)
  const retained = await now()
  await settle(true)
  const both = await now()

  const pairs: readonly (readonly [
    what: string,
    a: readonly string[],
    b: readonly string[],
    erases: boolean,
  ])[] = [
    ['one order', job.apply, job.apply, false],
    ['copies of one order, as on two hosts', job.apply, retaining('copy.json'), false],
    ['orders of two instants', job.apply, retaining('earlier.json'), false],
    ['retain and forget', job.apply, forgetting, true],
  ]
  for (const [what, a, b, erases] of pairs) {
    const troubles: string[] = []
    const codes: (number | null)[] = []
    for (let n = 0; n < ROUNDS; n++) {
      await fresh(proof, erasure)
      const first = proof.start(a)
      await sleep(proof.draw(300))
      const ran = await Promise.all([first.ended, proof.run(b)])
      codes.push(...ran.map(({ code }) => code))
      for (const one of ran) if (!endsWell(one)) troubles.push(`ended with ${one.code}: ${one.stderr}`)
      const said = await settle(erases)
      if (said !== '') troubles.push(said)
      troubles.push(...differences(await now(), erases ? both : retained).map((one) => `rows: ${one}`))
      for (const { Key } of await proof.uploads(prefix)) troubles.push(`an upload of ${Key} is left`)
      for (const key of (await proof.tags(prefix)).keys())
        if (/\/\.[^/]*$/.test(key) && !key.endsWith('.erased')) troubles.push(`${key} is left`)
    }
    proof.check(
      `at once, ${what}: codes ${codes.join()}; in the end the same rows`,
      troubles.length === 0,
      troubles.join('\n'),
    )
  }
  await batches(proof, lakes)
}

/** `lethe batch --replace` puts another object in the place of one that an order rewrites at that instant. */
async function batches(proof: StoreProof, lakes: Lakes): Promise<void> {
  const all = await jobOf(proof, lakes, 'retain', 'replaced')
  const key = `${all.lakes.prefix}files/a.ndjson`
  const name = `s3://clean/${key}`
  const plan = (order: string): readonly string[] => [
    ...['retain', 'plan', name, ...POLICED, '--as-of', lakes.asOf, '-o', order],
  ]
  await proof.must(plan(all.order))
  writeFileSync(
    proof.path('in-other.ndjson'),
    ndjsonOf(Array.from({ length: BATCH_ROWS }, (_, n) => eventOf(subject(n), 45, 'other', n, lakes.now))),
  )
  const troubles: string[] = []
  // From when a batch looks at what stands there to when it puts its own in its place, an order may.
  proof.proxy.delay(BATCH_DELAY_MS)
  const won = { batch: 0, order: 0, both: 0 }
  for (let n = 0; n < BATCHES; n++) {
    await fresh(proof, all)
    const batch = (): Promise<Ran> =>
      proof.run(
        ['batch', 'in-other.ndjson', '-o', name, '--replace', ...making(lakes.written)],
        proof.throughProxy,
      )
    const wait = proof.draw(APART_MS) - APART_MS / 3
    const [order, replaced] = await Promise.all([
      sleep(Math.max(0, -wait)).then(() => proof.run(all.apply)),
      sleep(Math.max(0, wait)).then(batch),
    ])
    for (const one of [order, replaced])
      if (!endsWell(one)) troubles.push(`${n}: ended with ${one.code}: ${one.stderr}`)
    const text = (await proof.get(key)).toString()
    const isOther = text.includes('"country":"other"')
    const rows = text.trimEnd().split('\n').length
    if (replaced.code === 0 && (!isOther || rows !== BATCH_ROWS))
      troubles.push(`${n}: the output of the batch is lost`)
    if (replaced.code !== 0 && isOther)
      troubles.push(`${n}: the batch ended with ${replaced.code} and its output is there`)
    if (replaced.code !== 0 && order.code !== 0) troubles.push(`${n}: neither did its work`)
    won[replaced.code !== 0 ? 'order' : order.code !== 0 ? 'batch' : 'both']++
    await proof.run(plan('replaced-last.json'))
    for (const { target, code } of untouchedOf(proof, 'replaced-last.json'))
      troubles.push(`${n}: then ${target} is ${code}`)
    for (const { Key } of await proof.uploads(all.lakes.prefix))
      troubles.push(`${n}: an upload of ${Key} is left`)
  }
  proof.proxy.calm()
  proof.check(
    `at once, an order and batch --replace: ${won.order} times the order was first, ${won.batch} times the batch, ${won.both} times one came behind the other; no output is lost`,
    troubles.length === 0,
    troubles.join('\n'),
  )
}
