import { describe, expect, it } from 'vitest'
import { FencedError } from '../../src/kafka/driver.ts'
import type { Outputs } from '../../src/kafka/record.ts'
import { onKafka, uniqueName } from '../broker/suite.ts'
import { driverContract } from './driver.contract.ts'
import {
  copyTo,
  hasRdkafka,
  makeTopic,
  numbers,
  openDriver,
  pollSome,
  RDKAFKA_EXACTLY_ONCE,
  settleSome,
  write,
} from './driver-world.ts'

driverContract(RDKAFKA_EXACTLY_ONCE)

/** Stands still before the last output, so that nothing is heard meanwhile of what the client does on its threads. */
function withPause(outputs: Outputs, milliseconds: number): Outputs {
  const { length } = outputs
  return {
    length,
    at: (index) => {
      if (index === length - 1) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
      return outputs.at(index)
    },
    [Symbol.iterator]: () => outputs[Symbol.iterator](),
  }
}

describe.skipIf(!hasRdkafka)('rdkafka, exactly once', () => {
  onKafka('of two processes of one name', () => {
    it.each([
      ['between its transactions', 0],
      ['while it hands outputs over', 2000],
    ])('the first one is fenced %s, and says so', async (_, pause) => {
      const [topic, out] = [await makeTopic(), await makeTopic()]
      const values = numbers(20)
      await write(
        topic,
        values.map((value) => ({ value })),
      )
      const transactionalId = uniqueName('instance')
      const group = uniqueName('group')
      const first = await openDriver(RDKAFKA_EXACTLY_ONCE, { topics: [topic], group, transactionalId })
      const { epoch, records, next } = await pollSome(first.driver, 20)
      const second = await openDriver(RDKAFKA_EXACTLY_ONCE, { topics: [topic], group, transactionalId })
      const outputs = withPause(copyTo(out)(records), pause)
      await expect(first.driver.settle(epoch, outputs, next)).rejects.toThrow(FencedError)
      await first.close()
      await settleSome(second.driver, 20, copyTo(out))
    })
  })
})
