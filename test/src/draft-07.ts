/** As much of JSON Schema draft-07 as our schemas use. */
import { expect } from 'vitest'

export type Schema = Record<string, unknown>

/** The keywords of draft-07 that the schema uses; any other one is an error, so that none is overlooked. */
const KNOWN: ReadonlySet<string> = new Set(
  '$schema $ref title description definitions default type const enum properties required additionalProperties propertyNames items minItems maxItems anyOf oneOf allOf if then else pattern minLength maxLength minimum maximum exclusiveMinimum exclusiveMaximum multipleOf format'.split(
    ' ',
  ),
)

/** Whether `value` fits `schema`, as draft-07 says for those keywords. */
export function fits(value: unknown, schema: Schema | boolean, root: Schema): boolean {
  if (typeof schema === 'boolean') return schema
  for (const keyword of Object.keys(schema)) expect([keyword, KNOWN.has(keyword)]).toEqual([keyword, true])
  if (schema['$ref'] !== undefined) {
    const name = String(schema['$ref']).replace('#/definitions/', '')
    return fits(value, (root['definitions'] as Record<string, Schema>)[name]!, root)
  }
  const every = (list: unknown, check: (item: Schema) => boolean) => ((list as Schema[]) ?? []).every(check)
  const count = (list: unknown) => (list as Schema[]).filter((item) => fits(value, item, root)).length
  if (schema['type'] !== undefined && ![schema['type']].flat().some((type) => isOf(value, String(type))))
    return false
  if ('const' in schema && schema['const'] !== value) return false
  if (schema['enum'] !== undefined && !(schema['enum'] as unknown[]).includes(value)) return false
  if (schema['anyOf'] !== undefined && count(schema['anyOf']) === 0) return false
  if (schema['oneOf'] !== undefined && count(schema['oneOf']) !== 1) return false
  if (!every(schema['allOf'], (item) => fits(value, item, root))) return false
  if (schema['if'] !== undefined) {
    const branch = schema[fits(value, schema['if'] as Schema, root) ? 'then' : 'else'] ?? true
    if (!fits(value, branch as Schema | boolean, root)) return false
  }
  if (typeof value === 'string') {
    if (schema['pattern'] !== undefined && !new RegExp(String(schema['pattern']), 'u').test(value))
      return false
    if (value.length < Number(schema['minLength'] ?? 0)) return false
  }
  if (typeof value === 'number') {
    if (value < Number(schema['minimum'] ?? -Infinity) || value > Number(schema['maximum'] ?? Infinity))
      return false
  }
  if (Array.isArray(value)) {
    if (value.length < Number(schema['minItems'] ?? 0)) return false
    return schema['items'] === undefined || value.every((item) => fits(item, schema['items'] as Schema, root))
  }
  if (!isOf(value, 'object')) return true
  const members = value as Record<string, unknown>
  if (!((schema['required'] as string[]) ?? []).every((name) => name in members)) return false
  const properties = (schema['properties'] as Record<string, Schema>) ?? {}
  return Object.entries(members).every(([name, member]) => {
    const own = Object.hasOwn(properties, name) ? properties[name] : schema['additionalProperties']
    return own === undefined || fits(member, own as Schema, root)
  })
}

function isOf(value: unknown, type: string): boolean {
  if (type === 'null') return value === null
  if (type === 'array') return Array.isArray(value)
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value)
  if (type === 'integer') return Number.isInteger(value)
  return typeof value === type
}
