/**
 * librdkafka's mock cluster, in a process of its own: for machines with neither Java nor docker. It knows produce, fetch
 * and groups; topics appear by themselves. It has no transactions for kafkajs, no admin requests, no TLS.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

export async function startMock() {
  // It ends when its input does: when this process dies.
  const child = spawn(process.execPath, [join(import.meta.dirname, 'mock-process.mjs')], {
    stdio: ['pipe', 'pipe', 'ignore'],
    detached: true,
  })
  const lines = createInterface({ input: child.stdout })
  const [line] = await Promise.race([once(lines, 'line'), once(child, 'exit').then(() => [undefined])])
  if (line === undefined) throw new Error('node-rdkafka, which carries a mock cluster, is not installed')
  child.unref()
  for (const stream of [child.stdin, child.stdout]) stream.unref()
  const ended = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.ref()
    child.kill('SIGKILL')
    await gone
  }
  return { kind: 'mock', address: line, behind: [], stop: ended }
}
