/** The account of a run, as versioned JSON. Counts, names out of the policy, no values. */

import type { CountedApproval } from '../../approval/required-approval.ts'
import type { Account, RuleCount } from '../../engine/account.ts'
import { fieldsOf, type KeptField, viewKept, viewUse } from '../../engine/account-fields.ts'
import type { FileDigest } from '../../files/digest.ts'
import { formatByName, type Input, numberOf } from '../../files/input.ts'
import type { FileCompression } from '../../files/magic.ts'
import type { Output } from '../../files/sink.ts'
import type { Keyset } from '../../keys/keyset.ts'
import type { Plan, PlanField, PlanRule } from '../../policy/plan.ts'
import type { BatchResult, InputAccount, SealCounts } from '../batch-run.ts'
import type { InputFlags } from '../input-flags.ts'
import { packageVersion } from '../package-root.ts'
import { type GroupsView, viewGroups } from './groups-view.ts'
import { type KeysView, viewKeys } from './keys-view.ts'
import { type ListsView, listWarnings, type ShownData, viewLists } from './lists-view.ts'
import { suspectWarnings } from './suspect-warnings.ts'

/** What the table shows. */
export interface AccountView extends ListsView {
  readonly policy: {
    readonly name: string
    readonly version: number
    readonly purpose: string
    readonly fingerprint: string
    readonly platform: string
  }
  readonly records: {
    readonly in: number
    readonly published: number
    /** Of topics only: a key without a value, passed under its de-identified key. */
    readonly tombstones?: number
    readonly suppressed: Readonly<Record<string, number>>
    readonly deadLettered: Readonly<Record<string, number>>
    /** Lines that held no record. */
    readonly blank: number
  }
  /** Members or columns met that no rule names: dropped. */
  readonly unlisted: number
  /** The fields that leave as they are. */
  readonly kept: readonly KeptField[]
  readonly rules: readonly {
    readonly rule: string
    /** The name of a transform, or `keep`, `keep.subtree`, `drop`. */
    readonly use: string
    /** Of a transform: canonical, with defaults filled in. */
    readonly options?: Readonly<Record<string, unknown>>
    readonly applied: number
    readonly absent: number
    readonly null: number
    readonly failed: number
    /** Of these, how many for which reason; left out where there are none. */
    readonly failures?: Readonly<Record<string, number>>
    /** Values of records that another rule had failed, which this one could have taken; left out where there are none. */
    readonly met?: number
    /** Values that leave as they are, or nearly, and were looked at; only where the rule is watched. */
    readonly looked?: number
    /** Of these, how many look like which kind; left out where none does. */
    readonly suspects?: Readonly<Record<string, number>>
    /** Why the policy takes a weak choice here. */
    readonly accepted?: string
  }[]
  /** Which records stand alone, where the policy names quasi-identifiers. */
  readonly groups?: GroupsView
  /** How many data subjects share the values of each record that left, where the policy states a crowd and it was judged. */
  readonly crowd?: CrowdView
  /** Of the dead letters, how many carry their original and how many do not, where originals are sealed. */
  readonly originals?: SealCounts
  readonly warnings: readonly string[]
}

export interface Summary extends AccountView, KeysView {
  readonly lethe: 'summary'
  /** Of this format. */
  readonly v: 1
  readonly version: string
  readonly status: 'done' | 'too-many-dead-letters' | 'too-many-stand-alone'
  /** The approvals of the policy that counted, where they are required. */
  readonly approvals?: readonly CountedApproval[]
  readonly dryRun: boolean
  /** The instant that retention was judged at, RFC 3339. */
  readonly asOf: string
  /** Where the run was one of several over the files of a manifest. */
  readonly shard?: ShardView
  /** Where it is the sum of such runs. */
  readonly shards?: { readonly manifest: string; readonly of: number }
  readonly inputs: readonly {
    readonly input: number
    /** Where a part of a file was read: which, from 1; the members that follow are of the part. */
    readonly slice?: number
    readonly format: string
    readonly bytes: number
    /** Of the bytes as they were read, compressed where they are. Absent where they were not read to their end. */
    readonly sha256?: string
    readonly records: number
  }[]
  /** The options of the command that say how the inputs were read; absent where none was given. */
  readonly inputOptions?: InputFlags
  /** How the inputs were read, by policy and options together: so they are read again by `lethe replay`. */
  readonly inputForm: InputFlags
  /** The files that were published, in order; empty where none was. */
  readonly outputs: readonly OutputView[]
  /** The list of dead letters, where one was asked for. */
  readonly deadLetterFile?: FileDigest
}

/** What was asked for, and holds of all that was published. */
export interface CrowdView {
  readonly k: number
  readonly l?: number
  readonly t?: number
  /** Output paths. */
  readonly over: readonly string[]
  readonly sensitive?: readonly string[]
  /** What counts as a data subject: a record does where the policy names no subject. */
  readonly counted: 'subjects' | 'records'
  /** How many classes there are, and how many were suppressed. */
  readonly classes: { readonly published: number; readonly suppressed: number }
}

