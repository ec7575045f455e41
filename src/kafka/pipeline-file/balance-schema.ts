/** `balance:` of a route: groups of people by which what became of records is counted. */
import { z } from 'zod'
import type { CountedGroups } from '../../engine/group-outcomes.ts'

/** Each is a series of metrics for each outcome. */
const MOST_GROUPS = 20

export interface BalanceShape {
  by: string
  groups: string[]
}

export const balanceSchema: z.ZodType<BalanceShape | undefined> = z
  .strictObject({
    by: z
      .string()
      .min(1)
      .describe(
        'Output path of a field of the policy. Its value as it came is looked at, also where it is dropped.',
      ),
    groups: z
      .array(z.string().min(1).max(64))
      .min(1)
      .max(MOST_GROUPS)
      .describe('Values of the field that are groups. They stand in metrics; no other value does.'),
  })
  .optional()
  .describe(
    'Counts by group what was published, suppressed and dead-lettered, so that a group that is left out shows.',
  )

export const balanceFormOf = (shape: BalanceShape | undefined): CountedGroups | undefined =>
  shape && { by: shape.by, groups: shape.groups }
