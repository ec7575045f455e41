/** Where gates, codecs and policy are joined to engines. No other file does: an engine without its gates would leak. */

import { Engine, type EngineOptions } from '../engine/engine.ts'
import { besideOf, MessageEngine, type MessageOptions } from '../engine/message-engine.ts'
import { gatesOf } from '../gates/index.ts'
import type { Plan, PlanField } from '../policy/plan.ts'
import { CsvCodec } from '../record/csv/csv-codec.ts'
import { type CsvColumns, resolveColumns } from '../record/csv/csv-columns.ts'
import type { CsvStyle } from '../record/csv/csv-text.ts'
import { JsonCodec } from '../record/json/json-codec.ts'
import { DEFAULT_MAX_RECORD_BYTES } from '../record/limits.ts'
import { type Shape, shapeOf } from '../record/shape.ts'

/** The shape of a plan's records, with what its gates read. */
export function runShape(plan: Plan, beside: readonly PlanField[] = []): Shape {
  return shapeOf(
    plan,
    beside,
    gatesOf(plan).flatMap(({ reads }) => reads),
  )
}

const codecOptions = ({ maxRecordBytes, showNames, kernels }: EngineOptions) => ({
  maxRecordBytes: maxRecordBytes ?? DEFAULT_MAX_RECORD_BYTES,
  showNames: showNames === true,
  kernels: kernels !== false,
})

function jsonParts(plan: Plan, options: EngineOptions, beside: readonly PlanField[] = []) {
  const shape = runShape(plan, beside)
  const settings = codecOptions(options)
  const codec = new JsonCodec(shape, {
    ...settings,
    rejectUnlisted: plan.unlisted === 'reject',
    fields: plan.fields.length,
  })
  return { plan, shape, codec, gates: gatesOf(plan), maxRecordBytes: settings.maxRecordBytes }
}

/** De-identifies JSON: chunks of lines, or one record at a time. */
export const jsonEngine = (plan: Plan, options: EngineOptions): Engine =>
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
  options: EngineOptions,
): Engine & { readonly columns: CsvColumns } {
  const shape = runShape(plan)
  const columns = resolveColumns(plan, shape, header, input)
  const settings = codecOptions(options)
  const codec = new CsvCodec(columns, header, style, settings)
  const engine = new Engine(
    { plan, shape, codec, gates: gatesOf(plan), maxRecordBytes: settings.maxRecordBytes },
    options,
  )
  return Object.assign(engine, { columns })
}

/** De-identifies batches of messages whose values are JSON. */
export const messageEngine = (plan: Plan, options: EngineOptions & MessageOptions): MessageEngine =>
  new MessageEngine(jsonParts(plan, options, besideOf(plan)), options)
