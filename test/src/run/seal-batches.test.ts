/** Sealing within the loop of a route: before a batch is settled, and without the original where a broker takes no such dead letter. */
import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import { expect, it } from 'vitest'
import { emptyAccount } from '../../../src/engine/account.ts'
import { WindowWatch } from '../../../src/engine/limit-window.ts'
import { OutcomeBatch } from '../../../src/engine/outcome-batch.ts'
import { noneEmitted, OutputWriter } from '../../../src/kafka/batch-outputs.ts'
import { type Driver, Refused } from '../../../src/kafka/driver.ts'
import { PackedRecords } from '../../../src/kafka/packed-records.ts'
import { noSources } from '../../../src/kafka/source-header.ts'
import { compilePolicy } from '../../../src/policy/compile.ts'
import { policyFileOf } from '../../../src/policy/policy-file.ts'
import type { BatchRewriter } from '../../../src/run/batch-rewriter.ts'
import { runRoute } from '../../../src/run/route.ts'
import { sealBatches } from '../../../src/run/stream/seal-batches.ts'
import { topicSink } from '../../../src/run/topic-sink.ts'
import { Opener } from '../../../src/sealing/opener.ts'
import { Sealer } from '../../../src/sealing/sealer.ts'

const { plan } = compilePolicy(
  policyFileOf('p.yaml', 'policy: p\nversion: 1\npurpose: train_ai_system\nfields: { a: keep }\n'),
)
const identity = await generateX25519Identity()
const sealer = new Sealer([await identityToRecipient(identity)])

/** Runs one batch of dead letters through a broker that takes dead letters of so many bytes; what it has then. */
async function settled(values: readonly string[], takes: number, maxBatchBytes?: number) {
  const writer = new OutputWriter(
    plan!,
    { topic: 'out', partition: 'key', deadLetterTopic: 'dead', owner: { pipeline: 'p', route: 'r' } },
    noSources,
  )
  const records = PackedRecords.of(
    values.map((value, offset) => ({
      ...{ topic: 'in', partition: 0, offset, key: null, value: Buffer.from(value) },
      ...{ headers: undefined, timestamp: 5 },
    })),
  )
  const written: string[] = []
  const next = [{ topic: 'in', partition: 0, offset: values.length }]
  let polls = 0
  const driver = {
    untilEnd: async () => next,
    poll: async () =>
      polls++ === 0 ? { epoch: 1, records, next } : { epoch: 1, records: new PackedRecords(), next: [] },
    positions: () => next,
    ends: async () => next,
    committed: async () => next,
    settle: async (_epoch: number, outputs: Iterable<{ readonly value: Uint8Array | null }>) => {
      const texts = [...outputs].map(({ value }) => String(value))
      const large = texts.findIndex((text) => text.length > takes)
      if (large >= 0) throw new Refused('output-too-large', large)
      written.push(...texts)
      return 'settled'
    },
  } as unknown as Driver
  let emitted = noneEmitted()
  const limit = new WindowWatch({ kind: 'share', most: 1 }, 1000)
  const rewriter: BatchRewriter = {
    rewrite: async (batch) => {
      const outcomes = new OutcomeBatch(batch.length)
      for (let index = 0; index < batch.length; index++) outcomes.deadLetter(index, 'json-syntax', -1)
      const account = emptyAccount(plan!)
      account.records = batch.length
      account.deadLettered['json-syntax'] = batch.length
      return { outcomes, account, groups: undefined, took: 0, tables: [], judgedAt: 0 }
    },
    release: () => {},
  }
  const sink = topicSink({
    name: 'r',
    driver,
    writer,
    rewriter,
    seal: sealBatches(
      sealer,
      { plan: plan!, writer, setup: { configuration: { files: new Map(), keyset: undefined } } as never },
      maxBatchBytes,
    ),
    keptFor: Number.POSITIVE_INFINITY,
    now: Date.now,
    settled: (_batch, counts) => {
      emitted = counts
    },
  })
  await runRoute({
    name: 'r',
    isBlocked: () => false,
    driver,
    rewriter,
    sink,
    bounds: { records: 1000, bytes: 1 << 20, time: 1 },
    limit,
    untilEnd: true,
    stop: new AbortController().signal,
    drain: 1000,
    now: Date.now,
    watch: {
      turned: () => {},
      settled: () => {},
      discarded: () => {},
      tooManyDeadLetters: () => {},
      lag: () => {},
    },
  })
  return { letters: written.map((text) => JSON.parse(text)), emitted }
}

it('has dead letters carry what their records were, a hundred of a batch', async () => {
  const values = Array.from({ length: 104 }, (_, n) => `{"a":${n}`)
  const { letters, emitted } = await settled(values, 1 << 20)
  expect(emitted).toMatchObject({ deadLetters: 104, sealed: 100, unsealed: 4 })
  expect(letters.map(({ offset }) => offset)).toEqual(values.map((_, n) => n))
  for (const n of [0, 99]) {
    const { sealed, ...letter } = letters[n]
    expect(await new Opener([identity]).open(sealed, JSON.stringify(letter))).toEqual({
      ...{ key: null, value: new Uint8Array(Buffer.from(values[n]!)), headers: [], timestamp: 5 },
    })
  }
  expect(letters[100].sealed).toBeUndefined()
})

it('leaves out originals that the topic does not take, whether that is known before or told by the broker', async () => {
  const values = ['{"a":1', `{"a":"${'x'.repeat(20_000)}`, '{"a":3']
  for (const found of [await settled(values, 8000), await settled(values, 1 << 20, 8000)]) {
    expect(found.emitted).toMatchObject({ deadLetters: 3, sealed: 2, unsealed: 1 })
    expect(found.letters.map((letter) => 'sealed' in letter)).toEqual([true, false, true])
  }
  // A dead letter that is refused for itself still ends the route.
  await expect(settled(values, 50)).rejects.toMatchObject({ code: 'dead-letter-refused' })
})
