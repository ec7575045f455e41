/** `lethe batch` when the world fails it: interrupted, killed, out of disk, out of readers; and records that are huge. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { batch, batchProcess, csvOf, ndjsonOf, place, rows } from './batch-inputs.ts'
import { type Ended, script } from './lethe.ts'

const common = ['-p', 'policy.yaml', '--keys', 'keys.json']

interface Running {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
}

function start(cwd: string, command: string, args: readonly string[]): Running {
  const child = spawn(command, args, { cwd })
  let stdout = ''
  let stderr = ''
  child.stdout!.setEncoding('latin1').on('data', (text: string) => {
    stdout += text
  })
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  child.stdin!.on('error', () => {})
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, stdout, stderr }) as Ended)
  return { child, ended }
}

/** A run that waits for more input after it has written something. */
async function underWay(cwd: string, out: readonly string[]): Promise<Running> {
  const args = [
    script,
    'batch',
    '-',
    '--format',
    'ndjson',
    ...out,
    ...common,
    '--chunk-bytes',
    '1000',
    '--workers',
    '2',
  ]
  const running = start(cwd, process.execPath, args)
  running.child.stdin!.write(ndjsonOf(rows(4_000)))
  const isWriting = () => temporaries(cwd).some((name) => statSync(join(cwd, name)).size > 0)
  for (let i = 0; i < 600 && !isWriting(); i++) await wait(50)
  expect(isWriting()).toBe(true)
  return running
}

const temporaries = (cwd: string): string[] => readdirSync(cwd).filter((name) => name.endsWith('.part'))

describe('after an interruption', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'by %s nothing is left, and the code is 130',
    async (signal) => {
      const cwd = place()
      const before = readdirSync(cwd)
      const { child, ended } = await underWay(cwd, [
        '-o',
        'out.ndjson',
        '--dead-letter',
        'dead',
        '--summary',
        'sum',
      ])
      child.kill(signal)
      expect(await ended).toMatchObject({ code: 130, stdout: '' })
      expect(readdirSync(cwd)).toEqual(before)
    },
    60_000,
  )

  it('by SIGKILL nothing stands under the name, and the next run works', async () => {
    const cwd = place({ 'in.ndjson': ndjsonOf(rows(3)), 'out.ndjson': 'from yesterday' })
    const { child, ended } = await underWay(cwd, ['-o', 'out.ndjson'])
    child.kill('SIGKILL')
    expect(await ended).toMatchObject({ signal: 'SIGKILL' })
    expect(readFileSync(join(cwd, 'out.ndjson'), 'utf8')).toBe('from yesterday')
    // Only its owner may read what was written.
    for (const name of temporaries(cwd)) expect(statSync(join(cwd, name)).mode & 0o077).toBe(0)
    expect((await batchProcess(cwd, ['in.ndjson', '-o', 'out.ndjson'])).code).toBe(0)
    expect(readFileSync(join(cwd, 'out.ndjson'), 'utf8').split('\n')).toHaveLength(4)
  }, 60_000)

  it('by SIGKILL no Parquet stands under the name', async () => {
    const cwd = place({ 'out.parquet': 'from yesterday' })
    const args = [script, 'batch', '-', '--format', 'ndjson', '-o', 'out.parquet', ...common]
    const { child, ended } = start(cwd, process.execPath, [...args, '--chunk-bytes', '1000'])
    child.stdin!.write(ndjsonOf(rows(4_000)))
    for (let i = 0; i < 600 && temporaries(cwd).length === 0; i++) await wait(50)
    child.kill('SIGKILL')
    expect(await ended).toMatchObject({ signal: 'SIGKILL' })
    expect(readFileSync(join(cwd, 'out.parquet'), 'utf8')).toBe('from yesterday')
  }, 60_000)
})

describe.runIf(process.platform !== 'win32')('on a disk that is full', () => {
  it.each([
    ['plain', 'out.ndjson'],
    ['compressed', 'out.ndjson.gz'],
    ['Parquet', 'out.parquet'],
  ])('no %s output is left', async (_, out) => {
    const cwd = place()
    // Lines that gzip cannot shrink, and several chunks of them.
    const noise = Array.from(
      { length: 4_000 },
      (_, i) => `{"note":"${createHash('sha256').update(`${i}`).digest('base64')}"}\n`,
    )
    writeFileSync(join(cwd, 'in.ndjson'), noise.join(''))
    const before = readdirSync(cwd)
    // A limit on the size of files stands for the disk: 96 blocks, which gzip fills to the byte.
    const line = `ulimit -f 96; exec "$0" "$@"`
    const args = [
      script,
      'batch',
      'in.ndjson',
      '-o',
      out,
      ...common,
      '--chunk-bytes',
      '4000',
      '--summary',
      'sum',
    ]
    const { ended } = start(cwd, 'sh', ['-c', line, process.execPath, ...args])
    const { code, stderr } = await ended
    expect(stderr).toContain(`${out} cannot be written`)
    expect(stderr).not.toContain('defect')
    expect(code).toBe(4)
    expect(readdirSync(cwd)).toEqual(before)
  })

  it.runIf(existsSync('/dev/full'))('standard output says so', async () => {
    const cwd = place({ 'in.csv': csvOf(rows(5)) })
    const line = `exec "$0" "$@" > /dev/full`
    const { ended } = start(cwd, 'sh', [
      '-c',
      line,
      process.execPath,
      script,
      'batch',
      'in.csv',
      '-o',
      '-',
      ...common,
    ])
    const { code, stderr } = await ended
    expect(code).toBe(4)
    expect(stderr).toContain('standard output cannot be written: the disk is full')
  })
})

