/**
 * Kafka's classes as Java has loaded them (class data sharing), beside the jars: half of what a broker computes until it
 * answers is loading them, and the tests start dozens. Java itself leaves an archive aside that does not fit.
 */
import { randomUUID } from 'node:crypto'
import { existsSync, renameSync, rmSync } from 'node:fs'
import { archiveFile } from './maven.mjs'

let file

/** For Java: nothing where there is no archive. */
export function archiveFlags() {
  file ??= archiveFile()
  return existsSync(file) ? [`-XX:SharedArchiveFile=${file}`, '-Xlog:disable', '-Xlog:all=error:stderr'] : []
}

/** Makes the archive where there is none: `start` starts a broker with these flags, which writes it when it ends. */
export async function archive(start) {
  file ??= archiveFile()
  if (existsSync(file)) return
  const temporary = `${file}.${randomUUID()}`
  try {
    const broker = await start([`-XX:ArchiveClassesAtExit=${temporary}`])
    await broker.stop('SIGTERM')
    if (existsSync(temporary)) renameSync(temporary, file)
  } catch {
    // Brokers start without it, too.
  } finally {
    rmSync(temporary, { force: true })
  }
}
