/** Whether this version of Kube-OVN, such as `v1.15.2` or `1.15`, is 1.MINOR or newer. */
export function isSince(minor: number, version: string): boolean {
  const [major = 0, own = 0] = version.replace(/^v/, '').split('.').map(Number)
  return major > 1 || (major === 1 && own >= minor)
}
