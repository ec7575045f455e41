/** A stream with dead letters, its policy mended, and the word of an independent reader on where each record is. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Message } from 'kafkajs'
import { broker } from '../broker/suite.ts'
import { readTopics } from './checker/read-topics.ts'
import type { LogRecord } from './checker/records.ts'
import { type TestContext, World, type WorldOptions } from './stream-world.ts'

/** In every raw value. */
export const MARK = 'ZqCanaryXJ'

const policy = (version: number, otherwise: string): string => `policy: r
version: ${version}
purpose: train_ai_system
subject: id
fields:
  id: { use: hash.hmac, domain: customer }
  at: { use: generalize.date, to: hour, else: ${otherwise} }
  kind: keep
  $key: { use: hash.hmac, domain: customer }
  $headers.kind: { use: keep, accept: it names the kind of the event }
`

/** Records without a date die by it; with `mended`, those without JSON alone. */
export const POLICY: string = policy(1, 'dead-letter')
export const MENDED: string = policy(2, "'null'")

/** Every third has no date that can be read, and every `broken`-th no JSON; 0: none. */
export const events = (count: number, broken = 10): Message[] =>
  Array.from({ length: count }, (_, n) => {
    const at = n % 3 === 0 ? `${MARK} ${n}` : '2026-03-01T10:00:00Z'
    const value = JSON.stringify({ id: `${MARK}-${n}`, at, kind: 'order', email: `${MARK}${n}@example.com` })
    return {
      key: `${MARK}-${n % 17}`,
      value: broken > 0 && n % broken === 0 ? value.slice(0, -9) : value,
      headers: { kind: 'a', other: MARK },
    }
  })

export async function replayWorld(test: TestContext, options: WorldOptions = {}): Promise<World> {
  const { pipeline = '', ...others } = options
  return await World.make(broker.address, test, {
    policy: POLICY,
    deadPartitions: 3,
    pipeline: `maxDeadLetters: 100%\nsource: clear\n${pipeline}`,
    ...others,
  })
}

export const mend = (world: World, text: string = MENDED): void =>
  writeFileSync(join(world.folder, 'policy.yaml'), text, { mode: 0o600 })

export interface Places {
  /** How many inputs are where: `out` and `waiting` (in a dead letter without a marker) once, and nowhere else. */
  readonly out: number
  readonly waiting: number
  readonly markers: number
  /** Inputs that are not in one place once. None, where all is well. */
  readonly wrong: readonly string[]
  /** Dead letters that wait, by their code. */
  readonly codes: Readonly<Record<string, number>>
}

const headerOf = ({ headers }: LogRecord, name: string): string | undefined =>
  headers.find((header) => header.name === name)?.value.toString()

/** Where each input record is; `sourceOf` reads the header of an output. */
export async function placesOf(
  world: World,
  sourceOf: (header: string) => string = (header) => header,
): Promise<Places> {
  const all = await readTopics(world.address, [world.input, world.output, world.dead])
  const of = (topic: string): readonly LogRecord[] => all.filter((record) => record.topic === topic)
  const inputs = of(world.input).map(({ topic, partition, offset }) => `${topic}/${partition}/${offset}`)
  const outputs = of(world.output)
  const dead = of(world.dead)
  const text = [...outputs, ...dead].map(({ key, value, headers }) =>
    [key, value, ...headers.map((header) => header.value)].join(' '),
  )
  if (text.some((one) => one.includes(MARK))) throw new Error('a raw value leaves')
  const markers = dead.filter((record) => headerOf(record, 'lethe-replayed') !== undefined)
  const settled = new Set(
    markers.map((marker) => `${marker.partition}/${headerOf(marker, 'lethe-replayed')}`),
  )
  if (settled.size !== markers.length) throw new Error('a dead letter is replayed twice')
  const waiting = dead.filter(
    (record) => !markers.includes(record) && !settled.has(`${record.partition}/${record.offset}`),
  )
  const letters = waiting.map(
    ({ value }) =>
      JSON.parse(String(value)) as { topic: string; partition: number; offset: number; code: string },
  )
  const seen = new Map<string, number>(inputs.map((input) => [input, 0]))
  const add = (at: string): void => void seen.set(at, (seen.get(at) ?? -1000) + 1)
  for (const output of outputs) add(sourceOf(headerOf(output, 'lethe-source')!))
  for (const { topic, partition, offset } of letters) add(`${topic}/${partition}/${offset}`)
  const codes: Record<string, number> = {}
  for (const { code } of letters) codes[code] = (codes[code] ?? 0) + 1
  return {
    out: outputs.length,
    waiting: letters.length,
    markers: markers.length,
    wrong: [...seen].filter(([, times]) => times !== 1).map(([at, times]) => `${at}: ${times}`),
    codes,
  }
}
