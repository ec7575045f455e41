/**
 * What the walker does for one schema: the types of the schema joined to the shape of the records that the plan reads. It is
 * made once for each schema; recursive types make a graph.
 */

import type { RecordCode } from '../../errors.ts'
import type { Plan } from '../../policy/plan.ts'
import { encodeBytes } from '../byte-text.ts'
import { overTypes, SchemaFault, type SchemaText } from '../schema-text.ts'
import { hashName, type Shape, UNLISTED } from '../shape.ts'
import type { ShapeNode } from '../shape-node.ts'
import { type Spot, TaggedPlaces } from '../tags/tagged-places.ts'
import { type AvroType, readAvroSchema } from './avro-schema.ts'
import { Code, codeOf } from './avro-values.ts'

/** What becomes of a field of a record. */
export const Way = {
  /** Nothing that is listed is in it. */
  skip: 0,
  value: 1,
  /** Only patterns lead to it. */
  led: 2,
  /** It is a member of a map, as the policy sees it. */
  member: 3,
} as const

export interface FieldStep {
  readonly way: number
  readonly name: string
  /** The name as JSON writes it. */
  readonly json: string
  /** The bytes of the name. */
  readonly bytes: Uint8Array
  readonly step: Step
}

/** Of the shape; or, where the policy goes by tags, of what the tags of the schema make of it. */
type Place = ShapeNode | Spot

const isSpot = (place: Place): place is Spot => 'state' in place

/** Places of a schema with tags, at most: types times places of the policy times tags around them. */
const MOST_STEPS = 200_000

/** A type, at a place of the shape. */
export interface Step {
  readonly code: number
  readonly type: AvroType
  readonly place: Place
  readonly node: ShapeNode
  fields: readonly FieldStep[]
  /** Fields of the record that no rule names, and their names. */
  unlisted: readonly string[]
  /** Of the elements of an array. */
  item: Step | undefined
  /** Of a union. */
  branches: readonly Step[]
  /** Whether something of it stands in an output of Avro: see `AvroWriter`. */
  told: boolean
}

export class AvroProgram {
  readonly root: Step
  /** Where the rules of tags hold; undefined where the policy does not go by tags. */
  readonly tagged: TaggedPlaces | undefined
  readonly type: AvroType
  readonly #shape: Shape
  readonly #steps = new Map<AvroType, Map<Place, Step>>()
  /** Names that data had, and that may not leave. */
  readonly #faulty = new Set<Step>()

  readonly #made: Step[] = []
  /** By field of the plan, 1 where nothing of it is ever written. */
  readonly gone: Uint8Array

  /**
   * @throws SchemaFault where the text is no schema of Avro, or something tagged has no rule
   */
  constructor(schema: SchemaText, shape: Shape, plan: Plan, output: 'json' | 'avro') {
    this.#shape = shape
    this.gone = Uint8Array.from(output === 'avro' ? plan.fields : [], ({ rulesByStep }) =>
      rulesByStep.flat().every(({ action }) => action.kind === 'drop') ? 1 : 0,
    )
    this.type = readAvroSchema(schema)
    this.tagged = plan.tags && new TaggedPlaces(plan, shape, this.type)
    this.root = this.at(this.type, this.tagged?.root ?? shape.root)
    this.tagged?.check()
    if (output === 'avro') this.#tell()
  }

  /** The number of a type. */
  codeOf(type: AvroType): number {
    return codeOf(type)
  }

  /** Finds what is told: types may be recursive, so that one pass is not enough. */
  #tell(): void {
    for (let changed = true; changed; ) {
      changed = false
      for (const step of this.#made)
        if (!step.told && this.#isTold(step)) {
          step.told = true
          changed = true
        }
    }
  }

