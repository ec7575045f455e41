/** Parts of the page: sections, tables that scroll by keyboard, figures with their twins, states with their signs. */
import type { TileState } from '../../forms/report-form.ts'
import { Html, html, NONE, plain, prose } from './html.ts'
import { STATE_WORDS } from './page-words.ts'

/** Text, or HTML that was made of it. */
export type PageCell = string | Html

const cell = (value: PageCell): PageCell => (value instanceof Html ? value : plain(value))

export function section(id: string, title: string, ...body: readonly Html[]): Html {
  return html`<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${title}</h2>${body}</section>`
}

export interface PageTable {
  readonly id: string
  readonly caption: string
  readonly head: readonly string[]
  readonly rows: readonly (readonly PageCell[])[]
  /** Columns of figures, from 0. */
  readonly numbers?: readonly number[]
  /** Has many columns: on a narrow screen it scrolls. */
  readonly isWide?: boolean
}

/** The first column names its row. What is too wide scrolls, by keyboard too. */
export function table({ id, caption, head, rows, numbers = [], isWide = false }: PageTable): Html {
  const kind = (at: number): string => (numbers.includes(at) ? 'figure' : 'words')
  const heads = head.map((name, at) => html`<th scope="col" class="${kind(at)}">${name}</th>`)
  const lines = rows.map(
    (row) =>
      html`<tr>${row.map((value, at) =>
        at === 0
          ? html`<th scope="row" class="${kind(at)}">${cell(value)}</th>`
          : html`<td class="${kind(at)}">${cell(value)}</td>`,
      )}</tr>`,
  )
  return html`<div class="scroll${isWide ? ' wide' : ''}" role="region" tabindex="0" aria-labelledby="${id}-caption"><table><caption id="${id}-caption">${caption}</caption><thead><tr>${heads}</tr></thead><tbody>${lines}</tbody></table></div>`
}

/** What a section says that needs a measure, and has none. */
export const NOT_MEASURED: string =
  'No measure was given (`--measure`), so it is not known. That is no good sign.'

/** A picture beside a table that says the same. */
export const figure = (picture: Html, twin: Html): Html =>
  html`<div class="pair"><figure>${picture}</figure>${twin}</div>`

/** A digest or a key. */
export const code = (text: string): Html => html`<code>${plain(text)}</code>`

export const note = (text: string): Html => html`<p class="note">${prose(text)}</p>`

export function list(items: readonly PageCell[]): Html {
  return items.length === 0
    ? NONE
    : html`<ul>${items.map((one) => html`<li>${one instanceof Html ? one : prose(plain(one))}</li>`)}</ul>`
}

/** Signs that differ by shape: none is told by its colour alone. */
const SIGNS: Readonly<Record<TileState, Html>> = {
  within: html`<path d="M4.5 10.5l3.5 3.5 7.5-8"/>`,
  beyond: html`<path d="M10 3.5l7 12.5h-14z"/><path d="M10 8.5v3.5"/><path d="M10 14v.2"/>`,
  failed: html`<path d="M5 5l10 10"/><path d="M15 5l-10 10"/>`,
  'not-measured': html`<path d="M7 7.5a3 3 0 1 1 4.3 2.7c-.9.5-1.3 1-1.3 2"/><path d="M10 15v.2"/>`,
}

export const sign = (is: TileState): Html =>
  html`<svg class="sign" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true" focusable="false">${SIGNS[is]}</svg>`

/** A state in words, with its sign. */
export const state = (is: TileState, words: string = STATE_WORDS[is]): Html =>
  html`<span class="state ${is}">${sign(is)}<span>${words}</span></span>`
