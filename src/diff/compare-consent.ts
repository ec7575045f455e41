/** `consent:` of two policies: whose records leave. */
import { canonicalForm, canonicalJson } from '../policy/fingerprint.ts'
import type { Policy, PolicyConsent, PolicyConsentTable } from '../policy/policy.ts'
import { quote, type TextPosition } from '../policy/problems.ts'
import type { Ranking } from './change.ts'

type Add = (verdict: Ranking, kind: 'consent', what: string, at?: TextPosition) => void

export function compareConsent({ consent: was }: Policy, { consent: is }: Policy, add: Add): void {
  const same = (one: PolicyConsent, all: readonly PolicyConsent[]): PolicyConsent | undefined =>
    all.find(({ from, form }) => from.text === one.from.text && form.kind === one.form.kind)
  for (const one of was)
    if (same(one, is) === undefined)
      add(
        'weaker',
        'consent',
        `records leave without the consent that ${quote(one.from.text)} stated (${one.form.kind})`,
      )
  for (const one of is) {
    const before = same(one, was)
    if (before === undefined)
      add(
        'stronger',
        'consent',
        `records leave only with the consent that ${quote(one.from.text)} states (${one.form.kind})`,
        one.at,
      )
    else compareSource(before, one, add)
  }
}

function compareSource(was: PolicyConsent, is: PolicyConsent, add: Add): void {
  const from = quote(is.from.text)
  compareSilence(was, is, from, add)
  if (was.purpose !== is.purpose)
    add(
      'unranked',
      'consent',
      `the consent of ${from} is to ${quote(is.purpose)}, and was to ${quote(was.purpose)}`,
      is.at,
    )
  if (was.split !== is.split) add('unranked', 'consent', `the list of ${from} is parted otherwise`, is.at)
  const change = changeOf(was, is)
  if (change !== undefined)
    add(
      change,
      'consent',
      change === 'weaker'
        ? `${from} allows more than it did`
        : change === 'stronger'
          ? `${from} allows less than it did`
          : `what ${from} allows is another`,
      is.at,
    )
}

type Silent = Pick<PolicyConsent, 'silence' | 'accepted' | 'at'>

function compareSilence(was: Silent, is: Silent, what: string, add: Add): void {
  if (was.silence !== is.silence)
    add(
      is.silence === 'allow' ? 'weaker' : 'stronger',
      'consent',
      is.silence === 'allow'
        ? `records without ${what} leave, and did not: silence is taken for consent`
        : `records without ${what} do not leave now`,
      is.at,
    )
  else if (was.accepted !== is.accepted)
    add('different', 'consent', `why silence of ${what} may be taken for consent is written otherwise`, is.at)
}

/** What allows: of words that are all needed more is stronger, of values that are enough alone more is weaker. */
function changeOf({ form: was }: PolicyConsent, { form: is }: PolicyConsent): Ranking | undefined {
  if (canonicalJson(canonicalForm(was)) === canonicalJson(canonicalForm(is))) return undefined
  if (was.kind === 'is' && is.kind === 'is') return ranked(is.values, was.values)
  if (was.kind === 'lists' && is.kind === 'lists') return ranked(was.names, is.names)
  if (was.kind === 'lacks' && is.kind === 'lacks') return ranked(was.names, is.names)
  if (was.kind === 'tcf' && is.kind === 'tcf' && was.vendor === is.vendor)
    return ranked(was.purposes, is.purposes)
  return 'unranked'
}

/** `weaker` where `more` holds all of `less` and others. */
function ranked<T>(more: readonly T[], less: readonly T[]): Ranking {
  const holdsAll = less.every((one) => more.includes(one))
  const isHeld = more.every((one) => less.includes(one))
  return holdsAll ? 'weaker' : isHeld ? 'stronger' : 'unranked'
}

export function compareConsentTables(
  { consentTables: was }: Policy,
  { consentTables: is }: Policy,
  add: Add,
): void {
  const same = (
    one: PolicyConsentTable,
    all: readonly PolicyConsentTable[],
  ): PolicyConsentTable | undefined =>
    all.find(({ table, by }) => table === one.table && by.text === one.by.text)
  for (const one of was)
    if (same(one, is) === undefined)
      add(
        'weaker',
        'consent',
        `records leave without consent in the table ${quote(one.table)} by ${quote(one.by.text)}`,
      )
  for (const one of is) {
    const before = same(one, was)
    const table = quote(one.table)
    if (before === undefined)
      add(
        'stronger',
        'consent',
        `records leave only with consent in the table ${table} by ${quote(one.by.text)}`,
        one.at,
      )
    else {
      compareSilence(before, one, `a history in the table ${table}`, add)
      if (before.purpose !== one.purpose || before.normalize !== one.normalize)
        add(
          'unranked',
          'consent',
          `the table ${table} is asked for another purpose, or in another normal form`,
          one.at,
        )
    }
  }
}
