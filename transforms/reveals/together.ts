/** What several outputs of one value tell together, and when that is nearly all of it. */
import { type Intervals, widths } from '../generalize/intervals.ts'
import { endsCover } from './covers.ts'
import { ALL, NOTHING, type Part, type PartOf, type Revelation } from './revelation.ts'

/**
 * How closely a number may be told. `value`: fewer candidates than this, and it is as good as kept. `identifier`:
 * numbers of people stand close together, so that an interval has to hold many of them.
 */
export type Strictness = 'value' | 'identifier'
const FEWEST: Readonly<Record<Strictness, number>> = { value: 5, identifier: 1000 }
/** Dates are shifted by as many days at least. */
const FEWEST_DAYS = 14

/** More characters than these leave few candidates of a postcode, a phone or an account number. */
const MOST_OF_ANY = 4
const MOST_OF_HALF = 6
/** Of a card number: 16 - 8 hidden digits, one of them fixed by the check digit. */
const MOST_OF_CARD = 8
/** A network or a cell that is smaller is often one household. */
const FINEST_V4 = 24
const FINEST_V6 = 48
const FINEST_CELL = 0.1
/** A list of more identifiers than these lets people pass one by one. */
const MOST_LABELS = 1000

/** Whether it tells the value so closely that it is as good as kept. */
export function tellsNearlyAll(revelation: Revelation, strictness: Strictness = 'value'): boolean {
  switch (revelation.tells) {
    case 'all':
      return true
    case 'part':
      return nearlyAll(revelation.parts, strictness)
    case 'noisy':
      return revelation.candidates < (revelation.of === 'date' ? FEWEST_DAYS : 2 * FEWEST[strictness])
    default:
      return false
  }
}

/** What the parts tell together: they themselves, or all where they leave next to nothing open. */
export function union(parts: readonly Part[], strictness: Strictness = 'value'): Revelation {
  if (parts.length === 0) return NOTHING
  return nearlyAll(parts, strictness) ? ALL : { tells: 'part', parts }
}

/** Whether a part tells only that a value is there and how long it is. */
export function tellsLengthOnly(part: Part): boolean {
  return (part.of === 'characters' || part.of === 'card') && part.first === 0 && part.last === 0
}

function nearlyAll(all: readonly Part[], strictness: Strictness): boolean {
  const parts = all.filter((part) => !tellsLengthOnly(part))
  if (parts.some((part) => tellsAlone(part, strictness))) return true
  if (parts.some((part, i) => parts.slice(i + 1).some((other) => complete(part, other)))) return true
  return textTells(parts) || numbersTell(parts, strictness) || placesTell(parts)
}

function tellsAlone(part: Part, strictness: Strictness): boolean {
  switch (part.of) {
    case 'unmatched':
      return true
    case 'time':
      return part.unit === 'hour' || part.unit === 'day' || part.unit === 'week'
    case 'network':
      return part.v4 > FINEST_V4 || part.v6 > FINEST_V6
    case 'url':
      // What comes first in the path is often the person: a profile. So may be what a parameter says.
      if (strictness === 'identifier') return part.segments > 0 || tellsParams(part)
      return part.segments > 1
    case 'listed':
      return strictness === 'identifier' && new Set(part.labels.values()).size > MOST_LABELS
    case 'number':
      return intervalsTell([part.intervals], strictness)
    default:
      return false
  }
}

/** Whether values of parameters leave as they are. */
export function tellsParams(part: Part): boolean {
  return part.of === 'url' && part.params !== undefined && part.params.length > 0
}

/** Parts of which one shows the digits or letters that the other one leaves out. */
const BESIDE_LAST: ReadonlySet<Part['of']> = new Set(['time', 'number', 'network', 'place', 'url', 'email'])

function complete(one: Part, other: Part): boolean {
  return completes(one, other) || completes(other, one)
}

function completes(text: Part, other: Part): boolean {
  if (text.of !== 'characters' && text.of !== 'card') return false
  if (text.last > 0 && BESIDE_LAST.has(other.of)) return true
  return text.first > 1 && other.of === 'email' && other.domain
}

/** What is shown at the start and at the end, by whichever rule shows most of it. */
function textTells(parts: readonly Part[]): boolean {
  const shown = parts.filter((part) => part.of === 'characters' || part.of === 'card' || part.of === 'zip3')
  const ends = shown.map((part) => (part.of === 'zip3' ? { first: 3, last: 0 } : part))
  const first = Math.max(0, ...ends.map((part) => part.first))
  const last = Math.max(0, ...ends.map((part) => part.last))
  if (shown.every((part) => part.of === 'card')) return first + last > MOST_OF_CARD
  // Each hides half of a short value, but not the same half.
  const half = shown.some(
    (part) =>
      part.of === 'characters' && part.share === 'half' && ends.every((other) => endsCover(part, other)),
  )
  return first + last > (half ? MOST_OF_HALF : MOST_OF_ANY)
}

function numbersTell(parts: readonly Part[], strictness: Strictness): boolean {
  return intervalsTell(
    parts.filter((part): part is PartOf<'number'> => part.of === 'number').map((part) => part.intervals),
    strictness,
  )
}

/** An identifier may not lie in any narrow interval; of other numbers one that does is their singularity. */
function intervalsTell(intervals: readonly Intervals[], strictness: Strictness): boolean {
  if (intervals.length === 0) return false
  const { usual, narrowest } = widths(intervals)
  return Math.floor(strictness === 'value' ? usual : narrowest) < FEWEST[strictness]
}

function placesTell(parts: readonly Part[]): boolean {
  const cells = parts
    .filter((part): part is PartOf<'place'> => part.of === 'place')
    .map(
      ({ cell }): Intervals => ({
        width: cell,
        origin: { units: 0n, scale: 0 },
        top: undefined,
        bottom: undefined,
      }),
    )
  return cells.length > 0 && widths(cells).narrowest < FINEST_CELL
}
