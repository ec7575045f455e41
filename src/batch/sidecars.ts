/** The sidecars of a batch: one beside each output that is a file. */
import { eachInOrder } from '../files/each-in-order.ts'
import { formatByName, type Input } from '../files/input.ts'
import type { Output } from '../files/sink.ts'
import type { Keyset } from '../keys/keyset.ts'
import { sidecarOf, sidecarText } from '../lifecycle/sidecar.ts'
import { sidecarName } from '../lifecycle/stored-names.ts'
import type { Plan } from '../policy/plan.ts'
import { viewKeys } from '../run/account/keys-view.ts'
import type { InputFlags } from '../run/input-flags.ts'
import type { Opened, OutputOptions } from './outputs.ts'

interface OpenSidecar {
  readonly of: Output
  /** The first input that goes into it. */
  readonly input: Input
  readonly file: Output
}

/** Opens them before the run reads, so that a name that is taken is found then. None of standard output and dry runs. */
export async function openSidecars(
  inputs: readonly Input[],
  outputs: readonly Output[],
  options: OutputOptions,
  opened: Opened,
): Promise<readonly OpenSidecar[]> {
  // Of a data set its manifest tells what made it.
  if (options.output === '-' || options.dryRun === true || options.partitionBy !== undefined) return []
  const firstOf = new Map<Output, Input>()
  for (const [at, of] of outputs.entries()) if (!firstOf.has(of)) firstOf.set(of, inputs[at]!)
  return await eachInOrder([...firstOf], async ([of, input]) => {
    return { of, input, file: await opened.open(sidecarName(of.name), options) }
  })
}

export interface SidecarRun {
  readonly plan: Plan
  readonly keyset: Keyset | undefined
  readonly form: InputFlags
  /** ms since 1970: the instant that retention was judged at. */
  readonly now: number
}

/** The outputs are finished: writes what made them. */
export async function writeSidecars(
  sidecars: readonly OpenSidecar[],
  { plan, keyset, form, now }: SidecarRun,
): Promise<void> {
  const { keyChecks } = viewKeys(plan, keyset)
  for (const { of, input, file } of sidecars) {
    if (of.digest === undefined) continue
    const byName = formatByName(of.name).format
    const sidecar = sidecarOf(plan, {
      file: of.digest,
      format:
        of.openColumns !== undefined
          ? 'parquet'
          : input.format === 'csv' || byName === 'csv'
            ? 'csv'
            : byName === 'json'
              ? 'json'
              : 'ndjson',
      delimiter: form.delimiter ?? input.delimiter,
      change: form.change === undefined ? undefined : 'debezium',
      keyChecks,
      now,
    })
    await file.append(Buffer.from(sidecarText(sidecar)))
    await file.finish()
  }
}
