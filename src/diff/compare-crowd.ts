/** `crowd:` of two policies: how many data subjects share the values of a record that leaves. */
import { parsePeriod } from '../../transforms/calendar/period.ts'
import type { Policy, PolicyCrowd } from '../policy/policy.ts'
import { quote, type TextPosition } from '../policy/problems.ts'
import { isNoLonger } from './ages.ts'
import type { Ranking } from './change.ts'

type Add = (verdict: Ranking, kind: 'crowd', what: string, at?: TextPosition) => void

export function compareCrowd({ crowd: was }: Policy, { crowd: is }: Policy, add: Add): void {
  if (was === undefined && is === undefined) return
  if (is === undefined) {
    add(
      'weaker',
      'crowd',
      `records leave in classes of any size, and did in classes of ${was!.k} or more only`,
    )
    return
  }
  if (was === undefined) {
    add('stronger', 'crowd', `records leave in classes of ${is.k} data subjects or more only`, is.at)
    return
  }
  const tell = (verdict: Ranking, what: string): void => add(verdict, 'crowd', what, is.at)
  if (is.k !== was.k)
    tell(is.k < was.k ? 'weaker' : 'stronger', `a class has ${is.k} data subjects or more, and had ${was.k}`)
  const [l, lBefore] = [is.l ?? 1, was.l ?? 1]
  if (l !== lBefore)
    tell(
      l < lBefore ? 'weaker' : 'stronger',
      `a class has ${valuesOf(l)} of each sensitive field, and had ${valuesOf(lBefore)}`,
    )
  const [t, tBefore] = [is.t ?? 1, was.t ?? 1]
  if (t !== tBefore)
    tell(
      t > tBefore ? 'weaker' : 'stronger',
      `the values of a class may be ${t} from those of all records, and might be ${tBefore}`,
    )
  if (is.maxSuppressed !== was.maxSuppressed)
    tell(
      is.maxSuppressed > was.maxSuppressed ? 'weaker' : 'stronger',
      `a batch may suppress ${percentOf(is)} of its records for it, and might ${percentOf(was)}`,
    )
  if (is.onFail !== was.onFail)
    tell(
      is.onFail === 'fail' ? 'stronger' : 'weaker',
      is.onFail === 'fail'
        ? 'a batch leaves no output where a class is too small, and suppressed its records'
        : 'records of classes that are too small are suppressed, and the batch left no output',
    )
  compareWindows(was, is, tell)
  compareFields('over', was, is, tell)
  compareFields('sensitive', was, is, tell)
}

const valuesOf = (l: number): string => (l === 1 ? 'any number of values' : `${l} values or more`)

const percentOf = ({ maxSuppressed }: PolicyCrowd): string => `${Number((maxSuppressed * 100).toFixed(6))} %`

function compareWindows(
  { window: was }: PolicyCrowd,
  { window: is }: PolicyCrowd,
  tell: (verdict: Ranking, what: string) => void,
): void {
  if (was === is) return
  if (is === undefined) tell('stronger', 'no stream runs under it any more, as it states no window')
  else if (was === undefined)
    tell('weaker', `streams run under it: a class counts who has shown its values within ${is}`)
  else {
    const [old, now] = [parsePeriod(was)!, parsePeriod(is)!]
    const [shorter, longer] = [isNoLonger(now, old), isNoLonger(old, now)]
    tell(
      shorter && longer ? 'different' : shorter ? 'stronger' : longer ? 'weaker' : 'unranked',
      `in streams a class counts who has shown its values within ${is}, and did within ${was}`,
    )
  }
}

/** Of fewer fields more records are equal; of fewer sensitive ones fewer have to differ. */
function compareFields(
  word: 'over' | 'sensitive',
  was: PolicyCrowd,
  is: PolicyCrowd,
  tell: (verdict: Ranking, what: string) => void,
): void {
  const [does, doesNot] =
    word === 'over'
      ? ['tells classes apart', 'does not tell classes apart']
      : ['has to differ in a class', 'need not differ in a class']
  for (const path of was[word])
    if (!is[word].includes(path)) tell('weaker', `${quote(path)} ${doesNot} any more`)
  for (const path of is[word]) if (!was[word].includes(path)) tell('stronger', `${quote(path)} ${does} now`)
}
