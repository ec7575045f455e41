/**
 * A broker from a shell: `node test/broker/start.mjs [--tls] [--user NAME:PASSWORD]`. Prints what it is as one line of
 * JSON, and ends with SIGINT or SIGTERM.
 */
import { parseArgs } from 'node:util'
import { findBroker } from './broker.mjs'

const { values } = parseArgs({
  options: { tls: { type: 'boolean' }, user: { type: 'string', multiple: true } },
})
const users = values.user?.map((user) => {
  const [name, password] = user.split(':')
  return { name, password }
})
const { broker, reasons } = await findBroker({
  ...(values.tls ? { tls: true } : {}),
  ...(users ? { users } : {}),
  onProgress: (line) => process.stderr.write(`${line}\n`),
})
if (broker === undefined) {
  process.stderr.write(`no Kafka broker:\n  ${reasons.join('\n  ')}\n`)
  process.exit(4)
}
process.stdout.write(`${JSON.stringify({ ...broker, pid: broker.pid?.() })}\n`)

const alive = setInterval(() => {}, 3_600_000)
const end = async () => {
  clearInterval(alive)
  await broker.stop()
  process.exit(0)
}
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, end)
