/** The frames of JSON objects of whose schemas the tags count: each record is walked by what those make of the plan. */
import type { RecordCode } from '../../errors.ts'
import type { Plan } from '../../policy/plan.ts'
import { SchemaFault, type SchemaNews } from '../schema-text.ts'
import type { Shape } from '../shape.ts'
import { FRAME_BYTES, MAGIC, schemaIdAt } from '../wire-form.ts'
import { JsonProgram } from './json-program.ts'

export class TaggedFrames {
  readonly #shape: Shape
  readonly #plan: Plan
  readonly #programs = new Map<number, JsonProgram | RecordCode>()

  constructor(shape: Shape, plan: Plan) {
    this.#shape = shape
    this.#plan = plan
  }

  /** Between two chunks: schemas that records may name from now on, and those that none will name. */
  learn({ known, forgotten }: SchemaNews): void {
    for (const { id, part } of forgotten) if (part === 'value') this.#programs.delete(id)
    for (const { id, part, schema } of known) {
      if (part !== 'value') continue
      try {
        this.#programs.set(
          id,
          typeof schema === 'string' ? schema : new JsonProgram(schema, this.#shape, this.#plan),
        )
      } catch (error) {
        if (!(error instanceof SchemaFault)) throw error
        this.#programs.set(id, error.code)
      }
    }
  }

  /** By what the record `bytes[start..end)` is walked, or why it is not read. */
  programAt(bytes: Uint8Array, start: number, end: number): JsonProgram | RecordCode {
    if (end - start < FRAME_BYTES || bytes[start] !== MAGIC) return 'not-framed'
    // A schema that is not known here was never read: nothing of the record can be told from it.
    return this.#programs.get(schemaIdAt(bytes, start)) ?? 'schema-unknown'
  }
}
