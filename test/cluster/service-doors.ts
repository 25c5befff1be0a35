import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import type { Test } from 'tap'

import type { Cluster } from './cluster.ts'
import type { CommandResult } from './command.ts'
import { isJsonObject, member, type JsonObject } from './json.ts'
import { service, tenantNamespaces, type Ask } from './tenants.ts'

/** A way to ask for what one may not have, and the rule that refuses it. */
export interface Door extends Ask {
  readonly name: string
  readonly rule: string
  /** The rule where the Service has the default pool already; absent: the same. */
  readonly ruleOnLive?: string
}

/** Addresses of others, by whose they are. */
export interface Foreign {
  /** Of a Service of another tenant, in the pool that all share. */
  readonly bobs: string
  /** The sharing key of that Service. */
  readonly key: string
}

/** A Service with the default pool asks for an address outside of it, or for another pool under the other prefix. */
const onLive = { ruleOnLive: 'service-address-conflict' }

const PREFIXES = ['metallb.io', 'metallb.universe.tf'] as const

/** Everything that MetalLB reads of a Service, each asking for something of the platform's, of another tenant's, or of nobody's. */
export function metallbDoors({ bobs, key }: Foreign): readonly Door[] {
  const twins = PREFIXES.flatMap((prefix): Door[] => {
    const isOld = prefix !== 'metallb.io'
    const door = (ask: string, value: string, rule: string): Door => {
      return { name: `${prefix}/${ask} ${value}`, rule, annotations: { [`${prefix}/${ask}`]: value } }
    }
    return [
      { ...door('address-pool', 'platform-pool', 'service-pool-not-granted'), ...(isOld ? onLive : {}) },
      { ...door('address-pool', 'beta-pool', 'service-pool-not-granted'), ...(isOld ? onLive : {}) },
      { ...door('loadBalancerIPs', '192.168.1.155', 'service-pool-not-granted'), ...onLive },
      door('loadBalancerIPs', bobs, 'service-address-in-use'),
      door('loadBalancerIPs', '198.51.100.7', 'service-address-not-granted'),
      door('allow-shared-ip', key, 'service-shared-address')
    ]
  })
  const field = (loadBalancerIP: string, rule: string): Door => {
    return { name: `spec.loadBalancerIP ${loadBalancerIP}`, rule, spec: { loadBalancerIP } }
  }
  const contradicting = (ask: string, [present, old]: readonly [string, string]): Door => ({
    name: `contradicting twins of ${ask}`,
    rule: 'service-address-conflict',
    annotations: { [`metallb.io/${ask}`]: present, [`metallb.universe.tf/${ask}`]: old }
  })
  return [
    ...twins,
    { ...field('192.168.1.155', 'service-pool-not-granted'), ...onLive },
    field(bobs, 'service-address-in-use'),
    field('198.51.100.7', 'service-address-not-granted'),
    contradicting('address-pool', ['default-pool', 'platform-pool']),
    contradicting('loadBalancerIPs', ['192.168.1.140', '192.168.1.155']),
    contradicting('allow-shared-ip', ['mine', key])
  ]
}

/** A form of kubectl that brings an ask to the API server, as one user. */
export interface Form {
  readonly name: string
  try(ask: Ask): Promise<CommandResult>
}

/** The forms in which a Service is new. */
export function creatingForms(cluster: Cluster, user: string): readonly Form[] {
  const form = (name: string, args: readonly string[]): Form => ({
    name,
    try: ask => cluster.kubectl([...args, '-f', '-'], { user, input: JSON.stringify(service('new', ask)) })
  })
  return [
    form('create', ['create']),
    form('apply', ['apply']),
    form('apply --server-side', ['apply', '--server-side'])
  ]
}

/** The forms in which a Service that is there already comes to ask. */
export function changingForms(cluster: Cluster, user: string, name: string): readonly Form[] {
  const call = (args: readonly string[], more: object = {}) =>
    cluster.kubectl(['-n', tenantNamespaces.acme, ...args], { user, ...more })
  const patch = (type: string, of: (ask: Ask) => unknown): Form => ({
    name: `patch --type=${type}`,
    try: ask => call(['patch', 'service', name, `--type=${type}`, '-p', JSON.stringify(of(ask))])
  })
  const merged = ({ annotations = {}, spec = {} }: Ask) => ({ metadata: { annotations }, spec })
  const whole = async (ask: Ask) => JSON.stringify(withAsk(await live(cluster, name), ask))
  return [
    patch('merge', merged),
    patch('strategic', merged),
    patch('json', operations),
    {
      name: 'apply --server-side --force-conflicts',
      try: ask =>
        cluster.kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], {
          user,
          input: JSON.stringify(service(name, ask))
        })
    },
    { name: 'replace', try: async ask => call(['replace', '-f', '-'], { input: await whole(ask) }) },
    {
      name: 'edit',
      try: async ask => {
        const file = join(cluster.directory, 'edited.json')
        writeFileSync(file, await whole(ask))
        return call(['edit', 'service', name, '-o', 'json'], { editor: `cp ${file}` })
      }
    }
  ]
}

function operations({ annotations = {}, spec = {} }: Ask): readonly object[] {
  const pointer = (key: string) => key.replaceAll('~', '~0').replaceAll('/', '~1')
  const add = (path: string, of: object) =>
    Object.entries(of).map(([key, value]: [string, unknown]) => {
      return { op: 'add', path: `${path}/${pointer(key)}`, value }
    })
  return [...add('/metadata/annotations', annotations), ...add('/spec', spec)]
}

/** The stored Service as JSON. */
export async function live(cluster: Cluster, name: string): Promise<JsonObject> {
  const args = ['get', '-n', tenantNamespaces.acme, 'service', name, '-o', 'json']
  const json: unknown = JSON.parse(await cluster.mustKubectl(args))
  if (!isJsonObject(json)) throw new Error(`${name} is no object`)
  return json
}

function withAsk(object: JsonObject, { annotations = {}, spec = {} }: Ask): object {
  const metadata = member(object, 'metadata')
  return {
    ...object,
    metadata: { ...metadata, annotations: { ...member(metadata, 'annotations'), ...annotations } },
    spec: { ...member(object, 'spec'), ...spec }
  }
}

/** One denial of poolguard's with a line of this rule, which tells a tenant nothing about others. */
export function isRefused(t: Test, { code, stderr }: CommandResult, rule: string, what: string): void {
  t.equal(code, 1, `${what} fails`)
  t.ok(stderr.includes(`[${rule}]`) && stderr.includes('poolguard.io" denied'), `${what}: ${rule}`, {
    stderr
  })
  t.notMatch(stderr, /beta-web|tenant-beta|shop/, 'nothing about others')
}
