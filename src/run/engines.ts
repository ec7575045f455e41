/** Where gates, codecs and policy are joined to engines. No other file does: an engine without its gates would leak. */

import { Engine, type EngineOptions, type EngineParts } from '../engine/engine.ts'
import { isOfJsonKey, keyPlanOf } from '../engine/json-keys.ts'
import {
  besideOf,
  MessageEngine,
  type MessageEngineParts,
  type MessageOptions,
  rejectsKeyMembers,
} from '../engine/message-engine.ts'
import {
  JsonTombstones,
  type KeyTombstones,
  noTombstones,
  rulesWithoutValue,
  TextTombstones,
} from '../engine/tombstones.ts'
import { LetheError } from '../errors.ts'
import { NO_VALUE } from '../gates/change-events.ts'
import { readsOf } from '../gates/index.ts'
import type { KeyVariant } from '../policy/key-rules.ts'
import type { Plan, PlanField, PlanRule } from '../policy/plan.ts'
import { AvroCodec, type AvroCodecOptions, avroProgram } from '../record/avro/avro-codec.ts'
import { AvroKeys } from '../record/avro/avro-key.ts'
import { outputSchemaText } from '../record/avro/output-schema.ts'
import { OutputTypes } from '../record/avro/output-type.ts'
import type { Codec, CodecOptions } from '../record/codec.ts'
import { columnCodec, type Shredder } from '../record/columns/column-codec.ts'
import type { GroupColumn } from '../record/columns/column-tree.ts'
import { CsvShredder } from '../record/columns/csv-shredder.ts'
import { JsonShredder } from '../record/columns/json-shredder.ts'
import { CsvCodec } from '../record/csv/csv-codec.ts'
import { resolveColumns } from '../record/csv/csv-columns.ts'
import type { CsvStyle } from '../record/csv/csv-text.ts'
import { eventLines } from '../record/json/event-lines.ts'
import { JsonCodec, type JsonCodecOptions } from '../record/json/json-codec.ts'
import { JsonFrames } from '../record/json/json-frames.ts'
import { jsonOpening } from '../record/json/json-opening.ts'
import { payloadOpening } from '../record/json/payload-opening.ts'
import { TaggedFrames } from '../record/json/tagged-frames.ts'
import { DEFAULT_MAX_RECORD_BYTES } from '../record/limits.ts'
import { CsvCut } from '../record/partition/csv-cut.ts'
import { JsonCut } from '../record/partition/json-cut.ts'
import { partitionCodec, type RecordCut } from '../record/partition/partition-codec.ts'
import type { PartitionSplit } from '../record/partition/planned-partitions.ts'
import { ProtoKeys } from '../record/protobuf/proto-key.ts'
import { protoOutputText } from '../record/protobuf/proto-output-text.ts'
import { readProtoSchema } from '../record/protobuf/proto-schema.ts'
import { ProtobufCodec, type ProtobufCodecOptions, protoOutput } from '../record/protobuf/protobuf-codec.ts'
import { overTypes, type SchemaNews, type SchemaText } from '../record/schema-text.ts'
import { shapeOf } from '../record/shape.ts'
import {
  type ChangeForm,
  type KeyForm,
  type Open,
  type OutputForm,
  type PayloadForm,
  PLAIN_FORM,
  unframed,
  type ValueFormat,
  valuesNameSchemas,
  type WireForm,
} from '../record/wire-form.ts'
import { readsTags, refuseTags, withCheckedKeys } from './check-tags.ts'
import { JsonOutputs } from './json-outputs.ts'
import { gated, type PlannedRecords, plannedFor, plannedShape, type RunEngineOptions } from './planned.ts'
import { framedJsonOf } from './writer-schemas.ts'

export { type RunEngineOptions, runShape } from './planned.ts'

const codecOptions = ({ maxRecordBytes, isDecoded, showNames, kernels }: EngineOptions): CodecOptions => ({
  maxRecordBytes: maxRecordBytes ?? DEFAULT_MAX_RECORD_BYTES,
  notUtf8: isDecoded === true ? 'bad-encoding' : 'bad-utf8',
  showNames: showNames === true,
  kernels: kernels !== false,
})

function jsonParts(
  planned: PlannedRecords,
  options: RunEngineOptions & Partial<MessageOptions>,
  beside: readonly PlanField[] = [],
): EngineParts {
  const { plan } = planned
  refuseTags(plan, 'JSON')
  const parts = gated(planned, options, beside)
  return { ...parts, codec: new JsonCodec(parts.shape, jsonOptions(plan, options)) }
}

const jsonOptions = (plan: Plan, options: RunEngineOptions): JsonCodecOptions => ({
  ...codecOptions(options),
  rejectUnlisted: plan.unlisted === 'reject',
  fields: plan.fields.length,
})

