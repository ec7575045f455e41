import { inspect } from 'node:util'
import { deserialize, serialize } from 'node:v8'
import { describe, expect, it } from 'vitest'
import { addKey, createKeyset, promoteKey } from '../../../src/keys/keyset.ts'
import {
  configurationDigest,
  fromPost,
  type RunConfiguration,
  readFrom,
  toPost,
} from '../../../src/run/configuration.ts'

const now = new Date('2025-01-01T00:00:00Z')
const keyset = addKey(createKeyset(now), now)
const bytes = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(Buffer.from(text))
const given: RunConfiguration = { files: new Map([['/p.yaml', bytes('one')]]), keyset }
const plan = { fingerprint: 'f', platform: '' }
const digest = (configuration: RunConfiguration, version = '1.0.0', plans = [plan]): string =>
  configurationDigest(version, configuration, plans)

describe('the configuration of a run', () => {
  it('comes through the pipe to another process as it was', () => {
    const there = fromPost(deserialize(serialize(toPost(given))))
    expect(digest(there)).toBe(digest(given))
    expect(Buffer.from(readFrom(there)('/p.yaml', 'the policy', 10)).toString()).toBe('one')
    expect(there.keyset!.keys.map(({ secret }) => secret.export())).toEqual(
      keyset.keys.map(({ secret }) => secret.export()),
    )
  })

  it('has a digest of its own for each version, file, plan, key and state of one', () => {
    const digests = [
      digest(given),
      digest(given, '1.0.1'),
      digest(given, '1.0.0', [{ ...plan, fingerprint: 'g' }]),
      digest(given, '1.0.0', [{ ...plan, platform: 'another' }]),
      digest({ ...given, files: new Map([['/p.yaml', bytes('two')]]) }),
      digest({ ...given, files: new Map([['/q.yaml', bytes('one')]]) }),
      digest({ ...given, keyset: undefined }),
      digest({ ...given, keyset: promoteKey(keyset, 'k2') }),
      digest({ ...given, keyset: addKey(createKeyset(now), now) }),
    ]
    expect(new Set(digests).size).toBe(digests.length)
  })

  it('shows no secret where it is printed', () => {
    const secrets = keyset.keys.map(({ secret }) => secret.export().toString('base64url'))
    const shown = inspect(given, { depth: 9, showHidden: true }) + JSON.stringify(given)
    for (const secret of secrets) expect(shown).not.toContain(secret)
  })

  it('reads nothing else', () => {
    expect(() => readFrom(given)('/etc/hostname', 'the file', 10)).toThrow('not read when the run began')
  })
})
