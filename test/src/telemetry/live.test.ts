/** The live page: its files, its events and their bounds over real HTTP, its tables, and the page in a browser. */
import { get, type IncomingMessage } from 'node:http'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Health } from '../../../src/telemetry/health.ts'
import type { serveTelemetry, TelemetryServerOptions } from '../../../src/telemetry/http.ts'
import { tablesOf } from '../../../src/telemetry/live/live-client.ts'
import { type LiveSnapshot, liveSeries, MOST_LIVE_SERIES } from '../../../src/telemetry/live/live-snapshot.ts'
import { MOST_LIVE_CLIENTS } from '../../../src/telemetry/live/live-stream.ts'
import { Metrics } from '../../../src/telemetry/metrics.ts'
import { noBrowser, type OpenPage, violationsOf, withPage } from '../../browser.ts'
import { samples } from './exposition.ts'
import { firstEvent } from './live-events.ts'

/** As it is built: the page's script is served from beside it. */
const { href } = new URL('../../../dist/src/telemetry/http.js', import.meta.url)
const built = (await import(href)) as {
  readonly serveTelemetry: typeof serveTelemetry
}

const HOSTILE = '<img src=x onerror="document.title=1"> "q" \\ \n end'

/** Metrics of two routes, as fed by hand. */
function fed(): Metrics {
  const metrics = new Metrics({ version: '1.2.3' })
  metrics.workers(2, 1)
  const nothing = { looked: 0, suspects: {}, failures: {}, applied: 0, absent: 0, null: 0, failed: 0 }
  for (const name of ['orders', HOSTILE]) {
    const route = metrics.route({
      route: name,
      policy: { name: 'customer-events', version: 3, fingerprint: 'ab12', purpose: 'train_ai_system' },
      ...(name === 'orders' ? { approvals: 2 } : {}),
      rules: ['id hash.hmac'],
      suppressions: [HOSTILE],
      suspects: [],
      groups: [{ group: HOSTILE, outcome: 'published' }],
    })
    const counts = {
      ...{ records: 1250, published: 1200, tombstones: 10, byGroup: [1210], rules: [nothing] },
      ...{ suppressed: { [HOSTILE]: 30 }, deadLettered: { 'bad-utf8': 10 } },
    }
    route.settled(counts, { published: 1200, tombstones: 10, deadLetters: 10, pastRetention: 0 }, 0.02)
    route.assigned(2)
    route.transaction(0.2)
    route.lag([
      { topic: 'in', partition: 0, records: 7 },
      { topic: 'in', partition: 1, records: 5 },
    ])
    const figure = (value: number) => ({ value, error: value / 10 })
    route.sketched('output', { unique: figure(0.02), atRisk: figure(0.1), combinations: figure(40) })
  }
  metrics.table('training')({ offset: 99 }, 1500)
  return metrics
}

async function serve(part: Partial<TelemetryServerOptions> = {}) {
  // A machine with much to do is slow, and not stalled.
  const health = new Health({ stalledAfter: 60_000 })
  health.keysLoaded()
  health.begin('orders').assigned(true)
  const metrics = fed()
  const server = await built.serveTelemetry({ port: 0, metrics: () => metrics.text(), health, ...part })
  onTestFinished(() => server.close())
  return { server, metrics, url: `http://127.0.0.1:${server.port}` }
}

const snapshotOf = async (metrics: Metrics, at = 0): Promise<LiveSnapshot> => {
  const verdict = { ok: true, lines: [] }
  return { at, live: verdict, ready: verdict, ...liveSeries(await metrics.text()) }
}

/** Opens an event stream; gives its answer, whose data nobody has to read. */
function listen(url: string, headers: Readonly<Record<string, string>> = {}): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const asked = get(`${url}/live`, { agent: false, headers }, resolve)
    asked.on('error', reject)
    onTestFinished(() => void asked.destroy())
  })
}

describe('the files of the live page', () => {
  it('come from this server, and forbid all else', async () => {
    const { url } = await serve()
    const page = await fetch(`${url}/`)
    const html = await page.text()
    const policy = page.headers.get('content-security-policy')!
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).not.toMatch(/unsafe|https?:|data:|\*/)
    expect(page.headers.get('referrer-policy')).toBe('no-referrer')
    expect(page.headers.get('x-content-type-options')).toBe('nosniff')
    // No script, style or handler in the page itself.
    expect(html).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon[a-z]+=/i)
    const asked = [...html.matchAll(/(?:src|href)="([^"#]+)"/g)].map(([, path]) => path!)
    expect(asked).toEqual(expect.arrayContaining(['uplot.js', 'uplot.css', 'live.js', 'live.css']))
    for (const path of asked.filter((one) => one !== 'readyz')) {
      const { status, headers } = await fetch(new URL(path, `${url}/`))
      expect(status, path).toBe(200)
      if (path.endsWith('.js')) expect(headers.get('content-type')).toContain('text/javascript')
    }
  })

  it.each(['/', '/live.js', '/uplot.js'])(
    'give a HEAD of %s headers alone, and take nothing',
    async (path) => {
      const { url } = await serve()
      const [get, head] = [await fetch(url + path), await fetch(url + path, { method: 'HEAD' })]
      expect(head.headers.get('content-length')).toBe(get.headers.get('content-length'))
      expect(await head.text()).toBe('')
      expect((await fetch(url + path, { method: 'POST', body: 'x' })).status).toBe(405)
    },
  )
})

