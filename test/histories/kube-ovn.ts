import { eipJson, type VpcJson, type World } from './world.ts'

/** What Kube-OVN's controller makes of a Vpc, as far as gateway ports go (v1.15.2, pkg/controller/vpc.go, handleAddOrUpdateVpc). */
export function reconcile(world: World, name: string, byDefault: string): void {
  const vpc = world.vpc(name)
  const wanted = wantedPorts(world, vpc, byDefault)
  for (const eip of portsOf(world, name)) {
    const subnet = eip.spec.externalSubnet ?? ''
    // The default port stays until enableExternal is off; others go when they leave the list.
    if (!wanted.includes(subnet)) world.delete(eip)
  }
  for (const subnet of wanted) {
    const port = `${name}-${subnet}`
    if (world.eip(port) === undefined) world.put(eipJson(port, { externalSubnet: subnet, type: 'lrp' }))
  }
}

function wantedPorts(world: World, vpc: VpcJson | undefined, byDefault: string): readonly string[] {
  if (vpc?.spec.enableExternal !== true) return []
  const extra = vpc.spec.extraExternalSubnets ?? []
  const hasDefault = portsOf(world, vpc.metadata.name).some(eip => eip.spec.externalSubnet === byDefault)
  // Up to 1.13 the default Subnet comes with all others.
  const isOld = world.snapshot.plan.kubeOvn.version === '1.13'
  return [...new Set([...(hasDefault || isOld || extra.length === 0 ? [byDefault] : []), ...extra])]
}

/** The OvnEips of type lrp that are ports of this router, those under deletion left out. */
function portsOf(world: World, name: string) {
  return world.objects
    .filter(object => object.kind === 'OvnEip')
    .filter(({ metadata, spec }) => spec.type === 'lrp' && metadata.name === `${name}-${spec.externalSubnet}`)
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
}

/** The Subnets that a router has ports on once the controller has done what is stored. */
export function subnetsOf(world: World, vpc: VpcJson, byDefault: string): ReadonlySet<string> {
  return new Set(wantedPorts(world, vpc, byDefault))
}
