import { InvalidArgumentError, Option, type Command } from 'commander'
import { runAudit, type AuditOptions } from './audit.ts'
import { runCheck, type CheckOptions } from './check.ts'
import type { Io } from './io.ts'
import { MANIFEST_PARTS, runManifests, type ManifestsOptions } from './manifests.ts'
import { runReview, type ReviewOptions } from './review.ts'
import { RULE_FORMATS, runExplain, runRules, type RulesOptions } from './rules.ts'
import { runServe, type ServeOptions } from './serve.ts'
import { runTest, type TestOptions } from './test.ts'

/** Called with the exit code of the command that ran. */
type Done = (exitCode: number) => void

/** Adds every verb to the program. The texts here are what --help prints and what the README repeats. */
export function addCommands(program: Command, io: Io, done: Done): void {
  addServe(program, io, done)
  addReview(program, io, done)
  addCheck(program, io, done)
  addAudit(program, io, done)
  addTest(program, io, done)
  addCatalogue(program, io, done)
  addManifests(program, io, done)
}

function addServe(program: Command, io: Io, done: Done): void {
  withWorld(program.command('serve').description('answer the API server: the webhook itself'))
    .option('--listen <host:port>', 'where reviews are answered over TLS', '127.0.0.1:8443')
    .option('--admin-listen <host:port>', 'where /healthz, /readyz and /metrics are', '127.0.0.1:8080')
    .option('--certs <dir>', 'where certificates are kept, and made when there are none', 'certs')
    .option('--tls-cert <file>', 'PEM certificate to use instead (with --tls-key)')
    .option('--tls-key <file>', 'PEM key to use instead (with --tls-cert)')
    .option('--tls-name <name...>', 'more DNS names or addresses for the certificate that is made')
    .option('--path-secret-file <file>', 'secret that paths begin with: /SECRET/validate; else 404')
    .option('--require-digest <digest>', 'serve no other policies than those of this digest (sha256:HEX)')
    .option('--client-ca <file>', "PEM of the CA of API servers' client certificates; without one 403")
    .option('--ledger <namespace>', 'of ConfigMap poolguard-ledger, by which writes at once are kept apart')
    .option('--shutdown-delay <seconds>', 'go on serving this long after SIGTERM', wholeNumber, 0)
    .addOption(logLevel())
    .action(async (options: ServeOptions) => done(await runServe(options, io)))
}

function addReview(program: Command, io: Io, done: Done): void {
  withWorld(program.command('review').description('answer one AdmissionReview from a file or standard input'))
    .argument('[file]', 'the review as JSON; - is standard input', '-')
    .option('--mutate', 'ask for defaults instead of a verdict', false)
    .option('--server <url>', 'ask this running server instead')
    .option('--ca <file>', "PEM certificate that the server's must chain to")
    .action(async (file: string, options: Omit<ReviewOptions, 'file'>) => {
      done(await runReview({ ...options, file }, io))
    })
}

function addCheck(program: Command, io: Io, done: Done): void {
  withWorld(program.command('check').description('judge manifests and kMetal values as if applied in order'))
    .argument('[path...]', 'files and directories; - is standard input; none with --policies: those alone')
    .option('--as <user>', 'who applies them', 'kubernetes-admin')
    .addOption(repeatable('--as-group <group>', 'a group of that user; repeatable').default([], 'none'))
    .addOption(formats('text', 'json', 'sarif', 'junit'))
    .option('--fail-on-widening <base>', 'also fail on what these policies refuse and --policies let through')
    .option('--capacity', 'also print how full pools and allocations are; JSON always tells', false)
    .addOption(output())
    .action(async (paths: string[], options: Omit<CheckOptions, 'paths'>) =>
      done(await runCheck({ ...options, paths }, io))
    )
}

function addAudit(program: Command, io: Io, done: Done): void {
  withWorld(program.command('audit').description('judge what is stored, and tell how full pools are'))
    .option('--base <path>', 'tell only what --policies would newly refuse, or free, of what these refuse')
    .addOption(formats('text', 'json', 'sarif', 'junit'))
    .addOption(output())
    .action(async (options: AuditOptions) => done(await runAudit(options, io)))
}

function addTest(program: Command, io: Io, done: Done): void {
  withPolicies(program.command('test').description('run PolicyTest suites'))
    .argument('<path...>', 'files and directories')
    .addOption(formats('text', 'json', 'junit'))
    .addOption(output())
    .action(async (paths: string[], options: Omit<TestOptions, 'paths'>) =>
      done(await runTest({ ...options, paths }, io))
    )
}

function addCatalogue(program: Command, io: Io, done: Done): void {
  program
    .command('rules')
    .description('list the rules')
    .addOption(formats(...RULE_FORMATS))
    .option('--digest', 'print the digest of the policies instead, for serve --require-digest', false)
    .addOption(
      repeatable('--policies <path>', 'list the custom rules of this folder or file too; repeatable').default(
        [],
        'none'
      )
    )
    .action((options: RulesOptions) => done(runRules(options, io)))
  withPolicies(program.command('explain').description('one rule, or the JSON Schema of a policy document'))
    .argument('<name>', 'a rule such as pool-overlap, or a kind such as NetworkPlan')
    .action((name: string, options: { policies: readonly string[] }) =>
      done(runExplain(name, options.policies, io))
    )
}

function addManifests(program: Command, io: Io, done: Done): void {
  withPolicies(program.command('manifests').description('print what is installed in a cluster'))
    .option('--namespace <name>', 'where poolguard runs', 'poolguard')
    .option('--image <image>', 'the container image', 'poolguard:0.1.0')
    .option('--replicas <n>', 'how many pods', wholeNumber, 3)
    .option('--url <url>', 'print webhooks that call this address instead of the Service')
    .option('--certs <dir>', 'make certificates and the secret of the paths there, and include them')
    .option('--ca <file>', 'PEM certificate for caBundle')
    .option(
      '--immutable-policies',
      'name the ConfigMap by its digest, never change it, and pin serve to it',
      false
    )
    .addOption(new Option('--only <part...>', 'print these parts alone').choices(MANIFEST_PARTS))
    .option('--vap', 'add ValidatingAdmissionPolicies that also hold while poolguard is down', false)
    .option('--output <dir>', 'write one file a concern there instead of printing')
    .action(async (options: ManifestsOptions) => done(await runManifests(options, io)))
}

function withPolicies(command: Command): Command {
  return command.addOption(
    repeatable('--policies <path>', 'folder or file of policies; repeatable').default([], 'policies')
  )
}

function withWorld(command: Command): Command {
  return withPolicies(command)
    .addOption(
      repeatable('--inventory <path>', 'what is there already, from files; repeatable').default([], 'none')
    )
    .option('--kubeconfig <file>', 'what is there already, from this cluster')
}

function repeatable(flags: string, description: string): Option {
  return new Option(flags, description).argParser(collect)
}

function formats(first: string, ...others: readonly string[]): Option {
  return new Option('--format <format>', 'how to print the result').choices([first, ...others]).default(first)
}

function output(): Option {
  return new Option('--output <file>', 'write the report there instead of standard output')
}

function logLevel(): Option {
  return new Option('--log-level <level>', 'what goes to standard error')
    .choices(['debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value]
}

function wholeNumber(value: string): number {
  if (!/^\d{1,6}$/.test(value)) throw new InvalidArgumentError('It is not a whole number.')
  return Number(value)
}
