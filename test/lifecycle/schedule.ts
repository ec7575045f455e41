/** Schedules: what happens one after the other, as plain data that fast-check makes, prints and shrinks. */
import fc from 'fast-check'

/** Numbers name what is there at that time, modulo how many there are: every action can happen at every time. */
export type Action =
  | { readonly do: 'batch'; readonly events: readonly Drawn[]; readonly asOf: number; readonly form: number }
  | {
      readonly do: 'say'
      readonly who: number
      readonly grants: boolean
      readonly ago: number
      readonly until: boolean
    }
  | {
      readonly do: 'forget'
      readonly who: readonly number[]
      readonly files: number
      /** What happens between plan and apply. */
      readonly meanwhile: 'nothing' | 'hold' | 'retain' | 'kill'
      readonly after: number
    }
  | {
      readonly do: 'retain'
      readonly asOf: number
      readonly files: number
      readonly kill: boolean
      readonly after: number
    }
  | {
      readonly do: 'hold'
      readonly file: number | null
      readonly span: Edge | null
      readonly who: number | null
    }
  | { readonly do: 'release'; readonly hold: number }
  | {
      readonly do: 'keys'
      readonly what: 'rotate' | 'compromise' | 'disable' | 'rotate-match' | 'disable-match'
      readonly key: number
    }
  | { readonly do: 'backup' }
  | { readonly do: 'restore'; readonly files: number }
  | { readonly do: 'locate'; readonly who: number }

export interface Drawn {
  readonly who: number
  /** Its age in days when it is judged. */
  readonly age: number
}

/** A span that begins or ends at the day of a stored row: just in it, or just beside it. */
export interface Edge {
  readonly row: number
  readonly side: 'ends before' | 'ends in' | 'begins in' | 'begins behind'
  readonly days: number
}

export const SUBJECTS = 5
const who = fc.nat(SUBJECTS - 1)
const mask = fc.integer({ min: 1, max: 15 })
/** Some of each side of the period, and many near it. */
const age = fc.oneof(
  fc.integer({ min: 0, max: 95 }),
  fc.integer({ min: 96, max: 104 }),
  fc.integer({ min: 105, max: 160 }),
)
const asOf = fc.integer({ min: 1, max: 60 })
const drawn = fc.array(fc.record({ who, age }), { minLength: 1, maxLength: 12 })
const after = fc.integer({ min: 150, max: 900 })
const of = <A extends Action['do'], T>(name: A, model: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record({ do: fc.constant(name), ...model }) as unknown as fc.Arbitrary<Extract<Action, { do: A }>>

/** `kills`: whether processes are killed, which only processes of their own can be. */
export function actions(kills: boolean): fc.Arbitrary<Action> {
  const meanwhile = fc.constantFrom(
    'nothing',
    'nothing',
    'hold',
    'retain',
    ...(kills ? ['kill', 'kill'] : []),
  )
  const span = fc.record({
    row: fc.nat(99),
    side: fc.constantFrom(
      'ends before' as const,
      'ends in' as const,
      'begins in' as const,
      'begins behind' as const,
    ),
    days: fc.integer({ min: 1, max: 40 }),
  })
  return fc.oneof<fc.Arbitrary<Action>[]>(
    ...[
      ...Array.from({ length: 4 }, () => of('batch', { events: drawn, asOf, form: fc.nat(4) })),
      ...Array.from({ length: 4 }, () =>
        of('say', {
          who,
          grants: fc.oneof(fc.constant(true), fc.constant(true), fc.boolean()),
          ago: fc.integer({ min: 1, max: 250 }),
          until: fc.oneof(fc.constant(false), fc.constant(false), fc.boolean()),
        }),
      ),
      ...Array.from({ length: 3 }, () =>
        of('forget', {
          who: fc.uniqueArray(who, { minLength: 1, maxLength: 2 }),
          files: mask,
          meanwhile,
          after,
        }),
      ),
      ...Array.from({ length: 2 }, () =>
        of('retain', { asOf, files: mask, kill: kills ? fc.boolean() : fc.constant(false), after }),
      ),
      ...Array.from({ length: 2 }, () =>
        of('hold', {
          // More than one of these together touch few rows.
          file: fc.oneof(fc.constant(null), fc.nat(9)),
          span: fc.oneof(fc.constant(null), span, span),
          who: fc.oneof(fc.constant(null), fc.constant(null), who),
        }),
      ),
      ...Array.from({ length: 2 }, () => of('release', { hold: fc.nat(9) })),
      ...Array.from({ length: 2 }, () =>
        of('keys', {
          what: fc.constantFrom('rotate', 'rotate', 'compromise', 'disable', 'rotate-match', 'disable-match'),
          key: fc.nat(9),
        }),
      ),
      of('backup', {}),
      of('restore', { files: mask }),
      of('locate', { who }),
    ],
  )
}

export const printed = (schedule: readonly unknown[]): string =>
  schedule.map((action, index) => `  ${index + 1}. ${JSON.stringify(action)}`).join('\n')
