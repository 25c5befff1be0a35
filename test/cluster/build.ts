import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { requireCommand } from './command.ts'
import { binDirectory, goDirectory, program } from './locations.ts'

type Target = { readonly programName: string; readonly packagePath: string }
type Component = {
  /** Folder under test/cluster/go. */
  readonly directory: string
  readonly targets: readonly Target[]
  /** Linker flags beyond `-s -w`. */
  readonly linkerFlags?: string
}

const kubernetesVersion = 'k8s.io/component-base/version'

/** Slowest first, so that a broken toolchain shows before the quick ones have scrolled by. */
const components: readonly Component[] = [
  {
    directory: 'kubernetes',
    targets: [
      { programName: 'kube-apiserver', packagePath: 'k8s.io/kubernetes/cmd/kube-apiserver' },
      { programName: 'kubectl', packagePath: 'k8s.io/kubernetes/cmd/kubectl' },
      { programName: 'typecheck-policies', packagePath: '.' }
    ],
    // without these it calls itself v0.0.0-master, which clients and charts compare with
    linkerFlags: `-X ${kubernetesVersion}.gitVersion=v1.34.4 -X ${kubernetesVersion}.gitMajor=1 -X ${kubernetesVersion}.gitMinor=34`
  },
  {
    directory: 'kube-ovn',
    targets: [
      { programName: 'kube-ovn-controller', packagePath: 'github.com/kubeovn/kube-ovn/cmd/controller' },
      { programName: 'ovn-schema', packagePath: '.' }
    ]
  },
  {
    directory: 'metallb',
    targets: [
      { programName: 'metallb-controller', packagePath: 'go.universe.tf/metallb/controller' },
      { programName: 'metallb-webhook', packagePath: '.' }
    ]
  },
  { directory: 'etcd', targets: [{ programName: 'etcd', packagePath: '.' }] },
  {
    directory: 'helm',
    targets: [
      { programName: 'helm', packagePath: 'helm.sh/helm/v3/cmd/helm' },
      { programName: 'kubeconform', packagePath: 'github.com/yannh/kubeconform/cmd/kubeconform' }
    ]
  }
]

/** No C compiler is asked for, and a GOFLAGS of the user's own must not rewrite go.mod. */
const goEnvironment = { CGO_ENABLED: '0', GOFLAGS: '-mod=readonly -trimpath -buildvcs=false', GOWORK: 'off' }

/**
 * Builds the programs that are missing or whose go.mod, go.sum or flags have changed, into .cluster/bin. Minutes when
 * Go's build cache is cold, nothing at all when the stamps fit. `report` gets one line for each component built.
 */
export async function build(report: (line: string) => void): Promise<void> {
  mkdirSync(binDirectory, { recursive: true })
  for (const component of components) {
    const stampFile = join(binDirectory, `.${component.directory}.stamp`)
    const stamp = stampOf(component)
    if (isBuilt(component, stampFile, stamp)) continue
    const names = component.targets.map(target => target.programName).join(', ')
    report(`building ${names} (minutes when Go's build cache is cold)`)
    const started = performance.now()
    for (const group of groupsOf(component)) await compile(component, group)
    writeFileSync(stampFile, `${stamp}\n`)
    report(`built ${names} in ${Math.round((performance.now() - started) / 1_000)} s`)
  }
}

function isBuilt(component: Component, stampFile: string, stamp: string): boolean {
  if (component.targets.some(target => !existsSync(program(target.programName)))) return false
  return existsSync(stampFile) && readFileSync(stampFile, 'utf8').trim() === stamp
}

function stampOf(component: Component): string {
  const hash = createHash('sha256')
  hash.update(JSON.stringify([component, goEnvironment, process.platform, process.arch]))
  for (const file of ['go.mod', 'go.sum', 'main.go']) {
    const path = join(goDirectory, component.directory, file)
    if (existsSync(path)) hash.update(`${file}\n`).update(readFileSync(path))
  }
  return hash.digest('hex')
}

/** Programs named after their package are built by one call of `go build`, which shares the work on what they share. */
function groupsOf(component: Component): readonly (readonly Target[])[] {
  const named = component.targets.filter(target => target.packagePath.endsWith(`/${target.programName}`))
  const renamed = component.targets.filter(target => !named.includes(target))
  return [...(named.length === 0 ? [] : [named]), ...renamed.map(target => [target])]
}

async function compile(component: Component, group: readonly Target[]): Promise<void> {
  const [first] = group
  if (first === undefined) return
  const renamed = !first.packagePath.endsWith(`/${first.programName}`)
  const output = renamed ? program(first.programName) : `${binDirectory}/`
  const linkerFlags = ['-s', '-w', component.linkerFlags ?? ''].join(' ').trim()
  const packages = group.map(target => target.packagePath)
  await requireCommand('go', ['build', '-p', '2', '-ldflags', linkerFlags, '-o', output, ...packages], {
    cwd: join(goDirectory, component.directory),
    env: goEnvironment
  })
}

/**
 * The read-only folder of a pinned Go module, e.g. for the CRDs and charts in it. Fetches the module when only the
 * built program is cached, not its sources.
 */
export async function moduleDirectory(directory: string, modulePath: string): Promise<string> {
  const options = { cwd: join(goDirectory, directory), env: goEnvironment }
  const list = ['list', '-m', '-f', '{{.Dir}}', modulePath]
  const known = (await requireCommand('go', list, options)).trim()
  if (known !== '') return known
  await requireCommand('go', ['mod', 'download', modulePath], options)
  return (await requireCommand('go', list, options)).trim()
}
