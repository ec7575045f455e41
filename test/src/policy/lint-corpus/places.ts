/**
 * Where a rule can stand. Rules are written as in a policy, without braces: `hash.hmac, domain: d`. Names of fields say
 * nothing: what names suggest has a corpus of its own.
 */
export interface Case {
  readonly title: string
  /** The one code that the policy is refused with; undefined: it is accepted. */
  readonly code?: string
  readonly text: string
}

const IDENTIFIES = 'category: user.contact.email'

/** A policy with a data subject and an event time that do not leave, unless `fields` say more of them. */
export function policy(fields: readonly string[], more = ''): string {
  const all = [...fields]
  for (const path of ['s', 't'])
    if (!fields.some((field) => field.startsWith(`${path}:`))) all.push(`${path}: drop`)
  const head = 'policy: p\nversion: 1\npurpose: train_ai_system\nsubject: s\ntime: t\n'
  return `${head}${more}fields:\n${all.map((field) => `  ${field}\n`).join('')}`
}

export interface Place {
  readonly title: string
  /** The code for a rule that tells a direct identifier, or what may name a person, nearly. */
  readonly code: string
  readonly write: (rule: string) => string
}

/** Where values of people stand. */
export const IDENTIFYING: readonly Place[] = [
  { title: 'the subject', code: 'kept-direct-identifier', write: (rule) => policy([`s: { use: ${rule} }`]) },
  {
    title: 'a value of a category',
    code: 'kept-direct-identifier',
    write: (rule) => policy([`x: { use: ${rule}, ${IDENTIFIES} }`]),
  },
  {
    title: 'a value of a role',
    code: 'kept-direct-identifier',
    write: (rule) => policy([`x: { use: ${rule}, role: direct-identifier }`]),
  },
  {
    title: 'another output of an input',
    code: 'kept-direct-identifier',
    write: (rule) => policy([`i: { use: drop, ${IDENTIFIES} }`, `x: { from: i, use: ${rule} }`]),
  },
  {
    title: 'under a condition',
    code: 'kept-direct-identifier',
    write: (rule) => policy([`x: [{ when: { c: [a] }, use: ${rule}, ${IDENTIFIES} }, { use: drop }]`]),
  },
  {
    title: 'where no condition holds',
    code: 'kept-direct-identifier',
    write: (rule) => policy([`x: [{ when: { c: [a] }, use: drop, ${IDENTIFIES} }, { use: ${rule} }]`]),
  },
  {
    title: 'a column',
    code: 'kept-direct-identifier',
    write: (rule) => policy([`x: { use: ${rule}, ${IDENTIFIES} }`], 'columns: { COL 1: x }\n'),
  },
  {
    title: 'elements of an array',
    code: 'kept-direct-identifier',
    write: (rule) => policy([`"x[]": { use: ${rule}, ${IDENTIFIES} }`]),
  },
  {
    title: 'members of a map',
    code: 'kept-direct-identifier',
    write: (rule) =>
      policy([`x.*: { use: ${rule}, ${IDENTIFIES} }`, 'x.$names: { use: hash.hmac, domain: d }']),
  },
  {
    title: 'before a step of retention',
    code: 'kept-direct-identifier',
    write: (rule) =>
      policy(
        [`x: { use: ${rule}, ${IDENTIFIES} }`],
        'retention: { steps: [{ after: 30d, fields: { x: mask.null } }] }\n',
      ),
  },
  { title: 'the record key', code: 'kept-record-key', write: (rule) => policy([`$key: { use: ${rule} }`]) },
  { title: 'a header', code: 'kept-header', write: (rule) => policy([`$headers.h: { use: ${rule} }`]) },
  {
    title: 'the names of a map',
    code: 'kept-map-names',
    write: (rule) => policy(['x.*: mask.null', `x.$names: { use: ${rule} }`]),
  },
]

/** Where values stand of which nobody says what they are. */
export const ANY: readonly Place[] = [
  { title: 'a value', code: '', write: (rule) => policy([`x: { use: ${rule} }`]) },
  { title: 'another output', code: '', write: (rule) => policy(['i: drop', `x: { from: i, use: ${rule} }`]) },
  {
    title: 'under a condition',
    code: '',
    write: (rule) => policy([`x: [{ when: { c: [a] }, use: ${rule} }, { use: drop }]`]),
  },
  {
    title: 'from a step of retention on',
    code: '',
    write: (rule) =>
      policy(
        ['x: { use: keep, accept: the reason is here, role: direct-identifier }'],
        `retention: { steps: [{ after: 30d, fields: { x: { use: ${rule} } } }] }\n`,
      ),
  },
]

/** Rules of one input, as outputs side by side. */
export function sideBySide(rules: readonly string[]): string {
  return policy(rules.map((rule, i) => `o${i}: { from: i, use: ${rule} }`))
}

/** The same, from a step of retention on; before it, the value itself leaves, twice. */
export function sideBySideLater(rules: readonly string[]): string {
  const later = rules.map((rule, i) => `o${i}: { use: ${rule} }`).join(', ')
  return policy(
    rules.map((_, i) => `o${i}: { from: i, use: keep }`),
    `retention: { steps: [{ after: 30d, fields: { ${later} } }] }\n`,
  )
}

/** A field and the rule that a step puts in its place. */
export function step(before: string, after: string): string {
  return policy(
    [`x: { use: ${before} }`],
    `retention: { steps: [{ after: 30d, fields: { x: { use: ${after} } } }] }\n`,
  )
}
