import type { PolicySnapshot } from '../../admission/ports.ts'
import { registration } from '../../admission/registration.ts'
import { isRecord } from '../../kinds/decode.ts'
import { RULES } from '../../rules/index.ts'

/** What policies ask the API server to be told, by the name of the webhook; clients and certificates left out. */
export type RegistrationNeed = ReadonlyMap<string, string>

export function registrationNeed({ plan, exposures }: PolicySnapshot): RegistrationNeed {
  // Who is called does not depend on the policies.
  const options = {
    client: { url: 'https://poolguard' },
    caBundle: undefined,
    pathSecret: undefined,
    exposures
  }
  const webhooks = registration(RULES, plan, options).flatMap(webhooksOf)
  return new Map(webhooks.map(webhook => [String(webhook['name']), JSON.stringify(webhook)]))
}

function webhooksOf(configuration: Readonly<Record<string, unknown>>): readonly Record<string, unknown>[] {
  const { webhooks } = configuration
  return Array.isArray(webhooks) ? webhooks.filter(isRecord) : []
}

/** The names of webhooks that one asks for and the other does not, or not like that, sorted; [] when both ask for the same. */
export function registrationChanges(before: RegistrationNeed, after: RegistrationNeed): readonly string[] {
  const names = new Set([...before.keys(), ...after.keys()])
  return [...names].filter(name => before.get(name) !== after.get(name)).toSorted()
}
