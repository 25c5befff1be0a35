import { accessSync, constants, existsSync, mkdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'

import { runCommand } from './command.ts'

/** The newest `go` line among test/cluster/go/<component>/go.mod (etcd's and helm's). */
const neededGo = { major: 1, minor: 26 }
/** package.json, `engines`. */
const neededNode = { major: 20, minor: 19 }

/** kube-ovn-controller opens a log file there, whatever its flags say (pkg/util/log.go). */
const kubeOvnLogDirectory = '/var/log/kube-ovn'

const debianPrograms = [
  { name: 'ovsdb-tool', debianPackage: 'openvswitch-common' },
  { name: 'ovsdb-server', debianPackage: 'openvswitch-common' },
  { name: 'ovn-nbctl', debianPackage: 'ovn-common' },
  { name: 'ovn-sbctl', debianPackage: 'ovn-common' }
] as const

export type DebianProgram = (typeof debianPrograms)[number]['name']

/** Full path of a program; a plain user's PATH lacks the sbin folders on Debian. Undefined: not installed. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin']
  return folders.map(folder => join(folder, name)).find(path => existsSync(path))
}

/** As findProgram, for those that `missingPrerequisites` has looked for. */
export function debianProgram(name: DebianProgram): string {
  const path = findProgram(name)
  if (path === undefined) throw new Error(`${name} is not installed`)
  return path
}

/** One line for each thing that is missing, saying how to get it; empty: everything is there. */
export async function missingPrerequisites(): Promise<string[]> {
  const packages = debianPrograms.filter(one => findProgram(one.name) === undefined)
  const names = [...new Set(packages.map(one => one.debianPackage))].toSorted().join(' ')
  return [
    ...missingNode(),
    ...(await missingGo()),
    ...packages.map(one => `${one.name} is missing: it is in the Debian package ${one.debianPackage}`),
    ...(names === '' ? [] : [`  sudo apt-get install --no-install-recommends ${names}`]),
    ...missingLogDirectory()
  ]
}

function missingNode(): string[] {
  if (isAtLeast(process.versions.node, neededNode)) return []
  return [`Node ${neededNode.major}.${neededNode.minor} or newer is needed; this is ${process.versions.node}`]
}

async function missingGo(): Promise<string[]> {
  const wanted = `Go ${neededGo.major}.${neededGo.minor} or newer`
  if (findProgram('go') === undefined)
    return [`go is missing, or not in the PATH: ${wanted}, from https://go.dev/dl/`]
  const { stdout } = await runCommand('go', ['env', 'GOVERSION', 'GOTOOLCHAIN'])
  const [version = '', toolchain = ''] = stdout.split('\n')
  // since Go 1.21 a GOTOOLCHAIN other than "local" lets go fetch the version that a go.mod asks for
  const fetchesNewer = toolchain !== 'local' && isAtLeast(version.slice(2), { major: 1, minor: 21 })
  if (fetchesNewer || isAtLeast(version.slice(2), neededGo)) return []
  return [`${wanted} is needed; this is ${version}: https://go.dev/dl/`]
}

function isAtLeast(version: string, wanted: { major: number; minor: number }): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > wanted.major || (major === wanted.major && minor >= wanted.minor)
}

function missingLogDirectory(): string[] {
  try {
    mkdirSync(kubeOvnLogDirectory, { recursive: true })
    accessSync(kubeOvnLogDirectory, constants.W_OK)
    return []
  } catch {
    return [
      `kube-ovn-controller must be able to write to ${kubeOvnLogDirectory}:`,
      `  sudo install -d -o "$USER" ${kubeOvnLogDirectory}`
    ]
  }
}