describe('the events', () => {
  it('say what /metrics says, and go on', async () => {
    const { url } = await serve({ liveEvery: 20 })
    const response = await listen(url)
    expect(response.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
    })
    let text = ''
    for await (const chunk of response.setEncoding('utf8')) {
      text += chunk
      if (text.split('event: snapshot').length > 3) break
    }
    expect(text).toMatch(/^retry: 3000\n\n/)
    const { series, left, ready } = JSON.parse(/data: (.*)\n\n/.exec(text)![1]!) as LiveSnapshot
    expect([left, ready]).toEqual([0, { ok: true, lines: ['keys: ok', 'assigned: ok'] }])
    const quoted = (said: string): string =>
      said.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"')
    const prometheus = samples(await (await fetch(`${url}/metrics`)).text())
    const found = Object.entries(series).flatMap(([name, all]) =>
      all.map(([labels, value]) => {
        const pairs = Object.entries(labels).map(([label, said]) => `${label}="${quoted(said)}"`)
        return [pairs.length === 0 ? name : `${name}{${pairs.join(',')}}`, value] as const
      }),
    )
    expect(found.length).toBeGreaterThan(50)
    for (const [name, value] of found) expect(prometheus.get(name), name).toBe(value)
  })

  it('tell nothing of what went wrong', async () => {
    const { url } = await serve({ metrics: () => Promise.reject(new Error('canary ada@example.org')) })
    expect(await firstEvent(`${url}/live`)).toBe('event: unreadable\ndata: {}\n\n')
  })

  it('go to so many at a time, and to the next one when one leaves', async () => {
    const { url } = await serve()
    const all = await Promise.all(Array.from({ length: MOST_LIVE_CLIENTS }, () => listen(url)))
    expect(all.map(({ statusCode }) => statusCode)).toEqual(all.map(() => 200))
    const refused = await fetch(`${url}/live`)
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '10'])
    // Metrics and probes are there for others all the same, and a HEAD takes no place.
    expect((await fetch(`${url}/livez`)).status).toBe(200)
    expect((await fetch(`${url}/live`, { method: 'HEAD' })).status).toBe(200)
    all[0]!.destroy()
    await expect
      .poll(async () => {
        const again = await listen(url)
        if (again.statusCode !== 200) again.destroy()
        return again.statusCode
      })
      .toBe(200)
  })

  it('are refused to pages of other origins, and to another name', async () => {
    const { url } = await serve()
    for (const site of ['cross-site', 'same-site'])
      expect((await listen(url, { 'sec-fetch-site': site })).statusCode).toBe(403)
    expect((await listen(url, { 'sec-fetch-site': 'same-origin' })).statusCode).toBe(200)
    expect((await listen(url, { host: 'evil.example' })).statusCode).toBe(421)
  })

  it('leave those who do not read', async () => {
    const line = (n: number): string => `lethe_records_consumed_total{route="${'x'.repeat(400)}${n}"} 1`
    const large = Array.from({ length: 4000 }, (_, n) => line(n)).join('\n')
    const { url } = await serve({ liveEvery: 50, metrics: async () => large })
    // What is answered and not read fills the buffers of the kernel; then events wait.
    await Promise.all(Array.from({ length: MOST_LIVE_CLIENTS }, () => listen(url)))
    const status = async (): Promise<number> => {
      const response = await listen(url)
      response.destroy()
      return response.statusCode!
    }
    expect(await status()).toBe(503)
    await expect.poll(status, { timeout: 10_000, interval: 200 }).toBe(200)
  })

  it('end with the server', async () => {
    const { server, url } = await serve()
    const responses = await Promise.all([listen(url), listen(url)])
    const ended = responses.map(
      (response) => new Promise((resolve) => response.once('close', resolve).on('error', () => {})),
    )
    await server.close()
    await Promise.all(ended)
  })
})

