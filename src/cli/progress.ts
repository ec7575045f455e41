/** A progress line on a terminal: bytes, records a second, time left. Nothing where stderr is not a terminal. */
import type { BatchProgress } from '../run/batch-run.ts'
import { shorten } from '../terminal.ts'

const REDRAW_MS = 100
const BAR = 24

export interface ProgressLine {
  show(progress: BatchProgress): void
  /** Takes the line away. */
  clear(): void
}

/** `total`: bytes on the disk, undefined where it is not known (standard input). */
export function progressLine(total: number | undefined): ProgressLine {
  const { stderr } = process
  if (!stderr.isTTY || process.env['TERM'] === 'dumb') return { show: () => {}, clear: () => {} }
  const started = Date.now()
  let drawn = 0
  return {
    show(progress) {
      const now = Date.now()
      if (now - drawn < REDRAW_MS) return
      drawn = now
      const line = shorten(describe(progress, total, (now - started) / 1000), (stderr.columns || 80) - 1)
      stderr.write(`\r\u001b[K${line}`)
    },
    clear() {
      if (drawn > 0) stderr.write('\r\u001b[K')
      drawn = 0
    },
  }
}

/** The line's text: `seconds` since the start. */
export function describe(progress: BatchProgress, total: number | undefined, seconds: number): string {
  const rate = seconds > 0 ? progress.records / seconds : 0
  const done = `${megabytes(progress.bytes)}${total === undefined ? '' : ` of ${megabytes(total)}`}`
  const speed = `${Math.round(rate).toLocaleString('en')} records/s`
  if (total === undefined || total === 0) return `${done}, ${speed}`
  const share = Math.min(1, progress.bytes / total)
  const filled = Math.round(share * BAR)
  const bar = `${'█'.repeat(filled)}${'░'.repeat(BAR - filled)}`
  const left = share > 0 ? clock((seconds / share) * (1 - share)) : '?'
  return `${bar} ${Math.floor(share * 100)} %  ${done}, ${speed}, ${left} left`
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`

function clock(seconds: number): string {
  const whole = Math.round(seconds)
  const minutes = Math.floor(whole / 60)
  return minutes === 0 ? `${whole} s` : `${minutes}:${String(whole % 60).padStart(2, '0')} min`
}
