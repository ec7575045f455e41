/** What of a batch may be rewritten while schemas are fetched, and what a thread is told. */
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { LetheError } from '../../../src/errors.ts'
import type { Polled } from '../../../src/kafka/driver.ts'
import { PackedRecords } from '../../../src/kafka/packed-records.ts'
import { SchemaFault } from '../../../src/record/schema-text.ts'
import type { FoundSchema } from '../../../src/registry/registry-client.ts'
import { RouteSchemas, type RouteSchemasOptions } from '../../../src/run/stream/route-schemas.ts'

const FORM: RouteSchemasOptions['form'] = {
  value: { format: 'avro', framing: 'confluent', inner: 'none' },
  key: { format: 'avro', framing: 'confluent' },
}
const STRING: FoundSchema = { kind: 'AVRO', text: '"string"', references: [] }

const frame = (id: number): Uint8Array => new Uint8Array([0, 0, 0, 0, id, 1])

/** Records of partition, value's id and key's id. */
const polled = (
  ...records: readonly (readonly [partition: number, value: number, key?: number])[]
): Polled => {
  const packed = PackedRecords.of(
    records.map(([partition, value, key], offset) => ({
      topic: 't',
      partition,
      offset,
      key: key === undefined ? null : frame(key),
      value: frame(value),
      headers: undefined,
      timestamp: 0,
    })),
  )
  return { epoch: 1, records: packed, next: packed.behind() }
}

class World {
  readonly asked: number[] = []
  readonly said: string[] = []
  isAway = false
  now = 0
  readonly stop = new AbortController()
  readonly schemas: RouteSchemas

  constructor(have: ReadonlySet<number>, more: Partial<RouteSchemasOptions> = {}) {
    this.schemas = new RouteSchemas({
      client: {
        schema: async (id) => {
          this.asked.push(id)
          if (this.isAway) throw new LetheError('registry-unreachable', 'away')
          return have.has(id) ? STRING : undefined
        },
      },
      form: FORM,
      cache: { schemas: 10, unknown: 60_000 },
      stop: this.stop.signal,
      waits: { patience: 100, unknown: 5, first: 5, longest: 20 },
      now: () => this.now,
      watch: {
        waiting: (count) => this.said.push(`waiting ${count}`),
        failed: (id, code) => this.said.push(`failed ${id} ${code}`),
        known: (id) => this.said.push(`known ${id}`),
        refused: (id, code) => this.said.push(`refused ${id} ${code}`),
        held: (id) => this.said.push(`held ${id}`),
      },
      ...more,
    })
  }

  admit(batch: Polled): Promise<Polled> {
    return this.schemas.admit(batch)
  }
}

