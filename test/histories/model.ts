import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Decision } from './history.ts'
import { ADMINISTRATOR, KUBE_OVN, NOBODY, type ModelPolicy } from './policy.ts'
import { eipJson, vpcJson, type Stored, type VpcJson } from './world.ts'

/** What the reference model says of one write; `reason` is '' when it allows. */
export interface ModelVerdict {
  readonly allowed: boolean
  readonly reason: string
}

/** A decision as the model reads it. */
export interface ModelCase {
  readonly op: string
  readonly user: string
  readonly tenant: string | null
  readonly policy: ModelPolicy
  readonly existing: readonly Stored[]
  readonly object: Stored
  readonly oldObject: Stored | null
}

/** The file of the model; undefined when POOLGUARD_MODELS names no folder that has it. */
export function modelFile(): string | undefined {
  const folder = process.env['POOLGUARD_MODELS'] ?? ''
  const path = join(folder, 'vpc_rules.py')
  return folder !== '' && existsSync(path) ? path : undefined
}

/** Runs the functions of the script; its tail checks a corpus and ends the process, so it is left out. */
const DRIVER = `
import json, sys
source = open(sys.argv[1]).read()
functions = {}
exec(compile(source[:source.index("\\nn = bad = 0")], sys.argv[1], "exec"), functions)
for line in sys.stdin:
    print(json.dumps(functions["decide"](json.loads(line))))
`

/** What the model says of each case, in one run of Python. */
export function modelVerdicts(file: string, cases: readonly ModelCase[]): readonly ModelVerdict[] {
  const input = cases.map(one => JSON.stringify(one)).join('\n')
  const ran = spawnSync('python3', ['-c', DRIVER, file], { input, encoding: 'utf8', maxBuffer: 1 << 28 })
  if (ran.status !== 0) throw new Error(`the model failed: ${ran.stderr}`)
  const verdicts = ran.stdout.trimEnd().split('\n')
  if (verdicts.length !== cases.length)
    throw new Error(`${verdicts.length} verdicts of ${cases.length} cases`)
  return verdicts.map(line => {
    const [verdict, reason] = JSON.parse(line) as [string, string]
    return { allowed: verdict === 'allow', reason }
  })
}

/**
 * The model's case of a decision. Three things are told it that it cannot know: whoever acts for the platform acts for the
 * owner of every Subnet; a port on the default Subnet that the stored Vpc asks for and Kube-OVN has not made yet will be
 * there, which poolguard counts on, since otherwise the verdict would depend on how fast a controller is; and a new Vpc has
 * no ports yet, so that one left from another of its name excuses nothing.
 */
export function modelCase({ write, before }: Decision, policy: ModelPolicy): ModelCase {
  const { op, user, object, oldObject } = write
  const isPlatform = user === ADMINISTRATOR
  const all = [...before, ...portToCome(write.oldObject, before, policy.defaultExternalSubnet)]
  const { existing, asked } =
    op === 'CREATE' && object.kind === 'Vpc'
      ? withoutLeftPorts(object, all, policy.defaultExternalSubnet)
      : { existing: all, asked: object }
  return {
    op,
    user,
    tenant: isPlatform || user === KUBE_OVN ? null : user === NOBODY ? NOBODY : user,
    policy: isPlatform ? { ...policy, tenantPools: {} } : policy,
    existing,
    object: withoutEmpty(asked),
    oldObject: oldObject === undefined ? null : withoutEmpty(oldObject)
  }
}

/** To Kube-OVN '' is as absent; the model compares specs as they are written. */
function withoutEmpty(object: Stored): Stored {
  if (object.kind !== 'OvnEip') return object
  return {
    ...object,
    spec: Object.fromEntries(Object.entries(object.spec).filter(([, text]) => text !== ''))
  }
}

/** The ports of that name are taken away; the default one, which Kube-OVN would keep, is asked for instead. */
function withoutLeftPorts(vpc: VpcJson, objects: readonly Stored[], byDefault: string) {
  const { name } = vpc.metadata
  const isPort = (object: Stored) =>
    object.kind === 'OvnEip' &&
    object.spec.type === 'lrp' &&
    object.metadata.name === `${name}-${object.spec.externalSubnet}` &&
    object.metadata.deletionTimestamp === undefined
  const existing = objects.filter(object => !isPort(object))
  const isKept = objects.some(object => isPort(object) && object.metadata.name === `${name}-${byDefault}`)
  const extra = vpc.spec.extraExternalSubnets ?? []
  const asked =
    isKept && extra.length > 0 ? { ...vpc.spec, extraExternalSubnets: [byDefault, ...extra] } : vpc.spec
  return { existing, asked: vpcJson(name, asked) }
}

function portToCome(
  old: Stored | undefined,
  before: readonly Stored[],
  byDefault: string
): readonly Stored[] {
  if (old?.kind !== 'Vpc' || old.spec.enableExternal !== true) return []
  const { extraExternalSubnets: extra = [] } = old.spec
  if (extra.length > 0 && !extra.includes(byDefault)) return []
  const name = `${old.metadata.name}-${byDefault}`
  const there = before.find(object => object.kind === 'OvnEip' && object.metadata.name === name)
  const isLeaving = there?.kind === 'OvnEip' && there.metadata.deletionTimestamp !== undefined
  return isLeaving ? [] : [eipJson(name, { externalSubnet: byDefault, type: 'lrp' })]
}

/**
 * Whether a difference is the ratchet's: the model judges every changed OvnEip anew, poolguard excuses on an UPDATE what is
 * wrong with the stored one already, unless it is on another tenant's Subnet. Such a case is asked again as if the stored
 * OvnEip were created; the same reason there explains it.
 */
export function asStored(one: ModelCase): ModelCase | undefined {
  if (one.op !== 'UPDATE' || one.object.kind !== 'OvnEip' || one.oldObject?.kind !== 'OvnEip')
    return undefined
  const [now, before] = [one.object, one.oldObject].map(
    eip => eip.spec.externalSubnet || one.policy.defaultExternalSubnet
  )
  return now === before ? { ...one, op: 'CREATE', object: one.oldObject, oldObject: null } : undefined
}
