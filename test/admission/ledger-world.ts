import { createAnswerReview } from '../../src/admission/answer-review.ts'
import type { OnFault } from '../../src/admission/answer.ts'
import { snapshotOf } from '../../src/cli/policies.ts'
import { Inventory } from '../../src/inventory/inventory.ts'
import { blankLedger, decodeLedger, encodeLedger } from '../../src/ledger/codec.ts'
import { Guard } from '../../src/ledger/guard.ts'
import { isKindName } from '../../src/kinds/index.ts'
import { refKey, type ObjectRef } from '../../src/kinds/object-ref.ts'
import type { InFlight, Ledger, LedgerRead } from '../../src/ledger/ledger.ts'
import type { PutOutcome } from '../../src/ledger/ports.ts'

function snapshot(poolModel: 'global' | 'perTenant') {
  const text = `
apiVersion: poolguard.io/v1alpha1
kind: NetworkPlan
metadata: {name: dc1}
spec:
  nodeSubnets: [192.168.1.0/24]
  poolModel: ${poolModel}
  globalPool: {externalSubnets: [external], defaultExternalSubnet: external}
  tenancy: {ovnEipOwners: [{user: acme-cpo, tenant: acme}]}
`
  return snapshotOf([{ path: 'plan.yaml', text }])
}

export const PLATFORM = { username: 'admin', groups: ['system:masters'] }

export const POOL = {
  kind: { group: 'metallb.io', version: 'v1beta1', kind: 'IPAddressPool' },
  resource: { group: 'metallb.io', version: 'v1beta1', resource: 'ipaddresspools' },
  namespace: 'kmetal-metallb',
  userInfo: PLATFORM
}

export const EIP = {
  kind: { group: 'kubeovn.io', version: 'v1', kind: 'OvnEip' },
  resource: { group: 'kubeovn.io', version: 'v1', resource: 'ovn-eips' },
  namespace: '',
  userInfo: { username: 'acme-cpo', groups: [] }
}

export function pool(name: string, ...addresses: string[]) {
  const metadata = { name, namespace: 'kmetal-metallb', uid: `uid-${name}` }
  return { apiVersion: 'metallb.io/v1beta1', kind: 'IPAddressPool', metadata, spec: { addresses } }
}

export function eip(name: string, v4Ip: string, status = {}, externalSubnet = 'external') {
  const spec = { externalSubnet, v4Ip, type: 'nat' }
  return { apiVersion: 'kubeovn.io/v1', kind: 'OvnEip', metadata: { name, uid: `uid-${name}` }, spec, status }
}

const BLANK: LedgerRead = {
  ok: true,
  ledger: blankLedger({ version: '1', lineage: 'a' }),
  isFirst: true
}

/** A world with one ledger that counts its calls. */
export class World {
  readonly inventory = new Inventory()
  read: LedgerRead = BLANK
  outcomes: PutOutcome[] = []
  puts: Ledger[] = []
  reads = 0
  confirms = 0
  /** What a live read brings to light. */
  onConfirm: (() => void) | undefined
  /** Before a read of the ledger is answered. */
  onRead: (() => void) | undefined
  /** Before it is told what is stored of the owners of claims. */
  onStored: (() => void) | undefined
  private ms = 0
  private readonly snapshot: ReturnType<typeof snapshot>

  constructor(poolModel: 'global' | 'perTenant' = 'global') {
    this.snapshot = snapshot(poolModel)
    this.inventory.setAllKnown()
    this.inventory.putJson('L2Advertisement', { metadata: { name: 'all', namespace: 'kmetal-metallb' } })
    this.inventory.putJson('Namespace', { metadata: { name: 'kmetal-metallb' } })
    this.inventory.putJson('Subnet', {
      metadata: { name: 'external' },
      spec: { cidrBlock: '203.0.113.0/24', gateway: '203.0.113.1', vlan: 'v0' }
    })
  }

  /** As of revision 5. */
  private storedOf({ kind, namespace, name }: ObjectRef) {
    const object = isKindName(kind) ? this.inventory.get(kind, namespace, name) : undefined
    return object === undefined ? null : { uid: object.meta.uid, revision: 5n }
  }

  pass(ms: number): void {
    this.ms += ms
  }

  claimed(...claims: Partial<InFlight>[]): this {
    const owner = { kind: 'IPAddressPool', namespace: 'kmetal-metallb', name: 'other' }
    const whole = claims.map((claim, i) => ({
      owner,
      requester: 'x',
      tenant: '',
      attempts: [{ uid: '', replaces: undefined, id: String(i) }] as const,
      taken: [],
      ...claim
    }))
    const blank = BLANK.ok ? BLANK.ledger : undefined
    if (blank !== undefined) {
      const text = encodeLedger({ ...blank, claims: whole })
      this.read = decodeLedger(text, { version: '1', lineage: 'a' })
    }
    return this
  }

  async ask(
    about: object,
    object: { metadata: { name: string } },
    more: object = {},
    onFault: OnFault = 'fail'
  ) {
    const request = { uid: 'u', operation: 'CREATE', name: object.metadata.name, object, oldObject: null }
    const guard = new Guard({
      store: {
        read: async () => {
          this.reads += 1
          this.onRead?.()
          return this.read
        },
        put: async ledger => {
          this.puts.push(ledger)
          return this.outcomes.shift() ?? 'stored'
        }
      },
      objects: {
        areRevisionsComparable: true,
        view: () => this.inventory,
        revision: () => 5n,
        timesReplaced: 0,
        list: async () => true,
        stored: async refs => {
          this.onStored?.()
          return new Map(refs.map(ref => [refKey(ref), this.storedOf(ref)]))
        }
      },
      clock: {
        nowMs: () => this.ms,
        sleep: async ms => void (this.ms += ms),
        within: work => work,
        random: () => 0.5
      },
      newId: () => `id-${this.puts.length}`,
      observe: () => {}
    })
    const confirm = async () => {
      this.confirms += 1
      this.onConfirm?.()
      return []
    }
    const ports = {
      snapshot: () => this.snapshot,
      view: this.inventory,
      confirm,
      now: () => 0,
      ledger: guard
    }
    const review = {
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      request: { ...about, ...request, ...more }
    }
    const answer = await createAnswerReview(ports)(review, { path: 'validate', onFault })
    const { response } = answer.body as {
      response: {
        allowed: boolean
        status?: { code: number; message: string }
        warnings?: readonly string[]
        auditAnnotations?: Readonly<Record<string, string>>
      }
    }
    return { ...response, outcome: answer.outcome }
  }
}
