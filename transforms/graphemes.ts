/**
 * Grapheme clusters: what a reader calls one character (UAX #29). Built on `Intl.Segmenter`, with a fast
 * path for text in which every UTF-16 unit is a cluster of its own. Results depend on the platform's Unicode
 * data: a transform that counts graphemes calls `context.usesPlatform('unicode')`.
 */

let segmenter: Intl.Segmenter | undefined

/** Units segmented at once: the time that V8 takes for a text grows with the square of its length. */
const WINDOW = 256

/**
 * Where each grapheme cluster of `text` starts, in UTF-16 units, ascending from 0; undefined where every unit
 * is a cluster (Latin, Greek, Cyrillic, CJK and Hangul text as it is mostly written), so that no array is made.
 */
export function graphemeStarts(text: string): number[] | undefined {
  if (everyUnitStandsAlone(text)) return undefined
  segmenter ??= new Intl.Segmenter('und', { granularity: 'grapheme' })
  const starts: number[] = []
  // No rule of UAX #29 looks behind a boundary, or further ahead than one code point. So segmenting may begin at
  // any boundary, and of a window every start is true; only its last cluster may go on behind it.
  for (let from = 0; from < text.length; ) {
    const to = windowEnd(text, from + WINDOW)
    let last = 0
    for (const { index } of segmenter.segment(text.slice(from, to))) {
      starts.push(from + index)
      last = index
    }
    if (to === text.length) break
    if (last > 0) {
      starts.pop()
      from += last
    } else from = clusterEnd(segmenter, text, from)
  }
  return starts
}

/** Where the cluster that starts at `from` ends, which is longer than a window. */
function clusterEnd(clusters: Intl.Segmenter, text: string, from: number): number {
  for (let size = 2 * WINDOW; ; size *= 2) {
    const to = windowEnd(text, from + size)
    for (const { index } of clusters.segment(text.slice(from, to))) if (index > 0) return from + index
    if (to === text.length) return to
  }
}

/** `at`, or one further so that no surrogate pair is cut; the end of the text at most. */
function windowEnd(text: string, at: number): number {
  if (at >= text.length) return text.length
  const unit = text.charCodeAt(at - 1)
  return unit >= 0xd800 && unit <= 0xdbff ? at + 1 : at
}

/** How many grapheme clusters `text` holds. */
export function countGraphemes(text: string): number {
  return graphemeStarts(text)?.length ?? text.length
}

/**
 * Code points whose Grapheme_Cluster_Break never joins them to a neighbour from the same set. CR is left out
 * because of CR LF; combining marks, joiners, Hangul jamo and surrogates are left out by the ranges.
 */
function everyUnitStandsAlone(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0x300) {
      if (unit === 0x0d) return false
    } else if (
      !(unit >= 0x370 && unit < 0x483) &&
      !(unit >= 0x48a && unit < 0x557) &&
      !(unit >= 0x5d0 && unit <= 0x5ea) &&
      !(unit >= 0x620 && unit <= 0x64a) &&
      !(unit >= 0x1e00 && unit <= 0x1fff) &&
      !(unit >= 0x2010 && unit <= 0x2027) &&
      !(unit >= 0x3041 && unit <= 0x3096) &&
      !(unit >= 0x30a1 && unit <= 0x30fa) &&
      !(unit >= 0x4e00 && unit <= 0x9fff) &&
      !(unit >= 0xac00 && unit <= 0xd7a3)
    ) {
      return false
    }
  }
  return true
}
