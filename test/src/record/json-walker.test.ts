/** Single records whose verdict is written down, with kernels and without, and the order of members they learn. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compilePolicy } from '../../../src/policy/compile.ts'
import type { Plan } from '../../../src/policy/plan.ts'
import { createDeidentifier, type Deidentifier } from '../../../src/run/deidentifier.ts'
import { readStrictly } from './strict-json.ts'

/** Plans by the text of their policy: each is compiled once. */
const plans = new Map<string, Plan>()

function planOf(fields: string, more: string): Plan {
  const text = `policy: p\nversion: 1\npurpose: train_ai_system\n${more}fields:\n${fields}`
  const known = plans.get(text)
  if (known !== undefined) return known
  const source = {
    file: 'p.yaml',
    text,
    readFile: () => {
      throw new Error('no file')
    },
  }
  const { plan, problems } = compilePolicy(source)
  expect(problems).toEqual([])
  plans.set(text, plan!)
  return plan!
}

const deidentifier = (fields: string, kernels: boolean, more = ''): Deidentifier =>
  createDeidentifier(planOf(fields, more), { format: 'json', now: 0, kernels })

function verdict(by: Deidentifier, record: string | Uint8Array): string {
  const outcome = by.deidentify(Buffer.from(record as string))
  if (outcome.kind === 'publish') return Buffer.from(outcome.value).toString()
  return outcome.kind === 'suppress' ? outcome.kind : outcome.code
}

const deep = (levels: number, open: string, close: string, inside = ''): string =>
  `{"x":${open.repeat(levels)}${inside}${close.repeat(levels)},"a":1}`

