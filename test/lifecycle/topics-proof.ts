/** Random schedules over topics of a broker. A failure prints its seed and schedule, made smaller. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import type { ProofOptions } from './files-proof.ts'
import { printed } from './schedule.ts'
import { type TopicAction, topicActions } from './topic-schedule.ts'
import { type Counts, TopicsWorld } from './topics-world.ts'

export async function proveTopics(
  address: string,
  { seed, schedules, actions: most, shrinkMs, lethe, say }: ProofOptions,
): Promise<boolean> {
  const began = performance.now()
  const done: Partial<Record<TopicAction['do'], number>> = {}
  const counts: Counts = { published: 0, held: 0, either: 0, tombstones: 0, retained: 0 }
  let failedAt: number | undefined
  let [run, tried] = [0, 0]
  const one = async (schedule: readonly TopicAction[]): Promise<void> => {
    if (failedAt !== undefined && performance.now() - failedAt > shrinkMs) return
    const folder = mkdtempSync(join(tmpdir(), 'lethe-life-'))
    const world = new TopicsWorld(address, folder, lethe, `life-${seed}-${process.pid}-${++tried}`)
    try {
      await world.open()
      for (const action of schedule) {
        await world.play(action)
        done[action.do] = (done[action.do] ?? 0) + 1
      }
      await world.settle()
      for (const name of Object.keys(counts) as (keyof typeof counts)[]) counts[name] += world.counts[name]
      if (failedAt === undefined) say(`topics: schedule ${++run} of ${schedules}, ${schedule.length} actions`)
    } catch (error) {
      if (failedAt === undefined) {
        say(`topics: schedule ${run + 1} failed: ${String(error).slice(0, 3000)}\n${world.said}`)
        say(`it is made smaller; it was\n${printed(schedule)}`)
      }
      failedAt ??= performance.now()
      throw error
    } finally {
      await world.close()
    }
  }
  const array = fc.array(topicActions, { minLength: Math.ceil(most / 2), maxLength: most, size: 'max' })
  const result = await fc.check(fc.asyncProperty(array, one), { seed, numRuns: schedules })
  const seconds = ((performance.now() - began) / 1000).toFixed(0)
  say(`topics: seed ${seed}, ${run} schedules, ${JSON.stringify(done)}`)
  say(
    `topics: records by what the model says of them, of two outputs, tombstones, and what retention deleted: ${JSON.stringify(counts)}; in ${seconds} s`,
  )
  if (!result.failed) return true
  say(`topics: FAILED, shrunk ${result.numShrinks} times, path ${result.counterexamplePath}:`)
  say(printed(result.counterexample![0]))
  say(String((result.errorInstance as Error | undefined)?.stack ?? 'no error'))
  return false
}
