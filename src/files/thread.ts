/** A worker thread: compiles the plan that it is told of once, then rewrites chunks until it is ended. */
import { parentPort } from 'node:worker_threads'
import { compileAgain } from '../pipeline/compile-again.ts'
import { attempt } from '../pipeline/defect.ts'
import { type Chunk, ChunkRewriter, type ThreadSetup } from './chunk.ts'
import type { Answer } from './pool.ts'
import { GROUPS } from './questions.ts'

let rewriter: ChunkRewriter | undefined

function begin(setup: ThreadSetup): Answer {
  const made = attempt(() => new ChunkRewriter(compileAgain(setup).plan, setup.options, setup.groupsKey))
  if ('defect' in made) return made
  rewriter = made.done
  return { ready: true }
}

parentPort!.on('message', (message: ThreadSetup | Chunk | typeof GROUPS) => {
  if (message === GROUPS) {
    parentPort!.postMessage({ groups: rewriter?.groups() } satisfies Answer)
    return
  }
  if ('fingerprint' in message) {
    parentPort!.postMessage(begin(message))
    return
  }
  const answer: Answer = attempt(() => rewriter!.rewrite(message))
  const transfer = 'done' in answer ? [answer.done.output.buffer as ArrayBuffer, message.bytes.buffer] : []
  parentPort!.postMessage(answer, transfer)
})
