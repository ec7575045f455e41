/** The worker thread that rewrites batches: it compiles the plans of all routes, then does its jobs in order. */

import { parentPort } from 'node:worker_threads'
import { GroupCount } from '../../engine/group-count.ts'
import { MessageBatch } from '../../engine/message-batch.ts'
import type { MessageEngine } from '../../engine/message-engine.ts'
import { hasQuasiIdentifiers } from '../../groups/quasi-identifiers.ts'
import type { SubjectGroups } from '../../groups/subject-groups.ts'
import { compileAgain } from '../../pipeline/compile-again.ts'
import { attempt } from '../../pipeline/defect.ts'
import { keyRules } from '../../policy/key-rules.ts'
import { placeholderKeys } from '../../policy/key-source.ts'
import { messageEngine } from '../../run/engines.ts'
import type { Answer, Done, Job, RouteSetup } from './job.ts'

interface RouteWork {
  readonly rewriter: MessageEngine
  /** Of the batch at hand. */
  readonly groups: SubjectGroups | undefined
}

function workOf({ maxRecordBytes, compacted, groupsKey, ...setup }: RouteSetup): RouteWork {
  const { plan, policy, source, keys } = compileAgain(setup)
  const count =
    groupsKey !== undefined && hasQuasiIdentifiers(plan) ? new GroupCount(plan, groupsKey) : undefined
  const rewriter = messageEngine(plan, {
    groups: count,
    now: Date.now(),
    maxRecordBytes,
    compacted,
    keyRules: keyRules(policy, source, keys ?? placeholderKeys),
  })
  return { rewriter, groups: count?.groups }
}

function rewrite({ rewriter, groups }: RouteWork, { now, messages, looked, memory, limits }: Job): Done {
  const began = performance.now()
  const packed = MessageBatch.from(messages)
  rewriter.now = now
  rewriter.memory = memory
  if (groups !== undefined && limits !== undefined) groups.limits = limits
  const outcomes = rewriter.rewrite(packed, looked).parts()
  const account = rewriter.takeAccount()
  return {
    outcomes,
    account,
    groups: groups?.take(),
    took: performance.now() - began,
    lines: packed.parts().lines,
  }
}

function begin(routes: readonly RouteSetup[]): void {
  const compiled = attempt(() => routes.map(workOf))
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
