/** `lethe report`: what its page and its document say of real runs, and what it refuses. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { formSchemas } from '../../../src/forms/json-schemas.ts'
import type { ReportDocument } from '../../../src/forms/report-form.ts'
import { noBrowser, violationsOf, withPage } from '../../browser.ts'
import { type ReportFolder, reportFolder } from '../../report-folder.ts'
import { strangers, textOfPage } from '../../report-numbers.ts'
import { folder, warm } from '../cli/lethe.ts'
import { fits, type Schema } from '../draft-07.ts'

const FORM = formSchemas({ closed: true })['report.schema.json'] as Schema

let made: ReportFolder
let keep: string
beforeAll(async () => {
  keep = mkdtempSync(join(tmpdir(), 'lethe-report-'))
  made = await reportFolder(warm, keep, { people: 600 })
}, 60_000)
afterAll(() => rmSync(keep, { recursive: true, force: true }))

const json = (name: string) => JSON.parse(readFileSync(join(keep, name), 'utf8'))
const put = (name: string, value: unknown): string => {
  writeFileSync(join(keep, name), typeof value === 'string' ? value : JSON.stringify(value))
  return name
}
const say = (...args: readonly string[]) => warm(['report', ...args], { cwd: keep })

/** A report that is written: its document and its page, which have to agree. */
async function report(
  code: number,
  ...args: readonly string[]
): Promise<{ page: string; document: ReportDocument }> {
  const ended = await say(...args, '-o', 'page.html')
  expect([ended.stderr, ended.code]).toEqual([expect.any(String), code])
  const page = readFileSync(join(keep, 'page.html'), 'utf8')
  const document = json('page.json') as ReportDocument
  expect(fits(document, FORM, FORM)).toBe(true)
  expect(strangers(page, document).strange).toEqual([])
  return { page, document }
}

const tileOf = ({ tiles }: ReportDocument, name: string) => tiles.find(({ tile }) => tile === name)!

