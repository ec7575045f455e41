/** Pictures of figures, as SVG: no script, no style of its own, a title and a description. Their units are a column of 360. */
import { type Html, html, NONE } from './html.ts'

export const WIDTH = 360
/** Characters of 10 units that fit into so many units, about. */
const PER_UNIT = 0.165

/** Cut to what fits; the whole of it stands in the table beside. */
export function fitting(text: string, units: number): string {
  const most = Math.max(3, Math.floor(units * PER_UNIT))
  const letters = [...text]
  return letters.length <= most ? text : `${letters.slice(0, most - 1).join('')}…`
}

/** A whole picture. */
export function picture(
  id: string,
  title: string,
  description: string,
  height: number,
  ...body: readonly Html[]
): Html {
  return html`<svg role="img" viewBox="0 0 ${WIDTH} ${round(height)}" aria-labelledby="${id}-t ${id}-d"><title id="${id}-t">${title}</title><desc id="${id}-d">${description}</desc>${body}</svg>`
}

/** Coordinates to a tenth. */
export const round = (value: number): number => Math.round(value * 10) / 10

export const label = (x: number, y: number, text: string, kind = '', anchor = 'start'): Html =>
  html`<text x="${round(x)}" y="${round(y)}" class="${kind}" text-anchor="${anchor}">${text}</text>`

export const rect = (x: number, y: number, width: number, height: number, kind: string): Html =>
  html`<rect x="${round(x)}" y="${round(y)}" width="${round(Math.max(0, width))}" height="${round(Math.max(0, height))}" class="${kind}"/>`

export const line = (x1: number, y1: number, x2: number, y2: number, kind = 'axis'): Html =>
  html`<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" class="${kind}"/>`

/** A band from one edge to another, as flows are drawn. */
export function band(x1: number, top1: number, x2: number, top2: number, height: number, kind: string): Html {
  const middle = round((x1 + x2) / 2)
  const [a, b, h] = [round(top1), round(top2), round(height)]
  return html`<path class="band ${kind}" d="M${x1} ${a}C${middle} ${a} ${middle} ${b} ${x2} ${b}V${round(b + h)}C${middle} ${round(b + h)} ${middle} ${round(a + h)} ${x1} ${round(a + h)}Z"/>`
}

export function path(points: readonly (readonly [x: number, y: number])[], kind: string): Html {
  if (points.length === 0) return NONE
  return html`<path class="${kind}" d="M${points.map(([x, y]) => `${round(x)} ${round(y)}`).join('L')}"/>`
}

/** The course of a number over reports, without words: they stand beside it. */
export function spark(values: readonly number[]): Html {
  if (values.length < 2) return NONE
  const [low, high] = [Math.min(...values), Math.max(...values)]
  const place = (value: number, at: number): readonly [number, number] => [
    4 + (at * 112) / (values.length - 1),
    high === low ? 12 : 20 - ((value - low) * 16) / (high - low),
  ]
  const points = values.map(place)
  const [x, y] = points.at(-1)!
  return html`<svg class="spark" viewBox="0 0 120 24" aria-hidden="true" focusable="false">${path(points, 'curve')}<circle cx="${round(x)}" cy="${round(y)}" r="3" class="here"/></svg>`
}