it('a reader that has seen enough ends the run with code 4', async () => {
  const cwd = place({ 'in.ndjson': ndjsonOf(rows(6_000)) })
  const line = `{ "$0" "$@"; echo $? > code; } | head -n 1`
  const { ended } = start(cwd, 'sh', [
    '-c',
    line,
    process.execPath,
    script,
    'batch',
    'in.ndjson',
    '-o',
    '-',
    ...common,
  ])
  const { stdout, stderr } = await ended
  expect(stdout.split('\n')).toHaveLength(2)
  expect(readFileSync(join(cwd, 'code'), 'utf8')).toBe('4\n')
  expect(stderr).not.toContain('defect')
})

/**
 * A module that has the process say its peak of memory, in KiB, when it ends. `resourceUsage().maxRSS` is at least what the
 * process that started it had: Linux hands that on.
 */
const SAYS_PEAK = `data:text/javascript,${encodeURIComponent(`
import { readFileSync } from 'node:fs'
process.on('exit', () => {
  const own = /VmHWM:\\s+(\\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))[1]
  process.stderr.write('peak ' + own + '\\n')
})
`)}`

describe('records that are huge or deep', () => {
  it('are dead letters, and memory stays bounded', async () => {
    const cwd = place({ 'peak.mjs': '' })
    const name = join(cwd, 'in.ndjson')
    const good = '{"note":1}\n'
    const deep = (depth: number) => `{"more":${'['.repeat(depth)}${']'.repeat(depth)},"note":2}\n`
    writeFileSync(
      name,
      [good, `{"more":"${'x'.repeat(50 << 20)}","note":3}\n`, deep(63), deep(64), deep(10_000), good].join(
        '',
      ),
    )
    const args = ['--import', SAYS_PEAK, script]
    const run = [
      'batch',
      'in.ndjson',
      '-o',
      'out.ndjson',
      ...common,
      '--dead-letter',
      'dead',
      '--workers',
      '2',
      '-q',
    ]
    const { code, stderr } = await start(cwd, process.execPath, [...args, ...run]).ended
    expect(code).toBe(3)
    expect(readFileSync(join(cwd, 'out.ndjson'), 'utf8')).toBe('{"note":1}\n{"note":2}\n{"note":1}\n')
    const dead = readFileSync(join(cwd, 'dead'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(dead).toMatchObject([
      { line: 2, code: 'record-too-large' },
      { line: 4, code: 'json-too-deep' },
      { line: 5, code: 'json-too-deep' },
    ])
    const kilobytes = Math.max(...[...stderr.matchAll(/peak (\d+)/g)].map(([, size]) => Number(size)))
    expect(kilobytes).toBeGreaterThan(0)
    expect(kilobytes).toBeLessThan(300 << 10)
  })

  it('count the same whether they were skipped while they were read or met in a chunk', async () => {
    const cwd = place()
    const long = (text: string) => text.repeat(3000)
    writeFileSync(join(cwd, 'in.csv'), `id,more,note\n,1,a\n,"${long('x\n')}",b\n,2,c,d\n,3,e\n`)
    writeFileSync(join(cwd, 'in.ndjson'), `{"x":1}\n${long(' ')}\n{"x":"${long('x')}"}\n{"x":1}\n`)
    mkdirSync(join(cwd, 'out'))
    const summaries: string[] = []
    for (const chunk of ['100', '1000000']) {
      const inputs = ['in.csv', 'in.ndjson', '-o', 'out/', '--as-of', '2026-01-01', '--chunk-bytes', chunk]
      const files = ['--summary', 's', '--dead-letter', 'd', '--max-record-bytes', '2000']
      expect((await batch(cwd, [...inputs, ...files])).code).toBe(3)
      summaries.push(readFileSync(join(cwd, 's'), 'utf8') + readFileSync(join(cwd, 'd'), 'utf8'))
    }
    expect(summaries[1]).toBe(summaries[0])
    expect(summaries[0]).toContain('"record-too-large": 3')
  })

  it('a quote that never closes over 16 MB stays bounded, and the rows before it are there', async () => {
    const cwd = place()
    mkdirSync(join(cwd, 'out'))
    writeFileSync(join(cwd, 'in.csv'), `id,note\n,a\n,"${'b,c\n'.repeat(4 << 20)}`)
    const args = ['--import', SAYS_PEAK, script]
    const run = ['batch', 'in.csv', '-o', 'out/', ...common, '--dead-letter', 'dead', '--workers', '1', '-q']
    const { code, stderr } = await start(cwd, process.execPath, [
      ...args,
      ...run,
      '--max-dead-letters',
      '100%',
    ]).ended
    expect(code).toBe(3)
    expect(readFileSync(join(cwd, 'out/in.csv'), 'utf8')).toBe('id,note\n,a\n')
    expect(JSON.parse(readFileSync(join(cwd, 'dead'), 'utf8'))).toMatchObject({
      line: 3,
      records: 4 << 20,
      code: 'csv-quote-unclosed',
    })
    expect(Math.max(...[...stderr.matchAll(/peak (\d+)/g)].map(([, size]) => Number(size)))).toBeLessThan(
      300 << 10,
    )
  })
})
