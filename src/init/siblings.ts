/**
 * Objects beside one another with the same members: `billing` and `shipping`, `left` and `right`. Where identifiers in them
 * have the same values, they are one thing, and get one domain: else one value would have two tokens.
 */
import { printSegments, type Segment } from '../policy/path.ts'
import type { Facts } from './facts.ts'
import type { Proposal } from './proposal.ts'

export interface Chosen {
  readonly facts: Facts
  readonly proposal: Proposal
}

/** So much of the members has to be the same, and so many at least. */
const SAME = 0.8
const FEWEST_MEMBERS = 2
/** So much of the values, of so many at least, if there are as many: small numbers meet by chance. */
const OVERLAP = 0.5
const FEWEST_VALUES = 3

/** A path, seen from one of the names in it. */
interface View {
  /** Path above the name, and the path below it: what siblings share. */
  readonly place: string
  /** Path to the name and with it. */
  readonly object: string
  readonly below: string
}

function viewsOf(segments: readonly Segment[]): View[] {
  return segments.slice(0, -1).flatMap((segment, i): View[] => {
    if (segment.kind !== 'name') return []
    const below = printSegments([{ kind: 'name', name: '' }, ...segments.slice(i + 1)])
    return [
      {
        place: `${printSegments(segments.slice(0, i))}\n${below}`,
        object: printSegments(segments.slice(0, i + 1)),
        below,
      },
    ]
  })
}

const domainOf = ({ proposal: { use, options } }: Chosen): string | undefined =>
  use === 'hash.hmac' && typeof options?.['domain'] === 'string' ? options['domain'] : undefined

/** The proposals, with one domain for identifiers of siblings that have the same values: that of the first. */
export function joinSiblings(all: readonly Chosen[]): readonly Chosen[] {
  const members = new Map<string, Set<string>>()
  for (const { facts } of all)
    for (const { object, below } of viewsOf(facts.profile.segments)) {
      const known = members.get(object)
      if (known === undefined) members.set(object, new Set([below]))
      else known.add(below)
    }
  const areAlike = (a: string, b: string): boolean => {
    const [one, other] = [members.get(a)!, members.get(b)!]
    const shared = [...one].filter((below) => other.has(below)).length
    return shared >= FEWEST_MEMBERS && shared >= SAME * Math.max(one.size, other.size)
  }
  const seen = new Map<string, { readonly object: string; readonly chosen: Chosen }[]>()
  return all.map((chosen) => {
    let joined = chosen
    for (const { place, object } of viewsOf(chosen.facts.profile.segments)) {
      if (domainOf(joined) === undefined) break
      const before = seen.get(place) ?? []
      const twin = before.find(
        (one) =>
          areAlike(one.object, object) &&
          shareValues(one.chosen, joined) &&
          domainOf(one.chosen) !== domainOf(joined),
      )
      if (twin !== undefined) joined = withDomainOf(twin.chosen, joined)
      seen.set(place, [...before, { object, chosen: joined }])
    }
    return joined
  })
}

function shareValues(a: Chosen, b: Chosen): boolean {
  if (domainOf(a) === undefined) return false
  const { tallies: one } = a.facts.profile
  const { tallies: other } = b.facts.profile
  return Math.min(one.distinct, other.distinct) >= FEWEST_VALUES && one.overlap(other) >= OVERLAP
}

function withDomainOf(first: Chosen, { facts, proposal }: Chosen): Chosen {
  const note = `the values of ${printSegments(first.facts.profile.segments)}: one domain, so that they join`
  return {
    facts,
    proposal: { ...proposal, options: { ...proposal.options, domain: domainOf(first)! }, note },
  }
}
