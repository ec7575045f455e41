/** What the contract of the drivers shortens, as users have it. How long opening waits: `causes.test.ts`. */
import { describe, expect, it } from 'vitest'
import { onKafka, uniqueName } from '../broker/suite.ts'
import {
  copyTo,
  hasRdkafka,
  makeTopic,
  openDriver,
  pollSome,
  RDKAFKA_AT_LEAST_ONCE,
  write,
} from './driver-world.ts'

describe.skipIf(!hasRdkafka)('rdkafka, as it is set', () => {
  onKafka('an output topic that is missing', () => {
    it('is waited for half a minute, then the driver stops', async () => {
      const topic = await makeTopic()
      await write(topic, [{ value: 'a' }])
      const { driver } = await openDriver(RDKAFKA_AT_LEAST_ONCE, { topics: [topic] })
      const { epoch, records, next } = await pollSome(driver, 1)
      const began = performance.now()
      const settling = driver.settle(epoch, copyTo(uniqueName('nowhere'))(records), next)
      await expect(settling).rejects.toMatchObject({ exitCode: 4 })
      expect(performance.now() - began).toBeGreaterThan(25_000)
      expect(performance.now() - began).toBeLessThan(60_000)
    })
  })
})
