/** `change:` of a route: its records are change events, of whose rows the policy speaks. */
import { z } from 'zod'
import { type ChangeForm, DEBEZIUM, DEFAULT_PLACEHOLDER } from '../../record/wire-form.ts'

export type ChangeShape =
  | 'debezium'
  | {
      form: 'debezium'
      deletes: ChangeForm['deletes']
      before: ChangeForm['before']
      placeholder: string
    }

const form = z.literal('debezium')

export const changeSchema: z.ZodType<ChangeShape | undefined> = z
  .union([
    form,
    z.strictObject({
      form: form.describe('The events are those of Debezium.'),
      deletes: z
        .enum(['publish', 'tombstone'])
        .default('publish')
        .describe(
          'What becomes of a delete: published with the row before it, or written as a tombstone under the de-identified key.',
        ),
      before: z
        .enum(['full', 'key'])
        .default('key')
        .describe(
          '`full`: the row before is logged whole, as under `REPLICA IDENTITY FULL`. `key`: what stands in it beside the key is made up; it does not leave, and nor do deletes, unless they become tombstones.',
        ),
      placeholder: z
        .string()
        .min(1)
        .max(200)
        .default(DEFAULT_PLACEHOLDER)
        .describe(
          'What stands for a value that is unchanged and was not logged (`unavailable.value.placeholder` of the connector). It passes as null does, as it is.',
        ),
    }),
  ])
  .optional()
  .describe(
    'Records are change events, with the row `before` and `after`. The policy speaks of the row; `$change.op` names a member of the event.',
  )

export const changeOf = (shape: ChangeShape | undefined): ChangeForm | undefined =>
  shape === 'debezium'
    ? DEBEZIUM
    : shape && { deletes: shape.deletes, before: shape.before, placeholder: shape.placeholder }
