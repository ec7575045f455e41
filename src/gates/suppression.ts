/** The gate of `suppression:`: whether a record is of a subject on a list. It judges before all others. */
import { hash } from 'node:crypto'
import type { Gate, JudgedRecords } from '../engine/gate.ts'
import { TOKEN_BYTES, TokenTable } from '../lists/token-table.ts'
import type { Plan, PlanSuppression } from '../policy/plan.ts'
import type { GateData } from './gate-data.ts'

/** Whether an identifier is on a list; undefined where it is not known whose it is. */
type Lookup = (texts: readonly string[]) => boolean | undefined

/** Many records are of one subject: so many answers are remembered. */
const REMEMBERED = 4096
/** Longer ones are no identifiers, and would fill memory. */
const MOST_CHARACTERS = 256

/** The gate of a plan that names lists. Without `data` it only tells what it reads. */
export function suppressionGate({ suppression }: Plan, data?: GateData): Gate | undefined {
  if (suppression.length === 0) return undefined
  const lookups = data && suppression.map((one) => remembered(lookupOf(one, data)))
  let read = 0
  const places = suppression.map(({ by }) => by.map(() => read++))
  return {
    name: 'suppression',
    phase: 'before-rules',
    reads: suppression.flatMap(({ by }) => by),
    reasons: [...new Set(suppression.map(({ label }) => label))],
    judge(records) {
      if (lookups === undefined) throw new Error('a gate judges without its lists')
      for (let record = records.from; record < records.to; record++) {
        if (records.isSuppressed(record)) continue
        let isUnknown = false
        for (const [index, { by, label }] of suppression.entries())
          for (const texts of identifiersIn(records, record, places[index]!, by.length)) {
            const found = lookups[index]!(texts)
            if (found === true) records.deny(record, label)
            else if (found === undefined) isUnknown = true
          }
        if (isUnknown) records.fail(record, 'identifier-unparsable')
      }
    },
  }
}

/** The identifiers of a record, each in its parts; one that lacks a part is none. */
function identifiersIn(
  records: JudgedRecords,
  record: number,
  places: readonly number[],
  parts: number,
): readonly (readonly string[])[] {
  if (parts === 1) return records.texts(record, places[0]!).map((text) => [text])
  const texts = places.map((place) => records.text(record, place))
  return texts.includes(undefined) ? [] : [texts as string[]]
}

function lookupOf({ list, entries, toNormal }: PlanSuppression, { lists, matchKeys }: GateData): Lookup {
  const { memory, domain, keys } = lists.get(list)!
  const table = TokenTable.of(memory)
  const tokensOf =
    entries === 'match'
      ? matched(keys.map(({ id, check }) => matchKeys!.matcher(id, check, domain, `the list ${list}`)))
      : hashed(encodingOf(entries))
  return (texts) => {
    const normal: string[] = []
    for (const [part, text] of texts.entries()) {
      const found = toNormal[part]!(text)
      if (found === undefined) return undefined
      // Nothing is left of it, so that it is on no list.
      if (found === '') return false
      normal.push(found)
    }
    return tokensOf(normal).some((token) => table.has(token))
  }
}

/** Of raw lists either does: their digests are made here. */
export const encodingOf = (entries: PlanSuppression['entries']): 'hex' | 'base64' =>
  entries === 'sha256-hex' ? 'hex' : 'base64'

type Tokens = (normal: readonly string[]) => readonly Buffer[]

const matched =
  (matchers: readonly ((text: string) => Buffer)[]): Tokens =>
  ([text]) =>
    matchers.map((match) => match(text!))

const hashed =
  (encoding: 'hex' | 'base64'): Tokens =>
  (normal) => [hashedToken(encoding, normal)]

/** SHA-256 of a text; of several parts, of their digests as they are written, one behind the other. */
export function hashedToken(encoding: 'hex' | 'base64', normal: readonly string[]): Buffer {
  const text =
    normal.length === 1 ? normal[0]! : normal.map((part) => hash('sha256', part, encoding)).join('')
  return hash('sha256', text, 'buffer').subarray(0, TOKEN_BYTES)
}

function remembered(lookup: Lookup): Lookup {
  const known = new Map<string, boolean | undefined>()
  return (texts) => {
    const key = texts.length === 1 ? texts[0]! : JSON.stringify(texts)
    if (known.has(key)) return known.get(key)
    const found = lookup(texts)
    if (key.length > MOST_CHARACTERS) return found
    if (known.size >= REMEMBERED) known.clear()
    known.set(key, found)
    return found
  }
}
