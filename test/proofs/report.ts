/**
 * `npm run proof:report`: reports of real runs in headless Chromium: whole, incomplete and failed, with names that are hostile. Wide and narrow, light and
 * dark, printed on A4; no message of the console, no request, no violation that axe-core knows, each number in report.json, and every link
 * and table within reach of the keyboard. Ends with 1 where something does not hold. `--keep FOLDER` keeps pages and pictures.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { ReportDocument } from '../../src/forms/report-form.ts'
import { noBrowser, type OpenPage, violationsOf, withPage } from '../browser.ts'
import { reportFolder } from '../report-folder.ts'
import { strangers } from '../report-numbers.ts'

const { values } = parseArgs({
  options: {
    people: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
    keep: { type: 'string' },
  },
})

if (noBrowser !== undefined) {
  process.stderr.write(`proof:report cannot run: ${noBrowser}\n`)
  process.exit(1)
}

/** Groups whose names are markup, formulas and marks of direction, beside harmless ones. */
const ORIGINS = [
  ...['north', 'north', 'north', 'south', 'south', 'east'],
  ...['<script>alert(1)</script>', '=HYPERLINK("http://x")', '\u202ewest', '"><img src=x onerror=alert(1)>'],
]
const script = fileURLToPath(new URL('../../dist/bin/lethe.js', import.meta.url))
const folder = values.keep === undefined ? mkdtempSync(join(tmpdir(), 'lethe-report-')) : resolve(values.keep)
mkdirSync(folder, { recursive: true })

let failed = false
const say = (text: string): void => void process.stdout.write(`${text}\n`)
const check = (what: string, holds: boolean, more = ''): void => {
  say(`${holds ? 'holds' : 'FAILS'}: ${what}${more === '' ? '' : ` (${more})`}`)
  failed ||= !holds
}

const lethe = async (args: readonly string[], { cwd }: { readonly cwd: string }) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], { cwd, encoding: 'utf8' })
  return { code: status, stdout, stderr }
}

/** The width of the printed page in CSS pixels: A4 without its margins. */
const A4 = Math.round(((210 - 2 * 14) / 25.4) * 96)

async function looks(name: string, { page, said }: OpenPage): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const)
    for (const width of [1280, 390]) {
      await page.emulateMedia({ colorScheme, media: 'screen' })
      await page.setViewportSize({ width, height: 900 })
      const wide = await page.evaluate<number>('document.documentElement.scrollWidth')
      check(`${name} fits ${width} px, ${colorScheme}`, wide <= width, `${wide} px`)
      await page.screenshot({ path: join(folder, `${name}-${width}-${colorScheme}.png`), fullPage: true })
    }
  await page.emulateMedia({ colorScheme: 'dark', media: 'print' })
  await page.setViewportSize({ width: A4, height: 1000 })
  const cut = await page.evaluate<
    readonly string[]
  >(`[...document.querySelectorAll('.scroll, svg, .field, .tile, section')]
    .filter((one) => one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 0).map((one) => one.outerHTML.slice(0, 120))`)
  check(`${name} is not cut off on A4`, cut.length === 0, cut.join(' '))
  const ink = await page.evaluate<string>('getComputedStyle(document.body).color')
  check(`${name} prints dark on white, also where the reader is dark`, ink === 'rgb(0, 0, 0)', ink)
  await page.pdf({ path: join(folder, `${name}.pdf`), preferCSSPageSize: true, printBackground: true })
  await page.emulateMedia({ colorScheme: 'light', media: 'screen' })
  check(
    `${name} asks for nothing, and the console says nothing`,
    said.length === 1 && said[0]!.startsWith('request: file:'),
    said.slice(1).join(' '),
  )
}

/** Goes through the page by the tabulator. */
async function walks(name: string, { page }: OpenPage): Promise<void> {
  await page.setViewportSize({ width: 390, height: 900 })
  const stops = await page.evaluate<number>(`document.querySelectorAll('a[href], [tabindex="0"]').length`)
  await page.evaluate('document.body.focus()')
  const seen: string[] = []
  for (let at = 0; at < stops; at++) {
    await page.keyboard.press('Tab')
    seen.push(await page.evaluate<string>('document.activeElement.outerHTML.slice(0, 160)'))
  }
  check(`${name} begins with a link to the verdict`, seen[0]!.includes('class="skip"'))
  check(`${name} can be walked by keyboard`, new Set(seen).size === stops, `${stops} stops`)
}

