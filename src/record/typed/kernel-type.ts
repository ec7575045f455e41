/** What typed.as.ts has to know of the types of a format, beside what programs say. */

export interface KernelField {
  /** Of Protobuf: see `ProtoField`. */
  readonly isLast: boolean
  readonly isImplicit: boolean
  readonly oneof: number
  /** The wire type of one value, and whether many may be packed. */
  readonly wire: number
  readonly isPackable: boolean
}

export interface KernelType<T> {
  /** Whether the kernel walks values of the type, where one is listed. */
  readonly isKnown: boolean
  /** Of Avro the number of the type without its logical type, of Protobuf the wire type of one value. */
  readonly base: number
  /** Of fixed and decimal types of Avro. */
  readonly size: number
  readonly scale: number
  readonly symbols: ReadonlyMap<number, Uint8Array>
  /** Of a message: positions of its fields by their numbers, -1 for none; how many oneofs it has; what its fields are. */
  readonly positions: Int32Array
  readonly oneofs: number
  readonly fields: readonly KernelField[]
  /** What is in a message that stands for one value. */
  readonly wrapped: T | undefined
}

/** How a format tells of its types. */
export interface KernelFormat<T> {
  readonly isProtobuf: boolean
  readonly typeOf: (type: T) => KernelType<T>
}
