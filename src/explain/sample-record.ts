/** A made-up record that a policy can take: for `lethe explain` without a record. */
import { formatsOf } from '../../transforms/calendar/dates.ts'
import { exampleOf, NAMED_FORMATS } from '../../transforms/calendar/forms.ts'
import { Failure, type RecordContext, type RuleTransform } from '../../transforms/transform.ts'
import { splitName } from '../identify/words.ts'
import type { ConsentForm } from '../policy/consent/consent-answer.ts'
import { type Path, pathOf, type Segment } from '../policy/path.ts'
import type { Plan } from '../policy/plan.ts'
import type { Policy, PolicyField, ValueReading } from '../policy/policy.ts'
import type { PolicyFile } from '../policy/policy-file.ts'
import { suspicionOf } from '../policy/suspected.ts'

/** Made-up values by Fideslang category; the longest key that fits wins. */
const BY_CATEGORY: readonly (readonly [string, string])[] = [
  ['user.contact.email', 'jane.doe@example.com'],
  ['user.contact.phone_number', '+44 20 7946 0958'],
  ['user.contact.address.postal_code', '94103'],
  ['user.contact.address.street', '12 Example Street'],
  ['user.contact.address.city', 'Springfield'],
  ['user.contact.address.country', 'US'],
  ['user.contact', 'Example Ltd'],
  ['user.name.first', 'Jane'],
  ['user.name.last', 'Doe'],
  ['user.name', 'Jane Doe'],
  ['user.demographic.date_of_birth', '1985-03-12'],
  ['user.demographic.age_range', '37'],
  ['user.demographic.gender', 'female'],
  ['user.device.ip_address', '203.0.113.7'],
  ['user.financial.credit_card', '4111 1111 1111 1111'],
  ['user.financial.bank_account', 'GB33BUKB20201555555555'],
  ['user.location', '52.520008'],
  ['user.account.username', 'jane.doe'],
  ['user.unique_id', 'C-1001'],
]

const MOMENT = '2024-07-15T13:45:00Z'
const MOMENT_MS = Date.parse(MOMENT)

/** By the words of the field's name, where neither a category nor the dictionary helps. */
const BY_NAME: readonly (readonly [RegExp, string])[] = [
  [/_(?:lon|lng|longitude)_/, '13.404954'],
  [/_(?:amount|price|total|prices|cost|fee)_/, '19.99'],
  [/_(?:quantity|qty|count|age)_/, '2'],
  [/_(?:sku|code)_/, 'SKU-1'],
  [/_(?:currency)_/, 'EUR'],
  [/_(?:at|date|day|time|timestamp)_/, '2024-07-15T13:45:00Z'],
]

const GENERAL = [
  'example',
  MOMENT,
  '2024-07-15',
  ...NAMED_FORMATS.map((format) => exampleOf(format)),
  '42',
  '94103',
  '203.0.113.7',
  'https://shop.example/cart',
  '4111 1111 1111 1111',
  'jane.doe@example.com',
  '1985',
]

const CONTEXT: RecordContext = { subject: 'C-1001', eventTime: MOMENT_MS, now: MOMENT_MS }

interface Member {
  [name: string]: Member | unknown[] | string | number
}

/** The text of one JSON object that holds a value for every field. */
export function sampleRecord(policy: Policy, plan: Plan, source: PolicyFile): string {
  const record: Member = {}
  /** As it is written where fields read it so. */
  const around = (path: Path, text: string): string =>
    writtenAs(
      policy.fields.find(({ from, read }) => from.text === path.text && read !== undefined)?.read,
      text,
    )
  const { time, subject } = policy
  if (time !== undefined) put(record, time.path, around(time.path, exampleOf(formatsOf(time)[0]!)))
  if (subject !== undefined) put(record, subject.path, around(subject.path, 'C-1001'))
  for (const field of policy.fields) {
    const isElsewhere = field.from.envelope !== undefined || field.from.tag !== undefined
    if (isElsewhere || field.from.segments.at(-1)?.kind === 'names') continue
    // The first rule's conditions are met, so that it has something to do.
    for (const { path, values } of field.rules[0]?.when ?? []) {
      const first = [...values][0]
      if (first !== undefined) put(record, path, first)
    }
    const compiled = plan.rules[field.rules[0]?.planRule ?? -1]?.action
    const transform = compiled?.kind === 'transform' ? compiled.transform : undefined
    put(record, exampleOfPattern(field.from), valueFor(field, transform, source))
  }
  for (const { from, form, split } of policy.consent) {
    const said = consenting(form)
    if (said === undefined || from.envelope !== undefined || from.tag !== undefined) continue
    if (from.segments.at(-1)?.kind === 'element')
      said.forEach((text, i) => {
        put(record, from, text, i)
      })
    else put(record, from, said.join(split ?? ','))
  }
  for (const { path, reading } of policy.carriers)
    if (path.envelope === undefined) asText(record, path, reading)
  return JSON.stringify(record)
}

