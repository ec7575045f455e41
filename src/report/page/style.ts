/** The style of the page: light and dark, on paper, and on a narrow screen. Contrast is 4.5 to 1 or more in both. */
export const STYLE: string = `
:root{color-scheme:light dark;--page:#f6f7f9;--paper:#fff;--ink:#16202c;--soft:#4d5a69;--line:#d4dae2;--fill:#e9edf2;
--mark:#0b5394;--before:#5f6f82;--good:#0f6b3a;--good-fill:#e4f4ea;--bad:#9c2f10;--bad-fill:#fdeae4;--fail:#8e1230;--fail-fill:#fbe4ea;
--open:#5a4a00;--open-fill:#fbf3d3;font-size:100%}
@media (prefers-color-scheme:dark){:root{--page:#10161d;--paper:#18202a;--ink:#e7edf4;--soft:#aab7c6;--line:#344253;--fill:#232e3b;
--mark:#7ab8ff;--before:#93a4b8;--good:#7fd8a4;--good-fill:#15301f;--bad:#ffb199;--bad-fill:#3a1d13;--fail:#ff9db3;--fail-fill:#3d1520;
--open:#f0d878;--open-fill:#332b0c}}
*{box-sizing:border-box}
html{background:var(--page);color:var(--ink);font:1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif;scroll-padding-top:1rem}
body{margin:0}
a{color:var(--mark);text-underline-offset:.15em}
:focus-visible{outline:3px solid var(--mark);outline-offset:2px;border-radius:2px}
.skip{position:absolute;left:-99rem;top:0;padding:.5rem 1rem;background:var(--paper);z-index:1}
.skip:focus{left:0}
header,main,footer{max-width:72rem;margin:0 auto;padding:0 1rem}
header{padding-top:2rem}
h1{font-size:1.75rem;line-height:1.2;margin:0 0 .25rem;overflow-wrap:anywhere}
h2{font-size:1.25rem;line-height:1.3;margin:0 0 .75rem}
h3{font-size:1rem;margin:1.25rem 0 .5rem;overflow-wrap:anywhere}
p,ul,dl{margin:.5rem 0}
ul{padding-left:1.25rem}
li{margin:.2rem 0;overflow-wrap:anywhere}
.soft,.note,caption,figcaption{color:var(--soft)}
.note{font-size:.9rem;max-width:60rem}
code{font-family:ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.9em;overflow-wrap:anywhere}
nav ul{list-style:none;display:flex;flex-wrap:wrap;gap:.25rem 1rem;padding:0;margin:.5rem 0;font-size:.95rem}
section{background:var(--paper);border:1px solid var(--line);border-radius:.6rem;padding:1.25rem;margin:1rem 0}
.verdict{border-left:.5rem solid var(--soft)}
.verdict.within{border-left-color:var(--good)}.verdict.beyond{border-left-color:var(--bad)}
.verdict.failed{border-left-color:var(--fail)}.verdict.not-measured{border-left-color:var(--open)}
.verdict h2{font-size:1.6rem;margin:0}
.verdict h2 .state{font-size:1.6rem;padding:.1rem .8rem .1rem .5rem;border-radius:.5rem}
.state{display:inline-flex;align-items:center;gap:.35rem;font-weight:600;border-radius:.4rem;padding:.05rem .5rem .05rem .3rem}
.state.within{color:var(--good);background:var(--good-fill)}.state.beyond{color:var(--bad);background:var(--bad-fill)}
.state.failed{color:var(--fail);background:var(--fail-fill)}.state.not-measured{color:var(--open);background:var(--open-fill)}
.sign{flex:none;width:1.25em;height:1.25em;fill:none;stroke:currentColor;stroke-width:2;stroke-linecap:round;stroke-linejoin:round}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(15rem,1fr));gap:1rem;list-style:none;padding:0;margin:1rem 0 0}
.tile{border:1px solid var(--line);border-radius:.6rem;padding:1rem;margin:0;display:flex;flex-direction:column;gap:.35rem}
.tile h3{margin:0;font-size:1.05rem}
.tile p{margin:0;font-size:.9rem}
.big{font-size:2rem;line-height:1.15;font-weight:650;font-variant-numeric:tabular-nums}
.tile .big{font-size:2rem}
.pair{display:grid;grid-template-columns:minmax(0,1fr) minmax(0,1fr);gap:1.25rem;align-items:start;margin:.75rem 0}
figure{margin:0}
figure svg{display:block;width:100%;max-width:34rem;height:auto}
svg text{fill:var(--ink);font:10px system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif}
svg .soft{fill:var(--soft)}
svg .strong{font-weight:650}
svg .halo{paint-order:stroke;stroke:var(--paper);stroke-width:3px;stroke-linejoin:round}
svg .axis{stroke:var(--line);fill:none;stroke-width:1}
svg .box{fill:var(--fill);stroke:var(--line)}
svg .band{fill:var(--mark);fill-opacity:.22}
svg .band.out{fill:var(--before);fill-opacity:.28}
svg .bar{fill:var(--mark)}
svg .bar.out{fill:var(--before)}
svg .bar.before{fill:none;stroke:var(--before);stroke-width:1.5}
svg .curve{fill:none;stroke:var(--before);stroke-width:1.5}
svg .dot{fill:var(--paper);stroke:var(--before);stroke-width:1.5}
svg .here{fill:var(--mark);stroke:var(--paper);stroke-width:1}
svg .arrow{fill:none;stroke:var(--before);stroke-width:1.5}
.spark{width:100%;max-width:12rem;height:2rem}
.spark .curve{stroke:var(--mark)}
.scroll{overflow-x:auto;margin:.5rem 0}
table{border-collapse:collapse;width:100%;max-width:46rem;font-size:.92rem}
.wide table,.pair table{max-width:none}
caption{text-align:left;padding-bottom:.35rem;font-size:.9rem}
th,td{padding:.35rem .6rem .35rem 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--line);overflow-wrap:anywhere}
th,td{overflow-wrap:break-word}
thead th{color:var(--soft);font-weight:600;overflow-wrap:normal}
tbody th{font-weight:500}
.figure{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.fields{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,24rem),1fr));gap:1rem;list-style:none;padding:0}
.field{border:1px solid var(--line);border-radius:.6rem;padding:.9rem 1rem;margin:0;min-width:0}
.field h3{margin:0 0 .2rem}
.field p{margin:.3rem 0;font-size:.92rem;overflow-wrap:anywhere}
.change{background:var(--fill);border-radius:.4rem;padding:.35rem .6rem}
dl.facts{display:grid;grid-template-columns:minmax(7rem,auto) minmax(0,1fr);gap:.2rem 1rem}
dl.facts dt{color:var(--soft)}
dl.facts dd{margin:0;overflow-wrap:anywhere}
.sign-off{display:grid;grid-template-columns:repeat(auto-fit,minmax(12rem,1fr));gap:2.5rem 1.5rem;margin-top:2.5rem}
.sign-off div{border-top:1px solid var(--soft);padding-top:.25rem;color:var(--soft);font-size:.9rem}
footer{padding:1rem 1rem 2rem;color:var(--soft);font-size:.9rem}
@media (max-width:48rem){.pair{grid-template-columns:minmax(0,1fr)}section{padding:1rem}.wide table{min-width:36rem}h1{font-size:1.45rem}
dl.facts{grid-template-columns:minmax(0,1fr);gap:0}dl.facts dd{margin-bottom:.5rem}}
@page{size:A4;margin:14mm}
@media print{:root{color-scheme:light;--page:#fff;--paper:#fff;--ink:#000;--soft:#3c4652;--line:#b9c1cb;--fill:#f0f2f5;--mark:#0b5394;--before:#5f6f82;
--good:#0f6b3a;--good-fill:#fff;--bad:#9c2f10;--bad-fill:#fff;--fail:#8e1230;--fail-fill:#fff;--open:#5a4a00;--open-fill:#fff}
:root{font-size:8.5pt}:focus-visible{outline:none}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}
nav,.skip{display:none}header,main,footer{max-width:none;padding:0}section{border:0;border-top:1px solid var(--line);border-radius:0;padding:.75rem 0;margin:0}
.verdict{border-left:.5rem solid;padding-left:.75rem}.scroll{overflow:visible}.wide table{min-width:0}
h2,h3,caption{break-after:avoid}tr,.scroll,.tile,.field,figure,.sign-off{break-inside:avoid}thead{break-after:avoid}thead{display:table-header-group}
.pair{grid-template-columns:minmax(0,1fr) minmax(0,1fr)}.tiles{grid-template-columns:repeat(4,minmax(0,1fr));gap:.5rem}.fields{grid-template-columns:repeat(2,minmax(0,1fr))}
.tile{padding:.6rem}.tile .big{font-size:1.4rem}a{color:inherit;text-decoration:none}}
`
