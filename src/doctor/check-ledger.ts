/** The ledger of a pipeline: whether it can be written and signed here, and whether its anchor can be reached. */
import type { Admin } from '../kafka/admin.ts'
import type { Pipeline } from '../kafka/pipeline-file/pipeline.ts'
import { keptFor } from '../kafka/topic-settings.ts'
import { placeTroubles } from '../ledger/ledger-place.ts'
import { readSigningKey } from '../signing/private-key.ts'
import { type Report, spell } from './finding.ts'

/** What is on this machine. */
export function checkLedger(report: Report, { ledger }: Pipeline): void {
  if (ledger === undefined) return
  const { file, signingKey, anchor } = ledger
  const troubles = placeTroubles({
    file,
    signingKey,
    anchor: typeof anchor === 'string' ? anchor : undefined,
  })
  for (const trouble of troubles) report.failed('ledger', trouble)
  let key: string | undefined
  try {
    key = readSigningKey(signingKey).publicKey.id
  } catch (error) {
    if (troubles.length === 0) report.failed('ledger', error)
  }
  if (troubles.length === 0 && key !== undefined)
    report.ok('ledger', `${file} can be written, and is signed with the key ${key}`)
  if (anchor === undefined)
    report.warn('ledger', [
      'it has no anchor: where its end is cut off, what is left verifies',
      'add `anchor: { topic: … }` or `anchor: { file: … }` under `ledger:`',
    ])
  else if (typeof anchor === 'string' && troubles.length === 0) report.ok('ledger', `heads go to ${anchor}`)
}

/** The topic that heads go to. */
export async function checkAnchorTopic(report: Report, { ledger }: Pipeline, admin: Admin): Promise<void> {
  if (typeof ledger?.anchor !== 'object') return
  const { topic } = ledger.anchor
  const what = `the topic ${topic}, which anchors the ledger,`
  const [[found], settings] = await Promise.all([admin.topics([topic]), admin.settings([topic])])
  if (found === undefined || found.presence === 'missing') {
    report.problem('ledger', [`${what} does not exist`, 'make it, with cleanup.policy=compact'])
    return
  }
  const lacks = (['read', 'write'] as const).filter(
    (right) => found.presence === 'forbidden' || found.rights?.has(right) === false,
  )
  if (lacks.length > 0) {
    report.problem('ledger', [
      `this user lacks ${lacks.join(' and ').toUpperCase()} on ${what.slice(0, -1)}`,
      'lethe acl prints the commands that grant the least it needs',
    ])
    return
  }
  report.ok('ledger', `heads go to the topic ${topic}`)
  const kept = keptFor(settings.get(topic))
  if (kept < Number.POSITIVE_INFINITY)
    report.warn('ledger', [
      `${what} deletes heads after ${spell(kept)}: of a ledger that is not written to for so long, a cut end does not show`,
      'set its cleanup.policy to compact: each chain has one key',
    ])
}
