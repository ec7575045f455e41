/** Where a secret stands: `{ file: … }` or `{ env: … }`. Nothing of what is written here goes into a message. */
import { join } from 'node:path'
import { entryOf, type MapNode, type TreeNode } from '../../policy/document.ts'
import type { Secret } from './pipeline.ts'
import type { PipelineFindings } from './pipeline-codes.ts'

const WAY_OUT = 'write { file: FILE } or { env: NAME }'

/** Reads the secret called `word`, in a file of `folder`; undefined where there is none to be read. */
function readSecret(
  node: TreeNode | undefined,
  word: string,
  folder: string,
  findings: PipelineFindings,
): Secret | undefined {
  if (node === undefined) return undefined
  const plain = (at: TreeNode['at']): undefined => {
    findings.add(
      at,
      'plain-secret',
      `\`${word}\` is written out; a pipeline file says where secrets stand, and holds none`,
      `${WAY_OUT}; and change the secret, if anybody else has seen this file`,
    )
  }
  const bad = (at: TreeNode['at'], message: string): undefined => {
    findings.add(at, 'bad-secret', `\`${word}\`: ${message}`, WAY_OUT)
  }
  if (node.kind === 'scalar' && node.text !== '' && node.value !== null) return plain(node.at)
  if (node.kind !== 'map') return bad(node.at, 'this does not say where it stands')
  const [entry, more] = node.entries
  if (entry === undefined || more !== undefined || (entry.key !== 'file' && entry.key !== 'env'))
    return bad(node.at, 'it stands either in a file or in an environment variable')
  const { value } = entry
  if (value.kind !== 'scalar' || typeof value.value !== 'string' || value.text === '')
    return bad(
      value.at,
      entry.key === 'file' ? 'expected the name of a file' : 'expected the name of a variable',
    )
  if (entry.key === 'env')
    return /^[A-Za-z_][A-Za-z0-9_]*$/.test(value.text)
      ? { env: value.text }
      : bad(value.at, 'this is not the name of an environment variable')
  if (/[\n\r\0]|-----BEGIN/.test(value.text)) return plain(value.at)
  return { file: fileBeside(folder, value.text) }
}

/** A file as the pipeline names it, found from the working directory. */
export function fileBeside(folder: string, file: string): string {
  return file.startsWith('/') ? file : join(folder, file)
}

export interface Secrets {
  readonly ca: Secret | undefined
  readonly cert: Secret | undefined
  readonly key: Secret | undefined
  readonly keyPassword: Secret | undefined
  readonly password: Secret | undefined
  readonly keys: Secret | undefined
}

/** All secrets of the file; `findings` says of each why it cannot be read. */
export function readSecrets(tree: MapNode, folder: string, findings: PipelineFindings): Secrets {
  const tls = entryOf(tree, 'tls')?.value
  const of = (parent: TreeNode | undefined, word: string): Secret | undefined =>
    readSecret(entryOf(parent, word)?.value, word, folder, findings)
  return {
    ca: of(tls, 'ca'),
    cert: of(tls, 'cert'),
    key: of(tls, 'key'),
    keyPassword: of(tls, 'keyPassword'),
    password: of(entryOf(tree, 'sasl')?.value, 'password'),
    keys: of(tree, 'keys'),
  }
}
