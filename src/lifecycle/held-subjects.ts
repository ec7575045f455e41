/** Subjects of a legal hold, as its line names them: tokens under match keys, and how their rows are told. No identifier, no output. */
import { z } from 'zod'
import type { Path } from '../policy/path.ts'
import { NORMAL_FORM_NAMES, type NormalForm } from '../policy/suppression/normal-forms.ts'

/** By what rows of a subject are found. */
export interface Finder {
  /** The output path. */
  readonly path: Path
  /** Whether a stored text of it is of one of the subjects. */
  readonly find: (text: string) => boolean
}

/** A field that rows are told by. `kept`: it holds the identifier. `output`: it holds what a rule made of it. */
export interface HeldFinder {
  /** The output path. */
  readonly field: string
  readonly by: readonly ('kept' | 'output')[]
  /** What stands between several identifiers in one text; null: it is one. */
  readonly split: string | null
  /** Whether a row that has a text there is of a known subject: every rule of the field tells subjects apart. */
  readonly tells: boolean
}

/** How rows are told in the files of one policy. */
export interface HeldSearch {
  readonly policy: { readonly name: string; readonly version: number; readonly fingerprint: string }
  readonly finders: readonly HeldFinder[]
  /** Why rows cannot be told, so that all of them are held; empty where they can. */
  readonly untold: readonly string[]
}

export interface HeldSubjects {
  /** The normal form of identifiers. */
  readonly normalize: NormalForm
  /** Check values of the match keys of all tokens, by id. */
  readonly matchKeys: Readonly<Record<string, string>>
  /** Check values of the token keys that outputs are told under, by id. */
  readonly keys: Readonly<Record<string, string>>
  readonly searches: readonly HeldSearch[]
  /** Match tokens: of each identifier, and of what outputs may hold of it under each key. */
  readonly subjects: readonly { readonly match: string; readonly outputs: readonly string[] }[]
}

/** What made a file, as its sidecar says. */
export interface MadeBy {
  readonly fingerprint: string
  readonly keyChecks: Readonly<Record<string, string>>
}

export type RowFinder = Finder & Pick<HeldFinder, 'tells'>

/** How rows of a hold's subjects are told in a file; a text says why they cannot be, so that all rows are held. */
export type FindersFor = (made: MadeBy) => readonly RowFinder[] | string

/** More are several holds: each line of a file of holds is read whole. */
export const MOST_SUBJECTS = 10_000

const checks = z.record(z.string().regex(/^k[1-9]\d{0,5}$/), z.string().regex(/^[0-9a-f]{8}$/))
const matchToken = z.string().regex(/^k[1-9]\d{0,5}\.[A-Za-z0-9_-]{21}[AQgw]$/)
const line = z.string().regex(/^[^\p{Cc}]+$/u)

export const heldSubjectsForm: z.ZodType<HeldSubjects> = z.strictObject({
  normalize: z.enum(NORMAL_FORM_NAMES as [NormalForm, ...NormalForm[]]),
  matchKeys: checks,
  keys: checks,
  searches: z
    .array(
      z.strictObject({
        policy: z.strictObject({
          name: line,
          version: z.int(),
          fingerprint: z.string().regex(/^[0-9a-f]{64}$/),
        }),
        finders: z.array(
          z.strictObject({
            field: line,
            by: z.array(z.enum(['kept', 'output'])).min(1),
            split: line.nullable(),
            tells: z.boolean(),
          }),
        ),
        untold: z.array(line),
      }),
    )
    .min(1),
  subjects: z
    .array(z.strictObject({ match: matchToken, outputs: z.array(matchToken) }))
    .min(1)
    .max(MOST_SUBJECTS),
})
