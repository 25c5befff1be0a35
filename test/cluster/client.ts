import { join } from 'node:path'

import { requireCommand, runCommand } from './command.ts'
import type { CommandOptions, CommandResult } from './command.ts'
import { program } from './locations.ts'
import type { Credentials } from './users.ts'

export type CallOptions = {
  /** Key of `users`; admin when absent. */
  readonly user?: string
  /** Given on stdin, for `-f -`. */
  readonly input?: string
  /** Working directory, for files named by relative paths. */
  readonly cwd?: string
  /** A command that `kubectl edit` runs in place of an editor, with the file's name behind it. */
  readonly editor?: string
  /** Everything goes to stdout, in the order in which a terminal would show it. */
  readonly isTerminal?: boolean
}

/** kubectl and helm against one cluster, as whoever is asked for. */
export type Client = {
  /** The cluster's state folder. */
  readonly directory: string
  readonly credentials: Credentials
  /** Runs kubectl; a refusal is a result with `code` 1 and the reason in `stderr`. */
  kubectl(args: readonly string[], options?: CallOptions): Promise<CommandResult>
  /** Runs kubectl and returns its stdout; throws when it fails. */
  mustKubectl(args: readonly string[], options?: CallOptions): Promise<string>
  helm(args: readonly string[], options?: CallOptions): Promise<CommandResult>
  /** Applies objects (server-side, so that no annotation is added); throws when one is refused. */
  apply(objects: readonly object[], options?: Omit<CallOptions, 'input'>): Promise<void>
}

export function createClient(directory: string, credentials: Credentials): Client {
  const settings = (options: CallOptions): CommandOptions => ({
    env: {
      ...helmFolders(directory),
      KUBECONFIG: credentials.kubeconfig(options.user ?? 'admin'),
      KUBECACHEDIR: join(directory, 'kubectl'),
      ...(options.editor === undefined ? {} : { KUBE_EDITOR: options.editor })
    },
    ...(options.input === undefined ? {} : { input: options.input }),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd })
  })
  const mustKubectl: Client['mustKubectl'] = (args, options = {}) =>
    requireCommand(program('kubectl'), args, settings(options))
  return {
    directory,
    credentials,
    kubectl: (args, options = {}) => {
      if (options.isTerminal !== true) return runCommand(program('kubectl'), args, settings(options))
      const merged = ['-c', 'exec "$0" "$@" 2>&1', program('kubectl'), ...args]
      return runCommand('/bin/sh', merged, settings(options))
    },
    mustKubectl,
    helm: (args, options = {}) => runCommand(program('helm'), args, settings(options)),
    apply: async (objects, options = {}) => {
      const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects })
      await mustKubectl(['apply', '--server-side', '-f', '-'], { ...options, input })
    }
  }
}

/** Helm writes into the user's home otherwise. */
function helmFolders(directory: string): Record<string, string> {
  return {
    HELM_CACHE_HOME: join(directory, 'helm/cache'),
    HELM_CONFIG_HOME: join(directory, 'helm/config'),
    HELM_DATA_HOME: join(directory, 'helm/data')
  }
}
