/** Where gates, codecs and policy are joined to engines. No other file does: an engine without its gates would leak. */

import { Engine, type EngineOptions, type EngineParts } from '../engine/engine.ts'
import type { Gate } from '../engine/gate.ts'
import { isOfJsonKey, keyPlanOf } from '../engine/json-keys.ts'
import { besideOf, MessageEngine, type MessageOptions, rejectsKeyMembers } from '../engine/message-engine.ts'
import {
  JsonTombstones,
  type KeyTombstones,
  noTombstones,
  rulesWithoutValue,
  TextTombstones,
} from '../engine/tombstones.ts'
import { LetheError } from '../errors.ts'
import { type GateData, NO_DATA } from '../gates/gate-data.ts'
import { gatesOf, readsOf } from '../gates/index.ts'
import type { KeyVariant } from '../policy/key-rules.ts'
import type { Plan, PlanField, PlanRule } from '../policy/plan.ts'
import type { CodecOptions } from '../record/codec.ts'
import { CsvCodec } from '../record/csv/csv-codec.ts'
import { resolveColumns } from '../record/csv/csv-columns.ts'
import type { CsvStyle } from '../record/csv/csv-text.ts'
import { JsonCodec } from '../record/json/json-codec.ts'
import { jsonOpening } from '../record/json/json-opening.ts'
import { DEFAULT_MAX_RECORD_BYTES } from '../record/limits.ts'
import { type Shape, shapeOf } from '../record/shape.ts'
import { type Open, type PayloadForm, PLAIN_FORM, unframed, type WireForm } from '../record/wire-form.ts'

/** What an engine of a run is told: beside its options, what its gates know. */
export interface RunEngineOptions extends EngineOptions {
  /** Default: nothing, which a policy that names lists does not run with. */
  readonly data?: GateData | undefined
  /** What judges in place of the gates of the plan: for stored files alone, whose records have passed those. */
  readonly gates?: readonly Gate[] | undefined
}

/**
 * A plan with its gates, and the shape that records are scanned by: of the plan, of what stands beside, of what gates read.
 * @throws LetheError (usage) where the plan names lists that are not there
 */
function gated(
  plan: Plan,
  { data = NO_DATA, gates }: RunEngineOptions,
  beside: readonly PlanField[] = [],
): Pick<EngineParts, 'plan' | 'gates' | 'shape'> {
  const reads = gates === undefined ? readsOf(plan) : gates.flatMap((gate) => gate.reads)
  return { plan, gates: gates ?? gatesOf(plan, data), shape: shapeOf(plan, beside, reads) }
}

/** The shape of a plan's records, with what its gates read. */
export const runShape = (plan: Plan): Shape => shapeOf(plan, [], readsOf(plan))

const codecOptions = ({ maxRecordBytes, isDecoded, showNames, kernels }: EngineOptions): CodecOptions => ({
  maxRecordBytes: maxRecordBytes ?? DEFAULT_MAX_RECORD_BYTES,
  notUtf8: isDecoded === true ? 'bad-encoding' : 'bad-utf8',
  showNames: showNames === true,
  kernels: kernels !== false,
})

function jsonParts(plan: Plan, options: RunEngineOptions, beside: readonly PlanField[] = []): EngineParts {
  const parts = gated(plan, options, beside)
  const codec = new JsonCodec(parts.shape, {
    ...codecOptions(options),
    rejectUnlisted: plan.unlisted === 'reject',
    fields: plan.fields.length,
  })
  return { ...parts, codec }
}

/** De-identifies JSON: chunks of lines, or one record at a time. */
export const jsonEngine = (plan: Plan, options: RunEngineOptions): Engine =>
  new Engine(jsonParts(plan, options), options)

/**
 * De-identifies rows of CSV.
 * @param header the input's column names, checked
 * @param input what to call the input in errors
 * @throws LetheError where the header lacks what the plan needs
 */
export function csvEngine(
  plan: Plan,
  header: readonly string[],
  input: string,
  style: CsvStyle,
  options: RunEngineOptions,
): Engine {
  const parts = gated(plan, options)
  const columns = resolveColumns(plan, parts.shape, header, input)
  const codec = new CsvCodec(plan, parts.shape, columns, header, style, codecOptions(options))
  return new Engine({ ...parts, codec }, options)
}

