/** What the bytes of files are: encodings by name and by mark, packed files by their first bytes, not by their names. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { batch, place } from './batch-inputs.ts'
import { warm } from './lethe.ts'

const POLICY = 'policy: p\nversion: 1\npurpose: train_ai_system\nfields:\n  label: keep\n  n: keep\n'
const UTF16_LE = (text: string): Buffer => Buffer.from(`\ufeff${text}`, 'utf16le')
const ZIP_END = Buffer.from('PK\x05\x06\0\0\0\0\x01\0\x01\0\0\0\0\0\0\0\0\0\0\0', 'latin1')

async function run(cwd: string, args: readonly string[], input?: Uint8Array) {
  const ended = await warm(['batch', ...args, '-p', 'p.yaml', '--summary', 'sum.json'], {
    cwd,
    ...(input === undefined ? {} : { input }),
  })
  return { ...ended, out: (name: string): string => readFileSync(join(cwd, name), 'utf8') }
}

describe('the encoding of a file', () => {
  it.each([
    ['little-endian', UTF16_LE],
    ['big-endian', (text: string): Buffer => UTF16_LE(text).swap16()],
  ])('is UTF-16 by its mark (%s), for CSV, NDJSON and standard input', async (_, encode) => {
    const csv = encode('n,label\r\n1,Łódź\r\n2,東京😀\r\n')
    const cwd = place({
      'p.yaml': POLICY,
      'a.csv': csv,
      'a.csv.gz': gzipSync(csv),
      'a.ndjson': encode('{"n":1,"label":"Łódź"}\n'),
    })
    expect((await run(cwd, ['a.csv', '-o', 'o.csv'])).stderr).not.toContain('error')
    const { out } = await run(cwd, ['a.ndjson', '-o', 'o.ndjson'])
    expect(out('o.csv')).toBe('n,label\r\n1,Łódź\r\n2,東京😀\r\n')
    expect(out('o.ndjson')).toBe('{"n":1,"label":"Łódź"}\n')
    expect((await run(cwd, ['-', '--format', 'csv', '-o', '-'], csv)).stdout).toBe(out('o.csv'))
    expect((await run(cwd, ['a.csv.gz', '-o', '-'])).stdout).toBe(out('o.csv'))
  })

  it('is what the policy names, or an option; what is not text is a dead letter of its record alone', async () => {
    const sjis = Buffer.concat([
      Buffer.from('n,label\n1,'),
      Buffer.of(0x93, 0x8c, 0x8b, 0x9e),
      Buffer.from('\n2,'),
      Buffer.of(0x82),
      Buffer.from('\n3,x\n'),
    ])
    const cwd = place({
      'p.yaml': POLICY,
      'q.yaml': `${POLICY}input: { encoding: latin1, delimiter: ";" }\n`,
      'a.csv': Buffer.from('n;label\n1;Z\xfcrich \x80\n', 'latin1'),
      'j.csv': sjis,
    })
    expect((await warm(['batch', 'a.csv', '-p', 'q.yaml', '-o', '-'], { cwd })).stdout).toBe(
      'n;label\n1;Zürich €\n',
    )
    const args = ['j.csv', '-o', 'o.csv', '--dead-letter', 'dead', '--max-dead-letters', '1']
    const { code, out } = await run(cwd, [...args, '--encoding', 'sjis'])
    expect(code).toBe(3)
    expect(out('o.csv')).toBe('n,label\n1,東京\n3,x\n')
    expect(JSON.parse(out('dead'))).toMatchObject({ line: 3, code: 'bad-encoding' })
    expect(JSON.parse(out('sum.json'))).toMatchObject({
      inputOptions: { encoding: 'shift_jis' },
      records: { in: 3, published: 2, deadLettered: { 'bad-encoding': 1 } },
    })
  })

  it('is not stated twice in two ways', async () => {
    const cwd = place({
      'q.yaml': `${POLICY}input: { encoding: windows-1252, delimiter: ";" }\n`,
      'a.csv': 'n;label\n',
      'mark.csv': '\ufeffn;label\n',
    })
    const with_ = (...args: string[]) => warm(['batch', ...args, '-p', 'q.yaml', '-o', '-'], { cwd })
    expect((await with_('a.csv', '--encoding', 'latin1', '--delimiter', ';')).code).toBe(0)
    for (const flag of [
      ['--encoding', 'utf-8'],
      ['--delimiter', ','],
    ]) {
      const { code, stderr } = await with_('a.csv', ...flag)
      expect([code, stderr]).toEqual([2, expect.stringMatching(/contradicts `input\.(encoding|delimiter)`/)])
    }
    const marked = await with_('mark.csv')
    expect([marked.code, marked.stderr]).toEqual([2, expect.stringContaining('UTF-8 by its byte order mark')])
    const unknown = await with_('a.csv', '--encoding', 'klingon')
    expect([unknown.code, unknown.stdout]).toEqual([2, ''])
  })

  it('is named where the header is not UTF-8, as far as that can be told', async () => {
    const cwd = place({
      'west.csv': Buffer.from('n,stra\xdfe\n1,2\n', 'latin1'),
      'east.csv': Buffer.from('n,\xe3\xee\xf0\xee\xe4\n1,2\n', 'latin1'),
      'bare.csv': Buffer.from('n,label\n1,Berlin\n', 'utf16le'),
    })
    const said = async (name: string) => (await batch(cwd, [name, '-o', 'out.csv'])).stderr
    expect(await said('west.csv')).toContain('iconv -f WINDOWS-1252 -t UTF-8')
    expect(await said('east.csv')).not.toContain('windows-1252')
    expect(await said('bare.csv')).toMatch(/UTF-16 without a byte order mark[\s\S]*iconv -f UTF-16LE/)
  })
})

describe('what a file is, its first bytes say', () => {
  it('so gzip is unpacked under any name, and what only claims to be gzip is read', async () => {
    const csv = 'n,label\n1,Berlin\n'
    const cwd = place({
      'p.yaml': POLICY,
      'a.csv': gzipSync(csv),
      'b.csv.gz': csv,
      'junk.csv.gz': Buffer.of(0, 1, 2),
    })
    const packed = await run(cwd, ['a.csv', '-o', '-'])
    expect([packed.code, packed.stdout]).toEqual([0, csv])
    expect(packed.stderr).toContain('input 1 is gzip, though')
    const plain = await run(cwd, ['b.csv.gz', '-o', '-'])
    expect([plain.code, plain.stdout]).toEqual([0, csv])
    expect(plain.stderr).toContain('input 1 is not gzip, though')
    expect((await run(cwd, ['-', '--format', 'csv', '-o', '-'], gzipSync(csv))).stdout).toBe(csv)
    const junk = await run(cwd, ['junk.csv.gz', '-o', '-'])
    expect([junk.code, junk.stderr]).toEqual([4, expect.stringContaining('not gzip, or is damaged')])
  })

  it.each([
    ['gzip in gzip', gzipSync(gzipSync('n\n')), 'what is packed in it is gzip'],
    ['a ZIP', Buffer.concat([Buffer.from('PK\x03\x04'), ZIP_END]), 'this is a ZIP of one file'],
    ['UTF-32', Buffer.of(0xff, 0xfe, 0, 0, 0x6e, 0, 0, 0), 'iconv -f UTF-32'],
    ['Parquet', Buffer.from('PAR1\0'), 'this is Parquet'],
  ])('and %s is told by name, with what to do', async (_, bytes, message) => {
    const cwd = place({ 'p.yaml': POLICY, 'a.csv': bytes })
    const { code, stderr } = await run(cwd, ['a.csv', '-o', '-'])
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)])
  })
})
