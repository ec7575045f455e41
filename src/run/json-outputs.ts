/** What values of JSON in frames are written by: for each schema of a writer one that follows from the policy. */
import type { FramedBy, FramesOf } from '../engine/output-frames.ts'
import type { Plan } from '../policy/plan.ts'
import { SchemaFault, type SchemaNews } from '../record/schema-text.ts'
import type { Shape } from '../record/shape.ts'
import type { ValueFormat } from '../record/wire-form.ts'
import { framedJsonOf } from './writer-schemas.ts'

export class JsonOutputs {
  readonly #plan: Plan
  readonly #shape: Shape
  readonly #format: ValueFormat
  /** By id of the writer's schema. */
  readonly #by = new Map<number, FramedBy>()

  constructor(plan: Plan, shape: Shape, format: ValueFormat) {
    this.#plan = plan
    this.#shape = shape
    this.#format = format
  }

  readonly of: FramesOf = (id) => this.#by.get(id)

  learn({ known, forgotten }: SchemaNews): void {
    for (const { id, part } of forgotten) if (part === 'value') this.#by.delete(id)
    for (const { id, part, schema, output } of known) {
      if (part !== 'value' || typeof schema === 'string' || output === undefined) continue
      try {
        const { text, types } = framedJsonOf(this.#plan, this.#shape, this.#format, schema)
        // What was registered has to be what is written.
        if (text === output.text) this.#by.set(id, { id: output.id, types })
      } catch (error) {
        if (!(error instanceof SchemaFault)) throw error
      }
    }
  }
}
