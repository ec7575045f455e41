/** Small transforms whose results are easy to say: the walkers are tested with these, not the transforms. */
import { z } from 'zod'
import {
  type CompiledTransform,
  defineTransform,
  Failure,
  fail,
  type Result,
  type Transform,
} from '../../../transforms/transform.ts'

function declare(name: string, compiled: CompiledTransform): Transform {
  return defineTransform({
    name,
    summary: 'For tests.',
    version: 1,
    options: z.strictObject({}),
    properties: {
      reversible: 'for tests',
      repeatable: 'yes',
      uniqueness: 'lossy',
      formatKept: 'none',
      accepts: 'any text',
      yields: 'text',
      keyed: false,
      stableToken: false,
      mayReturnInput: true,
    },
    failures: {},
    doesNotStop: 'For tests.',
    examples: [],
    coarser: () => true,
    compile: () => compiled,
  })
}

/** What each does with a text; the reference uses these too. */
export const MARKS: Readonly<
  Record<string, { yields: CompiledTransform['yields']; apply: (text: string) => Result }>
> = {
  /** Puts the text in brackets; refuses texts with an f. */
  'mark.brackets': {
    yields: 'string',
    apply: (text) => (text.includes('f') ? fail('no-match') : `<${text}>"\n`),
  },
  /** The same, over many at once. */
  'mark.many': { yields: 'string', apply: (text) => (text.includes('f') ? fail('unparsable') : `«${text}»`) },
  'mark.hex': { yields: 'string', apply: (text) => `x${Buffer.from(text).toString('hex')}` },
  /** Puts a 1 behind: `-0` becomes no number. */
  'mark.same': { yields: 'same', apply: (text) => `${text}1` },
  'mark.length': { yields: 'number', apply: (text) => (text === 'US' ? 'no number' : String(text.length)) },
  'mark.null': { yields: 'null', apply: (text) => (text === '1' ? fail('out-of-domain') : '') },
  /** One character, so that names of a map collide. */
  'mark.first': { yields: 'string', apply: (text) => [...text][0]! },
}

export const markTransforms: readonly Transform[] = Object.entries(MARKS).map(([name, { yields, apply }]) =>
  declare(name, {
    yields,
    apply,
    ...(name === 'mark.hex' ? { plain: true } : {}),
    ...(name === 'mark.many'
      ? {
          applyAll: (texts: readonly string[], out: Result[], count: number) => {
            for (let i = 0; i < count; i++) out[i] = apply(texts[i]!)
          },
        }
      : {}),
  }),
)

export const isFailure = (result: Result): result is Failure => result instanceof Failure
