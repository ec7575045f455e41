/** Transforms of one's own: what a policy's files of them must hold, and what is kept from leaving where they break. */
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { compilePolicy } from '../../../src/policy/compile.ts'
import { compilePolicyFile } from '../../../src/policy/compile-file.ts'
import type { PolicyFile } from '../../../src/policy/policy-file.ts'
import { createDeidentifier } from '../../../src/run/deidentifier.ts'
import { transforms } from '../../../transforms/index.ts'
import { defineTransform, type Transform } from '../../../transforms/transform.ts'
import { acme } from './acme.ts'

const HEAD = 'policy: p\nversion: 1\npurpose: train_ai_system\n'

const source = (text: string, files: Readonly<Record<string, string>>): PolicyFile => ({
  file: 'p.yaml',
  text: HEAD + text,
  readFile: (name) => Buffer.from(files[name]!),
})

const policyOf = (rule: string): string => `transforms: [./acme.mjs]\nfields:\n  a: ${rule}\n`

const compile = (module: string, rule = 'acme.reverse') =>
  compilePolicyFile(source(policyOf(rule), { './acme.mjs': module }))

async function outcomeOf(module: string, value: string): Promise<string> {
  const { plan, problems } = await compile(module)
  expect(problems).toEqual([])
  const outcome = createDeidentifier(plan!, { format: 'json' }).deidentify(
    Buffer.from(JSON.stringify({ a: value })),
  )
  if (outcome.kind === 'publish') return JSON.parse(Buffer.from(outcome.value).toString()).a
  return outcome.kind === 'dead-letter' ? outcome.code : outcome.kind
}

describe('a file of transforms', () => {
  it('adds to the built-in ones, and its digest counts', async () => {
    const one = await compile(acme())
    expect(one.problems).toEqual([])
    expect(await outcomeOf(acme(), 'abc')).toBe('cba')
    const other = await compile(`${acme()}// another text\n`)
    expect(other.plan!.fingerprint).not.toBe(one.plan!.fingerprint)
    expect((await compile(acme())).plan!.fingerprint).toBe(one.plan!.fingerprint)
    const both = await compile(acme(), '{ use: hash.hmac, domain: d }')
    expect(both.problems).toEqual([])
  })

  it('runs once in a thread, however often policies that name it are compiled, and from the bytes that were read', async () => {
    const count = `n${createHash('sha256').update(String(Date.now())).digest('hex')}`
    const module = `globalThis.${count} = (globalThis.${count} ?? 0) + 1\n${acme()}`
    for (let i = 0; i < 3; i++) expect((await compile(module)).problems).toEqual([])
    expect((globalThis as Record<string, unknown>)[count]).toBe(1)
  })

  it('does not run where nobody allowed it', () => {
    const { problems } = compilePolicy(
      source(policyOf('acme.reverse'), { './acme.mjs': 'globalThis.ran = 1; export default 1' }),
    )
    expect(problems.map(({ code, line, column }) => [code, line, column])).toEqual([
      ['transforms-not-loaded', 4, 14],
    ])
    expect((globalThis as Record<string, unknown>)['ran']).toBeUndefined()
  })

  it.each([
    ['no module', 'export default {', /is no ES module/],
    ['a package', "import 'zod'\nexport default 1", /imports a package or another file/],
    ['a file beside it', "import './other.mjs'\nexport default 1", /imports a package or another file/],
    ['a throw', 'throw new RangeError("SECRET")', /throws RangeError while it is imported$/],
    ['nothing exported', 'const a = 1', /no function as its default export/],
    ['a throw when it is called', 'export default () => { throw new Error("SECRET") }', /throws Error when/],
    ['an empty list', 'export default () => []', /gives no transform/],
    ['no transform', 'export default () => [1]', /transform 1: is none/],
    ['a name without family', acme({ name: "'reverse'" }), /name: a name is a family/],
    ['the name of a built-in', acme({ name: "'hash.hmac'" }), /`hash.hmac`: the name is taken/],
    ['a word', acme({ name: "'keep.subtree'" }), /the name is taken/],
    ['the rule of retention', acme({ name: "'retention.expire'" }), /the name is taken/],
    ['no version', acme({ version: '0.5' }), /`acme.reverse`: version: /],
    ['no schema', acme({ options: '{ shape: {} }' }), /options: expected `z.strictObject/],
    ['options that take anything', acme({ options: 'z.looseObject({})' }), /take unknown words/],
    [
      'an option without description',
      acme({ options: 'z.strictObject({ mark: z.string().default("") })' }),
      /`mark` is not described/,
    ],
    [
      'an option that is a word of rules',
      acme({ options: "z.strictObject({ when: z.string().optional().describe('x') })" }),
      /`when` is a word of every rule/,
    ],
    ['a property that is missing', acme({ properties: '{}' }), /properties.mayReturnInput: /],
    ['a failure that is none', acme({ failures: "{ oops: 'x' }" }), /failures/],
    [
      'an example that does not hold',
      acme({ examples: "[{ title: 'a word', options: {}, input: 'abc', output: 'abc' }]" }),
      /`a word` does not give what it says/,
    ],
    [
      'examples with other options',
      acme({ examples: "[{ title: 'a word', options: { b: 1 }, input: 'abc', output: 'cba' }]" }),
      /`a word` are refused/,
    ],
  ])('is refused at its place in the policy: %s', async (_, module, message) => {
    const { plan, problems } = await compile(module)
    expect(plan).toBeUndefined()
    expect(problems).toContainEqual(
      expect.objectContaining({
        code: 'bad-transforms',
        file: 'p.yaml',
        line: 4,
        column: 14,
        message: expect.stringMatching(message),
      }),
    )
    expect(JSON.stringify(problems)).not.toContain('SECRET')
  })

  it('is refused where two of them define one name', async () => {
    const text = `transforms: [./a.mjs, ./b.mjs]\nfields: { a: drop }\n`
    const { problems } = await compilePolicyFile(
      source(text, { './a.mjs': acme(), './b.mjs': `${acme()}//` }),
    )
    expect(problems.map(({ code, column }) => [code, column])).toEqual([['bad-transforms', 23]])
  })

  it.each([
    ['compiles to nothing', { compile: '() => 1' }],
    ['yields what is nothing', { compile: "() => ({ yields: 'x', apply: (t) => t + t })" }],
    ['throws in reveals', { reveals: '() => { throw new Error("SECRET") }' }],
    ['reveals what is nothing', { reveals: '() => ({ tells: "little" })' }],
    ['throws in weaknesses', { weaknesses: '() => { throw new Error("SECRET") }' }],
    ['has weaknesses that are none', { weaknesses: '() => [1]' }],
  ])('that %s is an error of the rule', async (_, parts) => {
    const { problems } = await compile(acme({ examples: '[]', ...parts }))
    expect(problems).toContainEqual(expect.objectContaining({ code: 'bad-option', line: 6 }))
    expect(JSON.stringify(problems)).not.toContain('SECRET')
  })
})

