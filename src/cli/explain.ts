/** `lethe explain -p POLICY [RECORD]`: what happens to each field, in plain words, and why. */

import { Argument, Command, Option } from 'commander'
import { LetheError } from '../errors.ts'
import { keyNames } from '../explain/account-keys.ts'
import { type ExplainedField, type ExplainedRule, type Explanation, explain } from '../explain/explanation.ts'
import { markdownOf } from '../explain/explanation-markdown.ts'
import { gatesText } from '../explain/gates-text.ts'
import { overview } from '../explain/in-plain-words.ts'
import { judgeGates } from '../explain/judged-gates.ts'
import { asChange, readRecord, sampleOf } from '../explain/read-record.ts'
import { bornAt, type GivenRecord, runRecord } from '../explain/run-record.ts'
import { sampleRecord } from '../explain/sample-record.ts'
import { approvalInWords, approvalsMarkdown, approvalsOf } from '../explain/shown-approvals.ts'
import { lookAtFiles } from '../gates/stated-data.ts'
import { loadMatchKeys } from '../keys/match-keys.ts'
import { compilePolicy } from '../policy/compile.ts'
import { withTransforms } from '../policy/custom/modules.ts'
import { readPolicyFile } from '../policy/policy-file.ts'
import { formatProblems } from '../policy/problems.ts'
import { viewKeys } from '../run/account/keys-view.ts'
import { type ChangeOptions, withChange } from '../run/change-flags.ts'
import { formOf, type InputFlags } from '../run/input-flags.ts'
import { columns, paint, printable, shorten, wrap } from '../terminal.ts'
import { parseTime } from './arguments.ts'
import { addChangeOptions } from './change-options.ts'
import { addInputOptions } from './input-options.ts'
import { keyringFrom, testKeyring } from './keyring-option.ts'
import { addListOptions, gateOptions, type ListOptions } from './list-options.ts'

interface Options extends Omit<InputFlags, 'change'>, ListOptions, ChangeOptions {
  readonly policy: string
  readonly format: 'text' | 'json' | 'markdown'
  readonly keys?: string
  readonly asOf?: number
  readonly headerOf?: string
  readonly approvalKeys?: string
}

async function run(from: string | undefined, given: Options): Promise<void> {
  const options = withChange(given)
  if (options.format === 'markdown' && from !== undefined)
    throw new LetheError(
      'bad-option',
      'the page is about the policy and shows no values',
      'leave the record out, or say --format text',
    )
  if (from === undefined && (options.list ?? options.table) !== undefined)
    throw new LetheError(
      'bad-option',
      'a made-up record has no subject that a list or table could know',
      'give a record',
    )
  const source = readPolicyFile(options.policy)
  const keys = keyringFrom(options.keys)
  const { plan, policy, problems } = compilePolicy(source, { keys: keys ?? testKeyring() })
  if (plan === undefined || policy === undefined) {
    process.stderr.write(formatProblems(problems, 'text'))
    throw new LetheError('policy-invalid', `the policy ${options.policy} has errors`, 'correct them')
  }
  const record: GivenRecord =
    from === undefined
      ? sampleOf(sampleRecord(policy, plan, source), options.change)
      : asChange(await readRecord(from, formOf(plan.input, options), options.headerOf), options.change)
  // Without --as-of a made-up record is new; a given one is as old as it is today.
  const born = from === undefined ? bornAt(plan, record, Date.now()) : undefined
  const now = options.asOf ?? born ?? Date.now()
  const { matchKeys, ...places } = gateOptions(options)
  const looked = lookAtFiles(plan, places, () =>
    matchKeys === undefined ? undefined : loadMatchKeys(matchKeys),
  )
  const gates = judgeGates(plan, record, now, looked, runRecord)
  const explanation = explain(policy, runRecord(plan, record, now, looked), gates)
  const approvals = approvalsOf(options.policy, plan, options.approvalKeys)
  if (options.format === 'markdown') {
    const names = keys && keyNames(viewKeys(plan, keys.keyset))
    process.stdout.write(markdownOf(policy, plan, explanation.fields, names))
    process.stdout.write(approvalsMarkdown(approvals))
    return
  }
  const notes: string[] = []
  if (from === undefined) notes.push('the record is made up; give one to see yours')
  if (keys === undefined && plan.needsKeys)
    notes.push('tokens are made with the published test keys; give --keys for yours')
  const usedKeys = viewKeys(plan, (keys ?? testKeyring()).keyset)
  if (options.format === 'json') {
    const { name, version, fingerprint } = plan
    const head = {
      v: 1,
      policy: name,
      version,
      fingerprint,
      isSample: from === undefined,
      testKeys: keys === undefined,
      ...usedKeys,
      approvals: approvals.map(({ approval: { key, role, when, note }, state }) => ({
        key,
        role,
        when,
        note,
        state,
      })),
    }
    process.stdout.write(`${JSON.stringify({ ...head, ...explanation }, null, 2)}\n`)
  } else {
    process.stdout.write(`${paint(process.stdout).bold(`${plan.name}, version ${plan.version}`)}\n`)
    process.stdout.write(
      `${columns([...overview(policy), ['keys', keyNames(usedKeys)], ['fingerprint', plan.fingerprint], ...approvals.map((one) => ['approved', approvalInWords(one)])].map(([name, text]) => [`  ${name}`, text ?? ''])).join('\n')}\n`,
    )
    process.stdout.write(printText(explanation, options.policy))
  }
  for (const note of notes) process.stderr.write(`lethe: ${note}\n`)
}

