/** The words at the top of a policy: one comparison each. */
import { formatsOf } from '../../transforms/calendar/dates.ts'
import { type Period, parsePeriod } from '../../transforms/calendar/period.ts'
import { canonicalJson } from '../policy/fingerprint.ts'
import type { InputForm } from '../policy/input-form.ts'
import type { Policy, PolicyRequired, PolicyTime } from '../policy/policy.ts'
import { quote, type TextPosition } from '../policy/problems.ts'
import { canonicalReading } from '../policy/reading.ts'
import { isNoLonger, stepsOf } from './ages.ts'
import type { ChangeKind, Changes, Ranking } from './change.ts'
import { compareConsent, compareConsentTables } from './compare-consent.ts'
import { compareCrowd } from './compare-crowd.ts'
import { compareSuppression } from './compare-suppression.ts'
import { compareTags } from './compare-tags.ts'

type Compare = (was: Policy, is: Policy, add: Add) => void
type Add = (verdict: Ranking, kind: ChangeKind, what: string, at?: TextPosition) => void

/** Compared elsewhere, or no choice of the policy. A new word of a policy does not compile until it is decided here. */
const ELSEWHERE = null

const WORDS: { readonly [Word in keyof Policy]-?: Compare | typeof ELSEWHERE } = {
  file: ELSEWHERE,
  name: (was, is, add) => {
    if (was.name !== is.name)
      add('different', 'name', `it is called ${quote(is.name)}, and was ${quote(was.name)}`)
  },
  // Said where something else changed too.
  version: (was, is, add) => {
    if (was.version !== is.version)
      add('different', 'version', `it has version ${is.version}, and had ${was.version}`, is.versionAt)
  },
  versionAt: ELSEWHERE,
  description: ELSEWHERE,
  purpose: (was, is, add) => {
    if (was.purpose !== is.purpose)
      add('unranked', 'purpose', `the purpose is ${quote(is.purpose)}, and was ${quote(was.purpose)}`)
  },
  unlisted: (was, is, add) => {
    if (was.unlisted === is.unlisted) return
    if (is.unlisted === 'reject')
      add('stronger', 'unlisted', 'a record with anything that no field names is a dead letter now')
    else
      add(
        'weaker',
        'unlisted',
        'a record with anything that no field names leaves without it, and was a dead letter',
      )
  },
  suspects: (was, is, add) => {
    if (was.suspects === is.suspects) return
    if (is.suspects === 'dead-letter')
      add('stronger', 'suspects', 'a record with a kept value that looks personal is a dead letter now')
    else
      add(
        'weaker',
        'suspects',
        'a record with a kept value that looks personal leaves, and was a dead letter',
      )
  },
  subject: ({ subject: was }, { subject: is }, add) => {
    if (was?.path.text === is?.path.text) return
    if (is === undefined) add('weaker', 'subject', 'no path says any more whose record it is')
    else if (was === undefined)
      add('stronger', 'subject', `${quote(is.path.text)} says whose record it is`, is.at)
    else
      add(
        'unranked',
        'subject',
        `${quote(is.path.text)} says whose record it is, and ${quote(was.path.text)} did`,
        is.at,
      )
  },
  time: ({ time: was }, { time: is }, add) => {
    if (timeText(was) === timeText(is)) return
    if (is === undefined) add('weaker', 'time', 'no path says any more when an event happened')
    else if (was === undefined)
      add('different', 'time', `${quote(is.path.text)} says when an event happened`, is.at)
    else add('unranked', 'time', 'the event time is read from another path, or in another way', is.at)
  },
  fields: compareOrder,
  tags: compareTags,
  suppression: compareSuppression,
  consent: compareConsent,
  consentTables: compareConsentTables,
  retention: compareRetention,
  crowd: compareCrowd,
  input: ({ input: was = {} }, { input: is = {} }, add) => {
    for (const [word, compare] of Object.entries(INPUT)) compare(was, is, word as keyof InputForm, add)
  },
  columns: ({ columns: was }, { columns: is }, add) => {
    for (const header of new Set([...was.keys(), ...is.keys()])) {
      const [from, to] = [was.get(header), is.get(header)]
      if (from === to) continue
      if (to === undefined)
        add('different', 'columns', `the column ${quote(header)} stands for ${quote(from!)} no more`)
      else
        add(
          'unranked',
          'columns',
          `the column ${quote(header)} stands for ${quote(to)}${from === undefined ? '' : `, and stood for ${quote(from)}`}`,
        )
    }
  },
  // By what they hold, with the files that rules name.
  modules: ELSEWHERE,
  required: ({ required: was }, { required: is }, add) => {
    for (const { path } of missingIn(was, is))
      add('weaker', 'required', `a record without ${quote(path.text)} leaves, and was a dead letter`)
    for (const { path, at } of missingIn(is, was))
      add('stronger', 'required', `a record without ${quote(path.text)} is a dead letter now`, at)
  },
  optional: ({ optional: was }, { optional: is }, add) => {
    for (const { path, at } of missingIn(is, was))
      add(
        'weaker',
        'optional',
        `a file may lack the column ${quote(path.text)}, and was refused without it`,
        at,
      )
    for (const { path } of missingIn(was, is))
      add('stronger', 'optional', `a file without the column ${quote(path.text)} is refused now`)
  },
  carriers: (old, now, add) => {
    const [was, is] = [readAs(old), readAs(now)]
    for (const path of new Set([...was.keys(), ...is.keys()]))
      if (was.get(path)?.said !== is.get(path)?.said)
        add(
          'unranked',
          'json-text',
          is.has(path)
            ? `${quote(path)} is read as a text that holds JSON${was.has(path) ? ', in another way' : ', and was not'}`
            : `${quote(path)} is read as a text that holds JSON no more`,
          is.get(path)?.at,
        )
  },
  either: ({ either: was }, { either: is }, add) => {
    for (const { path, at } of missingIn(is, was))
      add(
        'weaker',
        'shape',
        `a record with one value in place of the array ${quote(path.text)} leaves, and was a dead letter`,
        at,
      )
    for (const { path } of missingIn(was, is))
      add(
        'stronger',
        'shape',
        `a record with one value in place of the array ${quote(path.text)} is a dead letter now`,
      )
  },
}

