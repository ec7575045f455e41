/** The form of what `lethe crowd solve` finds: figures, paths and rules of the policy, and names of groups that are large enough. */
import { z } from 'zod'
import { count, counts, sha256 } from './form-parts.ts'

export interface SolvedNode {
  readonly cost: number
  readonly loss: number
  readonly k: number
  readonly classes: number
  readonly suppressed: number
  readonly suppressedShare: number
}

export interface SolvedGroup {
  readonly name: string | null
  readonly read: number
  readonly published: number
  readonly retention: number
  readonly ratio: number
  readonly isFlagged: boolean
}

export interface Solution {
  readonly lethe: 'solution'
  /** Of this format. */
  readonly v: 1
  readonly version: string
  readonly policy: {
    readonly name: string
    readonly version: number
    readonly purpose: string
    readonly fingerprint: string
  }
  readonly asOf: string
  readonly over: readonly string[]
  readonly sensitive: readonly string[]
  readonly counted: 'subjects' | 'records'
  readonly options: {
    readonly k: number
    readonly l?: number | undefined
    readonly t?: number | undefined
    readonly maxSuppressed: number
    readonly metric: string
    readonly fair?: number | undefined
    readonly smallestGroup: number
  }
  readonly records: {
    readonly read: number
    readonly leaving: number
    readonly unread: number
    readonly suppressed: Readonly<Record<string, number>>
    readonly deadLettered: Readonly<Record<string, number>>
  }
  readonly search: {
    readonly nodes: number
    readonly checked: number
    readonly exact: boolean
    readonly least?: number | undefined
  }
  readonly found: boolean
  readonly present: SolvedNode & { readonly holds: boolean }
  readonly solution?: SolvedNode | undefined
  readonly closest?: SolvedNode | undefined
  readonly unconstrained?: SolvedNode | undefined
  readonly price?: { readonly cost: number; readonly loss: number } | undefined
  readonly fields: readonly {
    readonly field: string
    readonly rung: number
    readonly rungs: number
    readonly present: string
    readonly chosen: string
    readonly note?: string | undefined
  }[]
  readonly balance?:
    | readonly {
        readonly by: string
        readonly groups: readonly SolvedGroup[]
        readonly small: { readonly groups: number; readonly read: number; readonly published: number }
      }[]
    | undefined
  readonly notes: readonly string[]
  readonly patch?: string | undefined
}

const share = z.number().min(0).max(1)

const node = z.object({
  cost: z.number().describe('What the search makes least, by `metric` of `options`.'),
  loss: z
    .number()
    .min(0)
    .max(1)
    .describe('Geometric mean of the losses of the quasi-identifiers, as ARX takes it.'),
  k: count.describe('Data subjects in the smallest class that leaves; 0 where none does.'),
  classes: count.describe('Classes that leave.'),
  suppressed: count.describe('Records of other classes.'),
  suppressedShare: share.describe('Their share of the records that would leave otherwise.'),
})

export const solutionForm: z.ZodType<Solution> = z.object({
  lethe: z.literal('solution'),
  v: z.literal(1),
  version: z.string(),
  policy: z.object({ name: z.string(), version: z.int().min(1), purpose: z.string(), fingerprint: sha256 }),
  asOf: z.string(),
  over: z.array(z.string()).describe('Output paths of the quasi-identifiers.'),
  sensitive: z.array(z.string()),
  counted: z.enum(['subjects', 'records']),
  options: z.object({
    k: z.int().min(1),
    l: z.int().min(1).optional(),
    t: share.optional(),
    maxSuppressed: share,
    metric: z.string(),
    fair: share.optional().describe('The least retention of a group in relation to the best.'),
    smallestGroup: z.int().min(1),
  }),
  records: z.object({
    read: count,
    leaving: count.describe('Those that leave under the policy as it is, before classes are judged.'),
    unread: count,
    suppressed: counts.describe('By reason of a gate.'),
    deadLettered: counts.describe('By code.'),
  }),
  search: z.object({
    nodes: z.number().min(1).describe('Combinations of options that there are.'),
    checked: count.describe('Those whose classes were made.'),
    exact: z.boolean().describe('Whether no combination is better.'),
    least: z.number().optional().describe('Where it is not exact: no combination costs less.'),
  }),
  found: z.boolean().describe('Whether a combination holds what was asked for.'),
  present: node
    .extend({ holds: z.boolean().describe('Whether the policy as it is holds k, l, t and the limit.') })
    .describe('The policy as it is.'),
  solution: node.optional(),
  closest: node.optional().describe('Where nothing was found: every field at its coarsest.'),
  unconstrained: node.optional().describe('With `fair`: the least without it.'),
  price: z
    .object({ cost: z.number(), loss: z.number() })
    .optional()
    .describe('With `fair`: what it costs on top.'),
  fields: z.array(
    z.object({
      field: z.string(),
      rung: count.describe('From 0, the present rule.'),
      rungs: z.int().min(1),
      present: z.string(),
      chosen: z.string(),
      note: z.string().optional().describe('Why the field has no other rules, or fewer than it could.'),
    }),
  ),
  balance: z
    .array(
      z.object({
        by: z.string(),
        groups: z.array(
          z.object({
            name: z
              .string()
              .nullable()
              .describe('A value of the field as it came; null: records without one.'),
            read: count,
            published: count,
            retention: share,
            ratio: z
              .number()
              .min(0)
              .describe('`retention` in relation to the best one of the groups that are judged.'),
            isFlagged: z
              .boolean()
              .describe(
                'Whether `ratio` is below `fair`, or four fifths, of a group of 30 data subjects or more.',
              ),
          }),
        ),
        small: z
          .object({ groups: count, read: count, published: count })
          .describe('Groups that are too small to be named.'),
      }),
    )
    .optional(),
  notes: z.array(z.string()).describe('What the patch does not say, and why.'),
  patch: z
    .string()
    .optional()
    .describe('The change of the policy as a unified diff; empty where there is none.'),
})
