import { distance } from 'fastest-levenshtein'

/** More edits than this are another name, not a slip. */
const MAX_EDITS = 3

/**
 * The name that was probably meant: equal but for case, else the one with the fewest edits, at most three and fewer
 * than half of `name`'s characters; the alphabetically first among equals. undefined when none is near.
 */
export function nearestName(name: string, names: Iterable<string>): string | undefined {
  let best: { readonly name: string; readonly edits: number } | undefined
  for (const candidate of [...names].toSorted()) {
    if (Math.abs(candidate.length - name.length) > MAX_EDITS) continue
    const edits = distance(name.toLowerCase(), candidate.toLowerCase())
    const near = edits <= MAX_EDITS && edits * 2 < name.length
    if ((near || edits === 0) && (best === undefined || edits < best.edits)) best = { name: candidate, edits }
  }
  return best?.name
}

/** `did you mean "NAME"?`, or '' when no name is near. */
export function didYouMean(name: string, names: Iterable<string>): string {
  const near = nearestName(name, names)
  return near === undefined ? '' : `did you mean ${JSON.stringify(near)}?`
}
