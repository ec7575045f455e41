/**
 * `npm run proof:live`: the live page of `lethe stream --workers 2` in headless Chromium, while records come: groups, a sketch, approvals,
 * dead letters and a route that hostile names stand in. Wide and narrow, light and dark; its figures are those of /metrics, the console is
 * silent, axe-core finds nothing, and nothing is asked for elsewhere. LIVE_KEEP=FOLDER keeps pictures.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { approve } from '../../src/approval/add-approval.ts'
import { compilePolicyFile } from '../../src/policy/compile-file.ts'
import { createSigningKeyFiles, readSigningKey } from '../../src/signing/private-key.ts'
import { broker, onKafka } from '../broker/suite.ts'
import { noBrowser, violationsOf, withPage } from '../browser.ts'
import { samples } from '../src/telemetry/exposition.ts'
import { World } from './stream-world.ts'

const HOSTILE = '<img src=x onerror=alert(1)>'
const KEEP = process.env['LIVE_KEEP']

const POLICY = `policy: live
version: 1
purpose: train_ai_system
subject: id
time: at
fields:
  id: { use: hash.hmac, domain: customer }
  at: { use: generalize.date, to: day }
  cluster: { use: generalize.prefix, keep: 4, role: quasi-identifier }
  age: { use: generalize.number, width: 10, role: quasi-identifier }
retention: { steps: [ { after: 400d, then: suppress } ] }
`

const events = (from: number, count: number) =>
  Array.from({ length: count }, (_, n) => {
    const id = from + n
    const cluster = `Cluster ${id % 4}`
    const at = id % 50 === 0 ? '2020-01-01T00:00:00Z' : new Date().toISOString()
    const row = { id: `C-${id}`, cluster, age: 20 + (id % 30), country: id % 3 === 0 ? HOSTILE : 'DE', at }
    return { key: String(id), value: id % 100 === 1 ? '{"id":' : JSON.stringify(row) }
  })

onKafka('the live page of a stream', () => {
  it.skipIf(noBrowser !== undefined)('is what /metrics says', async (test) => {
    const world = await World.make(broker.address, test, {
      policy: POLICY.replace('fields:\n', 'fields:\n  country: drop\n'),
      partitions: 4,
      pipeline:
        'maxDeadLetters: 100%\nhttp: { port: 0 }\napproval: { need: 1, keys: { file: trusted.pem } }\n',
      route: `    balance: { by: country, groups: [DE, ${JSON.stringify(HOSTILE)}] }
    sketch: { folder: sketches, side: both, period: 1d, keep: 2d, holds: none }
`,
    })
    mkdirSync(join(world.folder, 'sketches'))
    createSigningKeyFiles(join(world.folder, 'anna.pem'))
    writeFileSync(join(world.folder, 'trusted.pem'), readFileSync(join(world.folder, 'anna.pem.pub'), 'utf8'))
    const file = join(world.folder, 'policy.yaml')
    const { plan, problems } = await compilePolicyFile(file)
    if (plan === undefined) throw new Error(JSON.stringify(problems))
    approve(file, plan, {
      role: 'privacy-officer',
      note: 'read for this proof',
      key: readSigningKey(join(world.folder, 'anna.pem')),
      now: Date.now(),
    })
    await world.send(events(0, 2000))
    const stream = world.start('a', '--workers', '2')
    expect(await stream.says(/"kind":"listening".*?"port":\d+/, 30_000), stream.said).toBe(true)
    const url = `http://127.0.0.1:${/"kind":"listening".*?"port":(\d+)/.exec(stream.said)![1]}`
    await withPage(`${url}/`, async (plain, probed) => {
      const cell = async (row: number, column: number): Promise<string> =>
        await plain.page.evaluate<string>(
          `document.getElementById('routes').children[${row}]?.children[${column}]?.textContent ?? ''`,
        )
      const reads = async (count: string): Promise<void> =>
        await expect.poll(async () => await cell(0, 2), { timeout: 60_000, interval: 500 }).toBe(count)
      await reads('2,000')
      for (let round = 1; round <= 4; round++) {
        await world.send(events(round * 2000, 2000))
        await reads(`${(round + 1) * 2},000`)
      }
      const told = samples(await (await fetch(`${url}/metrics`)).text())
      const of = (name: string, ...labels: string[]): number =>
        [...told]
          .filter(
            ([series]) => series.startsWith(`${name}{`) && labels.every((label) => series.includes(label)),
          )
          .reduce((sum, [, value]) => sum + value, 0)
      const plainNumber = async (column: number): Promise<number> =>
        Number((await cell(0, column)).replaceAll(',', ''))
      expect(await plainNumber(2)).toBe(of('lethe_records_consumed_total'))
      expect(await plainNumber(3)).toBe(of('lethe_records_published_total'))
      expect(await plainNumber(4)).toBe(of('lethe_records_discarded_total', 'intentional="true"'))
      expect(await plainNumber(5)).toBe(of('lethe_records_quarantined_total'))
      expect(await plainNumber(6)).toBe(0)
      const text = async (id: string): Promise<string> =>
        await plain.page.evaluate<string>(`document.getElementById('${id}').textContent`)
      expect(await text('policies')).toContain('1 approved')
      expect(await text('groups')).toContain(HOSTILE)
      expect(await text('letters')).toContain('json-truncated')
      expect(await text('workers')).toMatch(/processes configured2processes running2/)
      // Told when its file is written.
      await expect
        .poll(async () => await text('sketch'), { timeout: 60_000, interval: 1000 })
        .toMatch(/input.*output/)
      expect(await text('ready')).toBe('Ready')
      for (const colorScheme of ['light', 'dark'] as const)
        for (const width of [1280, 390]) {
          for (const { page } of [plain, probed]) {
            await page.emulateMedia({ colorScheme })
            await page.setViewportSize({ width, height: 900 })
          }
          const wide = await plain.page.evaluate<number>('document.documentElement.scrollWidth')
          expect(wide).toBeLessThanOrEqual(width)
          expect(await violationsOf(probed), `${colorScheme} ${width}`).toEqual([])
          if (KEEP !== undefined)
            await plain.page.screenshot({ path: join(KEEP, `${width}-${colorScheme}.png`), fullPage: true })
        }
      expect(plain.said.filter((one) => !one.startsWith(`request: ${url}/`))).toEqual([])
      // It stands still, and goes on.
      stream.kill('SIGSTOP')
      await expect.poll(async () => await text('connection'), { timeout: 30_000 }).toBe('No figures come')
      stream.kill('SIGCONT')
      await expect.poll(async () => await text('connection'), { timeout: 30_000 }).toBe('Connected')
      // It drains while two event streams are open.
      stream.kill('SIGTERM')
      expect(await stream.within(60_000)).toMatchObject({ code: 0 })
      await expect
        .poll(async () => await text('connection'), { timeout: 20_000 })
        .toBe('The connection is broken')
    })
  })
})
