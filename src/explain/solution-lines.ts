/** What a search for a policy found, for people: figures, and rules and names out of the policy. */
import type { Solution, SolvedNode } from '../forms/solution.ts'
import { columns, type Paint, printable } from '../terminal.ts'

const number = (count: number): string => count.toLocaleString('en', { maximumFractionDigits: 1 })
const percent = (share: number): string => `${(share * 100).toFixed(2)} %`
const figure = (value: number): string =>
  Number.isInteger(value) || Math.abs(value) >= 1000 ? number(value) : value.toFixed(4)

/** Without the patch. */
export function solutionLines(found: Solution, paint: Paint): string[] {
  const { policy, records, over, sensitive, counted, options, search } = found
  const { bold, dim, yellow } = paint
  const asked = [
    `k ${options.k}`,
    ...(options.l === undefined ? [] : [`l ${options.l}`]),
    ...(options.t === undefined ? [] : [`t ${options.t}`]),
    `at most ${percent(options.maxSuppressed)} suppressed`,
    ...(options.fair === undefined ? [] : [`each group kept at ${options.fair} of the best`]),
  ]
  return [
    bold(`${policy.name}, version ${policy.version}`),
    `  asked for: ${asked.join(', ')}; least ${options.metric}`,
    `  quasi-identifiers: ${over.map(printable).join(', ')}`,
    ...(sensitive.length === 0 ? [] : [`  sensitive: ${sensitive.map(printable).join(', ')}`]),
    `  ${number(records.read)} records read, ${number(records.leaving)} leave before classes are judged`,
    ...(records.unread === 0
      ? []
      : [yellow(`  ${number(records.unread)} records could not be read and are in no figure`)]),
    ...(counted === 'records' ? [dim('  the policy names no subject: each record counts as one')] : []),
    `  ${number(search.nodes)} combinations, ${number(search.checked)} looked at: ${exactness(found)}`,
    '',
    ...nodeLines(found, paint),
    ...fieldLines(found, paint),
    ...balanceLines(found, paint),
    ...found.notes.map((note) => yellow(`note: ${note}`)),
  ]
}

function exactness({ search, found, options }: Solution): string {
  if (search.exact) return found ? 'none is better' : 'none holds'
  const least =
    search.least === undefined || search.least <= 0
      ? ''
      : `; none has a ${options.metric} below ${figure(search.least)}`
  return found ? `not exact, a better one may exist${least}` : 'not exact, one that holds may exist'
}

function nodeLines(
  { present, solution, closest, unconstrained, price, options }: Solution,
  { bold, yellow }: Paint,
): string[] {
  const nodes: readonly (readonly [string, SolvedNode | undefined])[] = [
    ['as it is', present],
    ['without the groups', price === undefined ? undefined : unconstrained],
    ['solution', solution],
    ['closest', closest],
  ]
  const there = nodes.filter((one): one is readonly [string, SolvedNode] => one[1] !== undefined)
  const row = (name: string, of: (node: SolvedNode) => string): string[] => [
    name,
    ...there.map(([, node]) => of(node)),
  ]
  const rows = [
    ['', ...there.map(([name]) => bold(name))],
    row('  subjects in the smallest class (k)', (node) => number(node.k)),
    row('  classes', (node) => number(node.classes)),
    row('  records suppressed', (node) => number(node.suppressed)),
    row('  share suppressed', (node) => percent(node.suppressedShare)),
    row('  loss', (node) => figure(node.loss)),
    ...(options.metric === 'loss' ? [] : [row(`  ${options.metric}`, (node) => figure(node.cost))]),
  ]
  return [
    ...columns(rows),
    ...(present.holds ? ['  the policy as it is holds what was asked for'] : []),
    ...(solution === undefined
      ? [yellow('  no combination holds what was asked for; closest is every field at its coarsest')]
      : []),
    ...(solution === undefined
      ? []
      : [`  price against the policy as it is: ${figure(solution.loss - present.loss)} loss`]),
    ...(price === undefined ? [] : [`  price of the groups: ${figure(price.loss)} loss`]),
    '',
  ]
}

function fieldLines({ fields }: Solution, { bold, dim }: Paint): string[] {
  const rows = fields.map(({ field, rung, rungs, present, chosen, note }) => [
    `  ${printable(field)}`,
    dim(printable(present)),
    rung === 0 ? dim('stays') : bold(printable(chosen)),
    `${rung} of ${rungs - 1}`,
    note === undefined ? '' : dim(note),
  ])
  return [...columns([['  field', 'as it is', 'chosen', 'rung', ''], ...rows]), '']
}

function balanceLines({ balance = [], options }: Solution, { bold, yellow }: Paint): string[] {
  return balance.flatMap(({ by, groups, small }) => {
    const rows = groups.map(({ name, read, published, retention, ratio, isFlagged }) => {
      const text = ratio.toFixed(3)
      return [
        `  ${name === null ? '(no value)' : printable(name)}`,
        number(read),
        number(published),
        percent(retention),
        isFlagged ? yellow(text) : text,
      ]
    })
    const flagged = groups.filter((group) => group.isFlagged).length
    return [
      ...columns([[bold(printable(by)), 'read', 'published', 'kept', 'ratio'], ...rows]),
      ...(small.groups === 0
        ? []
        : [
            `  ${small.groups} smaller groups: ${number(small.read)} read, ${number(small.published)} published`,
          ]),
      ...(flagged === 0
        ? []
        : [
            yellow(
              `  warning: ${flagged} ${flagged === 1 ? 'group is' : 'groups are'} kept at less than ${options.fair ?? 0.8} of the best; --fair 0.8 finds the cheapest change that keeps each`,
            ),
          ]),
      '',
    ]
  })
}
