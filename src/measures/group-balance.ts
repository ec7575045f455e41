/** What became of each group of data subjects: how many were published, why others were not, and what was lost of them. */
import { balanceOf, FOUR_FIFTHS, type GroupBalance, SMALLEST_JUDGED } from './balance.ts'
import { distinctPer } from './classes.ts'
import type { EmptiedCount } from './emptied.ts'
import { type Fate, fateOf } from './fate.ts'
import type { GroupedBy } from './group-codes.ts'
import type { MeasuredRecords } from './measured-records.ts'
import { columnLoss, combinedLoss } from './utility.ts'
import { NOTHING } from './value-codes.ts'

/** Withheld records of one group for one reason. */
export interface Withheld extends Fate {
  readonly records: number
}

/** Values of one field in the published records of one group. */
export interface EmptiedValues {
  /** Output path. */
  readonly field: string
  readonly values: number
  /** In whose place nothing leaves, or the constant of `else:`. */
  readonly emptied: number
  /** Share of values that are left, in relation to the group where it is largest. */
  readonly ratio: number
  readonly isFlagged: boolean
}

/** How frequent a label is in a group. */
export interface LabelRate {
  /** Share of the read records that have it. */
  readonly read: number
  /** Share of the published records that have it. */
  readonly published: number
  /** The difference: above 0, it is more frequent in what is published. */
  readonly shift: number
  readonly isFlagged: boolean
}

export interface AuditedGroup extends GroupBalance {
  /** By reason, the most frequent first; without those of fewer subjects than may be told. */
  readonly withheld: readonly Withheld[]
  /** Withheld records for reasons that are not told. */
  readonly withheldOther: number
  /** Loss of its published records over the quasi-identifiers, from 0 to 1, as `utility.loss`; 0 where none is published. */
  readonly generalization: number
  /** Fields with values that left nothing in some group. */
  readonly emptied: readonly EmptiedValues[]
  readonly label?: LabelRate | undefined
}

export interface Balance {
  readonly of: GroupedBy
  /** The lowest ratio first. */
  readonly groups: readonly AuditedGroup[]
  /** Groups that are too small to be named, taken together. */
  readonly small: { readonly groups: number; readonly read: number; readonly published: number }
}

/** A quasi-identifier, by record of those that are measured. */
export interface AuditedColumn {
  readonly inputs: Int32Array
  readonly outputs: Int32Array
  readonly domain: number
  /** Which share of the domain an output stands for. */
  readonly shareOf: (output: number) => number
}

export interface AuditOptions {
  readonly by: GroupedBy
  /** Groups, and reasons in a group, of fewer subjects are not told; of fewer records, where each record counts as one. */
  readonly smallestGroup: number
  readonly hasSubjects: boolean
  readonly columns: readonly AuditedColumn[]
  /** Output paths of the fields that `emptied` counts. */
  readonly emptying: readonly string[]
  /** By group, by field. */
  readonly emptied: readonly (readonly EmptiedCount[])[]
  /** By record, 1 where it has the label; undefined: no label was named. */
  readonly label: Uint8Array | undefined
}

/** A label whose share moves further has shifted enough to be looked at. */
export const LABEL_SHIFT = 0.1

/** Records of one group, as places among `all`. */
interface Members {
  readonly code: number
  readonly places: number[]
}

/** What became of the groups of one grouping. `all`: the records that are measured. */
export function auditGroups(
  records: MeasuredRecords,
  grouping: number,
  all: Int32Array,
  options: AuditOptions,
): Balance {
  const { smallestGroup, hasSubjects, by } = options
  const codes = records.groupsOf(grouping, all)
  const names = records.groupings[grouping]!.names()
  const members = new Map<number, Members>()
  for (let i = 0; i < all.length; i++) {
    const group = members.get(codes[i]!) ?? { code: codes[i]!, places: [] }
    group.places.push(i)
    members.set(codes[i]!, group)
  }
  // Many records of one person tell as much of that person as one does.
  const whose = hasSubjects ? records.subjectsOf(all) : undefined
  const sizes = whose && distinctPer(codes, names.length, whose)
  const small = { groups: 0, read: 0, published: 0 }
  const named: Members[] = []
  const counts = ({ places }: Members) => ({
    read: places.length,
    published: places.filter((place) => records.isPublished(all[place]!)).length,
  })
  for (const group of members.values())
    if ((sizes?.[group.code] ?? group.places.length) >= smallestGroup) named.push(group)
    else {
      const { read, published } = counts(group)
      small.groups++
      small.read += read
      small.published += published
    }
  const emptied = emptiedOf(named, options)
  const fates = records.fatesOf(all)
  const texts = [...records.fates.entries()].map(([text]) => fateOf(text))
  const balance = balanceOf(
    named.map((group) => ({ name: names[group.code]!, ...counts(group), ...group })),
  ).map(({ code, places, ...group }) => ({
    ...group,
    ...withheldOf(places, fates, texts, whose, smallestGroup),
    generalization: generalizationOf(places, fates, options.columns),
    emptied: emptied.get(code)!,
    ...(options.label === undefined ? {} : { label: labelOf(places, fates, options.label) }),
  }))
  return { of: by, groups: balance, small }
}

