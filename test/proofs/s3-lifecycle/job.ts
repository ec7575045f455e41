/** A command over a lake of its own, and what is wrong with that lake while it is at work. */
import { copyFileSync, rmSync } from 'node:fs'
import { copyOf, erasing, forgetPlan, type Lakes, POLICED, retainPlan } from './lake.ts'
import type { StoreProof } from './store-proof.ts'

/** A command over a lake of its own, with files of its own. */
export interface Job {
  readonly lakes: Lakes
  readonly order: string
  readonly list: string
  readonly feed: string
  readonly apply: readonly string[]
  readonly plan: (order: string) => readonly string[]
}

/** `name`: of a command, and of its files. */
export async function jobOf(
  proof: StoreProof,
  of: Lakes,
  command: 'retain' | 'forget',
  name: string = command,
): Promise<Job> {
  const lakes = await copyOf(proof, of, `${name}/`)
  const [order, list, feed] = [`${name}.json`, `${name}.list`, `${name}.feed`]
  return {
    ...{ lakes, order, list, feed },
    ...(command === 'retain'
      ? {
          apply: ['retain', 'apply', order, ...POLICED],
          plan: (to) => retainPlan(lakes, lakes.store, to),
        }
      : {
          apply: ['forget', 'apply', order, ...erasing(list), '--feed', feed],
          plan: (to) => forgetPlan(lakes.store, to, list),
        }),
  }
}

/** The lake as it was made, and no subject on the list. */
export async function fresh(proof: StoreProof, { lakes, list, feed }: Job): Promise<void> {
  await proof.restore(lakes.prefix, lakes.objects, lakes.tags)
  copyFileSync(proof.path('begun.ndjson'), proof.path(list))
  rmSync(proof.path(feed), { force: true })
}

type Untouched = { readonly target: string; readonly code: string }
export const untouchedOf = (proof: StoreProof, order: string): readonly Untouched[] =>
  (JSON.parse(proof.read(order)) as { untouched: readonly Untouched[] }).untouched

export type Tags = ReadonlyMap<string, string>

/** Keys whose state is none of these. */
export const strangers = (now: Tags, states: readonly Tags[]): readonly string[] =>
  [...now].filter(([key, tag]) => states.every((one) => one.get(key) !== tag)).map(([key]) => key)

export const isSame = (a: Tags, b: Tags): boolean =>
  strangers(a, [b]).length === 0 && strangers(b, [a]).length === 0

/** What tells of a file may be in a state between. */
const isTelling = (key: string): boolean =>
  /_manifest\.json$|\/\.[^/]+\.(?:retain\.lethe\.json|erased|part)$/.test(key)

/** What is wrong while an order is cut short, by the states of objects before it and after it. */
export function wrongBetween(between: Tags, before: Tags, after: Tags): readonly string[] {
  return [
    ...strangers(between, [before, after])
      .filter((key) => !isTelling(key))
      .map((key) => `${key} is neither as before nor as after`),
    ...[...before.keys()].filter((key) => after.has(key) && !between.has(key)).map((key) => `${key} is lost`),
  ]
}
