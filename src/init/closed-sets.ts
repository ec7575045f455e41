/**
 * Columns whose name says that their values are a closed set: `status`, `payment_method`. Where a sample names no data
 * subject, its counts cannot tell `anna` from `active`: both repeat. Then the name has to say it too.
 */
import { listed } from '../identify/kind.ts'
import { knownWords } from '../identify/known-words.ts'

/** What a few values are called, folded, in front or at the end of a name. */
const WORDS = new Set(
  listed(`type | types | kind | kinds | status | statuses | stage | state | step | phase | level | tier | plan | category
    | categories | class | mode | method | channel | medium | source | format | unit | currency | priority | severity
    | grade | result | outcome | reason | action | op | operation | event | event name | action name | platform | os
    | browser | env | environment | version | role | segment | genre | color | colour | size | flag | direction
    | typ | art | statut | estado | estatus | stato | tipo | rodzaj | kategorie | categorie | categoria | kategoria
    | kanal | canal | canale | zustand | stufe | тип | статус | категория | 种类 | 类型 | 状态 | 種類 | 状態 | 유형 | 상태
    | סוג | סטטוס | ประเภท | สถานะ | प्रकार | स्थिति | loai | trang thai`),
)

/** The most values of a closed set; each must occur often. */
const VALUES = 12
const RECORDS_EACH = 10

/** Whether name and counts say that the values are a closed set of few. */
export function isClosedSet(
  name: string,
  { distinct, values }: { distinct: number; values: number },
): boolean {
  const words = knownWords(name)
  const isNamed = [words.join(' '), words.at(-1), words[0]].some(
    (text) => text !== undefined && WORDS.has(text),
  )
  return isNamed && distinct <= VALUES && distinct * RECORDS_EACH <= values
}
