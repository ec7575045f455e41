/**
 * `read:` and `shape:` at the top of a policy: which containers stand as JSON in a text, and which arrays may be one value in
 * their place. Both name containers that the paths of the policy lead through.
 */
import { Failure, fail, Nothing } from '../../transforms/transform.ts'
import type { MapNode, TreeNode } from './document.ts'
import { entryOf, textOf } from './document.ts'
import { type Path, sameSegment } from './path.ts'
import type { PlanCarrier } from './plan.ts'
import type { PolicyCarrier, PolicyRequired } from './policy.ts'
import { type Findings, quote } from './problems.ts'
import { readPath } from './read-rule.ts'
import { readerOf } from './reading.ts'

export interface Forms {
  readonly carriers: readonly PolicyCarrier[]
  readonly either: readonly PolicyRequired[]
}

/** @param inputs all paths that the policy reads: of fields, conditions, the subject and the event time */
export function readForms(tree: MapNode, inputs: readonly Path[], findings: Findings): Forms {
  return {
    carriers: readCarriers(entryOf(tree, 'read')?.value, inputs, findings),
    either: readEither(entryOf(tree, 'shape')?.value, inputs, findings),
  }
}

function readCarriers(
  node: TreeNode | undefined,
  inputs: readonly Path[],
  findings: Findings,
): readonly PolicyCarrier[] {
  const carriers: PolicyCarrier[] = []
  for (const { key, at, value } of node?.kind === 'map' ? node.entries : []) {
    const path = readPath(key, at, findings)
    const steps = value.kind === 'list' ? value.items : [value]
    const strip = steps.flatMap((step) => entryOf(step, 'strip')?.value ?? [])[0]
    if (path === undefined || !checkSteps(steps, findings)) continue
    if (!isContainer(path)) {
      findings.add(at, 'bad-read', `${quote(path.text)} cannot hold JSON`, 'name a value of the record')
      continue
    }
    if (!inputs.some((input) => leadsThrough(input, path)))
      findings.add(
        at,
        'bad-read',
        `nothing in the policy reads a path below ${quote(path.text)}`,
        'list what is below it in `fields:`; to keep or drop the text as a whole, leave it out here',
      )
    const word = (name: string): string => textOf(entryOf(strip, name)?.value) ?? ''
    carriers.push({
      path,
      at,
      reading: {
        trim: steps.some((step) => textOf(step) === 'trim'),
        prefix: word('prefix'),
        suffix: word('suffix'),
        mayMiss: entryOf(strip, 'missing') !== undefined,
        split: undefined,
      },
    })
  }
  for (const inner of carriers)
    for (const outer of carriers)
      if (leadsThrough(inner.path, outer.path))
        findings.add(
          inner.at,
          'json-in-json',
          `${quote(inner.path.text)} lies below ${quote(outer.path.text)}, which is JSON in a text too`,
          'JSON is read out of a text once: keep the inner text, or drop it',
        )
  return carriers
}

/** The order in which they act, of which each may stand once. */
const ORDER = ['trim', 'strip', 'json']

function checkSteps(steps: readonly TreeNode[], findings: Findings): boolean {
  const before = findings.count
  let last = -1
  for (const step of steps) {
    const place = ORDER.indexOf(step.kind === 'map' ? 'strip' : (textOf(step) ?? ''))
    if (place < 0) return false
    if (place <= last)
      findings.add(
        step.at,
        'bad-read',
        `${quote(ORDER[place]!)} stands behind ${quote(ORDER[last]!)}`,
        'in this order, each once: trim, strip, json',
      )
    last = place
    const strip = entryOf(step, 'strip')?.value
    if (strip !== undefined && ['prefix', 'suffix'].every((word) => entryOf(strip, word) === undefined))
      findings.add(step.at, 'bad-read', 'neither a prefix nor a suffix is stated', 'add prefix or suffix')
  }
  if (last !== ORDER.length - 1)
    findings.add(
      steps.at(-1)!.at,
      'bad-read',
      'the list does not end with `json`, and how single values are read stands with their fields',
      'add json, or say it in `read:` of the field',
    )
  return findings.count === before
}

function readEither(
  node: TreeNode | undefined,
  inputs: readonly Path[],
  findings: Findings,
): readonly PolicyRequired[] {
  const either: PolicyRequired[] = []
  for (const { key, at, value } of node?.kind === 'map' ? node.entries : []) {
    const path = readPath(key, at, findings)
    if (path === undefined || textOf(value) !== 'either') continue
    if (!inputs.some((input) => leadsThrough(input, path) && follows(input, path) === 'element'))
      findings.add(
        at,
        'bad-shape',
        `nothing in the policy reads elements of ${quote(path.text)}`,
        `name the array as it stands before \`[]\` in a path of the policy; a field takes the elements, e.g. ${path.text}[]`,
      )
    either.push({ path, at })
  }
  return either
}

const follows = (input: Path, { segments }: Path): string | undefined => input.segments[segments.length]?.kind

/** Whether `path` leads to something below `container`. */
export function leadsThrough(path: Path, container: Path): boolean {
  return (
    path.isPattern !== true &&
    path.envelope === container.envelope &&
    path.segments.length > container.segments.length &&
    container.segments.every((segment, i) => sameSegment(segment, path.segments[i]!))
  )
}

const isContainer = (path: Path): boolean =>
  path.segments.length > 0 &&
  path.segments.at(-1)!.kind !== 'names' &&
  (path.envelope === undefined || path.envelope === 'key')

/** How a carrier is read by the plan. `nulls`: words that stand for nothing, which no key has. */
export function carrierOf({ path, reading }: PolicyCarrier, nulls: readonly string[]): PlanCarrier {
  const nothings = new Set(['', ...(path.envelope === undefined ? nulls : [])])
  const { trim, prefix, suffix } = reading
  if (!trim && prefix === '' && suffix === '' && nothings.size === 1) return { path, read: undefined }
  const read = readerOf(reading, nothings)
  return {
    path,
    read: (text) => {
      const value = read(text)
      if (value instanceof Failure) return fail('unparsable')
      return nothings.has(value) ? new Nothing(value) : value
    },
  }
}
