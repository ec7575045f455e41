/** Types of Avro as the kernel has them. */
import type { KernelFormat } from '../typed/kernel-type.ts'
import type { AvroType } from './avro-schema.ts'
import { Code } from './avro-values.ts'

const NO_POSITIONS = new Int32Array(0)

export const avroKernel: KernelFormat<AvroType> = {
  isProtobuf: false,
  typeOf: ({ kind, size, scale, symbols }) => ({
    // Its keys are compared with each other.
    isKnown: kind !== 'map',
    base: Code[kind],
    size,
    scale,
    symbols: new Map(symbols.map((symbol, at) => [at, new Uint8Array(Buffer.from(symbol))])),
    positions: NO_POSITIONS,
    oneofs: 0,
    fields: [],
    wrapped: undefined,
  }),
}
