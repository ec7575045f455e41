/** The shape of `crowd:` in a policy. */
import { z } from 'zod'
import { periodText } from '../../../transforms/calendar/period.ts'

export interface CrowdShape {
  k: number
  l?: number | undefined
  t?: number | undefined
  over?: string[] | undefined
  sensitive?: string[] | undefined
  maxSuppressed?: string | undefined
  onFail?: 'fail' | 'suppress' | undefined
  window?: string | undefined
}

/** Larger classes than these are no protection of people but a selection of values, and streams remember so many subjects of each. */
const MOST = 100_000

export const PERCENT: RegExp = /^(\d{1,3}(?:\.\d{1,6})?)%$/

/** Share from 0 to 1; undefined for what is no share. */
export function parseShare(text: string): number | undefined {
  const percent = PERCENT.exec(text)?.[1]
  return percent === undefined || Number(percent) > 100 ? undefined : Number(percent) / 100
}

/** The most records that go where `onFail: suppress` states no share. */
export const DEFAULT_MAX_SUPPRESSED = '10%'

export const crowdSchema: z.ZodType<CrowdShape> = z
  .strictObject({
    k: z
      .int()
      .min(2, 'a class of fewer than 2 is one person')
      .max(MOST)
      .describe('A record leaves only in a class of so many data subjects.'),
    l: z
      .int()
      .min(2, 'each class has one value')
      .max(MOST)
      .optional()
      .describe(
        'And only in a class with so many distinct values of each sensitive field (distinct l-diversity).',
      ),
    t: z
      .number()
      .gt(0)
      .max(1)
      .optional()
      .describe(
        'And only in a class whose values of each sensitive field are no further than this from those of all records, from 0 to 1, where every two values are equally far (t-closeness). Of files only.',
      ),
    over: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .describe(
        'The output paths in which the records of a class are equal. Unless stated, the fields with `role: quasi-identifier`.',
      ),
    sensitive: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .describe(
        'The output paths that `l` and `t` are about. Unless stated, the fields with `role: sensitive`.',
      ),
    maxSuppressed: z
      .string()
      .refine((text) => parseShare(text) !== undefined, 'expected a share such as 2%, from 0% to 100%')
      .optional()
      .describe(
        `With \`onFail: suppress\`: a batch leaves no output where more than this share of the records that would leave is suppressed. Unless stated: ${DEFAULT_MAX_SUPPRESSED}. Streams do not go by it.`,
      ),
    onFail: z
      .enum(['fail', 'suppress'])
      .default('fail')
      .optional()
      .describe(
        'What becomes of the records of other classes: they are suppressed, or the batch leaves no output (fail). Streams need suppress.',
      ),
    window: periodText
      .optional()
      .describe(
        'Of streams, which need it: a combination of values passes while so many subjects have shown it within this period.',
      ),
  })
  .describe(
    'How many data subjects share the values of a record that leaves. Each counts once, however many records it has; without `subject:` each record counts as one. What is absent, null, empty or dropped is a value of its own. See docs/crowd.md.',
  )
