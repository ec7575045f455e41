/** Legal holds, and that every path that deletes asks for them. */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join, relative } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { deleteFile, replaceFile } from '../../../src/lifecycle/delete-stored.ts'
import { appendHold, newHold, readHolds, releasing } from '../../../src/lifecycle/holds-file.ts'
import { type Hold, stateOf } from '../../../src/lifecycle/legal-hold.ts'
import { fileTarget, mayDelete, Permit } from '../../../src/lifecycle/may-delete.ts'
import { folder, root, warm } from '../cli/lethe.ts'

const NOW = Date.parse('2026-03-10T12:00:00Z')
const DAY = 86_400_000

const hold = (more: Partial<Hold> = {}): Hold => ({
  id: 'h00000001',
  target: null,
  from: null,
  until: null,
  owner: 'legal',
  reason: 'case 512, all of it',
  kept: null,
  added: NOW - DAY,
  expires: NOW + DAY,
  released: undefined,
  ...more,
})
const allows = (deletion: Parameters<typeof mayDelete>[0], ...holds: Hold[]): boolean =>
  mayDelete(deletion, holds, NOW).allowed

describe('mayDelete', () => {
  it('goes by target: a file, all below a folder, a topic', () => {
    const target = 'file:/data/clean/a.csv'
    expect(allows({ target })).toBe(true)
    expect(allows({ target }, hold())).toBe(false)
    for (const held of [
      'file:/data/clean/a.csv',
      'file:/data/clean/a.csv/',
      'file:/data/clean',
      'file:/data/clean/',
      'file:/data',
    ] as const)
      expect(allows({ target }, hold({ target: held }))).toBe(false)
    for (const held of [
      'file:/data/clean/a.cs',
      'file:/data/clea',
      'file:/other',
      'topic:/data/clean',
    ] as const)
      expect(allows({ target }, hold({ target: held }))).toBe(true)
    expect(allows({ target: 'topic:a' }, hold({ target: 'topic:a' }))).toBe(false)
    expect(allows({ target: 'topic:ab' }, hold({ target: 'topic:a' }))).toBe(true)
  })

  it('goes by time: whatever overlaps a span is held, and so is what has no known time', () => {
    const target = 'file:/a'
    fc.assert(
      fc.property(fc.array(fc.nat(50), { minLength: 4, maxLength: 4 }), ([a, b, c, d]) => {
        const [from, until] = [Math.min(a!, b!), Math.max(a!, b!) + 1]
        const held = hold({ from: Math.min(c!, d!), until: Math.max(c!, d!) + 1 })
        let overlaps = false
        for (let at = from; at < until; at++) overlaps ||= at >= held.from! && at < held.until!
        expect(allows({ target, from, until }, held)).toBe(!overlaps)
        expect(allows({ target }, held)).toBe(false)
      }),
    )
  })

  it('follows links, of folders that were not there yet and of folders that were moved since', async () => {
    const at = folder({ 'real/.keep': '', 'old/clean/.keep': '' })
    symlinkSync('real', join(at, 'linked'))
    expect(fileTarget(join(at, 'linked/2025/a.csv'))).toBe(`file:${join(at, 'real/2025/a.csv')}`)
    const file = join(at, 'holds.ndjson')
    const { line } = newHold({ ...hold(), target: fileTarget(join(at, 'old/clean')) }, NOW - DAY)
    await appendHold(file, line)
    mkdirSync(join(at, 'new'))
    renameSync(join(at, 'old/clean'), join(at, 'new/clean'))
    symlinkSync(join(at, 'new/clean'), join(at, 'old/clean'))
    for (const name of ['old/clean/a.csv', 'new/clean/a.csv'])
      expect(allows({ target: fileTarget(join(at, name)) }, ...readHolds(file)), name).toBe(false)
    expect(allows({ target: fileTarget(join(at, 'new/b.csv')) }, ...readHolds(file))).toBe(true)
  })

  it('is not kept from it by a hold that expired or was released', () => {
    const expired = hold({ expires: NOW })
    const released = hold({ released: NOW - 1 })
    expect([expired, released, hold()].map((one) => stateOf(one, NOW))).toEqual([
      'expired',
      'released',
      'in force',
    ])
    expect(allows({ target: 'file:/a' }, expired, released)).toBe(true)
  })
})