async function proves(name: string, is: ReportDocument['verdict']['is']): Promise<void> {
  const file = join(folder, `${name}.html`)
  const text = readFileSync(file, 'utf8')
  const document = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as ReportDocument
  const { numbers, strange } = strangers(text, document)
  check(`${name}: each of ${numbers} numbers stands in report.json`, strange.length === 0, strange.join(' '))
  const rows = [...document.flow.suppressed, ...document.flow.deadLettered].reduce(
    (all, { count }) => all + count,
    0,
  )
  const { in: read, published, tombstones } = document.flow
  check(
    `${name}: the flow adds up`,
    read - published - tombstones - rows === 0 && document.flow.remainder === 0,
    `${read} records`,
  )
  check(`${name}: the verdict is ${is}`, document.verdict.is === is, document.verdict.is)
  await withPage(file, async (plain, probed) => {
    await walks(name, plain)
    await looks(name, plain)
    for (const colorScheme of ['light', 'dark'] as const)
      for (const width of [1280, 390]) {
        await probed.page.emulateMedia({ colorScheme })
        await probed.page.setViewportSize({ width, height: 900 })
        const found = await violationsOf(probed)
        check(
          `${name} has no violation, ${colorScheme}, ${width} px`,
          found.length === 0,
          JSON.stringify(found),
        )
      }
  })
}

try {
  const { run, all } = await reportFolder(lethe, folder, {
    people: Number(values.people),
    seed: Number(values.seed),
    origins: ORIGINS,
  })
  await run(1, 'report', ...all, '-o', 'whole.html')
  const first = JSON.parse(readFileSync(join(folder, 'whole.json'), 'utf8')) as ReportDocument
  for (const [at, share] of [0.4, 0.9, 1.3].entries())
    writeFileSync(
      join(folder, `earlier-${at}.json`),
      JSON.stringify({
        ...first,
        made: `2026-0${at + 1}-01T00:00:00.000Z`,
        tiles: first.tiles.map((one) => ({ ...one, value: one.value === null ? null : one.value * share })),
      }),
    )
  const curve = [2, 3, 5, 10, 20, 50, 100, 500].map((k) => ({ k, loss: Math.log(k) / 8 }))
  writeFileSync(join(folder, 'curve.json'), JSON.stringify({ curve }))
  const earlier = [0, 1, 2].flatMap((at) => ['--earlier', `earlier-${at}.json`])
  await run(1, 'report', ...all, ...earlier, '--curve', 'curve.json', '-o', 'whole.html')
  const failing = [
    '-p',
    'policy.yaml',
    '--keys',
    'keys.json',
    '--match-keys',
    'match.json',
    '--list',
    'erasures=erasures.ndjson',
    '--table',
    'training=training.ndjson',
  ]
  await run(
    3,
    'batch',
    'in.ndjson',
    ...failing,
    '--max-dead-letters',
    '0',
    '-o',
    'none.ndjson',
    '--summary',
    'failed-run.json',
  )
  await run(1, 'report', 'failed-run.json', '-o', 'failed.html')
  writeFileSync(join(folder, 'loose.yaml'), 'operations: 0.5\n')
  await run(1, 'report', 'run.json', '--limits', 'loose.yaml', '-o', 'incomplete.html')
  await run(
    0,
    'report',
    'run.json',
    '-p',
    'policy.yaml',
    '--measure',
    'measure.json',
    '--limits',
    'loose.yaml',
    '-o',
    'good.html',
  )
  await proves('whole', 'beyond')
  await proves('failed', 'failed')
  await proves('incomplete', 'not-measured')
  await proves('good', 'within')
} finally {
  if (values.keep === undefined) rmSync(folder, { recursive: true, force: true })
}
say(failed ? 'proof:report: something does not hold' : 'proof:report: all of it holds')
process.exitCode = failed ? 1 : 0
