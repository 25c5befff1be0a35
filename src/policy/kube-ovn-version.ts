/**
 * Whether a version such as `1.15`, `1.15.2` or `v1.15.2` comes before `minor.patch` of Kube-OVN 1. One that names no patch is
 * taken for the first of its minor version, which is the strict side; another major version than 1 comes after.
 */
export function isBefore(version: string, minor: number, patch = 0): boolean {
  const [major = 0, itsMinor = 0, itsPatch = 0] = version.replace(/^v/, '').split('.').map(Number)
  if (major !== 1 || itsMinor !== minor) return major < 1 || (major === 1 && itsMinor < minor)
  return itsPatch < patch
}