describe.each([true, false])('with kernels: %s, one record', (kernels) => {
  const by = deidentifier(
    '  a: keep\n  o.b: keep\n  l[].c: keep\n  "m.*": keep\n  m.$names: { use: mask.replace, with: n }\n',
    kernels,
  )
  const cases: [string, string][] = [
    // The record itself is one level, and `null` stands inside the last.
    [deep(62, '{"y":', '}', 'null'), '{"a":1}'],
    [deep(63, '{"y":', '}', 'null'), '{"a":1}'],
    [deep(64, '{"y":', '}', 'null'), 'json-too-deep'],
    [deep(63, '[', ']'), '{"a":1}'],
    [deep(64, '[', ']'), 'json-too-deep'],
    [deep(10_000, '[', ']'), 'json-too-deep'],
    [deep(10_000, '{"y":', '}', 'null'), 'json-too-deep'],
    ['{"x":"\\ud83d\\ude00","a":1}', '{"a":1}'],
    ['{"x":"\\ud83d","a":1}', 'json-lone-surrogate'],
    ['{"x":"\\ude00","a":1}', 'json-lone-surrogate'],
    ['{"x":"\\ud83d\\ud83d\\ude00"}', 'json-lone-surrogate'],
    ['{"x":"\\ude00\\ud83d"}', 'json-lone-surrogate'],
    ['{"\\ud83d":1}', 'json-lone-surrogate'],
    ['{"x":"\\ud83d\\ud83d"}', 'json-lone-surrogate'],
    ['{"x":"\\ud83d\\n"}', 'json-lone-surrogate'],
    ['{"x":"\\ude00\\ude00"}', 'json-lone-surrogate'],
    ['{"x":"\\ud83d\\\\ude00"}', 'json-lone-surrogate'],
    ['{"x":"\\ud83d ude00"}', 'json-lone-surrogate'],
    ['{"x":"\\u00g0"}', 'json-syntax'],
    ['{"x":"\\x41"}', 'json-syntax'],
    ['{"a":1,"\\u0061":2}', 'json-duplicate-name'],
    ['{"x":1,"\\u0078":2}', 'json-duplicate-name'],
    ['{"x":{"y":1,"\\u0079":2}}', 'json-duplicate-name'],
    ['{"m":{"y":1,"\\u0079":2}}', 'json-duplicate-name'],
    ['{"__proto__":1,"__proto__":2}', 'json-duplicate-name'],
    ['{"__proto__":{"a":2},"constructor":3,"a":1}', '{"a":1}'],
    ['{"\\u0000":1}', 'json-nul-in-name'],
    ['{"x":"\\u0000","a":1}', '{"a":1}'],
    ['{"m":{"y":1,"z":2}}', 'map-name-collision'],
    ['{"m":{"y":1}}', '{"m":{"n":1}}'],
    ['{"a":{"b":1}}', 'container-for-scalar'],
    ['{"a":[]}', 'container-for-scalar'],
    ['{"o":1}', 'scalar-for-container'],
    ['{"o":""}', 'scalar-for-container'],
    ['{"o":[]}', 'scalar-for-container'],
    ['{"l":{}}', 'scalar-for-container'],
    ['{"l":[1]}', 'scalar-for-container'],
    ['{"l":[null,{},{"c":1}]}', '{"l":[null,{},{"c":1}]}'],
    ['{"o":null,"a":null}', '{"o":null,"a":null}'],
    ['{"o":{},"l":[],"m":{}}', '{"o":{},"l":[],"m":{}}'],
    ['{"o":1}x', 'json-trailing'],
    ['{"o":1', 'json-truncated'],
    ['{"o":1,"a":01}', 'json-syntax'],
    ['[]', 'array-length'],
    ['[{"a":1}]', '{"a":1}'],
    [' [ {"x":2,"a":1} ] ', '{"a":1}'],
    ['[{"a":1},{"a":2}]', 'array-length'],
    ['[{"a":1},2]', 'array-length'],
    ['[1,{"a":1}]', 'array-length'],
    ['[1]', 'not-an-object'],
    ['[[{"a":1}]]', 'not-an-object'],
    ['[null]', 'not-an-object'],
    ['[{"a":1},]', 'json-syntax'],
    ['[{"a":1},{"a":1}', 'json-truncated'],
    ['[{"a":1}', 'json-truncated'],
    ['[{"a":1}}', 'json-syntax'],
    ['[,{"a":1}]', 'json-syntax'],
    ['[', 'json-truncated'],
    ['[{"a":1}]]', 'json-trailing'],
    ['[{"a":1}]{"a":1}', 'json-trailing'],
    ['[{"a":{}}]', 'container-for-scalar'],
    ['[{"a":1},{"x":"\\ud800"}]', 'json-lone-surrogate'],
    ['null', 'not-an-object'],
    ['"\\ud800"', 'json-lone-surrogate'],
    ['', 'json-truncated'],
    ['{"a":1}{"a":1}', 'json-trailing'],
    ['{"a":1,}', 'json-syntax'],
    ['{"a":"\t"}', 'json-syntax'],
    ['\ufeff{"a":1}', 'json-syntax'],
    ['{"a":1}\u00a0', 'json-trailing'],
    ['{"a":-}', 'json-syntax'],
    ['{"a":1.}', 'json-syntax'],
    ['{"x":00}', 'json-syntax'],
    ['{"x":-01}', 'json-syntax'],
    ['{"x":+1}', 'json-syntax'],
    ['{"x":.5}', 'json-syntax'],
    ['{"x":1e}', 'json-syntax'],
    ['{"x":1e+}', 'json-syntax'],
    ['{"x":1.e1}', 'json-syntax'],
    ['{"x":1 2}', 'json-syntax'],
    ['{"x":truE}', 'json-syntax'],
    ['{"x":falsy}', 'json-syntax'],
    ['{"x":nulL}', 'json-syntax'],
    ['{"x":tru}', 'json-syntax'],
    ['{"x":[1,]}', 'json-syntax'],
    ['{"x":[,1]}', 'json-syntax'],
    ['{"x":[1}}', 'json-syntax'],
    ['{"x":{"y":1]}', 'json-syntax'],
    ['{"x":1,,"a":1}', 'json-syntax'],
    ['{,"x":1}', 'json-syntax'],
    ['{"x" 1}', 'json-syntax'],
    ['{"x"::1}', 'json-syntax'],
    ['{x:1}', 'json-syntax'],
    ['{"x":"\u001f"}', 'json-syntax'],
    ['{"x":"\u007f","a":1}', '{"a":1}'],
    [' {"a" : -0.0e-0 , "x" : [ ] } \t\r', '{"a":-0.0e-0}'],
    ['{"a"\n:\n1\n}\n', '{"a":1}'],
    ['{"a":1}\n{"a":1}', 'json-trailing'],
    [`{"a":"${'y'.repeat(70)}\\"","x":"${'z'.repeat(31)}"}`, `{"a":"${'y'.repeat(70)}\\""}`],
    ['{"a":nul', 'json-truncated'],
    ['{"a":"\\u00', 'json-truncated'],
    ['{"a":"x', 'json-truncated'],
    ['{"a":1E+2}', '{"a":1E+2}'],
  ]
  it.each(
    cases.map(([record, expected]) => [
      record.length > 80 ? `${record.slice(0, 77)}…` : record,
      expected,
      record,
    ]),
  )('%s gives %s', (_, expected, record) => {
    expect(verdict(by, record)).toBe(expected)
  })

  it('that is not UTF-8 is refused: overlong, a surrogate, cut short, beyond Unicode', () => {
    for (const bytes of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xe2, 0x82], [0xf4, 0x90, 0x80, 0x80]])
      expect(verdict(by, Buffer.from([...Buffer.from('{"a":"'), ...bytes, ...Buffer.from('"}')]))).toBe(
        'bad-utf8',
      )
  })
})

