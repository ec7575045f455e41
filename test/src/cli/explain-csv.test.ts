/** `lethe explain` with a row of CSV. */
import { expect, it } from 'vitest'
import { folder, warm } from './lethe.ts'

const POLICY = `policy: shop
version: 1
purpose: train_ai_system
time: at
fields:
  at: { use: generalize.date, to: day }
  customer.email: { use: hash.hmac, domain: email, normalize: email, category: user.contact.email }
  amount: keep
columns: { mail: customer.email }
`
const CSV =
  'at;mail;amount;note\n2024-07-15T13:45:00Z;jane.doe@example.com;"1;5";x\n2024-07-16T13:45:00Z;;2;y\n'

interface Explained {
  readonly published: string
  readonly fields: readonly { readonly path: string; readonly before: string[]; readonly after: string[] }[]
}

async function explained(
  args: readonly string[],
  files: Record<string, string | Uint8Array>,
  input = '',
): Promise<Explained> {
  const cwd = folder({ 'p.yaml': POLICY, ...files })
  const { code, stdout, stderr } = await warm(['explain', '-p', 'p.yaml', '--format', 'json', ...args], {
    cwd,
    input,
  })
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
  return JSON.parse(stdout) as Explained
}

const PUBLISHED = 'at;mail;amount\n2024-07-15;k1.lbA-rcjQh8Pcz3tNmC4KKg;"1;5"'

it('shows the first row of a file before and after (study, no. 37)', async () => {
  const { published, fields } = await explained(['in.csv', '--delimiter', ';'], { 'in.csv': CSV })
  expect(published).toBe(PUBLISHED)
  expect(fields.map(({ path, before, after }) => [path, before, after])).toEqual([
    ['at', ['"2024-07-15T13:45:00Z"'], ['"2024-07-15"']],
    ['customer.email', ['"jane.doe@example.com"'], ['"k1.lbA-rcjQh8Pcz3tNmC4KKg"']],
    ['amount', ['"1;5"'], ['"1;5"']],
  ])
})

it('takes a row alone, with the header of an option, of a file or of the policy', async () => {
  const row = CSV.split('\n')[1]!
  const args = ['-', '--delimiter', ';']
  expect((await explained([...args, '--header', 'at,mail,amount,note'], {}, row)).published).toBe(PUBLISHED)
  expect((await explained([...args, '--header-of', 'in.csv'], { 'in.csv': CSV }, row)).published).toBe(
    PUBLISHED,
  )
  const policy = `${POLICY}input: { delimiter: ";", header: [at, mail, amount, note], skipLines: 3 }\n`
  expect((await explained(['-'], { 'p.yaml': policy }, row)).published).toBe(PUBLISHED)
})

it('reads a file as `input:` says, as a batch does', async () => {
  const policy = `${POLICY}input: { encoding: utf-16le, skipLines: 1, comment: "#", quote: none, nulls: [N/A] }\n`
  const bytes = Buffer.from(
    'made by hand\n# more\nat\tmail\tamount\n2024-07-15T13:45:00Z\tN/A\t6" x\n',
    'utf16le',
  )
  const { published } = await explained(['in.tsv'], { 'p.yaml': policy, 'in.tsv': bytes })
  expect(published).toBe('at\tmail\tamount\n2024-07-15\tN/A\t"6"" x"')
})

it('refuses what it cannot show, and says what to do', async () => {
  const refuse = async (args: readonly string[], input: string) => {
    const cwd = folder({ 'p.yaml': `${POLICY}input: { delimiter: ";" }\n`, 'in.csv': CSV })
    const { code, stdout, stderr } = await warm(['explain', '-p', 'p.yaml', ...args], { cwd, input })
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).not.toContain('jane')
    return stderr
  }
  expect(await refuse(['-'], CSV.split('\n')[1]!)).toContain('--header')
  expect(await refuse(['-', '--delimiter', ','], CSV)).toContain('--delimiter contradicts')
  expect(await refuse(['-', '--header', 'a,b', '--header-of', 'in.csv'], CSV)).toContain(
    'leave one of them out',
  )
  expect(await refuse(['-', '--header', 'at,mail'], CSV)).toContain('has 4 columns')
  expect(await refuse(['-'], 'at;amount\n2024;1\n')).toContain('the header lacks a column')
  expect(await refuse(['-', '--header-of', 'in.csv'], '2024-07-15;"a line')).toContain(
    'a quote in its row never closes\n  -> give all lines of the row',
  )
  expect(await refuse(['-'], '[1]')).toContain('holds no JSON object')
  expect(await refuse(['-'], '\n')).toContain('holds no row')
})

it('asks the gates of a row, which by themselves let no column leave', async () => {
  const policy = `${POLICY.replace('fields:', 'retention: { steps: [{ after: 30d, then: suppress }] }\nfields:')}consent: { from: ok, when: { is: yes } }\n`
  const cwd = folder({
    'p.yaml': policy,
    'in.csv': '\ufeffat,mail,amount,ok\n2024-07-15T13:45:00Z,jane.doe@example.com,1,yes\n',
    'no.csv': 'at,mail,amount,ok\n2024-07-15T13:45:00Z,jane.doe@example.com,1,no\n',
  })
  const asked = (file: string) => warm(['explain', '-p', 'p.yaml', '--as-of', '2024-07-16', file], { cwd })
  const { code, stdout } = await asked('in.csv')
  expect(code).toBe(0)
  expect(stdout).toMatch(/consent in ok +ok +passes/)
  expect(stdout).toMatch(/the record is published\nas\nat,mail,amount\n2024-07-15,k1\./)
  expect((await asked('no.csv')).stdout).toContain('the record is suppressed by consent denied by ok')
})

it('makes up a record that consents', async () => {
  const consent = `consent:
  - { from: ok, when: { is: [yes, ja] } }
  - { from: "a.said[]", when: { lists: [C2, C4] } }
  - { from: text, split: ";", when: { lists: [x, y] } }
  - { from: "a.refused[]", when: { lacks: C3 } }
`
  const cwd = folder({ 'p.yaml': `${POLICY}${consent}` })
  const { code, stdout } = await warm(['explain', '-p', 'p.yaml'], { cwd })
  expect([code, stdout]).toEqual([0, expect.stringContaining('the record is published')])
})
