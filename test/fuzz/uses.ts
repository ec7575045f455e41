/** Rules over the registered transforms, and what each makes of a text by its text function alone. */
import type { Keyring } from '../../src/keys/keyring.ts'
import { compilePolicy } from '../../src/policy/compile.ts'
import { contextFor, newSources } from '../../src/policy/context.ts'
import { parsePath } from '../../src/policy/path.ts'
import type { Plan } from '../../src/policy/plan.ts'
import { transforms } from '../../transforms/index.ts'
import type { CompiledTransform } from '../../transforms/transform.ts'
import { policyText, printPath, type Spec, type TransformOf } from '../src/record/reference.ts'
import type { Uses } from '../src/record/specs.ts'

/** Transforms that need nothing of the record beside the value; the others are compared elsewhere. */
export const USES: Uses = {
  values: [
    { use: 'keep' },
    { use: 'keep' },
    { use: 'hash.hmac', options: { domain: 'd' } },
    { use: 'hash.hmac', options: { domain: 'd', normalize: 'trim' } },
    { use: 'hash.integer', options: { domain: 'd', max: 1_000_000 } },
    { use: 'hash.uuid', options: { domain: 'd' } },
    { use: 'mask.replace', options: { with: 'x,"é' } },
    { use: 'mask.null' },
    { use: 'mask.characters', options: { keepLast: 1 } },
    { use: 'mask.characters', options: { length: 5, with: '😀' } },
    { use: 'generalize.category', options: { allow: ['US', 'x', '1'], other: 'else' } },
    { use: 'generalize.number', options: { width: 10 } },
    { use: 'generalize.number', options: { width: '0.5', as: 'midpoint' } },
    { use: 'generalize.prefix', options: { keep: 1 } },
    { use: 'mask.pattern', options: { pattern: '[a-zU-Z]+' } },
  ],
  names: [
    { use: 'keep' },
    { use: 'hash.hmac', options: { domain: 'names' } },
    { use: 'generalize.category', options: { allow: ['a', 'b', 'é', '😀'] }, otherwise: 'drop' },
    { use: 'generalize.prefix', options: { keep: 1 }, otherwise: 'drop' },
  ],
  blank: { use: 'mask.null' },
}

const REASON = 'made up by the fuzz run'
const readFile = (): never => {
  throw new Error('no file')
}

export interface FuzzPolicy {
  readonly spec: Spec
  readonly text: string
  readonly plan: Plan
}

/** Compiles `spec`, with an `accept:` for each weak choice; undefined where it is refused for something else. */
export function compileSpec(spec: Spec, keys: Keyring): FuzzPolicy | undefined {
  let current = spec
  for (let round = 0; round < 4; round++) {
    const text = policyText(current)
    const { plan, problems } = compilePolicy({ file: 'p.yaml', text, readFile }, { keys })
    if (plan !== undefined) return { spec: current, text, plan }
    const lines = text.split('\n')
    // Each field stands on a line of its own, its rules in order on it.
    const changes = new Map<string, 'add' | 'remove'>()
    for (const { line, column, code } of problems) {
      const at = current.fields.findIndex(
        ({ path }) => lines[line - 1]?.startsWith(`  ${JSON.stringify(printPath(path))}: `) === true,
      )
      if (at < 0) return undefined
      const rule = lines[line - 1]!.slice(0, column - 1).split('{"use":').length - 2
      changes.set(`${at}/${Math.max(0, rule)}`, code === 'accept-without-need' ? 'remove' : 'add')
    }
    current = {
      ...current,
      fields: current.fields.map((field, at) => ({
        ...field,
        rules: field.rules.map((rule, index) => {
          const change = changes.get(`${at}/${index}`)
          if (change === undefined) return rule
          return { ...rule, accept: change === 'add' ? REASON : undefined }
        }),
      })),
    }
  }
  return undefined
}

/** The text function of each rule, compiled apart from the plan. */
export function textFunctions(keys: Keyring): TransformOf {
  const known = new Map<string, CompiledTransform>()
  return (rule, field) => {
    const path = printPath(field.path)
    const id = JSON.stringify([rule.use, rule.options, path])
    const before = known.get(id)
    if (before !== undefined) return before
    const transform = transforms.find(({ name }) => name === rule.use)!
    const context = contextFor(
      { path: parsePath(path), keyId: undefined },
      { file: 'p.yaml', text: '', readFile },
      keys,
      newSources(),
    )
    const compiled = transform.compile(transform.options.parse(rule.options ?? {}), context)
    known.set(id, compiled)
    return compiled
  }
}
