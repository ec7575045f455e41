/** The image, as far as it can be known without building it, which `npm run proof:image` does. */
import { execFileSync, spawn } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Health } from '../../src/telemetry/health.ts'
import { serveTelemetry } from '../../src/telemetry/http.ts'
import { Metrics } from '../../src/telemetry/metrics.ts'
import { docker, PORT, pipelineOf, root, text } from './files.ts'

describe('the Dockerfile', () => {
  const lines = text('Dockerfile')
    .replace(/^\s*#.*\n/gm, '')
    .replace(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '')
  const of = (word: string, from = lines): string[] =>
    from.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1).trim())
  const last = lines.slice(lines.findLastIndex((line) => line.startsWith('FROM ')))

  it('ends as a user that is a number and not root, and changes nothing after that', () => {
    expect(of('USER')).toHaveLength(1)
    expect(of('USER', last)[0]).toMatch(/^[1-9]\d*:[1-9]\d*$/)
    const after = last.slice(last.findIndex((line) => line.startsWith('USER ')) + 1)
    expect(after.filter((line) => /^(RUN|COPY|ADD) /.test(line))).toEqual([])
    expect(text('Dockerfile')).not.toMatch(/--chown|chmod\s+(-R\s+)?[0-7]*7\b/)
  })

  it('fetches nothing but packages, and holds no secret', () => {
    expect(of('ADD')).toEqual([])
    const all = text('Dockerfile')
    expect(all).not.toMatch(/\b(curl|wget|git clone)\b|\|\s*(ba)?sh\b/)
    for (const line of [...of('ARG'), ...of('ENV')]) expect(line).not.toMatch(/pass|secret|token|key/i)
    expect(of('FROM').every((image) => /^\$\{NODE_IMAGE\}/.test(image))).toBe(true)
    expect(of('ARG')[0]).toMatch(/^NODE_IMAGE=node:(20|22)-\S+-slim$/)
    // As hadolint wants it: a folder that a command changes into is not seen by who reads on.
    for (const run of of('RUN')) expect(run).not.toMatch(/(^|&&\s*|;\s*)cd\s/)
    for (const run of of('RUN'))
      if (run.includes('apt-get install'))
        expect(run).toMatch(/--no-install-recommends.*rm -rf \/var\/lib\/apt\/lists/)
  })

  it('starts Lethe itself, and its health check', () => {
    expect(JSON.parse(of('ENTRYPOINT', last)[0]!)).toEqual(['node', '/app/dist/bin/lethe.js'])
    expect(of('HEALTHCHECK', last)[0]).toContain('CMD ["node", "/app/docker/healthcheck.mjs"]')
    expect(of('EXPOSE', last)).toEqual([String(PORT)])
  })

  /** What of the repository the image can be built from. */
  const allowed = readFileSync(join(root, '.dockerignore'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))

  it('sees what is named, and nothing else', () => {
    expect(allowed[0]).toBe('*')
    for (const line of allowed.slice(1)) {
      expect(line).toMatch(/^![\w./-]+$/)
      expect(existsSync(join(root, line.slice(1))), line).toBe(true)
    }
    expect(allowed.join('\n')).not.toMatch(/keys|\.env|\.git|node_modules|dist/)
  })

  it('copies what it sees, and that is enough to build', { timeout: 120_000 }, () => {
    const folder = mkdtempSync(join(tmpdir(), 'lethe-image-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const context = join(folder, 'context')
    const app = join(folder, 'app')
    for (const line of allowed.slice(1))
      cpSync(join(root, line.slice(1)), join(context, line.slice(1)), { recursive: true })
    const copies = of('COPY').filter((line) => !line.startsWith('--from='))
    expect(copies.length).toBeGreaterThan(5)
    for (const copy of copies) {
      const words = copy.split(/\s+/)
      const to = words.pop()!
      for (const from of words) {
        const target = /\/$/.test(to) ? join(app, to, from.split('/').at(-1)!) : join(app, to)
        cpSync(join(context, from), target, { recursive: true })
      }
    }
    symlinkSync(join(root, 'node_modules'), join(app, 'node_modules'))
    // `npm run proof:image` builds it; here what has been built stands for that, where all of its sources are there.
    expect(of('RUN').some((line) => line.startsWith('npm run build'))).toBe(true)
    cpSync(join(root, 'dist'), join(app, 'dist'), { recursive: true })
    const built = (readdirSync(join(app, 'dist'), { recursive: true }) as string[]).filter((name) =>
      /^(src|transforms)\b.*\.js$/.test(name),
    )
    expect(built.length).toBeGreaterThan(300)
    const sources = built.map((name) => name.replace(/\.js$/, '.ts'))
    const steps = [...text('../test/built.mjs').matchAll(/'((?:test|tsconfig)[\w./]+)'/g)].map(
      ([, name]) => name!,
    )
    expect(steps).toContain('tsconfig.build.json')
    const missing = [...sources, ...steps].filter((name) => !existsSync(join(app, name)))
    expect(missing).toEqual([])
    const run = (...args: string[]): string =>
      execFileSync(args[0]!, args.slice(1), { cwd: app, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
    expect(run('node', 'dist/bin/lethe.js', '--version').trim()).toBe(version)
    run('node', 'dist/bin/lethe.js', 'lint', 'config/policies/customer-events.yaml')
  })
})

describe('the health check', () => {
  const check = (...args: string[]) =>
    new Promise<{ code: number | null; said: string }>((resolve) => {
      const [port, ...rest] = args
      const env = { ...process.env, LETHE_PROBE_PORT: port! }
      const child = spawn(process.execPath, [join(docker, 'healthcheck.mjs'), ...rest], { env })
      let said = ''
      child.stderr.on('data', (chunk) => {
        said += chunk
      })
      child.on('close', (code) => resolve({ code, said }))
    })

  it('is fine with a loop that turns, and not with one that hangs', async () => {
    let now = 0
    const health = new Health({ stalledAfter: 1000, now: () => now })
    health.begin('orders')
    const metrics = new Metrics({ version: '1.2.3' })
    const server = await serveTelemetry({ host: '0.0.0.0', port: 0, metrics: () => metrics.text(), health })
    onTestFinished(() => server.close())
    expect(await check(String(server.port))).toEqual({ code: 0, said: '' })
    now = 5000
    expect(await check(String(server.port))).toEqual({ code: 1, said: '/livez answers 503\n' })
  })

  it('is not fine where nothing listens', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    await new Promise((resolve) => server.close(resolve))
    expect(await check(String(port))).toEqual({ code: 1, said: `nothing answers on port ${port}\n` })
  })

  it('says what the native client of the image lacks', async () => {
    const client = await import('node-rdkafka').catch(() => undefined)
    const { code, said } = await check(String(PORT), '--client')
    if (client === undefined) expect(said).toContain('was not built')
    else if (client.features.includes('zstd')) expect(code).toBe(0)
    else expect({ code, said }).toEqual({ code: 1, said: 'node-rdkafka was built without zstd\n' })
  })

  it('asks the port that the pipelines name', () => {
    expect(text('healthcheck.mjs')).toContain(`?? ${PORT})`)
    for (const path of [['pipeline.yaml'], ['kubernetes', 'pipeline.yaml']])
      expect(pipelineOf(...path).http).toEqual({ host: '0.0.0.0', port: PORT })
  })
})
