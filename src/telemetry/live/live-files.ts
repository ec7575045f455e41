/** The live page's files: HTML and style are texts here, its script is built beside this file, and uPlot (MIT) is a package. */
import { readFile } from 'node:fs/promises'
import type { OutgoingHttpHeaders } from 'node:http'
import { createRequire } from 'node:module'
import { LIVE_HTML } from './live-html.ts'
import { LIVE_STYLE } from './live-style.ts'

export interface LiveFile {
  readonly type: string
  readonly text: () => Promise<string>
}

/** Beside those of every answer. The page runs our two scripts and asks this server; nothing of a text can become markup. */
export const LIVE_HEADERS: OutgoingHttpHeaders = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "img-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; '),
  'cross-origin-opener-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
}

const ICON =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path d="M2 8c3-5 9-5 12 0-3 5-9 5-12 0z" fill="none" stroke="#5f8fc0" stroke-width="2"/></svg>'

const JAVASCRIPT = 'text/javascript; charset=utf-8'
const CSS = 'text/css; charset=utf-8'

/** Read at the first request, then kept: the files are few and small. */
function kept(read: () => Promise<string>): () => Promise<string> {
  let text: Promise<string> | undefined
  return () => {
    text ??= read().catch((error) => {
      text = undefined
      throw error
    })
    return text
  }
}

const packaged = (file: string): (() => Promise<string>) =>
  kept(async () => await readFile(createRequire(import.meta.url).resolve(`uplot/dist/${file}`), 'utf8'))

const SCRIPT = new URL('./live-client.js', import.meta.url)

/** By path of the request. */
export const LIVE_FILES: Readonly<Record<string, LiveFile>> = {
  '/': { type: 'text/html; charset=utf-8', text: async () => LIVE_HTML },
  '/live.css': { type: CSS, text: async () => LIVE_STYLE },
  '/live.js': { type: JAVASCRIPT, text: kept(async () => await readFile(SCRIPT, 'utf8')) },
  '/live.svg': { type: 'image/svg+xml', text: async () => ICON },
  '/uplot.css': { type: CSS, text: packaged('uPlot.min.css') },
  '/uplot.js': { type: JAVASCRIPT, text: packaged('uPlot.iife.min.js') },
}
