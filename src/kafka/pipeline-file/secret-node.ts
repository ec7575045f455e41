/** Where a secret stands: `{ file: … }` or `{ env: … }`. Nothing of what is written here goes into a message. */
import { join } from 'node:path'
import { DEFAULT_KEYS_TIMEOUT_MS } from '../../keys/command-keys.ts'
import { entryOf, type MapNode, type TreeNode } from '../../policy/document.ts'
import { amountOf } from './amounts.ts'
import type { KeysPlace, Secret } from './pipeline.ts'
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

/** Where the keyset stands: as other secrets, or printed by a command. */
function readKeysPlace(
  node: TreeNode | undefined,
  word: 'keys' | 'matchKeys',
  folder: string,
  findings: PipelineFindings,
): KeysPlace | undefined {
  const command = entryOf(node, 'command')
  if (node?.kind !== 'map' || command === undefined) return readSecret(node, word, folder, findings)
  const bad = (at: TreeNode['at'], message: string): undefined => {
    findings.add(
      at,
      'bad-secret',
      `\`${word}\`: ${message}`,
      'write { command: [PROGRAM, ARGUMENT…], timeout: 10s }',
    )
  }
  const timeout = entryOf(node, 'timeout')
  const other = node.entries.find((entry) => entry !== command && entry !== timeout)
  if (other !== undefined) return bad(other.at, 'beside a command only `timeout` can stand')
  const { value } = command
  if (value.kind !== 'list' || value.items.length === 0)
    return bad(value.at, 'a command is a list: the program and its arguments, which no shell reads')
  const words = value.items.map((item) =>
    item.kind === 'scalar' && item.value !== null ? item.text : undefined,
  )
  const [program, ...args] = words
  if (
    words.includes(undefined) ||
    program === undefined ||
    program === '' ||
    words.some((word) => word!.includes('\0'))
  )
    return bad(value.at, 'the program and its arguments are texts')
  let limit: number | undefined = DEFAULT_KEYS_TIMEOUT_MS
  if (timeout !== undefined)
    limit = timeout.value.kind === 'scalar' ? amountOf(timeout.value.text) : undefined
  if (limit === undefined || limit < 100 || limit > 300_000)
    return bad(timeout!.value.at, 'a time limit is 100ms to 300s')
  // With a slash it is a file, relative to the pipeline; without, one of PATH.
  return {
    command: [program.includes('/') ? fileBeside(folder, program) : program, ...(args as string[])],
    timeout: limit,
  }
}

export interface Secrets {
  readonly ca: Secret | undefined
  readonly cert: Secret | undefined
  readonly key: Secret | undefined
  readonly keyPassword: Secret | undefined
  readonly password: Secret | undefined
  readonly token: Secret | undefined
  readonly clientSecret: Secret | undefined
  /** Of the token endpoint. */
  readonly endpointCa: Secret | undefined
  readonly registryPassword: Secret | undefined
  readonly registryToken: Secret | undefined
  readonly registryCa: Secret | undefined
  readonly registryCert: Secret | undefined
  readonly registryKey: Secret | undefined
  readonly registryKeyPassword: Secret | undefined
  readonly keys: KeysPlace | undefined
  readonly matchKeys: KeysPlace | undefined
}

/** All secrets of the file; `findings` gets the reason for each that cannot be read. */
export function readSecrets(tree: MapNode, folder: string, findings: PipelineFindings): Secrets {
  const tls = entryOf(tree, 'tls')?.value
  const sasl = entryOf(tree, 'sasl')?.value
  const oidc = entryOf(sasl, 'oidc')?.value
  const registry = entryOf(tree, 'registry')?.value
  const registryAuth = entryOf(registry, 'auth')?.value
  const registryTls = entryOf(registry, 'tls')?.value
  const of = (parent: TreeNode | undefined, word: string): Secret | undefined =>
    readSecret(entryOf(parent, word)?.value, word, folder, findings)
  return {
    ca: of(tls, 'ca'),
    cert: of(tls, 'cert'),
    key: of(tls, 'key'),
    keyPassword: of(tls, 'keyPassword'),
    password: of(sasl, 'password'),
    token: of(sasl, 'token'),
    clientSecret: of(oidc, 'clientSecret'),
    endpointCa: of(oidc, 'ca'),
    registryPassword: of(registryAuth, 'password'),
    registryToken: of(registryAuth, 'token'),
    registryCa: of(registryTls, 'ca'),
    registryCert: of(registryTls, 'cert'),
    registryKey: of(registryTls, 'key'),
    registryKeyPassword: of(registryTls, 'keyPassword'),
    keys: readKeysPlace(entryOf(tree, 'keys')?.value, 'keys', folder, findings),
    matchKeys: readKeysPlace(entryOf(tree, 'matchKeys')?.value, 'matchKeys', folder, findings),
  }
}
