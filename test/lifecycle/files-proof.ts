/** Random schedules over stored files, each command a process. Prints what it did; a failure with its seed, and shrunk. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { FilesWorld, type Lethe } from './files-world.ts'
import { started } from './process.ts'
import { type Action, actions, printed } from './schedule.ts'

export interface ProofOptions {
  readonly seed: number
  readonly schedules: number
  readonly actions: number
  /** A failure is made smaller for no longer than this. */
  readonly shrinkMs: number
  readonly lethe: Lethe
  readonly say: (line: string) => void
}

/** @returns whether every schedule ended as the model says */
export async function proveFiles({
  seed,
  schedules,
  actions: most,
  shrinkMs,
  lethe,
  say,
}: ProofOptions): Promise<boolean> {
  const began = performance.now()
  const done: Partial<Record<Action['do'], number>> = {}
  let failedAt: number | undefined
  let run = 0
  const one = async (schedule: readonly Action[]): Promise<void> => {
    // Shrinking ends after a while, with what it has.
    if (failedAt !== undefined && performance.now() - failedAt > shrinkMs) return
    const world = new FilesWorld(mkdtempSync(join(tmpdir(), 'lethe-life-')), lethe, true)
    try {
      await world.open()
      for (const action of schedule) {
        await world.play(action)
        world.check()
        done[action.do] = (done[action.do] ?? 0) + 1
      }
      await world.settle()
      if (failedAt === undefined) say(`files: schedule ${++run} of ${schedules}, ${schedule.length} actions`)
    } catch (error) {
      if (failedAt === undefined) {
        say(`files: schedule ${run + 1} failed: ${String(error).slice(0, 2000)}`)
        say(`it is made smaller; it was\n${printed(schedule)}`)
      }
      failedAt ??= performance.now()
      throw error
    } finally {
      world.close()
    }
  }
  const array = fc.array(actions(true), { minLength: Math.ceil(most / 2), maxLength: most, size: 'max' })
  const result = await fc.check(fc.asyncProperty(array, one), { seed, numRuns: schedules })
  const seconds = ((performance.now() - began) / 1000).toFixed(0)
  say(`files: seed ${seed}, ${run} schedules, ${JSON.stringify(done)}`)
  say(`files: ${started.count} processes, ${started.killed} of them killed, in ${seconds} s`)
  if (!result.failed) return true
  say(`files: FAILED, shrunk ${result.numShrinks} times, path ${result.counterexamplePath}:`)
  say(printed(result.counterexample![0]))
  say(String((result.errorInstance as Error | undefined)?.stack ?? 'no error'))
  return false
}
