/** The work of a thread on streams: batches of messages to outcomes, in order. */

import { randomBytes } from 'node:crypto'
import { GroupCount } from '../engine/group-count.ts'
import { MessageBatch } from '../engine/message-batch.ts'
import type { MessageEngine } from '../engine/message-engine.ts'
import { shownJudge } from '../engine/shown-judge.ts'
import type { Answered } from '../engine/threads.ts'
import { subjectTokens } from '../gates/subject-token.ts'
import { hasQuasiIdentifiers } from '../groups/quasi-identifiers.ts'
import type { SubjectGroups } from '../groups/subject-groups.ts'
import { keyRules } from '../policy/key-rules.ts'
import { placeholderKeys } from '../policy/key-source.ts'
import type { BatchSetup, Done, Job, RouteSetup } from './batch-job.ts'
import { type CompiledAgain, compileAgain } from './compile-again.ts'
import { gateDataOf } from './configuration.ts'
import { messageEngine } from './engines.ts'
import { takeUp } from './gate-state.ts'
import { Sketching } from './sketching.ts'

interface RouteWork {
  readonly engine: MessageEngine
  /** Of the batch at hand. */
  readonly groups: SubjectGroups | undefined
  readonly sketching: Sketching | undefined
}

function workOf(
  { maxRecordBytes, compacted, form, groupsKey, configuration, seals, countedGroups, sketch }: RouteSetup,
  { plan, policy, source, keys }: CompiledAgain,
): RouteWork {
  const count =
    groupsKey !== undefined && hasQuasiIdentifiers(plan) ? new GroupCount(plan, groupsKey) : undefined
  // Each process has its own, which is closed when it begins.
  const crowd = shownJudge(plan, new Uint8Array(randomBytes(32)))
  const data = { ...gateDataOf(configuration), crowd }
  const sketching = sketch === undefined || keys === undefined ? undefined : new Sketching(plan, sketch, keys)
  const options = {
    groups: count,
    countedGroups,
    observe: sketching?.observe,
    data,
    subjectToken: seals ? subjectTokens(plan, data)?.tokenOf : undefined,
    now: Date.now(),
    maxRecordBytes,
    compacted,
    keyRules: keyRules(policy, source, keys ?? placeholderKeys),
  }
  const engine = messageEngine(plan, options, form)
  return { engine, groups: count?.groups, sketching }
}

function rewrite(
  { engine, groups, sketching }: RouteWork,
  { now, messages, looked, memory, limits, sketchLimits, schemas }: Job,
): Done {
  const began = performance.now()
  const packed = MessageBatch.from(messages)
  if (schemas !== undefined) engine.learn(schemas)
  engine.now = now
  engine.memory = memory
  if (groups !== undefined && limits !== undefined) groups.limits = limits
  if (sketching !== undefined && sketchLimits !== undefined) sketching.limits = sketchLimits
  const outcomes = engine.rewrite(packed, looked).parts()
  const account = engine.takeAccount()
  return {
    outcomes,
    account,
    groups: groups?.take(),
    sketches: sketching?.take(),
    took: performance.now() - began,
    lines: packed.parts().lines,
  }
}

/** Compiles the policies of all routes, each once, in a thread, and gives what does their jobs. */
export function batchWork({ routes }: BatchSetup): (job: Job) => Answered<Done> {
  const compiled = new Map<string, CompiledAgain>()
  const works = routes.map((route) => {
    // Routes of one policy share its plan: lists and hierarchies may be large.
    const known = compiled.get(route.policyFile) ?? compileAgain(route)
    compiled.set(route.policyFile, known)
    return workOf(route, known)
  })
  return (job) => {
    for (const { configuration } of routes) takeUp(configuration.tables, job.moved ?? [])
    const done = rewrite(works[job.route]!, job)
    return { done, transfer: [done.outcomes.values.buffer, done.lines.buffer] }
  }
}
