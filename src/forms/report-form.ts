/**
 * The form of a report: every figure that its page shows stands here once. No raw value, and no name of a file. It is long, as each type stands
 * here twice, for the compiler and for what is read.
 */
import { z } from 'zod'
import type { CountedApproval } from '../approval/required-approval.ts'
import type { CrowdView } from '../run/account/account-view.ts'
import type { GroupsView } from '../run/account/groups-view.ts'
import { count, counts, sha256 } from './form-parts.ts'
import { type Measurement, measurementForm } from './measurement.ts'
import { crowdForm, groupsForm } from './summaries.ts'

export const TILES = ['privacy', 'utility', 'balance', 'operations'] as const
export type TileName = (typeof TILES)[number]

/** The worst first: a verdict is the first of these that a tile has. */
export const TILE_STATES = ['failed', 'beyond', 'not-measured', 'within'] as const
export type TileState = (typeof TILE_STATES)[number]

export interface TrendPoint {
  /** When that report was made. */
  readonly made: string
  readonly version: number
  readonly is: TileState
  readonly value: number | null
}

export interface ReportTile {
  readonly tile: TileName
  readonly is: TileState
  /** A share or a ratio; null where it was not measured. */
  readonly value: number | null
  readonly limit: number
  readonly bound: 'at-most' | 'at-least'
  readonly limitFrom: 'default' | 'file'
  /** Sentences. */
  readonly why: readonly string[]
  /** Of earlier reports, the oldest first. */
  readonly trend: readonly TrendPoint[]
}

export interface ReportCount {
  readonly reason: string
  /** The meaning of a code. */
  readonly is?: string
  readonly count: number
  /** Of the records that were read; absent where none was, and of what is no record. */
  readonly share?: number
}

/** What became of records. `remainder`: those of which nothing is said; 0 where all is as it should be. */
export interface ReportFlow {
  readonly in: number
  readonly published: number
  readonly tombstones: number
  readonly suppressed: readonly ReportCount[]
  readonly deadLettered: readonly ReportCount[]
  readonly remainder: number
  readonly totals: { readonly suppressed: number; readonly deadLettered: number }
  /** Null where no record was read. */
  readonly shares: { readonly published: number | null; readonly tombstones: number | null }
}

interface FileEnd {
  readonly records?: number
  readonly bytes: number
  readonly sha256?: string
  /** The digest is not shown: so few records could be guessed from it. */
  readonly isWithheld?: boolean
}

export interface ReportRun {
  /** From 1. */
  readonly run: number
  readonly kind: 'batch' | 'merge' | 'stream' | 'replay'
  readonly pipeline?: string
  readonly route?: string
  readonly status: string
  /** Whether it ended as it should, and all of it was counted. */
  readonly isWhole: boolean
  readonly dryRun: boolean
  readonly version: string
  /** The instant that retention was judged at. */
  readonly asOf?: string
  /** Of the file of its summary. */
  readonly summary: string
  readonly flow: ReportFlow
  readonly blank: number
  readonly unlisted: number
  /** Records that were read and not settled when it stopped. */
  readonly unsettled: number
  readonly inputs: readonly (FileEnd & { readonly input: number; readonly format: string })[]
  readonly outputs: readonly (FileEnd & { readonly output: number })[]
  /** Files that are not listed, as there are too many. */
  readonly more: { readonly inputs: number; readonly outputs: number }
  readonly deadLetterFile?: FileEnd
  readonly approvals: readonly CountedApproval[]
  readonly lists: readonly { readonly list: string; readonly entries: number; readonly suppressed: number }[]
  readonly tables: readonly { readonly table: string; readonly purpose: string; readonly subjects: number }[]
  readonly groups?: GroupsView
  readonly crowd?: CrowdView
  readonly warnings: readonly string[]
}

export interface ReportRule {
  readonly use: string
  /** What is done, what leaves, which values it takes, and what follows where it cannot: in words. */
  readonly done: string
  readonly leaves?: string
  readonly when?: string
  readonly after?: string
  readonly onFailure?: string
  readonly doesNotStop?: string
  readonly weaknesses: readonly string[]
  readonly applied: number
  readonly failed: number
  /** Values that look like which kind of personal value, among those that were looked at. */
  readonly suspects: Readonly<Record<string, number>>
}

export interface ReportField {
  readonly field: string
  readonly from?: string
  readonly category?: string
  readonly role: string
  readonly rules: readonly ReportRule[]
  /** Of a record that was made up, as JSON. */
  readonly before: readonly string[]
  readonly after: readonly string[]
}

export interface ReportReason {
  readonly kind: string
  readonly reason: string
  /** The rule that failed. */
  readonly rule?: string
  readonly records: number
}

