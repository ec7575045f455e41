/**
 * Whether all paths of a policy can hold at once. Every path that is read or written goes into one tree; a
 * path ends where a scalar (or a subtree) is handled, so none may lead through the end of another.
 */

import { patternsOf } from './matched.ts'
import { type Path, printSegments, type Segment, wildcardsOf } from './path.ts'
import type { PolicyField, PolicyRule } from './policy.ts'
import { type Findings, quote, type TextPosition } from './problems.ts'

type Use = 'scalar' | 'subtree' | 'drop' | 'read'

interface Leaf {
  readonly use: Use
  readonly path: string
}

interface Branch {
  readonly children: Map<string, Branch>
  /** Kinds of the segments that lead to children. */
  readonly kinds: Set<Segment['kind']>
  leaf?: Leaf
}

const USES: Readonly<Record<Use, string>> = {
  scalar: 'is handled as a scalar',
  subtree: 'is kept with everything below it',
  drop: 'is dropped',
  read: 'is read as a scalar',
}

/** A path that is only read: of a condition, the subject or the event time. */
export interface ReadPath {
  readonly path: Path
  readonly at: TextPosition
}

/** Finds paths listed twice, paths inside others, and maps and arrays whose parts do not fit together. */
export function checkLayout(
  fields: readonly PolicyField[],
  reads: readonly ReadPath[],
  findings: Findings,
): void {
  const outputs = new Map<string, PolicyField>()
  const root = newBranch()
  const key = newBranch()
  const change = newBranch()
  for (const field of fields) {
    const first = outputs.get(field.path.text)
    if (first !== undefined) {
      findings.add(
        field.at,
        'duplicate-path',
        `${quote(field.path.text)} is already listed on line ${first.at.line}`,
        'list several rules under one path, each with `when`',
      )
      continue
    }
    outputs.set(field.path.text, field)
    checkArrayDrops(field, findings)
    if (field.path.envelope === 'key') claim(key, field.path, useOf(field, findings), field.at, findings)
    if (field.path.envelope === 'change')
      claim(change, field.path, useOf(field, findings), field.at, findings)
    if (field.path.envelope !== undefined || field.path.isPattern || field.path.tag !== undefined) continue
    const use = useOf(field, findings)
    claim(root, field.path, field.from === field.path ? use : 'scalar', field.at, findings)
    if (field.from !== field.path) claim(root, field.from, use, field.fromAt, findings)
  }
  for (const { path, at } of reads) claim(root, path, 'read', at, findings)
  checkNames(outputs, findings)
  checkPatterns(fields, findings)
}

/** A map has a rule for every member, and a kept container keeps what is below: a pattern there would be a second rule. */
function checkPatterns(fields: readonly PolicyField[], findings: Findings): void {
  const own = fields.filter(({ path }) => path.isPattern)
  if (own.length === 0) return
  const patterns = patternsOf(fields)
  for (const { from, fromAt, rules } of fields) {
    if (from.isPattern || from.envelope !== undefined || from.tag !== undefined) continue
    const isMap = from.segments.some(({ kind }) => kind === 'member')
    if (!isMap && !rules.some((rule) => rule.use === 'keep.subtree')) continue
    const open = patterns.open(patterns.along(from.segments))
    for (const text of patterns.texts(open))
      findings.add(
        fromAt,
        'path-overlap',
        `${quote(text)} may lead into ${quote(from.text)}, which ${isMap ? 'has a rule for every member' : USES.subtree}`,
        isMap ? 'name the members, or begin the pattern elsewhere' : 'list the paths below it',
      )
  }
  for (const { path, at } of own)
    for (const { path: longer } of own) {
      const head = printSegments(longer.segments.slice(0, path.segments.length))
      if (longer.segments.length > path.segments.length && head === path.text)
        findings.add(at, 'path-overlap', `${quote(longer.text)} leads into ${quote(path.text)}`)
    }
}

function useOf(field: PolicyField, findings: Findings): Use {
  const subtree = field.rules.find((rule) => rule.use === 'keep.subtree')
  const scalar = field.rules.find((rule) => rule.use !== 'keep.subtree' && rule.use !== 'drop')
  if (subtree !== undefined && scalar !== undefined)
    findings.add(
      later(subtree, scalar).at,
      'path-overlap',
      `of the rules for ${quote(field.path.text)} one keeps a container and another takes a scalar`,
    )
  return subtree !== undefined ? 'subtree' : scalar !== undefined ? 'scalar' : 'drop'
}

