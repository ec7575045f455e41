/** The option that every keyed transform of this family asks for: the join space of its tokens. */
import { z } from 'zod'

export const domainOption: { domain: z.ZodString } = {
  domain: z
    .string()
    .regex(
      /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
      'a domain is 1 to 64 letters, digits, dots, underscores or hyphens',
    )
    .describe(
      'Join space: fields of one domain (and one normalize) give the same token for the same value, fields of two ' +
        'domains never do. 1 to 64 letters, digits, dots, underscores, hyphens.',
    ),
}