export interface ReportGroup {
  readonly name: string
  /** Why records of it were withheld, the most frequent reasons first; `other`: for reasons that are not told. */
  readonly withheld: readonly ReportReason[]
  readonly other: number
  /** Loss of its published records. */
  readonly generalization: number
  /** Fields of which fewer values are left than of the best group. */
  readonly emptied: readonly { readonly field: string; readonly ratio: number }[]
  readonly label?: { readonly read: number; readonly published: number; readonly isFlagged: boolean }
  readonly read: number
  readonly published: number
  readonly retention: number
  readonly low: number
  readonly high: number
  readonly ratio: number
  readonly isFlagged: boolean
}

/** Of one measure: who was kept, the worst first. */
export interface ReportBalance {
  readonly measure: number
  readonly by: string
  /** By what of the value of the field. */
  readonly of: string
  /** The field of the label whose share is told. */
  readonly label?: string
  readonly groups: readonly ReportGroup[]
  /** Groups that are not listed, as there are too many; and those without a name, taken together. */
  readonly more: { readonly groups: number; readonly read: number; readonly published: number }
  readonly small: { readonly groups: number; readonly read: number; readonly published: number }
  /** Of the unnamed ones: their retention, and in relation to the best; null where there are none. */
  readonly smallRetention: number | null
  readonly smallRatio: number | null
}

export interface CurvePoint {
  readonly k: number
  readonly loss: number
  readonly of: 'solved' | 'earlier' | 'this'
}

export interface LedgerTotals {
  readonly verified: 'as-written' | 'not-as-written' | 'not-checked'
  readonly chains: readonly {
    readonly chain: string
    readonly entries: number
    readonly from: string
    readonly until: string
    readonly anchored: number | null
  }[]
  /** What verification found, by code. */
  readonly findings: readonly ReportCount[]
  readonly actions: readonly {
    readonly action: string
    readonly about: LedgerTopic
    readonly is: string
    readonly done: number
    readonly failed: number
    /** Begun, and without an outcome. */
    readonly open: number
    /** Sums of what entries that are done count. */
    readonly counts: Readonly<Record<string, number>>
  }[]
}

export const LEDGER_TOPICS = ['consent', 'retention', 'erasure', 'holds', 'keys', 'runs', 'other'] as const
export type LedgerTopic = (typeof LEDGER_TOPICS)[number]

export interface ReportApproval extends CountedApproval {
  readonly version: number
  readonly note: string
  readonly state: string
}

/** What changed since the policy was approved last. */
export interface ReportChange {
  readonly state: 'approved' | 'compared' | 'old-policy-missing' | 'never-approved' | 'policy-missing'
  readonly before?: { readonly version: number; readonly fingerprint: string }
  readonly weaker?: number
  readonly changes: readonly {
    readonly verdict: string
    readonly kind: string
    readonly field?: string
    readonly what: string
  }[]
}

export interface ReportFinding {
  readonly id: string
  readonly concern: string
  readonly reporter: string
  readonly owner: string
  readonly due: string
  readonly state: 'open' | 'mended' | 'accepted' | 'dismissed'
  readonly outcome?: string
  readonly isOverdue: boolean
}

export interface ReportDocument {
  readonly lethe: 'report'
  readonly v: 1
  readonly version: string
  /** RFC 3339. */
  readonly made: string
  readonly policy: {
    readonly name: string
    readonly version: number
    readonly purpose: string
    readonly fingerprint: string
    readonly platform: string
  }
  readonly keyChecks: Readonly<Record<string, string>>
  readonly verdict: {
    readonly is: TileState
    /** The tiles that are as bad as that. */
    readonly tiles: readonly TileName[]
    readonly sentences: readonly string[]
  }
  readonly tiles: readonly ReportTile[]
  /** Of the limits: who set them, and why, where a file says it. */
  readonly limitsReason?: string
  /** What figures are judged by beside the limits. */
  readonly bounds: {
    readonly smallestJudged: number
    readonly smallestNamed: number
    readonly confidence: number
  }
  readonly runs: readonly ReportRun[]
  /** Of all runs together. */
  readonly flow: ReportFlow
  /** The policy as a whole. */
  readonly overview: readonly { readonly name: string; readonly says: string }[]
  /** Whether field for field comes from the policy, or from the summaries alone. */
  readonly fieldsFrom: 'policy' | 'summary'
  readonly fields: readonly ReportField[]
  readonly acceptances: readonly { readonly about: string; readonly reason: string }[]
  readonly measures: readonly Measurement[]
  /** Records that the measures are of, and those that the runs read. */
  readonly measured: {
    readonly records: number
    readonly of: number
    /** Records that the runs published. */
    readonly published: number
    /** By measure. */
    readonly covered: readonly { readonly records: number; readonly published: number }[]
  }
  readonly balances: readonly ReportBalance[]
  readonly curve: readonly CurvePoint[]
  readonly ledger?: LedgerTotals
  readonly holds?: {
    readonly inForce: number
    readonly expired: number
    readonly released: number
    readonly nextExpiry?: string
  }
  readonly approvals: readonly ReportApproval[]
  readonly change: ReportChange
  /** Absent where no file was given. */
  readonly findings?: readonly ReportFinding[]
  /** Where the pages of docs/ are read, for links. */
  readonly docs?: string
}

