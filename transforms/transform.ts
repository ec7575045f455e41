/**
 * The contract of a transform: text in, text out, one file each, nothing of `src/` imported.
 *
 * A transform is declared once, with everything a stranger would ask of it, and compiled once per rule of
 * a policy. What `compile` returns runs for every value. It sees the exact text of a scalar: a JSON string
 * decoded, a JSON number as it was written, `true` and `false` as text, a CSV cell without its quotes.
 * It never sees an absent value, `null` or the empty string: those say that nothing is there, and pass.
 */
import type { z } from 'zod'
import { ASSUMED_ALL, type Revelation } from './reveals/revelation.ts'

/** Why a transform refused a value. The list is closed: codes end up in dead letters, accounts and metrics. */
export const FAILURE_CODES = {
  unparsable: 'the value is not written in a form that this transform reads',
  'out-of-domain': 'the value can be read, but lies outside the range that this transform takes',
  'not-listed': 'the value is not in the list or hierarchy that the rule names',
  'no-match': 'the pattern of the rule matches nothing in the value',
  'subject-missing': 'the rule needs the data subject of the record, and the record names none',
  'event-time-missing':
    'the rule needs the event time of the record, and the record has none that can be read',
  'not-well-formed': 'the value is not well-formed Unicode text',
  'not-a-number': 'the rule yields a number and its result is not one',
  'not-of-type':
    'the value, or what the rule made of it, is not of the type that the policy states for the field',
  'transform-error': 'the transform broke; this is a defect of the transform, not of the value',
} as const

export type FailureCode = keyof typeof FAILURE_CODES

/** The result of a transform that cannot take a value. It carries a code and never the value. */
export class Failure {
  readonly code: FailureCode
  constructor(code: FailureCode) {
    this.code = code
    // One stands for all values that fail so.
    Object.freeze(this)
  }
}

const failures = new Map<FailureCode, Failure>()
for (const code of Object.keys(FAILURE_CODES) as FailureCode[]) failures.set(code, new Failure(code))

/** The one `Failure` of a code, allocated once: refusing a value allocates nothing. */
export function fail(code: FailureCode): Failure {
  return failures.get(code)!
}

/** What a transform may know of the record that a value stands in. One instance is reused: never keep it. */
export interface RecordContext {
  /** Exact text of the data subject (`subject:` of the policy); undefined where the record names none. */
  readonly subject: string | undefined
  /** Event time (`time:` of the policy) in milliseconds since 1970-01-01T00:00Z; undefined where it has none. */
  readonly eventTime: number | undefined
  /** The instant that the run is judged at, in milliseconds since 1970-01-01T00:00Z: no clock is asked for a value. */
  readonly now: number
}

/** How a result is written in JSON. `same`: as a number where the input was one, else as a string. */
export type Yields = 'string' | 'number' | 'same' | 'null'

export type Result = string | Failure

/**
 * The most UTF-16 units of a result for a value of `units` units: a mask sign has up to 16, and a fixed text of the rule
 * may have some thousand. What would be longer fails with `out-of-domain`: a long value must not fill the memory.
 */
export function longestResult(units: number): number {
  return 16 * units + 8192
}

/** What a rule runs. `apply` is the definition; the rest may be left out. */
export interface CompiledTransform extends WriteBatch {
  readonly yields: Yields
  /**
   * Takes the text of one value, gives the text of the result, of `longestResult` at most, or a `Failure`. Must not throw.
   * Takes time in proportion to the text, whatever it holds: test/growth holds every registered transform to it.
   */
  readonly apply: (text: string, record: RecordContext) => Result
  /**
   * Promises that every result holds ASCII letters, digits and `. _ - : + @ / * =` only, and starts with
   * a letter, digit or `*`: neither JSON nor CSV has to escape or quote it.
   */
  readonly plain?: boolean
  /** What is weak about the files that the options name, beside what `weaknesses` says of the options. */
  readonly weaknesses?: readonly Weakness[]
  /** Every value that it takes, and what becomes of it, where files say which these are. */
  readonly domain?: ReadonlyMap<string, string>
  /**
   * Options of the same transform that tell less than its own, from the finest on: of values that all of them take, each
   * result follows from the one before it. For `lethe crowd solve`; what the values make of it is checked there.
   */
  readonly ladder?: () => readonly object[]
  /** As `restep` of the transform, from these options before to its own, where files decide. */
  readonly restep?: (previous: unknown) => ((stored: string) => Result) | undefined
}

