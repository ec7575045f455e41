/** The twin of `hash.email`. */
import { type EmailTokenOptions, emailForm } from '../../hash/email.ts'
import type { Twin } from '../twin.ts'
import { keyed } from './keyed.ts'

export const email: Twin<EmailTokenOptions> = keyed(emailForm)
