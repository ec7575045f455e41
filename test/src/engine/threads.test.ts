/** Threads that fail, with threads of a few lines. */
import { once } from 'node:events'
import { expect, it } from 'vitest'
import { Threads } from '../../../src/engine/threads.ts'

/** Answers each job with itself; `end` ends the thread, with no answer. */
const ENTRY = new URL(
  `data:text/javascript,${encodeURIComponent(`
import { parentPort } from 'node:worker_threads'
parentPort.on('message', (message) => {
  if ('setup' in message) parentPort.postMessage({ ready: true })
  else if (message.job === 'end') process.exit(3)
  else parentPort.postMessage({ done: message.job })
})
`)}`,
)

async function readyThreads(size: number): Promise<Threads<string, string, string>> {
  const threads = new Threads<string, string, string>(ENTRY, size)
  const free = new EventTarget()
  threads.onFree = () => free.dispatchEvent(new Event('free'))
  threads.begin('setup')
  for (let ready = 0; ready < size; ready++) await once(free, 'free')
  return threads
}

it('what each thread is asked for is not answered without the thread that has ended', async () => {
  const threads = await readyThreads(2)
  try {
    expect(await threads.giveEach('count')).toEqual(['count', 'count'])
    const ended = threads.give('end', [])
    await expect(ended).rejects.toThrow('a worker thread ended with code 3')
    await expect(threads.giveEach('count')).rejects.toThrow('a worker thread ended with code 3')
  } finally {
    await threads.close()
  }
})
