/**
 * The image's health check: 0 if /livez on this machine says so. LETHE_PROBE_PORT: the pipeline's http.port (9464).
 * With --client, for the build of the image: 0 if the native Kafka client is there with all that it needs.
 */
import { get } from 'node:http'

const fail = (why) => {
  process.stderr.write(`${why}\n`)
  process.exit(1)
}

if (process.argv[2] === '--client') {
  const needed = ['gzip', 'snappy', 'lz4', 'zstd', 'ssl', 'sasl_plain', 'sasl_scram', 'sasl_oauthbearer']
  const { default: client } = await import('node-rdkafka').catch(() => fail('node-rdkafka was not built'))
  const missing = needed.filter((feature) => !client.features.includes(feature))
  if (missing.length > 0) fail(`node-rdkafka was built without ${missing.join(', ')}`)
  process.exit(0)
}

const port = Number(process.env.LETHE_PROBE_PORT ?? 9464)
const asked = get({ host: '127.0.0.1', port, path: '/livez', timeout: 4000 }, (answer) => {
  answer.resume()
  if (answer.statusCode === 200) process.exit(0)
  fail(`/livez answers ${answer.statusCode}`)
})
asked.on('timeout', () => fail('/livez does not answer'))
asked.on('error', () => fail(`nothing answers on port ${port}`))
