/** `kill -9` of an order at random instants: at each, what is there is told of, or the same order mends it; and it ends as if nothing had been. */
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { startProxy, type TcpProxy } from '../../integration/proxy.mjs'
import { fresh, isSame, type Job, jobOf, strangers, type Tags, untouchedOf, wrongBetween } from './job.ts'
import type { Lakes } from './lake.ts'
import type { Env, StoreProof } from './store-proof.ts'

/** Of each of the two commands, which are at work side by side. */
const KILLS = 15
/** After each so many-th kill another order goes on. */
const ANOTHER = 5
/** Of each request and each answer, so that requests take a good part of the time. */
const DELAY_MS = 1
const START_MS = 60_000

export async function killed(proof: StoreProof, lakes: Lakes): Promise<void> {
  const lanes = await Promise.all(
    (['retain', 'forget'] as const).map(async (command) => {
      const proxy = await startProxy(proof.server.address)
      try {
        return await new Lane(proof, await jobOf(proof, lakes, command), proxy).run(command)
      } finally {
        await proxy.close()
      }
    }),
  )
  const all = (name: 'kills' | 'late' | 'between' | 'mended' | 'folders' | 'staged'): number =>
    lanes.reduce((sum, lane) => sum + lane.count[name], 0)
  const troubles = lanes.flatMap((lane) => lane.troubles)
  proof.check(
    `${all('kills')} kills (${all('late')} came too late), ${all('between')} while it worked: each order, applied again, ends as one that was not disturbed`,
    troubles.length === 0 && all('between') > KILLS / 2,
    troubles.join('\n'),
  )
  proof.say(
    `  in between ${all('mended')} files were to be mended by their order; ${all('folders')} folders in TMPDIR, of mode 0700; where another order went on, ${all('staged')} staged sidecars stay beside objects that were done`,
  )
}

class Lane {
  readonly count = { kills: 0, late: 0, between: 0, mended: 0, folders: 0, staged: 0 }
  readonly troubles: string[] = []
  readonly #proof: StoreProof
  readonly #job: Job
  readonly #proxy: TcpProxy
  readonly #env: Env
  readonly #temporary: string

