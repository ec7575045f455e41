/** Runs processes and measures them; what a machine is; medians. */
import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync, readSync } from 'node:fs'
import { availableParallelism, cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const USAGE = pathToFileURL(join(import.meta.dirname, 'usage.mjs')).href

/**
 * Runs `node ARGS` to its end for each of `commands`, all at once. Gives the seconds on the wall, process start-up
 * included, the seconds of processor time of all threads, and the peak resident memory in MiB, each added up. Throws, with
 * the end of what it wrote to stderr, where one fails.
 */
export async function measure(commands, folder) {
  const started = performance.now()
  const usages = await Promise.all(
    commands.map((args, index) => runProcess(args, join(folder, `usage-${index}.json`))),
  )
  const seconds = (performance.now() - started) / 1000
  const total = (of) => usages.reduce((sum, usage) => sum + of(usage), 0)
  return {
    seconds,
    cpu: total(({ userCPUTime, systemCPUTime }) => userCPUTime + systemCPUTime) / 1e6,
    peak: total(({ maxRSS }) => maxRSS) / 1024,
  }
}

async function runProcess(args, usageFile) {
  const child = spawn(process.execPath, ['--import', USAGE, ...args], {
    env: { ...process.env, LETHE_BENCH_USAGE: usageFile },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (text) => {
    errors = (errors + text).slice(-4000)
  })
  const code = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve))
  if (code !== 0) throw new Error(`node ${args.join(' ')} ended with ${code}:\n${errors}`)
  return JSON.parse(readFileSync(usageFile, 'utf8'))
}

/** Seconds of `node ARGS`, median of `times`, with nothing preloaded. */
export async function startup(args, times) {
  const seconds = []
  for (let i = 0; i < times; i++) {
    const started = performance.now()
    const child = spawn(process.execPath, args, { stdio: 'ignore' })
    const code = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve))
    if (code !== 0) throw new Error(`node ${args.join(' ')} ended with ${code}`)
    seconds.push((performance.now() - started) / 1000)
  }
  return spread(seconds)
}

/** Median, least and greatest. */
export function spread(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const median = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  return { median, min: sorted[0], max: sorted.at(-1) }
}

/** Reads a file to its end, so that every contestant finds it in the page cache; gives its size. */
export function warm(file) {
  const fd = openSync(file, 'r')
  const block = Buffer.allocUnsafe(1 << 22)
  let bytes = 0
  for (;;) {
    const got = readSync(fd, block)
    if (got === 0) break
    bytes += got
  }
  closeSync(fd)
  return bytes
}

export function machine(baselines) {
  const version = (name) => {
    const file = join(import.meta.dirname, 'node_modules', name, 'package.json')
    return `${name} ${JSON.parse(readFileSync(file, 'utf8')).version}`
  }
  return [
    `${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} cores, ${Math.round(totalmem() / 2 ** 30)} GiB`,
    `${process.platform} ${process.arch}, node ${process.versions.node}, ${baselines.map(version).join(', ')}`,
  ]
}
