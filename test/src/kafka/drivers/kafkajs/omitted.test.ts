/** 28. After `npm ci --omit=optional` the binaries of snappy and lz4 are missing: that is said, and no damage of the log. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { folder, root } from '../../../cli/lethe.ts'

/** Hides the packages of platforms from `require`, as they are hidden where they were not installed. */
const HIDE = `
const Module = require('node:module')
const resolve = Module._resolveFilename
Module._resolveFilename = function (request, ...more) {
  if (/^@(napi-rs|antoniomuso)\\/|\\.node$/.test(request)) {
    const error = new Error('Cannot find module')
    error.code = 'MODULE_NOT_FOUND'
    throw error
  }
  return resolve.call(this, request, ...more)
}
`

const ASK = `
const { checkCompression, decompress, missingCompressions } = await import(process.argv[1])
const codeOf = (asked) => asked.then(() => 'none', ({ code, compression }) => [code, compression])
console.log(JSON.stringify({
  missing: await missingCompressions(),
  snappy: await codeOf(decompress(2, Buffer.from([0]))),
  lz4: await codeOf(decompress(3, Buffer.from('04224d18604082', 'hex'))),
  writes: await checkCompression('lz4').then(() => 'none', ({ message, suggestion }) => message + ' ' + suggestion),
}))
`

it('names the package that is missing', () => {
  const cwd = folder({ 'hide.cjs': HIDE })
  const codecs = join(root, 'dist/src/kafka/drivers/kafkajs/codecs.js')
  const args = ['--require', join(cwd, 'hide.cjs'), '--input-type=module', '-e', ASK, codecs]
  const told = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as Record<
    string,
    unknown
  >
  expect(told).toEqual({
    missing: ['snappy', 'lz4'],
    snappy: ['compression-missing', 'snappy'],
    lz4: ['compression-missing', 'lz4'],
    writes: expect.stringMatching(/lz4-napi.*npm install lz4-napi, without --omit=optional/),
  })
})
