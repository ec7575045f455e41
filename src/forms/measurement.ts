/** The form of a measure: figures, paths of the policy, and names of groups that are large enough. */
import { z } from 'zod'
import type { ColumnUtility } from '../measures/column-utility.ts'
import type { AuditedGroup, Balance } from '../measures/group-balance.ts'
import { GROUPED_BY } from '../measures/group-codes.ts'
import type { Diversity, Separation, SideFigures } from '../measures/measured-side.ts'
import type { Weights } from '../measures/weights.ts'
import { count, counts, sha256 } from './form-parts.ts'

interface OfField {
  /** Output path of the policy. */
  readonly field: string
}

export interface MeasuredSide extends Omit<SideFigures, 'classRecords' | 'columns' | 'diversity'> {
  readonly columns: readonly (Separation & OfField)[]
  readonly diversity: readonly (Diversity & OfField)[]
}

export interface MeasuredBalance extends Balance {
  /** Output path of the field whose values part the subjects into groups. */
  readonly by: string
}

export interface Measurement {
  readonly lethe: 'measurement'
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
  readonly side: 'input' | 'output' | 'both'
  readonly over: readonly string[]
  readonly sensitive: readonly string[]
  readonly counted: 'subjects' | 'records'
  readonly options: {
    readonly k: number
    readonly nothing: 'category' | 'wildcard'
    readonly smallestGroup: number
  }
  readonly records: {
    readonly read: number
    readonly published: number
    readonly unread: number
    readonly suppressed: Readonly<Record<string, number>>
    readonly deadLettered: Readonly<Record<string, number>>
  }
  readonly input?: MeasuredSide | undefined
  readonly output?: MeasuredSide | undefined
  /** Of both sides. */
  readonly utility?:
    | {
        readonly loss: number
        readonly discernibility: number
        readonly averageClassSize: number
        readonly columns: readonly (Omit<ColumnUtility, 'distance'> &
          OfField & { readonly distance: ColumnUtility['distance'] & { readonly isFlagged: boolean } })[]
      }
    | undefined
  /** By field of `--by`. */
  readonly balance?: readonly MeasuredBalance[] | undefined
  /** The field of the label whose share `balance` tells. */
  readonly label?: string | undefined
  /** How records are weighted, where weights were written. */
  readonly weights?: Weights | undefined
}

const share = z.number().min(0).max(1)

const band = z.object({
  from: z.int().min(1).describe('Subjects in a class, at least.'),
  to: z.int().min(1).optional().describe('At most; left out of the last band.'),
  classes: z.number().min(0),
  subjects: count,
})

const risk = z.object({
  subjects: count.describe('Distinct data subjects, counted in each class that they appear in.'),
  classes: z.number().min(0).describe('Classes of records that are equal in all quasi-identifiers.'),
  k: count.describe('Subjects in the smallest class; 0 where there is none.'),
  unique: share.describe('Share of subjects that stand alone in their class.'),
  atRisk: share.describe('Share of subjects in classes of fewer than `k` of `options`.'),
  highest: share.describe('Prosecutor risk, the highest: 1 / k.'),
  average: share.describe('Prosecutor risk, the mean; what a marketer reaches who links all.'),
})

const side = z.object({
  records: count,
  risk,
  journalist: z
    .object({ highest: share, average: share })
    .optional()
    .describe('Journalist risk, where the population was given.'),
  sizes: z.array(band),
  columns: z.array(
    z.object({
      field: z.string(),
      values: count.describe('Distinct values.'),
      distinction: share.describe('Distinct values in relation to records.'),
      separation: share.describe('Share of pairs of records that differ in it.'),
    }),
  ),
  diversity: z.array(
    z.object({
      field: z.string(),
      distinct: z.number().min(0).describe('The least number of distinct values in a class.'),
      entropy: z.number().min(0).describe('The least e^entropy of the values of a class.'),
      equalDistance: share.describe(
        't-closeness where every two values are equally far: the largest distance.',
      ),
      hierarchicalDistance: share.optional().describe('t-closeness over the levels of a hierarchy.'),
    }),
  ),
})