/** The same of messages: where the tags of schemas count, the codec looks at frames. */
function jsonMessageParts(
  planned: PlannedRecords,
  options: RunEngineOptions & MessageOptions,
  beside: readonly PlanField[],
): ValueParts {
  const { plan } = planned
  if (plan.tags === undefined) return jsonParts(planned, options, beside)
  const parts = gated(planned, options, beside)
  const frames = new TaggedFrames(parts.shape, plan)
  const codec = new JsonCodec(parts.shape, { ...jsonOptions(plan, options), frames })
  return { ...parts, codec, isFramed: true, learn: (news) => frames.learn(news) }
}

/**
 * De-identifies JSON: chunks of lines, or one record at a time. `leaves`: as what records leave, where that is no text.
 * @throws LetheError where the policy does not go with change events
 */
export function jsonEngine(plan: Plan, options: RunEngineOptions, leaves: LeavingRecords = {}): Engine {
  const parts = jsonParts(plannedFor(plan, options.change), options)
  const { columns, split } = leaves
  const shredder = columns && (() => new JsonShredder(columns, plan.input.nulls))
  const cut = split && new JsonCut(split.paths)
  const codec =
    options.change === undefined
      ? parts.codec
      : eventLines(parts.codec, codecOptions(options).maxRecordBytes, NO_VALUE)
  return new Engine({ ...parts, codec: leaving(codec, shredder, cut, split, 1) }, options)
}

/** As what records leave a chunk: as lines, unless something is stated. */
export interface LeavingRecords {
  /** As frames of these columns. */
  readonly columns?: GroupColumn | undefined
  /** As frames of partitions, and the records in them without these values. */
  readonly split?: PartitionSplit | undefined
}

function leaving(
  codec: Codec,
  shredder: (() => Shredder) | undefined,
  cut: RecordCut | undefined,
  split: PartitionSplit | undefined,
  lineBreak: number,
): Codec {
  if (cut !== undefined) return partitionCodec(codec, { ...split!, cut, shredder })
  return shredder === undefined ? codec : columnCodec(codec, shredder(), lineBreak)
}

/** As what rows of CSV leave a chunk. `cells`: of each cell of a row that leaves, which leaf of the columns it is. */
export interface LeavingRows extends LeavingRecords {
  readonly cells?: readonly number[] | undefined
}

/**
 * De-identifies rows of CSV.
 * @param header the input's column names, checked
 * @param input what to call the input in errors
 * @param leaves as what rows leave, where that is no text
 * @throws LetheError where the header lacks what the plan needs
 */
export function csvEngine(
  plan: Plan,
  header: readonly string[],
  input: string,
  style: CsvStyle,
  options: RunEngineOptions,
  leaves: LeavingRows = {},
): Engine {
  refuseTags(plan, input)
  if (options.change !== undefined) throw new Error('a change event is no row')
  const parts = gated({ plan }, options)
  const columns = resolveColumns(plan, parts.shape, header, input)
  const codec = new CsvCodec(plan, parts.shape, columns, header, style, codecOptions(options))
  const { columns: typed, cells = [], split } = leaves
  const shredder = typed && (() => new CsvShredder(typed, cells, style, plan.input.nulls))
  const cut = split && new CsvCut(split.cells, style)
  const left = leaving(codec, shredder, cut, split, style.lineBreak.length)
  return new Engine({ ...parts, codec: left }, options)
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
  return new Engine(
    { plan: keyPlan, shape, codec, gates: [] },
    { ...options, groups: undefined, observe: undefined },
  )
}

interface ValueReader {
  readonly partsOf: (
    planned: PlannedRecords,
    options: RunEngineOptions & MessageOptions,
    beside: readonly PlanField[],
    form: WireForm,
  ) => ValueParts
  /** A format whose codec needs the frame, for the id of a schema, leaves it on. */
  readonly opening: (form: WireForm, plan: Plan) => Opened
}

/** What opens values or keys, and takes the schemas that they name. */
interface Opened {
  readonly open: Open | undefined
  readonly learn: (news: SchemaNews) => void
}

const learnsNothing = (): void => {}

const noOpening = (): Opened => ({ open: undefined, learn: learnsNothing })

function openingOfJson(form: WireForm, { tags }: Plan): Opened {
  if (tags !== undefined) return noOpening()
  if (!valuesNameSchemas(form)) return { open: jsonOpening(form.value), learn: learnsNothing }
  const frames = new JsonFrames('value')
  return { open: jsonOpening(form.value, frames.open), learn: (news) => frames.learn(news) }
}

/** What an engine is made of, and what takes the schemas that its values name. */
type ValueParts = EngineParts & Pick<MessageEngineParts, 'isFramed' | 'learn'>

/** Parts of an engine over values whose format has schemas; `codecOf` makes its codec of what all such codecs are told. */
function typedParts(
  planned: PlannedRecords,
  options: RunEngineOptions & MessageOptions,
  beside: readonly PlanField[],
  codecOf: (shape: EngineParts['shape'], told: TypedOptions) => Codec & { learn(news: SchemaNews): void },
): ValueParts {
  const { plan } = planned
  const parts = gated(planned, options, beside)
  const codec = codecOf(parts.shape, {
    ...codecOptions(options),
    rejectUnlisted: plan.unlisted === 'reject',
    fields: plan.fields.length,
    plan,
  })
  return { ...parts, codec, isFramed: true, learn: (news) => codec.learn(news) }
}

