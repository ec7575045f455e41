/** Plays schedules over stored files: whole commands against the model, which says what each must leave behind. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { compress, decompress } from '@cloudpss/zstd/napi'
import { DAY, type Event, isTooOld, Model, type Row } from './model.ts'
import { type Action, type Edge, SUBJECTS } from './schedule.ts'
import { keyIdsOf, tokensOf } from './tokens.ts'

export interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs `lethe` in a folder; killed with SIGKILL after so many ms, where that is said. */
export type Lethe = (
  args: readonly string[],
  setting: { readonly cwd: string; readonly killAfter?: number },
) => Promise<Ran>

export const PURPOSE: string = 'train_ai_system'
export const POLICY: string = `policy: life
version: 1
purpose: ${PURPOSE}
subject: id
time: at
fields:
  id: { use: hash.hmac, domain: customer }
  at: { use: generalize.date, to: day, zone: UTC }
  v: keep
  $key: { use: hash.hmac, domain: customer }
consent: [{ table: training, by: id }]
suppression: [{ list: erasures, by: id }]
retention: { steps: [{ after: 100d, then: suppress }] }
`
const FORMS = ['csv', 'ndjson', 'ndjson.gz', 'csv.gz', 'ndjson.zst'] as const
const HOLDING = ['--owner', 'legal', '--reason', 'case 512, for the proof']
const RECORDED = [
  '--ledger',
  'ledger.ndjson',
  '--signing-key',
  'host.pem',
  '--anchor',
  'anchors/heads.ndjson',
]
const MATCH = ['--match-keys', 'match.json']
const OF_POLICY = ['-p', 'policy.yaml']

type Doing<Name extends Action['do']> = Extract<Action, { do: Name }>

export const subjectName = (who: number): string => `C-${1000 + who}`
const iso = (time: number): string => new Date(time).toISOString()

const packed = (name: string, text: string): Uint8Array =>
  name.endsWith('.gz')
    ? gzipSync(text)
    : name.endsWith('.zst')
      ? compress(Buffer.from(text))
      : Buffer.from(text)
const unpacked = (name: string, bytes: Buffer): string =>
  (name.endsWith('.gz')
    ? gunzipSync(bytes)
    : name.endsWith('.zst')
      ? Buffer.from(decompress(bytes))
      : bytes
  ).toString()

export class FilesWorld {
  readonly folder: string
  readonly model: Model = new Model()
  readonly #lethe: Lethe
  readonly #recorded: readonly string[]
  readonly #today = Math.floor(Date.now() / DAY) * DAY
  /** Orders that were applied, their subjects and targets. */
  readonly #orders: { file: string; subjects: readonly string[]; targets: readonly string[] }[] = []
  readonly #states = new Map([['k1', 'enabled']])
  #holdsAsked = false
  #count = 0

  /** `recorded`: whether all that can be is written to a ledger, which is verified at the end. */
  constructor(folder: string, lethe: Lethe, recorded: boolean) {
    this.folder = folder
    this.#lethe = lethe
    this.#recorded = recorded ? RECORDED : []
  }

  at(...names: readonly string[]): string {
    return join(this.folder, ...names)
  }

