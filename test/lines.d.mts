import type { Readable } from 'node:stream'

export function eachLine(stream: Readable, onLine: (line: string) => void): void