describe('what deletes', () => {
  it('asks for a permit that mayDelete made, for this very file', () => {
    const at = folder({ a: '1', b: '2' })
    const [a, b] = [join(at, 'a'), join(at, 'b')]
    expect(() => deleteFile(a, new Permit(fileTarget(a)))).toThrow('no permit')
    const verdict = mayDelete({ target: fileTarget(a) }, [], NOW)
    if (!verdict.allowed) throw new Error('held')
    expect(() => deleteFile(b, verdict.permit)).toThrow('no permit')
    expect(() => replaceFile(a, b, verdict.permit)).toThrow('no permit')
    deleteFile(a, verdict.permit)
    expect([existsSync(a), existsSync(b)]).toEqual([false, true])
  })

  /** Every file of src that takes something off a disk or a topic, and why that is no deletion of what is stored. */
  const DELETING: Readonly<Record<string, string>> = {
    'src/cards/write-cards.ts': 'documents that it wrote just now, where another of them could not be',
    'src/lifecycle/delete-stored.ts': 'asks for a permit',
    'src/lifecycle/storage/bucket-checks.ts': 'an object of its own, by which a store is tried',
    'src/lifecycle/storage/object-storage.ts': 'folders for its own copies of objects',
    'src/kafka/admin.ts': 'the port, which delete-stored.ts alone calls',
    'src/kafka/drivers/kafkajs/kafkajs-admin.ts': 'stands behind the port',
    'src/kafka/drivers/kafkajs/kafkajs-cluster.ts': 'stands behind the port',
    'src/kafka/drivers/kafkajs/private.ts': 'types of a client',
    'src/lifecycle/stored-topic.ts': 'calls delete-stored.ts, with the permit',
    'src/erasure/stored-records.ts': 'calls delete-stored.ts, with the permit',
    'src/files/temporary-file.ts': 'its own temporary file; an output takes the place of an older one',
    'src/files/lock-file.ts': 'locks',
    'src/files/objects/object-copy.ts': 'the name of its own copy of an object',
    'src/files/data-set-place.ts':
      'its own hidden folder, which takes the name of an output that is not there',
    'src/files/objects/object-place.ts':
      'its own folder for temporary files, and objects of its own run that failed',
    'src/shards/merge-shards.ts': 'the mark of its own run, once _SUCCESS stands beside it',
    'src/files/objects/object-store.ts': 'the port',
    'src/files/s3/s3-store.ts': 'stands behind the port',
    'src/files/folders/disk-folder.ts':
      'what a process had begun, and marks of positions that a later one says again',
    'src/files/folders/object-folder.ts': 'marks of positions that a later one says again',
    'src/batch/outputs.ts': 'folders that it made, where nothing came to stand in them',
    'src/explain/parquet-cases.ts': 'the folder of a row that a case states',
    'src/shards/run-folder.ts': 'its own temporary manifest',
    'src/shards/shard-classes.ts': 'the counts of its own run, once that is published',
    'src/shards/merge-checks.ts': 'the work folder of a run; outputs take the name of what is not there',
    'src/cli/demo.ts': 'the folder that the demo made',
    'src/ledger/ledger.ts': 'an entry that is not whole; a segment is renamed',
    'src/lists/new-file.ts': 'the temporary file of a new list or table, and an entry that was cut short',
    'src/keys/file.ts': 'the file of a keyset that is replaced by its change',
    'src/signing/private-key.ts': 'a key file that could not be written whole',
  }

  it('is in no other file', () => {
    const found = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /(?<!\.as)\.ts$/.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((file) =>
        /\b(?:unlink|rm|rmdir|f?truncate|rename)(?:Sync)?\(|\bdeleteRecords\(|\bwriteTombstones\(|\bDeleteRecords\b.*\(|\bDeleteObject\w*\(|\bdeleteObject\(|\bdeleteVersion\w*\(|\bdeleteTopics\(/.test(
          readFileSync(file, 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, ''),
        ),
      )
      .map((file) => relative(root, file))
    expect(found.filter((file) => !(file in DELETING))).toEqual([])
    expect(Object.keys(DELETING).filter((file) => !found.includes(file))).toEqual([])
    const deleting = readFileSync(join(root, 'src/lifecycle/delete-stored.ts'), 'utf8')
    for (const [, parameters] of deleting.matchAll(/^export (?:async )?function \w+\(([^)]*)\)/gm))
      expect(parameters).toContain('permit: Permit')
  })
})

describe('a file of holds', () => {
  it('gives back what was added and released, and refuses anything else', async () => {
    const file = join(folder(), 'holds.ndjson')
    const { id: _, released: __, added: ___, ...rest } = hold({ target: 'file:/a', from: 0, until: NOW })
    const first = newHold(rest, NOW)
    const second = newHold({ ...rest, kept: 'copied to the archive', target: 'topic:a' }, NOW)
    await Promise.all([first, second].map(({ line }) => appendHold(file, line)))
    expect(
      readHolds(file)
        .map(({ id }) => id)
        .sort(),
    ).toEqual([first.id, second.id].sort())
    await appendHold(file, releasing(file, first.id, 'legal', 'the case is closed', NOW + 1))
    expect(readHolds(file).find(({ id }) => id === first.id)).toEqual({
      ...{ ...rest, id: first.id, added: NOW, released: NOW + 1 },
    })
    expect(() => releasing(file, first.id, 'legal', 'the case is closed', NOW)).toThrow('no hold')
    const text = readFileSync(file, 'utf8')
    for (const changed of [
      text.slice(0, -9),
      `${text}\n`,
      text.replace('"legal"', '"l"'),
      `${text}{}\n`,
      text + text,
    ]) {
      writeFileSync(file, changed)
      expect(() => readHolds(file)).toThrow(expect.objectContaining({ code: 'hold-invalid' }))
      await expect(appendHold(file, first.line)).rejects.toMatchObject({ code: 'hold-invalid' })
    }
  })
})

describe('lethe hold, and a ledger whose segments are dropped', () => {
  it('keeps a segment while it is held, and the rest is verified once it is gone', async () => {
    const cwd = folder()
    mkdirSync(join(cwd, 'other'))
    const run = (...args: string[]) => warm(args, { cwd })
    await run('signing-key', 'create', 'host.pem')
    const signed = ['--signing-key', 'host.pem', '--anchor', 'other/heads.ndjson']
    const ledger = ['--ledger', 'l.ndjson', ...signed]
    const why = ['--owner', 'legal', '--reason', 'case 512, all of it']
    const add = ['hold', 'add', '--holds', 'h.ndjson', '--target', 'l.ndjson.000001']
    expect((await run(...add, ...why, '--expires', '2020-01-01')).stderr).toContain('past')
    expect((await run(...add, '--reason', 'case 512, all of it', '--expires', '2999-01-01')).code).toBe(2)
    const topic = await run(
      'hold',
      'add',
      '--holds',
      'h.ndjson',
      '--target',
      'topic:a',
      ...why,
      '--expires',
      '2999-01-01',
    )
    expect(topic.stderr).toContain('a broker deletes')
    expect((await run(...add, ...why, '--expires', '2999-01-01', ...ledger)).code).toBe(0)
    expect((await run('audit', 'seal', 'l.ndjson', ...signed)).stderr).toContain('l.ndjson.000001')
    const drop = ['audit', 'drop', 'l.ndjson', '--before', '2999-01-01', ...signed]
    expect((await run(...drop)).stderr).toContain('--no-holds')
    const held = await run(...drop, '--holds', 'h.ndjson')
    expect(held).toMatchObject({ code: 2 })
    expect(existsSync(join(cwd, 'l.ndjson.000001'))).toBe(true)
    const [{ id }] = JSON.parse(
      (await run('hold', 'list', '--holds', 'h.ndjson', '--format', 'json')).stdout,
    ).holds
    expect((await run('hold', 'release', id, '--holds', 'h.ndjson', ...why, ...ledger)).code).toBe(0)
    expect((await run(...drop, '--holds', 'h.ndjson')).code).toBe(0)
    expect(existsSync(join(cwd, 'l.ndjson.000001'))).toBe(false)
    const verified = await run(
      'audit',
      'verify',
      'l.ndjson',
      '--keys',
      'host.pem.pub',
      '--anchor',
      'other/heads.ndjson',
    )
    expect(verified.stdout).toMatch(/entries 1 to 3 were dropped[\s\S]*verified: every entry/)
    expect(readFileSync(join(cwd, 'l.ndjson'), 'utf8')).not.toMatch(/case 512|legal/)
  })
})