const share = z.number().min(0).max(1)
const text = z.string()
const state = z.enum(TILE_STATES)

const policy = {
  name: text,
  version: z.int().min(1),
  purpose: text,
  fingerprint: sha256,
  platform: text,
} as const

const tile = z.object({
  tile: z.enum(TILES),
  is: state.describe('`not-measured`: a figure is missing, so that nothing can be said.'),
  value: z.number().min(0).nullable().describe('A share, or of `balance` a ratio.'),
  limit: z.number().min(0),
  bound: z.enum(['at-most', 'at-least']),
  limitFrom: z.enum(['default', 'file']),
  why: z.array(text).describe('Sentences for people; they may change.'),
  trend: z
    .array(z.object({ made: text, version: z.int().min(1), is: state, value: z.number().nullable() }))
    .describe('Of earlier reports, the oldest first.'),
})

const counted = z.array(
  z.object({ reason: text, is: text.exactOptional(), count, share: z.number().exactOptional() }),
)

const flow = z.object({
  in: count,
  published: count,
  tombstones: count,
  suppressed: counted,
  deadLettered: counted,
  remainder: z.int().describe('Records of which nothing is said: 0 where all is as it should be.'),
  totals: z.object({ suppressed: count, deadLettered: count }),
  shares: z.object({ published: z.number().nullable(), tombstones: z.number().nullable() }),
})

const fileEnd = {
  records: count.exactOptional(),
  bytes: count,
  sha256: sha256.exactOptional(),
  isWithheld: z
    .boolean()
    .exactOptional()
    .describe('The digest is not shown: so few records could be guessed from it.'),
} as const

const approval = { key: text, role: text, when: text } as const

const run = z.object({
  run: z.int().min(1),
  kind: z.enum(['batch', 'merge', 'stream', 'replay']),
  pipeline: text.exactOptional(),
  route: text.exactOptional(),
  status: text.describe('As the summary says it.'),
  isWhole: z.boolean().describe('Whether it ended as it should, and all of it was counted.'),
  dryRun: z.boolean(),
  version: text.describe('Of Lethe.'),
  asOf: text.exactOptional(),
  summary: sha256.describe('SHA-256 of the file of its summary.'),
  flow,
  blank: count,
  unlisted: count,
  unsettled: count.describe('Records that were read and not settled when it stopped.'),
  inputs: z.array(z.object({ input: z.int().min(1), format: text, ...fileEnd })),
  outputs: z.array(z.object({ output: z.int().min(1), ...fileEnd })),
  more: z.object({ inputs: count, outputs: count }).describe('Files that are not listed.'),
  deadLetterFile: z.object(fileEnd).exactOptional(),
  approvals: z.array(z.object(approval)),
  lists: z.array(z.object({ list: text, entries: count, suppressed: count })),
  tables: z.array(z.object({ table: text, purpose: text, subjects: count })),
  groups: groupsForm.exactOptional(),
  crowd: crowdForm.exactOptional(),
  warnings: z.array(text),
})

const rule = z.object({
  use: text,
  done: text,
  leaves: text.exactOptional(),
  when: text.exactOptional(),
  after: text.exactOptional().describe('The age from which on it holds, where it is of a step of retention.'),
  onFailure: text.exactOptional(),
  doesNotStop: text.exactOptional(),
  weaknesses: z.array(text),
  applied: count,
  failed: count,
  suspects: counts,
})

const group = z.object({
  withheld: z.array(z.object({ kind: text, reason: text, rule: text.exactOptional(), records: count })),
  other: count,
  generalization: share,
  emptied: z.array(z.object({ field: text, ratio: z.number().min(0) })),
  label: z.object({ read: share, published: share, isFlagged: z.boolean() }).exactOptional(),
  name: text.describe('As the measure names it, or its number.'),
  read: count,
  published: count,
  retention: share,
  low: share,
  high: share,
  ratio: z.number().min(0),
  isFlagged: z.boolean(),
})

const unlistedGroups = z.object({ groups: count, read: count, published: count })

