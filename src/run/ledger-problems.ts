/** What would keep a pipeline's ledger from being written on this machine: a run would be refused. */
import type { Problem } from '../errors.ts'
import type { Pipeline } from '../kafka/pipeline-file/pipeline.ts'
import { placeTroubles } from '../ledger/ledger-place.ts'

/** Warnings: where a pipeline is linted, it need not be run. */
export function ledgerProblems({ file, ledger }: Pipeline): readonly Problem[] {
  if (ledger === undefined) return []
  const { anchor, at, ...place } = ledger
  const troubles = placeTroubles({ ...place, anchor: typeof anchor === 'string' ? anchor : undefined })
  return troubles.map(({ message, suggestion }) => ({
    ...{ file, ...at, code: 'ledger-unwritable', severity: 'warning', message },
    suggestion,
  }))
}
