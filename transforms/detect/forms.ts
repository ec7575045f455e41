/** Numbers that are written in known groups and checked by their digits. */
import type { NumberDetector } from './detector.ts'
import { Between, type NumberRun } from './number-run.ts'
import { type Words, wordsOf } from './words.ts'

export interface Form {
  /** Digits of each group. */
  readonly groups: readonly number[]
  /** What may stand between groups: of ` -./`; the same everywhere. Default: a space or a hyphen. */
  readonly between?: string
  /** What must stand between groups, one for each gap. */
  readonly exactly?: string
  /** Counts only behind one of the words: too many numbers pass the check by chance. */
  readonly afterWord?: boolean
}

export interface Numbered {
  readonly kind: string
  readonly summary: string
  readonly examples: readonly string[]
  readonly harmless: readonly string[]
  readonly forms: readonly Form[]
  readonly words?: readonly string[]
  /** Whether `digits[at..at + count)` are one; `form` is the one that they are written in. */
  readonly holds: (digits: Uint8Array, at: number, count: number, form: Form) => boolean
}

const BITS: Readonly<Record<string, number>> = {
  ' ': Between.space,
  '-': Between.hyphen,
  '.': Between.dot,
  '/': Between.slash,
}
const bitsOf = (text: string): number => [...text].reduce((bits, char) => bits | BITS[char]!, 0)

/** Beside a number these say that it is a part of something longer. */
const JOINED = Between.hyphen | Between.dot | Between.slash | Between.part

interface Prepared {
  readonly form: Form
  readonly between: number
  readonly exactly: readonly number[] | undefined
  readonly count: number
}

/** A detector of numbers in known forms. */
export function numbered(kind: Numbered): NumberDetector {
  const words: Words | undefined = kind.words === undefined ? undefined : wordsOf(...kind.words)
  const prepared = kind.forms.map(
    (form): Prepared => ({
      form,
      between: bitsOf(form.between ?? ' -'),
      exactly: form.exactly === undefined ? undefined : [...form.exactly].map((char) => BITS[char]!),
      count: form.groups.reduce((sum, group) => sum + group, 0),
    }),
  )
  return {
    reads: 'numbers',
    kind: kind.kind,
    summary: kind.summary,
    examples: kind.examples,
    harmless: kind.harmless,
    firstGroups: [...new Set(kind.forms.map(({ groups }) => groups[0]!))],
    take(run, group) {
      if ((run.between[group]! & JOINED) !== 0) return 0
      for (const { form, between, exactly, count } of prepared) {
        if (!isWritten(run, group, form, between, exactly)) continue
        if (!kind.holds(run.digits, run.first[group]!, count, form)) continue
        if (form.afterWord === true && !run.hasWordBefore(group, words!)) continue
        return form.groups.length
      }
      return 0
    },
  }
}

function isWritten(
  run: NumberRun,
  group: number,
  { groups }: Form,
  between: number,
  exactly: readonly number[] | undefined,
): boolean {
  const behind = group + groups.length
  if (behind > run.groupCount) return false
  for (let i = 0; i < groups.length; i++) {
    if (run.length[group + i] !== groups[i]) return false
    if (i === 0) continue
    const gap = run.between[group + i]!
    if (exactly !== undefined ? gap !== exactly[i - 1] : (gap & ~between) !== 0 || !isSame(run, group, i))
      return false
  }
  return (run.between[behind]! & JOINED) === 0
}

/** One number is written with one separator. */
const isSame = (run: NumberRun, group: number, i: number): boolean =>
  i === 1 || run.between[group + i] === run.between[group + 1]