/** How a text is read that holds a container. Fields below it are compared as any. */
function readAs(policy: Policy): ReadonlyMap<string, { readonly said: string; readonly at: TextPosition }> {
  return new Map(
    policy.carriers.map(({ path, reading, at }) => [
      path.text,
      { said: canonicalJson(canonicalReading(reading)), at },
    ]),
  )
}

export function compareWords(was: Policy, is: Policy, changes: Changes): void {
  const add: Add = (verdict, kind, what, at) => changes.add(verdict, kind, what, at)
  for (const compare of Object.values(WORDS)) compare?.(was, is, add)
}

/** Columns that are made of others leave in the order of the policy. */
function compareOrder({ fields: was }: Policy, { fields: is }: Policy, add: Add): void {
  const derived = (fields: Policy['fields'], others: Policy['fields']) =>
    fields
      .filter(({ path, from }) => path !== from && others.some((other) => other.path.text === path.text))
      .map(({ path }) => path.text)
  if (canonicalJson(derived(was, is)) !== canonicalJson(derived(is, was)))
    add('different', 'order', 'columns that are made of others leave in another order')
}

function timeText(time: PolicyTime | undefined): string {
  if (time === undefined) return ''
  const { path, zone, notBefore, notAfter } = time
  return canonicalJson({ path: path.text, zone, notBefore, notAfter, formats: formatsOf(time) })
}

const missingIn = (all: readonly PolicyRequired[], others: readonly PolicyRequired[]): PolicyRequired[] =>
  all.filter(({ path }) => !others.some((other) => other.path.text === path.text))

/** From which age on records leave no more. What fields tell at each age is compared with the fields. */
function compareRetention({ retention: was }: Policy, { retention: is }: Policy, add: Add): void {
  const endOf = (steps: ReturnType<typeof stepsOf>) => steps.find(({ step }) => step.suppress)
  const [old, now] = [endOf(stepsOf(was)), endOf(stepsOf(is))]
  if (now === undefined && old !== undefined)
    add(
      'weaker',
      'retention',
      `records leave at any age, and were suppressed after ${old.step.after}`,
      is?.at,
    )
  else if (now !== undefined && old === undefined)
    add('stronger', 'retention', `records are suppressed after ${now.step.after} now`, now.step.at)
  else if (now !== undefined && old !== undefined && now.step.after !== old.step.after) {
    const [shorter, longer] = [isNoLonger(now.period, old.period), isNoLonger(old.period, now.period)]
    const verdict = shorter && longer ? 'different' : shorter ? 'stronger' : longer ? 'weaker' : 'unranked'
    add(
      verdict,
      'retention',
      `records are suppressed after ${now.step.after}, and were after ${old.step.after}`,
      now.step.at,
    )
  }
  compareTolerance(was?.futureTolerance, is?.futureTolerance, add, is?.at)
  const periods = stepsOf(is)
  const asBefore = stepsOf(was).every(({ period }, at) => isSame(period, periods[at]?.period))
  const others = stepsOf(was).filter(({ step }) => !step.suppress)
  if (asBefore && others.some(({ step }, at) => step.after !== periods[at]!.step.after))
    add('different', 'step', 'the ages of the steps are written otherwise, and are the same', is?.at)
}

const isSame = (one: Period, other: Period | undefined): boolean =>
  other !== undefined && isNoLonger(one, other) && isNoLonger(other, one)

function compareTolerance(
  was: string | undefined,
  is: string | undefined,
  add: Add,
  at?: TextPosition,
): void {
  if (was === undefined || is === undefined || was === is) return
  const [old, now] = [parsePeriod(was)!, parsePeriod(is)!]
  const [shorter, longer] = [isNoLonger(now, old), isNoLonger(old, now)]
  add(
    shorter && longer ? 'different' : shorter ? 'stronger' : 'weaker',
    'future-tolerance',
    `an event time may lie ${is} in the future, and might ${was}`,
    at,
  )
}

type CompareInput = (was: InputForm, is: InputForm, word: keyof InputForm, add: Add) => void

/** Other cells may stand where those of a path stood. */
const asBytes: CompareInput = (was, is, word, add) => {
  const [old, now] = [was[word] ?? 0, is[word] ?? 0]
  if (canonicalJson(old) !== canonicalJson(now))
    add('unranked', 'input', `\`input.${word}\` is another one: the bytes of a file may become other cells`)
  else if (was[word] !== is[word] && (was[word] ?? is[word]) === 0)
    add('different', 'input', `\`input.${word}\` is written otherwise, and comes to the same`)
}

const INPUT: { readonly [Word in keyof InputForm]-?: CompareInput } = {
  encoding: asBytes,
  delimiter: asBytes,
  quote: asBytes,
  escape: asBytes,
  header: asBytes,
  skipLines: asBytes,
  comment: asBytes,
  nulls: ({ nulls: was = [] }, { nulls: is = [] }, _word, add) => {
    for (const word of is.filter((one) => !was.includes(one)))
      add('weaker', 'nulls', `${quote(word)} stands for nothing, so that it leaves as it is`)
    for (const word of was.filter((one) => !is.includes(one)))
      add('stronger', 'nulls', `${quote(word)} is a value now, as any other`)
  },
}
