/**
 * Where the rules of tags hold in the records of one schema: the shape of the plan, which knows paths and patterns, joined to the
 * tags of the schema. It is the same for every format: a program goes over its types, and asks here what stands at each place.
 *
 * 1. A listed path has its own rule. What is below `keep.subtree` has the rule of its tag, if it carries one.
 * 2. So has a pattern, unless it keeps.
 * 3. Then the rule of the tags of the field counts, or of the nearest field around it that has one.
 *
 * What would be kept while it carries a tag that the rule does not name, and what has rules of several tags, is a fault of the
 * schema: none of its records leaves.
 */
import { printName } from '../../policy/path.ts'
import type { Plan, PlanField } from '../../policy/plan.ts'
import { SchemaFault } from '../schema-text.ts'
import { type Shape, UNLISTED } from '../shape.ts'
import type { ShapeNode } from '../shape-node.ts'
import { AMBIGUOUS, NO_RULE, TagRules } from './tag-rules.ts'
import { type TaggedField, type TaggedType, tagInWords } from './tagged-type.ts'
import { TaggedTypes } from './tagged-types.ts'

/** Tags around one place. */
const MOST_TAGS = 100
/** Faults that are told. */
const MOST_TOLD = 20

/** What the tags around a place say. */
interface State {
  readonly tags: readonly string[]
  /** The field of the plan that has the nearest rule. */
  readonly rule: number
  /** The field of the plan that keeps a subtree around it; -1: none does. */
  readonly kept: number
}

/** A place of records. One object stands for all that are the same. */
export interface Spot {
  /** What paths and patterns lead to; undefined: nothing names it. */
  readonly base: ShapeNode | undefined
  readonly state: State
  /** Whether it is one of the types that a value may have. */
  readonly isBranch: boolean
  /** For people. */
  readonly path: string
}

export class TaggedPlaces {
  readonly #plan: Plan
  readonly #blank: ShapeNode
  readonly #rules: TagRules
  readonly #types: TaggedTypes
  readonly #states = new Map<string, State>()
  readonly #spots = new Map<ShapeNode | undefined, Map<State, Spot[]>>()
  /** By tag that has a rule, the places that it takes; and tagged ones that are left out, since no rule names them. */
  readonly taken: Map<string, Set<string>> = new Map()
  readonly leftOut: Set<string> = new Set()
  /** What is wrong, a sentence each. */
  readonly faults: Set<string> = new Set()
  readonly root: Spot

  constructor(plan: Plan, shape: Shape, type: TaggedType) {
    this.#plan = plan
    this.#blank = shape.blank!
    this.#rules = new TagRules(plan, plan.tags!)
    this.#types = new TaggedTypes(type, this.#rules)
    this.root = this.#enter(this.#state([], NO_RULE, -1), type.tags, shape.root, '')
  }

  /** @throws SchemaFault where something is wrong */
  check(): void {
    if (this.faults.size === 0) return
    const told = [...this.faults].slice(0, MOST_TOLD)
    const more = this.faults.size - told.length
    throw new SchemaFault('tagged-without-rule', `${told.join('; ')}${more > 0 ? `; and ${more} more` : ''}`)
  }

  /** A field of a record; `base`: where paths and patterns lead. Undefined where it is left out. */
  member(spot: Spot, base: ShapeNode | undefined, { name, type, tags }: TaggedField): Spot | undefined {
    if (base === undefined && isWritten(spot.base, name)) return undefined
    const path = spot.path === '' ? printName(name) : `${spot.path}.${printName(name)}`
    return this.#enter(this.#below(spot), [...tags, ...type.tags], base, path)
  }

  /** The items of an array or map. */
  item(spot: Spot, { item, kind }: TaggedType): Spot {
    const path = `${spot.path}${kind === 'array' ? '[]' : '.*'}`
    return this.#enter(this.#below(spot), item!.tags, spot.base?.item, path)
  }

  /** Whether what the schema does not name of a record stays, as part of a kept subtree. */
  keepsRest({ base, state }: Spot): boolean {
    if (base === undefined) return state.kept >= 0 && state.rule === NO_RULE
    return base.kind === 'subtree' && base.field >= 0 && !base.isDropped
  }

  /** A branch of a union. */
  branch(spot: Spot, { tags }: TaggedType): Spot {
    return this.#enter(spot.state, tags, spot.base, spot.path, true)
  }

  /** A member of a map whose keys are read as names; `base`: where paths and patterns lead. */
  named(spot: Spot, { item }: TaggedType, base: ShapeNode): Spot {
    return this.#enter(this.#below(spot), item!.tags, base, base.path || `${spot.path}.*`)
  }

