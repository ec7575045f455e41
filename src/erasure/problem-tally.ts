/** Records that cannot be read without a schema, by schema and code, and what is said of them. */
import type { SchemaProblem, SchemaProblemCode, WithoutSchema } from './stored-schemas.ts'

/** So many schemas are named; of others the last one stands for the rest. */
const MOST_NAMED = 100

export class ProblemTally {
  readonly #rows = new Map<string, { readonly problem: SchemaProblem; rows: number }>()

  add(problem: SchemaProblem): void {
    const name = `${problem.code} ${problem.id}`
    const known = this.#rows.get(name)
    if (known !== undefined) known.rows++
    else if (this.#rows.size < MOST_NAMED) this.#rows.set(name, { problem, rows: 1 })
    else [...this.#rows.values()].at(-1)!.rows++
  }

  get all(): readonly WithoutSchema[] {
    return [...this.#rows.values()].map(({ problem, rows }) => ({ ...problem, rows }))
  }
}

const WORDS: Partial<Readonly<Record<SchemaProblemCode, string>>> = {
  'schema-unknown': 'the registry does not know',
  'schema-refused': 'cannot be used',
  'schema-too-large': 'is too large',
  'schema-registry-framed': 'stands in the registry, and the pipeline names none: say `registry:` in it',
}

/** How many ids a sentence names. */
const MOST_IDS = 5

/** By code. */
export function withoutSchemaWords(all: readonly WithoutSchema[]): readonly string[] {
  return [...new Set(all.map(({ code }) => code))].map((code) => {
    const some = all.filter((one) => one.code === code)
    const rows = some.reduce((sum, one) => sum + one.rows, 0)
    const ids = some.slice(0, MOST_IDS).map(({ id }) => id)
    const more = some.length > MOST_IDS ? ', …' : ''
    const why = WORDS[code] ?? 'the registry did not give: look at it, and ask again'
    return `${rows} records cannot be read, whose schema (${ids.join(', ')}${more}) ${why} (${code})`
  })
}
