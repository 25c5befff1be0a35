/** Limits and patterns of k8s.io/apimachinery pkg/util/validation (IsQualifiedName, IsDNS1123Subdomain, IsValidLabelValue). */
const MOST_NAME = 63
const MOST_PREFIX = 253
const NAME = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/
const PREFIX = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/

/** Whether a label can have this key: a name, or a DNS subdomain and a name with `/` between them. */
export function isLabelKey(text: string): boolean {
  if (text.length > MOST_PREFIX + 1 + MOST_NAME) return false
  const [name = '', prefix, ...others] = text.split('/').toReversed()
  if (others.length > 0 || !isName(name)) return false
  return prefix === undefined || (prefix.length <= MOST_PREFIX && PREFIX.test(prefix))
}

/** Whether a label can have this value: a name, or nothing. */
export function isLabelValue(text: string): boolean {
  return text === '' || isName(text)
}

function isName(text: string): boolean {
  return text.length <= MOST_NAME && NAME.test(text)
}
