/** The twin of `hash.uuid`. */
import type { TokenOptions } from '../../hash/token.ts'
import { uuidForm } from '../../hash/uuid.ts'
import type { Twin } from '../twin.ts'
import { keyed } from './keyed.ts'

export const uuid: Twin<TokenOptions> = keyed(uuidForm)