const ledger = z.object({
  verified: z.enum(['as-written', 'not-as-written', 'not-checked']),
  chains: z.array(
    z.object({ chain: text, entries: count, from: text, until: text, anchored: count.nullable() }),
  ),
  findings: counted,
  actions: z.array(
    z.object({
      action: text,
      about: z.enum(LEDGER_TOPICS),
      is: text,
      done: count,
      failed: count,
      open: count,
      counts,
    }),
  ),
})

export const reportForm: z.ZodType<ReportDocument> = z.object({
  lethe: z.literal('report'),
  v: z.literal(1).describe('Of this form.'),
  version: text.describe('Of Lethe.'),
  made: z.iso.datetime(),
  policy: z.object(policy),
  keyChecks: z.record(text, z.string().regex(/^[0-9a-f]{8}$/)),
  verdict: z
    .object({ is: state, tiles: z.array(z.enum(TILES)), sentences: z.array(text) })
    .describe('The worst tile, never an average.'),
  tiles: z.array(tile),
  limitsReason: text.exactOptional(),
  bounds: z.object({ smallestJudged: count, smallestNamed: count, confidence: share }),
  runs: z.array(run),
  flow,
  overview: z.array(z.object({ name: text, says: text })),
  fieldsFrom: z.enum(['policy', 'summary']),
  fields: z.array(
    z.object({
      field: text,
      from: text.exactOptional(),
      category: text.exactOptional(),
      role: text,
      rules: z.array(rule),
      before: z.array(text),
      after: z.array(text),
    }),
  ),
  acceptances: z.array(z.object({ about: text, reason: text })),
  measures: z.array(measurementForm),
  measured: z
    .object({
      records: count,
      of: count,
      published: count,
      covered: z.array(z.object({ records: count, published: count })),
    })
    .describe('Records that the measures are of, and those that the runs read and published.'),
  balances: z.array(
    z.object({
      measure: z.int().min(1),
      by: text,
      of: text,
      label: text.exactOptional(),
      groups: z.array(group),
      more: unlistedGroups,
      small: unlistedGroups,
      smallRetention: share.nullable(),
      smallRatio: z.number().min(0).nullable(),
    }),
  ),
  curve: z
    .array(z.object({ k: z.int().min(1), loss: share, of: z.enum(['solved', 'earlier', 'this']) }))
    .describe('Loss against k, by k; empty where too little is known.'),
  ledger: ledger.exactOptional(),
  holds: z
    .object({ inForce: count, expired: count, released: count, nextExpiry: text.exactOptional() })
    .exactOptional(),
  approvals: z.array(z.object({ ...approval, version: z.int().min(1), note: text, state: text })),
  change: z.object({
    state: z.enum(['approved', 'compared', 'old-policy-missing', 'never-approved', 'policy-missing']),
    before: z.object({ version: z.int().min(1), fingerprint: sha256 }).exactOptional(),
    weaker: count.exactOptional(),
    changes: z.array(z.object({ verdict: text, kind: text, field: text.exactOptional(), what: text })),
  }),
  findings: z
    .array(
      z.object({
        id: text,
        concern: text,
        reporter: text,
        owner: text,
        due: text,
        state: z.enum(['open', 'mended', 'accepted', 'dismissed']),
        outcome: text.exactOptional(),
        isOverdue: z.boolean(),
      }),
    )
    .exactOptional(),
  docs: z
    .string()
    .regex(/^https?:\/\/[^\s"<>]+$/)
    .exactOptional(),
})

/** What of an earlier report is shown as a trend. */
export interface EarlierReport extends Pick<ReportDocument, 'made' | 'policy' | 'tiles'> {
  readonly curve?: readonly CurvePoint[]
}

export const earlierForm: z.ZodType<EarlierReport> = z.object({
  lethe: z.literal('report'),
  v: z.literal(1),
  made: z.iso.datetime(),
  policy: z.object(policy),
  tiles: z.array(tile),
  curve: z
    .array(z.object({ k: z.int().min(1), loss: share, of: z.enum(['solved', 'earlier', 'this']) }))
    .exactOptional(),
})

/** A curve of loss against k, as far as it is shown: a file may say more. */
export interface LossCurve {
  readonly curve?: readonly { readonly k: number; readonly loss: number }[] | undefined
  /** One point: what a solver found for its k. */
  readonly solution?: { readonly k: number; readonly loss: number } | undefined
}

const curvePoint = z.object({ k: z.int().min(0), loss: share })

export const lossCurveForm: z.ZodType<LossCurve> = z.union([
  z.object({ curve: z.array(curvePoint).max(1000) }),
  z.object({ lethe: z.literal('solution'), solution: curvePoint.optional() }),
])
