/** Whether `registry:` and the formats of the routes go together. */
import { entryOf } from '../../policy/document.ts'
import type { Plan } from '../../policy/plan.ts'
import { quote } from '../../policy/problems.ts'
import type { OutputForm } from '../../record/wire-form.ts'
import { amountOf } from './amounts.ts'
import { isLoopback } from './check-connection.ts'
import type { PipelineDraft, RoutePart } from './draft-pipeline.ts'
import type { Registry, TopicOutput } from './pipeline.ts'
import type { RouteShape } from './pipeline-schema.ts'
import type { RegistryShape } from './registry-schema.ts'
import type { Secrets } from './secret-node.ts'

const bounds = { timeout: [100, 60_000, '100ms to 60s'], unknown: [1000, 3_600_000, '1s to 3600s'] } as const

/** Nothing that is written there goes into a message: a secret may stand in the wrong place. */
export function checkRegistry(draft: PipelineDraft): void {
  const { parts, findings, at, tree } = draft
  for (const route of parts.routes) checkFormats(route, draft)
  const { registry } = parts
  if (registry === undefined) return
  if (!parts.routes.some(usesRegistry))
    findings.add(
      at('registry'),
      'bad-registry',
      'no route reads what a schema registry describes',
      'remove it',
    )
  const problem = problemOf(registry.url)
  if (problem !== undefined) findings.add(at('registry', 'url'), 'bad-registry', ...problem)
  else if (registry.url.startsWith('http:') && registry.tls !== undefined)
    findings.add(at('registry', 'tls'), 'bad-registry', '`tls` means nothing without https', 'remove `tls`')
  const node = entryOf(tree, 'registry')?.value
  const tls = entryOf(node, 'tls')?.value
  const given = (word: string): boolean => entryOf(tls, word) !== undefined
  for (const [one, other] of [
    ['cert', 'key'],
    ['key', 'cert'],
    ['keyPassword', 'key'],
  ] as const)
    if (given(one) && !given(other))
      findings.add(
        at('registry', 'tls', one),
        'bad-tls',
        `\`${one}\` means nothing without \`${other}\``,
        `add \`${other}:\``,
      )
  const check = (name: keyof typeof bounds, written: string, path: readonly string[]): void => {
    const [least, most, words] = bounds[name]
    const amount = amountOf(written) ?? 0
    if (amount < least || amount > most)
      findings.add(at('registry', ...path), 'bad-amount', `\`${path.join('.')}\` is ${words}`)
  }
  check('timeout', registry.timeout, ['timeout'])
  check('unknown', registry.cache.unknown, ['cache', 'unknown'])
}

/** What the format of values or keys is called. */
const NAMES = { text: 'text', json: 'JSON', avro: 'Avro', protobuf: 'Protobuf' } as const

/** Whether a route needs a registry; values of framed JSON are read without one, too, and their ids not looked at. */
const needsRegistry = ({ shape: { from, to } }: RoutePart): boolean =>
  from.value.format !== 'json' || from.key.format !== 'text' || to.value.framing === 'confluent'

const usesRegistry = (route: RoutePart): boolean =>
  needsRegistry(route) || route.shape.from.value.framing === 'confluent'

function checkFormats(route: RoutePart, { findings, at, has }: PipelineDraft): void {
  const { shape, index } = route
  for (const part of ['value', 'key'] as const) {
    const form = shape.from[part]
    const isPlain = form.format === 'text' || (form.format === 'json' && part === 'value')
    if (!isPlain && form.framing !== 'confluent')
      findings.add(
        at('routes', index, 'from', part),
        'bad-format',
        `the schema of a ${part} of ${NAMES[form.format]} is known by the id in its frame`,
        `write \`${part}: { format: ${form.format}, framing: confluent }\``,
      )
    if (!['json', 'text'].includes(form.format) && form.inner !== 'none')
      findings.add(
        at('routes', index, 'from', part, 'inner'),
        'bad-format',
        '`inner` is about JSON',
        'remove it',
      )
  }
  checkOutput(route, findings, at)
  checkOutputKey(route, findings, at)
  if (needsRegistry(route) && !has('registry'))
    findings.add(
      at('routes', index, 'from'),
      'bad-format',
      `the route ${quote(shape.name)} reads or writes what names schemas, and the pipeline does not say where they are`,
      'add `registry: { url: https://… }` at the top',
    )
}

function checkOutput(
  { shape: { from, to }, index }: RoutePart,
  findings: PipelineDraft['findings'],
  at: PipelineDraft['at'],
): void {
  const { format, framing, subject, compatibility } = to.value
  const bad = (path: readonly string[], message: string, way: string): void =>
    findings.add(at('routes', index, 'to', 'value', ...path), 'bad-format', message, way)
  if (format === 'json' && framing === 'none') {
    for (const [word, value] of Object.entries({ subject, compatibility }))
      if (value !== undefined)
        bad(
          [word],
          `\`${word}\` is about outputs that have schemas`,
          'remove it, or write `framing: confluent`',
        )
  } else if (format === 'json') {
    if (from.value.framing !== 'confluent')
      bad(
        ['framing'],
        'the schema of the output follows from that of the input, and values without frames have none',
        'remove it, or read values in frames',
      )
  } else if (from.value.format !== format)
    bad(
      ['format'],
      `the schema of the output follows from that of the input, and values of ${NAMES[from.value.format]} have none of ${NAMES[format]}`,
      `write \`format: json\`, or read values of ${NAMES[format]}`,
    )
  else if (framing !== 'confluent')
    bad(
      [],
      'readers find the schema of a value by the id in its frame',
      `write \`{ format: ${format}, framing: confluent }\``,
    )
}

