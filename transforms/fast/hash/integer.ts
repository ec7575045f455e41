/** The twin of `hash.integer`. */
import { type IntegerOptions, integerForm } from '../../hash/integer.ts'
import type { Twin } from '../twin.ts'
import { keyed } from './keyed.ts'

export const integer: Twin<IntegerOptions> = keyed(integerForm)
