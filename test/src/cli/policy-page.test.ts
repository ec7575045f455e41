/** docs/policy.md: every word of a policy stands there with an example, and every example is a sound policy. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Keyring } from '../../../src/keys/keyring.ts'
import { testKeyset } from '../../../src/keys/test-keyset.ts'
import { compilePolicyFile } from '../../../src/policy/compile-file.ts'
import { policyFileOf } from '../../../src/policy/policy-file.ts'
import { RULE_WORDS } from '../../../src/policy/schema.ts'
import { root } from './lethe.ts'

const page = readFileSync(join(root, 'docs/policy.md'), 'utf8')
const library = readFileSync(join(root, 'docs/library.md'), 'utf8')
const examples = [...page.matchAll(/^### `(\w+)`( in a rule)?\n[\s\S]*?```yaml\n([\s\S]*?)```/gm)].map(
  ([, word, rule, text]) => [`${word}${rule ?? ''}`, word!, rule !== undefined, text!] as const,
)
/** The file of transforms that docs/library.md shows. */
const module = new Uint8Array(Buffer.from(/```js\n(\/\/ acme\.mjs\n[\s\S]*?)```/.exec(library)![1]!))

describe('the page of the policy language', () => {
  it('has an example for every word', () => {
    const schema = JSON.parse(readFileSync(join(root, 'config/schema/policy.schema.json'), 'utf8')) as {
      properties: object
    }
    const of = (rules: boolean) => examples.filter(([, , rule]) => rule === rules).map(([, word]) => word)
    expect(of(false)).toEqual(Object.keys(schema.properties))
    expect(of(true)).toEqual(RULE_WORDS)
  })

  it.each(examples)('shows a sound policy that uses it: %s', async (_, word, _rule, text) => {
    expect(text).toMatch(new RegExp(`(?:^|[{ ])${word}:`, 'm'))
    const source = policyFileOf('policy.yaml', text, () => module)
    const keys = Keyring.fromKeyset(testKeyset())
    expect((await compilePolicyFile(source, { keys })).problems).toEqual([])
  })
})
