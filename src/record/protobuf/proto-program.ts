/**
 * What the walker does for one message of a schema: its types joined to the shape of the records that the plan reads. It is
 * made once for each message that leads a record; recursive types make a graph.
 */
import { Way } from '../avro/avro-program.ts'
import { encodeBytes } from '../byte-text.ts'
import { hashName, type Shape, UNLISTED } from '../shape.ts'
import type { ShapeNode } from '../shape-node.ts'
import type { ProtoType } from './proto-schema.ts'

export interface ProtoFieldStep {
  readonly way: number
  readonly name: string
  /** The name as JSON writes it. */
  readonly json: string
  /** The bytes of the name. */
  readonly bytes: Uint8Array
  readonly step: ProtoStep
}

/** A type, at a place of the shape. */
export interface ProtoStep {
  readonly type: ProtoType
  readonly node: ShapeNode
  /** As the fields of the message. */
  fields: readonly ProtoFieldStep[]
  /** Of the elements of a list, and the values of a map. */
  item: ProtoStep | undefined
  /** Of a dynamic value. */
  branches: readonly ProtoStep[]
}

export class ProtoProgram {
  readonly root: ProtoStep
  readonly #shape: Shape
  readonly #steps = new Map<ProtoType, Map<ShapeNode, ProtoStep>>()

  constructor(type: ProtoType, shape: Shape) {
    this.#shape = shape
    this.root = this.at(type, shape.root)
  }

  /** The step of a type at a node; the same object each time. */
  at(type: ProtoType, node: ShapeNode): ProtoStep {
    let ofType = this.#steps.get(type)
    if (ofType === undefined) {
      ofType = new Map()
      this.#steps.set(type, ofType)
    }
    const known = ofType.get(node)
    if (known !== undefined) return known
    const step: ProtoStep = { type, node, fields: [], item: undefined, branches: [] }
    ofType.set(node, step)
    const { kind } = node
    switch (type.kind) {
      case 'dynamic':
        step.branches = type.branches.map((branch) => this.at(branch, node))
        break
      case 'list':
      case 'listValue':
        if (kind === 'array' || kind === 'open') step.item = this.at(type.item!, node.item ?? UNLISTED)
        break
      case 'map':
      case 'struct':
        if (kind === 'map') step.item = this.at(type.item!, node.item!)
        break
      case 'message':
        if (kind === 'object' || kind === 'open' || kind === 'map')
          step.fields = type.fields.map((field) => this.#field(node, field.name, field.type))
    }
    return step
  }

  #field(node: ShapeNode, name: string, type: ProtoType): ProtoFieldStep {
    const field = (way: number, at: ShapeNode): ProtoFieldStep => ({
      way,
      name,
      json: JSON.stringify(name),
      bytes: new Uint8Array(Buffer.from(name)),
      step: this.at(type, at),
    })
    if (node.kind === 'map') return field(Way.member, node.item!)
    const member = this.member(node, name)
    if (member === undefined || (member.kind === 'unlisted' && member.isMember))
      return field(Way.skip, UNLISTED)
    // What is neither under its name nor under a pattern of this record is led to by patterns alone.
    return field(node.children.get(encodeBytes(name)) === member ? Way.value : Way.led, member)
  }

  /** Where a member leads; undefined: nothing names it. */
  member(node: ShapeNode, name: string): ShapeNode | undefined {
    const bytes = encodeBytes(name)
    return (
      node.children.get(bytes) ??
      (node.open === undefined ? undefined : this.#shape.openNodes!.member(node.open, hashName(bytes), bytes))
    )
  }
}
