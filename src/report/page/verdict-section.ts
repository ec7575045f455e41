/** The top of the page: the verdict, and the four tiles that it comes from. */
import type { ReportDocument, ReportTile } from '../../forms/report-form.ts'
import { type Html, html, NONE, prose, when } from './html.ts'
import { STATE_WORDS, TILE_WORDS, tileLimit, tileValue, time, VERDICT_WORDS } from './page-words.ts'
import { list, note, section, sign, state, table } from './parts.ts'
import { spark } from './svg.ts'

export function verdictSection({ verdict, tiles, limitsReason }: ReportDocument): Html {
  const titles = verdict.tiles.map((tile) => TILE_WORDS[tile].title)
  return html`<section id="verdict" class="verdict ${verdict.is}" aria-labelledby="verdict-title"><h2 id="verdict-title">Verdict: <span class="state ${verdict.is}">${sign(verdict.is)}<span>${VERDICT_WORDS[verdict.is]}</span></span></h2>${titles.length === 0 ? NONE : html`<p>By ${titles.join(', ')}: the verdict is the worst of the four, never an average.</p>`}${list(verdict.sentences)}<ul class="tiles">${tiles.map(tileItem)}</ul>${limitsReason === undefined ? NONE : html`<p>Limits: ${limitsReason}</p>`}</section>`
}

function tileItem(tile: ReportTile): Html {
  const { title, figure, section: to } = TILE_WORDS[tile.tile]
  const { is, trend, limitFrom, why } = tile
  const values = [...trend.map(({ value }) => value), tile.value].filter((value) => value !== null)
  const last = trend.at(-1)
  return html`<li class="tile"><h3>${title}</h3><p>${state(is)}</p><p class="big">${tileValue(tile)}</p><p class="soft">${figure}; limit: ${tileLimit(tile)}${limitFrom === 'default' ? ' (by default)' : ''}</p>${spark(values)}${when(last !== undefined, () => html`<p class="soft">Last time: ${tileValue({ ...tile, value: last!.value })}, ${STATE_WORDS[last!.is]} (${time(last!.made)})</p>`)}${why.map((one) => html`<p>${prose(one)}</p>`)}<p><a href="#${to}">How ${title.toLowerCase()} comes about</a></p></li>`
}

export function trendSection({ tiles, made, policy }: ReportDocument): Html {
  const dates = tiles[0]?.trend ?? []
  if (dates.length === 0)
    return section('trend', 'Trend', note('No earlier report was given, so no trend is shown (`--earlier`).'))
  const rows = dates.map((point, at) => [
    time(point.made),
    String(point.version),
    ...tiles.map((tile) => {
      const was = tile.trend[at]
      return was === undefined ? '' : `${tileValue({ ...tile, value: was.value })}, ${STATE_WORDS[was.is]}`
    }),
  ])
  const now = [
    time(made),
    String(policy.version),
    ...tiles.map((tile) => `${tileValue(tile)}, ${STATE_WORDS[tile.is]}`),
  ]
  return section(
    'trend',
    'Trend',
    table({
      id: 'trend-table',
      caption: 'The four figures by report, the oldest first; the last row is this report',
      head: ['made', 'version', ...tiles.map(({ tile }) => TILE_WORDS[tile].title)],
      rows: [...rows, now],
      isWide: true,
    }),
  )
}
