/** A worker thread: compiles the plan that it is told of once, then rewrites chunks until it is ended. */
import { parentPort } from 'node:worker_threads'
import { type Chunk, ChunkRewriter, compileAgain, type ThreadSetup } from './chunk.ts'
import type { Answer } from './pool.ts'

let rewriter: (() => ChunkRewriter) | undefined

/** Compiles at once, while there is nothing else to do; what goes wrong is thrown where a chunk asks. */
function prepare(setup: ThreadSetup): () => ChunkRewriter {
  try {
    const made = new ChunkRewriter(compileAgain(setup), setup.options)
    return () => made
  } catch (error) {
    return () => {
      throw error
    }
  }
}

function answer(chunk: Chunk): Answer {
  try {
    return { done: rewriter!().rewrite(chunk) }
  } catch (error) {
    const kind = error instanceof Error ? error.constructor.name : 'unknown'
    const stack = error instanceof Error ? (error.stack ?? '') : ''
    const places = stack.split('\n').filter((line) => /^\s+at /.test(line))
    return { defect: { kind, places: places.join('\n') } }
  }
}

parentPort!.on('message', (message: ThreadSetup | Chunk) => {
  if ('fingerprint' in message) {
    rewriter = prepare(message)
    return
  }
  const result = answer(message)
  const transfer = 'done' in result ? [result.done.output.buffer as ArrayBuffer, message.bytes.buffer] : []
  parentPort!.postMessage(result, transfer)
})
