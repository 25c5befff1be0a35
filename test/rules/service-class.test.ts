import { test } from 'tap'
import { Inventory } from '../../src/inventory/inventory.ts'
import { decodeObject } from '../../src/kinds/index.ts'
import type { Service } from '../../src/kinds/service.ts'
import type { Requester } from '../../src/policy/tenancy.ts'
import { serviceClassOf } from '../../src/rules/service-class.ts'

const view = new Inventory()
view.setAllKnown()
for (const [namespace, name, uid] of [
  ['acme', 'cp', 'u-1'],
  ['beta', 'other', 'u-2']
]) {
  view.putJson('TenantControlPlane', { metadata: { namespace, name, uid } })
}

function serviceOf(metadata: object): Service {
  const decoded = decodeObject('Service', { metadata: { namespace: 'acme', name: 'cp', ...metadata } })
  if (!decoded.ok) throw new Error(JSON.stringify(decoded.errors))
  return decoded.object
}

function by(controller: Requester['controller']): Requester {
  return { username: 'x', groups: [], role: controller === undefined ? 'other' : 'controller', controller }
}

const OWNER = {
  apiVersion: 'kamaji.clastix.io/v1alpha1',
  kind: 'TenantControlPlane',
  name: 'cp',
  uid: 'u-1',
  controller: true
}
const MIRRORED = { labels: { 'cluster.x-k8s.io/tenant-service-name': 'web' } }
const KAMAJI_LABELS = { labels: { 'kamaji.clastix.io/name': 'cp', 'kamaji.clastix.io/project': 'kamaji' } }

await test('serviceClassOf() takes nothing on the object itself for proof', async t => {
  const rows: readonly (readonly [string, object, Requester['controller'], object | undefined, string])[] = [
    ["Kamaji's own", { ownerReferences: [OWNER] }, 'kamaji', undefined, 'controlPlane'],
    ['by a tenant', { ownerReferences: [OWNER] }, undefined, undefined, 'direct'],
    ['by the CCM', { ownerReferences: [OWNER] }, 'ccm', undefined, 'direct'],
    ['another uid', { ownerReferences: [{ ...OWNER, uid: 'u-9' }] }, 'kamaji', undefined, 'direct'],
    ['another kind', { ownerReferences: [{ ...OWNER, kind: 'ConfigMap' }] }, 'kamaji', undefined, 'direct'],
    ['another group', { ownerReferences: [{ ...OWNER, apiVersion: 'kamaji.evil/v1' }] }, 'kamaji', undefined, 'direct'],
    ['not the controller', { ownerReferences: [{ ...OWNER, controller: false }] }, 'kamaji', undefined, 'direct'],
    ['another name', { name: 'web', ownerReferences: [OWNER] }, 'kamaji', undefined, 'direct'],
    [
      "another namespace's control plane",
      { name: 'other', ownerReferences: [{ ...OWNER, name: 'other', uid: 'u-2' }] },
      'kamaji',
      undefined,
      'direct'
    ],
    ["Kamaji's labels alone", KAMAJI_LABELS, 'kamaji', undefined, 'direct'],
    ['a later edit by hand', { ownerReferences: [OWNER] }, undefined, { ownerReferences: [OWNER] }, 'controlPlane'],
    ['a later edit that forges it', { ownerReferences: [OWNER] }, undefined, {}, 'direct'],
    ['a later edit that takes it off', {}, undefined, { ownerReferences: [OWNER] }, 'direct'],
    ["the CCM's own", MIRRORED, 'ccm', undefined, 'mirrored'],
    ['mirrored labels by a tenant', MIRRORED, undefined, undefined, 'direct'],
    ['plain', {}, undefined, undefined, 'direct']
  ]
  for (const [name, metadata, controller, stored, expected] of rows) {
    const oldService = stored === undefined ? undefined : serviceOf(stored)
    t.equal(serviceClassOf(serviceOf(metadata), { requester: by(controller), view, oldService }), expected, name)
  }
})