describe('a report of real runs', () => {
  it('says what the summary, the measure, the ledger and the files of people say', async () => {
    const { page, document } = await report(1, ...made.all)
    const [run, measure] = [json('run.json'), json('measure.json')]
    expect(document).toMatchObject({
      policy: run.policy,
      keyChecks: run.keyChecks,
      flow: { in: run.records.in, published: run.records.published, remainder: 0 },
      measured: { records: run.records.in, of: run.records.in },
      change: { state: 'compared', weaker: 0, changes: [{}, {}] },
      ledger: { verified: 'as-written' },
      holds: { inForce: 1, expired: 0, released: 0 },
      fieldsFrom: 'policy',
    })
    expect(tileOf(document, 'privacy')).toMatchObject({
      value: measure.output.risk.highest,
      limit: 0.2,
      limitFrom: 'file',
    })
    expect(tileOf(document, 'utility')).toMatchObject({ value: measure.utility.loss, limit: 0.9 })
    expect(tileOf(document, 'balance').value).toBe(
      Math.min(...measure.balance[0].groups.map((one: { ratio: number }) => one.ratio)),
    )
    expect(tileOf(document, 'operations')).toMatchObject({ is: 'beyond', limit: 0.01, limitFrom: 'default' })
    expect(document.verdict).toMatchObject({ is: 'beyond', tiles: ['operations'] })
    const erased = document.ledger!.actions.find(({ action }) => action === 'forget.apply')
    expect(erased).toMatchObject({ about: 'erasure', done: 1, open: 0, counts: { subjects: 2, deleted: 2 } })
    const west = document.balances[0]!.groups[0]!
    const reasons = west.withheld.reduce((all, { records }) => all + records, west.other)
    expect([document.balances[0]!.of, reasons]).toEqual(['value', west.read - west.published])
    expect(document.findings!.map(({ id, isOverdue }) => [id, isOverdue])).toEqual([
      ['F-1', true],
      ['F-2', false],
    ])
    const email = document.fields.find(({ field }) => field === 'email')!
    expect(email).toMatchObject({ category: 'user.contact.email', before: ['"jane.doe@example.com"'] })
    expect(email.rules[0]).toMatchObject({ use: 'hash.hmac', applied: run.records.published })
    // What nothing may be: a script, a style of an element, a place to load from, a raw value.
    expect(page).not.toMatch(
      /<script|<link|<img|<iframe|<object| on[a-z]+=| style=|url\(|@import|src=|javascript:/i,
    )
    expect(page.match(/href="[^"]*"/g)!.filter((one) => !one.startsWith('href="#'))).toEqual([])
    expect(page).toMatch(/default-src 'none'; style-src 'sha256-[^ ]+'; base-uri 'none'; form-action 'none'/)
    // The record of the example is made up.
    const raw = /C-1(?!001)\d{3}|p\d+@example/
    expect([raw.exec(page)?.[0], raw.exec(JSON.stringify(document))?.[0]]).toEqual([undefined, undefined])
    expect(strangers(page, document).numbers).toBeGreaterThan(200)
  })

  it('shows the trend of earlier reports, the oldest first', async () => {
    await report(1, ...made.all)
    const first = json('page.json')
    put('first.json', { ...first, made: '2026-01-01T00:00:00.000Z' })
    put('second.json', { ...first, made: '2026-02-01T00:00:00.000Z' })
    const { document, page } = await report(
      1,
      ...made.all,
      '--earlier',
      'second.json',
      '--earlier',
      'first.json',
    )
    expect(tileOf(document, 'privacy').trend.map((one) => one.made.slice(0, 7))).toEqual([
      '2026-01',
      '2026-02',
    ])
    expect(page).toContain('class="spark"')
    put('other.json', { ...first, policy: { ...first.policy, name: 'other' } })
    expect(await say(...made.all, '--earlier', 'other.json', '-o', 'x.html')).toMatchObject({ code: 2 })
    expect(existsSync(join(keep, 'x.html'))).toBe(false)
  })

  it('draws loss against k of solutions, and of nothing where there is one k', async () => {
    const { document, page } = await report(1, 'run.json', '--measure', 'measure.json')
    expect([document.curve.length, page.includes('curve-picture')]).toEqual([1, false])
    const solution = (k: number, loss: number) => [
      '--curve',
      put(`s${k}.json`, { lethe: 'solution', v: 1, solution: { k, loss } }),
    ]
    const points = put('curve.json', { curve: [{ k: 3, loss: 0.05 }] })
    const args = [
      'run.json',
      '--measure',
      'measure.json',
      ...solution(2, 0.01),
      ...solution(5, 0.2),
      '--curve',
      points,
    ]
    const { document: drawn, page: picture } = await report(1, ...args)
    expect(drawn.curve.map(({ k, of }) => [k, of]).slice(0, 3)).toEqual([
      [2, 'solved'],
      [3, 'solved'],
      [5, 'solved'],
    ])
    expect(drawn.curve.at(-1)).toMatchObject({ k: json('measure.json').output.risk.k, of: 'this' })
    expect(picture).toContain('curve-picture')
    expect(await say('run.json', '--curve', 'measure.json', '-o', 'x.html')).toMatchObject({ code: 2 })
  })

  it('is incomplete without a measure, whatever else is well', async () => {
    const { document, page } = await report(1, 'run.json')
    expect(document.verdict.is).toBe('beyond')
    const limits = put('loose.yaml', 'operations: 1\n')
    const { document: bare } = await report(1, 'run.json', '--limits', limits)
    expect(bare.verdict).toMatchObject({ is: 'not-measured', tiles: ['privacy', 'utility', 'balance'] })
    expect(textOfPage(page)).toContain('No measure was given')
    const all = ['run.json', '--limits', limits, '--measure', 'measure.json']
    expect((await report(0, ...all)).document.verdict.is).toBe('within')
    // Two measures of all records are no measure of twice as many; of other records they are none.
    const twice = put('twice.json', { ...json('measure.json'), asOf: '2026-07-06T00:00:00.000Z' })
    expect((await report(0, ...all, '--measure', twice)).document.measured.covered).toHaveLength(2)
    const { records } = json('measure.json')
    const other = put('other-day.json', {
      ...json('measure.json'),
      records: { ...records, published: records.published - 1 },
    })
    const limited = ['run.json', '--limits', limits, '--measure', other]
    expect((await report(1, ...limited)).document.verdict.is).toBe('not-measured')
    // A measure of a part of the records says nothing of the rest.
    const measure = json('measure.json')
    const part = { ...measure, records: { ...measure.records, read: measure.records.read - 1 } }
    const { document: third } = await report(
      1,
      'run.json',
      '--limits',
      limits,
      '--measure',
      put('part.json', part),
    )
    expect(third.verdict).toMatchObject({ is: 'not-measured', tiles: ['privacy', 'utility', 'balance'] })
  })

  it('says of a ledger that was changed, or not verified, what it knows', async () => {
    const ledger = [
      '--ledger',
      put(
        'changed.ndjson',
        readFileSync(join(keep, 'ledger.ndjson'), 'utf8').replace('"subjects":2', '"subjects":3'),
      ),
    ]
    const loose = ['--limits', put('l.yaml', 'operations: 1\n')]
    const { document } = await report(1, 'run.json', ...loose, ...ledger, '--ledger-keys', 'host.pem.pub')
    expect(document.ledger).toMatchObject({
      verified: 'not-as-written',
      findings: [{ reason: 'changed', count: 1 }],
    })
    expect(tileOf(document, 'operations')).toMatchObject({
      is: 'beyond',
      why: ['The ledger is not as it was written.', expect.any(String)],
    })
    const { document: unchecked } = await report(1, 'run.json', ...loose, '--ledger', 'ledger.ndjson')
    expect(unchecked.ledger).toMatchObject({ verified: 'not-checked', findings: [] })
    expect(tileOf(unchecked, 'operations').is).toBe('within')
    expect(await say('run.json', '--ledger', 'none.ndjson', '-o', 'x.html')).toMatchObject({ code: 4 })
  })

  it('shows approvals with what became of their signatures, and links where it is told to', async () => {
    const note = ['--note', 'the second version, read as a whole', '--signing-key', 'person.pem']
    await made.run(0, 'approve', 'policy.yaml', '--as', 'privacy-officer', ...note)
    const args = ['run.json', '-p', 'policy.yaml', '--docs', 'https://docs.example/lethe/']
    const { document, page } = await report(1, ...args, '--approval-keys', 'person.pem.pub')
    expect(document.change.state).toBe('approved')
    expect(document.approvals).toMatchObject([{ role: 'privacy-officer', version: 2, state: 'counts' }])
    expect(page).toContain(
      '<a href="https://docs.example/lethe/controls.md" rel="noreferrer">docs/controls.md</a>',
    )
    const { document: other } = await report(1, ...args, '--approval-keys', 'host.pem.pub')
    expect(other.approvals).toMatchObject([{ state: 'unknown-key' }])
    expect((await say('run.json', '--docs', 'javascript:alert(1)', '-o', 'x.html')).code).toBe(2)
  })

  it('shows what rules make of values whatever the gates ask for, and which fields are in no class', async () => {
    const cwd = folder({
      'p.yaml': `policy: gated
version: 1
purpose: train_ai_system
fields:
  age: { use: generalize.number, width: 10, role: quasi-identifier, category: user.demographic.age_range }
  plan: keep
  gone: drop
consent:
  - { from: said, when: { is: [yes, always] } }
  - { from: said, split: ";", when: { lists: always } }
`,
      'in.ndjson': `${'{"age":31,"plan":"a","said":"always"}\n'.repeat(10)}`,
    })
    await warm(
      ['batch', 'in.ndjson', '-p', 'p.yaml', '-o', 'o.ndjson', '--summary', 'r.json', '--measure', 'm.json'],
      { cwd },
    )
    const made = await warm(['report', 'r.json', '-p', 'p.yaml', '--measure', 'm.json', '-o', 'p.html'], {
      cwd,
    })
    expect(made.stderr).toContain('p.html')
    const { fields } = JSON.parse(readFileSync(join(cwd, 'p.json'), 'utf8')) as ReportDocument
    expect(fields[0]).toMatchObject({ before: ['37'], after: ['"[30,40)"'] })
    const text = textOfPage(readFileSync(join(cwd, 'p.html'), 'utf8'))
    expect(text).toContain('In no class: plan. ')
  })

  it('counts a data subject that stands alone by the account of a run, without a measure', async () => {
    const run = json('run.json')
    const alone = (share: number, error: number) =>
      put('alone.json', { ...run, groups: { ...run.groups, alone: { share, error } } })
    expect(tileOf((await report(1, alone(0.1, 0.01))).document, 'privacy')).toMatchObject({
      is: 'beyond',
      value: 1,
    })
    expect(tileOf((await report(1, alone(0.01, 0.01))).document, 'privacy')).toMatchObject({
      is: 'not-measured',
    })
  })

  it('takes the crowd that runs held for Privacy, where there is no measure', async () => {
    const run = json('run.json')
    const classes = { published: 20, suppressed: 3 }
    const crowd = { k: 11, l: 2, over: ['age'], sensitive: ['illness'], counted: 'subjects', classes }
    const held = put('crowd.json', { ...run, crowd })
    const { document, page } = await report(1, held)
    expect(tileOf(document, 'privacy')).toMatchObject({ is: 'within', value: 1 / 11 })
    expect(textOfPage(page)).toContain('classes that were suppressed')
    const { document: uncounted } = await report(
      1,
      put('records.json', { ...run, crowd: { ...crowd, counted: 'records' } }),
    )
    expect(tileOf(uncounted, 'privacy').why.join(' ')).toContain('each record counted as one person')
    expect(tileOf(document, 'privacy').why.join(' ')).not.toContain('each record counted')
    // A run that held none says nothing of what it published.
    const { document: two } = await report(1, held, put('plain.json', { ...run, unlisted: 1 }))
    expect(tileOf(two, 'privacy').is).toBe('not-measured')
  })

  it('says of a failed run, and of counts that do not add up, that they failed', async () => {
    const run = json('run.json')
    const failed = put('failed.json', { ...run, status: 'too-many-dead-letters', outputs: [] })
    const { document, page } = await report(1, failed, '--measure', 'measure.json')
    expect(document.verdict).toMatchObject({ is: 'failed', tiles: ['operations'] })
    expect(textOfPage(page)).toMatch(/Verdict:\s+Failed/)
    const lost = put('lost.json', { ...run, records: { ...run.records, in: run.records.in + 7 } })
    const { document: other } = await report(1, lost, '--measure', 'measure.json')
    expect([other.flow.remainder, other.verdict.is]).toEqual([7, 'failed'])
    const dry = put('dry.json', { ...run, dryRun: true })
    const { document: third } = await report(
      1,
      dry,
      '--measure',
      'measure.json',
      '--limits',
      put('l.yaml', 'operations: 1\n'),
    )
    expect(third.verdict).toMatchObject({ is: 'not-measured', tiles: ['operations'] })
  })

  it('shows routes of a stream as runs, and what a stream had not settled', async () => {
    const {
      lethe: _l,
      status: _s,
      dryRun: _d,
      inputs: _i,
      outputs: _o,
      inputForm: _f,
      asOf: _a,
      deadLetterFile: _x,
      ...account
    } = json('run.json')
    const emitted = {
      published: 1,
      tombstones: 0,
      deadLetters: 0,
      sealed: 0,
      unsealed: 0,
      pastRetention: 0,
      unkeyed: 0,
      wholeKeys: 0,
      droppedHeaders: 0,
    }
    const head = {
      lethe: 'stream-summary',
      v: 1,
      version: '0.1.0',
      pipeline: 'p',
      delivery: 'exactly-once',
      driver: 'rdkafka',
    }
    const route = { ...account, route: 'orders', emitted }
    const other = { ...route, route: 'visits', policy: { ...route.policy, fingerprint: 'ab'.repeat(32) } }
    const stream = put('stream.json', { ...head, status: 'done', complete: true, routes: [route, other] })
    expect(await say(stream, '-o', 'x.html')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/visits.*one report is of one policy/),
    })
    const { document } = await report(1, stream, '--route', 'orders')
    expect(document.runs).toMatchObject([{ kind: 'stream', route: 'orders', isWhole: true }])
    const unsettled = { records: 12, deadLettered: { 'json-syntax': { count: 12, first: [] } } }
    const stopped = put('stopped.json', {
      ...head,
      status: 'too-many-dead-letters',
      complete: false,
      routes: [{ ...route, unsettled }],
    })
    const { document: failed } = await report(1, stopped)
    expect([failed.verdict.is, failed.runs[0]!.unsettled]).toEqual(['failed', 12])
    expect(await say(stream, '--route', 'none', '-o', 'x.html')).toMatchObject({ code: 2 })
    const replayed = {
      lethe: 'replay-summary',
      v: 1,
      version: '0.1.0',
      pipeline: 'p',
      status: 'done',
      complete: true,
    }
    const replay = put('replay.json', { ...replayed, wanted: 5, sourceExpired: 0, ...route })
    const merged = put('merged.json', { ...json('run.json'), shards: { manifest: 'ab'.repeat(32), of: 3 } })
    const { document: several, page } = await report(1, merged, replay)
    expect(several.runs.map(({ kind, run }) => [kind, run])).toEqual([
      ['merge', 1],
      ['replay', 2],
    ])
    expect(several.flow.in).toBe(2 * json('run.json').records.in)
    expect(textOfPage(page)).toContain('they count in each run that read them')
  })
})