describe('a snapshot', () => {
  it('has so many series and says how many it left out', () => {
    const line = (n: number): string =>
      `lethe_consumer_lag_records{route="r",topic="t",partition="${n}"} ${n}`
    const text = Array.from({ length: MOST_LIVE_SERIES + 3 }, (_, n) => line(n)).join('\n')
    const { series, left } = liveSeries(text)
    expect([series['lethe_consumer_lag_records']!.length, left]).toEqual([MOST_LIVE_SERIES, 3])
  })

  it('has every label as it was, whatever stands in it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme' }), async (group) => {
        const metrics = new Metrics({ version: '1' })
        metrics.route({
          route: 'r',
          policy: { name: 'p', version: 1, fingerprint: 'f', purpose: 'p' },
          rules: [],
          suppressions: [],
          suspects: [],
          groups: [{ group, outcome: 'published' }],
        })
        const { series } = liveSeries(await metrics.text())
        expect(series['lethe_group_records_total']).toEqual([
          [{ route: 'r', group, outcome: 'published' }, 0],
        ])
      }),
      { numRuns: 100 },
    )
  })
})

describe('the tables', () => {
  it('say what is counted, and rates of two snapshots', async () => {
    const metrics = fed()
    const before = await snapshotOf(metrics, 1000)
    const tables = tablesOf(await snapshotOf(metrics, 3000), before)
    expect(tables['routes']![0]!.slice(0, 8)).toEqual(['orders', 0, 1250, 1210, 30, 10, 0, 2])
    expect(tables['lag']![0]).toEqual(['orders', 'in', 2, 12])
    expect(tables['letters']![0]).toEqual(['orders', 'bad-utf8', 10])
    expect(tables['groups']).toContainEqual(['orders', HOSTILE, 'published', 1210])
    expect(tables['consent']).toEqual([['training', 99, 1.5]])
    expect(tables['sketch']![0]).toEqual(['orders', 'output', '2 ± 0.2', '10 ± 1', 40])
    expect(tables['policies']!.map((row) => row[4])).toEqual(['2 approved', 'none required'])
    expect(tables['latency']!.slice(0, 2)).toEqual([
      ['orders', 'batch', 1, 0.025, 0.025, 0.025],
      ['orders', 'transaction', 1, 0.25, 0.25, 0.25],
    ])
    expect(tables['workers']!.slice(0, 2)).toEqual([
      ['processes configured', '', '', 2],
      ['processes running', '', '', 1],
    ])
    const series = {
      lethe_policy_info: [[{ route: 'r' }, 1]],
      lethe_records_consumed_total: [[{ route: 'r' }, 500]],
    }
    const one = { ...before, series } as unknown as LiveSnapshot
    const two = {
      ...one,
      at: 3000,
      series: { ...series, lethe_records_consumed_total: [[{ route: 'r' }, 2500]] },
    } as unknown as LiveSnapshot
    expect(tablesOf(two, one)['routes']![0]![1]).toBe(1000)
    // A counter that fell began again: no rate is known.
    expect(tablesOf({ ...one, at: 5000 }, two)['routes']![0]![1]).toBe('not known')
  })
})

describe.skipIf(noBrowser !== undefined)(
  `in a browser${noBrowser === undefined ? '' : ` [skipped: ${noBrowser}]`}`,
  () => {
    it('shows hostile names as text, says when it breaks, asks no one else, and has no violation', {
      timeout: 60_000,
    }, async () => {
      const { server, url } = await serve({ liveEvery: 400 })
      await withPage(`${url}/`, async (plain, probed) => {
        const shown = async ({ page }: OpenPage): Promise<string> => {
          await expect
            .poll(async () => await page.evaluate<number>(`document.querySelectorAll('#groups tr').length`), {
              timeout: 10_000,
            })
            .toBe(2)
          return await page.evaluate<string>(`document.querySelector('#groups td').textContent`)
        }
        expect(await shown(plain)).toBe(HOSTILE)
        expect(await plain.page.evaluate(`document.title`)).toBe('Lethe, live')
        expect(await plain.page.evaluate(`document.querySelectorAll('img').length`)).toBe(0)
        expect(await plain.page.evaluate(`document.querySelectorAll('.chart canvas').length`)).toBe(3)
        expect(
          await plain.page.evaluate(`document.querySelector('#routes tr').children[2].textContent`),
        ).toBe('1,250')
        for (const colorScheme of ['light', 'dark'] as const)
          for (const width of [1280, 390]) {
            await plain.page.emulateMedia({ colorScheme })
            await plain.page.setViewportSize({ width, height: 900 })
            expect(await plain.page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(
              width,
            )
          }
        await shown(probed)
        await probed.page.setViewportSize({ width: 390, height: 900 })
        expect(await violationsOf(probed)).toEqual([])
        const paths = plain.said.map((one) => one.replace(`request: ${url}`, ''))
        expect(paths.sort()).toEqual(
          ['/', '/live', '/live.css', '/live.js', '/live.svg', '/uplot.css', '/uplot.js'].filter(
            (one) => one !== '/live.svg' || paths.includes(one),
          ),
        )
        await server.close()
        await expect
          .poll(async () => await plain.page.evaluate(`document.getElementById('connection').textContent`))
          .toBe('The connection is broken')
        expect(await plain.page.evaluate(`document.getElementById('since').textContent`)).toMatch(
          /^since 20.* UTC\. The figures below are the last ones\./,
        )
      })
    })
  },
)
