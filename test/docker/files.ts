/** The files of docker/, read. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { parse as parseYaml } from 'yaml'
import { compilePipeline } from '../../src/kafka/pipeline-file/compile-pipeline.ts'
import type { Pipeline } from '../../src/kafka/pipeline-file/pipeline.ts'
import { readPipelineFile } from '../../src/kafka/pipeline-file/read-pipeline.ts'

export const root: string = fileURLToPath(new URL('../..', import.meta.url))
export const docker: string = join(root, 'docker')

/** Where the pipelines serve telemetry, and everything else asks for it. */
export const PORT = 9464

export const text = (...path: string[]): string => readFileSync(join(docker, ...path), 'utf8')

// biome-ignore lint/suspicious/noExplicitAny: foreign formats, looked into at many places
export type Any = any

/** Kubernetes and compose read YAML 1.1: `0440` is octal there. */
export const yaml = (...path: string[]): Any => parseYaml(text(...path), { version: '1.1', merge: true })

/** Whether a tool that is not everywhere is here. */
export const has = (tool: string, ...args: string[]): boolean => spawnSync(tool, args).status === 0

/** A pipeline that lint finds no error in. */
export function pipelineOf(...path: string[]): Pipeline {
  const { pipeline, problems } = compilePipeline(readPipelineFile(join(docker, ...path)))
  expect(problems.filter(({ severity }) => severity === 'error')).toEqual([])
  return pipeline!
}
