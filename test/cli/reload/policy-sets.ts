import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const HEAD = 'apiVersion: poolguard.io/v1alpha1\n'

/** A plan whose reserved range is this one. */
export function planText(reserved: string): string {
  return `${HEAD}kind: NetworkPlan
metadata: {name: dc1}
spec:
  nodeSubnets: [{cidr: 192.168.1.0/24, gateway: 192.168.1.1}]
  reservedRanges: [{range: ${reserved}, purpose: printers}]
  metallb: {namespace: kmetal-metallb}
`
}

/** An ExposurePolicy with this spec, as a flow mapping. */
export function policyText(name: string, spec: string): string {
  return `${HEAD}kind: ExposurePolicy\nmetadata: {name: ${name}}\nspec: ${spec}\n`
}

/** File names and their texts. */
export type Files = Readonly<Record<string, string>>

/**
 * Mounts files in a folder as the kubelet does a ConfigMap (pkg/volume/util/atomic_writer.go): a new folder with a name of its
 * own holds them, `..data` is turned to it by a rename, and each file is a link through `..data`. The old folder goes last.
 */
export class Mount {
  readonly path: string
  private current: string | undefined
  private names: readonly string[] = []

  constructor(path: string) {
    this.path = path
    mkdirSync(path, { recursive: true })
  }

  replace(files: Files): void {
    const folder = mkdtempSync(join(this.path, '..2026_11_25_'))
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
    symlinkSync(folder.slice(this.path.length + 1), join(this.path, '..data_tmp'))
    renameSync(join(this.path, '..data_tmp'), join(this.path, '..data'))
    for (const name of Object.keys(files).filter(one => !this.names.includes(one)))
      symlinkSync(join('..data', name), join(this.path, name))
    for (const name of this.names.filter(one => !Object.hasOwn(files, one))) rmSync(join(this.path, name))
    if (this.current !== undefined) rmSync(this.current, { recursive: true })
    this.current = folder
    this.names = Object.keys(files)
  }
}
