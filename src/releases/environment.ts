/** KubeSpawner fills in names between braces, and fails on those that it does not know; doubled, they stay as they are. */
export function literalEnvironment(environment: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [name, value.replaceAll(/[{}]/g, (brace) => brace + brace)]),
  );
}
