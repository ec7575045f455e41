/**
 * Grapheme clusters: what a reader calls one character (UAX #29). Built on `Intl.Segmenter`, with a fast
 * path for text in which every UTF-16 unit is a cluster of its own. Results depend on the platform's Unicode
 * data: a transform that counts graphemes calls `context.usesPlatform('unicode')`.
 */

let segmenter: Intl.Segmenter | undefined

/**
 * Where each grapheme cluster of `text` starts, in UTF-16 units, ascending from 0; undefined where every unit
 * is a cluster (Latin, Greek, Cyrillic, CJK and Hangul text as it is mostly written), so that no array is made.
 */
export function graphemeStarts(text: string): number[] | undefined {
  if (everyUnitStandsAlone(text)) return undefined
  segmenter ??= new Intl.Segmenter('und', { granularity: 'grapheme' })
  const starts: number[] = []
  for (const { index } of segmenter.segment(text)) starts.push(index)
  return starts
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