describe('what a report is not made of', () => {
  it('refuses several policies, keys and copies, and names the files', async () => {
    const run = json('run.json')
    const policy = put('r-policy.json', { ...run, policy: { ...run.policy, fingerprint: 'cd'.repeat(32) } })
    const keys = put('r-keys.json', { ...run, keyChecks: { k1: '00000000' } })
    const copy = put('r-copy.json', readFileSync(join(keep, 'run.json'), 'utf8'))
    const shard = put('r-shard.json', { ...run, shard: { manifest: 'ab'.repeat(32), shard: 0, of: 2 } })
    const measure = put('r-measure.json', {
      ...json('measure.json'),
      policy: { ...run.policy, fingerprint: 'cd'.repeat(32) },
    })
    const refused: readonly (readonly [RegExp, ...string[]])[] = [
      [/run\.json is of the policy visitors.*r-policy\.json/, 'run.json', policy],
      [/different keys/, 'run.json', keys],
      [/r-copy\.json holds the same summary as run\.json/, 'run.json', copy],
      [/one shard/, shard],
      [/r-measure\.json is a measure of the policy/, 'run.json', '--measure', measure],
      [/policy\.yaml is the policy visitors, version 2.*and the runs are of/, policy, '-p', 'policy.yaml'],
      [/measure\.json is not a summary/, 'measure.json'],
      [/run\.json is not a measure/, 'run.json', '--measure', 'run.json'],
      [/in\.ndjson is not a summary/, 'in.ndjson'],
      [/none\.json does not exist/, 'none.json'],
    ]
    for (const [message, ...args] of refused) {
      const { code, stderr } = await say(...args, '-o', 'x.html')
      expect(stderr).toMatch(message)
      expect([args, code]).toEqual([args, args[0] === 'none.json' ? 4 : 2])
    }
    expect(existsSync(join(keep, 'x.html'))).toBe(false)
    expect(existsSync(join(keep, 'x.json'))).toBe(false)
  })

  it('does not write over what it reads, nor half of itself', async () => {
    put('run2.json', { ...json('run.json'), unlisted: 1 })
    expect(await say('run2.json', '-o', 'run2.html')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('would be overwritten'),
    })
    // The summary of another run stands where the figures would go: it was not named, and is no report.
    put('run3.json', { ...json('run.json'), unlisted: 2 })
    expect(await say('run2.json', '-o', 'run3.html')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('run3.json, and what stands there is no report'),
    })
    expect(json('run3.json')).toMatchObject({ lethe: 'summary', unlisted: 2 })
    expect(await say('run.json', '-o', 'again.html')).toMatchObject({ code: 1 })
    expect(await say('run.json', '-o', 'again.html')).toMatchObject({ code: 1 })
    expect(await say('run.json', '-o', 'report.pdf')).toMatchObject({ code: 2 })
    expect(await say('run.json', '-o', 'nowhere/report.html')).toMatchObject({ code: 4 })
  })

  it('tells every problem of findings and limits at its place, and shows no text of them', async () => {
    const findings = put(
      'bad.yaml',
      'findings:\n  - id: F-1\n    concern: Jane, jane.zqcanary@example.com, asked twice\n    reporter: auditor\n    owner: dpo\n    due: 2026-13-01\n    state: open\n  - { id: F-1, concern: long enough to be one, reporter: auditor, owner: dpo, due: 2026-01-01, state: mended, more: 1 }\n',
    )
    const { code, stderr } = await say('run.json', '--findings', findings, '-o', 'x.html')
    expect(code).toBe(2)
    expect(stderr.split('\n').slice(0, 2)).toEqual([
      expect.stringMatching(/^bad\.yaml:6:10 wrong-type .*expected a date/),
      expect.stringMatching(/^bad\.yaml:8:\d+ unknown-key unknown key `more`/),
    ])
    const texts = put(
      'bad2.yaml',
      'findings:\n  - { id: F-1, concern: "Jane, jane.zqcanary@example.com, asked", reporter: auditor, owner: dpo, due: 2026-01-01, state: open }\n  - { id: F-1, concern: long enough to be one, reporter: auditor, owner: dpo, due: 2026-01-01, state: mended }\n',
    )
    const { stderr: second } = await say('run.json', '--findings', texts, '-o', 'x.html')
    expect(second).toMatch(/bad2\.yaml:2:25 personal-value/)
    expect(second).toMatch(/bad2\.yaml:3:11 repeated-id/)
    expect(second).toMatch(/bad2\.yaml:3:\d+ outcome-missing/)
    expect(second).not.toContain('zqcanary')
    const limits = put('bad3.yaml', 'privacy: 20\nutilty: 0.5\n')
    const { stderr: third } = await say('run.json', '--limits', limits, '-o', 'x.html')
    expect(third).toMatch(
      /bad3\.yaml:1:10 wrong-type .*share from 0 to 1[\s\S]*bad3\.yaml:2:1 unknown-key .*utility/,
    )
    expect(
      await say('run.json', '--findings', put('bad4.yaml', 'findings: [\n'), '-o', 'x.html'),
    ).toMatchObject({ code: 2, stderr: expect.stringContaining('yaml-syntax') })
  })
})