  /** What stands at a place, where a value of this type is. */
  node(spot: Spot, type: TaggedType): ShapeNode {
    const { base, state } = spot
    if (base === undefined || base.kind === 'unlisted') return this.#loose(spot, type)
    if (base.isTie) return base
    if (base.kind === 'scalar' || base.kind === 'subtree') return this.#listed(spot, base, type)
    if (type.kind === 'map' && base.namesField >= 0) this.#mayKeep(base.namesField, spot)
    // What was only led through is written where something in it is.
    const leads = !base.emitted && (state.rule !== NO_RULE || this.#types.leads(type))
    return leads ? copyOf(base, { emitted: true }) : base
  }

  /** What a path or pattern ends at. */
  #listed(spot: Spot, base: ShapeNode, type: TaggedType): ShapeNode {
    const { state } = spot
    const field = this.#plan.fields[base.field]
    if (field === undefined && base.derived.length === 0) {
      // It is only read.
      if (state.rule === NO_RULE || type.kind === 'union') return base
      return this.#byRule(spot, base) ?? base
    }
    if (field?.path.isPattern && this.#rules.unsaid(field, state.tags).length > 0 && state.rule !== NO_RULE)
      return this.#byRule(spot, base) ?? base
    for (const one of [base.field, ...base.derived]) if (one >= 0) this.#mayKeep(one, spot)
    if (base.kind !== 'subtree' || base.isDropped || !this.#types.isTagged(type)) return base
    if (base.derived.length > 0) {
      for (const one of base.derived)
        this.#fault(spot, `is below what \`${this.#plan.fields[one]!.path.text}\` keeps, and carries a tag`)
      return base
    }
    return this.#split(type, base, base.field)
  }

  /** What no path names. */
  #loose(spot: Spot, type: TaggedType): ShapeNode {
    const { state } = spot
    const { kind } = type
    const { rule, kept } = state
    const isSingle = kind !== 'union' && kind !== 'record' && kind !== 'array' && kind !== 'map'
    if (rule === NO_RULE && kept >= 0) {
      const isSplit = kind === 'union' || (!isSingle && this.#types.isTagged(type))
      // The names of a map are kept with it.
      if (!isSplit || kind === 'map') this.#mayKeep(kept, spot)
      if (isSplit) return this.#split(type, this.#blank, kept)
      return this.#leaf(this.#blank, kept, 'subtree')
    }
    if (rule === NO_RULE && !this.#types.leads(type)) {
      if (state.tags.length > 0) this.leftOut.add(spot.path)
      if (this.#plan.unlisted === 'reject' && state.tags.length > 0)
        this.#fault(spot, `carries ${inWords(state.tags)}, and no rule names it`)
      // Beside it, other types of a value may lead on.
      return spot.isBranch ? this.#open(false) : UNLISTED
    }
    if (isSingle) return this.#byRule(spot, this.#blank) ?? UNLISTED
    const dropsAll = rule >= 0 && this.#rules.drops(rule) && !this.#types.leads(type)
    if (dropsAll && kind !== 'union') {
      this.#take(spot)
      return this.#leaf(this.#blank, rule, 'subtree')
    }
    if (kind === 'map') return this.#map(spot)
    return this.#open(kind === 'array' && this.#ends(type, rule))
  }

  /** A map that carries a tag: its names are values, and have its rule. */
  #map(spot: Spot): ShapeNode {
    const { rule } = spot.state
    // The names of other maps have no rule: so nothing below them leaves.
    if (rule === NO_RULE) return UNLISTED
    if (rule === AMBIGUOUS || !this.#rules.makesNames(rule)) {
      this.#fault(
        spot,
        rule === AMBIGUOUS
          ? `carries ${inWords(spot.state.tags)}, which have several rules`
          : `is a map that carries ${inWords(spot.state.tags)}, and the rule makes no names of its names`,
      )
      return UNLISTED
    }
    this.#mayKeep(rule, spot)
    this.#take(spot)
    return copyOf(this.#blank, { kind: 'map', namesField: rule, emitted: true })
  }

  /** A container that is kept but for what is tagged in it; a single value as it stands. */
  #split({ kind }: TaggedType, from: ShapeNode, field: number): ShapeNode {
    if (kind === 'record') return copyOf(from, { kind: 'object', field: -1, emitted: true })
    if (kind === 'array') return copyOf(from, { kind: 'array', field: -1, emitted: true })
    if (kind === 'map') return copyOf(from, { kind: 'map', namesField: field, field: -1, emitted: true })
    return copyOf(from, { kind: 'subtree', field })
  }

  /** A value that has the rule of its tag; undefined where several have one. */
  #byRule(spot: Spot, from: ShapeNode): ShapeNode | undefined {
    const { rule, tags } = spot.state
    if (rule === AMBIGUOUS) {
      this.#fault(spot, `carries ${inWords(tags)}, which have several rules`)
      return undefined
    }
    this.#mayKeep(rule, spot)
    this.#take(spot)
    // What gates read of a value is needed where the value is dropped, too.
    return this.#leaf(from, rule, this.#rules.drops(rule) && from.watches.length === 0 ? 'subtree' : 'scalar')
  }

