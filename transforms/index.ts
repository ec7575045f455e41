/** The register: every transform, one line each, in alphabetical order. */
import type { Transform } from './transform.ts'

export const transforms: readonly Transform[] = []
