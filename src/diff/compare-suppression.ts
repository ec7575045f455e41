/** `suppression:` of two policies: which subjects' records do not leave. */
import type { Policy, PolicySuppression } from '../policy/policy.ts'
import { quote, type TextPosition } from '../policy/problems.ts'
import type { Ranking } from './change.ts'

type Add = (verdict: Ranking, kind: 'suppression', what: string, at?: TextPosition) => void

const identifierOf = ({ by }: PolicySuppression): string => by.map(({ text }) => text).join(', ')

export function compareSuppression(
  { suppression: was }: Policy,
  { suppression: is }: Policy,
  add: Add,
): void {
  const same = (one: PolicySuppression, all: readonly PolicySuppression[]): PolicySuppression | undefined =>
    all.find((other) => other.list === one.list && identifierOf(other) === identifierOf(one))
  for (const one of was)
    if (same(one, is) === undefined)
      add(
        'weaker',
        'suppression',
        `records leave of who is on the list ${quote(one.list)} by ${quote(identifierOf(one))}`,
      )
  for (const one of is) {
    const before = same(one, was)
    if (before === undefined)
      add(
        'stronger',
        'suppression',
        `records of who is on the list ${quote(one.list)} by ${quote(identifierOf(one))} do not leave`,
        one.at,
      )
    else if (before.entries !== one.entries || before.normalize.join() !== one.normalize.join())
      add(
        'unranked',
        'suppression',
        `the list ${quote(one.list)} has other entries, or another normal form: it may meet others`,
        one.at,
      )
  }
}