function printText(explanation: Explanation, file: string): string {
  const { bold, dim, green, red } = paint(process.stdout)
  const lines: string[] = []
  for (const field of explanation.fields) lines.push('', ...fieldText(field, file, explanation))
  const unlisted = explanation.unlisted
  if (unlisted > 0) {
    const members = unlisted === 1 ? '1 member' : `${unlisted} members`
    lines.push('', dim(`${members} that no field names ${unlisted === 1 ? 'does' : 'do'} not leave`))
  }
  lines.push(...gatesText(explanation.gates))
  lines.push('', (explanation.outcome === 'publish' ? green : red)(explanation.became))
  if (explanation.published !== undefined)
    lines.push(bold('as'), ...explanation.published.split('\n').map(printable))
  return `${lines.join('\n')}\n`
}

function fieldText(field: ExplainedField, file: string, { outcome }: Explanation): string[] {
  const { bold, cyan, dim } = paint(process.stdout)
  const lines = [bold(field.path)]
  const say = (name: string, text: string | undefined, colour: (text: string) => string = String) => {
    if (text === undefined) return
    wrap(text, width() - 14).forEach((line, i) => {
      lines.push(`  ${dim((i === 0 ? name : '').padEnd(11))} ${colour(line)}`)
    })
  }
  if (field.from !== field.path) say('from', field.from)
  say('is', field.is)
  for (const rule of field.rules) ruleText(rule, field, file, say)
  if (field.isBeside) say('in files', 'there is none: it stands beside the value of a Kafka record')
  else {
    say('before', values(field.before), cyan)
    if (outcome === 'publish')
      say(
        'after',
        field.after.length === 0 && field.before.length > 0 ? '(left out)' : values(field.after),
        cyan,
      )
  }
  return lines
}

function ruleText(
  rule: ExplainedRule,
  field: ExplainedField,
  file: string,
  say: (name: string, text: string | undefined, colour?: (text: string) => string) => void,
): void {
  const { yellow, red } = paint(process.stdout)
  const did = rule.applied + rule.failed > 0 && field.rules.length > 1 ? '; this one applied' : ''
  say(rule.after === undefined ? 'done' : `after ${rule.after}`, rule.done)
  say('leaves', rule.leaves)
  say('when', rule.when)
  say('on failure', rule.onFailure)
  if (rule.failed > 0) say('FAILED', 'it could not take the value', red)
  for (const weakness of rule.weaknesses) say('weak', weakness, yellow)
  say('accepted', rule.accepted === undefined ? undefined : `“${rule.accepted}”`, yellow)
  say('not stopped', rule.doesNotStop)
  say('rule', `${file}:${rule.line}${did}`)
}

function values(list: readonly string[]): string {
  if (list.length === 0) return '(nothing there)'
  const shown = list.slice(0, 3).map((text) => shorten(printable(text), 60))
  return `${shown.join(', ')}${list.length > 3 ? `, and ${list.length - 3} more` : ''}`
}

function width(): number {
  return Math.max(60, Math.min(process.stdout.columns ?? 110, 110))
}

const EXAMPLES = `
Tells for every field what it is, what is done to it, why, by which rule, and what that does not stop.
With a record (JSON or a row of CSV, from a file or stdin) it shows each value before and after; without one
it makes a record up. It prints the values of the record that you give: do not keep what it prints. CSV is
read as \`input:\` of the policy and the options say, and shows its first row; a row alone needs a header:
that of the policy, --header, or --header-of. It says of each gate whether the record passes, and which lists and
consent tables were not looked at: --list, --table and --match-keys name them as for \`lethe batch\`.

Examples:
  $ lethe explain -p policy.yaml
  $ head -1 events.ndjson | lethe explain -p policy.yaml --keys keys.json -
  $ lethe explain -p policy.yaml event.json --as-of 2026-01-01
  $ lethe explain -p policy.yaml customers.csv
  $ sed -n 17p customers.csv | lethe explain -p policy.yaml --header-of customers.csv -
  $ lethe explain -p policy.yaml --format json
  $ lethe explain -p policy.yaml --format markdown > policy.md      a page for its approval`

export const command = (): Command =>
  addListOptions(
    addChangeOptions(addInputOptions(new Command('explain'), { delimiter: 'comma; tab for .tsv' })),
  )
    .description('Explains what a policy does to each field, and why.')
    .requiredOption('-p, --policy <policy>', 'the policy')
    .addArgument(
      new Argument('[record]', 'a file: its first record is shown, JSON, CSV or Parquet; - is stdin'),
    )
    .addOption(
      new Option('--format <format>', 'how to print it')
        .choices(['text', 'json', 'markdown'])
        .default('text'),
    )
    .option('--keys <file>', 'the keyset (default: the published test keys)')
    .option('--header-of <file>', 'of a row of CSV alone: the file whose first row is its header')
    .option('--approval-keys <file>', 'public keys to check the approvals of the policy with')
    .addOption(new Option('--as-of <time>', 'judge retention at this time').argParser(parseTime))
    .addHelpText('after', EXAMPLES)
    .action((...given: Parameters<typeof run>) => withTransforms(() => run(...given)))
