/** `sketch:` of a route: who shares a combination of values is counted, in files that can be merged. */
import { z } from 'zod'

export interface SketchShape {
  folder: string
  side: 'input' | 'output' | 'both'
  over?: string[] | undefined
  period: string
  keep: string
  holds: 'none' | { file: string }
}

const span = z.string().regex(/^[1-9]\d{0,3}[hd]$/, 'expected hours or days, such as 1d or 6h')

export const sketchSchema: z.ZodType<SketchShape | undefined> = z
  .strictObject({
    folder: z
      .string()
      .min(1)
      .max(1000)
      .describe(
        'A folder that is there, relative to this file. Each process writes a file a period into it.',
      ),
    side: z
      .enum(['input', 'output', 'both'])
      .default('output')
      .describe('Values as they came, as they leave, or a file for each.'),
    over: z
      .array(z.string().min(1).max(1000))
      .min(1)
      .max(100)
      .optional()
      .describe(
        'Output paths of the fields whose values are combined; those with `role: quasi-identifier` unless stated.',
      ),
    period: span
      .default('1d')
      .describe('How long one file is of, 1h to 31d, in UTC from midnight or the hour on.'),
    keep: span
      .default('30d')
      .describe('How long a file is kept after its period, up to 3650d: then it is deleted.'),
    holds: z
      .union([
        z.literal('none'),
        z.strictObject({
          file: z.string().min(1).describe('The file of legal holds, of `lethe hold`, relative to this one.'),
        }),
      ])
      .describe(
        'What keeps files from being deleted: a file of legal holds, or `none` where there are none.',
      ),
  })
  .optional()
  .describe(
    'Counts in a sketch how many data subjects share a combination of values (docs/measure.md). Its files are personal data.',
  )