/** What a list or value says that allows; undefined for the strings of consent frameworks, which are not made up. */
function consenting(form: ConsentForm): readonly string[] | undefined {
  if (form.kind === 'is') return form.values.slice(0, 1)
  if (form.kind === 'lists') return form.names
  return form.kind === 'lacks' ? [`not ${form.names.join(' ')}`] : undefined
}

/** Puts what stands at a path into a text. */
function asText(record: Member, path: Path, reading: ValueReading): void {
  let place = record as Record<string | number, unknown>
  for (const [i, segment] of path.segments.entries()) {
    const key = segment.kind === 'name' ? segment.name : segment.kind === 'element' ? 0 : 'a'
    if (place[key] === undefined) return
    if (i === path.segments.length - 1) place[key] = writtenAs(reading, JSON.stringify(place[key]))
    else place = place[key] as Record<string | number, unknown>
  }
}

function valueFor(
  field: PolicyField,
  transform: RuleTransform | undefined,
  source: PolicyFile,
): string | number {
  const category = field.category ?? suspicionOf(field.from)?.category ?? ''
  const fitting = BY_CATEGORY.filter(([key]) => category === key || category.startsWith(`${key}.`))
  const candidates = fitting.sort((a, b) => b[0].length - a[0].length).map(([, value]) => value)
  const rule = field.rules[0]
  const named = field.from.segments.flatMap((one) => (one.kind === 'name' ? splitName(one.name) : []))
  const words = `_${named.join('_')}_`
  candidates.push(...BY_NAME.filter(([pattern]) => pattern.test(words)).map(([, value]) => value))
  candidates.push(...listed(rule?.options, source), ...dated(rule?.options))
  const examples = rule?.transform?.examples ?? []
  const same = examples.filter((example) => typeof example.output === 'string')
  candidates.push(...same.map((example) => example.input), ...GENERAL)
  const written = candidates.map((text) => writtenAs(field.read, text))
  const taken = transform && written.find((text) => !(transform.apply(text, CONTEXT) instanceof Failure))
  const text = taken ?? written[0]!
  const isNumber =
    /^(?:generalize|noise)\.number$/.test(rule?.use ?? '') && /^-?(?:0|[1-9]\d{0,14})$/.test(text)
  return isNumber ? Number(text) : text
}

/** The text that a reading makes this one of. */
function writtenAs(read: ValueReading | undefined, text: string): string {
  return read === undefined ? text : `${read.prefix}${text}${read.suffix}`
}

/** The moment in the formats of a rule that reads dates. */
function dated(options: Readonly<Record<string, unknown>> | undefined): string[] {
  const { format, formats = [format] } = options ?? {}
  if (!Array.isArray(formats)) return []
  return formats.flatMap((one) => {
    try {
      return exampleOf(String(one))
    } catch {
      // A `format` of another kind.
      return []
    }
  })
}

/** A value that the rule's list or hierarchy knows: such rules take no other. */
function listed(options: Readonly<Record<string, unknown>> | undefined, source: PolicyFile): string[] {
  if (options === undefined) return []
  const { allow, file, delimiter } = options
  if (Array.isArray(allow) && typeof allow[0] === 'string') return [allow[0]]
  if (typeof file !== 'string' || typeof delimiter !== 'string') return []
  const first = new TextDecoder().decode(source.readFile(file)).split(/\r?\n/, 1)[0]!
  return [first.split(delimiter, 1)[0]!.replace(/^\ufeff?"?|"$/g, '')]
}

/** A path that the pattern matches. */
function exampleOfPattern(path: Path): Path {
  return pathOf(
    path.segments.flatMap((segment): Segment[] =>
      segment.kind === 'any'
        ? []
        : [segment.kind === 'like' ? { kind: 'name', name: segment.pieces.join('a') } : segment],
    ),
  )
}

/** Writes `value` at the path where nothing is yet; one element of an array, of the last one that at `last`, one member of a map. */
function put(record: Member, path: Path, value: string | number, last = 0): void {
  let place: Member | unknown[] = record
  path.segments.forEach((segment, i) => {
    const next = path.segments[i + 1]
    const at = next === undefined ? last : 0
    const key = segment.kind === 'name' ? segment.name : segment.kind === 'element' ? at : 'a'
    const holder = place as Record<string | number, unknown>
    if (next === undefined) holder[key] ??= value
    else {
      holder[key] ??= next.kind === 'element' ? [] : {}
      place = holder[key] as Member
    }
  })
}
