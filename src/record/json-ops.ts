/** The structure of a block's output, as the walker writes it down and the writer reads it. */

/** What the writer does, in order; each operation has three operands, a, b and c. */
export const Op = {
  openObject: 0,
  openArray: 1,
  closeObject: 2,
  closeArray: 3,
  /** `"name":` of node a, with a container to follow. */
  name: 4,
  /** Member: name of node a, value of slot b. */
  member: 5,
  /** Element or map value: slot a. */
  value: 6,
  /** Name of a map's member, from slot a; if it is dropped, go on at operation b. */
  mapName: 7,
  /** `{` and `}` of a map: its names must stay different. */
  openMap: 8,
  closeMap: 9,
  /** Derived leaves of node a, seen from scope b. */
  derived: 10,
  /** Derived container c of node a, seen from scope b: the record holds none of its own. */
  derivedContainer: 11,
  /** The record holds null for container a: its derived members, seen from scope b, if there are any; else null. */
  nullContainer: 12,
} as const
