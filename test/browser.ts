/** A headless Chromium, where one is in the path and its driver is installed: for pages that Lethe writes. */
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, join } from 'node:path'
import { pathToFileURL } from 'node:url'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
const DRIVER: string = 'playwright-core'

/** The program; undefined where none is in PATH. */
const chromium: string | undefined = (process.env['PATH'] ?? '')
  .split(delimiter)
  .flatMap((folder) => NAMES.map((name) => join(folder, name)))
  .find((file) => existsSync(file))

const require = createRequire(import.meta.url)

function resolved(name: string): string | undefined {
  try {
    return require.resolve(name)
  } catch {
    return undefined
  }
}

const axe = resolved('axe-core')

/** Why pages cannot be looked at here; undefined where they can. */
export const noBrowser: string | undefined =
  chromium === undefined
    ? 'no Chromium in PATH'
    : resolved(DRIVER) === undefined || axe === undefined
      ? 'playwright-core or axe-core is not installed: npm ci'
      : undefined

/** As much of the driver as is used here. */
interface Page {
  readonly on: (
    event: string,
    hear: (what: { text?: () => string; url?: () => string; message?: string }) => void,
  ) => void
  readonly goto: (url: string) => Promise<unknown>
  readonly setViewportSize: (size: { width: number; height: number }) => Promise<void>
  readonly emulateMedia: (media: {
    colorScheme?: 'light' | 'dark'
    media?: 'screen' | 'print'
  }) => Promise<void>
  readonly screenshot: (options: { path: string; fullPage: boolean }) => Promise<unknown>
  readonly pdf: (options: {
    path: string
    preferCSSPageSize: boolean
    printBackground: boolean
  }) => Promise<unknown>
  readonly evaluate: <T>(script: string) => Promise<T>
  readonly keyboard: { readonly press: (key: string) => Promise<void> }
}
interface Context {
  readonly newPage: () => Promise<Page>
  readonly close: () => Promise<void>
}
interface Browser {
  readonly newContext: (options: { bypassCSP: boolean }) => Promise<Context>
  readonly close: () => Promise<void>
}
interface Driver {
  readonly chromium: {
    readonly launch: (options: { executablePath: string; args: string[] }) => Promise<Browser>
  }
}

export interface OpenPage {
  readonly page: Page
  /** What the console said, and what was asked for beside the page. */
  readonly said: readonly string[]
}

/** Opens a file, or an address, twice: as it is, and with the policy of its content left aside, so that axe can be put into it. */
export async function withPage<T>(
  place: string,
  use: (plain: OpenPage, probed: OpenPage) => Promise<T>,
): Promise<T> {
  const driver = (await import(DRIVER)) as Driver
  // As root, which containers are, Chromium has no sandbox; the page is ours, and no network is there for it.
  const browser = await driver.chromium.launch({ executablePath: chromium!, args: ['--no-sandbox'] })
  try {
    const open = async (bypassCSP: boolean): Promise<OpenPage> => {
      const page = await (await browser.newContext({ bypassCSP })).newPage()
      const said: string[] = []
      page.on('console', (message) => said.push(`console: ${message.text?.()}`))
      page.on('pageerror', (error) => said.push(`error: ${error.message}`))
      page.on('request', (request) => said.push(`request: ${request.url?.()}`))
      await page.goto(/^https?:/.test(place) ? place : pathToFileURL(place).href)
      return { page, said }
    }
    const [plain, probed] = [await open(false), await open(true)]
    return await use(plain, probed)
  } finally {
    await browser.close()
  }
}

export interface Violation {
  readonly id: string
  readonly impact: string
  readonly nodes: readonly string[]
}

/** What axe-core finds, best practices too. */
export async function violationsOf({ page }: OpenPage): Promise<readonly Violation[]> {
  await page.evaluate(readFileSync(axe!, 'utf8'))
  return await page.evaluate(`axe.run(document).then(({ violations }) =>
    violations.map(({ id, impact, nodes }) => ({ id, impact, nodes: nodes.map(({ html }) => html.slice(0, 200)) })))`)
}
