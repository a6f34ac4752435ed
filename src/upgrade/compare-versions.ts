/** Negative if `a` is older: numbers are compared as numbers, a missing one is the oldest. "v1.9.0-eksbuild.2" < "v1.10.0". */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [numbersOf(a), numbersOf(b)];
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const difference = (left[index] ?? -1) - (right[index] ?? -1);
    if (difference !== 0) return difference;
  }
  return 0;
}

function numbersOf(version: string): number[] {
  return (version.match(/\d+/g) ?? []).map(Number);
}

/** 36 of "1.36", "1.36.3" and "v1.36.3-eks-3a10415". */
export function minorOf(version: string): number {
  const minor = /^v?1\.(\d+)/.exec(version)?.[1];
  if (minor === undefined) throw new Error(`${version} is no version of Kubernetes`);
  return Number(minor);
}

/** "1.36" for 36. */
export function kubernetesVersion(minor: number): string {
  return `1.${minor}`;
}
