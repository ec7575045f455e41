/** A revelation in words, for the catalogue and for people who compare policies. */
import { printDecimal } from '../decimal.ts'
import type { Intervals } from '../generalize/intervals.ts'
import type { Part, Revelation } from './revelation.ts'
import { tellsParams } from './together.ts'

/** A few words that follow on "tells". */
export function inWords(revelation: Revelation): string {
  switch (revelation.tells) {
    case 'nothing':
      return 'nothing but that a value is there'
    case 'all':
      return 'all of the value'
    case 'equality':
      return 'which values are equal'
    case 'noisy':
      return revelation.of === 'date'
        ? `a date near it, one of ${revelation.candidates} days`
        : `a number near it, one of ${revelation.candidates} whole numbers or more`
    case 'part':
      return revelation.parts.map(partInWords).join(' and ')
  }
}

function partInWords(part: Part): string {
  switch (part.of) {
    case 'characters': {
      const length = part.length ? ['the length'] : []
      const ends = endsInWords(part, 'character')
      const fewer = ends.length > 0 && part.share === 'half' ? ' (fewer of short values)' : ''
      return [...ends, ...length].join(', ') + fewer
    }
    case 'card':
      return [...endsInWords(part, 'digit'), 'how many digits there are'].join(', ')
    case 'unmatched':
      return 'whatever the pattern does not match'
    case 'zip3':
      return 'the first three digits, where enough people live'
    case 'number':
      return `the interval that it lies in, ${intervalsInWords(part.intervals)}`
    case 'time': {
      const oldest = part.oldest === undefined ? '' : `, up to ${part.oldest} as one`
      return `the ${part.unit}${oldest}`
    }
    case 'age':
      return `the band of ages, from ${part.starts.join(', ')}`
    case 'network':
      return `the first ${part.v4} bits of IPv4, ${part.v6} of IPv6${part.list === undefined ? '' : `, of the ${part.list} address`}`
    case 'place':
      return `the cell of ${printDecimal(part.cell)} degrees`
    case 'url': {
      const path = part.segments === 0 ? [] : [`${counted(part.segments, 'segment')} of the path`]
      const params = tellsParams(part) ? [`the parameters ${part.params!.join(', ')}`] : []
      return ['scheme', 'host', ...path, ...params].join(', ').replace(/, ([^,]*)$/, ' and $1')
    }
    case 'email': {
      const shown = [part.first > 0 ? 'the first character' : '', part.domain ? 'the domain' : '']
      return shown.filter((text) => text !== '').join(', ') || 'that it is an address'
    }
    case 'listed':
      return `which of ${new Set(part.labels.values()).size + 1} labels it has`
    case 'level':
      return `its ancestor at level ${part.level}`
  }
}

function endsInWords({ first, last }: { first: number; last: number }, what: string): string[] {
  return [
    ...(first > 0 ? [`the first ${first === 1 ? what : `${first} ${what}s`}`] : []),
    ...(last > 0 ? [`the last ${last === 1 ? what : `${last} ${what}s`}`] : []),
  ]
}

function intervalsInWords(intervals: Intervals): string {
  if ('edges' in intervals) return `${intervals.edges.length + 1} in all`
  return `${printDecimal(intervals.width)} wide`
}

function counted(count: number, what: string): string {
  return count === 1 ? `one ${what}` : `${count} ${what}s`
}
