/** Metrics and probes over real HTTP. */
import { request } from 'node:http'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { EXIT, LetheError } from '../../../src/errors.ts'
import { Health } from '../../../src/telemetry/health.ts'
import {
  serveTelemetry,
  type TelemetryServer,
  type TelemetryServerOptions,
} from '../../../src/telemetry/http.ts'
import { Metrics } from '../../../src/telemetry/metrics.ts'

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly text: string
}

interface Asking {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

function ask(port: number, path: string, { method, headers, body }: Asking = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path, method, headers: { ...headers }, agent: false as const }
    const asked = request(options, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString()
        resolve({ status: response.statusCode!, headers: response.headers, text })
      })
    })
    asked.on('error', reject)
    asked.end(body)
  })
}

async function serve(part: Partial<TelemetryServerOptions> = {}): Promise<TelemetryServer> {
  const health = new Health({ stalledAfter: 1000 })
  const metrics = new Metrics({ version: '1.2.3' })
  const server = await serveTelemetry({ port: 0, metrics: () => metrics.text(), health, ...part })
  onTestFinished(() => server.close())
  return server
}

describe('the server', () => {
  it('listens on this machine alone, on a free port where 0 is asked for', async () => {
    const [one, two] = [await serve(), await serve()]
    expect(one.host).toBe('127.0.0.1')
    expect(one.port).toBeGreaterThan(0)
    expect(two.port).not.toBe(one.port)
  })

  it('gives metrics as Prometheus reads them', async () => {
    const { port } = await serve()
    const { status, headers, text } = await ask(port, '/metrics?any=1')
    expect(status).toBe(200)
    expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(text).toContain('lethe_build_info{version="1.2.3"')
  })

  it('gives a HEAD the same without the text', async () => {
    const { port } = await serve()
    const get = await ask(port, '/metrics')
    const head = await ask(port, '/metrics', { method: 'HEAD' })
    expect(head).toMatchObject({ status: 200, text: '' })
    expect(head.headers['content-length']).toBe(get.headers['content-length'])
  })

  it.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE'])('refuses %s', async (method) => {
    const { port } = await serve()
    const body = ['POST', 'PUT', 'PATCH'].includes(method) ? 'x'.repeat(100_000) : undefined
    const { status, headers } = await ask(port, '/metrics', {
      method,
      ...(body === undefined ? {} : { body }),
    })
    expect(status).toBe(405)
    expect(headers['allow']).toBe('GET, HEAD')
  })

  it('tells no other page, and no other origin, anything', async () => {
    const { port } = await serve()
    for (const path of [
      '/index.html',
      '/live/',
      '/__proto__',
      '/metrics/',
      '/livez/x',
      '/../metrics',
      'http://127.0.0.1/metrics',
    ])
      expect((await ask(port, path)).status, path).toBe(404)
    const { headers } = await ask(port, '/metrics', { headers: { origin: 'http://evil.example' } })
    expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([])
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'",
    })
  })

  it('says no more than that where metrics fail', async () => {
    const { port } = await serve({ metrics: () => Promise.reject(new Error('canary ada@example.org')) })
    const { status, text } = await ask(port, '/metrics')
    expect(status).toBe(500)
    expect(text).not.toContain('canary')
  })
})

describe('the Host header', () => {
  const status = async (host: string, part: Partial<TelemetryServerOptions> = {}): Promise<number> =>
    (await ask((await serve(part)).port, '/livez', { headers: { host } })).status

  it.each(['127.0.0.1', '127.0.0.1:9464', 'localhost', 'LOCALHOST:80', '[::1]', '[::1]:9464'])(
    'may be %s',
    async (host) => {
      expect(await status(host)).toBe(200)
    },
  )

  it.each([
    'evil.example',
    'evil.example:9464',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'localhost@evil',
    '10.0.0.7',
    '[::2]',
  ])('may not be %j', async (host) => {
    expect(await status(host)).toBe(421)
  })

  it('may be a name that is configured', async () => {
    expect(await status('lethe:9464', { allowedHosts: ['Lethe'] })).toBe(200)
    expect(await status('lethe2', { allowedHosts: ['Lethe'] })).toBe(421)
  })

  it('may be any address, and still no name, where the server listens on all of them', async () => {
    expect(await status('10.0.0.7:9464', { host: '0.0.0.0' })).toBe(200)
    expect(await status('[fe80::1]:9464', { host: '0.0.0.0' })).toBe(200)
    expect(await status('evil.example', { host: '0.0.0.0' })).toBe(421)
    expect(await status('10.evil.example', { host: '0.0.0.0' })).toBe(421)
  })

  it('is asked of old clients too', async () => {
    const { port } = await serve()
    const text = await new Promise<string>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => socket.write('GET /metrics HTTP/1.0\r\n\r\n'))
      let got = ''
      socket.on('data', (chunk) => {
        got += chunk
      })
      socket.on('close', () => resolve(got))
    })
    expect(text).toMatch(/^HTTP\/1.1 421 /)
  })
})

