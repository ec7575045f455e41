/** A worker thread: compiles the plan that it is told of once, then rewrites chunks until it is ended. */
import { parentPort } from 'node:worker_threads'
import { compileAgain } from '../pipeline/compile-again.ts'
import { placeOf } from '../pipeline/defect.ts'
import { type Chunk, ChunkRewriter, type ThreadSetup } from './chunk.ts'
import type { Answer } from './pool.ts'

let rewriter: ChunkRewriter | undefined

function attempt(work: () => Answer): Answer {
  try {
    return work()
  } catch (error) {
    return { defect: placeOf(error) }
  }
}

function begin(setup: ThreadSetup): Answer {
  rewriter = new ChunkRewriter(compileAgain(setup).plan, setup.options)
  return { ready: true }
}

parentPort!.on('message', (message: ThreadSetup | Chunk) => {
  if ('fingerprint' in message) {
    parentPort!.postMessage(attempt(() => begin(message)))
    return
  }
  const answer = attempt(() => ({ done: rewriter!.rewrite(message) }))
  const transfer = 'done' in answer ? [answer.done.output.buffer as ArrayBuffer, message.bytes.buffer] : []
  parentPort!.postMessage(answer, transfer)
})