describe('schemas of a route', () => {
  it('are fetched once, for values and keys apart, and told once', async () => {
    const world = new World(new Set([1, 2]))
    const batch = polled([0, 1, 2], [0, 1, 1], [1, 2])
    expect(await world.admit(batch)).toBe(batch)
    expect(world.asked.toSorted()).toEqual([1, 1, 2, 2])
    const { known } = world.schemas.takeNews()
    expect(known.map(({ id, part }) => `${part} ${id}`).toSorted()).toEqual([
      'key 1',
      'key 2',
      'value 1',
      'value 2',
    ])
    expect(await world.admit(batch)).toBe(batch)
    expect(world.asked).toHaveLength(4)
    expect(world.schemas.takeNews()).toEqual({ known: [], forgotten: [] })
  })

  it('that the registry does not give hold back their records, and all behind them in the partition', async () => {
    const world = new World(new Set([1, 2]))
    await world.admit(polled([0, 1]))
    world.isAway = true
    const part = await world.admit(polled([0, 1], [1, 1], [0, 2], [1, 1], [0, 1], [1, 1, 2]))
    expect([...part.records].map(({ offset }) => offset)).toEqual([0, 1, 3])
    expect(part.next).toEqual([
      { topic: 't', partition: 0, offset: 2 },
      { topic: 't', partition: 1, offset: 5 },
    ])
    expect(world.schemas.isWaiting).toBe(true)
    expect(world.said).toContain('failed 2 registry-unreachable')
    world.isAway = false
    for (let tries = 0; world.schemas.isWaiting && tries < 3000; tries++) await sleep(10)
    const again = polled([0, 2], [1, 1, 2])
    expect(await world.admit(again)).toBe(again)
    expect(world.said.at(-1)).toBe('waiting 0')
  })

  it('are registered for outputs in the order in which records name them, however fast each is fetched', async () => {
    const described: string[] = []
    const late = new Map([
      [1, 30],
      [2, 0],
      [3, 10],
    ])
    const world = new World(new Set(), {
      client: {
        schema: async (id) => {
          await sleep(late.get(id))
          return { ...STRING, text: id === 2 ? '"int"' : id === 1 ? '"long"' : '"string"' }
        },
      },
      describe: async ({ text }) => {
        described.push(text)
        await sleep(5)
        return { output: { id: 9, text } }
      },
      waits: { patience: 5_000, unknown: 5, first: 5, longest: 20 },
    })
    const batch = polled([0, 1], [0, 2], [0, 3])
    expect(await world.admit(batch)).toBe(batch)
    expect(described).toEqual(['"long"', '"int"', '"string"'])
  })

  it('wait for their turn behind one that fails, while what is known goes on at once', async () => {
    const described: string[] = []
    let isBroken = true
    const world = new World(new Set(), {
      client: {
        schema: async (id) => {
          if (id === 2 && isBroken) throw new LetheError('registry-unreachable', 'broken')
          return { ...STRING, text: id === 2 ? '"int"' : '"string"' }
        },
      },
      describe: async ({ text }) => {
        described.push(text)
        return { output: { id: 9, text } }
      },
    })
    await world.admit(polled([0, 1]))
    const part = await world.admit(polled([0, 1], [1, 2], [2, 3], [0, 1]))
    expect([...part.records].map(({ offset }) => offset)).toEqual([0, 3])
    expect(described).toEqual(['"string"'])
    isBroken = false
    for (let tries = 0; world.schemas.isWaiting && tries < 3000; tries++) await sleep(10)
    expect(described).toEqual(['"string"', '"int"', '"string"'])
  })

  it('without a rule for what they tag hold back their records, and are not asked for again', async () => {
    const world = new World(new Set([1, 2, 3]), {
      tags: {
        check: (_, part) => {
          if (part === 'value' && world.asked.at(-1) !== 1)
            throw new SchemaFault('tagged-without-rule', 'a field')
        },
        waits: true,
      },
    })
    await world.admit(polled([0, 1]))
    for (let times = 0; times < 3; times++) {
      const part = await world.admit(polled([0, 1], [0, 2], [1, 1], [0, 1]))
      expect([...part.records].map(({ offset }) => offset)).toEqual([0, 2])
    }
    expect(world.asked).toEqual([1, 2])
    expect(world.said.filter((said) => said.startsWith('held'))).toEqual(['held 2'])
    expect([world.schemas.isWaiting, world.said.at(-1)]).toEqual([true, 'waiting 1'])
    // The wait ends once no record names it.
    world.now += 40_000
    await world.admit(polled([1, 1]))
    expect([world.schemas.isWaiting, world.said.at(-1)]).toEqual([false, 'waiting 0'])
  })

  it('without a rule for what they tag make dead letters, where the policy does not say that they wait', async () => {
    const world = new World(new Set([1]), {
      tags: {
        check: () => {
          throw new SchemaFault('tagged-without-rule', 'a field')
        },
        waits: false,
      },
    })
    await world.admit(polled([0, 1]))
    expect(world.schemas.takeNews().known).toMatchObject([{ id: 1, schema: 'tagged-without-rule' }])
    expect(world.said).toContain('refused 1 tagged-without-rule')
  })

  it('that are unknown are asked for thrice, count as such for a while, and then are asked for again', async () => {
    const world = new World(new Set())
    const batch = polled([0, 7])
    expect(await world.admit(batch)).toBe(batch)
    expect(world.asked).toEqual([7, 7, 7])
    expect(world.schemas.takeNews().known).toEqual([{ id: 7, part: 'value', schema: 'schema-unknown' }])
    await world.admit(batch)
    expect(world.asked).toHaveLength(3)
    world.now += 60_001
    await world.admit(batch)
    expect(world.asked).toHaveLength(6)
  })

  it('are forgotten by their last use, but not while they are used', async () => {
    const ids = Array.from({ length: 12 }, (_, at) => at + 1)
    const world = new World(new Set(ids))
    for (const id of ids) await world.admit(polled([0, id], [0, 1]))
    const { known, forgotten } = world.schemas.takeNews()
    expect(forgotten.map(({ id }) => id)).toEqual([2, 3])
    expect(known.map(({ id }) => id)).toEqual([1, 4, 5, 6, 7, 8, 9, 10, 11, 12])
  })

  it('end when they are told to', async () => {
    const world = new World(new Set(), {})
    world.isAway = true
    const waiting = world.schemas.admit(polled([0, 1]))
    world.stop.abort()
    expect((await waiting).records).toHaveLength(0)
    await sleep(100)
    expect(world.asked.length).toBeLessThan(3)
  })
})
