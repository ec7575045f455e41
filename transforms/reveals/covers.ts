/** Whether one revelation tells at least what another tells, of every value: then the other one is coarser. */
import { isMultiple } from '../decimal.ts'
import { follows } from '../generalize/intervals.ts'
import type { Part, PartOf, Revelation, TimeUnit } from './revelation.ts'

/** The units that tell no more than each: weeks overlap months, quarters and years. */
const COARSER: Readonly<Record<TimeUnit, readonly TimeUnit[]>> = {
  year: ['year'],
  quarter: ['quarter', 'year'],
  month: ['month', 'quarter', 'year'],
  week: ['week'],
  day: ['day', 'week', 'month', 'quarter', 'year'],
  hour: ['hour', 'day', 'week', 'month', 'quarter', 'year'],
}

/**
 * Whether `next` follows from `previous` for every value. False where it cannot be shown. Tokens and noise are
 * compared as they are given: a caller with rules of other keys or paths has to compare these first.
 */
export function covers(previous: Revelation, next: Revelation): boolean {
  if (next.tells === 'nothing') return true
  if (previous.tells === 'all') return previous.assumed !== true
  switch (next.tells) {
    case 'all':
      return false
    case 'equality':
      return previous.tells === 'equality' && previous.token === next.token && previous.domain === next.domain
    case 'noisy':
      return previous.tells === 'noisy' && previous.draw === next.draw && previous.domain === next.domain
    case 'part':
      return (
        previous.tells === 'part' &&
        next.parts.every((part) => previous.parts.some((other) => partCovers(other, part)))
      )
  }
}

function partCovers(previous: Part, next: Part): boolean {
  // The first three of at least three are what a list of ZIP codes is asked for.
  if (next.of === 'zip3' && previous.of === 'characters')
    return previous.share === 'any' && previous.last === 0 && previous.first >= 3
  if (next.of === 'zip3' && previous.of === 'zip3') return previous.list === next.list
  switch (next.of) {
    case 'characters':
      return previous.of === next.of && charactersCover(previous, next)
    case 'card':
      return previous.of === next.of && endsCover(previous, next) && (next.check || !previous.check)
    case 'number':
      return (
        previous.of === next.of &&
        previous.decimal === next.decimal &&
        follows(previous.intervals, next.intervals)
      )
    case 'time':
      return previous.of === next.of && timeCovers(previous, next)
    case 'age':
      return (
        previous.of === next.of &&
        previous.clock === next.clock &&
        next.starts.every((start) => previous.starts.includes(start))
      )
    case 'network':
      return (
        previous.of === next.of &&
        previous.list === next.list &&
        next.v4 <= previous.v4 &&
        next.v6 <= previous.v6
      )
    case 'place':
      return previous.of === next.of && previous.axis === next.axis && isMultiple(next.cell, previous.cell)
    case 'url':
      return (
        previous.of === next.of &&
        next.segments <= previous.segments &&
        (next.params ?? []).every((name) => (previous.params ?? []).some((other) => names(other, name)))
      )
    case 'email':
      return previous.of === next.of && next.first <= previous.first && (previous.domain || !next.domain)
    case 'listed':
      return previous.of === next.of && listedCovers(previous, next)
    case 'level':
      return previous.of === next.of && previous.hierarchy === next.hierarchy && next.level >= previous.level
    default:
      return false
  }
}

/** Whether one name of parameters takes all that another one does; a `*` at its end stands for any more. */
function names(previous: string, next: string): boolean {
  return previous.endsWith('*') ? next.startsWith(previous.slice(0, -1)) : next === previous
}

interface Ends {
  readonly first: number
  readonly last: number
}

/** Masks serve the end before the start, so keeping less at the end can free room at the start. */
export function endsCover(previous: Ends, next: Ends): boolean {
  return (
    next.last <= previous.last &&
    next.first <= previous.first &&
    (next.first === 0 || next.last === previous.last)
  )
}

function charactersCover(previous: PartOf<'characters'>, next: PartOf<'characters'>): boolean {
  // A prefix counts code points, a mask graphemes of several; so only parts of one kind can be compared.
  return (
    previous.share !== 'open' &&
    previous.share === next.share &&
    endsCover(previous, next) &&
    (previous.length || !next.length)
  )
}

function timeCovers(previous: PartOf<'time'>, next: PartOf<'time'>): boolean {
  if (previous.clock !== next.clock || !COARSER[previous.unit].includes(next.unit)) return false
  if (previous.oldest === undefined) return true
  return previous.until === next.until && next.oldest !== undefined && previous.oldest <= next.oldest
}

/** The label of before must settle the label of after, for every listed value and for all others. */
function listedCovers(previous: PartOf<'listed'>, next: PartOf<'listed'>): boolean {
  const settled = new Map<string, string>([[previous.other, next.other]])
  for (const listed of new Set([...previous.labels.keys(), ...next.labels.keys()])) {
    const earlier = previous.labels.get(listed) ?? previous.other
    const later = next.labels.get(listed) ?? next.other
    if ((settled.get(earlier) ?? later) !== later) return false
    settled.set(earlier, later)
  }
  return true
}
