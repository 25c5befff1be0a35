import type { TenancyFlaw } from '../../policy/tenancy.ts'
import type { TenancyFinding } from '../../rules/findings/tenancy.ts'
import { listed, shown } from '../show.ts'

/** The predicates of findings about whose something is, and about hosted control planes. */
export function tenancyWords(finding: TenancyFinding): string {
  switch (finding.code) {
    case 'tenant-changes': {
      const to = finding.to === '' ? "nobody's" : `tenant ${shown(finding.to)}'s`
      const from = finding.from === '' ? 'a tenant that is not named' : `tenant ${shown(finding.from)}`
      return `makes the namespace ${to}, while it is ${from}'s. Only the platform moves namespaces between tenants.`
    }
    case 'tenant-unproven':
      return `makes the namespace tenant ${shown(finding.tenant) || '(unnamed)'}'s, but ${flawWords(finding.flaw)}. Let the platform set it.`
    case 'address-not-annotated': {
      const asked =
        finding.annotated.length === 0
          ? 'its Service asks MetalLB for no address'
          : `its Service asks MetalLB for ${listed(finding.annotated.map(text => shown(text)))}`
      return `is the control plane's address, but ${asked}. Set ${finding.annotation} to ${shown(finding.value)}.`
    }
  }
}

function flawWords(flaw: TenancyFlaw | undefined): string {
  switch (flaw) {
    case undefined:
      return 'nothing proves this label'
    case 'empty-label':
      return 'the label names nobody'
    case 'label-without-owner':
      return 'no ownerReference to that Tenant proves it'
    case 'owner-without-label':
      return 'the ownerReference to a Tenant comes without the label'
    case 'owner-mismatch':
      return 'the ownerReference is to another Tenant'
    case 'several-owners':
      return 'several Tenants own it'
    case 'no-such-tenant':
      return 'no such Tenant exists'
    case 'another-uid':
      return 'the ownerReference is to an earlier Tenant of that name'
  }
}
