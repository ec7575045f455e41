/** What the proof of the image rests on, without an image: how containers are run, and when outputs count as equal. */
import { describe, expect, it } from 'vitest'
import { docker, text, yaml } from '../../docker/files.ts'
import { baseOf } from './build.ts'
import { type ImageConfig, specOf } from './container.ts'
import { compare, composed } from './stream.ts'

const image: ImageConfig = {
  User: '10001:10001',
  Env: ['PATH=/bin'],
  Entrypoint: ['node', 'lethe.js'],
  Cmd: ['--help'],
  WorkingDir: '/app',
}

describe('a container', () => {
  it('has a read-only root, the user of the image, and no rights', () => {
    expect(specOf(image, '/image', {})).toMatchObject({
      process: {
        user: { uid: 10001, gid: 10001 },
        args: ['node', 'lethe.js', '--help'],
        env: ['PATH=/bin'],
        cwd: '/app',
        capabilities: { bounding: [], effective: [], inheritable: [], permitted: [], ambient: [] },
        noNewPrivileges: true,
      },
      root: { path: '/image', readonly: true },
    })
  })

  it('has a /tmp as compose.yaml gives it', () => {
    const [tmp] = yaml('compose.yaml').services.lethe.tmpfs
    expect(specOf(image, '/image', {})).toMatchObject({
      mounts: expect.arrayContaining([
        { destination: '/tmp', type: 'tmpfs', source: 'tmpfs', options: tmp.split(':')[1].split(',') },
      ]),
    })
  })

  it('can write only what is mounted so', () => {
    const mounts = [
      { from: '/data', to: '/data', writable: true },
      { from: '/keys', to: '/run/secrets/keys' },
    ]
    const { mounts: all } = specOf(image, '/image', { mounts }) as {
      mounts: { type: string; destination: string; options: string[] }[]
    }
    const bound = all.filter(({ type }) => type === 'bind')
    expect(bound.map(({ destination, options }) => [destination, options[1]])).toEqual([
      ['/data', 'rw'],
      ['/run/secrets/keys', 'ro'],
    ])
  })
})

describe('the base image', () => {
  it('is that of the Dockerfile', () => {
    expect(baseOf(text('Dockerfile'))).toMatchObject({ suite: expect.stringMatching(/^[a-z]+$/) })
    expect(baseOf('ARG NODE_IMAGE=node:24-trixie-slim\n')).toEqual({
      name: 'node:24-trixie-slim',
      release: '24',
      suite: 'trixie',
    })
  })

  it('is refused where it is another one than can be made', () => {
    for (const name of ['node:22-alpine', 'debian:bookworm-slim', 'node:3-bookworm-slim'])
      expect(() => baseOf(`ARG NODE_IMAGE=${name}\n`)).toThrow('cannot be made')
    expect(() => baseOf('FROM node:22-bookworm-slim\n')).toThrow('cannot be made')
  })
})

describe('the service of compose.yaml', () => {
  it('is run with all that it names', () => {
    const { lethe } = yaml('compose.yaml').services
    const { options, topics, broker } = composed(text('compose.yaml'), docker, '/keys.json')
    expect(broker).toBe('kafka:19092')
    expect(options).toMatchObject({ args: lethe.command, env: lethe.environment, memory: 512 * 1_048_576 })
    expect(options.mounts).toHaveLength(lethe.volumes.length + lethe.secrets.length)
    expect(topics.map(({ name, settings }) => [name, Object.keys(settings)])).toEqual([
      ['shop.customer-events', ['retention.ms']],
      ['training.customer-events', ['retention.ms']],
      ['training.customer-events.dead-letters', ['retention.ms']],
    ])
  })
})

describe('outputs of a stream', () => {
  it('are those of files, as they were when it began or when it ended', () => {
    compare(['a', 'b'], ['a', 'b'], ['a', 'b'])
    compare(['a', 'B'], ['a', 'b'], ['a', 'B'])
    compare(['a'], ['a', 'b'], ['a'])
  })

  it('are refused where one is missing, twice there, or another one', () => {
    for (const got of [[], ['a'], ['a', 'b', 'b'], ['a', 'c'], ['a', 'b', 'c'], ['a', 'a']])
      expect(() => compare(got, ['a', 'b'], ['a', 'b']), got.join()).toThrow(`of ${got.length} outputs`)
  })
})
