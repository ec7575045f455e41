/**
 * What a walker does for one type of records: the types of a schema joined to the shape of the records that the plan reads, and
 * to the tags of the schema where the plan goes by them. It is made once for each; recursive types make a graph.
 */

import type { RecordCode } from '../../errors.ts'
import type { Plan } from '../../policy/plan.ts'
import { encodeBytes } from '../byte-text.ts'
import { overTypes, SchemaFault } from '../schema-text.ts'
import { hashName, type Shape, UNLISTED } from '../shape.ts'
import type { ShapeNode } from '../shape-node.ts'
import { type Spot, TaggedPlaces } from '../tags/tagged-places.ts'
import { Container, type RecordType } from './record-type.ts'

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

export interface FieldStep<T extends RecordType<T>> {
  readonly way: number
  readonly name: string
  /** The name as JSON writes it. */
  readonly json: string
  /** The bytes of the name. */
  readonly bytes: Uint8Array
  readonly step: Step<T>
}

/** Of the shape; or, where the policy goes by tags, of what the tags of the schema make of it. */
type Place = ShapeNode | Spot

const isSpot = (place: Place): place is Spot => 'state' in place

/** Places of a schema with tags, at most: types times places of the policy times tags around them. */
const MOST_STEPS = 200_000
/** Types that refer to each other, one behind the other. */
const MOST_DEPTH = 1000

/** A type, at a place of the shape. */
export interface Step<T extends RecordType<T>> {
  readonly code: number
  readonly type: T
  readonly place: Place
  readonly node: ShapeNode
  fields: readonly FieldStep<T>[]
  /** Fields of the record that no rule names, and their names. */
  unlisted: readonly string[]
  /** Of the elements of an array, the values of a map; of a record what its fields do not name, where that stays. */
  item: Step<T> | undefined
  /** Of a record: members that the policy names and its fields do not, by their names as byte strings. */
  more: ReadonlyMap<string, Step<T>>
  /** Of a union. */
  branches: readonly Step<T>[]
  /** Whether something of it stands in an output that has types: see the writers of formats. */
  told: boolean
}

export interface ProgramParts<T extends RecordType<T>> {
  /** Of the records. */
  readonly type: T
  readonly shape: Shape
  readonly plan: Plan
  /** The number of a type that is a single value, below `Container.array`; of others one of `Container`. */
  readonly codeOf: (type: T) => number
  /** Whether what is written has types, which follow from the program. */
  readonly isTold: boolean
}

export class TypedProgram<T extends RecordType<T>> {
  readonly root: Step<T>
  /** Where the rules of tags hold; undefined where the policy does not go by tags. */
  readonly tagged: TaggedPlaces | undefined
  readonly type: T
  /** The number of a type. */
  readonly codeOf: (type: T) => number
  readonly #shape: Shape
  readonly #steps = new Map<T, Map<Place, Step<T>>>()
  /** Names that data had, and that may not leave. */
  readonly #faulty = new Set<Step<T>>()
  readonly #made: Step<T>[] = []
  #depth = 0
  /** By field of the plan, 1 where nothing of it is ever written. */
  readonly gone: Uint8Array

  /** @throws SchemaFault where something tagged has no rule */
  constructor({ type, shape, plan, codeOf, isTold }: ProgramParts<T>) {
    this.#shape = shape
    this.codeOf = codeOf
    this.gone = Uint8Array.from(isTold ? plan.fields : [], ({ rulesByStep }) =>
      rulesByStep.flat().every(({ action }) => action.kind === 'drop') ? 1 : 0,
    )
    this.type = type
    this.tagged = plan.tags && new TaggedPlaces(plan, shape, type)
    this.root = this.at(type, this.tagged?.root ?? shape.root)
    this.tagged?.check()
    if (isTold) this.#tell()
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

  #isTold({ code, node, branches, fields, item }: Step<T>): boolean {
    if (code === Container.union) return branches.some(({ told }) => told)
    const { kind } = node
    if (kind === 'subtree' || kind === 'scalar')
      return node.field >= 0 && this.gone[node.field] !== 1 && (kind === 'subtree' || code < Container.array)
    if (code < Container.array || kind === 'unlisted') return false
    if (kind === 'open') return item?.told === true || fields.some(({ step }) => step.told)
    const fits = code === Container.array ? kind === 'array' : kind === 'object' || kind === 'map'
    return fits && node.emitted
  }

  /** The step of a type at a place; the same object each time. */
  at(type: T, place: Place): Step<T> {
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
    if (++this.#depth > MOST_DEPTH)
      throw new SchemaFault('schema-too-large', 'its types refer to each other too deeply')
    const step: Step<T> = {
      code: this.codeOf(type),
      type,
      place,
      node,
      fields: [],
      unlisted: [],
      item: undefined,
      more: new Map(),
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
    else if (type.kind === 'record' && (kind === 'object' || kind === 'open' || kind === 'map')) {
      this.#fields(step)
      if (type.item !== undefined) this.#rest(step, type.item)
    }
    this.#depth--
    return step
  }

  /** What a record may hold beside its fields. */
  #rest(step: Step<T>, item: T): void {
    const { type, place, node } = step
    const declared = new Set(type.fields.map(({ name }) => encodeBytes(name)))
    const more = [...node.children].filter(([name]) => !declared.has(name))
    step.more = new Map(
      more.map(([name, child]) => [
        name,
        this.at(item, isSpot(place) ? this.tagged!.named(place, type, child) : child),
      ]),
    )
    if (node.kind === 'map')
      step.item = this.at(item, isSpot(place) ? this.tagged!.item(place, type) : (node.item ?? UNLISTED))
    else if (isSpot(place) && type.isOpen === true && this.tagged!.keepsRest(place))
      step.item = this.at(item, this.tagged!.item(place, type))
  }

  #fields(step: Step<T>): void {
    const unlisted: string[] = []
    const { place, node } = step
    step.fields = step.type.fields.map((one) => {
      const { name, type } = one
      const bytes = new Uint8Array(Buffer.from(name))
      const field = (way: number, at: Place): FieldStep<T> => ({
        way,
        name,
        json: JSON.stringify(name),
        bytes,
        step: this.at(type, at),
      })
      const skipped = (): FieldStep<T> => {
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
  named({ type, place, node }: Step<T>, name: string): Step<T> | RecordCode | undefined {
    const child = this.#member(node, name)
    if (child === undefined || (child.kind === 'unlisted' && child.isMember)) return undefined
    if (!isSpot(place)) return this.at(type.item!, child)
    const { faults } = this.tagged!
    const before = faults.size
    this.#depth = 0
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
