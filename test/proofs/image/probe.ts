/** What a process in the image can do, seen from inside. */
import type { Containers } from './container.ts'

const SCRIPT = `
const { existsSync, readFileSync, writeFileSync } = require('node:fs')
const write = (file) => { try { writeFileSync(file, ''); return 'written' } catch (error) { return error.code } }
const status = readFileSync('/proc/self/status', 'utf8')
const word = (name) => new RegExp(name + ':\\\\s*(.*)').exec(status)[1]
console.log(JSON.stringify({
  uid: process.getuid(), gid: process.getgid(), groups: process.getgroups(), node: process.version,
  capabilities: ['CapPrm', 'CapEff', 'CapBnd', 'CapAmb'].map(word), noNewPrivileges: word('NoNewPrivs'),
  root: ['/app/x', '/app/config/x', '/app/dist/bin/lethe.js', '/etc/x', '/x', '/var/tmp/x'].map(write), tmp: write('/tmp/x'),
  tools: ['/usr/local/bin/npm', '/usr/bin/g++', '/usr/bin/make', '/usr/bin/python3'].filter(existsSync),
}))`

/** @returns what was seen. @throws Error where it is not as docker/README.md says */
export async function probe(containers: Containers, version: string, node: string): Promise<string> {
  const help = await containers.run({})
  if (help.status !== 0 || !help.stdout.startsWith('Usage: lethe')) throw new Error(`--help: ${help.stderr}`)
  const told = await containers.run({ args: ['--version'] })
  if (told.stdout.trim() !== version) throw new Error(`--version: ${told.stdout}${told.stderr}`)
  const client = await containers.run({
    entrypoint: ['node', '/app/docker/healthcheck.mjs', '--client'],
    args: [],
  })
  if (client.status !== 0) throw new Error(`the native client: ${client.stderr}`)
  const { stdout, stderr } = await containers.run({ entrypoint: ['node', '-e', SCRIPT], args: [] })
  const [uid, gid] = containers.image.User.split(':').map(Number)
  const nothing = '0000000000000000'
  const wanted = {
    uid,
    gid,
    groups: [gid],
    node: `v${node}`,
    capabilities: [nothing, nothing, nothing, nothing],
    noNewPrivileges: '1',
    root: ['EROFS', 'EROFS', 'EROFS', 'EROFS', 'EROFS', 'EROFS'],
    tmp: 'written',
    tools: [],
  }
  if (stdout.trim() !== JSON.stringify(wanted)) throw new Error(`seen from inside: ${stdout}${stderr}`)
  return `Node.js ${node}, user ${uid}:${gid}, no capability, read-only root, /tmp writable, no package client, no compiler`
}
