/**
 * The folder of a user among the homes: the hub's `{escaped_username}`.
 * https://jupyterhub-kubespawner.readthedocs.io/en/latest/templates.html
 */
export function homeFolder(user: string): string {
  return [...user]
    .map((character) => (/^[a-z0-9]$/.test(character) ? character : escape(character)))
    .join("")
    .toLowerCase();
}

function escape(character: string): string {
  return [...Buffer.from(character, "utf8")].map((byte) => `-${byte.toString(16).padStart(2, "0")}`).join("");
}
