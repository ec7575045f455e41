/** What the forms of summaries and dead letters have in common. Objects take members that they do not know: later versions add some. */
import { z } from 'zod'

export const count: z.ZodInt = z.int().min(0)
export const sha256: z.ZodString = z.string().regex(/^[0-9a-f]{64}$/)
export const counts: z.ZodRecord<z.ZodString, z.ZodInt> = z.record(z.string(), count)
/** `name@version#fingerprint`. */
export const policyLabel: z.ZodString = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,99}@[1-9][0-9]*#[0-9a-f]{64}$/)
  .describe('The policy: its name, version and fingerprint, as NAME@VERSION#FINGERPRINT.')
export const code: z.ZodString = z
  .string()
  .regex(/^[a-z0-9-]+$/)
  .describe('Why the record could not be taken, from the closed list in docs/errors.md.')
