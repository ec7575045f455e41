/**
 * The twin of `generalize.url`, for a lower-case scheme and host name, of which the URL standard changes
 * nothing, and of a path only what it would keep as it is. Everything else is for its parser to judge.
 */
import type { UrlOptions } from '../../generalize/url.ts'
import { copyBytes, type WriteBytes } from '../bytes.ts'
import { type Twin, writing } from '../twin.ts'

/** None where parameters are kept: they are for the parser. What has no scheme is left to `apply`. */
export const url: Twin<UrlOptions> = ({ keepPath, keepParams }) =>
  keepParams === undefined ? writing(urlKernel(keepPath)) : undefined

const SLASH = 0x2f
const DOT = 0x2e
const HYPHEN = 0x2d
const HASH = 0x23
const QUESTION = 0x3f
const BACKSLASH = 0x5c

/** Longest host and label of the domain name system, in bytes. */
const LONGEST_HOST = 253
const LONGEST_LABEL = 63

const DIGIT = 1
const LETTER = 2
/** May stand in a segment of a path that is kept: no percent sign, nothing that is written in percent signs. */
const SEGMENT = 4

const CLASSES: Uint8Array = new Uint8Array(256)
for (const byte of Buffer.from('0123456789')) CLASSES[byte] = DIGIT | SEGMENT
for (const byte of Buffer.from('abcdefghijklmnopqrstuvwxyz')) CLASSES[byte] = LETTER | SEGMENT
for (const byte of Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZ-._~')) CLASSES[byte] = SEGMENT

/** Behind `http://`, `https://`, `ws://` or `wss://` at `start`; -1 for all else. */
function behindScheme(source: Uint8Array, start: number, end: number): number {
  // The shortest URL that is taken: ws://a.bc
  if (end - start < 9) return -1
  let at = start
  if (source[at] === 0x68) {
    if (source[at + 1] !== 0x74 || source[at + 2] !== 0x74 || source[at + 3] !== 0x70) return -1
    at += 4
  } else if (source[at] === 0x77 && source[at + 1] === 0x73) at += 2
  else return -1
  if (source[at] === 0x73) at++
  return source[at] === 0x3a && source[at + 1] === SLASH && source[at + 2] === SLASH ? at + 3 : -1
}

/**
 * Behind the host name at `start`, where the URL ends or its path, query or fragment begins. -1 unless its labels
 * are letters, digits and inner hyphens, none is `xn--`, and the last of two or more is letters only.
 */
function behindHost(source: Uint8Array, start: number, end: number): number {
  let label = start
  let labels = 0
  let letters = true
  let at = start
  let byte = 0
  for (; at < end; at++) {
    byte = source[at]!
    const kind = CLASSES[byte]!
    if ((kind & LETTER) !== 0) continue
    if ((kind & DIGIT) !== 0) letters = false
    else if (byte === HYPHEN) {
      if (at === label) return -1
      letters = false
    } else if (byte === DOT) {
      if (at === label || source[at - 1] === HYPHEN || at - label > LONGEST_LABEL) return -1
      if (startsPunycode(source, label)) return -1
      label = at + 1
      labels++
      letters = true
    } else break
  }
  if (at < end && byte !== SLASH && byte !== QUESTION && byte !== HASH) return -1
  const last = at - label
  if (labels === 0 || !letters || last < 2 || last > LONGEST_LABEL || at - start > LONGEST_HOST) return -1
  return at
}

/** Whether `xn--` stands at `at`; the bytes that follow there belong to the URL. */
function startsPunycode(source: Uint8Array, at: number): boolean {
  return (
    source[at] === 0x78 && source[at + 1] === 0x6e && source[at + 2] === HYPHEN && source[at + 3] === HYPHEN
  )
}

/**
 * Where the first `segments` segments of the path at `start` end, without a slash behind them. -1 where the
 * parser could change any of the path: `.` and `..` (a segment that starts with a dot), empty segments, `%20`.
 */
function endOfSegments(source: Uint8Array, start: number, end: number, segments: number): number {
  let kept = -1
  let slashes = 0
  let at = start
  for (; at < end; at++) {
    const byte = source[at]!
    if (byte === SLASH) {
      if (at > start && source[at - 1] === SLASH) return -1
      if (slashes++ === segments) kept = at
    } else if ((CLASSES[byte]! & SEGMENT) !== 0) {
      if (byte === DOT && source[at - 1] === SLASH) return -1
    } else if (byte === QUESTION || byte === HASH) break
    else return -1
  }
  if (kept >= 0) return kept
  return at > start && source[at - 1] === SLASH ? at - 1 : at
}

/** Whether the URL standard would repair what stands behind the host: blanks, or a backslash in the path. */
function isRepaired(source: Uint8Array, start: number, end: number): boolean {
  let at = start
  for (; at < end; at++) {
    const byte = source[at]!
    if (CLASSES[byte] !== 0) continue
    if (byte === QUESTION || byte === HASH) break
    if (byte < 0x20 || byte === BACKSLASH) return true
  }
  for (; at < end; at++) if (source[at]! < 0x20) return true
  return source[end - 1] === 0x20
}

/** @param keepPath leading segments of the path that are kept */
function urlKernel(keepPath: number): WriteBytes {
  return (source, start, end, out, at) => {
    const host = behindScheme(source, start, end)
    if (host < 0) return -1
    const path = behindHost(source, host, end)
    if (path < 0 || isRepaired(source, path, end)) return -1
    if (keepPath === 0) return copyBytes(source, start, path, out, at)
    const kept = endOfSegments(source, path, end, keepPath)
    return kept < 0 ? -1 : copyBytes(source, start, kept, out, at)
  }
}
