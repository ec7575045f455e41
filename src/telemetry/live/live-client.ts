/**
 * The live page's script, which runs in the browser: it hears `/live`, and writes tables and charts. It is one file because
 * it is served as one. Every text of a run goes in as text, never as markup.
 */
import type { LiveBrowser, LiveChart, LiveElement, LiveEvents } from './live-dom.ts'
import type { LiveSeries, LiveSnapshot } from './live-snapshot.ts'

type Labels = LiveSeries[0]
type Row = readonly (string | number)[]

/** Points of a chart: ten minutes. */
const MOST_POINTS = 300
/** Lines of a chart; the tables have all routes. */
const MOST_LINES = 6
const CHART_HEIGHT = 180
/** Without an event for so long, the connection counts as broken, and is made anew. */
const SILENT_MS = 8000

const number = new Intl.NumberFormat('en', { maximumFractionDigits: 3 })
const time = (milliseconds: number): string =>
  new Date(milliseconds).toISOString().slice(0, 19).replace('T', ' ')
const utc = (milliseconds: number): string => `${time(milliseconds)} UTC`

const of = ({ series }: LiveSnapshot, name: string): readonly LiveSeries[] => series[name] ?? []

const sum = (all: readonly LiveSeries[], matches: (labels: Labels) => boolean): number =>
  all.reduce((total, [labels, value]) => total + (matches(labels) ? (value ?? 0) : 0), 0)

const routesOf = (snapshot: LiveSnapshot): readonly string[] => [
  ...new Set(of(snapshot, 'lethe_policy_info').map(([{ route }]) => route!)),
]

/** The sums of a metric, less those of the snapshot before; undefined where a counter fell, or there is none before. */
function gained(now: number, before: number | undefined): number | undefined {
  return before === undefined || now < before ? undefined : now - before
}

const read = (snapshot: LiveSnapshot, route: string): number =>
  sum(of(snapshot, 'lethe_records_consumed_total'), (labels) => labels['route'] === route)

function rate(snapshot: LiveSnapshot, before: LiveSnapshot | undefined, route: string): number | undefined {
  if (before === undefined || snapshot.at <= before.at) return undefined
  const records = gained(read(snapshot, route), read(before, route))
  return records === undefined ? undefined : (records / (snapshot.at - before.at)) * 1000
}

/** The least upper bound of a bucket that holds a share of what was counted, in seconds; undefined: nothing was. */
function below(
  snapshot: LiveSnapshot,
  before: LiveSnapshot | undefined,
  step: string,
  route: string,
  share: number,
): number | undefined {
  const name = `lethe_${step}_duration_seconds_bucket`
  const counts = new Map<number, number>()
  const add = (from: LiveSnapshot, sign: number): void => {
    for (const [labels, value] of of(from, name)) {
      if (labels['route'] !== route) continue
      const bound = labels['le'] === '+Inf' ? Infinity : Number(labels['le'])
      counts.set(bound, (counts.get(bound) ?? 0) + sign * (value ?? 0))
    }
  }
  add(snapshot, 1)
  if (before !== undefined) add(before, -1)
  const all = counts.get(Infinity) ?? 0
  if (all <= 0) return undefined
  for (const [bound, count] of [...counts].sort(([one], [other]) => one - other))
    if (count >= share * all) return bound
  return undefined
}

const bound = (seconds: number | undefined): string | number =>
  seconds === undefined ? 'none yet' : seconds === Infinity ? 'over 60' : seconds

/** A route's table of what was counted, a row for each series that is not 0. */
const counted = (
  snapshot: LiveSnapshot,
  name: string,
  row: (labels: Labels) => readonly string[],
): readonly Row[] =>
  of(snapshot, name).flatMap(([labels, value]) =>
    value === 0 || value === null ? [] : [[...row(labels), value]],
  )

function routeRows(snapshot: LiveSnapshot, before: LiveSnapshot | undefined): readonly Row[] {
  return routesOf(snapshot).map((route) => {
    const here = (labels: Labels): boolean => labels['route'] === route
    const total = (name: string): number => sum(of(snapshot, name), here)
    const discarded = (intentional: string): number =>
      sum(
        of(snapshot, 'lethe_records_discarded_total'),
        (one) => here(one) && one['intentional'] === intentional,
      )
    const settled = total('lethe_last_settled_timestamp_seconds')
    return [
      route,
      rate(snapshot, before, route) ?? 'not known',
      read(snapshot, route),
      total('lethe_records_published_total'),
      discarded('true'),
      total('lethe_records_quarantined_total'),
      discarded('false'),
      total('lethe_assigned_partitions'),
      settled === 0 ? 'not yet' : utc(settled * 1000),
    ]
  })
}