type TypedOptions = Omit<AvroCodecOptions, 'output'> & Omit<ProtobufCodecOptions, 'output' | 'firstOnly'>

const avroParts: ValueReader['partsOf'] = (planned, options, beside, { output }) =>
  typedParts(
    planned,
    options,
    beside,
    (shape, told) => new AvroCodec(shape, { ...told, output: output === 'avro' ? output : 'json' }),
  )

const protobufParts: ValueReader['partsOf'] = (planned, options, beside, { output }) =>
  typedParts(
    planned,
    options,
    beside,
    (shape, told) =>
      new ProtobufCodec(shape, {
        ...told,
        firstOnly: output === 'framed-json' || output === 'protobuf',
        output: output === 'protobuf' ? output : 'json',
      }),
  )

/** By the format of values: the codec that reads a record's bytes, and what takes those out of a value. */
const VALUE_FORMATS: Readonly<Record<PayloadForm['format'], ValueReader>> = {
  json: { partsOf: jsonMessageParts, opening: openingOfJson },
  avro: { partsOf: avroParts, opening: noOpening },
  protobuf: { partsOf: protobufParts, opening: noOpening },
}

/**
 * The schema of what a plan makes of records, as a registry takes it.
 * @param row the plan; of change events that of their rows
 * @param format of the records
 * @param output what leaves
 * @param change where records are change events
 * @throws SchemaFault where the schema cannot be used, or none says what the policy makes of its records
 */
export function outputSchemaOf(
  row: Plan,
  schema: SchemaText,
  format: ValueFormat = 'avro',
  output: OutputForm = 'avro',
  change?: ChangeForm,
): string {
  const planned = plannedFor(row, change)
  const shape = plannedShape(planned)
  if (output === 'framed-json') return framedJsonOf(planned.plan, shape, format, schema).text
  if (output === 'protobuf')
    return protoOutputText(protoOutput(readProtoSchema(schema).messages[0]!.type, shape, planned.plan))
  return overTypes(() => {
    const program = avroProgram(schema, shape, planned.plan, 'avro')
    return outputSchemaText(new OutputTypes(planned.plan, program).root)
  })
}

/** What takes the key out of a message's key. */
function keyOpening(plan: Plan, { format, framing, inner }: KeyForm): Opened {
  if (format === 'avro') {
    const keys = new AvroKeys(plan)
    return { open: keys.open, learn: (news) => keys.learn(news) }
  }
  if (format === 'protobuf') {
    const keys = new ProtoKeys()
    return { open: keys.open, learn: (news) => keys.learn(withCheckedKeys(plan, news, format)) }
  }
  if (format === 'json') {
    const frames = new JsonFrames('key')
    return {
      open: inner === 'payload' ? payloadIn(frames.openKey) : frames.openKey,
      learn: (news) => frames.learn(withCheckedKeys(plan, news, format)),
    }
  }
  const frame = framing === 'confluent' ? unframed('key-not-framed') : undefined
  return { open: inner === 'payload' ? payloadIn(frame) : frame, learn: learnsNothing }
}

/** Opens a key whose payload stands beside its schema; `frame` takes that out of a frame. */
function payloadIn(frame: Open | undefined): Open {
  const payload = payloadOpening()
  return (key) => {
    const bytes = frame?.(key) ?? key
    if (typeof bytes === 'string') return bytes
    const found = payload(bytes)
    if (typeof found !== 'string') return found
    return found === 'bad-utf8' ? 'key-not-utf8' : 'key-not-json'
  }
}

/**
 * De-identifies batches of messages. `form`: how records stand in them; as they are, unless stated.
 * @throws LetheError where the policy is about CSV alone
 */
export function messageEngine(
  plan: Plan,
  runOptions: RunEngineOptions & MessageOptions,
  form: WireForm = PLAIN_FORM,
): MessageEngine {
  refuseColumnPaths(plan, 'topics')
  if (!readsTags(form)) refuseTags(plan, form.value.format)
  const options = { ...runOptions, change: form.change }
  const planned = plannedFor(plan, form.change)
  const { partsOf, opening } = VALUE_FORMATS[form.value.format]
  const value = opening(form, plan)
  const key = keyOpening(plan, form.key)
  const isPlain = value.open === undefined && key.open === undefined
  const outputs =
    form.output === 'framed-json'
      ? new JsonOutputs(planned.plan, plannedShape(planned), form.value.format)
      : undefined
  const parts = partsOf(planned, options, besideOf(planned.plan), form)
  const tombstones = tombstonesOf(planned.plan, options)
  const made: MessageEngineParts = {
    ...parts,
    opening: isPlain ? undefined : { value: value.open, key: key.open },
    tombstones,
    framesOf: outputs?.of,
    learn: (news) => {
      parts.learn?.(news)
      value.learn(news)
      key.learn(news)
      outputs?.learn(news)
    },
  }
  return new MessageEngine(made, options)
}
