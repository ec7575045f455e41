/** Outputs that would take the place of files under a legal hold. */
import { LetheError } from '../errors.ts'
import type { Output } from '../files/sink.ts'
import { readHolds } from '../lifecycle/holds-file.ts'
import type { Hold } from '../lifecycle/legal-hold.ts'
import { fileTarget, mayDelete } from '../lifecycle/may-delete.ts'

const held = (name: string, { id }: Hold, left: string): LetheError =>
  new LetheError(
    'target-held',
    `what stands at ${name} is under the legal hold ${id}, and an output would take its place; ${left}`,
    'name another output: what is held stays as it is',
  )

/**
 * Refuses outputs in whose place a held file stands, by the holds of `file`. Rows are not read: a hold on a span of time or on
 * subjects holds all of a file. Returns what refuses a hold that was added since, for right before the outputs get their names.
 * @throws LetheError (usage) `target-held`, and what `readHolds` throws
 */
export function refuseHeld(outputs: readonly Output[], file: string): () => void {
  const holds = readHolds(file)
  const permits = [...new Set(outputs)]
    .filter((output) => output.standing() === 'older')
    .map(({ name }) => {
      const verdict = mayDelete({ target: fileTarget(name) }, holds, Date.now(), () => readHolds(file))
      if (!verdict.allowed) throw held(name, verdict.hold, 'nothing was read')
      return { name, permit: verdict.permit }
    })
  return () => {
    for (const { name, permit } of permits) {
      const added = permit.addedSince()
      if (added !== undefined) throw held(name, added, 'no output was left, and it is as it was')
    }
  }
}