  get #holds(): readonly string[] {
    return this.#holdsAsked ? ['--holds', 'holds.ndjson'] : ['--no-holds']
  }

  get #names(): readonly string[] {
    return [...this.model.files.keys()].sort()
  }

  /** Of the files that are there. */
  #chosen(mask: number): readonly string[] {
    return this.#names.filter((_, index) => ((mask >> (index % 4)) & 1) === 1)
  }

  async run(args: readonly string[], killAfter?: number): Promise<Ran> {
    const setting = { cwd: this.folder, ...(killAfter !== undefined && { killAfter }) }
    const ran = await this.#lethe(args, setting)
    for (let who = 0; who < SUBJECTS; who++)
      assert.ok(!(ran.stdout + ran.stderr).includes(subjectName(who)), `${args.join(' ')} names a subject`)
    return ran
  }

  async must(code: number, args: readonly string[]): Promise<Ran> {
    const ran = await this.run(args)
    assert.equal(ran.code, code, `lethe ${args.join(' ')}\n${ran.stdout}${ran.stderr}`)
    return ran
  }

  /** Keys, an empty list, everybody's consent, and a file with events of each. */
  async open(): Promise<void> {
    for (const name of ['clean', 'in', 'backup', 'anchors']) mkdirSync(this.at(name), { recursive: true })
    writeFileSync(this.at('policy.yaml'), POLICY)
    await this.must(0, ['keys', 'create', 'keys.json'])
    await this.must(0, ['keys', 'create', '--match', 'match.json'])
    await this.must(0, ['signing-key', 'create', 'host.pem'])
    await this.must(0, ['consent', 'create', 'training.ndjson'])
    await this.must(0, ['forget', 'begin', ...OF_POLICY, '--suppression', 'erasures.ndjson'])
    const who = Array.from({ length: SUBJECTS }, (_, index) => index)
    const said = who.map((one) => this.#statement(one, true, 260, false))
    const rows = said.map(({ subject, at }) => `${subject},${PURPOSE},granted,${iso(at)}`)
    const csv = `subject,purpose,state,from\n${rows.join('\n')}\n`
    writeFileSync(this.at('said.csv'), csv, { mode: 0o600 })
    await this.must(0, ['consent', 'import', 'training.ndjson', 'said.csv', ...MATCH, ...this.#recorded])
    const events = who.flatMap((one) =>
      [0, 1, 2].map((n) => ({ who: one, age: 3 + (((one * 3 + n) * 17) % 96) })),
    )
    await this.batch({ do: 'batch', events, asOf: 50, form: 1 })
  }

  #statement(who: number, grants: boolean, ago: number, ends: boolean): Model['statements'][number] {
    // No two at one instant, and none at that of an event.
    const at = this.#today - ago * DAY + 9 * 3_600_000 + this.#count++ * 1000
    const state = grants ? 'granted' : 'withdrawn'
    const said = {
      subject: subjectName(who),
      at,
      state,
      until: grants && ends ? at + 20 * DAY : undefined,
    } as const
    this.model.statements.push(said)
    return said
  }

  async play(action: Action): Promise<void> {
    switch (action.do) {
      case 'batch':
        return await this.batch(action)
      case 'say':
        return await this.say(action)
      case 'forget':
        return await this.forget(action)
      case 'retain':
        return await this.retain(action)
      case 'hold':
        return void (await this.hold(action))
      case 'release':
        return await this.release(action)
      case 'keys':
        return await this.keys(action)
      case 'backup':
        return this.backup()
      case 'restore':
        return await this.restore(action)
      case 'locate':
        return await this.locate(action)
    }
  }

  /** At six in the morning, so that no boundary of days is met exactly. */
  #instant(ago: number): number {
    return this.#today - ago * DAY + 6 * 3_600_000
  }

  async batch({ events: drawn, asOf: ago, form }: Doing<'batch'>): Promise<void> {
    const asOf = this.#instant(ago)
    const events: Event[] = drawn.map(({ who, age }) => ({
      v: this.#count++,
      subject: subjectName(who),
      time: asOf - age * DAY - 2 * 3_600_000,
    }))
    const name = `${String(this.#count++).padStart(4, '0')}.${FORMS[form % FORMS.length]}`
    const lines = name.includes('.csv')
      ? ['id,at,v', ...events.map(({ subject, time, v }) => `${subject},${iso(time)},${v}`)]
      : events.map(({ subject, time, v }) => JSON.stringify({ id: subject, at: iso(time), v: String(v) }))
    writeFileSync(this.at('in', name), packed(name, `${lines.join('\n')}\n`))
    const gates = ['--list', 'erasures=erasures.ndjson', '--table', 'training=training.ndjson', ...MATCH]
    const more = [
      '--keys',
      'keys.json',
      '--as-of',
      iso(asOf),
      '--workers',
      '1',
      '-q',
      ...gates,
      ...this.#recorded,
    ]
    await this.must(0, ['batch', `in/${name}`, ...OF_POLICY, '-o', `clean/${name}`, ...more])
    this.model.batch(name, events, asOf)
  }

  async say({ who, grants, ago, until }: Doing<'say'>): Promise<void> {
    const said = this.#statement(who, grants, ago, until)
    const what = ['consent', grants ? 'grant' : 'withdraw', 'training.ndjson', ...MATCH, '--purpose', PURPOSE]
    const ends = said.until === undefined ? [] : ['--until', iso(said.until)]
    // What names a subject is read from the command line here: `run` looks at outputs alone.
    await this.must(0, [...what, '--subject', said.subject, '--at', iso(said.at), ...ends, ...this.#recorded])
  }

  get #forgetting(): readonly string[] {
    return [...OF_POLICY, '--suppression', 'erasures.ndjson', ...MATCH, ...this.#holds]
  }

  async #planForget(names: readonly string[], subjects: readonly string[], order: string): Promise<void> {
    writeFileSync(this.at('asked.txt'), `${subjects.join('\n')}\n`, { mode: 0o600 })
    const files = names.map((name) => `clean/${name}`)
    const asked = ['--list', 'asked.txt', '--keys', 'keys.json', '-o', order]
    await this.must(0, ['forget', 'plan', ...files, ...asked, ...this.#forgetting])
  }

  async #applyForget(order: string, killAfter?: number): Promise<Ran> {
    const more = ['--feed', 'feed.ndjson', ...this.#recorded]
    return await this.run(['forget', 'apply', order, ...this.#forgetting, ...more], killAfter)
  }

  async forget({ who, files, meanwhile, after }: Doing<'forget'>): Promise<void> {
    let names = this.#chosen(files)
    if (names.length === 0) return
    const subjects = who.map(subjectName)
    const wanted = new Set(subjects)
    const goes = ({ subject }: Row): boolean => wanted.has(subject)
    let order = `order-${this.#count++}.json`
    let isSecond = false
    await this.#planForget(names, subjects, order)
    const going = (name: string): number => this.model.without(name, goes).gone
    if (meanwhile === 'hold') {
      const isTouched = going(names[0]!) > 0
      const id = await this.hold({ do: 'hold', file: this.#names.indexOf(names[0]!), span: null, who: null })
      if (isTouched) await this.#refused(order, 'target-held', names, goes)
      await this.#release(id)
    } else if (meanwhile === 'retain') {
      const wasPart = new Set(names.filter((name) => this.model.without(name, goes).rows !== undefined))
      const before = new Map(names.map((name) => [name, [this.model.files.get(name), going(name)] as const]))
      await this.retain({ do: 'retain', asOf: 1, files, kill: false, after: 0 })
      const changed = names.filter(
        (name) => this.model.files.get(name)?.length !== before.get(name)![0]?.length,
      )
      // A file that was to go as a whole, and is gone, is no change.
      const differs = (name: string): boolean =>
        before.get(name)![1] > 0 && (this.model.files.has(name) || wasPart.has(name))
      if (changed.some(differs)) await this.#refused(order, 'target-changed', names, goes)
      names = names.filter((name) => this.model.files.has(name))
      if (changed.length > 0) {
        if (names.length === 0) return
        order = `order-${this.#count++}.json`
        isSecond = true
        await this.#planForget(names, subjects, order)
      }
    } else if (meanwhile === 'kill') {
      await this.#applyForget(order, after)
      this.#eitherWay(names, goes)
    }
    // An order that was refused halfway has erased some: another one plans the rest.
    const { targets } = JSON.parse(readFileSync(this.at(order), 'utf8')) as {
      targets: { target: string; deleted: number }[]
    }
    const planned = new Map(targets.map(({ target, deleted }) => [basename(target), deleted]))
    for (const name of names)
      assert.ok(planned.get(name) === going(name) || (isSecond && planned.get(name) === 0), `plan of ${name}`)
    const applied = await this.#applyForget(order)
    assert.equal(applied.code, 0, applied.stderr)
    this.#orders.push({ file: order, subjects, targets: names })
    for (const subject of subjects) this.model.listed.add(subject)
    for (const name of names) this.model.put(name, this.model.without(name, goes).rows)
    await this.#verified(order, names, wanted, planned)
  }

  /** The receipt is closed only where no row of the subjects is left. */
  async #verified(
    order: string,
    names: readonly string[],
    subjects: ReadonlySet<string>,
    planned: ReadonlyMap<string, number>,
  ): Promise<void> {
    const signed = [
      '--receipt',
      `receipt-${this.#count++}.json`,
      '--signing-key',
      'host.pem',
      '--format',
      'json',
    ]
    const forget = ['forget', 'verify', order, ...this.#forgetting, ...signed]
    const ran = await this.run([
      ...forget,
      ...this.#recorded.filter(
        (word, at, all) => !/signing/.test(word) && !/signing/.test(all[at - 1] ?? ''),
      ),
    ])
    const left = new Map(names.map((name) => [name, this.model.remaining(name, subjects)]))
    const isOpen = [...left.values()].some((rows) => rows > 0)
    assert.equal(ran.code, isOpen ? 1 : 0, ran.stdout + ran.stderr)
    const receipt = JSON.parse(ran.stdout) as {
      closed: boolean
      targets: { target: string; state: string; planned: number; found: number }[]
    }
    assert.equal(receipt.closed, !isOpen)
    const found = receipt.targets.map(({ target, state, planned, found }) => [
      basename(target),
      state,
      planned,
      found,
    ])
    const said = names.map((name) => {
      const rows = left.get(name)!
      return [name, rows > 0 ? 'held' : 'verified absent', planned.get(name)!, rows]
    })
    assert.deepEqual(found.toSorted(), said.toSorted())
  }

  /** Refused with this code, and each target as it was, or erased already. */
  async #refused(
    order: string,
    code: string,
    names: readonly string[],
    goes: (row: Row) => boolean,
  ): Promise<void> {
    const { code: status, stderr } = await this.#applyForget(order)
    assert.notEqual(status, 0, `applied, and should be refused (${code})`)
    assert.match(stderr, code === 'target-held' ? /hold/ : /not what the order was made of|is not there/)
    this.#eitherWay(names, goes)
  }

  #eitherWay(names: readonly string[], goes: (row: Row) => boolean): void {
    for (const name of names) {
      const rows = this.model.files.get(name)
      const bare = (rows ?? []).filter((row) => !goes(row))
      const { rows: after } = this.model.without(name, goes)
      const now = this.#stored(name)
      const all = [rows, after, bare].map((one) => this.#textOf(name, one ?? []))
      assert.ok(
        now === undefined ? after === undefined || rows === undefined : all.includes(now),
        `${name} is neither as it was nor as it shall be`,
      )
    }
  }

  async retain({ asOf: ago, files, kill, after }: Doing<'retain'>): Promise<void> {
    const names = this.#chosen(files)
    if (names.length === 0) return
    const asOf = this.#instant(ago)
    const order = `retain-${this.#count++}.json`
    const shared = [...OF_POLICY, ...this.#holds, ...MATCH]
    const targets = names.map((name) => `clean/${name}`)
    await this.must(0, ['retain', 'plan', ...targets, ...shared, '-o', order, '--as-of', iso(asOf)])
    const tooOld = (row: Row): boolean => isTooOld(row, asOf)
    if (kill) {
      await this.run(['retain', 'apply', order, ...shared, ...this.#recorded], after)
      this.#eitherWay(names, tooOld)
    }
    await this.must(0, ['retain', 'apply', order, ...shared, ...this.#recorded])
    for (const name of names) this.model.put(name, this.model.without(name, tooOld).rows)
    const verified = await this.run(['retain', 'verify', order, ...shared, ...this.#recorded])
    const held = names.flatMap((name) => (this.model.files.get(name) ?? []).filter(tooOld)).length
    assert.ok(verified.code === 0 || (held > 0 && verified.code === 1), verified.stdout + verified.stderr)
  }

  /** Beside a stored row; where there is none, beside today. */
  #spanOf(span: Edge | null): readonly [from: number | null, until: number | null] {
    if (span === null) return [null, null]
    const rows = this.#names.flatMap((name) => this.model.files.get(name)!)
    const time = rows[span.row % Math.max(1, rows.length)]?.time ?? this.#today
    const day = Math.floor(time / DAY) * DAY
    const length = span.days * DAY
    if (span.side === 'ends before') return [day - length, day]
    if (span.side === 'ends in') return [day - length, day + 1]
    const from = span.side === 'begins in' ? day + DAY - 1 : day + DAY
    return [from, from + length]
  }

  async hold({ file, span, who }: Doing<'hold'>): Promise<string> {
    const names = this.#names
    const name = file === null || names.length === 0 ? null : names[file % names.length]!
    const [from, until] = this.#spanOf(span)
    const subject = who === null ? null : subjectName(who)
    const what = [
      // A hold of nothing is refused: of all files, it is one on their folder.
      ...(name !== null
        ? ['--target', `clean/${name}`]
        : span === null && who === null
          ? ['--target', 'clean']
          : []),
      ...(from === null ? [] : ['--from', iso(from), '--until', iso(until!)]),
    ]
    if (subject !== null) {
      writeFileSync(this.at('held.txt'), `${subject}\n`, { mode: 0o600 })
      what.push('--list', 'held.txt', ...OF_POLICY, '--keys', 'keys.json', ...MATCH)
    }
    const expires = iso(Date.now() + 90 * DAY)
    const words = ['--holds', 'holds.ndjson', ...HOLDING, '--expires', expires]
    const { stderr } = await this.must(0, ['hold', 'add', ...what, ...words, ...this.#recorded])
    this.#holdsAsked = true
    const id = /the hold (h[0-9a-f]{8})/.exec(stderr)![1]!
    this.model.holds.set(id, { file: name, from, until, subject, keys: new Set(this.#states.keys()) })
    return id
  }

  async release({ hold }: Doing<'release'>): Promise<void> {
    const ids = [...this.model.holds.keys()]
    if (ids.length > 0) await this.#release(ids[hold % ids.length]!)
  }

  async #release(id: string): Promise<void> {
    await this.must(0, ['hold', 'release', id, '--holds', 'holds.ndjson', ...HOLDING, ...this.#recorded])
    this.model.holds.delete(id)
  }

  async keys({ what, key }: Doing<'keys'>): Promise<void> {
    const file = what.endsWith('-match') ? 'match.json' : 'keys.json'
    if (what.startsWith('rotate')) {
      await this.must(0, ['keys', 'add', file, ...this.#recorded])
      const id = keyIdsOf(this.at(file)).at(-1)!
      await this.must(0, ['keys', 'promote', file, id, ...this.#recorded])
      if (file === 'match.json') return
      this.#states.set(id, 'enabled')
      this.model.primary = id
    } else if (what === 'disable-match') {
      const ids = keyIdsOf(this.at(file))
      if (ids.length < 2) return
      // Refused where it is used; where it is not, nothing may change by it. Runs that follow show either.
      const lists = ['erasures.ndjson', 'training.ndjson', ...(this.#holdsAsked ? ['holds.ndjson'] : [])]
      const { code } = await this.run([
        'keys',
        'disable',
        file,
        ids[0]!,
        ...lists.flatMap((list) => ['--list', list]),
      ])
      assert.notEqual(code, 0, 'a match key that the opening statements are under was disabled')
    } else {
      // A compromised key cannot be disabled: its mark stays.
      const open = [...this.#states].filter(([id, state]) => id !== this.model.primary && state === 'enabled')
      if (open.length === 0) return
      const [id] = open[key % open.length]!
      await this.must(0, ['keys', what, file, id, ...this.#recorded])
      this.#states.set(id, what === 'disable' ? 'disabled' : 'compromised')
    }
  }

  backup(): void {
    this.model.backups.clear()
    for (const [name, rows] of this.model.files) {
      for (const one of [name, `${name}.lethe.json`])
        copyFileSync(this.at('clean', one), this.at('backup', one))
      this.model.backups.set(name, rows)
    }
  }

  /** What was erased is back, until it is erased again by the orders of before. */
  async restore({ files }: Doing<'restore'>): Promise<void> {
    const names = [...this.model.backups.keys()]
      .sort()
      .filter((_, index) => ((files >> (index % 4)) & 1) === 1)
    for (const name of names) {
      for (const one of [name, `${name}.lethe.json`])
        copyFileSync(this.at('backup', one), this.at('clean', one))
      this.model.files.set(name, this.model.backups.get(name)!)
    }
    if (names.length > 0) await this.replay()
  }

  async replay(): Promise<void> {
    const targets = [...new Set(this.#orders.flatMap((order) => order.targets))].filter((name) =>
      this.model.files.has(name),
    )
    if (targets.length === 0) return
    const subjects = new Set(this.#orders.flatMap((order) => order.subjects))
    const goes = ({ subject }: Row): boolean => subjects.has(subject)
    const order = `again-${this.#count++}.json`
    const files = this.#orders.map(({ file }) => file)
    const signed = ['--receipt', `again-receipt-${this.#count++}.json`, '--signing-key', 'host.pem']
    const ran = await this.run([
      'forget',
      'replay',
      ...files,
      ...this.#forgetting,
      '-o',
      order,
      ...signed,
      '--format',
      'json',
    ])
    for (const name of targets) this.model.put(name, this.model.without(name, goes).rows)
    const left = targets.reduce((sum, name) => sum + this.model.remaining(name, subjects), 0)
    assert.equal(ran.code, left > 0 ? 1 : 0, ran.stdout + ran.stderr)
  }

  async locate({ who }: Doing<'locate'>): Promise<void> {
    if (this.#names.length === 0) return
    const subject = subjectName(who)
    writeFileSync(this.at('asked.txt'), `${subject}\n`, { mode: 0o600 })
    const asked = ['--list', 'asked.txt', ...OF_POLICY, '--keys', 'keys.json', '--format', 'json']
    const { stdout } = await this.must(0, ['locate', 'clean', ...asked])
    const { targets } = JSON.parse(stdout) as { targets: { target: string; found: number }[] }
    const found = targets.map(({ target, found }) => [basename(target), found])
    const said = this.#names.map((name) => [name, this.model.remaining(name, new Set([subject]))])
    assert.deepEqual(found.toSorted(), said)
  }

  #stored(name: string): string | undefined {
    const file = this.at('clean', name)
    return existsSync(file) ? unpacked(name, readFileSync(file)) : undefined
  }

  #textOf(name: string, rows: readonly Row[]): string {
    const token = tokensOf(this.at('keys.json'), 'customer')
    const lines = rows.map(({ subject, key, time, v }) => {
      const [id, day] = [token(subject, key), iso(time).slice(0, 10)]
      return name.includes('.csv') ? `${id},${day},${v}\n` : `{"id":"${id}","at":"${day}","v":"${v}"}\n`
    })
    return [...(name.includes('.csv') ? ['id,at,v\n'] : []), ...lines].join('')
  }

  /** Files equal the model, to the byte; each has a sidecar of its bytes; nothing else is there. */
  check(): void {
    for (const [name, rows] of this.model.files) {
      assert.equal(this.#stored(name), this.#textOf(name, rows), name)
      const { file } = JSON.parse(readFileSync(this.at('clean', `${name}.lethe.json`), 'utf8')) as {
        file: { bytes: number; sha256: string }
      }
      const bytes = readFileSync(this.at('clean', name))
      const sha256 = createHash('sha256').update(bytes).digest('hex')
      assert.deepEqual(
        { bytes: file.bytes, sha256: file.sha256 },
        { bytes: bytes.length, sha256 },
        `sidecar of ${name}`,
      )
    }
    const there = this.#names.flatMap((name) => [name, `${name}.lethe.json`])
    assert.deepEqual(
      readdirSync(this.at('clean'))
        .filter((name) => !name.endsWith('.erased'))
        .sort(),
      there.sort(),
    )
  }

  /** No subject in what Lethe keeps; the ledger is whole. */
  async settle(): Promise<void> {
    this.check()
    const kept = readdirSync(this.folder).filter(
      (name) => /\.(ndjson|json|pem)$/.test(name) && name !== 'said.csv',
    )
    for (const name of kept)
      for (let who = 0; who < SUBJECTS; who++)
        assert.ok(!readFileSync(this.at(name), 'utf8').includes(subjectName(who)), `${name} names a subject`)
    if (this.#recorded.length === 0) return
    await this.must(0, [
      'audit',
      'verify',
      'ledger.ndjson',
      '--keys',
      'host.pem.pub',
      '--anchor',
      'anchors/heads.ndjson',
    ])
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}
