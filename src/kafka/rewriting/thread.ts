/** The worker thread that rewrites batches: it compiles the plans of all routes, then does its jobs in order. */
import { parentPort } from 'node:worker_threads'
import { compileAgain } from '../../pipeline/compile-again.ts'
import { attempt } from '../../pipeline/defect.ts'
import { keyRules } from '../../policy/key-rules.ts'
import { placeholderKeys } from '../../policy/key-source.ts'
import { MessageRewriter } from '../../record/message-rewriter.ts'
import { PackedMessages } from '../../record/packed-messages.ts'
import type { Answer, Done, Job, RouteSetup } from './job.ts'

function rewriterOf({ maxRecordBytes, compacted, ...setup }: RouteSetup): MessageRewriter {
  const { plan, policy, source, keys } = compileAgain(setup)
  return new MessageRewriter(plan, {
    now: Date.now(),
    maxRecordBytes,
    compacted,
    keyRules: keyRules(policy, source, keys ?? placeholderKeys),
  })
}

function rewrite(rewriter: MessageRewriter, { now, messages, looked, memory }: Job): Done {
  const began = performance.now()
  const packed = PackedMessages.from(messages)
  rewriter.now = now
  rewriter.memory = memory
  const outcomes = rewriter.rewriteMessages(packed, looked).parts()
  const account = rewriter.takeAccount()
  return { outcomes, account, took: performance.now() - began, lines: packed.parts().lines }
}

function begin(routes: readonly RouteSetup[]): void {
  const compiled = attempt(() => routes.map(rewriterOf))
  if ('defect' in compiled) {
    parentPort!.postMessage(compiled satisfies Answer)
    return
  }
  parentPort!.on('message', (job: Job) => {
    const answer: Answer = attempt(() => rewrite(compiled.done[job.route]!, job))
    const handedOver = 'done' in answer ? [answer.done.outcomes.values.buffer, answer.done.lines.buffer] : []
    parentPort!.postMessage(answer, handedOver)
  })
}

// The first message says what to compile; jobs follow.
parentPort!.once('message', begin)