describe('what a transform of one’s own lets leave', () => {
  it('counts as all of the value, unless it says less', async () => {
    const rule = '{ use: acme.reverse, category: user.contact.email }'
    const all = await compile(acme(), rule)
    expect(all.problems).toMatchObject([
      {
        code: 'kept-direct-identifier',
        suggestion: expect.stringMatching(/^say in acme\.reverse .*`reveals`/),
      },
    ])
    expect((await compile(acme({ reveals: '() => NOTHING' }), rule)).problems).toEqual([])
  })

  const examples = { examples: '[]' }
  it.each([
    ['throws', "(text) => { throw new Error('SECRET') }", 'transform-error'],
    ['gives no text', '() => 1', 'transform-error'],
    ['gives a promise', 'async (text) => text', 'transform-error'],
    ['gives the value itself', '(text) => text', 'transform-error'],
    ['gives half a pair', "() => '\\ud800'", 'transform-error'],
    ['gives too much', "() => 'x'.repeat(1e6)", 'out-of-domain'],
    ['refuses', "() => fail('no-match')", 'no-match'],
    [
      'refuses with the value for a code',
      "(text) => new (fail('no-match').constructor)(text)",
      'transform-error',
    ],
    [
      'changes what a refusal says',
      "(text) => Object.assign(fail('no-match'), { code: text })",
      'transform-error',
    ],
    ['promises what it does not keep', '() => \'","b":"raw\'', '","b":"raw'],
  ])('is nothing where it %s', async (_, apply, expected) => {
    const compileIt = `() => ({ yields: 'string', plain: true, apply: ${apply}, applyAll: () => { throw 1 }, writeBytes: () => { throw 1 } })`
    expect(await outcomeOf(acme({ ...examples, compile: compileIt }), 'abc')).toBe(expected)
  })

  it('may be the value where it says so', async () => {
    const properties = acme()
      .match(/properties: (\{[^}]*\})/)![1]!
      .replace('mayReturnInput: false', 'mayReturnInput: true')
    expect(await outcomeOf(acme({ properties }), 'aba')).toBe('aba')
    expect(await outcomeOf(acme(), 'aba')).toBe('transform-error')
  })
})

describe('transforms given to compilePolicy', () => {
  const mine = (name: string): Transform =>
    defineTransform({
      ...transforms.find((one) => one.name === 'mask.null')!,
      name,
      options: z.strictObject({}),
      compile: () => ({ yields: 'string', apply: (text: string) => `${text}!` }),
    } as never)
  const text = 'fields:\n  a: mine.shout\n  b: { use: hash.hmac, domain: d }\n'

  it('add to the built-in ones', () => {
    expect(compilePolicy(source(text, {}), { transforms: [mine('mine.shout')] }).problems).toEqual([])
    expect(
      compilePolicy(source(text, {}), { transforms: [...transforms, mine('mine.shout')] }).problems,
    ).toEqual([])
  })

  it('are refused where a built-in one, or another of them, has the name', () => {
    for (const names of [['hash.hmac'], ['mine.shout', 'mine.shout']])
      expect(() => compilePolicy(source(text, {}), { transforms: names.map(mine) })).toThrow(TypeError)
  })
})