const group: z.ZodType<AuditedGroup> = z.object({
  name: z
    .string()
    .nullable()
    .describe('A value of the field as it came, or how it was written; null: records without a value.'),
  read: count,
  published: count,
  retention: share,
  interval: z.object({ low: share, high: share }).describe('Wilson interval of `retention` at 95 %.'),
  ratio: z.number().min(0).describe('`retention` in relation to the best one.'),
  representation: z
    .number()
    .min(0)
    .describe('Share among published records in relation to that among read ones.'),
  lossRatio: z.number().min(0).describe('Share lost in relation to that of all records.'),
  isFlagged: z.boolean().describe('Whether `ratio` is below four fifths, of a group of 30 records or more.'),
  withheld: z
    .array(
      z.object({
        kind: z.enum(['suppressed', 'dead-letter']),
        reason: z.string().describe('The reason of a gate, or the code of a dead letter.'),
        rule: z.string().optional().describe('The rule that failed.'),
        records: count,
      }),
    )
    .describe('Withheld records by reason, the most frequent first.'),
  withheldOther: count.describe(
    'Withheld for reasons that concern fewer data subjects than `smallestGroup`.',
  ),
  generalization: share.describe(
    'Loss of the published records of the group over all quasi-identifiers, from 0 to 1.',
  ),
  emptied: z
    .array(
      z.object({
        field: z.string(),
        values: count.describe('Values that came, of published records.'),
        emptied: count.describe('In whose place nothing leaves, or the constant of `else:`.'),
        ratio: z.number().min(0).describe('Share of values that are left, in relation to the best group.'),
        isFlagged: z.boolean().describe('Whether `ratio` is below four fifths, of 30 values or more.'),
      }),
    )
    .describe('Fields whose rules could not take values and have `else: null`, `drop` or a constant.'),
  label: z
    .object({
      read: share,
      published: share,
      shift: z.number().min(-1).max(1).describe('`published` − `read`.'),
      isFlagged: z.boolean().describe('Whether it moved by more than 0.1, of 30 published records or more.'),
    })
    .optional()
    .describe('Share of records that have the label of `--label`.'),
})

export const measurementForm: z.ZodType<Measurement> = z.object({
  lethe: z.literal('measurement'),
  v: z.literal(1),
  version: z.string(),
  policy: z.object({
    name: z.string(),
    version: z.int().min(1),
    purpose: z.string(),
    fingerprint: sha256,
  }),
  asOf: z.string(),
  side: z.enum(['input', 'output', 'both']),
  over: z.array(z.string()).describe('Output paths of the quasi-identifiers.'),
  sensitive: z.array(z.string()),
  counted: z.enum(['subjects', 'records']).describe('What counts as a data subject.'),
  options: z.object({
    k: z.int().min(1),
    nothing: z.enum(['category', 'wildcard']),
    smallestGroup: z.int().min(1),
  }),
  records: z.object({
    read: count.describe('Records that were read to their end.'),
    published: count,
    unread: count.describe('Records that could not be read: they have no values.'),
    suppressed: counts,
    deadLettered: counts,
  }),
  input: side.optional(),
  output: side.optional(),
  utility: z
    .object({
      loss: share,
      discernibility: z.number().min(0),
      averageClassSize: z.number().min(0),
      columns: z.array(
        z.object({
          field: z.string(),
          domain: z.object({ of: z.enum(['hierarchy', 'records']), values: count }),
          loss: share,
          entropyLost: share,
          distance: z.object({
            measure: z.enum(['wasserstein', 'jensen-shannon']),
            value: share,
            isFlagged: z.boolean().describe('Whether it is above 0.1.'),
          }),
        }),
      ),
    })
    .optional(),
  balance: z
    .array(
      z.object({
        by: z.string(),
        of: z.enum(GROUPED_BY).describe('By what of the value of the field records are parted.'),
        groups: z.array(group).describe('The lowest ratio first.'),
        small: z
          .object({ groups: count, read: count, published: count })
          .describe('Groups of fewer data subjects than `smallestGroup`, which are not named.'),
      }),
    )
    .optional(),
  label: z.string().optional().describe('The field of the label whose share is told by group.'),
  weights: z
    .object({
      cells: z
        .array(
          z.object({
            values: z.array(z.string().nullable()).describe('What leaves, by field; null: nothing.'),
            published: count,
            weight: z
              .number()
              .min(0)
              .describe('Share among read records in relation to that among published ones.'),
          }),
        )
        .describe('The largest weight first.'),
      small: z
        .object({ cells: count, published: count, weight: z.number().min(0) })
        .optional()
        .describe('Cells of fewer data subjects than `smallestGroup`, which have one weight together.'),
      unrepresented: count.describe('Records that were read, and that no published record stands for.'),
      effective: z.number().min(0).describe('Effective number of records: (Σw)² / Σw².'),
    })
    .optional(),
})