describe('the probes', () => {
  const probes = async (health: Health) => {
    const { port } = await serve({ health })
    const get = async (path: string) => {
      const { status, text } = await ask(port, path)
      return [status, text]
    }
    return { live: () => get('/livez'), ready: () => get('/readyz') }
  }

  it('see a loop that turns no more, and one that ended as it should', async () => {
    let now = 0
    const health = new Health({ stalledAfter: 1000, now: () => now })
    const { live } = await probes(health)
    expect(await live()).toEqual([200, 'ok\n'])
    const loop = health.begin('orders')
    now = 1000
    expect(await live()).toEqual([200, 'ok\n'])
    now = 61_000
    expect(await live()).toEqual([503, 'orders: no turn for 61 s\n'])
    loop.turned()
    expect(await live()).toEqual([200, 'ok\n'])
    now = 200_000
    health.end(loop)
    expect(await live()).toEqual([200, 'ok\n'])
  })

  it('are ready once keys are loaded and every route is assigned', async () => {
    const health = new Health({ stalledAfter: 1000 })
    const { ready } = await probes(health)
    expect(await ready()).toEqual([503, 'keys: not loaded\nassigned: no route is running\n'])
    health.keysLoaded()
    const [one, two] = [health.begin('orders'), health.begin('clicks')]
    one.assigned(true)
    expect(await ready()).toEqual([503, 'keys: ok\nassigned: not yet: clicks\n'])
    two.assigned(true)
    expect(await ready()).toEqual([200, 'keys: ok\nassigned: ok\n'])
    two.assigned(false)
    expect((await ready())[0]).toBe(503)
  })

  it('know worker processes from their reports, and notice when those stop', async () => {
    let now = 0
    const health = new Health({ stalledAfter: 1000, workers: 2, now: () => now })
    const { live, ready } = await probes(health)
    const worker = new Health({ stalledAfter: 1000, now: () => now })
    const loop = worker.begin('orders')
    worker.keysLoaded()
    loop.assigned(true)
    const report = JSON.parse(JSON.stringify(worker.report())) as ReturnType<Health['report']>
    health.reported(1, report)
    expect(await ready()).toEqual([503, 'keys: ok\nworkers: 1 of 2 have not reported\nassigned: ok\n'])
    health.reported(2, report)
    expect(await ready()).toEqual([200, 'keys: ok\nworkers: ok\nassigned: ok\n'])
    now = 5000
    health.reported(1, report)
    expect(await live()).toEqual([503, 'worker 2 orders: no turn for 5 s\n'])
    health.ended(2)
    expect(await live()).toEqual([200, 'ok\n'])
    expect((await ready())[0]).toBe(503)
    // A worker that still reports, but whose loop hangs.
    health.reported(2, { ...report, loops: [{ ...report.loops[0]!, age: 3000 }] })
    expect((await live())[0]).toBe(503)
    health.reported(2, { ...report, keysLoaded: false })
    expect(await ready()).toEqual([503, 'keys: not loaded\nworkers: ok\nassigned: ok\n'])
  })

  it('say whether the brokers answer, and that is no reason to be dead', async () => {
    const health = new Health({ stalledAfter: 1000, asksBrokers: true })
    const { live, ready } = await probes(health)
    health.keysLoaded()
    health.begin('orders').assigned(true)
    const says = (brokers: string): string => `brokers: ${brokers}\nkeys: ok\nassigned: ok\n`
    expect(await ready()).toEqual([503, says('not asked yet')])
    for (const [state, status, said] of [
      ['ok', 200, 'ok'],
      ['connection-refused', 503, 'connection-refused'],
      ['ok', 200, 'ok'],
      ['canary ada@example.org', 503, 'other'],
    ] as const) {
      health.brokersSay(state)
      expect(await ready()).toEqual([status, says(said)])
      expect(await live()).toEqual([200, 'ok\n'])
    }
  })
})

