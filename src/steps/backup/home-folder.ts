/**
 * The folder of a user among the homes: the hub's `{escaped_username}`.
 * https://jupyterhub-kubespawner.readthedocs.io/en/latest/templates.html
 */
export function homeFolder(user: string): string {
  return Array.from(Buffer.from(user, "utf8"), (byte) => {
    const character = String.fromCharCode(byte);
    return /^[A-Za-z0-9]$/.test(character) ? character.toLowerCase() : `-${byte.toString(16).padStart(2, "0")}`;
  }).join("");
}