function checkOutputKey(
  { shape, index }: RoutePart,
  findings: PipelineDraft['findings'],
  at: PipelineDraft['at'],
): void {
  const { value, key } = shape.to
  const bad = (path: readonly string[], message: string, way: string): void =>
    findings.add(at('routes', index, 'to', 'key', ...path), 'bad-format', message, way)
  if (key.format === 'text') {
    if (key.framing === 'confluent')
      bad(['framing'], 'a text leaves without a frame', 'remove it, or write `format: avro`')
    if (key.subject !== undefined)
      bad(['subject'], '`subject` is about keys that have schemas', 'remove it, or write `format: avro`')
  } else if (value.format !== key.format || value.framing !== 'confluent') {
    const name = NAMES[key.format]
    bad(
      ['format'],
      `keys of ${name} go with values of ${name} in frames`,
      `write \`format: text\`, or values of ${name} in frames too`,
    )
  } else if (key.framing !== 'confluent')
    bad(
      [],
      'readers find the schema of a key by the id in its frame',
      `write \`{ format: ${key.format}, framing: confluent }\``,
    )
}

function formOf({ format, framing }: RouteShape['to']['value']): OutputForm {
  if (format !== 'json') return format
  return framing === 'confluent' ? 'framed-json' : 'json'
}

/** What is written to a topic. */
export const outputOf = (
  topic: string,
  { partition, compacted, value, key }: RouteShape['to'],
): TopicOutput => ({
  topic,
  partition,
  compacted,
  value: {
    form: formOf(value),
    subject: value.subject ?? `${topic}-value`,
    compatibility: value.compatibility,
    register: value.register,
  },
  key: key.format === 'text' ? undefined : { format: key.format, subject: key.subject ?? `${topic}-key` },
})

/** A policy whose words are about texts that hold JSON does not fit records of Avro, nor outputs that have schemas. */
export function checkPlanFormat(
  { name, carriers, either, envelope, fields, tags }: Plan,
  { shape, index }: RoutePart,
  { findings, at, has }: PipelineDraft,
): void {
  const member = envelope.find(
    ({ path, format }) => path.envelope === 'key' && (path.segments.length > 0 || format === 'json'),
  )
  if (shape.to.key.format !== 'text' && member !== undefined)
    findings.add(
      at('routes', index, 'to', 'key'),
      'bad-format',
      `the policy ${quote(name)} names ${quote(member.path.text)}: such keys are JSON, and keys that have a schema are strings`,
      'give `$key` one rule, or write keys as text',
    )
  const [carrier] = carriers.filter(({ path }) => path.envelope === undefined)
  const { value } = shape.from
  if (tags !== undefined && value.format === 'json') {
    if (value.framing !== 'confluent' || value.inner !== 'none' || !has('registry'))
      findings.add(
        at('routes', index, 'policy'),
        'bad-format',
        `the policy ${quote(name)} has rules by tags, and the route reads values whose schemas are not read`,
        'read records in the frames of a registry, and name it under `registry:`, or give the route a policy without `tags:`',
      )
    const form = carrier?.path ?? either[0]
    if (form !== undefined)
      findings.add(
        at('routes', index, 'policy'),
        'bad-format',
        `the policy ${quote(name)} has rules by tags, and reads ${quote(form.text)} in another form than its schema says`,
        'give the route a policy without `read:` or `tags:`',
      )
  }
  const { format, framing } = shape.to.value
  const open =
    fields.find(({ path }) => path.isPattern || path.tag !== undefined)?.path ?? carrier?.path ?? either[0]
  if (format === 'json' && framing === 'confluent' && open !== undefined)
    findings.add(
      at('routes', index, 'policy'),
      'bad-format',
      `the policy ${quote(name)} has ${quote(open.text)}: what leaves there has no schema that is known before`,
      'name the fields one by one, or write JSON without frames',
    )
  if (value.format === 'json' || carrier === undefined) return
  findings.add(
    at('routes', index, 'policy'),
    'bad-format',
    `the policy ${quote(name)} reads ${quote(carrier.path.text)} as JSON in a text, and the route reads ${value.format}: there it is read from values of JSON and cells of CSV alone`,
    'give the route a policy without `read:` for it',
  )
}

function problemOf(written: string): readonly [message: string, way: string] | undefined {
  const way = 'https://HOST/PATH'
  if (!URL.canParse(written) || !/^https?:\/\//.test(written)) return ['a registry has a URL', way]
  const url = new URL(written)
  if (url.username !== '' || url.password !== '' || url.hash !== '' || url.search !== '')
    return ['the URL of a registry holds no user, password, query or fragment', 'write `auth:`']
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (url.protocol === 'http:' && !isLoopback(host))
    return [
      'the registry is on another machine, and passwords and schemas would cross the network in the clear',
      way,
    ]
  return undefined
}

/** Of a shape in which nothing was found. */
export function registryOf(shape: RegistryShape, secrets: Secrets): Registry {
  const { auth, tls } = shape
  return {
    url: shape.url.replace(/\/+$/, ''),
    auth:
      auth &&
      ('token' in auth
        ? { token: secrets.registryToken! }
        : { username: auth.username, password: secrets.registryPassword! }),
    tls: tls && {
      ca: secrets.registryCa,
      cert: secrets.registryCert,
      key: secrets.registryKey,
      keyPassword: secrets.registryKeyPassword,
    },
    timeout: amountOf(shape.timeout)!,
    cache: { schemas: shape.cache.schemas, unknown: amountOf(shape.cache.unknown)! },
  }
}
