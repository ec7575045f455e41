/** HTML that escapes by itself: what a template is given is text, unless another template made it. */
import { printable } from '../../terminal.ts'

/** Text that is HTML already. Only `html` makes it. */
export class Html {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

export type HtmlValue = string | number | Html | readonly Html[] | undefined

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
}

/** Text of others: control characters and marks of direction become visible, and nothing is markup; for quoted attributes, too. */
export const escapeText = (text: string): string =>
  printable(text.replace(/[\t\n\r]+/g, ' ')).replace(/[&<>"'`]/g, (one) => ENTITIES[one]!)

const valueText = (value: HtmlValue): string => {
  if (value === undefined) return ''
  if (value instanceof Html) return value.text
  if (typeof value === 'object') return value.map(({ text }) => text).join('')
  return escapeText(String(value))
}

/** A tagged template. Attributes have to stand in double quotes. */
export function html(parts: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  return new Html(parts.map((part, at) => (at === 0 ? part : `${valueText(values[at - 1])}${part}`)).join(''))
}

export const NONE: Html = new Html('')

/** A sentence whose backticks mark code. */
export const prose = (text: string): Html =>
  html`${text.split('`').map((part, at) => (at % 2 === 1 ? html`<code>${part}</code>` : html`${part}`))}`

/** `make` where there is something to make it of. */
export const when = (holds: boolean, make: () => Html): Html => (holds ? make() : NONE)

/**
 * A name or sentence of others as a cell of a table. Spreadsheets that a table is copied into take a cell that begins with one of
 * these for a formula.
 */
export const plain = (text: string): string => (/^\s*[=+\-@|%]/.test(text) ? `'${text}` : text)