  #leaf(from: ShapeNode, field: number, kind: 'scalar' | 'subtree'): ShapeNode {
    const isDropped = kind === 'subtree' && this.#rules.drops(field)
    return copyOf(from, { kind, field, isDropped, ends: true })
  }

  #open(ends: boolean): ShapeNode {
    return copyOf(this.#blank, { kind: 'open', emitted: true, ends })
  }

  /** Whether the elements have the rule: then an empty array is a value too. */
  #ends({ item }: TaggedType, around: number): boolean {
    const own = this.#rules.ruleOf(this.#rules.counted(item!.tags))
    const rule = own === NO_RULE ? around : own
    if (item!.kind === 'array') return this.#ends(item!, rule)
    return rule >= 0 && item!.kind !== 'record' && item!.kind !== 'map'
  }

  #take({ path, state }: Spot): void {
    const { tag } = this.#plan.fields[state.rule]!.path
    const known = this.taken.get(tag!) ?? new Set()
    this.taken.set(tag!, known.add(path))
  }

  /** Faults where a rule of the field keeps what carries these tags, and does not name them. */
  #mayKeep(field: number, spot: Spot): void {
    const of = this.#plan.fields[field]!
    const tags = this.#rules.unsaid(of, spot.state.tags)
    if (tags.length > 0) this.#fault(spot, `carries ${inWords(tags)}, and ${keeping(of)} keeps it`)
  }

  #fault({ path }: Spot, what: string): void {
    this.faults.add(`${path === '' ? 'the record' : `\`${path}\``} ${what}`)
  }

  /** What holds for what is inside a place: of a kept subtree, its rule. */
  #below({ base, state }: Spot): State {
    if (base?.kind !== 'subtree' || base.field < 0) return state
    const field = this.#plan.fields[base.field]!
    const tags = this.#rules.unsaid(field, state.tags)
    return this.#state(tags, NO_RULE, base.field)
  }

  #enter(
    around: State,
    tags: readonly string[],
    base: ShapeNode | undefined,
    path: string,
    isBranch = false,
  ): Spot {
    const own = this.#rules.counted(tags)
    let state = around
    if (own.length > 0) {
      // What the kept subtree says of its own tags holds inside of it.
      const kept = this.#plan.fields[around.kept]
      const counted = kept === undefined ? own : this.#rules.unsaid(kept, own)
      const rule = this.#rules.ruleOf(counted)
      const all = [...new Set([...around.tags, ...counted])]
      state = this.#state(all, rule === NO_RULE ? around.rule : rule, around.kept)
    }
    const ofBase = this.#spots.get(base) ?? new Map<State, Spot[]>()
    this.#spots.set(base, ofBase)
    const known = ofBase.get(state) ?? []
    ofBase.set(state, known)
    let spot = known.find((one) => one.isBranch === isBranch)
    if (spot === undefined) {
      spot = { base, state, isBranch, path }
      known.push(spot)
    }
    return spot
  }

  #state(tags: readonly string[], rule: number, kept: number): State {
    if (tags.length > MOST_TAGS)
      throw new SchemaFault('schema-too-large', `more than ${MOST_TAGS} tags are around one field`)
    const sorted = tags.toSorted()
    const key = JSON.stringify([rule, kept, sorted])
    let state = this.#states.get(key)
    if (state === undefined) {
      state = { tags: sorted, rule, kept }
      this.#states.set(key, state)
    }
    return state
  }
}

const copyOf = (node: ShapeNode, changed: Partial<ShapeNode>): ShapeNode => ({ ...node, ...changed })

const inWords = (tags: readonly string[]): string => `the tag ${tags.map(tagInWords).join(', ')}`

const keeping = ({ path }: PlanField): string =>
  path.tag === undefined ? `the rule of \`${path.text}\`` : `the rule of the tag \`${path.tag}\``

/** Whether the policy writes a value of its own under this name. */
function isWritten(node: ShapeNode | undefined, name: string): boolean {
  const tree = node?.tree
  if (tree === undefined) return false
  const literal = `${JSON.stringify(name)}:`
  const isName = (one: Uint8Array): boolean => Buffer.from(one).toString('utf8') === literal
  return tree.leaves.some((leaf) => isName(leaf.name)) || tree.containers.some((one) => isName(one.name))
}