function outcomeRows(snapshot: LiveSnapshot): readonly Row[] {
  return [
    ...counted(snapshot, 'lethe_records_published_total', ({ route }) => [route!, 'published', '']),
    ...counted(snapshot, 'lethe_records_past_retention_total', ({ route }) => [
      route!,
      'published, the topic may delete it at once',
      '',
    ]),
    ...counted(snapshot, 'lethe_records_discarded_total', ({ route, intentional, reason }) => [
      route!,
      intentional === 'true' ? 'suppressed' : 'not accounted for: this must never happen',
      reason!,
    ]),
  ]
}

function lagRows(snapshot: LiveSnapshot): readonly Row[] {
  const found = new Map<string, [route: string, topic: string, partitions: number, records: number]>()
  for (const [{ route, topic }, value] of of(snapshot, 'lethe_consumer_lag_records')) {
    const id = JSON.stringify([route, topic])
    const row = found.get(id) ?? [route!, topic!, 0, 0]
    found.set(id, [row[0], row[1], row[2] + 1, row[3] + (value ?? 0)])
  }
  return [...found.values()]
}

const latencyRows = (snapshot: LiveSnapshot): readonly Row[] =>
  routesOf(snapshot).flatMap((route) =>
    ['batch', 'transaction'].flatMap((step): Row[] => {
      const name = `lethe_${step}_duration_seconds_count`
      const count = sum(of(snapshot, name), (labels) => labels['route'] === route)
      const shares = [0.5, 0.95, 0.99].map((share) => bound(below(snapshot, undefined, step, route, share)))
      return count === 0 ? [] : [[route, step, count, ...shares]]
    }),
  )

const consentRows = (snapshot: LiveSnapshot): readonly Row[] =>
  of(snapshot, 'lethe_table_offset').map(([{ table }, offset]) => {
    const behind = of(snapshot, 'lethe_table_behind_seconds').find(([labels]) => labels['table'] === table)
    return [table!, offset ?? 'not known', behind?.[1] ?? 'not known']
  })

function sketchRows(snapshot: LiveSnapshot): readonly Row[] {
  return of(snapshot, 'lethe_sketch_unique_share').map(([{ route, side }, unique]) => {
    const value = (name: string, figure?: string): number | null | undefined =>
      of(snapshot, name).find(
        ([labels]) =>
          labels['route'] === route &&
          labels['side'] === side &&
          (figure === undefined || labels['figure'] === figure),
      )?.[1]
    const share = (said: number | null | undefined, figure: string): string =>
      `${number.format((said ?? 0) * 100)} ± ${number.format((value('lethe_sketch_error', figure) ?? 0) * 100)}`
    const atRisk = value('lethe_sketch_at_risk_share')
    const combinations = value('lethe_sketch_combinations') ?? 'not known'
    return [route!, side!, share(unique, 'unique'), share(atRisk, 'at_risk'), combinations]
  })
}

const policyRows = (snapshot: LiveSnapshot): readonly Row[] =>
  of(snapshot, 'lethe_policy_info').map(([{ route, policy, version, purpose, fingerprint }]) => {
    const approvals = of(snapshot, 'lethe_policy_approvals').find(
      ([labels]) => labels['route'] === route,
    )?.[1]
    const said = approvals === undefined ? 'none required' : `${approvals} approved`
    return [route!, policy!, version!, purpose!, said, fingerprint!]
  })

const workerRows = (snapshot: LiveSnapshot): readonly Row[] => [
  ...of(snapshot, 'lethe_workers').map(
    ([{ state }, value]): Row => [`processes ${state}`, '', '', value ?? 0],
  ),
  ...of(snapshot, 'process_resident_memory_bytes').map(
    ([, value]): Row => ['memory in MiB', '', '', (value ?? 0) / 1_048_576],
  ),
  ...(
    [
      ['lethe_transaction_aborts_total', 'transactions aborted'],
      ['lethe_batches_discarded_total', 'batches dropped, and read again'],
      ['lethe_clients_lost_total', 'clients lost, and replaced'],
      ['lethe_client_errors_total', 'errors of the Kafka client'],
      ['lethe_registry_errors_total', 'errors of the schema registry'],
      ['lethe_schemas_waiting', 'schemas that records wait for'],
      ['lethe_files_published_total', 'files published'],
    ] as const
  ).flatMap(([name, what]) => counted(snapshot, name, ({ route, code }) => [what, route ?? '', code ?? ''])),
]

