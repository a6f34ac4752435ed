import js from "@eslint/js";
import { defineConfig, globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";

/** Forbids imports; `paths` are package names, `layers` folders of src or sandbox. */
const forbid = (files, { packages = [], layers = [], ignores = [] }, message) => ({
  files,
  ignores,
  rules: {
    "no-restricted-imports": [
      "error",
      {
        patterns: [
          ...(packages.length > 0 ? [{ group: packages, message }] : []),
          ...(layers.length > 0 ? [{ group: layers.map((layer) => `**/${layer}/**`), message }] : []),
        ],
      },
    ],
  },
});

const direction = "Dependencies point one way: see docs/architecture.md";
const single = ["execa", "listr2", "@inquirer/prompts"];
const sandbox = ["sandbox"];

export default defineConfig(
  globalIgnores(["dist/", ".build/", "coverage/", ".sandbox/"]),
  js.configs.recommended,
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { project: "./tsconfig.json", tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
    },
  },
  {
    files: ["test/**/*.ts"],
    rules: { "@typescript-eslint/no-non-null-assertion": "off" },
  },
  {
    files: ["src/**/*.ts"],
    ignores: ["src/ui/**"],
    rules: { "no-console": "error" },
  },
  { files: ["**/*.js"], languageOptions: { globals: { process: "readonly", console: "readonly", URL: "readonly" } } },
  // The layers of src, lowest first. Each line: what that folder may not import.
  forbid(["src/errors.ts"], { layers: ["*"], packages: ["./*"] }, "src/errors.ts imports nothing"),
  forbid(
    ["src/config/**"],
    {
      packages: [...single, "@aws-sdk/*"],
      layers: [...sandbox, "commands", "health", "steps", "engine", "ui", "releases", "aws"],
    },
    direction,
  ),
  forbid(
    ["src/dns/**", "src/reach/**"],
    {
      packages: [...single, "@aws-sdk/*"],
      layers: [...sandbox, "commands", "health", "steps", "engine", "ui", "releases", "tools", "aws"],
    },
    direction,
  ),
  forbid(
    ["src/releases/**"],
    {
      packages: [...single, "@aws-sdk/*"],
      layers: [...sandbox, "commands", "health", "steps", "engine", "ui", "tools", "aws"],
    },
    direction,
  ),
  forbid(
    ["src/images/**", "src/cost/**"],
    {
      packages: [...single, "@aws-sdk/*"],
      layers: [...sandbox, "commands", "health", "steps", "engine", "ui", "releases", "tools", "aws"],
    },
    direction,
  ),
  forbid(
    ["src/render/**"],
    {
      packages: [...single, "@aws-sdk/*"],
      layers: [...sandbox, "commands", "health", "steps", "engine", "ui", "tools", "aws"],
    },
    direction,
  ),
  forbid(
    ["src/tools/**"],
    {
      ignores: ["src/tools/exec.ts"],
      packages: [...single, "@aws-sdk/*"],
      layers: [...sandbox, "commands", "health", "steps", "ui", "releases", "aws"],
    },
    direction,
  ),
  forbid(
    ["src/tools/exec.ts"],
    {
      packages: ["listr2", "@inquirer/prompts", "@aws-sdk/*"],
      layers: [...sandbox, "commands", "health", "steps", "ui", "releases", "aws"],
    },
    direction,
  ),
  forbid(
    ["src/aws/**"],
    {
      ignores: ["src/aws/clients.ts"],
      packages: single,
      layers: [...sandbox, "commands", "health", "steps", "ui", "releases", "tools"],
    },
    direction,
  ),
  forbid(
    ["src/engine/**"],
    {
      ignores: ["src/engine/list-view.ts"],
      packages: [...single, "@aws-sdk/*"],
      layers: [...sandbox, "commands", "health", "steps", "releases", "aws"],
    },
    direction,
  ),
  forbid(
    ["src/engine/list-view.ts"],
    {
      packages: ["execa", "@inquirer/prompts", "@aws-sdk/*"],
      layers: [...sandbox, "commands", "health", "steps", "releases", "aws"],
    },
    direction,
  ),
  forbid(["src/steps/**"], { packages: single, layers: [...sandbox, "commands", "health", "plan"] }, direction),
  forbid(["src/plan/**"], { packages: single, layers: [...sandbox, "commands", "health", "ui"] }, direction),
  forbid(
    ["src/ui/**"],
    {
      ignores: ["src/ui/prompts.ts"],
      packages: [...single, "@aws-sdk/*"],
      layers: [...sandbox, "commands", "health", "steps", "releases", "aws", "tools"],
    },
    direction,
  ),
  forbid(["src/admins/**"], { packages: single, layers: [...sandbox, "commands", "health", "steps", "ui"] }, direction),
  forbid(
    ["src/upgrade/**"],
    { packages: single, layers: [...sandbox, "commands", "health", "steps", "ui"] },
    direction,
  ),
  forbid(["src/health/**"], { packages: single, layers: [...sandbox, "commands", "steps", "ui"] }, direction),
  forbid(["src/commands/**"], { packages: single, layers: sandbox }, direction),
  forbid(
    ["sandbox/**/*.ts"],
    { layers: ["src"] },
    "The sandbox knows nothing of hubctl's code; it only runs the program",
  ),
);
