/** Reads the text that Prometheus reads. */

/** Every series as it is written, with its value. */
export function samples(text: string): ReadonlyMap<string, number> {
  const found = new Map<string, number>()
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue
    const at = line.lastIndexOf(' ')
    const series = line.slice(0, at)
    if (!/^[a-z_][a-z0-9_]*(\{([a-z_]+="([^"\\\n]|\\["\\n])*",?)*\})?$/.test(series))
      throw new Error(`no series: ${line}`)
    if (found.has(series)) throw new Error(`twice: ${series}`)
    found.set(series, Number(line.slice(at + 1)))
  }
  return found
}

export interface Described {
  type: string
  help: string
  /** The label names of each series. */
  readonly labels: string[][]
}

/** By metric, without the endings of a histogram's series. */
export function seriesOf(text: string): Record<string, Described> {
  const found: Record<string, Described> = {}
  const of = (name: string): Described => {
    found[name] ??= { type: '', help: '', labels: [] }
    return found[name]
  }
  for (const [, kind, name, rest] of text.matchAll(/^# (HELP|TYPE) (\S+) (.*)$/gm)) {
    if (kind === 'HELP') of(name!).help = rest!
    else of(name!).type = rest!
  }
  for (const series of samples(text).keys()) {
    const name = series.replace(/\{.*/s, '')
    const bare = name in found ? name : name.replace(/_(bucket|sum|count)$/, '')
    of(bare).labels.push([...series.slice(name.length).matchAll(/([a-z_]+)="/g)].map((match) => match[1]!))
  }
  return found
}
