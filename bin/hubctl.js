#!/usr/bin/env node
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`✖ hubctl needs Node 20.19 or newer; this is ${process.version}`);
  console.error("→ install a current Node.js: https://nodejs.org");
  process.exit(2);
}
const { main } = await import("../dist/cli.js");
await main(process.argv);
