/** Puts programs of schemas where typed.as.ts reads them: a Step for each type at a place of the shape, with all that it leads to. */
import type { ShapeNode } from '../shape-node.ts'
import type { KernelField, KernelFormat } from '../typed/kernel-type.ts'
import { Container as Containers, type RecordType } from '../typed/record-type.ts'
import { type FieldStep, type Step as StepOf, type TypedProgram, Way } from '../typed/typed-program.ts'
import { aligned, type KernelMemory } from './memory.ts'
import { Container, Field, Step, Walk } from './typed-layout.ts'

/** There is no more room for programs. */
export class TablesFull extends Error {}

const NO_FIELD: KernelField = { isLast: false, isImplicit: false, oneof: -1, wire: 0, isPackable: false }

export class TypedTables<T extends RecordType<T>> {
  /** Types by the numbers of their steps. */
  readonly types: T[] = []
  readonly #memory: KernelMemory
  readonly #format: KernelFormat<T>
  readonly #end: number
  #at: number
  readonly #steps = new Map<StepOf<T>, number>()
  readonly #skips = new Map<T, number>()
  readonly #seen = new Map<ShapeNode, number>()
  /** Steps at which the walker has to take every record that comes there. */
  readonly #hosts = new Set<StepOf<T>>()
  #program!: TypedProgram<T>

  /** @param from the memory that it may fill, to before `to` */
  constructor(memory: KernelMemory, format: KernelFormat<T>, from: number, to: number) {
    this.#memory = memory
    this.#format = format
    this.#at = from
    this.#end = to
  }

  /**
   * Puts a program; gives the place of its root, or 0 where it leads to what the kernel does not know.
   * @throws TablesFull
   */
  add(program: TypedProgram<T>): number {
    this.#program = program
    const at = this.#step(program.root)
    return this.#hosts.has(program.root) ? 0 : at
  }

  #room(bytes: number): number {
    const at = this.#at
    this.#at = aligned(at + bytes)
    if (this.#at > this.#end) throw new TablesFull()
    this.#memory.bytes.fill(0, at, this.#at)
    return at
  }

