/** JSON as people compare it: numbers by their text, members in any order. For cases and explanations. */
import { type Path, printName, printSegments, type Segment } from '../policy/path.ts'

/** A number, as it is written. */
export class NumberText {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

export type Json = string | NumberText | boolean | null | readonly Json[] | ReadonlyMap<string, Json>

const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g

/** Reads JSON that a walker has accepted or written; undefined for anything else. */
export function readJson(text: string): Json | undefined {
  // A mark in front of every string tells texts from numbers, which would lose their digits.
  const marked = text.replace(TOKEN, (token) => (token[0] === '"' ? `"s${token.slice(1)}` : `"n${token}"`))
  try {
    return unmark(JSON.parse(marked))
  } catch {
    return undefined
  }
}

function unmark(value: unknown): Json {
  if (typeof value === 'string') return value[0] === 'n' ? new NumberText(value.slice(1)) : value.slice(1)
  if (Array.isArray(value)) return value.map(unmark)
  if (typeof value === 'object' && value !== null)
    return new Map(Object.entries(value).map(([name, member]) => [name.slice(1), unmark(member)]))
  return value as boolean | null
}

/** A scalar as JSON writes it; a container in short. */
export function printJson(value: Json): string {
  if (value instanceof NumberText) return value.text
  if (value instanceof Map) {
    return `{${[...value].map(([name, member]) => `${JSON.stringify(name)}:${printJson(member)}`).join(',')}}`
  }
  if (Array.isArray(value)) return `[${value.map(printJson).join(',')}]`
  return JSON.stringify(value)
}

/** Every scalar and every empty container with its place: `items[0].sku`. */
export function leaves(value: Json, place = ''): [string, string][] {
  if (Array.isArray(value) && value.length > 0)
    return value.flatMap((item, i) => leaves(item, `${place}[${i}]`))
  if (value instanceof Map && value.size > 0) {
    return [...value].flatMap(([name, member]) =>
      leaves(member, place === '' ? printName(name) : `${place}.${printName(name)}`),
    )
  }
  return [[place, printJson(value)]]
}

/** The tree that cells of a row stand for, each at its path of names. */
export function treeOf(cells: readonly (readonly [path: Path, text: string])[]): Json {
  const root = new Map<string, Json>()
  for (const [{ segments }, text] of cells) {
    let place = root
    segments.forEach((segment, i) => {
      const name = segment.kind === 'name' ? segment.name : ''
      if (i === segments.length - 1) place.set(name, text)
      else {
        const below = place.get(name)
        const next = below instanceof Map ? (below as Map<string, Json>) : new Map<string, Json>()
        place.set(name, next)
        place = next
      }
    })
  }
  return root
}

/**
 * All values at a path, in the order of the record: several where it runs over elements or members. `either`: arrays in whose
 * place one value may stand.
 */
export function valuesAt(root: Json, path: Path, either: readonly Path[] = []): Json[] {
  return path.segments.reduce<Json[]>(
    (found, segment, at) => {
      const isEither =
        segment.kind === 'element' &&
        either.some(({ text }) => text === printSegments(path.segments.slice(0, at)))
      return found.flatMap((value) =>
        isEither && !Array.isArray(value) && value !== null ? [value] : step(value, segment),
      )
    },
    [root],
  )
}

function step(value: Json, segment: Segment): readonly Json[] {
  if (segment.kind === 'element') return Array.isArray(value) ? value : []
  if (!(value instanceof Map)) return []
  if (segment.kind === 'member') return [...value.values()]
  if (segment.kind === 'names') return [...value.keys()]
  if (segment.kind !== 'name') return []
  const member = value.get(segment.name)
  return member === undefined ? [] : [member]
}

/** The text of a scalar, as transforms see it; undefined for containers, null and ''. */
export function scalarText(value: Json | undefined): string | undefined {
  if (value instanceof NumberText) return value.text
  if (typeof value === 'boolean') return String(value)
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** Every name and scalar of a record, as text. */
export function everyText(value: Json): string[] {
  if (value instanceof Map) return [...value].flatMap(([name, member]) => [name, ...everyText(member)])
  if (Array.isArray(value)) return value.flatMap(everyText)
  const text = scalarText(value)
  return text === undefined ? [] : [text]
}
