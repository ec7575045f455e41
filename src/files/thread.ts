/** A worker thread: compiles the plan once, then rewrites chunks until it is ended. */
import { parentPort, workerData } from 'node:worker_threads'
import { type Chunk, ChunkRewriter, compileAgain, type ThreadSetup } from './chunk.ts'
import type { Answer } from './pool.ts'

const setup = workerData as ThreadSetup
let rewriter: ChunkRewriter | undefined

function answer(chunk: Chunk): Answer {
  try {
    rewriter ??= new ChunkRewriter(compileAgain(setup), setup.options)
    return { done: rewriter.rewrite(chunk) }
  } catch (error) {
    const kind = error instanceof Error ? error.constructor.name : 'unknown'
    const stack = error instanceof Error ? (error.stack ?? '') : ''
    const places = stack.split('\n').filter((line) => /^\s+at /.test(line))
    return { defect: { kind, places: places.join('\n') } }
  }
}

parentPort!.on('message', (chunk: Chunk) => {
  const result = answer(chunk)
  const transfer = 'done' in result ? [result.done.output.buffer as ArrayBuffer] : []
  parentPort!.postMessage(result, transfer)
})
