/** A draft in which patterns stand for many paths, each at the place of the first of them. */
import { printSegments } from '../policy/path.ts'
import { gather, isClosed } from './gather.ts'
import type { Gathered } from './gather-check.ts'
import { type Proposal, undecided } from './proposal.ts'
import { type Draft, type DraftField, isBelow } from './propose.ts'

export interface GatheredDraft extends Draft {
  /** Headers that a pattern matches as they stand. */
  readonly matched: ReadonlySet<string>
}

const number = new Intl.NumberFormat('en-US')
const between = (numbers: readonly number[]): string => {
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)].map((one) => number.format(one))
  return least === most ? least! : `${least} to ${most}`
}

function evidenceOf(fields: readonly DraftField[]): string {
  const values = between(fields.map((field) => field.values))
  const distinct = between(fields.map((field) => field.distinct))
  return `${number.format(fields.length)} paths of the sample; ${values} values in each; ${distinct} distinct`
}

/** Texts and how often each occurs, the most frequent first; of more than a few, those. */
function counted(texts: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1)
  const all = [...counts].sort((a, b) => b[1] - a[1])
  const shown = all.slice(0, 5).map(([text, count]) => `${text} (${number.format(count)})`)
  return [...shown, ...(all.length > shown.length ? ['others'] : [])].join('; ')
}

const ruleText = ({ use, options }: Proposal): string =>
  [use, ...Object.entries(options ?? {}).map(([name, value]) => `${name} ${value}`)].join(' ')

/** One proposal for all. What would be kept, whole or in part, is not decided for names that are not in the sample. */
function proposalOf(fields: readonly DraftField[]): Proposal {
  const [first] = fields
  const { category, role, note, ...rule } = first!.proposal
  const notes = new Set(fields.map(({ proposal }) => proposal.note))
  const words = { ...(category === undefined ? {} : { category }), ...(role === undefined ? {} : { role }) }
  if (isClosed(first!.proposal))
    return { ...rule, ...words, ...(notes.size === 1 && note !== undefined ? { note } : {}) }
  if (fields.every(({ proposal }) => proposal.use === 'undecided'))
    return undecided(notes.size === 1 ? note! : counted(fields.map(({ proposal }) => proposal.note!)), words)
  return undecided(
    `proposed one by one: ${counted(fields.map(({ proposal }) => ruleText(proposal)))}. What a pattern keeps, it also keeps of names that are added later: write a rule with an accept, or list the paths, as \`lethe init --no-patterns\` does`,
    words,
  )
}

function fieldsFor({ segments, fields }: Gathered): DraftField[] {
  const gathered: DraftField = {
    path: printSegments(segments),
    segments,
    proposal: proposalOf(fields),
    evidence: evidenceOf(fields),
    values: 0,
    distinct: 0,
  }
  if (segments.at(-1)!.kind !== 'member') return [gathered]
  const names = segments.with(-1, { kind: 'names' })
  return [
    {
      ...gathered,
      path: printSegments(names),
      segments: names,
      proposal: undecided('the names of a map, which are values too: keep them with an accept?'),
      evidence: `${number.format(fields.length)} names`,
    },
    gathered,
  ]
}

/** The draft, with patterns for what many of its paths have in common. */
export function gatheredDraft(draft: Draft): GatheredDraft {
  const { subject, time, containers, leftOut, isOpen } = draft
  const listed = new Set([subject, time?.path, ...draft.required].filter((path) => path !== undefined))
  const of = new Map<DraftField, Gathered>()
  // What a text holds, and what may be one value, is listed: `read:` and `shape:` name what leads to listed paths.
  const marked = [...draft.texts.map(({ segments }) => segments), ...draft.either]
  const free = draft.fields.filter((field) => !marked.some((container) => isBelow(field, container)))
  for (const one of gather(free, { listed, containers, leftOut, isOpen }))
    for (const field of one.fields) of.set(field, one)
  const written = new Set<Gathered>()
  const fields = draft.fields.flatMap((field): DraftField[] => {
    const one = of.get(field)
    if (one === undefined) return [field]
    if (written.has(one)) return []
    written.add(one)
    return fieldsFor(one)
  })
  const matched = [...of.keys()].flatMap(({ header }) => (header?.is === 'name' ? [header.text] : []))
  return {
    ...draft,
    fields,
    undecided: fields.filter(({ proposal }) => proposal.use === 'undecided').length,
    matched: new Set(matched),
  }
}