  #numbers(numbers: readonly number[] | Int32Array): number {
    const at = this.#room(numbers.length * 4)
    this.#memory.words.set(numbers, at >> 2)
    return at
  }

  #bytes(bytes: Uint8Array): number {
    // They are copied 16 at a time.
    const at = this.#room(bytes.length + 16)
    this.#memory.bytes.set(bytes, at)
    return at
  }

  /** Symbols as place and length each; of Protobuf with their numbers, in order, in front. */
  #symbols(symbols: ReadonlyMap<number, Uint8Array>): number {
    const sorted = [...symbols].sort(([a], [b]) => a - b)
    const placed = sorted.map(([number, bytes]) => [number, this.#bytes(bytes), bytes.length])
    return this.#numbers(placed.flatMap((one) => (this.#format.isProtobuf ? one : one.slice(1))))
  }

  #seenAt(node: ShapeNode): number {
    let at = this.#seen.get(node)
    if (at === undefined) {
      at = this.#room(4)
      this.#seen.set(node, at)
    }
    return at
  }

  /** The walk over a value that nothing of is listed. */
  #skip(type: T): number {
    const known = this.#skips.get(type)
    if (known !== undefined) return known
    const at = this.#room(Step.bytes)
    this.#skips.set(type, at)
    const { base, size, symbols } = this.#format.typeOf(type)
    this.#memory.set(Step, at, { walk: Walk.skip, base, size, symbolCount: symbols.size })
    // Of Protobuf it is skipped by its length.
    if (this.#format.isProtobuf) return at
    if (type.kind === 'record') {
      const fields = this.#room(type.fields.length * Field.bytes)
      for (const [index, field] of type.fields.entries())
        this.#memory.set(Field, fields + index * Field.bytes, { step: this.#skip(field.type) })
      this.#memory.set(Step, at, { fields, fieldCount: type.fields.length })
    } else if (type.kind === 'union') {
      const fields = this.#numbers(type.branches.map((branch) => this.#skip(branch)))
      this.#memory.set(Step, at, { fields, fieldCount: type.branches.length })
    } else if (type.item !== undefined) this.#memory.set(Step, at, { item: this.#skip(type.item) })
    return at
  }

  #step(step: StepOf<T>): number {
    const known = this.#steps.get(step)
    if (known !== undefined) return known
    const at = this.#room(Step.bytes)
    this.#steps.set(step, at)
    const { type, node, code } = step
    const walk = this.#walkOf(step)
    const { base, size, scale, symbols, wrapped } = this.#format.typeOf(type)
    const containers = node.tree?.containers ?? []
    const containersAt = this.#room(containers.length * Container.bytes)
    for (const [index, { id, node: own }] of containers.entries())
      this.#memory.set(Container, containersAt + index * Container.bytes, {
        id,
        seen: own === undefined ? 0 : this.#seenAt(own),
      })
    const { field } = node
    const isSingle = walk === Walk.take || walk === Walk.drop
    this.#memory.set(Step, at, {
      walk,
      code,
      base,
      size,
      scale,
      id: this.types.push(type) - 1,
      symbols: this.#symbols(symbols),
      symbolCount: symbols.size,
      item: wrapped === undefined ? 0 : this.#wrapped(wrapped),
      unlisted: step.unlisted.length,
      node: node.id,
      emitted: node.emitted ? 1 : 0,
      named: node.literal === '' ? 0 : 1,
      field,
      told: (isSingle ? this.#program.gone[field] !== 1 : step.told) ? 1 : 0,
      derived: this.#numbers(node.derived),
      derivedCount: node.derived.length,
      watches: this.#numbers(node.watches),
      watchCount: node.watches.length,
      tree: node.tree === undefined ? 0 : 1,
      containers: containersAt,
      containerCount: containers.length,
    })
    if (walk === Walk.skip) this.#copySkip(at, type)
    else if (walk === Walk.drop) this.#copySkip(at, type, walk)
    else if (walk === Walk.host) this.#hosts.add(step)
    else if (walk === Walk.union) this.#union(step, at)
    else if (walk === Walk.array) {
      const item = step.item!
      const isItemListed = item.node.kind === 'unlisted' ? 0 : 1
      this.#memory.set(Step, at, { item: this.#step(item), isItemListed })
      if (this.#hosts.has(item)) this.#hosts.add(step)
    } else if (walk === Walk.record) this.#record(step, at)
    return at
  }

  /** What is skipped goes over its type as all of that type do. */
  #copySkip(at: number, type: T, walk: number = Walk.skip): void {
    const from = this.#skip(type)
    const { words } = this.#memory
    for (const name of ['base', 'size', 'symbolCount', 'fields', 'fieldCount', 'item'] as const)
      words[(at + Step.offsets[name]) >> 2] = words[(from + Step.offsets[name]) >> 2]!
    this.#memory.set(Step, at, { walk })
  }

  /** What is in a message that stands for one text: it is no step of the program. */
  #wrapped(type: T): number {
    const at = this.#room(Step.bytes)
    const { base } = this.#format.typeOf(type)
    this.#memory.set(Step, at, {
      ...{ walk: Walk.take, code: this.#program.codeOf(type), base },
      id: this.types.push(type) - 1,
    })
    return at
  }

  #union(step: StepOf<T>, at: number): void {
    const fields = this.#numbers(step.branches.map((branch) => this.#step(branch)))
    this.#memory.set(Step, at, { fields, fieldCount: step.branches.length })
    // Null alone does not make it worth to begin.
    const others = step.branches.filter(({ type }) => type.kind !== 'null')
    if (others.length > 0 && others.every((branch) => this.#hosts.has(branch))) this.#hosts.add(step)
  }

  #record(step: StepOf<T>, at: number): void {
    const { positions, oneofs, fields: infos } = this.#format.typeOf(step.type)
    const fields = this.#room(step.fields.length * Field.bytes)
    for (const [index, field] of step.fields.entries()) {
      const { isLast, isImplicit, oneof, wire, isPackable } = infos[index] ?? NO_FIELD
      this.#memory.set(Field, fields + index * Field.bytes, {
        step: this.#fieldStep(field),
        seen: field.way === Way.value ? this.#seenAt(field.step.node) : 0,
        isLast: isLast ? 1 : 0,
        isImplicit: isImplicit ? 1 : 0,
        oneof,
        wire,
        isPackable: isPackable ? 1 : 0,
      })
      if (this.#hosts.has(field.step)) this.#hosts.add(step)
    }
    this.#memory.set(Step, at, {
      fields,
      fieldCount: step.fields.length,
      positions: this.#numbers(positions),
      positionCount: positions.length,
      counts: step.node.kind === 'map' ? 0 : 1,
      oneofs,
    })
  }

  #fieldStep({ way, step }: FieldStep<T>): number {
    return way === Way.skip ? this.#skip(step.type) : this.#step(step)
  }

  #walkOf({ code, type, node, fields, item }: StepOf<T>): number {
    const { kind } = node
    if (kind === 'unlisted') return Walk.skip
    if (code < Containers.array) {
      if (kind === 'scalar' || (kind === 'subtree' && !node.isDropped))
        return this.#format.typeOf(type).isKnown ? Walk.take : Walk.host
      return kind === 'subtree' ? Walk.drop : this.#format.isProtobuf ? Walk.host : Walk.nothing
    }
    const { isKnown } = this.#format.typeOf(type)
    if (code === Containers.union) return isKnown ? Walk.union : Walk.host
    if (kind === 'subtree' && node.isDropped) return Walk.drop
    if (!isKnown) return Walk.host
    if (node.carrier !== undefined) return Walk.host
    if (code === Containers.array) return kind === 'array' ? Walk.array : Walk.host
    const isPlain =
      code === Containers.record &&
      kind === 'object' &&
      item === undefined &&
      fields.every(({ way }) => way === Way.skip || way === Way.value)
    return isPlain ? Walk.record : Walk.host
  }
}
