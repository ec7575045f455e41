/** A transform that is none of ours, held to the contract while it runs: what it breaks fails, and never leaves. */
import { ASSUMED_ALL, type Revelation } from '../../../transforms/reveals/revelation.ts'
import {
  type CompiledTransform,
  FAILURE_CODES,
  Failure,
  fail,
  longestResult,
  OptionError,
  type Result,
  type Transform,
  type Weakness,
  type Yields,
} from '../../../transforms/transform.ts'

const YIELDS: readonly Yields[] = ['string', 'number', 'same', 'null']
const TELLS: readonly Revelation['tells'][] = ['nothing', 'equality', 'part', 'noisy', 'all']

/**
 * The same transform, but: a result that is too long, no text, or the value itself (unless the definition says that it may
 * be) is a failure, and so is one that throws; it has no twins and promises no plain texts, so that all it writes is
 * escaped; what it reveals is all, unless it says otherwise in a form that can be read.
 */
export function guarded(transform: Transform): Transform {
  const { name, properties } = transform
  return {
    ...transform,
    versionOf: orElse(transform.versionOf, undefined),
    needsOf: orElse(transform.needsOf, []),
    weaknesses: orElse((options) => weaknessesOf(transform.weaknesses(options), name), []),
    reveals: (options) => orElse(() => revelationOf(transform.reveals(options)), ASSUMED_ALL)(options),
    // What it says of stored values would be taken as it is.
    restep: () => undefined,
    compile: (options, context) => {
      // What broke above breaks here, where it is told.
      transform.versionOf(options)
      transform.needsOf(options)
      weaknessesOf(transform.weaknesses(options), name)
      if (revelationOf(transform.reveals(options)) === undefined)
        throw new OptionError(`${name} says in \`reveals\` what is no revelation`)
      const compiled = transform.compile(options, context)
      if (typeof compiled?.apply !== 'function' || !YIELDS.includes(compiled.yields))
        throw new OptionError(`${name} gives no { yields, apply } when it is compiled`)
      return guardedRule(compiled, properties.mayReturnInput, name)
    },
  }
}

function guardedRule(compiled: CompiledTransform, mayReturnInput: boolean, name: string): CompiledTransform {
  const { yields, apply, weaknesses = [] } = compiled
  return {
    yields,
    weaknesses: weaknessesOf(weaknesses, name),
    apply: (text, record): Result => {
      let result: unknown
      try {
        result = apply(text, record)
      } catch {
        return fail('transform-error')
      }
      // A code of its own could be the value.
      if (result instanceof Failure)
        return Object.hasOwn(FAILURE_CODES, result.code) ? result : fail('transform-error')
      if (typeof result !== 'string' || !result.isWellFormed()) return fail('transform-error')
      if (result.length > longestResult(text.length)) return fail('out-of-domain')
      return result === text && !mayReturnInput && yields !== 'null' ? fail('transform-error') : result
    },
  }
}

function orElse<In, Out>(ask: (options: In) => Out | undefined, otherwise: Out): (options: In) => Out {
  return (options) => {
    try {
      return ask(options) ?? otherwise
    } catch {
      return otherwise
    }
  }
}

function revelationOf(told: Revelation): Revelation | undefined {
  if (!TELLS.includes(told?.tells)) return undefined
  return told.tells === 'part' && !Array.isArray(told.parts) ? undefined : told
}

function weaknessesOf(told: readonly Weakness[], name: string): readonly Weakness[] {
  const isOne = (one: Weakness): boolean =>
    typeof one?.reason === 'string' && typeof one.suggestion === 'string'
  if (Array.isArray(told) && told.every(isOne)) return told
  throw new OptionError(`${name} says in \`weaknesses\` what is none: each has a reason and a suggestion`)
}