describe('measures at their edges', () => {
  const measured = async (text: string, ...args: readonly string[]) => {
    const cwd = folder({
      'p.yaml':
        'policy: p\nversion: 1\npurpose: train_ai_system\nsubject: id\ntime: at\nfields:\n  id: { use: mask.replace, with: x }\n  at: { use: generalize.date, to: day, zone: UTC }\n  age: { use: generalize.number, width: 10, role: quasi-identifier }\n  town: drop\nretention: { steps: [{ after: 100d, then: suppress }] }\n',
      'in.ndjson': text,
    })
    const given = ['in.ndjson', '-p', 'p.yaml', '--as-of', '2026-06-01T00:00:00Z']
    const batch = await warm(['batch', ...given, '-o', 'out.ndjson', '--summary', 'run.json'], { cwd })
    expect(batch.code, batch.stderr).toBe(0)
    const { stdout, stderr } = await warm(
      ['measure', ...given, '--format', 'json', '--by', 'town', ...args],
      { cwd },
    )
    writeFileSync(join(cwd, 'measure.json'), stdout)
    expect(stderr).toBe('')
    const { code } = await warm(
      ['report', 'run.json', '-p', 'p.yaml', '--measure', 'measure.json', '-o', 'r.html'],
      { cwd },
    )
    const document = JSON.parse(readFileSync(join(cwd, 'r.json'), 'utf8')) as ReportDocument
    const page = readFileSync(join(cwd, 'r.html'), 'utf8')
    expect(strangers(page, document).strange).toEqual([])
    return {
      code,
      document,
      page,
      states: Object.fromEntries(document.tiles.map(({ tile, is }) => [tile, is])),
    }
  }
  const one = (id: number, at: string, town: string) =>
    `${JSON.stringify({ id: `C-${id}`, at, age: 30, town })}\n`
  const NEW = '2026-05-01T00:00:00Z'

  it('says of no record, one person and nothing published that they are no good sign', async () => {
    const none = await measured('')
    expect([none.code, none.states]).toEqual([
      1,
      {
        privacy: 'not-measured',
        utility: 'not-measured',
        balance: 'not-measured',
        operations: 'not-measured',
      },
    ])
    const single = await measured(one(1, NEW, 'Ulm'))
    expect(single.states).toMatchObject({ privacy: 'beyond', balance: 'not-measured' })
    const old = Array.from({ length: 40 }, (_, i) => one(i, '2020-01-01T00:00:00Z', 'Ulm')).join('')
    const gone = await measured(old)
    expect(gone.states).toMatchObject({ privacy: 'not-measured', utility: 'beyond', balance: 'not-measured' })
    expect(gone.document.flow).toMatchObject({ in: 40, published: 0, remainder: 0 })
    // Each likely content of so few records could be tried.
    expect(gone.document.runs[0]!.inputs).toMatchObject([{ records: 40, isWithheld: true }])
    expect(gone.document.runs[0]!.inputs[0]!.sha256).toBeUndefined()
  })

  it('counts people of small groups together, names none of them, and judges them', async () => {
    const many = Array.from({ length: 60 }, (_, i) => one(i, NEW, 'ZqLarge')).join('')
    const few = Array.from({ length: 33 }, (_, i) =>
      one(100 + i, i < 30 ? '2020-01-01T00:00:00Z' : NEW, `ZqCanary${i % 11}`),
    ).join('')
    const { document, page, states } = await measured(many + few)
    expect(states['balance']).toBe('beyond')
    expect(document.balances[0]).toMatchObject({
      small: { groups: 11, read: 33, published: 3 },
      smallRatio: 3 / 33,
    })
    expect(page).toContain('ZqLarge')
    expect(page + JSON.stringify(document)).not.toContain('ZqCanary')
    // A measure that names groups of one person: the report does not.
    const named = await measured(many + few, '--smallest-group', '1')
    expect(named.page + JSON.stringify(named.document)).not.toMatch(/ZqCanary|ZqLarge/)
    expect(named.document.balances[0]!.groups[0]!.name).toBe('group 1')
  })

  it('lists no more groups than a page takes, and no name that looks personal', async () => {
    const measure = json('measure.json')
    const group = measure.balance[0].groups[0]
    const groups = Array.from({ length: 10_000 }, (_, i) => ({
      ...group,
      name: i === 3 ? 'jane@example.com' : `town ${i}`,
      ratio: 0.9 + i / 100_000,
    }))
    const { document, page } = await report(
      1,
      'run.json',
      '--measure',
      put('many.json', { ...measure, balance: [{ ...measure.balance[0], groups }] }),
    )
    expect(document.balances[0]).toMatchObject({ more: { groups: 9950 } })
    expect(document.balances[0]!.groups).toHaveLength(50)
    expect(page).not.toContain('jane@example.com')
    expect(page.length).toBeLessThan(200_000)
  })
})

describe.skipIf(noBrowser !== undefined)('in a browser', () => {
  it('asks for nothing, says nothing, has no violation and is not too wide', {
    timeout: 60_000,
  }, async () => {
    await report(1, ...made.all)
    await withPage(join(keep, 'page.html'), async (plain, probed) => {
      for (const width of [1280, 390]) {
        await plain.page.setViewportSize({ width, height: 900 })
        expect(await plain.page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width)
      }
      expect(plain.said).toEqual([expect.stringMatching(/^request: file:.*page\.html$/)])
      await probed.page.setViewportSize({ width: 390, height: 900 })
      expect(await violationsOf(probed)).toEqual([])
    })
  })
})
