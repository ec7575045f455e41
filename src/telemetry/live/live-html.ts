/** The live page as it is before the first event: headings, and tables that have no rows yet. Nothing of a run is in it. */

interface LiveTable {
  readonly id: string
  readonly heading: string
  readonly caption: string
  /** Headings of columns; those that begin with # hold numbers. */
  readonly columns: readonly string[]
  /** What is said where there is no row. */
  readonly none: string
  /** The chart above it. */
  readonly chart?: string
}

const TABLES: readonly LiveTable[] = [
  {
    id: 'routes',
    heading: 'Throughput',
    caption: 'By route: records read each second, and since the start by what became of them.',
    columns: [
      'Route',
      '#Read/s',
      '#Read',
      '#Published',
      '#Suppressed',
      '#Dead letters',
      '#Not accounted for',
      '#Partitions',
      'Settled last',
    ],
    none: 'No route has begun.',
    chart: 'Records read each second, of the first 6 routes',
  },
  {
    id: 'outcomes',
    heading: 'Outcomes by reason',
    caption: 'Records read since the start that were published, or suppressed by a rule of the policy.',
    columns: ['Route', 'Outcome', 'Reason', '#Records'],
    none: 'No record has been settled.',
  },
  {
    id: 'letters',
    heading: 'Dead letters by code',
    caption: 'Records since the start that could not be de-identified. docs/errors.md explains each code.',
    columns: ['Route', 'Code', '#Records'],
    none: 'No record became a dead letter.',
  },
  {
    id: 'lag',
    heading: 'Lag',
    caption: 'Records between the last settled one and the end of each partition that is owned.',
    columns: ['Route', 'Topic', '#Partitions', '#Records behind'],
    none: 'No partition is owned.',
    chart: 'Records behind, of the first 6 routes',
  },
  {
    id: 'latency',
    heading: 'Latency',
    caption: 'Since the start: the limit in seconds below which so many batches and transactions stayed.',
    columns: ['Route', 'Step', '#Count', '#50 % below', '#95 % below', '#99 % below'],
    none: 'No batch has been settled.',
    chart: 'Seconds below which 95 % of batches stayed, by interval, of the first 6 routes',
  },
  {
    id: 'groups',
    heading: 'Groups',
    caption: 'Records by group that the pipeline names, in whole tens.',
    columns: ['Route', 'Group', 'Outcome', '#Records'],
    none: 'The pipeline names no groups (balance).',
  },
  {
    id: 'consent',
    heading: 'Consent tables',
    caption: 'How far each table was read in its topic.',
    columns: ['Table', '#Offset', '#Seconds behind'],
    none: 'No consent table is read from a topic.',
  },
  {
    id: 'sketch',
    heading: 'Sketches',
    caption: 'Estimates of this period, with their standard deviations.',
    columns: ['Route', 'Side', '#Unique %', '#At risk %', '#Combinations'],
    none: 'No route is sketched, or none has counted yet.',
  },
  {
    id: 'policies',
    heading: 'Policy and approval',
    caption: 'The policy in force on each route, and how many approvals of it count.',
    columns: ['Route', 'Policy', 'Version', 'Purpose', 'Approvals', 'Fingerprint'],
    none: 'No route has begun.',
  },
  {
    id: 'workers',
    heading: 'Workers',
    caption: 'Processes, and what went wrong around them since the start.',
    columns: ['What', 'Route', 'Code', '#Count'],
    none: 'Not known yet.',
  },
]

const column = (heading: string): string =>
  heading.startsWith('#')
    ? `<th scope="col" class="figure">${heading.slice(1)}</th>`
    : `<th scope="col">${heading}</th>`

const section = ({ id, heading, caption, columns, none, chart }: LiveTable): string => `
<section aria-labelledby="${id}-heading">
<h2 id="${id}-heading">${heading}</h2>
${chart === undefined ? '' : `<div aria-hidden="true" class="chart"><p class="soft">${chart}</p><div id="${id}-chart"></div></div>`}
<p class="soft note" id="${id}-says">${caption}</p>
<p id="${id}-none">${none}</p>
<div class="scroll" id="${id}-scroll" role="region" aria-label="${heading}: table" tabindex="0" hidden>
<table aria-labelledby="${id}-heading" aria-describedby="${id}-says"><thead><tr>${columns.map(column).join('')}</tr></thead><tbody id="${id}"></tbody></table>
</div>
</section>`

export const LIVE_HTML: string = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Lethe, live</title>
<link rel="icon" href="live.svg">
<link rel="stylesheet" href="uplot.css">
<link rel="stylesheet" href="live.css">
<script src="uplot.js" defer></script>
<script src="live.js" type="module"></script>
</head>
<body>
<a class="skip" href="#state">To the state</a>
<header>
<h1>Lethe, live</h1>
<p class="soft">Counts and codes of this instance, as <a href="metrics">/metrics</a> has them. <span id="build"></span></p>
</header>
<main>
<section id="state" class="verdict" aria-labelledby="state-heading">
<h2 id="state-heading">State</h2>
<p role="status"><span id="connection" class="state open">Connecting</span> <span id="since"></span></p>
<dl class="facts">
<dt>Alive</dt><dd><span id="live" class="state open">Not known</span><ul id="live-lines"></ul></dd>
<dt>Ready</dt><dd><span id="ready" class="state open">Not known</span><ul id="ready-lines"></ul></dd>
<dt>Figures of</dt><dd id="at">Not known</dd>
</dl>
<p id="left" hidden></p>
<noscript><p>This page needs its script. <a href="metrics">/metrics</a> and <a href="readyz">/readyz</a> say the same without it.</p></noscript>
</section>
${TABLES.map(section).join('')}
</main>
<footer><p>Charts: uPlot, MIT licence. Nothing on this page comes from elsewhere, and it changes nothing.</p></footer>
</body>
</html>
`
