/** The twin of `hash.hmac`. */
import { type HmacOptions, hmacForm } from '../../hash/hmac.ts'
import type { Twin } from '../twin.ts'
import { keyed } from './keyed.ts'

export const hmac: Twin<HmacOptions> = keyed(hmacForm)