function withheldOf(
  places: readonly number[],
  fates: Int32Array,
  texts: readonly Fate[],
  whose: Int32Array | undefined,
  smallest: number,
): Pick<AuditedGroup, 'withheld' | 'withheldOther'> {
  const reasons = new Map<number, { records: number; readonly subjects: Set<number> }>()
  for (const place of places) {
    const fate = fates[place]!
    if (fate === NOTHING) continue
    const reason = reasons.get(fate) ?? { records: 0, subjects: new Set<number>() }
    reason.records++
    if (reason.subjects.size < smallest) reason.subjects.add(whose?.[place] ?? place)
    reasons.set(fate, reason)
  }
  const withheld: Withheld[] = []
  let withheldOther = 0
  for (const [fate, { records, subjects }] of reasons)
    if (subjects.size >= smallest) withheld.push({ ...texts[fate - 1]!, records })
    else withheldOther += records
  return { withheld: withheld.sort((a, b) => b.records - a.records), withheldOther }
}

function generalizationOf(
  places: readonly number[],
  fates: Int32Array,
  columns: readonly AuditedColumn[],
): number {
  return combinedLoss(
    columns.map(({ inputs, outputs, domain, shareOf }) => {
      let shares = 0
      let count = 0
      for (const place of places) {
        if (fates[place] !== NOTHING || inputs[place] === NOTHING) continue
        shares += shareOf(outputs[place]!)
        count++
      }
      return columnLoss(shares, count, domain)
    }),
  )
}

/** By group. */
function emptiedOf(
  named: readonly Members[],
  { emptying, emptied, smallestGroup }: AuditOptions,
): ReadonlyMap<number, readonly EmptiedValues[]> {
  const told = new Map<number, EmptiedValues[]>(named.map(({ code }) => [code, []]))
  emptying.forEach((field, at) => {
    const counts = named.flatMap(({ code }) => {
      const count = emptied[code]?.[at]
      // How many of fewer subjects, none among them, is not told.
      return count === undefined || (count.emptied > 0 && count.subjects.size < smallestGroup)
        ? []
        : [{ code, ...count }]
    })
    if (counts.every((count) => count.emptied === 0)) return
    const left = ({ values, emptied: gone }: EmptiedCount): number => (values === 0 ? 1 : 1 - gone / values)
    const judged = counts.filter(({ values }) => values >= SMALLEST_JUDGED)
    const best = Math.max(0, ...judged.map(left))
    for (const count of counts) {
      const ratio = best === 0 ? 1 : left(count) / best
      told.get(count.code)!.push({
        field,
        values: count.values,
        emptied: count.emptied,
        ratio,
        isFlagged: count.values >= SMALLEST_JUDGED && ratio < FOUR_FIFTHS,
      })
    }
  })
  return told
}

function labelOf(places: readonly number[], fates: Int32Array, label: Uint8Array): LabelRate {
  let [read, published, kept] = [0, 0, 0]
  for (const place of places) {
    read += label[place]!
    if (fates[place] !== NOTHING) continue
    kept++
    published += label[place]!
  }
  const rates = { read: read / places.length, published: kept === 0 ? 0 : published / kept }
  const shift = kept === 0 ? 0 : rates.published - rates.read
  return {
    ...rates,
    shift,
    isFlagged: kept >= SMALLEST_JUDGED && Math.abs(shift) > LABEL_SHIFT,
  }
}
