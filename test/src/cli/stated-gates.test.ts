/** Lists and consent tables in `lethe test`, where cases state them, and in `lethe explain`, where files are given. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { place } from './batch-inputs.ts'
import { warm } from './lethe.ts'

const POLICY = `policy: gated
version: 1
purpose: train_ai_system
time: at
fields: { n: keep, at: drop }
suppression:
  - { list: erasures, by: id }
  - { list: register, by: [first, born], entries: sha256-hex, normalize: lower }
consent: [{ table: training, by: id }]
`
const AT = '2026-02-01T00:00:00Z'

const caseOf = (name: string, id: string, outcome: string, more = ''): string =>
  `  - { name: ${name}, input: { id: ${id}, n: 1, at: ${AT}${more} }, ${outcome} }\n`

const published = 'expect: { n: 1 }'
const suppressed = 'outcome: suppress'

const STATED = `lists: { erasures: [C-7, 8], register: [[Ann, 1990-01-01]] }
tables:
  training:
    - { subject: C-1, state: granted }
    - { subject: C-7, state: granted }
    - { subject: 9, state: granted, until: 2026-01-01T00:00:00Z }
    - { subject: C-2, state: withdrawn, from: 2026-03-01T00:00:00Z }
    - { subject: C-2, state: granted, from: 2026-01-01T00:00:00Z }
`

it('judges cases by what they say of lists and tables', async () => {
  const cases = [
    caseOf('agreed', 'C-1', published),
    caseOf('on the list', 'C-7', suppressed),
    caseOf('on the list by a number', '8', suppressed),
    caseOf('in the register', 'C-1', suppressed, ', first: ANN, born: 1990-01-01'),
    caseOf('half in the register', 'C-1', published, ', first: ann'),
    caseOf('agreed until before', '9', suppressed),
    caseOf('withdrawn later', 'C-2', suppressed),
    caseOf('not known', 'C-3', suppressed),
    caseOf('known in this case', 'C-3', published).replace(
      ' }\n',
      ', tables: { training: [{ subject: C-3, state: granted }] } }\n',
    ),
    caseOf('on no list in this case', 'C-7', published).replace(' }\n', ', lists: { erasures: [] } }\n'),
  ]
  const cwd = place({ 'p.yaml': POLICY, 'p.cases.yaml': `${STATED}cases:\n${cases.join('')}` })
  const { code, stdout, stderr } = await warm(['test', 'p.yaml', '--require-coverage'], { cwd })
  expect([code, stderr], stdout).toEqual([0, 'lethe: 10 of 10 cases hold\n'])
})

it('never lets a case pass that says nothing of a list or table', async () => {
  const some = `cases:\n${caseOf('agreed', 'C-1', published)}${caseOf('a break', 'C-1', 'outcome: { dead-letter: container-for-scalar }').replace('n: 1', 'n: {}')}`
  const cwd = place({ 'p.yaml': POLICY, 'p.cases.yaml': some })
  const run = async (head: string): Promise<string> => {
    writeFileSync(join(cwd, 'p.cases.yaml'), `${head}${some}`)
    const { code, stdout } = await warm(['test', 'p.yaml'], { cwd })
    expect(code, stdout).toBe(1)
    return stdout
  }
  expect(await run('')).toContain(
    'nothing says what the list erasures and the list register and the consent table training hold',
  )
  expect(await run('lists: { erasures: [], register: [] }\n')).toContain(
    'nothing says what the consent table training holds, and the policy goes by it -> `tables: { training: [] }`',
  )
  // An empty table grants no consent.
  expect(await run('lists: { erasures: [], register: [] }\ntables: { training: [] }\n')).toContain(
    'it was suppressed by consent unknown to table training',
  )
  const { code, stderr, stdout } = await warm(['test', 'p.yaml', '--update'], { cwd })
  expect([code, stdout], stderr).toEqual([1, expect.stringContaining('not updated')])
})

it.each([
  ['lists: { erasure: [] }', 'the list erasure is stated, and the policy names none of this name'],
  ['lists: { register: [ann] }', 'it has 1 part, and the policy goes by 2 -> write a list of first, born'],
  ['lists: { erasures: [" "] }', 'the list erasures, identifier 1: it has no normal form (trim)'],
  ['lists: { erasures: { file: gone.ndjson } }', 'gone.ndjson does not exist'],
  [
    'tables: { training: [{ subject: a, state: granted, from: 2999-01-01T00:00:00Z }] }',
    'lies in the future',
  ],
  [
    'tables: { training: [{ subject: a, state: granted }, { subject: "a ", state: withdrawn }] }',
    'say two things of one instant',
  ],
  ['tables: { training: [{ subject: a, state: granted, from: today }] }', 'this is not a time in RFC 3339'],
  ['tables: { training: [{ subject: a, state: given }] }', 'wrong-type'],
  ['tables: { training: { C-1: granted } }', 'unknown key `C-1`'],
] as const)('says what is wrong: %s', async (head, wrong) => {
  const cwd = place({
    'p.yaml': POLICY,
    'p.cases.yaml': `${head}\ncases:\n${caseOf('one', 'C-1', suppressed)}`,
  })
  const { code, stdout } = await warm(['test', 'p.yaml'], { cwd })
  expect([code, stdout]).toEqual([1, expect.stringContaining(wrong)])
})

it('reads the files of a run, and explains by which gate a record is held', async () => {
  const cwd = place({ 'p.yaml': POLICY })
  const run = (...args: string[]) => warm(args, { cwd })
  await run('keys', 'create', '--match', 'match.json')
  await run('consent', 'create', 'training.ndjson')
  for (const [subject, state] of [
    ['C-1', 'grant'],
    ['C-2', 'grant'],
    ['C-2', 'withdraw'],
  ] as const) {
    const at = state === 'grant' ? '2026-01-01T00:00:00Z' : '2026-01-02T00:00:00Z'
    const said = ['--subject', subject, '--purpose', 'train_ai_system', '--at', at]
    const done = await run('consent', state, 'training.ndjson', ...said, '--match-keys', 'match.json')
    expect(done.code, done.stderr).toBe(0)
  }
  const head =
    'matchKeys: match.json\nlists: { erasures: [C-7], register: [] }\ntables: { training: { file: training.ndjson } }\n'
  writeFileSync(
    join(cwd, 'p.cases.yaml'),
    `${head}cases:\n${caseOf('agreed', 'C-1', published)}${caseOf('withdrawn', 'C-2', suppressed)}`,
  )
  const tested = await run('test', 'p.yaml')
  expect(tested.code, tested.stdout).toBe(0)

  const explained = async (id: string, ...more: string[]) => {
    const input = JSON.stringify({ id, n: 1, at: AT })
    const { code, stdout, stderr } = await warm(
      ['explain', '-p', 'p.yaml', '-', '--format', 'json', ...more],
      { cwd, input },
    )
    expect(code, stderr).toBe(0)
    return JSON.parse(stdout)
  }
  const blind = await explained('C-2')
  // Keys that no list was asked with are not read.
  const env = { LETHE_MATCH_KEYS_FILE: 'gone.json' }
  expect((await warm(['explain', '-p', 'p.yaml'], { cwd, env })).code).toBe(0)
  expect(blind.became).toBe(
    'the record is published, unless the list erasures or the list register or the consent table training holds it back: these were not looked at',
  )
  expect(blind.gates.map(({ says }: { says: string }) => says)).toEqual(Array(3).fill('not-looked-at'))
  const told = ['--table', 'training=training.ndjson', '--match-keys', 'match.json']
  const held = await explained('C-2', ...told)
  expect(held.notLookedAt).toEqual(['the list erasures', 'the list register'])
  expect(held.became).toBe('the record is suppressed by consent denied by table training')
  expect(held.gates.at(-1)).toEqual({
    gate: 'consent table training',
    by: ['id', 'at'],
    says: 'suppress',
    why: 'consent denied by table training',
  })
  expect((await explained('C-3', ...told)).gates.at(-1).why).toBe('consent unknown to table training')
  expect((await explained('C-1', ...told)).gates.at(-1).says).toBe('pass')
  const text = await warm(['explain', '-p', 'p.yaml', '-', ...told], {
    cwd,
    input: `{"id":"C-1","at":"${AT}"}`,
  })
  expect(text.stdout).toMatch(/suppression list erasures +id +NOT LOOKED AT +say --list erasures=FILE/)
  expect(text.stdout).toMatch(/consent table training +id, at +passes +it was given, and is not withdrawn/)
  const nobody = await run('explain', '-p', 'p.yaml', ...told)
  expect([nobody.code, nobody.stderr]).toEqual([
    2,
    expect.stringContaining('a made-up record has no subject'),
  ])
})
