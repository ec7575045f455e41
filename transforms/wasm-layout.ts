/**
 * What a WebAssembly kernel and its host agree on. `NAME-layout.ts` beside a kernel `NAME.as.ts` says it once: the host
 * uses it as it stands, and `test/kernels.mjs` generates `NAME-layout.as.ts` from it, which the kernel imports.
 */

/** Bytes of the types that a field may have. */
const BYTES = { i32: 4, usize: 4, u64: 8 } as const

/** A field's type: one of those, or in brackets the name of a struct whose place it holds. */
export type FieldType = keyof typeof BYTES | `[${string}]`

const bytesOf = (type: FieldType): number => BYTES[type as keyof typeof BYTES] ?? BYTES.usize

/** A struct in the memory of a kernel: its fields in their order, each at a multiple of its own size. */
export class Struct<Field extends string> {
  readonly fields: Readonly<Record<Field, FieldType>>
  /** Where each field begins, in bytes from the start of the struct. */
  readonly offsets: Readonly<Record<Field, number>>
  /** What the struct takes, and so the distance of two in a row. */
  readonly bytes: number

  /** @param fields the type of each field, in their order */
  constructor(fields: Readonly<Record<Field, FieldType>>) {
    const roundUp = (at: number, unit: number): number => Math.ceil(at / unit) * unit
    const offsets: Record<string, number> = {}
    let end = 0
    let widest = 1
    for (const [field, type] of Object.entries<FieldType>(fields)) {
      const bytes = bytesOf(type)
      offsets[field] = roundUp(end, bytes)
      end = offsets[field] + bytes
      widest = Math.max(widest, bytes)
    }
    this.fields = fields
    this.offsets = offsets as Record<Field, number>
    this.bytes = roundUp(end, widest)
  }
}

/** All that one kernel takes from its host's side, by the names that it has there. */
export interface KernelLayout {
  readonly enums: Readonly<Record<string, Readonly<Record<string, number>>>>
  readonly constants: Readonly<Partial<Record<'i32' | 'usize', Readonly<Record<string, number>>>>>
  readonly structs: Readonly<Record<string, Struct<string>>>
}