function later(a: PolicyRule, b: PolicyRule): PolicyRule {
  return a.at.line > b.at.line || (a.at.line === b.at.line && a.at.column > b.at.column) ? a : b
}

function claim(root: Branch, path: Path, use: Use, at: TextPosition, findings: Findings): void {
  let here = root
  for (const segment of path.segments) {
    if (here.leaf !== undefined) {
      findings.add(
        at,
        'path-overlap',
        `${quote(path.text)} leads into ${quote(here.leaf.path)}, which ${USES[here.leaf.use]}`,
      )
      return
    }
    const clash = clashOf(here, segment)
    if (clash !== undefined) {
      findings.add(at, 'path-overlap', `${quote(path.text)} ${clash}`)
      return
    }
    const key = keyOf(segment)
    let next = here.children.get(key)
    if (next === undefined) {
      next = newBranch()
      here.children.set(key, next)
      here.kinds.add(segment.kind)
    }
    here = next
  }
  if (here.children.size > 0) {
    const verb = use === 'read' ? 'is read as a scalar' : USES[use]
    findings.add(at, 'path-overlap', `${quote(path.text)} ${verb}, but another path leads below it`)
    return
  }
  if (here.leaf !== undefined) {
    const both = [here.leaf.use, use]
    if (both.includes('subtree') && (both.includes('scalar') || both.includes('read')))
      findings.add(
        at,
        'path-overlap',
        `${quote(path.text)} is kept as a container in one place and taken as a scalar in another`,
      )
    if (here.leaf.use !== 'drop') return
  }
  here.leaf = { use, path: path.text }
}

function newBranch(): Branch {
  return { children: new Map(), kinds: new Set() }
}

function keyOf(segment: Segment): string {
  return segment.kind === 'name' ? `name ${segment.name}` : segment.kind
}

/** A value is an object with named members, a map, or an array: never two of them. */
function clashOf({ kinds }: Branch, segment: Segment): string | undefined {
  if (segment.kind === 'element')
    return kinds.size > 0 && !kinds.has('element') ? 'takes an object or map for an array' : undefined
  if (kinds.has('element')) return 'takes an array for an object or map'
  if (segment.kind === 'name')
    return kinds.has('member') || kinds.has('names')
      ? 'names a member of what another path takes for a map (`.*`)'
      : undefined
  return kinds.has('name') ? 'takes for a map what another path names members of' : undefined
}

/** Every map that is reached by `.*` has a rule for its names, and names are ruled only there. */
function checkNames(outputs: ReadonlyMap<string, PolicyField>, findings: Findings): void {
  const maps = new Set<string>()
  for (const { path, at } of outputs.values()) {
    wildcardsOf(path).forEach((segment, i) => {
      if (segment.kind !== 'member') return
      const names = `${printSegments(path.segments.slice(0, i))}.$names`
      maps.add(names)
      if (!outputs.has(names))
        findings.add(
          at,
          'names-missing',
          `the names of the map ${quote(printSegments(path.segments.slice(0, i)))} are values too and need a rule`,
          `add ${names}`,
        )
    })
  }
  for (const { path, at } of outputs.values())
    if (path.segments.at(-1)?.kind === 'names' && !maps.has(path.text))
      findings.add(
        at,
        'names-unused',
        `no field reaches the members of ${quote(printSegments(path.segments.slice(0, -1)))}`,
        `add ${printSegments([...path.segments.slice(0, -1), { kind: 'member' }])}`,
      )
}

function checkArrayDrops(field: PolicyField, findings: Findings): void {
  if (field.path.segments.at(-1)?.kind !== 'element') return
  for (const rule of field.rules) {
    const at =
      rule.use === 'drop' ? rule.useAt : rule.otherwise.kind === 'drop' ? rule.otherwiseAt : undefined
    if (at !== undefined)
      findings.add(
        at,
        'drop-in-array',
        'an element cannot be dropped, because an array keeps its length',
        rule.use === 'drop' ? 'use mask.null' : 'else: null',
      )
  }
}
