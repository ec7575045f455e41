/** Writes the records of a block that may pass, from the walker's operations and the results of the rules. */

import type { Format } from './apply.ts'
import { type Block, DROPPED, SlotKind } from './block.ts'
import { decodeBytes } from './byte-text.ts'
import { jsonString, unescapeJson } from './json-text.ts'
import { type JsonWalker, Op } from './json-walker.ts'
import type { DerivedTree, Shape, ShapeNode } from './shape.ts'

export const jsonFormat: Format = {
  text(block, slot) {
    const bytes = block.source.slice(block.slotStart[slot]!, block.slotEnd[slot]!)
    const text = block.ascii ? bytes : decodeBytes(bytes)
    return block.slotKind[slot] === SlotKind.escaped ? unescapeJson(text) : text
  },
  writeString: (text, plain) => (plain ? `"${text}"` : jsonString(text)),
  writeNumber: (text) => text,
  copy(block, slot) {
    const inQuotes = block.slotKind[slot]! <= SlotKind.escaped ? 1 : 0
    return block.source.slice(block.slotStart[slot]! - inQuotes, block.slotEnd[slot]! + inQuotes)
  },
  null: 'null',
}

export class JsonWriter {
  readonly #nodes: readonly ShapeNode[]
  readonly #members: readonly string[]
  readonly #nextMembers: readonly string[]
  #block!: Block
  /** Names written in the open maps. */
  readonly #maps: Set<string>[] = []

  constructor(shape: Shape) {
    this.#nodes = shape.nodes
    this.#members = shape.nodes.map((node) => node.literal)
    this.#nextMembers = shape.nodes.map((node) => `,${node.literal}`)
  }

  /**
   * One record from operations `[from, to)`, as a byte string; undefined if two names of a map became one.
   */
  write(block: Block, walker: JsonWalker, from: number, to: number): string | undefined {
    this.#block = block
    const { ops } = walker
    const { results } = block
    let out = ''
    let first = true
    for (let index = from; index < to; index++) {
      const at = index << 2
      const a = ops[at + 1]!
      switch (ops[at]) {
        case Op.member: {
          const result = results[ops[at + 2]!]!
          if (result === DROPPED) break
          out += (first ? this.#members[a]! : this.#nextMembers[a]!) + (result as string)
          first = false
          break
        }
        case Op.value: {
          const result = results[a]!
          if (result === DROPPED) break
          out += first ? (result as string) : `,${result as string}`
          first = false
          break
        }
        case Op.name:
          out += first ? this.#members[a]! : this.#nextMembers[a]!
          first = true
          break
        case Op.openMap:
          this.#maps.push(new Set())
          out += first ? '{' : ',{'
          first = true
          break
        case Op.openObject:
          out += first ? '{' : ',{'
          first = true
          break
        case Op.openArray:
          out += first ? '[' : ',['
          first = true
          break
        case Op.closeMap:
          this.#maps.pop()
          out += '}'
          first = false
          break
        case Op.closeObject:
          out += '}'
          first = false
          break
        case Op.closeArray:
          out += ']'
          first = false
          break
        case Op.mapName: {
          const result = results[a]!
          const valueDropped = ops[at + 4] === Op.value && results[ops[at + 5]!] === DROPPED
          if (result === DROPPED || valueDropped) {
            index = ops[at + 2]! - 1
            break
          }
          const name = JSON.parse(Buffer.from(result as string, 'latin1').toString('utf8')) as string
          const names = this.#maps.at(-1)!
          if (names.has(name)) {
            this.#maps.length = 0
            return undefined
          }
          names.add(name)
          out += first ? `${result as string}:` : `,${result as string}:`
          first = true
          break
        }
        case Op.derived:
        case Op.derivedContainer: {
          const tree = this.#nodes[a]!.tree!
          const scope = ops[at + 2]!
          const part =
            ops[at] === Op.derived
              ? this.#leaves(tree, scope)
              : this.#container(tree.containers[ops[at + 3]!]!, scope)
          if (part === '') break
          out += first ? part : `,${part}`
          first = false
          break
        }
        case Op.nullContainer: {
          const node = this.#nodes[a]!
          const part = node.tree === undefined ? '' : this.#tree(node.tree, ops[at + 2]!)
          out += `${first ? '' : ','}${node.literal}${part === '' ? 'null' : `{${part}}`}`
          first = false
          break
        }
      }
    }
    return out
  }

  #leaves(tree: DerivedTree, scope: number): string {
    let out = ''
    for (const { literal, field } of tree.leaves) {
      const slot = this.#block.derived[field]![scope]! - 1
      const result = slot < 0 ? DROPPED : this.#block.results[slot]!
      if (result !== DROPPED) out += `${out === '' ? '' : ','}${literal}${result as string}`
    }
    return out
  }

  #container(container: DerivedTree['containers'][number], scope: number): string {
    const inner = this.#tree(container.tree, scope)
    return inner === '' ? '' : `${container.literal}{${inner}}`
  }

  #tree(tree: DerivedTree, scope: number): string {
    const parts = [
      this.#leaves(tree, scope),
      ...tree.containers.map((container) => this.#container(container, scope)),
    ]
    return parts.filter((part) => part !== '').join(',')
  }
}
