/**
 * compose.yaml and the manifests for Kubernetes: that they protect what they run, and agree with the pipelines. What
 * needs kubectl is skipped by name where it is missing. docker/README.md says what was never run.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { DRAIN_MS } from '../../src/run/stream/instance.ts'
import { type Any, docker, has, PORT, pipelineOf, text, yaml } from './files.ts'

it('all of it is YAML or JSON that can be read', () => {
  const files = readdirSync(docker, { recursive: true, encoding: 'utf8' })
  const read = files.filter((file) => /\.(ya?ml|json)$/.test(file))
  expect(read.length).toBeGreaterThan(14)
  for (const file of read) {
    if (file.endsWith('.json')) JSON.parse(text(file))
    else
      for (const document of parseAllDocuments(text(file), { merge: true }))
        expect([file, document.errors, document.warnings]).toEqual([file, [], []])
  }
})

describe('compose.yaml', () => {
  const { services, secrets, volumes } = yaml('compose.yaml')
  const { lethe, kafka, topics } = services

  it('opens ports on this machine only, and mounts what is there, read-only', () => {
    for (const [name, service] of Object.entries<Any>(services)) {
      for (const port of service.ports ?? []) expect(port, name).toMatch(/^127\.0\.0\.1:\d+:\d+$/)
      for (const volume of service.volumes ?? []) {
        const [from, , mode] = volume.split(':')
        if (!from.startsWith('.')) expect(volumes).toHaveProperty(from)
        else expect([mode, existsSync(join(docker, from))], volume).toEqual(['ro', true])
      }
      if (service.image !== 'lethe:local') expect(service.image).toMatch(/^[\w/-]+:v?\d+\.\d+\.\d+$/)
    }
    expect(existsSync(join(docker, lethe.build.context, lethe.build.dockerfile))).toBe(true)
  })

  it('lets Lethe write nothing but /tmp, and gives it no rights', () => {
    expect(lethe).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      // biome-ignore lint/suspicious/noTemplateCurlyInString: compose fills it in
      user: '${LETHE_UID:-10001}:${LETHE_GID:-10001}',
    })
    expect(lethe.privileged).toBeUndefined()
    expect(lethe.tmpfs[0]).toMatch(/^\/tmp:/)
    expect(Number.parseInt(lethe.stop_grace_period, 10) * 1000).toBeGreaterThan(3 * DRAIN_MS)
  })

  it('agrees with its pipeline', () => {
    const pipeline = pipelineOf('pipeline.yaml')
    expect(pipeline.keys).toEqual({ file: `/run/secrets/${lethe.secrets[0]}` })
    expect(Object.keys(secrets)).toEqual(lethe.secrets)
    expect(pipeline.instance).toEqual({ env: 'LETHE_INSTANCE' })
    expect(lethe.environment.LETHE_INSTANCE).toBeTruthy()
    expect(pipeline.brokers).toEqual(['kafka:19092'])
    expect(kafka.environment.KAFKA_ADVERTISED_LISTENERS).toContain('INSIDE://kafka:19092')
    const mounted = lethe.volumes[0].split(':')
    expect(lethe.command).toEqual(['stream', mounted[1]])
    // The policy is beside it in the image as it is here.
    const policy = join(dirname(mounted[1]), '../config/policies/customer-events.yaml')
    expect(policy).toBe('/app/config/policies/customer-events.yaml')
    for (const { from, to, deadLetterTopic } of pipeline.routes)
      for (const topic of [...(from.topics as string[]), to.topic!, deadLetterTopic])
        expect(topics.command[0]).toMatch(
          new RegExp(`^topic ${topic.replaceAll('.', '\\.')} --config retention`, 'm'),
        )
    const [found] = yaml('prometheus', 'prometheus.yaml').scrape_configs[0].dns_sd_configs
    expect(found).toMatchObject({ names: ['lethe'], type: 'A', port: PORT })
  })
})

describe('Kubernetes', () => {
  const kustomization = yaml('kubernetes', 'kustomization.yaml')
  const manifest = (name: string): Any => yaml('kubernetes', `${name}.yaml`)
  const set = manifest('statefulset')
  const pod = set.spec.template.spec
  const [container] = pod.containers

  it('is named in the kustomization, all of it', () => {
    const [generator] = kustomization.configMapGenerator
    const named = [...kustomization.resources, ...generator.files, 'kustomization.yaml']
    expect(readdirSync(join(docker, 'kubernetes')).sort()).toEqual(named.sort())
  })

  it('gives the pod no rights', () => {
    expect(set.kind).toBe('StatefulSet')
    expect(pod.automountServiceAccountToken).toBe(false)
    expect(pod.securityContext).toMatchObject({
      runAsNonRoot: true,
      runAsUser: 10001,
      seccompProfile: { type: 'RuntimeDefault' },
    })
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      privileged: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    })
    for (const word of ['hostNetwork', 'hostPID', 'hostIPC', 'initContainers'])
      expect(pod[word]).toBeUndefined()
    expect(manifest('namespace').metadata.labels['pod-security.kubernetes.io/enforce']).toBe('restricted')
  })

  it('runs a shard in a pod like those of the stream, with its index for its number', () => {
    const job = yaml('shards', 'job.yaml')
    const shard = job.spec.template.spec
    const [one] = shard.containers
    expect(job.spec).toMatchObject({
      completionMode: 'Indexed',
      completions: expect.any(Number),
      backoffLimitPerIndex: 3,
    })
    expect(shard.securityContext).toEqual(pod.securityContext)
    expect(one.securityContext).toEqual(container.securityContext)
    expect(shard).toMatchObject({ restartPolicy: 'Never', automountServiceAccountToken: false })
    for (const { secret } of shard.volumes) if (secret !== undefined) expect(secret.defaultMode).toBe(0o440)
    // What `lethe batch` takes; the index is in JOB_COMPLETION_INDEX.
    expect(one.args).toEqual(expect.arrayContaining(['batch', '--manifest=run.json', '--output=run']))
    expect(one.args.join(' ')).not.toContain('--shard')
    expect(job.spec.podFailurePolicy.rules[0].onExitCodes).toMatchObject({
      containerName: one.name,
      values: [2],
    })
  })

  it('hands secrets over as files that nobody else may read', () => {
    const mounts = new Map<string, string>(container.volumeMounts.map((m: Any) => [m.mountPath, m.name]))
    const volumes = new Map<string, Any>(pod.volumes.map((volume: Any) => [volume.name, volume]))
    const pipeline = pipelineOf('kubernetes', 'pipeline.yaml')
    const files = [pipeline.keys, pipeline.sasl?.password, pipeline.tls?.ca] as readonly { file: string }[]
    expect(files).toHaveLength(3)
    for (const { file } of files) {
      const { secret } = volumes.get(mounts.get(dirname(file))!)
      // Keys open to others, or to the group for writing, are refused.
      expect(secret.defaultMode & 0o027, file).toBe(0)
      expect(secret.defaultMode).toBe(0o440)
    }
    expect(pod.securityContext.fsGroup).toBe(pod.securityContext.runAsGroup)
    for (const { name, value } of container.env) expect(value, name).toBeUndefined()
  })

  it('keeps the names of instances, and gives them time to stop', () => {
    const pipeline = pipelineOf('kubernetes', 'pipeline.yaml')
    const [variable] = container.env
    expect(pipeline.instance).toEqual({ env: variable.name })
    expect(variable.valueFrom.fieldRef.fieldPath).toBe('metadata.name')
    expect(pod.terminationGracePeriodSeconds * 1000).toBeGreaterThan(3 * DRAIN_MS)
  })

  it('asks the probes where they are', () => {
    const port = container.ports[0]
    expect(port).toEqual({ name: 'telemetry', containerPort: PORT })
    const probe = (name: string) => container[name].httpGet
    expect(probe('startupProbe')).toEqual({ path: '/livez', port: port.name })
    expect(probe('livenessProbe')).toEqual({ path: '/livez', port: port.name })
    expect(probe('readinessProbe')).toEqual({ path: '/readyz', port: port.name })
    expect(container.args).toEqual(['stream', '/etc/lethe/pipeline.yaml'])
    expect(container.volumeMounts[0]).toEqual({ name: 'config', mountPath: '/etc/lethe', readOnly: true })
  })

  it('has everything select the same pods', () => {
    const { labels } = set.spec.template.metadata
    expect(set.spec.selector.matchLabels).toEqual(labels)
    const service = manifest('service')
    expect(service.spec).toMatchObject({ clusterIP: 'None', selector: labels })
    expect(service.metadata.name).toBe(set.spec.serviceName)
    const budget = manifest('disruption-budget')
    expect(budget.spec).toMatchObject({ maxUnavailable: 1, selector: { matchLabels: labels } })
    const network = manifest('network-policy').spec
    expect(network.podSelector.matchLabels).toEqual(labels)
    expect(network.policyTypes).toEqual(['Ingress', 'Egress'])
    for (const rule of [...network.ingress, ...network.egress]) {
      expect((rule.from ?? rule.to).length).toBeGreaterThan(0)
      expect(rule.ports.length).toBeGreaterThan(0)
    }
  })

  it.skipIf(!has('kubectl', 'version', '--client'))('is rendered by kubectl kustomize', () => {
    const rendered = execFileSync('kubectl', ['kustomize', join(docker, 'kubernetes')], { encoding: 'utf8' })
    const kinds = parseAllDocuments(rendered).map((document) => document.get('kind'))
    expect(kinds.sort()).toEqual(
      ['ConfigMap', 'Namespace', 'NetworkPolicy', 'PodDisruptionBudget', 'Service', 'StatefulSet'].sort(),
    )
    expect(rendered).toMatch(/configMap:\s+name: lethe-\w+/)
  })
})
