/** What is expected of a published record, and what came: the whole of it, a part, or lines of CSV. */
import type { Expected } from '../policy/cases.ts'
import { printName } from '../policy/path.ts'
import { closeTexts, openTexts } from './json-texts.ts'
import { type Json, leaves, printJson, readJson, scalarText, valuesAt } from './json-tree.ts'
import type { RecordRun } from './run-record.ts'

type Published = Extract<Expected, { readonly kind: 'publish' }>

/** Lines of what is expected (`-`) and what came (`+`), by place; none where all is as expected. */
export function compareRecord(
  expected: Published,
  format: 'json' | 'csv',
  { after, published, forms }: RecordRun,
): string[] {
  if (expected.how === 'csv') return compareLines(expected.csv, published ?? '')
  const wanted = readJson(expected.json)
  // A cell is text, whatever JSON would write.
  const written = format === 'csv' && wanted !== undefined ? asCells(closeTexts(wanted, forms)) : wanted
  // What a text holds is compared, however it is written.
  const want = written && openTexts(written, forms)
  if (expected.how === 'whole') return difference(want, after)
  const missing = want === undefined || after === undefined ? [] : partDifference(want, after, '')
  const there = expected.absent.flatMap((path) =>
    (after === undefined ? [] : valuesAt(after, path, forms.either))
      .filter((value) => format === 'json' || value !== '')
      .map((value) => `+ ${path.text}: ${printJson(value)}`),
  )
  return [...missing, ...there]
}

function asCells(value: Json): Json {
  if (value instanceof Map) return new Map([...value].map(([name, member]) => [name, asCells(member)]))
  if (Array.isArray(value)) return value.map(asCells)
  return scalarText(value) ?? ''
}

function difference(expected: Json | undefined, actual: Json | undefined): string[] {
  const want = new Map(expected === undefined ? [] : leaves(expected))
  const got = new Map(actual === undefined ? [] : leaves(actual))
  const lines: string[] = []
  for (const place of new Set([...want.keys(), ...got.keys()]))
    lines.push(...said(place, want.get(place), got.get(place)))
  return lines
}

function said(place: string, want: string | undefined, got: string | undefined): string[] {
  if (want === got) return []
  const name = place === '' ? '(the record)' : place
  return [
    ...(want === undefined ? [] : [`- ${name}: ${want}`]),
    ...(got === undefined ? [] : [`+ ${name}: ${got}`]),
  ]
}

/** Members that are not stated are not judged; lists are, with their length. */
function partDifference(want: Json, got: Json | undefined, place: string): string[] {
  if (want instanceof Map && got instanceof Map)
    return [...want].flatMap(([name, member]) =>
      partDifference(member, got.get(name), place === '' ? printName(name) : `${place}.${printName(name)}`),
    )
  if (Array.isArray(want) && Array.isArray(got) && want.length === got.length)
    return want.flatMap((item: Json, i) => partDifference(item, got[i] as Json, `${place}[${i}]`))
  return said(place, printJson(want), got === undefined ? undefined : printJson(got))
}

function compareLines(want: string, got: string): string[] {
  const lines = (text: string) => text.replaceAll('\r\n', '\n').replace(/\n$/, '').split('\n')
  const [before, after] = [lines(want), lines(got)]
  return Array.from({ length: Math.max(before.length, after.length) }, (_, i) => i).flatMap((i) =>
    said(`line ${i + 1}`, before[i], after[i]),
  )
}

/** Of `actual` what `part` states, with what stands there now. Members that are gone go. */
export function restate(part: Json, actual: Json): Json {
  if (part instanceof Map && actual instanceof Map)
    return new Map(
      [...part].flatMap(([name, member]): [string, Json][] => {
        const now = (actual as ReadonlyMap<string, Json>).get(name)
        return now === undefined ? [] : [[name, restate(member, now)]]
      }),
    )
  if (Array.isArray(part) && Array.isArray(actual) && part.length === actual.length)
    return part.map((item: Json, i) => restate(item, actual[i] as Json))
  return actual
}