export interface ShardView {
  /** SHA-256 of the manifest. */
  readonly manifest: string
  /** From 0. */
  readonly shard: number
  /** How many there are. */
  readonly of: number
}

export interface OutputView extends FileDigest {
  /** From 1. */
  readonly output: number
  /** The inputs that went into it. */
  readonly inputs: readonly number[]
  /** Of a shard: how many records it has. */
  readonly records?: number
}

/** An account with the words of its plan: of all rules, or of those given. */
export function viewAccount(
  plan: Plan,
  account: Account,
  rules: readonly PlanRule[] = plan.rules,
): Omit<AccountView, 'warnings'> {
  const { name, version, purpose, fingerprint, platform } = plan
  return {
    policy: { name, version, purpose, fingerprint, platform },
    records: {
      in: account.records,
      published: account.published,
      ...(account.tombstones > 0 ? { tombstones: account.tombstones } : {}),
      suppressed: sorted(account.suppressed),
      deadLettered: sorted(account.deadLettered),
      blank: account.blank,
    },
    unlisted: account.unlisted,
    kept: viewKept(fieldsOf(plan, rules)),
    rules: rules.map((rule) => ({
      rule: rule.label,
      ...viewUse(rule),
      ...viewRule(rule, account.rules[rule.id]!),
      ...(rule.accepted === undefined ? {} : { accepted: rule.accepted }),
    })),
  }
}

export interface SummaryOptions {
  readonly now: number
  /** Undefined where none are required. */
  readonly approvals: readonly CountedApproval[] | undefined
  readonly dryRun: boolean
  /** More data subjects stand alone than `--max-unique` allows. */
  readonly tooManyAlone: boolean
  readonly keyset: Keyset | undefined
  readonly data: ShownData
  /** The output of each input. */
  readonly outputs: readonly Output[]
  readonly deadLetterFile: Output | undefined
  readonly flags: InputFlags | undefined
  readonly form: InputFlags
  /** What is to be said beside what the account shows. */
  readonly warnings: readonly string[]
  readonly crowd?: CrowdView | undefined
  /** Where the run is a shard. */
  readonly shard?: ShardView | undefined
}

export function summarize(
  plan: Plan,
  inputs: readonly Input[],
  result: BatchResult,
  options: SummaryOptions,
): Summary {
  const { account } = result
  const ran = rulesOfFiles(plan, options.form)
  const { policy, records, unlisted, kept, rules } = viewAccount(plan, account, ran)
  const lists = viewLists(plan, options.data, account)
  return {
    lethe: 'summary',
    v: 1,
    version: packageVersion(),
    status: result.tooManyDeadLetters
      ? 'too-many-dead-letters'
      : options.tooManyAlone
        ? 'too-many-stand-alone'
        : 'done',
    dryRun: options.dryRun,
    policy,
    ...(options.approvals === undefined ? {} : { approvals: options.approvals }),
    ...viewKeys(plan, options.keyset),
    asOf: new Date(options.now).toISOString(),
    ...(options.shard === undefined ? {} : { shard: options.shard }),
    inputs: result.inputs.map(({ bytes, records: count, digest }, index) => ({
      input: numberOf(inputs[index]!, index),
      ...(inputs[index]!.part === undefined ? {} : { slice: inputs[index]!.part!.slice }),
      format: inputs[index]!.format,
      bytes,
      ...(digest === undefined ? {} : { sha256: digest.sha256 }),
      records: count,
    })),
    ...(options.flags === undefined ? {} : { inputOptions: options.flags }),
    inputForm: options.form,
    outputs:
      result.tooManyDeadLetters || options.tooManyAlone ? [] : viewOutputs(inputs, result.inputs, options),
    ...(options.deadLetterFile?.digest === undefined
      ? {}
      : { deadLetterFile: options.deadLetterFile.digest }),
    ...(result.originals === undefined ? {} : { originals: result.originals }),
    ...lists,
    records,
    unlisted,
    kept,
    rules,
    ...(options.crowd === undefined || result.tooManyDeadLetters ? {} : { crowd: options.crowd }),
    ...(result.groups === undefined ? {} : { groups: viewGroups(plan, plan.fields, result.groups) }),
    warnings: [
      ...options.warnings,
      ...listWarnings(plan, options.data, lists, account),
      ...misnamed(inputs),
      ...unclosed(inputs, result.inputs),
      ...warnings(plan, inputs, options.flags ?? {}, account),
      ...suspectWarnings(plan, ran, account),
    ],
  }
}