/** JSON has no columns: of `Comment[2]` nothing could be found there. Throws `LetheError`; `input` is what is read. */
export function refuseColumnPaths(plan: Plan, input: string): void {
  const rules = plan.fields.flatMap((field) => field.rulesByStep.flat())
  const paths = [
    ...plan.fields.map((field) => field.from),
    ...rules.flatMap((rule) => rule.when.map((condition) => condition.path)),
    ...[plan.subject, plan.time?.path].filter((path) => path !== undefined),
    ...readsOf(plan),
  ]
  const column = paths.find((path) => path.isColumn)
  if (column !== undefined)
    throw new LetheError(
      'columns-mismatch',
      `${input}: the policy reads \`${column.text}\`, a column by its number, and JSON has no columns`,
      'give the field a path, and name the column in `columns:` of the policy',
    )
}

/** Tombstones have no value that a gate could judge: under the token of its key, each of them passes. */
function tombstonesOf(plan: Plan, options: EngineOptions & MessageOptions): KeyTombstones {
  const fields = plan.envelope.filter(({ path }) => path.envelope === 'key')
  const [first] = fields
  const variants = options.compacted ? options.keyRules : []
  if (first === undefined) return noTombstones
  if (!isOfJsonKey(first)) return new TextTombstones(plan, first.rulesByStep[0]!, variants)
  const [unmatched] = fields
    .filter(({ rulesByStep }) => rulesWithoutValue(rulesByStep[0]!) === undefined)
    .flatMap(({ rulesByStep }) => rulesByStep[0]!)
  const engines = (variants.length === 0 ? [new Map()] : variants).map((variant) =>
    keyEngine(plan, fields, variant, options),
  )
  return new JsonTombstones(engines, unmatched)
}

/** De-identifies JSON keys by themselves, under the key of a variant. */
function keyEngine(
  plan: Plan,
  fields: readonly PlanField[],
  variant: KeyVariant,
  options: EngineOptions & MessageOptions,
): Engine {
  const under = (rule: PlanRule): PlanRule => {
    const transform = variant.get(rule.id)
    if (rule.action.kind !== 'transform' || transform === undefined) return rule
    return { ...rule, action: { ...rule.action, transform } }
  }
  const keyPlan = keyPlanOf(
    plan,
    fields.map((field, index) => {
      const rules = field.rulesByStep[0]!
      return { ...field, index, rulesByStep: [[under(rulesWithoutValue(rules) ?? rules[0]!)]] }
    }),
  )
  const shape = shapeOf(keyPlan)
  const codec = new JsonCodec(shape, {
    ...codecOptions({ ...options, kernels: false, showNames: false }),
    rejectUnlisted: rejectsKeyMembers(plan, options),
    fields: fields.length,
  })
  return new Engine({ plan: keyPlan, shape, codec, gates: [] }, { ...options, groups: undefined })
}

interface ValueFormat {
  readonly partsOf: (plan: Plan, options: RunEngineOptions, beside: readonly PlanField[]) => EngineParts
  /** A format whose codec needs the frame, for the id of a schema, leaves it on. */
  readonly opening: (form: PayloadForm) => Open | undefined
}

/** By the format of values: the codec that reads a record's bytes, and what takes those out of a value. */
const VALUE_FORMATS: Readonly<Record<PayloadForm['format'], ValueFormat>> = {
  json: { partsOf: jsonParts, opening: jsonOpening },
}

/**
 * De-identifies batches of messages. `form`: how records stand in them; as they are, unless stated.
 * @throws LetheError where the policy is about CSV alone
 */
export function messageEngine(
  plan: Plan,
  options: RunEngineOptions & MessageOptions,
  form: WireForm = PLAIN_FORM,
): MessageEngine {
  refuseColumnPaths(plan, 'topics')
  const { partsOf, opening } = VALUE_FORMATS[form.value.format]
  const value = opening(form.value)
  const key = form.key.framing === 'confluent' ? unframed('key-not-framed') : undefined
  const isPlain = value === undefined && key === undefined
  const parts = partsOf(plan, options, besideOf(plan))
  const tombstones = tombstonesOf(plan, options)
  return new MessageEngine({ ...parts, opening: isPlain ? undefined : { value, key }, tombstones }, options)
}
