/** The contract of `src/kafka/driver.ts`, on real Kafka: what every driver does in every delivery that it has. */
import { describe, expect, it } from 'vitest'
import { LetheError } from '../../src/errors.ts'
import { Refused, type Settled } from '../../src/kafka/driver.ts'
import type { OutputRecord } from '../../src/kafka/record.ts'
import { broker, onKafka, uniqueName } from '../broker/suite.ts'
import { readTopics } from '../integration/checker/read-topics.ts'
import {
  admin,
  BOUNDS,
  beginTransaction,
  client,
  connection,
  copyTo,
  type DriverCase,
  hasRdkafka,
  isInOrder,
  joinOtherwise,
  keyOf,
  LACKED_BY_RDKAFKA,
  makeTopic,
  numbers,
  openDriver,
  pollOnce,
  pollSome,
  type Read,
  readByKafkajs,
  settleSome,
  stand,
  texts,
  until,
  write,
  writeByRdkafka,
} from './driver-world.ts'

const read = (topic: string) => readTopics(broker.address, [topic])

/** The tests of one driver in one delivery. Each has a file of its own, so that they run side by side. */
export function driverContract(driverCase: DriverCase): void {
  const { name, isThere, make, delivery } = driverCase
  if (!isThere) {
    describe.skip(`${name} [skipped: node-rdkafka is not installed]`, () => {})
    return
  }
  const unmet = new Set(driverCase.skipped)
  /** A test that some driver does not pass: it is skipped where the driver's case lists its name. */
  const unlessSkipped = (title: string, test: () => Promise<void>): void => {
    it.skipIf(unmet.delete(title))(title, test)
  }
  onKafka(name, () => {
    describe('polling', () => {
      it('hands over keys, values, headers and times as they are', async () => {
        const topic = await makeTopic()
        await write(topic, [
          { key: 'k', value: 'v', headers: { b: '1', a: ['2', '3'] }, timestamp: '1700000000123' },
          { key: null, value: 'no key', timestamp: '1000' },
          { key: 'tombstone', value: null, timestamp: '1000' },
          { key: '', value: '', headers: { empty: '' }, timestamp: '1000' },
          { key: Buffer.from([0, 255, 128]), value: Buffer.from([0, 1, 2, 0xff]), timestamp: '1000' },
        ])
        await write(topic, [{ key: 'no time', value: 'x', timestamp: '-1' }])
        const { driver } = await openDriver(driverCase, { topics: [topic] })
        const { records } = await pollSome(driver, 6)
        expect(records.map(({ offset }) => offset)).toEqual([0, 1, 2, 3, 4, 5])
        expect(records.map(({ key }) => (key === null ? null : Buffer.from(key)))).toEqual([
          Buffer.from('k'),
          null,
          Buffer.from('tombstone'),
          Buffer.alloc(0),
          Buffer.from([0, 255, 128]),
          Buffer.from('no time'),
        ])
        expect(records.map(({ value }) => (value === null ? null : Buffer.from(value)))).toEqual([
          Buffer.from('v'),
          Buffer.from('no key'),
          null,
          Buffer.alloc(0),
          Buffer.from([0, 1, 2, 0xff]),
          Buffer.from('x'),
        ])
        expect(
          records[0]!.headers!.map(({ name: header, value }) => [header, Buffer.from(value).toString()]),
        ).toEqual([
          ['b', '1'],
          ['a', '2'],
          ['a', '3'],
        ])
        expect(records[1]!.headers ?? []).toEqual([])
        expect(records[3]!.headers!.map(({ value }) => value.length)).toEqual([0])
        expect(records.map(({ timestamp }) => timestamp)).toEqual([
          1_700_000_000_123, 1000, 1000, 1000, 1000, -1,
        ])
      })

      it('keeps the order of each partition, and says where to read on', async () => {
        const topic = await makeTopic(3)
        await write(
          topic,
          numbers(3000).map((value, i) => ({ key: `k${i % 50}`, value })),
        )
        const { driver } = await openDriver(driverCase, { topics: [topic] })
        const { records, next } = await pollSome(driver, 3000)
        expect(records.length).toBe(3000)
        expect(isInOrder(records)).toBe(true)
        expect(new Set(texts(records)).size).toBe(3000)
        const ends = await driver.ends()
        expect(next.toSorted((a, b) => a.partition - b.partition)).toEqual(
          ends.toSorted((a, b) => a.partition - b.partition),
        )
      })

      it('reads on over many small fetches', async () => {
        const topic = await makeTopic(2)
        const values = numbers(600).map((value) => value.padEnd(100, '.'))
        for (let at = 0; at < 600; at += 20)
          await write(
            topic,
            values.slice(at, at + 20).map((value, i) => ({ partition: i % 2, value })),
          )
        const { driver } = await openDriver(driverCase, {
          topics: [topic],
          client: { 'max.partition.fetch.bytes': 2048 },
        })
        const { records } = await pollSome(driver, 600)
        expect(isInOrder(records)).toBe(true)
        expect(texts(records).toSorted()).toEqual(values.toSorted())
      })

      it('keeps to its bounds; a record that is larger than all of them comes alone', async () => {
        const topic = await makeTopic()
        await write(
          topic,
          numbers(40).map(() => ({ value: 'x'.repeat(1000) })),
        )
        await write(topic, [{ value: 'y'.repeat(50_000) }, { value: 'z' }])
        const { driver } = await openDriver(driverCase, { topics: [topic] })
        const sizes: number[] = []
        let largest = 0
        for (let got = 0; got < 42; ) {
          const { records } = await pollOnce(driver, { records: 7, bytes: 5000, time: 500 })
          got += records.length
          if (records.length > 0) sizes.push(records.length)
          const bytes = records.reduce((sum, { value }) => sum + value!.length, 0)
          if (records.length > 1) largest = Math.max(largest, bytes)
        }
        expect(Math.max(...sizes)).toBeLessThanOrEqual(7)
        // A driver that learns sizes as it goes may be over it once.
        expect(largest).toBeLessThanOrEqual(60_000)
      })

      it('waits no longer than it was told', async () => {
        const topic = await makeTopic()
        const { driver } = await openDriver(driverCase, { topics: [topic] })
        await stand(driver, 1)
        const began = performance.now()
        const { records } = await pollOnce(driver, { records: 10, bytes: 1000, time: 300 })
        expect(records).toEqual([])
        expect(performance.now() - began).toBeLessThan(1500)
      })

      unlessSkipped('leaves out what was aborted, also where transactions overlap', async () => {
        const topic = await makeTopic()
        const long = await beginTransaction(topic, [{ value: 'aborted 1' }])
        const short = await beginTransaction(topic, [{ value: 'aborted 2' }])
        const good = await beginTransaction(topic, [{ value: 'committed' }])
        await write(topic, [{ key: Buffer.alloc(4), value: 'plain' }])
        await short.abort()
        await good.commit()
        await long.abort()
        await write(topic, [{ value: 'last' }])
        const { driver } = await openDriver(driverCase, { topics: [topic] })
        const { records } = await pollSome(driver, 3)
        expect(texts(records)).toEqual(['committed', 'plain', 'last'])
      })

      it('reads a topic that is named, also where it begins as internal ones do', async () => {
        const topic = await makeTopic(1, {}, `__${uniqueName('named')}`)
        await write(topic, [{ value: 'a heartbeat' }])
        const { driver } = await openDriver(driverCase, { topics: [topic] })
        expect(texts((await pollSome(driver, 1)).records)).toEqual(['a heartbeat'])
      })

      it('of a pattern reads every topic that matches as a whole, new ones too, internal ones never', async () => {
        const prefix = uniqueName('pattern')
        const first = await makeTopic(1, {}, `${prefix}.a`)
        await makeTopic(1, {}, `x${prefix}.a`)
        await write(first, [{ value: 'first' }])
        const { driver } = await openDriver(driverCase, {
          topics: { pattern: `${prefix.replace('.', '[.]')}[.][a-z]|__consumer_offsets` },
          client: { 'metadata.max.age.ms': 1000 },
        })
        expect(texts((await pollSome(driver, 1)).records)).toEqual(['first'])
        const second = await makeTopic(2, {}, `${prefix}.b`)
        await write(second, [{ value: 'second' }])
        const found: (string | null)[] = []
        await until(
          'the new topic is read',
          async () => {
            const { epoch, records, next } = await pollOnce(driver)
            found.push(...texts(records))
            await driver.settle(epoch, [], next)
            return found.includes('second')
          },
          60_000,
        )
        expect(new Set(driver.positions().map(({ topic }) => topic))).toEqual(new Set([first, second]))
      })
    })

    describe('settling', () => {
      it('writes outputs as they are, and commits what lies behind them', async () => {
        const [topic, out] = [await makeTopic(), await makeTopic(2)]
        await write(topic, [{ value: '1' }, { value: '2' }, { value: '3' }])
        const { driver, group, close } = await openDriver(driverCase, { topics: [topic] })
        const { epoch, next } = await pollSome(driver, 3)
        const base = { topic: out, partition: 1, headers: [], timestamp: 1_700_000_000_000 }
        const outputs: OutputRecord[] = [
          {
            ...base,
            key: Buffer.from('k'),
            value: Buffer.from('v'),
            headers: [{ b: '1' }, { a: 'é' }],
          },
          { ...base, key: null, value: Buffer.from('no key') },
          { ...base, key: Buffer.from('t'), value: null },
          { ...base, key: Buffer.alloc(0), value: Buffer.alloc(0), timestamp: 5 },
          { ...base, key: Buffer.from('now'), value: Buffer.from('x'), timestamp: undefined },
        ]
        const before = Date.now()
        expect(await driver.settle(epoch, outputs, next)).toBe('settled')
        expect(driver.positions()).toEqual([{ topic, partition: 0, offset: 3 }])
        expect(await driver.committed([{ topic, partition: 0 }])).toEqual([
          { topic, partition: 0, offset: 3 },
        ])
        await close()
        expect(await (await admin()).committed(group, [{ topic, partition: 0 }])).toEqual([
          { topic, partition: 0, offset: 3 },
        ])
        const written = await read(out)
        expect(written.map(({ partition, key, value }) => [partition, key, value])).toEqual([
          [1, Buffer.from('k'), Buffer.from('v')],
          [1, null, Buffer.from('no key')],
          [1, Buffer.from('t'), null],
          [1, Buffer.alloc(0), Buffer.alloc(0)],
          [1, Buffer.from('now'), Buffer.from('x')],
        ])
        expect(written[0]!.headers.map(({ name: header, value }) => [header, value.toString()])).toEqual([
          ['b', '1'],
          ['a', 'é'],
        ])
        expect(written.slice(0, 4).map(({ timestamp }) => timestamp)).toEqual([
          1_700_000_000_000, 1_700_000_000_000, 1_700_000_000_000, 5,
        ])
        expect(written[4]!.timestamp).toBeGreaterThanOrEqual(before)
      })

      unlessSkipped('keeps the order of headers where a name comes again', async () => {
        const [topic, out] = [await makeTopic(), await makeTopic()]
        await write(topic, [{ value: '1' }])
        const { driver } = await openDriver(driverCase, { topics: [topic] })
        const { epoch, records, next } = await pollSome(driver, 1)
        const [output] = copyTo(out)(records)
        const headers = [{ b: '1' }, { a: 'é' }, { b: '2' }]
        expect(await driver.settle(epoch, [{ ...output!, headers }], next)).toBe('settled')
        const [written] = await read(out)
        expect(written!.headers.map(({ name: header, value }) => [header, value.toString()])).toEqual([
          ['b', '1'],
          ['a', 'é'],
          ['b', '2'],
        ])
      })

      it('goes on where the last one of the group stopped', async () => {
        const [topic, out] = [await makeTopic(2), await makeTopic(2)]
        await write(
          topic,
          numbers(1000).map((value) => ({ key: value, value })),
        )
        const first = await openDriver(driverCase, { topics: [topic] })
        const settled = texts(await settleSome(first.driver, 1000, copyTo(out)))
        // Polled and not settled: somebody else's.
        await write(
          topic,
          numbers(500, 1000).map((value) => ({ key: value, value })),
        )
        await pollSome(first.driver, 500)
        await first.close()
        const second = await openDriver(driverCase, { topics: [topic], group: first.group })
        settled.push(...texts(await settleSome(second.driver, 500, copyTo(out))))
        expect(settled.toSorted()).toEqual(numbers(1500).toSorted())
        expect(texts(await read(out)).toSorted()).toEqual(numbers(1500).toSorted())
      })

      it('takes batches in a row, the next one polled meanwhile', async () => {
        const [topic, out] = [await makeTopic(2), await makeTopic(3)]
        await write(
          topic,
          numbers(5000).map((value, i) => ({ key: `k${i % 40}`, value })),
        )
        const { driver } = await openDriver(driverCase, { topics: [topic] })
        let settling: Promise<unknown> = Promise.resolve()
        let discarded = 0
        const settled = new Set<string | null>()
        await until('all are settled', async () => {
          const { epoch, records, next } = await pollOnce(driver, { records: 333, bytes: 1 << 20, time: 100 })
          await settling
          settling = driver.settle(epoch, copyTo(out)(records), next).then((outcome) => {
            if (outcome === 'discarded') discarded++
            else for (const value of texts(records)) settled.add(value)
          })
          return settled.size === 5000
        })
        await settling
        const written = await read(out)
        expect(new Set(texts(written))).toEqual(new Set(numbers(5000)))
        // Only where something was discarded may at least once be twice.
        if (delivery === 'exactly-once' || discarded === 0) expect(written.length).toBe(5000)
        if (written.length !== 5000) return
        for (let key = 0; key < 40; key++) {
          const mine = written.filter((one) => one.key?.toString() === `k${key}`)
          expect(new Set(mine.map(({ partition }) => partition)).size).toBe(1)
          const values = mine.map(({ value }) => Number(value))
          expect(values).toEqual(values.toSorted((a, b) => a - b))
        }
      })

      it('puts keys where Java puts them, and spreads records without one', async () => {
        const [topic, out] = [await makeTopic(), await makeTopic(4)]
        await write(topic, [{ value: 'x' }])
        const { driver } = await openDriver(driverCase, { topics: [topic] })
        const { epoch, next } = await pollSome(driver, 1)
        // From org.apache.kafka.common.utils.UtilsTest; an empty key hashes to 275646681.
        const hashes = {
          '21': -973932308,
          foobar: -790332482,
          'a-little-bit-long-string': -985981536,
          abc: 479470107,
          '': 275646681,
        }
        const base = { topic: out, partition: undefined, value: Buffer.from('x'), headers: [], timestamp: 1 }
        const keyed = Object.keys(hashes).map((key) => ({ ...base, key: Buffer.from(key) }))
        await driver.settle(epoch, keyed, next)
        const keyless = numbers(20).map(() => ({ ...base, key: null }))
        const used = new Set<number>()
        // A client may stay with one partition for a while.
        await until('records without a key are spread', async () => {
          expect(await driver.settle(epoch, keyless, next)).toBe('settled')
          for (const { key, partition } of await read(out)) if (key === null) used.add(partition)
          return used.size > 1
        })
        const written = await read(out)
        for (const [key, hash] of Object.entries(hashes))
          expect([key, written.find((one) => one.key?.toString() === key)?.partition]).toEqual([
            key,
            (hash & 0x7fffffff) % 4,
          ])
      })

      it('splits what is sent below the limit of the topic', async () => {
        const topic = await makeTopic()
        const out = await makeTopic(1, { 'max.message.bytes': '20000' })
        await write(
          topic,
          numbers(500).map((value) => ({ value: value.padEnd(1000, '.') })),
        )
        const { driver, events } = await openDriver(driverCase, { topics: [topic], limit: 20_000 })
        await settleSome(driver, 500, copyTo(out))
        expect((await read(out)).length).toBe(500)
        // Split before it was sent, not after it was refused.
        expect(JSON.stringify(events)).not.toContain('too-large')
      })

      it.each([
        ['as it was looked up', 20_000],
        ['as the broker says', undefined],
      ])('names what is too large, %s, and takes the batch without it', async (_, limit) => {
        const topic = await makeTopic()
        const out = await makeTopic(1, { 'max.message.bytes': '20000' })
        await write(topic, [{ value: 'a' }, { value: 'b'.repeat(30_000) }, { value: 'c' }])
        const { driver } = await openDriver(driverCase, {
          topics: [topic],
          ...(limit === undefined ? {} : { limit }),
        })
        const { epoch, records, next } = await pollSome(driver, 3)
        const outputs = copyTo(out)(records)
        const refused = await driver.settle(epoch, outputs, next).catch((error: unknown) => error)
        expect(refused).toBeInstanceOf(Refused)
        expect(refused).toMatchObject({ code: 'output-too-large' })
        expect([1, undefined]).toContain((refused as Refused).output)
        // The batch is not settled.
        expect(await driver.committed([{ topic, partition: 0 }])).toEqual([
          { topic, partition: 0, offset: 0 },
        ])
        expect(await driver.settle(epoch, [outputs[0]!, outputs[2]!], next)).toBe('settled')
        const values = texts(await read(out))
        if (delivery === 'exactly-once') expect(values).toEqual(['a', 'c'])
        else expect(new Set(values)).toEqual(new Set(['a', 'c']))
      })

      it('says so where a broker refuses a record for another reason', async () => {
        const topic = await makeTopic()
        // Such a topic takes nothing without a key.
        const out = await makeTopic(1, { 'cleanup.policy': 'compact' })
        await write(topic, [{ value: 'a' }])
        const { driver } = await openDriver(driverCase, { topics: [topic] })
        const { epoch, records, next } = await pollSome(driver, 1)
        const keyed = { ...copyTo(out)(records)[0]!, key: Buffer.from('k') }
        const keyless = { ...keyed, key: null }
        await expect(driver.settle(epoch, [keyed, keyless, keyed], next)).rejects.toMatchObject({
          code: 'output-refused',
        })
        expect(await driver.settle(epoch, [keyed], next)).toBe('settled')
      })

      it('stops where an output topic is missing', async () => {
        const topic = await makeTopic()
        await write(topic, [{ value: 'a' }])
        // `driver-defaults.contract.test.ts` waits as long as users do.
        const { driver } = await openDriver(driverCase, { topics: [topic], client: driverCase.impatient })
        const { epoch, records, next } = await pollSome(driver, 1)
        const settling = driver.settle(epoch, copyTo(uniqueName('nowhere'))(records), next)
        await expect(settling).rejects.toBeInstanceOf(LetheError)
        await expect(settling).rejects.toMatchObject({ exitCode: 4 })
      })
    })

    describe('epochs', () => {
      it('a rewind gives what is not settled again, and discards what came before it', async () => {
        const [topic, out] = [await makeTopic(2), await makeTopic()]
        await write(
          topic,
          numbers(200).map((value) => ({ key: value, value })),
        )
        const { driver } = await openDriver(driverCase, { topics: [topic] })
        const first = await pollSome(driver, 200)
        await driver.rewind()
        expect(await driver.settle(first.epoch, copyTo(out)(first.records), first.next)).toBe('discarded')
        const second = await pollSome(driver, 200)
        expect(second.epoch).not.toBe(first.epoch)
        expect(texts(second.records).toSorted()).toEqual(texts(first.records).toSorted())
        expect(await driver.settle(second.epoch, copyTo(out)(second.records), second.next)).toBe('settled')
        expect((await read(out)).length).toBe(200)
      })

      it('what is settled while it goes back is settled, or read again, and not both', async () => {
        const [topic, out] = [await makeTopic(2), await makeTopic()]
        await write(
          topic,
          numbers(200).map((value) => ({ key: value, value })),
        )
        const { driver } = await openDriver(driverCase, { topics: [topic] })
        const first = await pollSome(driver, 200)
        await driver.rewind()
        const second = await pollSome(driver, 200)
        // A batch that is out of date may have it look at its positions again, also in the epoch of the next one.
        expect(await driver.settle(first.epoch, copyTo(out)(first.records), first.next)).toBe('discarded')
        const again = pollOnce(driver)
        await new Promise((resolve) => setImmediate(resolve))
        const settled = await driver.settle(second.epoch, copyTo(out)(second.records), second.next)
        const { epoch, records, next } = await again
        let more = records.length
        if (more > 0) await driver.settle(epoch, copyTo(out)(records), next)
        while (settled === 'discarded' && more < 200) {
          const polled = await pollOnce(driver)
          await driver.settle(polled.epoch, copyTo(out)(polled.records), polled.next)
          more += polled.records.length
        }
        expect(more).toBe(settled === 'settled' ? 0 : 200)
        expect((await read(out)).length).toBe(200)
      })

      it('gives up a batch that comes late, and nothing of the epoch that has begun', async () => {
        const [topic, out] = [await makeTopic(), await makeTopic()]
        await write(
          topic,
          numbers(300).map((value) => ({ key: value, value })),
        )
        const { driver } = await openDriver(driverCase, { topics: [topic] })
        const take = async (count: number): Promise<Read> => {
          let taken = await pollOnce(driver, { ...BOUNDS, records: count })
          while (taken.records.length < count) {
            const room = count - taken.records.length
            const more = await pollOnce(driver, { ...BOUNDS, records: room })
            const isSame = more.epoch === taken.epoch
            const records = isSame ? [...taken.records, ...more.records] : more.records
            taken = { ...more, records, next: more.next.length > 0 ? more.next : taken.next }
          }
          return taken
        }
        const settle = ({ epoch, records, next }: Read): Promise<Settled> =>
          driver.settle(epoch, copyTo(out)(records), next)
        const late = await take(100)
        await driver.rewind()
        const first = await take(100)
        expect(await settle(late)).toBe('discarded')
        // As a route does: the next batch is read while the one before waits.
        const second = await take(100)
        expect([await settle(first), await settle(second)]).toEqual(['settled', 'settled'])
        const third = await take(100)
        expect(await settle(third)).toBe('settled')
        expect((await read(out)).map(({ value }) => value?.toString())).toEqual(numbers(300))
      })

      it('begins in the middle of what a producer sent at once, compressed or not', async () => {
        for (const compression of ['producer', 'gzip']) {
          const topic = await makeTopic(1, { 'compression.type': compression })
          await write(
            topic,
            numbers(100).map((value) => ({ value })),
          )
          const first = await openDriver(driverCase, { topics: [topic] })
          const { epoch, records, next } = await pollSome(first.driver, 100)
          expect(records.length).toBe(100)
          await first.driver.settle(epoch, [], [{ ...next[0]!, offset: 37 }])
          await first.driver.rewind()
          expect(texts((await pollSome(first.driver, 63)).records)).toEqual(numbers(63, 37))
          await first.close()
          const second = await openDriver(driverCase, { topics: [topic], group: first.group })
          expect(texts((await pollSome(second.driver, 63)).records)).toEqual(numbers(63, 37))
        }
      })

      it.each(driverCase.assignments)(
        'a second member gets its share; the epoch before is over; nothing is lost (%s)',
        async (assignment) => {
          const client = { 'partition.assignment.strategy': assignment }
          const [topic, out] = [await makeTopic(4), await makeTopic(2)]
          await write(
            topic,
            numbers(400).map((value) => ({ key: value, value })),
          )
          const first = await openDriver(driverCase, { topics: [topic], client })
          const held = await pollSome(first.driver, 400)
          const second = await openDriver(driverCase, { topics: [topic], group: first.group, client })
          const seen = new Map<string, number>()
          const turn = async ({ driver }: typeof first): Promise<void> => {
            const { epoch, records, next } = await pollOnce(driver)
            if ((await driver.settle(epoch, copyTo(out)(records), next)) === 'settled')
              for (const value of texts(records)) seen.set(value!, (seen.get(value!) ?? 0) + 1)
          }
          await until('both have a share and all is settled', async () => {
            await Promise.all([turn(first), turn(second)])
            const shares = [first, second].map(({ driver }) => driver.positions().length)
            return shares[0] === 2 && shares[1] === 2 && seen.size === 400
          })
          const owned = [...first.driver.positions(), ...second.driver.positions()].map(keyOf)
          expect(new Set(owned).size).toBe(4)
          expect(first.events.some(({ kind }) => kind === 'revoked' || kind === 'lost')).toBe(true)
          expect(await first.driver.settle(held.epoch, copyTo(out)(held.records), held.next)).toBe(
            'discarded',
          )
          const values = texts(await read(out))
          expect(new Set(values).size).toBe(400)
          if (delivery === 'exactly-once') expect(values.length).toBe(400)
        },
      )

      it.each(driverCase.assignments)(
        'a member that leaves gives its share back at once (%s)',
        async (assignment) => {
          const client = { 'partition.assignment.strategy': assignment }
          const topic = await makeTopic(2)
          const first = await openDriver(driverCase, { topics: [topic], client })
          const second = await openDriver(driverCase, { topics: [topic], group: first.group, client })
          const both = [first, second]
          await until('both have a share', async () => {
            await Promise.all(both.map(({ driver }) => driver.poll(BOUNDS)))
            return both.every(({ driver }) => driver.positions().length === 1)
          })
          const began = performance.now()
          await first.close()
          await until('the other one has all', async () => {
            await second.driver.poll(BOUNDS)
            return second.driver.positions().length === 2
          })
          // Far sooner than the session of 45 s ends.
          expect(performance.now() - began).toBeLessThan(20_000)
        },
      )
    })

    it('a pause stops the records and keeps the share; they come after it', async () => {
      const topic = await makeTopic(2)
      const { driver } = await openDriver(driverCase, { topics: [topic] })
      await stand(driver, 2)
      driver.pause()
      await write(
        topic,
        numbers(100).map((value) => ({ key: value, value })),
      )
      for (let i = 0; i < 3; i++) expect((await pollOnce(driver)).records).toEqual([])
      expect(driver.positions().length).toBe(2)
      driver.resume()
      expect((await pollSome(driver, 100)).records.length).toBe(100)
    })

    describe('starting', () => {
      it('at the latest leaves out what was there, and no restart before the first record moves that', async () => {
        const topic = await makeTopic(2)
        await write(
          topic,
          numbers(10).map((value) => ({ key: value, value })),
        )
        const first = await openDriver(driverCase, { topics: [topic], start: 'latest' })
        await stand(first.driver, 2)
        await first.close()
        await write(
          topic,
          numbers(10, 100).map((value) => ({ key: value, value })),
        )
        const second = await openDriver(driverCase, { topics: [topic], group: first.group, start: 'latest' })
        const { records } = await pollSome(second.driver, 10)
        expect(texts(records).toSorted()).toEqual(numbers(10, 100).toSorted())
      })

      it('at the latest, a topic that came later is read from its beginning, also by whoever starts anew', async () => {
        const prefix = uniqueName('later')
        const topics = { pattern: `${prefix.replace('.', '[.]')}[.][a-z]` }
        await write(await makeTopic(1, {}, `${prefix}.a`), [{ value: 'before' }])
        const first = await openDriver(driverCase, { topics, start: 'latest' })
        await stand(first.driver, 1)
        await first.close()
        await write(await makeTopic(1, {}, `${prefix}.b`), [{ value: 'behind' }])
        const second = await openDriver(driverCase, { topics, group: first.group, start: 'latest' })
        expect(texts((await pollSome(second.driver, 1)).records)).toEqual(['behind'])
      })

      it('may be given up: it is closed before it is open, and no member stays behind', async () => {
        const [topic, group] = [await makeTopic(), uniqueName('group')]
        await write(topic, [{ value: 'a' }])
        for (const milliseconds of [0, 20, 60, 150]) {
          const driver = make({
            connection: connection(),
            group,
            topics: [topic],
            start: 'earliest',
            delivery,
            transactionalId: uniqueName('instance'),
            onEvent: () => {},
          })
          const opening = driver.open().catch((error: unknown) => error)
          await new Promise((resolve) => setTimeout(resolve, milliseconds))
          await driver.close(10_000)
          await opening
        }
        const { driver } = await openDriver(driverCase, { topics: [topic], group })
        expect(texts((await pollSome(driver, 1, 25_000)).records)).toEqual(['a'])
      })

      it('at a time begins with the first record of that time, or at the end where all are older', async () => {
        const topic = await makeTopic(2)
        const at = (partition: number, value: string, timestamp: number) => ({
          partition,
          value,
          timestamp: `${timestamp}`,
        })
        await write(topic, [at(0, 'old', 1000), at(0, 'at', 2000), at(0, 'after', 3000), at(1, 'older', 500)])
        const { driver } = await openDriver(driverCase, { topics: [topic], start: { time: 2000 } })
        // Once it is open, the start is fixed.
        await write(topic, [at(1, 'new', 4000)])
        expect(texts((await pollSome(driver, 3)).records).toSorted()).toEqual(['after', 'at', 'new'])
      })

      it('stops where an input topic is missing, or no topic matches', async () => {
        for (const topics of [[uniqueName('nowhere')], { pattern: uniqueName('nothing') }]) {
          const opening = openDriver(driverCase, { topics }).catch((error: unknown) => error)
          expect(await opening).toBeInstanceOf(LetheError)
          expect(await opening).toMatchObject({ exitCode: 4 })
        }
      })

      it('stops where the group shares its partitions in another way', async () => {
        const [topic, group] = [await makeTopic(), uniqueName('group')]
        const leave = await joinOtherwise(group, topic)
        const failing = (async () => {
          const { driver } = await openDriver(driverCase, { topics: [topic], group })
          for (;;) await driver.poll(BOUNDS)
        })()
        await expect(failing).rejects.toMatchObject({
          exitCode: 4,
          message: expect.stringContaining('group'),
          suggestion: expect.stringContaining('group of its own'),
        })
        await leave()
      })

      it('stops where no broker is, within 20 s, and says which it asked', async () => {
        const driver = make({
          connection: { ...connection({}, '127.0.0.1:1'), openMs: 3000 },
          group: 'g',
          topics: ['t'],
          start: 'earliest',
          delivery,
          transactionalId: 't',
          onEvent: () => {},
        })
        const began = performance.now()
        const opening = driver.open().catch((error: unknown) => error)
        expect(await opening).toMatchObject({ exitCode: 4, message: expect.stringContaining('127.0.0.1:1') })
        expect(performance.now() - began).toBeLessThan(20_000)
        await driver.close(1000)
      })
    })

    it('an offset that is gone stops it, with the count of what is missing', async () => {
      const topic = await makeTopic()
      await write(
        topic,
        numbers(100).map((value) => ({ value })),
      )
      const first = await openDriver(driverCase, { topics: [topic] })
      const { epoch, next } = await pollSome(first.driver, 100)
      await first.driver.settle(epoch, [], [{ ...next[0]!, offset: 10 }])
      await first.close()
      const kafka = client().admin()
      await kafka.connect()
      // Else it does not know the leaders.
      await kafka.fetchTopicMetadata({ topics: [topic] })
      await kafka.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '60' }] })
      await kafka.disconnect()
      const failing = (async () => {
        const { driver } = await openDriver(driverCase, { topics: [topic], group: first.group })
        for (;;) await driver.poll(BOUNDS)
      })()
      await expect(failing).rejects.toMatchObject({
        exitCode: 4,
        message: expect.stringMatching(/\b50 records/),
      })
      expect(await (await admin()).committed(first.group, [{ topic, partition: 0 }])).toEqual([
        { topic, partition: 0, offset: 10 },
      ])
    })

    describe.each(['gzip', 'snappy', 'lz4', 'zstd'])('%s', (compression) => {
      const values = numbers(2000).map((value) => `{"id":"${value}","name":"Zoë ${value}"}`)
      const messages = values.map((value) => ({ key: 'k', value }))

      /** As built, a client may lack one; then it says so, and reads or writes nothing. */
      const orLacks = async (work: () => Promise<void>): Promise<void> => {
        const lacks = driverCase.lacks.includes(compression)
        const outcome = await work().catch((error: unknown) => error)
        if (lacks) expect(outcome).toBeInstanceOf(LetheError)
        else expect(outcome).toBeUndefined()
      }

      it('of the brokers, in Java, is read', () =>
        orLacks(async () => {
          const topic = await makeTopic(1, { 'compression.type': compression })
          await write(topic, messages)
          const { driver } = await openDriver(driverCase, { topics: [topic] })
          expect(texts((await pollSome(driver, 2000)).records)).toEqual(values)
        }))

      it.skipIf(!hasRdkafka || LACKED_BY_RDKAFKA.includes(compression))('of librdkafka is read', async () => {
        const topic = await makeTopic()
        await writeByRdkafka(topic, values, compression)
        const { driver } = await openDriver(driverCase, { topics: [topic] })
        expect(texts((await pollSome(driver, 2000)).records)).toEqual(values)
      })

      it('is written, so that others read it', () =>
        orLacks(async () => {
          const [topic, out] = [await makeTopic(), await makeTopic()]
          await write(topic, messages)
          const { driver } = await openDriver(driverCase, {
            topics: [topic],
            client: { 'compression.type': compression },
          })
          await settleSome(driver, 2000, copyTo(out))
          expect(await readByKafkajs(out, 2000)).toEqual(values)
        }))
    })

    describe('until the end', () => {
      unlessSkipped(
        'ends before an open transaction and behind control records, and can be reached',
        async () => {
          const topic = await makeTopic(2)
          const to = (partition: number, value: string) => ({ partition, value })
          const done = await beginTransaction(topic, [to(0, 'a'), to(1, 'b')])
          await done.commit()
          const gone = await beginTransaction(topic, [to(0, 'aborted')])
          await gone.abort()
          const open = await beginTransaction(topic, [to(1, 'open')])
          const { driver } = await openDriver(driverCase, { topics: [topic] })
          const ends = (await driver.untilEnd()).toSorted((a, b) => a.partition - b.partition)
          // a, its marker, an aborted one, its marker; b and its marker.
          expect(ends.map(({ offset }) => offset)).toEqual([4, 2])
          const values: (string | null)[] = []
          await until('the ends are reached', async () => {
            const { epoch, records, next } = await pollOnce(driver)
            values.push(...texts(records))
            await driver.settle(epoch, [], next)
            const reached = new Map(driver.positions().map((one) => [keyOf(one), one.offset]))
            return ends.every((end) => (reached.get(keyOf(end)) ?? -1) >= end.offset)
          })
          expect(values.toSorted()).toEqual(['a', 'b'])
          await open.abort()
        },
      )

      it('gives the same ends until they are reached, to every process, and then new ones', async () => {
        const topic = await makeTopic(1)
        await write(
          topic,
          numbers(10).map((value) => ({ value })),
        )
        const first = await openDriver(driverCase, { topics: [topic] })
        const ends = await first.driver.untilEnd()
        expect(ends).toEqual([{ topic, partition: 0, offset: 10 }])
        await write(
          topic,
          numbers(10).map((value) => ({ value })),
        )
        expect(await first.driver.untilEnd()).toEqual(ends)
        await first.close()
        const second = await openDriver(driverCase, { topics: [topic], group: first.group })
        expect(await second.driver.untilEnd()).toEqual(ends)
        await settleSome(second.driver, 20)
        expect(await second.driver.untilEnd()).toEqual([{ topic, partition: 0, offset: 20 }])
      })
    })
    it('skips no test that is not here', () => {
      expect([...unmet]).toEqual([])
    })
  })
}
