/** Reads `transforms:` of a policy: the files of transforms that are not registered, and what they define. */
import type { Transform } from '../../../transforms/transform.ts'
import { LetheError } from '../../errors.ts'
import { type Sources, sha256 } from '../context.ts'
import type { ScalarNode, TreeNode } from '../document.ts'
import type { PolicyFile } from '../policy-file.ts'
import { type Findings, quote } from '../problems.ts'
import { type Checked, checkContract } from './contract.ts'
import { importedModules } from './modules.ts'
import { transformToolkit } from './toolkit.ts'

export interface Register {
  readonly transforms: ReadonlyMap<string, Transform>
  /** False where a module could not be loaded: a name that is not there may be one of its transforms. */
  readonly isWhole: boolean
}

/** A module of a megabyte is a bundle of some thousand lines. */
const MAX_BYTES = 1 << 20

/** @param registered those that need no module, by name */
export function readTransforms(
  node: TreeNode | undefined,
  registered: ReadonlyMap<string, Transform>,
  source: PolicyFile,
  sources: Sources,
  findings: Findings,
): Register {
  const items = (node?.kind === 'list' ? node.items : []).filter(
    (item): item is ScalarNode => item.kind === 'scalar' && typeof item.value === 'string',
  )
  if (items.length === 0) return { transforms: registered, isWhole: true }
  const files = items.map((item) => ({ item, bytes: readModule(item, source, findings) }))
  const read = files.flatMap(({ item, bytes }) => (bytes === undefined ? [] : [{ item, bytes }]))
  const imported = importedModules(read.map(({ bytes }) => bytes))
  if (imported === undefined) {
    for (const { item } of read)
      findings.add(
        item.at,
        'transforms-not-loaded',
        `${quote(item.text)} is code, and no code runs here unless it is allowed`,
        'read it, then say --allow-code; in a program call `compilePolicyFile`',
      )
    return { transforms: registered, isWhole: false }
  }
  const transforms = new Map(registered)
  let isWhole = read.length === items.length
  for (const [at, { item, bytes }] of read.entries()) {
    sources.files.set(item.text, sha256(bytes))
    const module = imported[at]!
    const { transforms: own, wrong } =
      'broken' in module ? { transforms: [], wrong: [module.broken] } : definedBy(module.exported, transforms)
    const way = 'broken' in module ? module.suggestion : 'see docs/library.md, Transforms of your own'
    for (const one of wrong) findings.add(item.at, 'bad-transforms', `${quote(item.text)} ${one}`, way)
    if (wrong.length > 0) isWhole = false
    for (const transform of own) transforms.set(transform.name, transform)
  }
  return { transforms, isWhole }
}

function readModule(item: ScalarNode, source: PolicyFile, findings: Findings): Uint8Array | undefined {
  try {
    const bytes = source.readFile(item.text)
    if (bytes.length <= MAX_BYTES) return bytes
    findings.add(item.at, 'bad-file', `${quote(item.text)} is larger than 1 MiB`)
  } catch (error) {
    const message = error instanceof LetheError ? error.message : `${quote(item.text)} cannot be read`
    findings.add(item.at, 'bad-file', message, 'name a file, relative to the policy')
  }
  return undefined
}

function definedBy(exported: unknown, known: ReadonlyMap<string, Transform>): Checked {
  if (typeof exported !== 'function')
    return {
      transforms: [],
      wrong: ['has no function as its default export: `export default ({ defineTransform, z }) => [ … ]`'],
    }
  let given: unknown
  try {
    given = (exported as (toolkit: object) => unknown)(transformToolkit)
  } catch (error) {
    const kind = error instanceof Error ? error.name.slice(0, 60) : 'something that is no error'
    return { transforms: [], wrong: [`throws ${kind} when its default export is called`] }
  }
  return checkContract(given, known)
}
