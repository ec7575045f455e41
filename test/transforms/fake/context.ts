/** A compile context under the published test key, which writes down the lists and keys that are asked for. */
import type { CompileContext } from '../../../transforms/transform.ts'
import { context } from '../hash/context.ts'

export interface Asked {
  readonly keys: string[]
  readonly lists: [name: string, digest: string][]
}

export function fakeContext(path = 'field', asked: Asked = { keys: [], lists: [] }): CompileContext {
  const base = context()
  return {
    ...base,
    path,
    key: (use, domain) => {
      asked.keys.push(`${use}/${domain}`)
      return base.key(use, domain)
    },
    usesList: (name, digest) => asked.lists.push([name, digest]),
  }
}
