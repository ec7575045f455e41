/** Schedules over topics, as plain data. */
import fc from 'fast-check'
import { type Drawn, SUBJECTS } from './schedule.ts'

export type TopicAction =
  | { readonly do: 'send'; readonly events: readonly Drawn[] }
  | { readonly do: 'say'; readonly who: number; readonly grants: boolean; readonly ago: number }
  | { readonly do: 'suppress'; readonly who: readonly number[] }
  /** Over the topics of the pipeline: plan, apply, verify. */
  | { readonly do: 'forget'; readonly who: readonly number[] }
  /** Records that the policy made long ago; of a time of their own each. */
  | { readonly do: 'old'; readonly events: readonly Drawn[] }
  /** Over the topics of the pipeline: plan, apply, verify; with a hold on a span of days, or without. */
  | { readonly do: 'retain'; readonly held: readonly [number, number] | null }
  | { readonly do: 'start' | 'stop' | 'quiet' }
  /** With SIGKILL, after so many ms. */
  | { readonly do: 'kill'; readonly after: number }
  | { readonly do: 'keys'; readonly what: 'rotate' | 'disable' | 'rotate-match'; readonly key: number }

const who = fc.nat(SUBJECTS - 1)
/** The clock is that of the machine: none stands at the end of its period. */
const age = fc.oneof(
  fc.integer({ min: 0, max: 95 }),
  fc.integer({ min: 0, max: 95 }),
  fc.integer({ min: 105, max: 160 }),
)
const events = fc.array(fc.record({ who, age }), { minLength: 1, maxLength: 25 })
const held: fc.Arbitrary<readonly [number, number] | null> = fc.option(
  fc.tuple(fc.integer({ min: 100, max: 160 }), fc.integer({ min: 1, max: 30 })),
)
const times = <T>(count: number, one: fc.Arbitrary<T>): fc.Arbitrary<T>[] =>
  Array.from({ length: count }, () => one)

export const topicActions: fc.Arbitrary<TopicAction> = fc.oneof<fc.Arbitrary<TopicAction>[]>(
  ...times(6, fc.record({ do: fc.constant('send' as const), events })),
  ...times(
    3,
    fc.record({
      do: fc.constant('say' as const),
      who,
      grants: fc.boolean(),
      ago: fc.integer({ min: 1, max: 250 }),
    }),
  ),
  fc.record({
    do: fc.constant('old' as const),
    events: fc.array(fc.record({ who, age: fc.integer({ min: 105, max: 160 }) }), {
      minLength: 1,
      maxLength: 6,
    }),
  }),
  fc.record({
    do: fc.constant('retain' as const),
    held,
  }),
  fc.record({
    do: fc.constant('forget' as const),
    who: fc.uniqueArray(who, { minLength: 1, maxLength: 2 }),
  }),
  fc.record({
    do: fc.constant('suppress' as const),
    who: fc.uniqueArray(who, { minLength: 1, maxLength: 2 }),
  }),
  ...times(
    2,
    fc.record({ do: fc.constantFrom('start' as const, 'start' as const, 'stop' as const, 'quiet' as const) }),
  ),
  fc.record({ do: fc.constant('kill' as const), after: fc.nat(400) }),
  fc.record({
    do: fc.constant('keys' as const),
    what: fc.constantFrom('rotate' as const, 'rotate' as const, 'disable' as const, 'rotate-match' as const),
    key: fc.nat(9),
  }),
)