describe.each([true, false])('with kernels: %s, the order of members', (kernels) => {
  const NAMES = ['a', 'b', 'c', 'x', 'y', 'z', 'long name', 'é', 'ab', '"']
  // The escape sequence of one of the names in a while.
  const written = fc
    .tuple(fc.constantFrom(...NAMES), fc.integer({ min: 0, max: 9 }))
    .map(
      ([name, how]) =>
        [
          name,
          how === 0
            ? `"\\u${name.charCodeAt(0).toString(16).padStart(4, '0')}${JSON.stringify(name.slice(1)).slice(1)}`
            : JSON.stringify(name),
        ] as const,
    )
  const few = fc.uniqueArray(written, { maxLength: 8, selector: ([name]) => name })
  type Change = {
    readonly kind: 'same' | 'swap' | 'twice' | 'leave' | 'add'
    readonly at: number
    readonly to: number
  }
  const change: fc.Arbitrary<Change> = fc.record({
    kind: fc.constantFrom('same', 'same', 'same', 'swap', 'twice', 'twice', 'leave', 'add'),
    at: fc.nat(),
    to: fc.nat(),
  })

  const changed = (names: readonly (readonly [string, string])[], { kind, at, to }: Change) => {
    const list = [...names]
    if (list.length === 0) return list
    const i = at % list.length
    const j = to % list.length
    if (kind === 'swap') [list[i], list[j]] = [list[j]!, list[i]!]
    if (kind === 'twice') list.splice(j + 1, 0, list[i]!)
    if (kind === 'leave') list.splice(i, 1)
    if (kind === 'add') list.splice(i, 0, [`new ${to % 5}`, `"new ${to % 5}"`])
    return list
  }

  it.each(['drop', 'reject'] as const)(
    'that others had changes no verdict, with `unlisted: %s`',
    (unlisted) => {
      fc.assert(
        fc.property(
          few,
          few,
          fc.array(fc.tuple(change, change), { minLength: 4, maxLength: 40 }),
          (outer, inner, changes) => {
            const by = deidentifier(
              '  a: keep\n  b: keep\n  é: keep\n  o.a: keep\n  o.y: keep\n',
              kernels,
              `unlisted: ${unlisted}\n`,
            )
            const listed = { top: ['a', 'b', 'é', 'o'], o: ['a', 'y'] }
            for (const [one, two] of changes) {
              const below = changed(inner, two)
              const above = changed(outer, one)
              const o = `{${below.map(([, text]) => `${text}:2`).join(',')}}`
              // The same object listed and unlisted: each has an order of its own.
              const record = `{${[...above.map(([, text]) => `${text}:1`), `"o":${o}`, `"u":${o}`].join(',')}}`
              const before = by.account.unlisted
              const result = verdict(by, record)
              const read = readStrictly(Buffer.from(record))
              if (typeof read === 'string') {
                expect(result).toBe(read)
                continue
              }
              const extra =
                above.filter(([name]) => !listed.top.includes(name)).length +
                below.filter(([name]) => !listed.o.includes(name)).length +
                1
              expect(by.account.unlisted - before).toBe(extra)
              if (unlisted === 'reject') {
                expect(result).toBe('unlisted-field')
                continue
              }
              const kept = (names: readonly (readonly [string, string])[], known: string[], value: number) =>
                names
                  .filter(([name]) => known.includes(name))
                  .map(([name]) => `${JSON.stringify(name)}:${value}`)
              expect(result).toBe(
                `{${[...kept(above, listed.top, 1), `"o":{${kept(below, listed.o, 2)}}`].join(',')}}`,
              )
            }
          },
        ),
        { numRuns: 100 },
      )
    },
    60_000,
  )
})
