/** Types of Protobuf as the kernel has them. */
import type { KernelField, KernelFormat } from '../typed/kernel-type.ts'
import { Leaf, Wire } from './proto-leaf.ts'
import { isSingle, type ProtoField, type ProtoType } from './proto-type.ts'

/** Numbers of fields that the kernel finds: each takes four bytes. */
const MOST_NUMBERS = 1 << 14

const fieldOf = ({ type, isLast, isImplicit, oneof }: ProtoField): KernelField => {
  const one = type.kind === 'array' && !type.isJson ? type.item! : type
  const isPackable = one !== type && isSingle(one) && one.wire !== Wire.bytes
  return { isLast, isImplicit, oneof, wire: one.wire, isPackable }
}

function positionsOf({ byNumber }: ProtoType): Int32Array {
  const positions = new Int32Array(Math.max(0, ...byNumber.keys()) + 1).fill(-1)
  for (const [number, at] of byNumber) positions[number] = at
  return positions
}

const isKnown = (type: ProtoType): boolean => {
  const { kind, isJson, leaf } = type
  if (kind === 'record') return [...type.byNumber.keys()].every((number) => number < MOST_NUMBERS)
  if (kind === 'leaf') return leaf !== Leaf.duration && leaf !== Leaf.none
  return kind === 'null' || (kind === 'array' && !isJson)
}

export const protoKernel: KernelFormat<ProtoType> = {
  isProtobuf: true,
  typeOf: (type) => {
    const known = isKnown(type)
    return {
      isKnown: known,
      base: type.wire,
      size: 0,
      scale: 0,
      symbols: type.symbols,
      positions: known && type.kind === 'record' ? positionsOf(type) : new Int32Array(0),
      oneofs: type.oneofs,
      fields: type.fields.map(fieldOf),
      wrapped: type.wrapped,
    }
  },
}
