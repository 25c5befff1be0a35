import type { Cluster } from './cluster.ts'
import type { CommandResult } from './command.ts'

/** What one call says besides its arguments. */
export type Said = {
  /** Key of `users`; admin when absent. */
  readonly user?: string
  /** Given on stdin. */
  readonly object?: KubernetesObject
}

export type KubernetesObject = {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: object
  readonly spec?: object
}

const FENCE = '```console'
const ROW_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12} /

/** Runs kubectl and notes each call with its answer, as a reader would have typed and seen them. */
export class Transcript {
  readonly #cluster: Cluster
  readonly #lines: string[] = []

  constructor(cluster: Cluster) {
    this.#cluster = cluster
  }

  /** Begins a chapter, and answers how to begin a part of it; `why` explains that. */
  chapter(title: string): { readonly part: (title: string, why: string) => void } {
    this.#close()
    this.#lines.push(`### ${title}`, '')
    return {
      part: (name, why) => {
        this.#close()
        this.#lines.push(`#### ${name}`, '', why, '', FENCE)
      }
    }
  }

  #close(): void {
    if (this.#lines.includes(FENCE) && this.#lines.at(-1) !== '') this.#lines.push('```', '')
  }

  /** Runs ovn-nbctl and notes it; row ids are left out, as they differ from run to run. */
  async nbctl(args: readonly string[]): Promise<string> {
    const stdout = await this.#cluster.nbctl(args)
    const lines = stdout.trimEnd().split('\n')
    this.#lines.push(
      `admin$ ovn-nbctl ${args.map(quoted).join(' ')}`,
      ...lines.map(line => line.replace(ROW_ID, '').trimEnd())
    )
    return stdout
  }

  /** Notes something that was done by other means than kubectl. */
  note(text: string): void {
    this.#lines.push(`# ${text}`)
  }

  async kubectl(args: readonly string[], { user = 'admin', object }: Said = {}): Promise<CommandResult> {
    const options = object === undefined ? { user } : { user, input: JSON.stringify(object) }
    const result = await this.#cluster.kubectl(args, options)
    const command = `${user}$ kubectl ${args.map(quoted).join(' ')}`
    this.#lines.push(...(object === undefined ? [command] : [`${command} <<E`, ...yaml(object), 'E']))
    this.#lines.push(...`${result.stdout}${result.stderr}`.trimEnd().split('\n'))
    return result
  }

  create(object: KubernetesObject, user?: string): Promise<CommandResult> {
    return this.kubectl(['create', '-f', '-'], user === undefined ? { object } : { object, user })
  }

  /** All of it, as it stands in a document. */
  text(): string {
    return ['', ...this.#lines, '```', '', ''].join('\n')
  }
}

function yaml({ apiVersion, kind, metadata, spec }: KubernetesObject): readonly string[] {
  const lines = [`apiVersion: ${apiVersion}`, `kind: ${kind}`, `metadata: ${JSON.stringify(metadata)}`]
  return spec === undefined ? lines : [...lines, `spec: ${JSON.stringify(spec)}`]
}

/** As a shell would have to be given it. */
function quoted(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument}'`
}
