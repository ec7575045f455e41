/** The memory of a stream before a slow output, with each client. */
import { it } from 'vitest'
import { onOwnKafka } from '../broker/suite.ts'
import { holdsBack } from './back-pressure.ts'

const DRIVERS = {
  'rdkafka, exactly once': 'driver: rdkafka\n',
  'rdkafka, at least once': 'driver: rdkafka\ndelivery: at-least-once\n',
  kafkajs: 'driver: kafkajs\ndelivery: at-least-once\n',
}

onOwnKafka('lethe stream before a slow output', () => {
  it.concurrent.for(Object.entries(DRIVERS))(
    'holds no more than 350 MiB with %s, and loses nothing',
    async ([, lines], test) => await holdsBack(lines, 4_000, test),
  )
})
