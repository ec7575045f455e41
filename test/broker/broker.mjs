/**
 * The one place where tests, benchmarks and the demo get a broker. In this order: the one that `LETHE_KAFKA` names
 * (host:port), Apache Kafka fetched through Maven, Apache Kafka in docker, librdkafka's mock cluster.
 */
import { startDocker } from './docker.mjs'
import { startKafka } from './kafka.mjs'
import { canRunKafka } from './maven.mjs'
import { startMock } from './mock.mjs'
import { answers } from './ready.mjs'

async function given() {
  const address = process.env['LETHE_KAFKA']
  if (!address) throw new Error('the environment variable LETHE_KAFKA (host:port) is not set')
  const giveUp = Date.now() + 10_000
  while (!(await answers(address)))
    if (Date.now() > giveUp) throw new Error(`no broker answers at ${address}, which LETHE_KAFKA names`)
  return { kind: 'given', address, behind: [], stop: async () => {} }
}

const WAYS = {
  given,
  kafka: startKafka,
  docker: startDocker,
  mock: startMock,
}

const isParticular = (options) =>
  Boolean(
    options.own ||
      options.tls ||
      options.users ||
      options.tokens ||
      options.advertised ||
      options.authorizer ||
      options.properties,
  )

export { canRunKafka }

/** The broker, if there is any way to one, and why each way before it was closed. */
export async function findBroker(options = {}) {
  const onProgress = options.onProgress ?? (() => {})
  const ways = options.ways ?? (isParticular(options) ? ['kafka', 'docker'] : Object.keys(WAYS))
  const reasons = []
  for (const way of ways) {
    try {
      return { broker: complete(await WAYS[way](options, onProgress)), reasons }
    } catch (error) {
      reasons.push(`${way}: ${error.message}`)
      // Whoever names a broker wants no other.
      if (way === 'given' && process.env['LETHE_KAFKA']) break
    }
  }
  return { broker: undefined, reasons }
}

/** The broker; throws with all the reasons where there is none. */
export async function startBroker(options = {}) {
  const { broker, reasons } = await findBroker(options)
  if (broker === undefined) throw new Error(`no Kafka broker:\n  ${reasons.join('\n  ')}`)
  return broker
}

function complete(broker) {
  const not = (what) => () => {
    throw new Error(`a broker of kind ${broker.kind} cannot be ${what}`)
  }
  return {
    kill: not('killed'),
    restart: not('restarted'),
    pause: not('paused'),
    resume: not('resumed'),
    isReal: broker.kind !== 'mock',
    ...broker,
  }
}
