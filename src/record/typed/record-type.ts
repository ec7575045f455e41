/** Types of a format whose records have schemas, as programs and walkers go over them. Types may be recursive. */
import type { TaggedField, TaggedType } from '../tags/tagged-type.ts'

export interface RecordType<T extends RecordType<T>> extends TaggedType {
  readonly fields: readonly (TaggedField & { readonly type: T })[]
  /** Of a record: the type of members that are not among its fields; undefined where there are none. */
  readonly item: T | undefined
  /** Of a record with such a type: whether they are expected. */
  readonly isOpen?: boolean
  readonly branches: readonly T[]
}

/** Types as numbers: those of a format that are single values come before `array`. */
export const Container = { array: 64, map: 65, union: 66, record: 67 } as const

/** The number of what is no single value; undefined for all others. */
export function containerCode(kind: string): number | undefined {
  return Object.hasOwn(Container, kind) ? Container[kind as keyof typeof Container] : undefined
}