/** All tables, by the id of their bodies. */
export const tablesOf = (
  snapshot: LiveSnapshot,
  before: LiveSnapshot | undefined,
): Readonly<Record<string, readonly Row[]>> => ({
  routes: routeRows(snapshot, before),
  outcomes: outcomeRows(snapshot),
  letters: counted(snapshot, 'lethe_records_quarantined_total', ({ route, code }) => [route!, code!]),
  lag: lagRows(snapshot),
  latency: latencyRows(snapshot),
  groups: counted(snapshot, 'lethe_group_records_total', ({ route, group, outcome }) => [
    route!,
    group!,
    outcome!,
  ]),
  consent: consentRows(snapshot),
  sketch: sketchRows(snapshot),
  policies: policyRows(snapshot),
  workers: workerRows(snapshot),
})

/** What each chart draws of a route. */
const CHARTS: Readonly<
  Record<string, (now: LiveSnapshot, before: LiveSnapshot | undefined, route: string) => number | undefined>
> = {
  routes: rate,
  lag: (now, _, route) => sum(of(now, 'lethe_consumer_lag_records'), (labels) => labels['route'] === route),
  latency: (now, before, route) => {
    const seconds = before && below(now, before, 'batch', route, 0.95)
    return seconds === Infinity ? 60 : seconds
  },
}

class Page {
  readonly #browser: LiveBrowser
  readonly #charts = new Map<string, LiveChart>()
  #routes: readonly string[] = []
  /** A time, and what each chart draws of each route. */
  #points: { readonly at: number; readonly values: Readonly<Record<string, readonly (number | null)[]>> }[] =
    []
  #last: LiveSnapshot | undefined
  /** When the last event came, or was asked for anew. */
  #heard = 0
  #events: LiveEvents | undefined
  #broken = false

  constructor(browser: LiveBrowser) {
    this.#browser = browser
    browser.addEventListener('resize', () => {
      for (const [id, chart] of this.#charts) chart.setSize(this.#size(id))
    })
    browser.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#redraw())
    setInterval(() => {
      if (Date.now() - this.#heard <= SILENT_MS) return
      this.#breaks('No figures come')
      // The browser tries again by itself, but not where it was refused, nor where it does not see that the other side is gone.
      this.#events?.close()
      this.#listen()
    }, 2000)
    this.#listen()
  }

  #listen(): void {
    this.#heard = Date.now()
    const events: LiveEvents = new this.#browser.EventSource('live')
    this.#events = events
    events.addEventListener('snapshot', ({ data }) => this.#show(JSON.parse(data) as LiveSnapshot))
    events.addEventListener('unreadable', () => this.#breaks('The metrics cannot be read'))
    events.addEventListener('error', () => this.#breaks('The connection is broken'))
  }

  #element(id: string): LiveElement {
    return this.#browser.document.getElementById(id)!
  }

  #say(id: string, text: string, className?: string): void {
    const element = this.#element(id)
    if (element.textContent !== text) element.textContent = text
    if (className !== undefined) element.className = className
  }

  #breaks(why: string): void {
    if (this.#broken) return
    this.#broken = true
    this.#say('connection', why, 'state bad')
    const last =
      this.#last === undefined ? 'There are no figures yet.' : 'The figures below are the last ones.'
    this.#say('since', `since ${utc(Date.now())}. ${last} This page goes on trying.`)
  }

  #show(snapshot: LiveSnapshot): void {
    this.#heard = Date.now()
    this.#broken = false
    this.#say('connection', 'Connected', 'state good')
    this.#say('since', '')
    this.#say('at', utc(snapshot.at))
    for (const [id, words] of [
      ['live', ['Alive', 'A loop hangs']],
      ['ready', ['Ready', 'Not ready']],
    ] as const) {
      const { ok, lines } = snapshot[id]
      this.#say(id, words[ok ? 0 : 1], `state ${ok ? 'good' : 'bad'}`)
      this.#fill(
        `${id}-lines`,
        lines.map((line) => [line]),
        'li',
      )
    }
    const [build] = of(snapshot, 'lethe_build_info')
    this.#say(
      'build',
      build === undefined ? '' : `Version ${build[0]['version']}, Node.js ${build[0]['node']}.`,
    )
    this.#element('left').hidden = snapshot.left === 0
    this.#say('left', `${snapshot.left} series are left out here; /metrics has all of them.`)
    for (const [id, rows] of Object.entries(tablesOf(snapshot, this.#last))) {
      this.#element(`${id}-none`).hidden = rows.length > 0
      this.#element(`${id}-scroll`).hidden = rows.length === 0
      this.#fill(id, rows, 'tr')
    }
    this.#draw(snapshot)
    this.#last = snapshot
  }

  /** Changes what changed, so that a selection and the place of a screen reader stay. */
  #fill(id: string, rows: readonly Row[], name: 'tr' | 'li'): void {
    const body = this.#element(id)
    const { document } = this.#browser
    while (body.children.length > rows.length) body.children[body.children.length - 1]!.remove()
    while (body.children.length < rows.length) body.append(document.createElement(name))
    rows.forEach((row, at) => {
      const element = body.children[at]!
      row.forEach((value, column) => {
        const text = typeof value === 'number' ? number.format(value) : value
        let cell = name === 'li' ? element : element.children[column]
        if (cell === undefined) {
          cell = document.createElement(column === 0 ? 'th' : 'td')
          if (column === 0) cell.scope = 'row'
          element.append(cell)
        }
        if (cell.textContent !== text) cell.textContent = text
        const figure = typeof value === 'number' || / ± /.test(value) ? 'figure' : ''
        if (cell.className !== figure) cell.className = figure
      })
    })
  }