function viewOutputs(
  all: readonly Input[],
  read: readonly InputAccount[],
  { outputs, shard }: SummaryOptions,
): OutputView[] {
  return [...new Set(outputs)].flatMap((output, at) => {
    if (output.digest === undefined) return []
    const own = [...outputs.keys()].filter((input) => outputs[input] === output)
    const inputs = own.map((input) => numberOf(all[input]!, input))
    const records = own.reduce((sum, input) => sum + read[input]!.published, 0)
    return [{ output: at + 1, inputs, ...(shard === undefined ? {} : { records }), ...output.digest }]
  })
}

/** The rules but those of the record key, headers and timestamp, which files do not have; of `$change` where they hold such events. */
function rulesOfFiles(plan: Plan, { change }: InputFlags): readonly PlanRule[] {
  const absent = plan.envelope.filter(({ path }) => change === undefined || path.envelope !== 'change')
  const envelope = new Set(absent.flatMap((field) => field.rulesByStep.flat()))
  return plan.rules.filter((rule) => !envelope.has(rule))
}

/** Reasons are named where there are any. */
const viewRule = (
  { watched }: PlanRule,
  { label: _, failures, met, looked, suspects, ...counts }: RuleCount,
) => ({
  ...counts,
  ...(counts.failed === 0 ? {} : { failures: sorted(failures) }),
  ...(met === 0 ? {} : { met }),
  ...(watched ? { looked } : {}),
  ...(Object.keys(suspects).length === 0 ? {} : { suspects: sorted(suspects) }),
})

const sorted = (counts: Partial<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(
    Object.entries(counts)
      .map(([name, count]): [string, number] => [name, count ?? 0])
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  )

function unclosed(all: readonly Input[], inputs: readonly InputAccount[]): string[] {
  return inputs.flatMap(({ unclosed: quote }, at) =>
    quote === undefined
      ? []
      : [
          `input ${numberOf(all[at]!, at)}, line ${quote.line}: a quote opens there and never closes: the ${quote.lines} lines from there on are dead letters; where quotes are ordinary characters, the policy says \`quote: none\` in \`input\``,
        ],
  )
}

const ENDINGS: Readonly<Record<FileCompression, string>> = { none: '', gzip: '.gz', zstd: '.zst' }

function misnamed(inputs: readonly Input[]): string[] {
  return inputs.flatMap((input, at) => {
    const { isMisnamed, compression, name } = input
    if (!isMisnamed) return []
    const number = numberOf(input, at)
    const named = formatByName(name).compression
    if (named === 'none')
      return [
        `input ${number} is ${compression}, though its name does not end in ${ENDINGS[compression!]}: it was unpacked`,
      ]
    const how = compression === 'none' ? 'it was read as it is' : `it is ${compression}, and was unpacked`
    return [`input ${number} is not ${named}, though its name ends in ${ENDINGS[named]}: ${how}`]
  })
}

/** Rules that met nothing are most often rules with a wrong path. */
function warnings(plan: Plan, inputs: readonly Input[], { change }: InputFlags, account: Account): string[] {
  // Where no record came through to its end, what a rule never met says nothing about its path.
  if (account.published === 0) return []
  const isOfChanges = change === undefined && plan.envelope.some(({ path }) => path.envelope === 'change')
  // A CSV file has no arrays and no maps: rules for them are there for the same events as JSON.
  const flat = inputs.every((input) => input.format === 'csv')
  const fields = plan.fields.filter(
    ({ from }) =>
      !flat || from.segments.every(({ kind }) => kind === 'name' || (from.isPattern && kind !== 'element')),
  )
  const said = unmet(fields, account)
  // Its members of an event speak of records that hold a row before and after.
  return said[0] === NOTHING_MET && isOfChanges
    ? [`${NOTHING_MET} Its rules of \`$change\` speak of change events: say --change debezium`]
    : said
}

const NOTHING_MET =
  'no rule of the policy met a value, so what left is empty: is it the policy for this data?'

/** A warning for each rule of the fields that met no value, or one where no rule met any. */
export function unmet(fields: readonly PlanField[], account: Account): string[] {
  const rules = fields.flatMap((field) => [...new Set(field.rulesByStep.flat())])
  const idle = rules.filter((rule) => {
    const { applied, null: nothing, failed, met } = account.rules[rule.id]!
    return applied + nothing + failed + met === 0
  })
  if (idle.length > 1 && idle.length === rules.length) return [NOTHING_MET]
  const first = new Set(fields.flatMap(({ rulesByStep }) => rulesByStep[0]!))
  // A tag that no schema has yet is no slip.
  const byTag = new Set(fields.flatMap((one) => (one.path.tag === undefined ? [] : one.rulesByStep.flat())))
  return idle
    .filter((rule) => !byTag.has(rule))
    .map((rule) =>
      first.has(rule)
        ? `the rule for ${rule.label} never met a value: is its path right?`
        : `the rule for ${rule.label} never met a value: is no record so old, or is its path not right?`,
    )
}
