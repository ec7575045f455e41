/** `npm run demo`: gets a broker where there is a way to one, and runs `lethe demo` on it. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { findBroker } from './broker/broker.mjs'

const main = join(import.meta.dirname, '../dist/bin/lethe.js')
const { broker, reasons } = await findBroker({
  onProgress: (line) => process.stderr.write(`${line}\n`),
}).catch(() => ({ broker: undefined, reasons: ['it could not be started'] }))
const args = ['demo', ...process.argv.slice(2)]
if (broker !== undefined) args.push('--broker', broker.address)
if (broker !== undefined && !broker.isReal) {
  process.stderr.write(
    'no Apache Kafka here: the stream runs on a mock cluster, which knows at-least-once only\n',
  )
  args.push('--delivery', 'at-least-once', '--mock')
}
const child = spawn(process.execPath, [main, ...args], { stdio: 'inherit' })
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
const code = await new Promise((resolve) => child.once('exit', (status) => resolve(status ?? 130)))
await broker?.stop()
if (broker === undefined && code === 0)
  process.stderr.write(`there is no broker here:\n${reasons.map((reason) => `  ${reason}\n`).join('')}`)
process.exit(code)