  #isTold({ code, node, branches, fields, item }: Step): boolean {
    if (code === Code.union) return branches.some(({ told }) => told)
    const { kind } = node
    if (kind === 'subtree' || kind === 'scalar')
      return node.field >= 0 && this.gone[node.field] !== 1 && (kind === 'subtree' || code < Code.array)
    if (code < Code.array || kind === 'unlisted') return false
    if (kind === 'open') return item?.told === true || fields.some(({ step }) => step.told)
    const fits = code === Code.array ? kind === 'array' : kind === 'object' || kind === 'map'
    return fits && node.emitted
  }

  /** The step of a type at a place; the same object each time. */
  at(type: AvroType, place: Place): Step {
    let ofType = this.#steps.get(type)
    if (ofType === undefined) {
      ofType = new Map()
      this.#steps.set(type, ofType)
    }
    const known = ofType.get(place)
    if (known !== undefined) return known
    if (this.tagged !== undefined && this.#made.length > MOST_STEPS)
      throw new SchemaFault('schema-too-large', `with its tags it makes more than ${MOST_STEPS} places`)
    const node = isSpot(place) ? this.tagged!.node(place, type) : place
    const step: Step = {
      code: codeOf(type),
      type,
      place,
      node,
      fields: [],
      unlisted: [],
      item: undefined,
      branches: [],
      told: false,
    }
    ofType.set(place, step)
    this.#made.push(step)
    const { kind } = node
    if (type.kind === 'union') {
      // What is skipped is skipped whole.
      if (kind !== 'unlisted' || !isSpot(place))
        step.branches = type.branches.map((branch) =>
          this.at(branch, isSpot(place) ? this.tagged!.branch(place, branch) : node),
        )
    } else if (type.kind === 'array' && (kind === 'array' || kind === 'open'))
      step.item = this.at(
        type.item!,
        isSpot(place) ? this.tagged!.item(place, type) : (node.item ?? UNLISTED),
      )
    else if (type.kind === 'map' && kind === 'map')
      step.item = this.at(type.item!, isSpot(place) ? this.tagged!.item(place, type) : node.item!)
    else if (type.kind === 'map' && isSpot(place) && (kind === 'object' || kind === 'open'))
      // Of the names that its keys may have, those that the policy lists are known.
      for (const child of node.children.values()) this.at(type.item!, this.tagged!.named(place, type, child))
    else if (type.kind === 'record' && (kind === 'object' || kind === 'open' || kind === 'map'))
      this.#fields(step)
    return step
  }

  #fields(step: Step): void {
    const unlisted: string[] = []
    const { place, node } = step
    step.fields = step.type.fields.map((one) => {
      const { name, type } = one
      const bytes = new Uint8Array(Buffer.from(name, 'latin1'))
      const field = (way: number, at: Place): FieldStep => ({
        way,
        name,
        json: `"${name}"`,
        bytes,
        step: this.at(type, at),
      })
      const skipped = (): FieldStep => {
        unlisted.push(name)
        return field(Way.skip, UNLISTED)
      }
      const isMap = node.kind === 'map'
      const member = isMap ? node.item : this.#member(node, name)
      if (member?.kind === 'unlisted' && member.isMember) return skipped()
      const there = isSpot(place) ? this.tagged!.member(place, member, one) : member
      if (there === undefined) return skipped()
      if (isMap) return field(Way.member, there)
      const led = field(Way.led, there)
      if (isSpot(there) && led.step.node.kind === 'unlisted') return skipped()
      // What is neither under its name nor under a pattern of this record is led to by patterns and tags alone.
      const isListed = member !== undefined && node.children.get(encodeBytes(name)) === member
      return isListed ? { ...led, way: Way.value } : led
    })
    step.unlisted = unlisted
  }

  /** Where a member leads; undefined: nothing names it. */
  #member(node: ShapeNode, name: string): ShapeNode | undefined {
    const bytes = encodeBytes(name)
    return (
      node.children.get(bytes) ??
      (node.open === undefined ? undefined : this.#shape.openNodes!.member(node.open, hashName(bytes), bytes))
    )
  }

  /** The step of a map's member, where the policy reads its keys as names; undefined: nothing names it. */
  named({ type, place, node }: Step, name: string): Step | RecordCode | undefined {
    const child = this.#member(node, name)
    if (child === undefined || (child.kind === 'unlisted' && child.isMember)) return undefined
    if (!isSpot(place)) return this.at(type.item!, child)
    const { faults } = this.tagged!
    const before = faults.size
    try {
      const step = overTypes(() => this.at(type.item!, this.tagged!.named(place, type, child)))
      if (faults.size > before) this.#faulty.add(step)
      return this.#faulty.has(step) ? 'tagged-without-rule' : step
    } catch (error) {
      if (!(error instanceof SchemaFault)) throw error
      return error.code
    }
  }
}
