/**
 * What cases say of the lists and consent tables that a policy goes by: who is on a list, and what subjects said, or the files that a
 * run would be given. Only the reading is here.
 */
import { z } from 'zod'
import { readMoment } from '../../transforms/calendar.ts'
import { entryOf, type TreeNode } from './document.ts'
import type { Findings } from './problems.ts'

/** Identifiers as records have them, each in its parts; or a file, relative to the cases. */
export type StatedList =
  | { readonly kind: 'entries'; readonly entries: readonly (readonly string[])[] }
  | { readonly kind: 'file'; readonly file: string; readonly removed: string | undefined }

export interface StatedConsent {
  readonly subject: string
  readonly state: 'granted' | 'withdrawn'
  /** ms since the epoch. */
  readonly from: number
  readonly until: number | undefined
}

export type StatedTable =
  | { readonly kind: 'statements'; readonly statements: readonly StatedConsent[] }
  | { readonly kind: 'file'; readonly file: string }

/** By name. What is not here is not known. */
export interface StatedGates {
  readonly lists: ReadonlyMap<string, StatedList>
  readonly tables: ReadonlyMap<string, StatedTable>
}

const scalar = z.union([z.string(), z.number(), z.boolean()])
const file = z.string().min(1)

const STATEMENT = z.strictObject({
  subject: scalar.describe('As records have it.'),
  state: z.enum(['granted', 'withdrawn']).describe('What the subject said.'),
  from: z.string().optional().describe('From when, RFC 3339; without it, from 1970 on.'),
  until: z.string().optional().describe('Of a consent that ends by itself: until when.'),
})

/** The words of a case, and of a cases file for all its cases. */
export const STATED_WORDS: Readonly<Record<'lists' | 'tables', z.ZodType>> = {
  lists: z
    .record(
      z.string(),
      z.union([
        z.array(z.union([scalar, z.array(scalar).min(1)])),
        z.strictObject({ file, removed: file.optional() }),
      ]),
    )
    .optional()
    .describe(
      'Of suppression lists, by name: the identifiers on it, as records have them, or { file: … }. [] for an empty one.',
    ),
  tables: z
    .record(z.string(), z.union([z.array(STATEMENT), z.strictObject({ file })]))
    .optional()
    .describe('Of consent tables, by name: what subjects said, or { file: … }. [] for an empty one.'),
}

/** What stands in `node`, whose shape is sound. What it does not say stays as `general` has it. */
export function readStated(
  node: TreeNode,
  findings: Findings,
  general: StatedGates = NOTHING_STATED,
): StatedGates {
  const named = <T>(key: string, read: (value: TreeNode) => T): Map<string, T> => {
    const value = entryOf(node, key)?.value
    return new Map(
      value?.kind === 'map' ? value.entries.map((one) => [one.key, read(one.value)] as const) : [],
    )
  }
  return {
    lists: new Map([...general.lists, ...named('lists', listOf)]),
    tables: new Map([...general.tables, ...named('tables', (value) => tableOf(value, findings))]),
  }
}

export const NOTHING_STATED: StatedGates = { lists: new Map(), tables: new Map() }

/** Numbers as they are written. */
const textOf = (node: TreeNode | undefined): string | undefined =>
  node?.kind === 'scalar' ? node.text : undefined

const partsOf = (node: TreeNode): string[] =>
  node.kind === 'list' ? node.items.map((item) => textOf(item) ?? '') : [textOf(node) ?? '']

function listOf(node: TreeNode): StatedList {
  if (node.kind === 'list') return { kind: 'entries', entries: node.items.map(partsOf) }
  const at = (key: string): string | undefined => textOf(entryOf(node, key)?.value)
  return { kind: 'file', file: at('file') ?? '', removed: at('removed') }
}

function tableOf(node: TreeNode, findings: Findings): StatedTable {
  if (node.kind !== 'list') return { kind: 'file', file: textOf(entryOf(node, 'file')?.value) ?? '' }
  return {
    kind: 'statements',
    statements: node.items.map((item) => {
      const at = (key: string): string | undefined => textOf(entryOf(item, key)?.value)
      const until = entryOf(item, 'until')?.value
      return {
        subject: at('subject') ?? '',
        state: at('state') === 'granted' ? 'granted' : 'withdrawn',
        from: instantOf(entryOf(item, 'from')?.value, findings) ?? 0,
        until: instantOf(until, findings),
      }
    }),
  }
}

function instantOf(node: TreeNode | undefined, findings: Findings): number | undefined {
  if (node === undefined) return undefined
  const instant = node.kind === 'scalar' ? readMoment(node.text, false) : undefined
  if (instant === undefined)
    findings.add(node.at, 'bad-case', 'this is not a time in RFC 3339', '2024-07-15T13:45:00Z')
  return instant
}
