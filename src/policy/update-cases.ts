/** Writes expectations into a cases file. Comments, order and all else stay. */
import {
  Document,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseDocument,
  Scalar,
  type YAMLMap,
} from 'yaml'

/** What a case is to expect. */
export interface CaseUpdate {
  /** Of the case, from 0. */
  readonly index: number
  readonly key: 'expect' | 'part' | 'expectCsv' | 'outcome'
  /** As JSON text. */
  readonly json: string
}

/** So that every number is written as it was. */
const EXACT = { version: '1.2', schema: 'core', merge: false, intAsBigInt: true } as const

/** The file's text with the updates. `text` was read as cases, without a problem. */
export function updateCases(text: string, updates: readonly CaseUpdate[]): string {
  const document = parseDocument(text, EXACT)
  for (const { index, key, json } of updates) {
    const one = document.getIn(['cases', index]) as YAMLMap
    const before = one.get(key, true) as Node | undefined
    const after = nodeOf(json, isMap(before) ? before.flow !== true : one.flow !== true)
    one.set(key, merged(before, after))
  }
  // Items of lists are indented, unless the file does otherwise.
  const indentSeq = !/^cases:[^\n]*\n-/m.test(text)
  return document.toString({ lineWidth: 0, flowCollectionPadding: true, indentSeq })
}

/** The node of a JSON text, in blocks or in one line; texts without quotes where they need none. */
function nodeOf(json: string, inBlocks: boolean): Node {
  const node = parseDocument(json, EXACT).contents ?? new Document(null).createNode(null)
  const settle = (one: unknown): void => {
    if (isMap(one)) {
      if (inBlocks && one.items.length > 0) one.flow = false
      for (const pair of one.items) {
        settle(pair.key)
        settle(pair.value)
      }
    } else if (isSeq(one)) {
      if (inBlocks && one.items.length > 0) one.flow = false
      one.items.forEach(settle)
    } else if (isScalar(one) && typeof one.value === 'string') {
      delete one.type
      if (one.value.includes('\n')) one.type = Scalar.BLOCK_LITERAL
    }
  }
  settle(node)
  return node
}

const keyOf = ({ key }: Pair): string => (isScalar(key) ? (key.source ?? String(key.value)) : String(key))

/** `after`, with the comments, the order and the spelling of `before` where they still fit. */
function merged(before: unknown, after: Node): Node {
  if (isMap(before) && isMap(after)) {
    const fresh = new Map(after.items.map((pair) => [keyOf(pair), pair]))
    before.items = before.items.flatMap((pair) => {
      const now = fresh.get(keyOf(pair))
      if (now === undefined) return []
      fresh.delete(keyOf(pair))
      pair.value = merged(pair.value, now.value as Node)
      return [pair]
    })
    before.items.push(...(fresh.values() as Iterable<(typeof before.items)[number]>))
    return before
  }
  if (isSeq(before) && isSeq(after) && before.items.length === after.items.length) {
    before.items = before.items.map((item, i) => merged(item, after.items[i] as Node))
    return before
  }
  if (isScalar(before) && isScalar(after)) {
    const isSame =
      typeof before.value === typeof after.value &&
      (before.source ?? before.value) === (after.source ?? after.value)
    if (isSame) return before
    if (before.comment !== undefined) after.comment = before.comment
    if (before.commentBefore !== undefined) after.commentBefore = before.commentBefore
  }
  return after
}