  #draw(snapshot: LiveSnapshot): void {
    const routes = routesOf(snapshot).slice(0, MOST_LINES)
    const same = JSON.stringify(routes) === JSON.stringify(this.#routes)
    if (!same) this.#points = []
    this.#routes = routes
    const values = Object.fromEntries(
      Object.entries(CHARTS).map(([id, drawn]) => [
        id,
        routes.map((route) => drawn(snapshot, this.#last, route) ?? null),
      ]),
    )
    this.#points.push({ at: snapshot.at / 1000, values })
    if (this.#points.length > MOST_POINTS) this.#points.shift()
    if (same) for (const [id, chart] of this.#charts) chart.setData(this.#data(id))
    else this.#redraw()
  }

  #data(id: string): readonly (readonly (number | null)[])[] {
    return [
      this.#points.map(({ at }) => at),
      ...this.#routes.map((_, line) => this.#points.map(({ values }) => values[id]![line]!)),
    ]
  }

  #size(id: string): { readonly width: number; readonly height: number } {
    return { width: Math.max(200, this.#element(`${id}-chart`).clientWidth), height: CHART_HEIGHT }
  }

  /** Charts hold their colours and lines: they are made anew where these change. Without uPlot, tables say all. */
  #redraw(): void {
    const { uPlot: Plot, document } = this.#browser
    if (Plot === undefined || this.#routes.length === 0) return
    const style = this.#browser.getComputedStyle(document.documentElement)
    const colour = (name: string): string => style.getPropertyValue(`--${name}`).trim()
    const axis = {
      stroke: colour('soft'),
      grid: { stroke: colour('line'), width: 1 },
      ticks: { stroke: colour('line') },
    }
    for (const id of Object.keys(CHARTS)) {
      this.#charts.get(id)?.destroy()
      const lines = this.#routes.map((label, line) => ({
        label,
        stroke: colour(`s${line}`),
        width: 2,
        dash: line === 0 ? [] : [2 + 3 * line, 3],
        points: { show: this.#points.length < 2 },
      }))
      const options = {
        ...this.#size(id),
        tzDate: (seconds: number) => Plot.tzDate(new Date(seconds * 1000), 'Etc/UTC'),
        cursor: { show: false },
        legend: { live: false },
        scales: {
          y: {
            range: (_: unknown, __: number, most: number) => [
              0,
              Math.max(id === 'latency' ? 0.01 : 1, most * 1.1),
            ],
          },
        },
        axes: [axis, { ...axis, size: 64 }],
        series: [{}, ...lines],
      }
      this.#charts.set(id, new Plot(options, this.#data(id), this.#element(`${id}-chart`)))
    }
  }
}

if ('document' in globalThis) new Page(globalThis as unknown as LiveBrowser)
