/**
 * The nodes by which JSON is walked where the tags of its schema count: a program of the schema, as nodes of the walker. The
 * schema says where tags stand; a record may break it, and then nothing tagged leaves by a place that the schema does not have.
 */
import type { RecordCode } from '../../errors.ts'
import type { Plan } from '../../policy/plan.ts'
import { encodeBytes } from '../byte-text.ts'
import { overTypes, SchemaFault, type SchemaText } from '../schema-text.ts'
import { hashName, type Shape, UNLISTED } from '../shape.ts'
import { makeNode, type OpenPlace, type ShapeNode } from '../shape-node.ts'
import type { TaggedPlaces } from '../tags/tagged-places.ts'
import { type Step, TypedProgram, Way } from '../typed/typed-program.ts'
import { type JsonRecordType, jsonCode, jsonRecordType } from './json-record-type.ts'

type JsonStep = Step<JsonRecordType>

/** Takes a scalar without a field: nothing of it is written, and a container is a fault of the record. */
const closed = ({ name }: ShapeNode): ShapeNode => ({ ...makeNode(name, ''), kind: 'scalar' })

export class JsonProgram {
  readonly root: ShapeNode
  readonly tagged: TaggedPlaces
  readonly #program: TypedProgram<JsonRecordType>
  readonly #nodes = new Map<JsonStep, ShapeNode>()

  /** @throws SchemaFault where the text is no schema, or something tagged has no rule */
  constructor(schema: SchemaText, shape: Shape, plan: Plan) {
    if (shape.hasForms)
      throw new SchemaFault(
        'schema-refused',
        'the policy reads JSON in texts, or one value in place of an array: the tags of that are not known',
      )
    const type = overTypes(() => jsonRecordType(schema))
    this.#program = overTypes(() => new TypedProgram({ type, shape, plan, codeOf: jsonCode, isTold: false }))
    this.tagged = this.#program.tagged!
    const root = overTypes(() => this.#node(this.#program.root))
    this.root = root.forms?.object ?? root
  }

  #node(step: JsonStep): ShapeNode {
    const known = this.#nodes.get(step)
    if (known !== undefined) return known
    const { node, type } = step
    const { kind } = node
    const isFixed = kind === 'unlisted' || (node.isTie && kind !== 'open')
    if (isFixed || (type.kind !== 'union' && !isFit(step))) {
      const made = isFixed || !isTagged(step) ? node : closed(node)
      this.#nodes.set(step, made)
      return made
    }
    const made: ShapeNode = { ...node, children: new Map(), byHash: new Map(), open: undefined, lastSeen: 0 }
    this.#nodes.set(step, made)
    if (type.kind === 'union') this.#forms(step, made)
    else if (type.kind !== 'leaf' && kind !== 'scalar' && kind !== 'subtree') {
      if (type.kind === 'record') this.#members(step, made)
      else if (kind !== 'array' && type.kind === 'map') this.#named(step, made)
      made.item = step.item === undefined ? UNLISTED : this.#node(step.item)
    }
    return made
  }

  /** The node of a step that was found in a record. */
  #made(step: JsonStep): ShapeNode | RecordCode {
    try {
      return overTypes(() => this.#node(step))
    } catch (error) {
      if (!(error instanceof SchemaFault)) throw error
      return error.code
    }
  }

  /** Where a value may be of several forms. One that its schema does not have is not looked into where it may be tagged. */
  #forms(step: JsonStep, made: ShapeNode): void {
    if (step.branches.length === 0) return
    const other = isTagged(step) ? closed(step.node) : step.node
    const of = (...kinds: readonly string[]): ShapeNode => {
      const branch = step.branches.find(({ type }) => kinds.includes(type.kind))
      return branch === undefined ? other : this.#node(branch)
    }
    made.forms = { scalar: of('leaf'), object: of('record', 'map'), array: of('array') }
    made.kind = 'forms'
    made.ends = Object.values(made.forms).some(({ ends }) => ends)
  }

  #members(step: JsonStep, made: ShapeNode): void {
    const led = new Map<string, ShapeNode>()
    const skipped = new Set<string>()
    for (const { name, way, step: below } of step.fields) {
      const bytes = encodeBytes(name)
      if (way === Way.skip) skipped.add(bytes)
      else if (way === Way.value) put(made, bytes, this.#node(below))
      else led.set(bytes, this.#node(below))
    }
    for (const [bytes, below] of step.more) put(made, bytes, this.#node(below))
    const isMap = made.kind === 'map'
    made.open = openBy((_, name) => {
      const found = led.get(name)
      if (found !== undefined || skipped.has(name) || isMap) return found
      return this.#undeclared(step, name)
    })
  }

  /** A map whose members the policy names. */
  #named(step: JsonStep, made: ShapeNode): void {
    const isMap = made.kind === 'map'
    if (isMap) return
    for (const name of step.node.children.keys()) {
      const below = this.#program.named(step, Buffer.from(name, 'latin1').toString('utf8'))
      // What is wrong with those is found before any record.
      if (typeof below === 'object' && below.node.literal !== '') put(made, name, this.#node(below))
    }
    made.open = openBy((_, name) => this.#undeclared(step, name))
  }

  #undeclared(step: JsonStep, name: string): ShapeNode | RecordCode | undefined {
    const found = this.#program.named(step, Buffer.from(name, 'latin1').toString('utf8'))
    if (typeof found === 'string') return found
    if (found !== undefined) return this.#made(found)
    return step.type.kind === 'record' && step.item !== undefined ? this.#node(step.item) : undefined
  }
}

const put = (into: ShapeNode, name: string, node: ShapeNode): void => {
  into.children.set(name, node)
  const hash = hashName(name)
  if (!into.byHash.has(hash)) into.byHash.set(hash, node)
}

const openBy = (byTags: OpenPlace['byTags']): OpenPlace => ({ places: [], names: new Map(), byTags })

const isTagged = ({ place }: JsonStep): boolean => 'state' in place && place.state.tags.length > 0

/** Whether the policy takes there what the schema has. */
function isFit({ type, node: { kind } }: JsonStep): boolean {
  switch (kind) {
    case 'object':
    case 'map':
      return type.kind === 'record' || type.kind === 'map'
    case 'array':
      return type.kind === 'array'
    case 'open':
      return type.kind !== 'leaf'
    default:
      return true
  }
}
