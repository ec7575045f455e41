/** A file of transforms for tests. */

/** A module with one transform; the parts of its definition may be replaced. */
export const acme = (parts: Readonly<Record<string, string>> = {}): string => {
  const members = {
    name: "'acme.reverse'",
    summary: "'Writes a text backwards.'",
    version: '1',
    options: "z.strictObject({ mark: z.string().default('').describe('Written before the result.') })",
    properties: `{ reversible: 'by anybody', repeatable: 'yes', uniqueness: 'preserved', formatKept: 'the length',
      accepts: 'any text', yields: 'a text', keyed: false, stableToken: false, mayReturnInput: false }`,
    failures: '{}',
    doesNotStop: "'Anybody reads it backwards.'",
    examples: "[{ title: 'a word', options: {}, input: 'abc', output: 'cba' }]",
    compile: "({ mark }) => ({ yields: 'string', apply: (text) => mark + [...text].reverse().join('') })",
    ...parts,
  }
  const body = Object.entries(members).map(([name, code]) => `${name}: ${code}`)
  return `export default ({ defineTransform, fail, NOTHING, z }) => defineTransform({ ${body.join(', ')} })\n`
}