const halfOpen = async (port: number, count: number, start: string): Promise<Socket[]> =>
  await Promise.all(
    Array.from({ length: count }, async () => {
      const socket = connect(port, '127.0.0.1')
      onTestFinished(() => void socket.destroy())
      socket.on('error', () => {})
      await new Promise<void>((resolve) => socket.once('connect', resolve))
      socket.write(start)
      return socket
    }),
  )

describe('connections that ask nothing', () => {
  it.each([
    ['say nothing', ''],
    ['do not end their headers', 'GET /livez HTTP/1.1\r\nhost: localhost\r\n'],
  ])('keep no probe out, though there are 64 that %s', async (_, start) => {
    const { port } = await serve()
    for (let times = 0; times < 3; times++) {
      await halfOpen(port, 64, start)
      expect(await ask(port, '/livez')).toMatchObject({ status: 200, text: 'ok\n' })
    }
  })

  it('are closed soon', { timeout: 15_000 }, async () => {
    const { port } = await serve()
    const [socket] = await halfOpen(port, 1, 'GET /livez HTTP/1.1\r\n')
    socket!.resume()
    await new Promise<void>((resolve) => socket!.once('close', () => resolve()))
  })
})

describe('connections that do not take their answers', () => {
  const METRICS = 'GET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n'

  it('keep no probe out, though there are 64 of them', async () => {
    // More than a system holds for a client that reads nothing.
    const { port } = await serve({ metrics: async () => 'x'.repeat(5 << 20) })
    await halfOpen(port, 64, METRICS)
    expect(await ask(port, '/livez')).toMatchObject({ status: 200, text: 'ok\n' })
  })

  it('have one answer at a time made for them, and one text is made for all who ask meanwhile', async () => {
    let made = 0
    let finish = (_: string): void => {}
    const text = new Promise<string>((resolve) => {
      finish = resolve
    })
    const metrics = (): Promise<string> => {
      made++
      return text
    }
    const { port } = await serve({ metrics })
    const [socket] = await halfOpen(port, 1, METRICS.repeat(500))
    await new Promise<void>((resolve) => socket!.resume().once('close', () => resolve()))
    const asked = Array.from({ length: 8 }, () => ask(port, '/metrics'))
    expect(await ask(port, '/livez')).toMatchObject({ status: 200 })
    finish('lethe_x 1\n')
    for (const answer of asked) expect(await answer).toMatchObject({ status: 200, text: 'lethe_x 1\n' })
    expect(made).toBe(1)
  })

  it('may ask again over the same connection, once they have their answer', async () => {
    const { port } = await serve()
    const [socket] = await halfOpen(port, 1, METRICS)
    for (let times = 0; times < 3; times++) {
      let got = ''
      await new Promise<void>((resolve) => {
        socket!.on('data', function take(chunk: Buffer) {
          got += chunk
          const [head, body] = got.split('\r\n\r\n')
          if (Number(/content-length: (\d+)/.exec(head!)?.[1]) !== Buffer.byteLength(body ?? '')) return
          socket!.off('data', take)
          resolve()
        })
      })
      expect(got).toMatch(/^HTTP\/1.1 200 /)
      socket!.write(METRICS)
    }
  })
})

describe('what can go wrong', () => {
  const refusal = async (part: Partial<TelemetryServerOptions>): Promise<LetheError> => {
    const error = await serve(part).then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    expect(error).toBeInstanceOf(LetheError)
    return error as LetheError
  }

  it('says that the port is taken, and by which setting to change it', async () => {
    const other: Server = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void other.close())
    const { port } = other.address() as { port: number }
    const error = await refusal({ port })
    expect(error.exitCode).toBe(EXIT.io)
    expect(error.message).toContain(`127.0.0.1:${port}: the port is taken`)
    expect(error.suggestion).toContain('http.port')
  })

  it('says that the address is not this machine’s', async () => {
    const error = await refusal({ host: '192.0.2.1' })
    expect(error.message).toContain('no such address')
    expect(error.suggestion).toContain('http.host')
  })

  it('closes at once, whoever is connected', async () => {
    const { port, close } = await serve()
    const socket = connect(port, '127.0.0.1')
    await new Promise<void>((resolve) => socket.once('connect', resolve))
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
    socket.on('error', () => {})
    const start = performance.now()
    await close()
    await closed
    // Node looks after connections that ask nothing each 30 s.
    expect(performance.now() - start).toBeLessThan(10_000)
    await expect(ask(port, '/livez')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })
})
