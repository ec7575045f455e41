// Generated from sha256-layout.ts by test/kernels.mjs: do not edit.

export const BATCH: usize = 256
export const MAX_BLOCKS: usize = 12
export const LENGTHS: usize = 8192
export const MACS: usize = 16384
export const AROUND: usize = 40960
export const TEXTS: usize = 65536

export const enum Encoding {
  hex = 0,
  base64url = 1,
  uuid = 2,
}
