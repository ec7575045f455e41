/** What sha256.as.ts and kernel.ts agree on. `npm run kernels` generates sha256-layout.as.ts from it. */

import type { FixedForm } from '../../../hash/form.ts'
import type { KernelLayout } from '../../../wasm-layout.ts'

/** Texts in a batch, at most. */
export const BATCH = 256

/** Blocks of a text, at most: 247 UTF-16 units are 741 bytes at most, which are 12 blocks with their padding. */
export const MAX_BLOCKS = 12

/** Places in the module's memory, in bytes: for each text of a batch its length (u32). */
export const LENGTHS = 8192
/** For each text of a batch its MAC: 32 bytes. */
export const MACS = 16384
/** What stands before the MAC in a token, then what stands behind it. */
export const AROUND = 40960
/** The texts as the host writes them, one behind the other; later the tokens. */
export const TEXTS = 65536

/** How a MAC is written. */
export const Encoding: Readonly<Record<FixedForm['encoding'], number>> = { hex: 0, base64url: 1, uuid: 2 }

export const layout: KernelLayout = {
  enums: { Encoding },
  constants: { usize: { BATCH, MAX_BLOCKS, LENGTHS, MACS, AROUND, TEXTS } },
  structs: {},
}
