/** Small transforms whose results are easy to say: the walkers are tested with these, not the transforms. */
import { z } from 'zod'
import { compileWith } from '../../../src/policy/compile.ts'
import type { Plan } from '../../../src/policy/plan.ts'
import { NOTHING } from '../../../transforms/reveals/revelation.ts'
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
    // They are there to be seen through; what is weak about that is no matter of the walkers.
    reveals: () => NOTHING,
    compile: () => compiled,
  })
}

/** What each does with a text; the reference uses these too. */
type Mark = Pick<CompiledTransform, 'yields' | 'writeBytes' | 'writeAllBytes' | 'plain'> & {
  readonly apply: (text: string) => Result
}

const X = 'x'.charCodeAt(0)

/** What each does with a text; the reference uses these too. */
export const MARKS: Readonly<Record<string, Mark>> = {
  /** Puts the text in brackets; refuses texts with an f. */
  'mark.brackets': {
    yields: 'string',
    apply: (text) => (text.includes('f') ? fail('no-match') : `<${text}>"\n`),
  },
  /** The same, over many at once. */
  'mark.many': { yields: 'string', apply: (text) => (text.includes('f') ? fail('unparsable') : `«${text}»`) },
  'mark.hex': {
    yields: 'string',
    plain: true,
    writeBytes: (source, start, end, out, at) =>
      at +
      Buffer.from(out.buffer, out.byteOffset).write(
        `x${Buffer.from(source.subarray(start, end)).toString('hex')}`,
        at,
        'latin1',
      ),
    apply: (text) => `x${Buffer.from(text).toString('hex')}`,
  },
  /** Puts a 1 behind: `-0` becomes no number. */
  'mark.same': { yields: 'same', apply: (text) => `${text}1` },
  'mark.length': { yields: 'number', apply: (text) => (text === 'US' ? 'no number' : String(text.length)) },
  'mark.null': { yields: 'null', apply: (text) => (text === '1' ? fail('out-of-domain') : '') },
  /** With a kernel that leaves some values to `apply`. */
  'mark.each': {
    yields: 'same',
    apply: (text) => (text === 'US' ? fail('not-listed') : `[${text}]`),
    writeBytes: (source, start, end, out, at) => {
      if (source[start] === X || Buffer.from(source.subarray(start, end)).toString() === 'US') return -1
      out[at] = 0x5b
      out.set(source.subarray(start, end), at + 1)
      out[at + 1 + end - start] = 0x5d
      return at + 2 + end - start
    },
  },
  'mark.all': {
    yields: 'string',
    apply: (text) => (text === '1' ? fail('not-listed') : `all ${text}`),
    writeAllBytes: (source, starts, ends, count, out, at, resultEnds) => {
      for (let i = 0; i < count; i++) {
        const value = source.subarray(starts[i]!, ends[i]!)
        if (value.length > 1) {
          out.set(Buffer.from('all '), at)
          out.set(value, at + 4)
          at += 4 + value.length
        }
        resultEnds[i] = at
      }
    },
  },
  /** Writes what a spreadsheet would run. */
  'mark.formula': {
    yields: 'string',
    apply: (text) => `=${text}`,
    writeBytes: (source, start, end, out, at) => {
      out[at] = 0x3d
      out.set(source.subarray(start, end), at + 1)
      return at + 1 + end - start
    },
  },
  /** One character, so that names of a map collide. */
  'mark.first': { yields: 'string', apply: (text) => [...text][0]! },
}

export const markTransforms: readonly Transform[] = Object.entries(MARKS).map(([name, mark]) =>
  declare(
    name,
    name === 'mark.many'
      ? {
          ...mark,
          applyAll: (texts: readonly string[], out: Result[], count: number) => {
            for (let i = 0; i < count; i++) out[i] = mark.apply(texts[i]!)
          },
        }
      : mark,
  ),
)

export const isFailure = (result: Result): result is Failure => result instanceof Failure

export const registerOf = (all: readonly Transform[]): ReadonlyMap<string, Transform> =>
  new Map(all.map((one) => [one.name, one]))

/** Compiles a policy's text with these transforms. */
export function compileMarks(text: string): {
  readonly plan: Plan | undefined
  readonly problems: readonly unknown[]
} {
  const readFile = () => {
    throw new Error('no file')
  }
  return compileWith({ file: 'p.yaml', text, readFile }, undefined, registerOf(markTransforms))
}

/** A plan of these `fields:`, each on an indented line; `more` follows them. Throws where they are wrong. */
export function markPlan(fields: string, more = ''): Plan {
  const { plan, problems } = compileMarks(
    `policy: p\nversion: 1\npurpose: train_ai_system\nfields:\n${fields}${more}`,
  )
  if (plan === undefined || problems.length > 0) throw new Error(JSON.stringify(problems))
  return plan
}