  constructor(proof: StoreProof, job: Job, proxy: TcpProxy) {
    this.#proof = proof
    this.#job = job
    this.#proxy = proxy
    this.#temporary = proof.path(`${job.order}.tmp`)
    mkdirSync(this.#temporary)
    this.#env = { AWS_ENDPOINT_URL_S3: `http://${proxy.address}`, TMPDIR: this.#temporary }
  }

  async run(command: string): Promise<this> {
    const [proof, job] = [this.#proof, this.#job]
    await fresh(proof, job)
    await proof.must(job.plan(job.order))
    this.#proxy.delay(DELAY_MS)
    const before = await proof.tags(job.lakes.prefix)
    const longest = await this.#apply(undefined)
    const after = await proof.tags(job.lakes.prefix)
    const feed = feedOf(proof, job)
    proof.say(`  ${command}: ${longest.toFixed(0)} ms at work, undisturbed`)
    for (let n = 0; n < KILLS; n++) {
      const at = proof.draw(Math.ceil(longest))
      const wrong = await this.#once(at, before, after, n % ANOTHER === ANOTHER - 1)
      if (n % ANOTHER !== ANOTHER - 1 && feedOf(proof, job) !== feed) wrong.push('the feed has other tokens')
      this.troubles.push(...wrong.map((text) => `${command} ${n}, killed after ${at} ms: ${text}`))
    }
    return this
  }

  /** One kill, so long after the first request. What is wrong with it. */
  async #once(at: number, before: Tags, after: Tags, isByAnother: boolean): Promise<string[]> {
    const [proof, job, { prefix }] = [this.#proof, this.#job, this.#job.lakes]
    await fresh(proof, job)
    await this.#apply(at)
    const { folders, others } = proof.leftInTemporary(this.#temporary)
    this.count.folders += folders
    const wrong = others.map((one) => `in TMPDIR ${one}`)
    const between = await proof.tags(prefix)
    if (!isSame(between, before) && !isSame(between, after)) this.count.between++
    wrong.push(...wrongBetween(between, before, after))
    await proof.run(job.plan(`${job.order}.between`), this.#env)
    const unknown = untouchedOf(proof, `${job.order}.between`)
    this.count.mended += unknown.length
    wrong.push(
      ...unknown
        .filter(({ code }) => code !== 'changed-since')
        .map(({ target, code }) => `${target}: ${code}`),
    )
    if (isByAnother) wrong.push(...(await this.#byAnother(after)))
    const again = isByAnother ? { code: 0, stderr: '' } : await proof.run(job.apply, this.#env)
    if (again.code !== 0) wrong.push(`applied again, it ends with ${again.code}: ${again.stderr}`)
    if (!isByAnother) wrong.push(...differs(await proof.tags(prefix), after))
    for (const { Key } of await proof.uploads(prefix)) wrong.push(`an upload of ${Key} is left`)
    await proof.abortUploads(prefix)
    return wrong
  }

  /** The order that was made of what the kill left, in place of the one that was killed: what follows from its hash is other. */
  async #byAnother(after: Tags): Promise<readonly string[]> {
    const [proof, job] = [this.#proof, this.#job]
    const { code, stderr } = await proof.run(
      job.apply.map((one) => (one === job.order ? `${job.order}.between` : one)),
      this.#env,
    )
    // Names with the hash of an order, and what tells of it.
    const known = (tags: Tags): Tags =>
      new Map(
        [...tags].map(([key, tag]) => [
          key.replace(/\.[0-9a-f]{12}\.erased$/, '.erased'),
          /\.json$|\.erased$/.test(key) && !key.endsWith('/d.json') ? '' : tag,
        ]),
      )
    const now = await proof.tags(job.lakes.prefix)
    // Beside objects that the killed order had changed, so that this one has nothing to do there.
    const staged = [...now.keys()].filter((key) => key.endsWith('.retain.lethe.json'))
    this.count.staged += staged.length
    const rest = new Map([...now].filter(([key]) => !staged.includes(key)))
    return [
      ...(code === 0 ? [] : [`another order ends with ${code}: ${stderr}`]),
      ...staged.filter((key) => !isBesideDone(key, now, after)).map((key) => `${key} is left`),
      ...differs(known(rest), known(after)),
    ].map((text) => `by another order: ${text}`)
  }

  /** `killAt`: so long after the first request, ms. How long it was at work, ms. */
  async #apply(killAt: number | undefined): Promise<number> {
    const { accepted } = this.#proxy
    const { child, ended } = this.#proof.start(this.#job.apply, this.#env)
    const until = performance.now() + START_MS
    while (this.#proxy.accepted === accepted && performance.now() < until) await sleep(2)
    const since = performance.now()
    if (killAt !== undefined) {
      await sleep(killAt)
      child.kill('SIGKILL')
    }
    const { code, stderr } = await ended
    if (killAt === undefined && code !== 0)
      throw new Error(`an undisturbed order ended with ${code}\n${stderr}`)
    if (killAt !== undefined) this.count[code === null ? 'kills' : 'late']++
    return performance.now() - since
  }
}

/** Whether what was staged stands beside an object that is as the order leaves it. */
function isBesideDone(staged: string, now: Tags, after: Tags): boolean {
  const key = staged.replace(/\.([^/]+)\.[0-9a-f]{12}\.retain\.lethe\.json$/, '$1')
  return now.get(key) !== undefined && now.get(key) === after.get(key)
}

/** What differs from what an undisturbed run leaves. */
const differs = (now: Tags, after: Tags): readonly string[] =>
  [...new Set([...strangers(now, [after]), ...strangers(after, [now])])].map(
    (key) =>
      `in the end ${key} is ${now.has(key) ? 'other than' : 'not there, unlike'} after an undisturbed run`,
  )

/** Tokens, each as often as it stands there. */
function feedOf(proof: StoreProof, { feed }: Job): string {
  if (!existsSync(proof.path(feed))) return ''
  const lines = readFileSync(proof.path(feed), 'utf8').trimEnd().split('\n')
  return lines
    .map((line) => JSON.parse(line).token as string)
    .sort()
    .join()
}