/** Of a value that says, once it is read, that nothing is there: it leaves as this text, and counts as null. */
export class Nothing {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

export type RuleResult = Result | Nothing

/** What a rule of a policy runs: a compiled transform, or one whose values are read first (`read:`). */
export interface RuleTransform extends WriteBatch {
  readonly yields: Yields
  readonly apply: (text: string, record: RecordContext) => RuleResult
  readonly plain?: boolean
}

/** Bytes that `writeBytes` may write beyond the length of its input. */
export const WRITE_ROOM = 320

/**
 * Faster equals of `apply`, for transforms that need no record. Those of the registered transforms stand in `fast/`, and
 * the register attaches them: no definition has any.
 */
export interface WriteBatch {
  /**
   * A faster equal of `apply` over many values, for transforms that need no record: fills `out[0..count)`.
   * The text function is the definition; a property test holds the two equal.
   */
  readonly applyAll?: (texts: readonly string[], out: Result[], count: number) => void
  /**
   * A faster equal of `apply` on UTF-8 bytes, for transforms that need no record: reads `source[start..end)`, which
   * is never empty, writes the result to `out` from `at` on (`end - start + WRITE_ROOM` bytes are free), and gives
   * the position behind it. -1 means "ask `apply`": for a failure, and for every value that it does not
   * take. It is meant for the common short ASCII values; the format's escapes are the caller's concern.
   */
  readonly writeBytes?: (
    source: Uint8Array,
    start: number,
    end: number,
    out: Uint8Array,
    at: number,
  ) => number
  /**
   * The same for many values: value i is `source[starts[i]..ends[i])`; result i is to stand in `out` from the end
   * of result i-1 (the first from `at`) to `resultEnds[i]`. An empty result means "ask `apply`".
   */
  readonly writeAllBytes?: (
    source: Uint8Array,
    starts: Int32Array,
    ends: Int32Array,
    count: number,
    out: Uint8Array,
    at: number,
    resultEnds: Int32Array,
  ) => void
}

/**
 * What a derived key is for. No output of one use helps to compute an output of another. `source` (coordinates of
 * records), `check` (the check value of a key, which is shown), `match` (who is on a list) and `snapshot` (whether a copy of a
 * consent table is what was written) are no concern of transforms.
 */
export type KeyUse =
  | 'token'
  | 'shift'
  | 'noise'
  | 'pick'
  | 'source'
  | 'check'
  | 'match'
  | 'snapshot'
  | 'sketch'
  | 'crowd'

export interface FieldKey {
  /** Id of the keyset's key that this one is derived from, e.g. `k1`. */
  readonly id: string
  /** 32 bytes, HKDF-SHA-256 of key, use and domain. */
  readonly bytes: Uint8Array
}

/** What `compile` may ask for. Everything it reads through here goes into the policy's fingerprint. */
export interface CompileContext {
  /** Canonical text of the field's output path. */
  readonly path: string
  /** The key for `use` and `domain` under the rule's `key:`, else under the primary key. */
  readonly key: (use: KeyUse, domain: string) => FieldKey
  /** Reads a UTF-8 file named in the policy, relative to the policy; throws `OptionError` where it cannot. */
  readonly readText: (file: string) => string
  /** Reads a CSV table (RFC 4180, no header) named in the policy; throws `OptionError`, with the line. */
  readonly readTable: (file: string, delimiter: string) => readonly (readonly string[])[]
  /** Puts the digest (SHA-256, hex) of a list that the transform ships or borrows into the fingerprint. */
  readonly usesList: (name: string, digest: string) => void
  /** Says that results depend on the platform's Unicode or time zone data. */
  readonly usesPlatform: (part: 'unicode' | 'time-zones') => void
}

/** Thrown by `compile` for options that the schema alone cannot refuse. The message names no value of data. */
export class OptionError extends Error {
  /** The option at fault, so that the error can name its line; undefined for the rule as a whole. */
  readonly option: string | undefined
  readonly suggestion: string | undefined
  constructor(message: string, option?: string, suggestion?: string) {
    super(message)
    this.option = option
    this.suggestion = suggestion
  }
}

/** A choice that works but protects less than it seems to. The policy must accept it in writing. */
export interface Weakness {
  readonly option?: string
  /** One sentence: what is weak, and why. */
  readonly reason: string
  readonly suggestion: string
}

/** What the catalogue says of a transform. */
export interface Properties {
  /** Can the input be had back? `no`, or by whom: `by guessing without the key`, `by the key's holder, guessing`. */
  readonly reversible: string
  /** Same value (and key, and subject where it needs one), same result: in every process, after every restart. */
  readonly repeatable: 'yes' | 'per subject'
  /** `preserved`: two inputs never give one result. `collision-bounded`: they may, at stated odds. `lossy`: meant to. */
  readonly uniqueness: 'preserved' | 'collision-bounded' | 'lossy'
  /** What of the input's format the result keeps, in a few words. */
  readonly formatKept: string
  /** What it takes, in a few words. */
  readonly accepts: string
  /** What it yields, in a few words. */
  readonly yields: string
  /** Whether a key is needed; then the rule may say `key:` too. */
  readonly keyed: boolean
  /** What of the record it needs beside the value; a policy that names none is an error. */
  readonly needs?: readonly ('subject' | 'time')[]
  /** A result stands for one input only, and stays the same over time: it lets records be joined. */
  readonly stableToken: boolean
  /** The result may equal the input for some values (`generalize.category` of a listed one, say). */
  readonly mayReturnInput: boolean
}

export interface Example {
  readonly title: string
  readonly options: Readonly<Record<string, unknown>>
  readonly input: string
  readonly output: string | { readonly fails: FailureCode }
  readonly subject?: string
  /** RFC 3339. */
  readonly eventTime?: string
}

export interface TransformSpec<Options extends z.ZodObject> {
  /** Its path: `hash.hmac` is `transforms/hash/hmac.ts`. */
  readonly name: string
  /** One sentence, for people who choose. */
  readonly summary: string
  /** Raised whenever the result for some input changes. Part of the fingerprint. */
  readonly version: number
  /**
   * The version under these options, where results changed for some options only; undefined: `version`, so that policies
   * with other options keep their fingerprint. Must not throw.
   */
  readonly versionOf?: (options: z.output<Options>) => number | undefined
  /** A strict object; every option described, with its unit. */
  readonly options: Options
  readonly properties: Properties
  /** What can go wrong with a value, by code: when it happens. */
  readonly failures: Partial<Readonly<Record<FailureCode, string>>>
  /** Which attack it does not stop, in one or two sentences. */
  readonly doesNotStop: string
  /** Run as tests, printed as documentation. Keyed ones run under the published test keyset. */
  readonly examples: readonly Example[]
  /** What these options need of the record, beside what `properties.needs` says. Must not throw. */
  readonly needsOf?: (options: z.output<Options>) => readonly ('subject' | 'time')[]
  readonly weaknesses?: (options: z.output<Options>) => readonly Weakness[]
  /**
   * What a result tells of its value. Must not throw, also for options that `compile` refuses. One that does not say
   * counts as telling all. What a policy calls weak, and which steps of retention it takes, follows from the answer.
   */
  readonly reveals?: (options: z.output<Options>) => Revelation
  /**
   * Takes what a rule with options `previous` has stored to what one with options `next` would have: for every value x that both
   * take, `restep(previous(x)) = next(x)`, or it fails, where the stored text does not tell; and what is already a result of
   * `next` stays as it is. Fails for any other text. Undefined where that can be told of no stored text. Must not throw.
   */
  readonly restep?: (
    previous: z.output<Options>,
    next: z.output<Options>,
  ) => ((stored: string) => Result) | undefined
  /** Runs once per rule. Throws `OptionError` for options that cannot work. */
  readonly compile: (options: z.output<Options>, context: CompileContext) => CompiledTransform
}

/** A transform as the register holds it: its options are checked inside, so its type is erased. */
export interface Transform
  extends Omit<
    TransformSpec<z.ZodObject>,
    'versionOf' | 'needsOf' | 'weaknesses' | 'reveals' | 'restep' | 'compile'
  > {
  readonly versionOf: (options: unknown) => number | undefined
  readonly needsOf: (options: unknown) => readonly ('subject' | 'time')[]
  readonly weaknesses: (options: unknown) => readonly Weakness[]
  readonly reveals: (options: unknown) => Revelation
  readonly restep: (previous: unknown, next: unknown) => ((stored: string) => Result) | undefined
  /** Takes options that `options` has parsed (defaults filled in). */
  readonly compile: (options: unknown, context: CompileContext) => CompiledTransform
}

/** Declares a transform. People who bring their own call this too. */
export function defineTransform<Options extends z.ZodObject>(spec: TransformSpec<Options>): Transform {
  const parse = (options: unknown) => spec.options.parse(options) as z.output<Options>
  return {
    ...spec,
    versionOf: (options) => spec.versionOf?.(parse(options)),
    needsOf: (options) => spec.needsOf?.(parse(options)) ?? [],
    weaknesses: (options) => spec.weaknesses?.(parse(options)) ?? [],
    reveals: (options) => spec.reveals?.(parse(options)) ?? ASSUMED_ALL,
    restep: (previous, next) => spec.restep?.(parse(previous), parse(next)),
    compile: (options, context) => spec.compile(parse(options), context),
  }
}
