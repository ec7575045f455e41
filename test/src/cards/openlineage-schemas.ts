/** The JSON Schemas of OpenLineage, where they are at hand, and as much of draft 2020-12 as they use. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

type Schema = Readonly<Record<string, unknown>>

const folder = fileURLToPath(new URL('../../../../shared/data/openlineage', import.meta.url))
const byId = new Map<string, Schema>()
if (existsSync(folder)) {
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }))
    if (name.endsWith('.json')) {
      const schema = JSON.parse(readFileSync(join(folder, name), 'utf8')) as Schema
      byId.set(String(schema['$id']), schema)
    }
} else
  process.stderr.write(
    `test/src/cli/card.test.ts: events are held to no schema, because ${folder} is missing\n`,
  )

export const hasSchemas = (): boolean => byId.size > 0

const KNOWN = new Set(
  '$ref description example deprecated type properties additionalProperties items required enum format allOf anyOf oneOf not'.split(
    ' ',
  ),
)

/** What of `value` does not fit the schema at `ref`, as paths; none where it fits. */
export function misfits(value: unknown, ref: string, base = '', path = '$'): string[] {
  const [id = '', pointer = ''] = (ref.startsWith('#') ? base + ref : ref).split('#')
  const document = byId.get(id)
  if (document === undefined) return [`${path}: no schema ${id}`]
  const schema = pointer
    .split('/')
    .slice(1)
    .reduce<unknown>((at, key) => (at as Schema)?.[key], document)
  if (schema === undefined) return [`${path}: no ${ref}`]
  return misfit(value, schema as Schema, id, path)
}

function misfit(value: unknown, schema: Schema, base: string, path: string): string[] {
  const unknown = Object.keys(schema).filter(
    (key) => !KNOWN.has(key) && !key.startsWith('$') && key !== 'title',
  )
  if (unknown.length > 0) throw new Error(`keywords that the test does not know: ${unknown.join(', ')}`)
  const list = (key: string): readonly Schema[] => (schema[key] as Schema[] | undefined) ?? []
  const wrong: string[] = []
  if (typeof schema['$ref'] === 'string') wrong.push(...misfits(value, schema['$ref'], base, path))
  for (const one of list('allOf')) wrong.push(...misfit(value, one, base, path))
  const any = list('anyOf')
  if (any.length > 0 && any.every((one) => misfit(value, one, base, path).length > 0))
    wrong.push(`${path}: anyOf`)
  const one = list('oneOf')
  if (one.length > 0 && one.filter((each) => misfit(value, each, base, path).length === 0).length !== 1)
    wrong.push(`${path}: oneOf`)
  if (schema['not'] !== undefined && misfit(value, schema['not'] as Schema, base, path).length === 0)
    wrong.push(`${path}: not`)
  const { type } = schema
  if (type !== undefined && kindOf(value) !== (type === 'integer' ? 'number' : type))
    wrong.push(`${path}: ${type}`)
  if (type === 'integer' && !Number.isInteger(value)) wrong.push(`${path}: integer`)
  if (Array.isArray(schema['enum']) && !schema['enum'].includes(value)) wrong.push(`${path}: enum`)
  if (schema['format'] === 'uuid' && !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(String(value)))
    wrong.push(`${path}: uuid`)
  if (schema['format'] === 'uri' && !URL.canParse(String(value))) wrong.push(`${path}: uri`)
  if (schema['format'] === 'date-time' && Number.isNaN(Date.parse(String(value))))
    wrong.push(`${path}: date-time`)
  if (Array.isArray(value) && schema['items'] !== undefined)
    for (const [at, item] of value.entries())
      wrong.push(...misfit(item, schema['items'] as Schema, base, `${path}[${at}]`))
  if (kindOf(value) !== 'object') return wrong
  const members = value as Readonly<Record<string, unknown>>
  for (const name of (schema['required'] as string[] | undefined) ?? [])
    if (!(name in members)) wrong.push(`${path}: ${name} is missing`)
  const properties = (schema['properties'] as Readonly<Record<string, Schema>> | undefined) ?? {}
  for (const [name, member] of Object.entries(members)) {
    const own = Object.hasOwn(properties, name) ? properties[name]! : schema['additionalProperties']
    if (typeof own === 'object') wrong.push(...misfit(member, own as Schema, base, `${path}.${name}`))
    if (own === false) wrong.push(`${path}.${name}: not allowed`)
  }
  return wrong
}

const kindOf = (value: unknown): string =>
  value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value
