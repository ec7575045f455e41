/** The live page's style: light and dark, wide and narrow, of the same colours as the report. Contrast is 4.5 to 1 or more. */
export const LIVE_STYLE: string = `
:root{color-scheme:light dark;--page:#f6f7f9;--paper:#fff;--ink:#16202c;--soft:#4d5a69;--line:#d4dae2;--mark:#0b5394;
--good:#0f6b3a;--good-fill:#e4f4ea;--bad:#9c2f10;--bad-fill:#fdeae4;--open:#5a4a00;--open-fill:#fbf3d3;
--s0:#0b5394;--s1:#9c2f10;--s2:#0f6b3a;--s3:#6a3d9a;--s4:#5a4a00;--s5:#4d5a69}
@media (prefers-color-scheme:dark){:root{--page:#10161d;--paper:#18202a;--ink:#e7edf4;--soft:#aab7c6;--line:#344253;--mark:#7ab8ff;
--good:#7fd8a4;--good-fill:#15301f;--bad:#ffb199;--bad-fill:#3a1d13;--open:#f0d878;--open-fill:#332b0c;
--s0:#7ab8ff;--s1:#ffb199;--s2:#7fd8a4;--s3:#cdb4f0;--s4:#f0d878;--s5:#aab7c6}}
*{box-sizing:border-box}
[hidden]{display:none!important}
html{background:var(--page);color:var(--ink);font:1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif}
body{margin:0}
a{color:var(--mark);text-underline-offset:.15em}
:focus-visible{outline:3px solid var(--mark);outline-offset:2px;border-radius:2px}
.skip{position:absolute;left:-99rem;top:0;padding:.5rem 1rem;background:var(--paper);z-index:1}
.skip:focus{left:0}
header,main,footer{max-width:72rem;margin:0 auto;padding:0 1rem}
header{padding-top:1.5rem}
h1{font-size:1.75rem;line-height:1.2;margin:0 0 .25rem}
h2{font-size:1.25rem;line-height:1.3;margin:0 0 .75rem}
p,ul,dl{margin:.5rem 0}
ul{padding-left:1.25rem}
.soft,footer{color:var(--soft)}
section{background:var(--paper);border:1px solid var(--line);border-radius:.6rem;padding:1.25rem;margin:1rem 0}
.verdict{border-left:.5rem solid var(--line)}
.state{display:inline-block;font-weight:600;border-radius:.4rem;padding:.05rem .5rem}
.state.good{color:var(--good);background:var(--good-fill)}
.state.bad{color:var(--bad);background:var(--bad-fill)}
.state.open{color:var(--open);background:var(--open-fill)}
dl.facts{display:grid;grid-template-columns:minmax(5rem,auto) minmax(0,1fr);gap:.4rem 1rem}
dl.facts dt{color:var(--soft)}
dl.facts dd{margin:0;overflow-wrap:anywhere}
.chart{margin:.5rem 0 1rem;min-width:0;overflow:hidden}
.chart p{margin:0;font-size:.9rem}
.u-legend{font-size:.9rem;overflow-wrap:anywhere}
.scroll{overflow-x:auto;margin:.5rem 0}
table{border-collapse:collapse;width:100%;font-size:.92rem}
.chart table{width:auto}
.note{font-size:.9rem}
.scroll th,.scroll td{padding:.35rem .8rem .35rem 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--line);unicode-bidi:isolate}
.scroll td,tbody th{max-width:22rem;overflow-wrap:break-word}
thead th{color:var(--soft);font-weight:600}
tbody th{font-weight:500}
.scroll .figure{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
footer{padding:1rem 1rem 2rem;font-size:.9rem}
@media (max-width:48rem){section{padding:1rem}h1{font-size:1.45rem}.scroll table{min-width:30rem}}
@media (prefers-reduced-motion:reduce){*{transition:none!important;animation:none!important;scroll-behavior:auto!important}}
`
