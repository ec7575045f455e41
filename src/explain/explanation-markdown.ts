/** A policy as one page of Markdown for its approval: what it is, and a table of its fields. No value of data. */
import { formatsOf } from '../../transforms/calendar/dates.ts'
import type { Plan } from '../policy/plan.ts'
import type { Policy } from '../policy/policy.ts'
import { shorten } from '../terminal.ts'
import type { ExplainedField, ExplainedRule } from './explanation.ts'
import { code, prose, row } from './markdown-text.ts'

/** A list of categories may be of any length. */
const OPTION_CHARACTERS = 400

const HEAD = [
  'field',
  'category',
  'role',
  'rule and options',
  'what leaves',
  'what it does not stop',
] as const

/** `keys`: the keys that rules use, in words; undefined where none were given. */
export function markdownOf(
  policy: Policy,
  plan: Plan,
  fields: readonly ExplainedField[],
  keys: string | undefined,
): string {
  return [
    `# Policy ${code(policy.name)}, version ${policy.version}`,
    '',
    ...(policy.description === undefined ? [] : [code(policy.description), '']),
    ...facts(policy, plan, keys).map(([name, text]) => `- ${name}: ${text}`),
    '',
    row(HEAD),
    row(HEAD.map(() => '---')),
    ...fields.flatMap((field) => field.rules.map((rule) => row(cellsOf(field, rule)))),
    '',
  ].join('\n')
}

function facts(policy: Policy, plan: Plan, keys: string | undefined): (readonly [string, string])[] {
  const { subject, time } = policy
  return [
    ['fingerprint', code(plan.fingerprint)],
    ['purpose', code(policy.purpose)],
    ['whose record', subject === undefined ? 'not said' : code(subject.path.text)],
    [
      'event time',
      time === undefined
        ? 'not said'
        : `${code(time.path.text)} (${formatsOf(time).map(code).join(', or ')})`,
    ],
    [
      'unlisted',
      policy.unlisted === 'drop'
        ? 'what no field names is left out'
        : 'a record with anything that no field names is a dead letter',
    ],
    ...(policy.retention?.steps ?? []).map(({ after, suppress, fields }): readonly [string, string] => [
      `after ${code(after)}`,
      suppress ? 'the record is suppressed' : `coarser: ${[...fields.keys()].map(code).join(', ')}`,
    ]),
    ['keys', !plan.needsKeys ? 'none: no rule uses one' : keys === undefined ? 'not given' : code(keys)],
  ]
}

function cellsOf(field: ExplainedField, rule: ExplainedRule): string[] {
  const from = field.from === field.path ? '' : ` from ${code(field.from)}`
  return [
    `${code(field.path)}${from}`,
    field.category === undefined ? '' : code(field.category),
    prose(field.role),
    doneIn(rule),
    prose(rule.leaves),
    rule.doesNotStop === undefined ? '' : prose(rule.doesNotStop),
  ]
}

function doneIn(rule: ExplainedRule): string {
  const options = Object.entries(rule.allOptions ?? {})
    .map(([name, value]) => `${name}: ${JSON.stringify(value)}`)
    .join(', ')
  return [
    ...(rule.after === undefined ? [] : [`after ${code(rule.after)}:`]),
    code(rule.use),
    ...(options === '' ? [] : [code(shorten(options, OPTION_CHARACTERS))]),
    ...(rule.when === undefined ? [] : [code(rule.when)]),
    ...(rule.onFailure === undefined ? [] : [`on failure: ${code(rule.onFailure)}`]),
    ...(rule.accepted === undefined ? [] : [`accepted: ${code(rule.accepted)}`]),
  ].join('<br>')
}
